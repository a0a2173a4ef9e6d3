//! An image as the bytes a terminal takes it by, made on a thread of its own and never more than a slow line carries.

use super::{CellSize, Protocol, kitty, sixel};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::PngEncoder;
use image::imageops::{FilterType, resize, thumbnail};
use image::{ExtendedColorType, ImageEncoder as _, RgbImage};
use std::borrow::Cow;
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

/// Most bytes of an image on the line; one of more is sent with fewer pixels.
pub const MOST_BYTES: usize = 64 * 1024;
/// Most pixels of a side.
const SIDE: u32 = 320;
/// Quality of JPEG.
const QUALITY: u8 = 85;
/// Levels of a channel that Sixel is tried with.
const LEVELS: [u32; 3] = [6, 5, 4];

/// An image to be encoded.
pub struct Job {
    pub number: u8,
    pub image: Arc<RgbImage>,
    /// Columns and rows it fills.
    pub cells: (u16, u16),
    pub cell: CellSize,
}

/// The bytes of the image of a number.
pub type Painted = (u8, Vec<u8>);

/// Starts the thread; it ends with the sender of jobs.
///
/// # Errors
/// The system gives no thread.
pub fn painter(protocol: Protocol, tmux: bool) -> std::io::Result<(Sender<Job>, UnboundedReceiver<Painted>)> {
    let (jobs, waiting) = channel::<Job>();
    let (done, painted) = unbounded_channel();
    let work = move || {
        for job in waiting {
            if done.send((job.number, encoded(protocol, tmux, &job))).is_err() {
                return;
            }
        }
    };
    std::thread::Builder::new().name("images".into()).spawn(work)?;
    Ok((jobs, painted))
}

/// The image by a protocol, with as many pixels as its cells have and its bytes allow.
fn encoded(protocol: Protocol, tmux: bool, job: &Job) -> Vec<u8> {
    let full = (u32::from(job.cells.0) * u32::from(job.cell.0), u32::from(job.cells.1) * u32::from(job.cell.1));
    let mut share = (f64::from(SIDE) / f64::from(full.0.max(full.1).max(1))).min(1.0);
    loop {
        let side = |length: u32| ((f64::from(length) * share) as u32).max(1);
        let size = (side(full.0), side(full.1));
        let bytes = match protocol {
            Protocol::Kitty => kitty::sent(&png(&scaled(&job.image, size, false)), job.number, job.cells, tmux),
            Protocol::ITerm2 => iterm2(&jpeg(&scaled(&job.image, size, false)), job.cells, tmux),
            Protocol::Sixel => with_fitting_levels(&scaled(&job.image, size, true)),
        };
        if bytes.len() <= MOST_BYTES || size.0.max(size.1) <= 16 {
            return bytes.into_bytes();
        }
        share *= 0.75;
    }
}

fn with_fitting_levels(image: &RgbImage) -> String {
    let mut text = String::new();
    for levels in LEVELS {
        text = sixel::sixel(image, levels);
        if text.len() <= MOST_BYTES {
            break;
        }
    }
    text
}

/// The image at a size; where the terminal stretches it itself, it is never blown up here.
fn scaled(image: &RgbImage, (width, height): (u32, u32), exactly: bool) -> Cow<'_, RgbImage> {
    if width <= image.width() && height <= image.height() {
        return Cow::Owned(thumbnail(image, width, height));
    }
    if exactly { Cow::Owned(resize(image, width, height, FilterType::Nearest)) } else { Cow::Borrowed(image) }
}

/// Writing to memory cannot fail; an image without bytes is shown as nothing.
fn png(image: &RgbImage) -> Vec<u8> {
    let mut bytes = Vec::new();
    let (width, height) = image.dimensions();
    match PngEncoder::new(&mut bytes).write_image(image.as_raw(), width, height, ExtendedColorType::Rgb8) {
        Ok(()) => bytes,
        Err(_) => Vec::new(),
    }
}

fn jpeg(image: &RgbImage) -> Vec<u8> {
    let mut bytes = Vec::new();
    match JpegEncoder::new_with_quality(&mut bytes, QUALITY).encode_image(image) {
        Ok(()) => bytes,
        Err(_) => Vec::new(),
    }
}

/// An inline file of iTerm2, stretched over some cells.
fn iterm2(jpeg: &[u8], (columns, rows): (u16, u16), tmux: bool) -> String {
    let (size, text) = (jpeg.len(), BASE64_STANDARD.encode(jpeg));
    let head = format!("inline=1;size={size};width={columns};height={rows};preserveAspectRatio=0;doNotMoveCursor=1");
    super::super::terminal::through_tmux(format!("\x1b]1337;File={head}:{text}\x07"), tmux)
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::Rgb;
    use rand::{Rng as _, SeedableRng as _};

    fn job(image: RgbImage, cell: CellSize) -> Job {
        Job { number: 20, image: Arc::new(image), cells: (40, 20), cell }
    }

    #[test]
    fn whatever_it_shows_an_image_stays_within_its_bytes() {
        let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(1);
        let noise = RgbImage::from_fn(320, 320, |_, _| Rgb(rng.random()));
        for protocol in [Protocol::Kitty, Protocol::ITerm2, Protocol::Sixel] {
            for cell in [(8, 16), (20, 40), (1, 1)] {
                let bytes = encoded(protocol, false, &job(noise.clone(), cell));
                assert!((500..=MOST_BYTES).contains(&bytes.len()), "{protocol:?} {cell:?}: {}", bytes.len());
            }
        }
    }

    #[test]
    fn pixels_arrive() {
        let half = RgbImage::from_fn(100, 100, |x, _| if x < 50 { Rgb([255, 0, 0]) } else { Rgb([0, 0, 255]) });
        let payload = |text: &str, from: char, to: &[char]| {
            let (_, data) = text.split_once(from).unwrap();
            BASE64_STANDARD.decode(data.split(to).next().unwrap()).unwrap()
        };
        let kitty = String::from_utf8(encoded(Protocol::Kitty, false, &job(half.clone(), (8, 16)))).unwrap();
        let image = image::load_from_memory(&payload(&kitty, ';', &['\u{1b}'])).unwrap().to_rgb8();
        assert_eq!(image.dimensions(), (100, 100), "the terminal blows it up");
        assert_eq!((image.get_pixel(3, 3).0, image.get_pixel(99, 99).0), ([255, 0, 0], [0, 0, 255]));
        let iterm2 = String::from_utf8(encoded(Protocol::ITerm2, false, &job(half, (1, 2)))).unwrap();
        assert!(iterm2.starts_with("\u{1b}]1337;File=inline=1;size=") && iterm2.contains(";width=40;height=20;"));
        let image = image::load_from_memory(&payload(&iterm2, ':', &['\u{7}'])).unwrap().to_rgb8();
        assert_eq!(image.dimensions(), (40, 40));
        assert!(image.get_pixel(3, 3)[0] > 200 && image.get_pixel(36, 3)[2] > 200);
    }
}
