//! Images of items in a page: small JPEGs inside it.

use super::figure::escape;
use super::items::FindingItems;
use super::printable;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use image::RgbImage;
use image::codecs::jpeg::JpegEncoder;
use image::imageops::thumbnail;

/// Most pixels of a side.
const SIDE: u32 = 160;
const QUALITY: u8 = 80;

/// An image as a JPEG of at most 160 pixels a side.
///
/// # Errors
/// A sentence, if it cannot be encoded.
pub fn small_jpeg(image: &RgbImage) -> Result<Vec<u8>, String> {
    let scale = f64::from(SIDE) / f64::from(image.width().max(image.height()).max(1));
    let side = |length: u32| ((f64::from(length) * scale).round() as u32).max(1);
    let small = if scale < 1.0 { thumbnail(image, side(image.width()), side(image.height())) } else { image.clone() };
    let mut bytes = Vec::new();
    let encoded = JpegEncoder::new_with_quality(&mut bytes, QUALITY).encode_image(&small);
    encoded.map(|()| bytes).map_err(|error| error.to_string())
}

/// The images of a finding's items as a figure; empty without one.
pub(super) fn figure(found: &FindingItems) -> String {
    let shown = found.items.iter().filter_map(|item| Some((item, found.image(item.row)?.as_ref().ok()?)));
    let tiles: String = shown
        .map(|(item, jpeg)| {
            let (id, data) = (escape(&printable(&item.id)), BASE64_STANDARD.encode(jpeg));
            format!("<span><img alt=\"item {id}\" src=\"data:image/jpeg;base64,{data}\"/><small>{id}</small></span>\n")
        })
        .collect();
    if tiles.is_empty() {
        return tiles;
    }
    let caption = escape(&found.heading());
    format!("<figure><div class=\"items\">\n{tiles}</div><figcaption>{caption}</figcaption></figure>\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::Rgb;

    #[test]
    fn a_jpeg_is_small_and_keeps_its_shape() {
        let image = RgbImage::from_fn(1000, 500, |x, _| Rgb([(x / 4) as u8, 20, 200]));
        let bytes = small_jpeg(&image).unwrap();
        assert!(bytes.len() < 8_000);
        let back = image::load_from_memory(&bytes).unwrap().to_rgb8();
        assert_eq!(back.dimensions(), (160, 80));
        assert!(back.get_pixel(150, 40)[0] > 200 && back.get_pixel(5, 40)[0] < 30);
        let tiny = image::load_from_memory(&small_jpeg(&RgbImage::new(3, 5)).unwrap()).unwrap();
        assert_eq!((tiny.width(), tiny.height()), (3, 5));
    }
}
