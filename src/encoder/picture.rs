//! An image file's bytes to RGB, upright, within limits.

use super::room::Room;
use crate::guard::guarded;
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits};
use std::borrow::Cow;
use std::io::Cursor;
use thiserror::Error;

/// Longest image file that is read.
pub const MOST_BYTES: usize = 64 << 20;
/// Most pixels of an image, and of all that are decoded at once; checked before memory is taken for them.
pub const MOST_PIXELS: u64 = 64 << 20;
/// Most memory of a decoder: 16 bytes a pixel, which no format here needs.
const MOST_MEMORY: u64 = MOST_PIXELS * 16;

/// Why an image cannot be used. None of these is worth stopping for: the item is left out, counted and listed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ImageProblem {
    #[error("the image file is empty")]
    Empty,
    #[error("the image is neither JPEG, PNG, WebP nor BMP")]
    Format,
    #[error("the image file ends too early")]
    Truncated,
    #[error("the image is damaged: {0}")]
    Damaged(String),
    #[error("the image file has {0} bytes; at most {MOST_BYTES} are read")]
    TooManyBytes(usize),
    #[error("the image has {width} x {height} pixels; at most {MOST_PIXELS} are read")]
    TooManyPixels { width: u32, height: u32 },
    #[error("the image would take more than {MOST_MEMORY} bytes of memory")]
    TooMuchMemory,
}

/// A decoded image: 8-bit RGB, rows from the top.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    pub width: u32,
    pub height: u32,
    /// `[height, width, 3]`
    pub rgb: Vec<u8>,
}

impl Picture {
    /// Decodes JPEG, PNG, WebP or BMP and turns it upright as its EXIF orientation says.
    ///
    /// Transparent pixels are laid on white, as transformers does since release 5.
    ///
    /// # Errors
    /// What is wrong with the file.
    pub fn decode(bytes: &[u8]) -> Result<Self, ImageProblem> {
        if bytes.is_empty() {
            return Err(ImageProblem::Empty);
        }
        if bytes.len() > MOST_BYTES {
            return Err(ImageProblem::TooManyBytes(bytes.len()));
        }
        let format = image::guess_format(bytes).map_err(|_| ImageProblem::Format)?;
        if !matches!(format, ImageFormat::Jpeg | ImageFormat::Png | ImageFormat::WebP | ImageFormat::Bmp) {
            return Err(ImageProblem::Format);
        }
        if format == ImageFormat::Jpeg && !jpeg_ends(bytes) {
            return Err(ImageProblem::Truncated);
        }
        let lean = if format == ImageFormat::Png { without_texts(bytes) } else { Cow::Borrowed(bytes) };
        guarded(|| Self::decode_as(&lean, format)).unwrap_or_else(|words| Err(ImageProblem::Damaged(words)))
    }

    fn decode_as(bytes: &[u8], format: ImageFormat) -> Result<Self, ImageProblem> {
        let mut limits = Limits::default();
        limits.max_alloc = Some(MOST_MEMORY);
        let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
        reader.limits(limits);
        let mut decoder = reader.into_decoder().map_err(problem)?;
        let (width, height) = decoder.dimensions();
        if u64::from(width) * u64::from(height) > MOST_PIXELS {
            return Err(ImageProblem::TooManyPixels { width, height });
        }
        let _room = Room::take(u64::from(width) * u64::from(height), MOST_PIXELS);
        let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
        let mut image = DynamicImage::from_decoder(decoder).map_err(problem)?;
        image.apply_orientation(orientation);
        let (width, height) = (image.width(), image.height());
        let rgb = if image.color().has_alpha() {
            on_white(image.into_rgba8().as_raw())
        } else {
            image.into_rgb8().into_raw()
        };
        if width == 0 || height == 0 {
            return Err(ImageProblem::Damaged("it has no pixels".to_owned()));
        }
        Ok(Self { width, height, rgb })
    }
}

/// A PNG without colour profiles and texts, which nobody here reads and which may be packed a thousandfold.
fn without_texts(bytes: &[u8]) -> Cow<'_, [u8]> {
    const PASSED_OVER: [&[u8]; 4] = [b"iCCP", b"zTXt", b"iTXt", b"tEXt"];
    const SIGNATURE: usize = 8;
    let mut kept = Vec::new();
    let (mut at, mut from) = (SIGNATURE, 0);
    while let Some(&[a, b, c, d, ref kind @ ..]) = bytes.get(at..at + 8) {
        // Length, kind, content, checksum.
        let end = at.saturating_add(12).saturating_add(u32::from_be_bytes([a, b, c, d]) as usize);
        if PASSED_OVER.contains(&kind) {
            kept.extend_from_slice(&bytes[from..at]);
            from = end.min(bytes.len());
        }
        at = end;
    }
    if from == 0 {
        return Cow::Borrowed(bytes);
    }
    kept.extend_from_slice(&bytes[from..]);
    Cow::Owned(kept)
}

