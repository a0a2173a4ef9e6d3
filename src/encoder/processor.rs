//! `preprocessor_config.json`: how an image is brought to the pixels a vision tower was trained on.
//!
//! The steps and their order are those of transformers' image processor with Pillow: resize, centre crop, rescale,
//! normalise.

use super::files::{Files, read_json};
use super::picture::Picture;
use super::resize::{self, Filter};
use serde::Deserialize;
use serde_json::Value;
use std::fmt;

/// How images are prepared.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Processor {
    resize: Option<(Target, Filter)>,
    /// Side of the square kept.
    crop: Option<u32>,
    rescale: Option<f64>,
    normalise: Option<([f64; 3], [f64; 3])>,
}

/// What an image is resized to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Target {
    /// The shorter side; the longer follows.
    Shortest(u32),
    /// Both sides, whatever the aspect.
    Exact { height: u32, width: u32 },
}

#[derive(Deserialize)]
struct Raw {
    do_resize: Option<bool>,
    size: Option<Size>,
    resample: Option<u32>,
    do_center_crop: Option<bool>,
    crop_size: Option<Size>,
    do_rescale: Option<bool>,
    rescale_factor: Option<f64>,
    do_normalize: Option<bool>,
    image_mean: Option<[f64; 3]>,
    image_std: Option<[f64; 3]>,
    do_pad: Option<bool>,
}

#[derive(Deserialize, Clone)]
#[serde(untagged)]
enum Size {
    Edge(u32),
    Sides { height: u32, width: u32 },
    Shortest { shortest_edge: u32 },
    Other(Value),
}

/// What a family does where its file says nothing.
pub(super) struct Usual {
    size: Target,
    crop: bool,
    mean: [f64; 3],
    deviation: [f64; 3],
}

impl Usual {
    pub const CLIP: Self = Self {
        size: Target::Shortest(224),
        crop: true,
        mean: [0.481_454_66, 0.457_827_5, 0.408_210_73],
        deviation: [0.268_629_54, 0.261_302_58, 0.275_777_11],
    };

    /// The whole image, whatever its aspect, as a square of `side` pixels.
    pub fn siglip(side: usize) -> Self {
        let side = u32::try_from(side).unwrap_or(u32::MAX);
        let size = Target::Exact { height: side, width: side };
        Self { size, crop: false, mean: [0.5; 3], deviation: [0.5; 3] }
    }
}

impl Processor {
    /// Reads the configuration; none where the encoder brings none. `side` is what the vision tower takes.
    pub(super) fn open(files: &Files, side: usize, usual: &Usual) -> Result<Option<Self>, String> {
        let (path, raw) = match files.find("preprocessor_config.json")? {
            Some(path) => (path.clone(), read_json::<Value>(&path)?),
            // Where newer releases of transformers keep it.
            None => match files.find("processor_config.json")? {
                Some(path) => (path.clone(), read_json::<Value>(&path)?["image_processor"].take()),
                None => return Ok(None),
            },
        };
        if raw.is_null() {
            return Ok(None);
        }
        let fault = |problem: String| format!("{}: {problem}", path.display());
        let raw: Raw = serde_json::from_value(raw).map_err(|error| fault(error.to_string()))?;
        Self::from_raw(raw, side, usual).map(Some).map_err(fault)
    }

    /// Fills in the family's defaults and refuses what gives no `side` x `side` pixels.
    fn from_raw(raw: Raw, side: usize, usual: &Usual) -> Result<Self, String> {
        let target = match raw.size {
            None => usual.size,
            Some(Size::Edge(edge) | Size::Shortest { shortest_edge: edge }) => Target::Shortest(edge),
            Some(Size::Sides { height, width }) => Target::Exact { height, width },
            Some(Size::Other(value)) => return Err(format!("size {value} is not known here")),
        };
        let crop = match raw.crop_size {
            None => 224,
            Some(Size::Edge(edge)) => edge,
            Some(Size::Sides { height, width }) if height == width => height,
            Some(_) => return Err("crop_size is no square".to_owned()),
        };
        let filter = match raw.resample.unwrap_or(3) {
            0 => Filter::Nearest,
            1 => Filter::Lanczos,
            2 => Filter::Bilinear,
            3 => Filter::Bicubic,
            4 => Filter::Box,
            5 => Filter::Hamming,
            other => return Err(format!("resample {other} is none of Pillow's filters")),
        };
        if raw.do_pad == Some(true) {
            return Err("do_pad is set, which is not computed here".to_owned());
        }
        let on = |flag: Option<bool>| flag.unwrap_or(true);
        let processor = Self {
            resize: on(raw.do_resize).then_some((target, filter)),
            crop: raw.do_center_crop.unwrap_or(usual.crop).then_some(crop),
            rescale: on(raw.do_rescale).then(|| raw.rescale_factor.unwrap_or(1.0 / 255.0)),
            normalise: on(raw.do_normalize)
                .then(|| (raw.image_mean.unwrap_or(usual.mean), raw.image_std.unwrap_or(usual.deviation))),
        };
        let result = match (processor.crop, processor.resize) {
            (Some(crop), _) => Some(crop),
            (None, Some((Target::Exact { height, width }, _))) if height == width => Some(height),
            _ => None,
        };
        if matches!(target, Target::Shortest(0) | Target::Exact { height: 0, .. } | Target::Exact { width: 0, .. }) {
            return Err("size is zero".to_owned());
        }
        match result {
            Some(result) if result as usize == side => Ok(processor),
            Some(result) => Err(format!("it makes images of {result} pixels a side; the vision tower takes {side}")),
            None => Err(format!("it does not make every image {side} x {side} pixels")),
        }
    }

