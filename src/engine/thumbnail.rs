//! A small copy of an item's image, for a terminal.

use crate::audit::{Audit, Content};
use crate::encoder::{MOST_BYTES, Picture};
use image::RgbImage;
use image::imageops::thumbnail;
use std::fs::File;
use std::io::Read;

/// Most pixels of a side: a terminal shows few more.
const SIDE: u32 = 320;

/// The image of the item at a position, at most 320 pixels a side; a sentence on why there is none, where it is to be
/// one. `None` for an item that is no image.
#[must_use]
pub fn thumbnail_of(audit: &Audit, row: u32) -> Option<Result<RgbImage, String>> {
    match &audit.items.get(row as usize)?.content {
        Content::Image { path, .. } => Some(read(path)),
        _ => None,
    }
}

fn read(path: &str) -> Result<RgbImage, String> {
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(|error| format!("the image cannot be read: {error}"))?;
    // One byte more than is decoded, so that a longer file is told as such.
    file.take(MOST_BYTES as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| format!("the image cannot be read: {error}"))?;
    let Picture { width, height, rgb } = Picture::decode(&bytes).map_err(|problem| problem.to_string())?;
    let whole = RgbImage::from_raw(width, height, rgb).ok_or("the image has no pixels")?;
    let (width, height) = fitted((width, height), (SIDE.min(width), SIDE.min(height)));
    Ok(thumbnail(&whole, width, height))
}

/// The largest size of the same shape that fits, at least one pixel each way.
#[must_use]
pub fn fitted((width, height): (u32, u32), most: (u32, u32)) -> (u32, u32) {
    let (wide, high) = (f64::from(width.max(1)), f64::from(height.max(1)));
    let scale = (f64::from(most.0) / wide).min(f64::from(most.1) / high);
    let side = |length: f64, most: u32| ((length * scale).round() as u32).clamp(1, most.max(1));
    (side(wide, most.0), side(high, most.1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::Rgb;

    #[test]
    fn an_image_is_made_small_in_its_own_shape_and_a_damaged_one_is_a_sentence() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("half.png");
        let half = RgbImage::from_fn(1000, 500, |x, _| if x < 500 { Rgb([255, 0, 0]) } else { Rgb([0, 0, 255]) });
        half.save(&path).unwrap();
        let small = read(path.to_str().unwrap()).unwrap();
        assert_eq!(small.dimensions(), (320, 160));
        assert_eq!((small.get_pixel(3, 40).0, small.get_pixel(310, 40).0), ([255, 0, 0], [0, 0, 255]));
        // A small one is not blown up.
        RgbImage::new(3, 5).save(&path).unwrap();
        assert_eq!(read(path.to_str().unwrap()).unwrap().dimensions(), (3, 5));
        let bytes = std::fs::read(&path).unwrap();
        std::fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
        assert!(read(path.to_str().unwrap()).is_err());
        assert!(read("/no/such/file.png").unwrap_err().contains("cannot be read"));
        assert_eq!(fitted((1000, 1), (40, 20)), (40, 1));
    }
}