/// RGBA laid on white, with the rounding of Pillow's `alpha_composite`.
fn on_white(rgba: &[u8]) -> Vec<u8> {
    let mut rgb = Vec::with_capacity(rgba.len() / 4 * 3);
    for [red, green, blue, alpha] in rgba.as_chunks::<4>().0 {
        for value in [red, green, blue] {
            // Seven bits behind the point, then a division by 255.
            let sum = ((u32::from(*value) * u32::from(*alpha) + 255 * (255 - u32::from(*alpha))) << 7) + (0x80 << 7);
            rgb.push(((((sum >> 8) + sum) >> 8) >> 7).min(255) as u8);
        }
    }
    rgb
}

fn problem(error: ImageError) -> ImageProblem {
    if matches!(error, ImageError::Limits(_)) {
        return ImageProblem::TooMuchMemory;
    }
    let text = error.to_string();
    let truncated = match &error {
        ImageError::IoError(error) => error.kind() == std::io::ErrorKind::UnexpectedEof,
        _ => text.contains("unexpected end") || text.contains("UnexpectedEof") || text.contains("fill whole buffer"),
    };
    if truncated { ImageProblem::Truncated } else { ImageProblem::Damaged(text) }
}

/// Whether a JPEG's scan is closed by an end-of-image marker; the decoder would fill what is missing with grey.
///
/// Markers before the scan are stepped over: a thumbnail inside them has an end of its own.
fn jpeg_ends(bytes: &[u8]) -> bool {
    let mut at = 2;
    while let Some(&[0xff, marker, high, low]) = bytes.get(at..at + 4) {
        if marker == 0xda {
            return bytes[at..].windows(2).rev().any(|pair| pair == [0xff, 0xd9]);
        }
        at += match marker {
            // Fill bytes and markers without a length.
            0xff => 1,
            0x01 | 0xd0..=0xd8 => 2,
            _ => 2 + usize::from(u16::from_be_bytes([high, low])),
        };
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(width: u32, height: u32, format: ImageFormat) -> Vec<u8> {
        let image = image::RgbImage::from_fn(width, height, |x, y| image::Rgb([x as u8 * 5, y as u8 * 7, 99]));
        let mut bytes = Cursor::new(Vec::new());
        image.write_to(&mut bytes, format).unwrap();
        bytes.into_inner()
    }

    #[test]
    fn every_cut_of_a_file_is_a_problem_and_never_a_picture() {
        for format in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP, ImageFormat::Bmp] {
            let bytes = encoded(40, 30, format);
            let picture = Picture::decode(&bytes).unwrap();
            assert_eq!((picture.width, picture.height, picture.rgb.len()), (40, 30, 3600));
            for cut in (0..bytes.len() - 16).step_by(7) {
                let error = Picture::decode(&bytes[..cut]).unwrap_err();
                assert!(cut > 0 || error == ImageProblem::Empty, "{format:?} cut at {cut}: {error}");
            }
        }
    }

    #[test]
    fn a_packed_profile_is_passed_over() {
        use std::io::Write;
        // 32 MiB of profile in some kilobytes, put before the pixels.
        let mut packed = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
        packed.write_all(&vec![0; 32 << 20]).unwrap();
        let mut chunk = b"iCCPx\0\0".to_vec();
        chunk.extend(packed.finish().unwrap());
        let plain = encoded(40, 30, ImageFormat::Png);
        let mut bomb = plain[..33].to_vec();
        bomb.extend((chunk.len() as u32 - 4).to_be_bytes());
        bomb.extend(&chunk);
        bomb.extend(crc32fast::hash(&chunk).to_be_bytes());
        bomb.extend(&plain[33..]);
        assert_eq!(without_texts(&bomb), plain.as_slice());
        assert_eq!(Picture::decode(&bomb).unwrap(), Picture::decode(&plain).unwrap());
        for cut in 0..bomb.len().min(200) {
            assert!(Picture::decode(&bomb[..cut]).is_err());
        }
    }

    #[test]
    fn a_bomb_is_refused_by_what_its_header_says() {
        let mut bomb = encoded(8, 8, ImageFormat::Bmp);
        bomb[18..22].copy_from_slice(&60_000i32.to_le_bytes());
        bomb[22..26].copy_from_slice(&60_000i32.to_le_bytes());
        assert_eq!(Picture::decode(&bomb).unwrap_err(), ImageProblem::TooManyPixels { width: 60_000, height: 60_000 });
        assert_eq!(Picture::decode(b"GIF89a and more").unwrap_err(), ImageProblem::Format);
        assert_eq!(Picture::decode(b"no image at all").unwrap_err(), ImageProblem::Format);
        let long = vec![0u8; MOST_BYTES + 1];
        assert_eq!(Picture::decode(&long).unwrap_err(), ImageProblem::TooManyBytes(MOST_BYTES + 1));
    }
}