    /// Pixels of an image, `[3, side, side]`.
    pub(super) fn pixels(&self, picture: &Picture) -> Result<Vec<f32>, String> {
        let resized = match self.resize {
            Some((target, filter)) => Some(to_target(picture, target, filter)?),
            None => None,
        };
        let picture = resized.as_ref().unwrap_or(picture);
        let (width, height) = (picture.width as usize, picture.height as usize);
        let (side_x, side_y) = self.crop.map_or((width, height), |side| (side as usize, side as usize));
        let (left, top) = (offset(width, side_x), offset(height, side_y));
        let scale = self.rescale.unwrap_or(1.0);
        let (mean, deviation) = self.normalise.unwrap_or(([0.0; 3], [1.0; 3]));
        // Bytes have 256 values: each becomes a pixel by look-up.
        let table: Vec<[f32; 256]> = (0..3)
            .map(|channel| {
                std::array::from_fn(|byte| ((byte as f64 * scale - mean[channel]) / deviation[channel]) as f32)
            })
            .collect();
        let mut pixels = vec![0f32; 3 * side_x * side_y];
        for (channel, plane) in pixels.chunks_exact_mut(side_x * side_y).enumerate() {
            for (y, line) in plane.chunks_exact_mut(side_x).enumerate() {
                let source = y as isize + top;
                if source < 0 || source >= height as isize {
                    line.fill(table[channel][0]);
                    continue;
                }
                let row = &picture.rgb[source as usize * width * 3..][..width * 3];
                for (x, pixel) in line.iter_mut().enumerate() {
                    let column = x as isize + left;
                    let inside = column >= 0 && column < width as isize;
                    let byte = if inside { row[column as usize * 3 + channel] } else { 0 };
                    *pixel = table[channel][usize::from(byte)];
                }
            }
        }
        Ok(pixels)
    }
}

/// Where a centre crop starts; below zero where the image is smaller, which is then framed in black.
///
/// transformers rounds a cut down and a frame up: both are the floor of the signed half.
fn offset(have: usize, want: usize) -> isize {
    (have as isize - want as isize).div_euclid(2)
}

fn to_target(picture: &Picture, target: Target, filter: Filter) -> Result<Picture, String> {
    let (width, height) = match target {
        Target::Exact { height, width } => (width, height),
        Target::Shortest(edge) => {
            let (short, long) = (picture.width.min(picture.height), picture.width.max(picture.height));
            let other = u32::try_from(u64::from(edge) * u64::from(long) / u64::from(short)).unwrap_or(u32::MAX);
            if u64::from(edge) * u64::from(other) > super::picture::MOST_PIXELS {
                return Err(format!("an image of {} x {} pixels is too narrow", picture.width, picture.height));
            }
            if picture.width <= picture.height { (edge, other) } else { (other, edge) }
        }
    };
    if (width, height) == (picture.width, picture.height) {
        return Ok(picture.clone());
    }
    Ok(resize::resize(picture, width, height, filter))
}

/// All that decides pixels, for the encoder's fingerprint.
impl fmt::Display for Processor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "pixels-1 {:?} {:?} {:?} {:?}", self.resize, self.crop, self.rescale, self.normalise)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str, side: usize) -> Result<Processor, String> {
        Processor::from_raw(serde_json::from_str(json).unwrap(), side, &Usual::CLIP)
    }

    #[test]
    fn old_and_new_spellings_are_the_same() {
        let old = read(r#"{"size": 224, "crop_size": 224, "resample": 3, "feature_extractor_type": "x"}"#, 224);
        let new = read(
            r#"{"size": {"shortest_edge": 224}, "crop_size": {"height": 224, "width": 224}, "do_rescale": true}"#,
            224,
        );
        assert_eq!(old.unwrap(), new.unwrap());
    }

    #[test]
    fn what_gives_other_pixels_than_the_tower_takes_is_refused() {
        for (json, word) in [
            (r#"{"crop_size": 336}"#, "336"),
            (r#"{"do_center_crop": false}"#, "every image"),
            (r#"{"size": {"longest_edge": 224}}"#, "size"),
            (r#"{"resample": 9}"#, "resample 9"),
            (r#"{"do_pad": true}"#, "do_pad"),
            (r#"{"size": 0}"#, "zero"),
            (r#"{"crop_size": {"height": 224, "width": 200}}"#, "square"),
        ] {
            let error = read(json, 224).unwrap_err();
            assert!(error.contains(word), "{json}: {error}");
        }
    }

    #[test]
    fn a_small_image_is_framed_in_black() {
        let processor =
            read(r#"{"do_resize": false, "crop_size": 4, "do_normalize": false, "rescale_factor": 1.0}"#, 4).unwrap();
        let picture = Picture { width: 1, height: 6, rgb: (1..=18).collect() };
        let pixels = processor.pixels(&picture).unwrap();
        // One column: framed by two on the left, one on the right; rows 1 to 4 of 6 are kept.
        let expected: Vec<f32> = (0..4).flat_map(|row| [0.0, 0.0, (row * 3 + 4) as f32, 0.0]).collect();
        assert_eq!(pixels[..16], expected[..]);
    }
}
