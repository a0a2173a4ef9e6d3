//! Sixel: an image as bands of six rows, in colours of a fixed cube with ordered dithering.

use image::RgbImage;
use std::fmt::Write as _;

/// Bayer's matrix: thresholds of a 4 x 4 square, in sixteenths.
const THRESHOLDS: [[u32; 4]; 4] = [[0, 8, 2, 10], [12, 4, 14, 6], [3, 11, 1, 9], [15, 7, 13, 5]];
/// Rows of a band.
const BAND: u32 = 6;

/// The image in `levels`³ colours; rows beyond the last whole band are left out, so that it never reaches further down
/// than asked.
#[must_use]
pub fn sixel(image: &RgbImage, levels: u32) -> String {
    let (width, height) = (image.width(), (image.height() / BAND).max(1) * BAND);
    let mut out = format!("\x1bP0;1;0q\"1;1;{width};{height}");
    let colours = levels.pow(3) as usize;
    let mut is_known = vec![false; colours];
    let mut bits = vec![0_u8; colours * width as usize];
    for band in 0..height / BAND {
        bits.fill(0);
        for row in 0..BAND {
            let y = band * BAND + row;
            for x in 0..width {
                // The last row of a lower image is repeated.
                let pixel = image.get_pixel(x, y.min(image.height() - 1)).0;
                bits[colour(pixel, (x, y), levels) * width as usize + x as usize] |= 1 << row;
            }
        }
        let mut is_first = true;
        for (number, line) in bits.chunks_exact(width as usize).enumerate() {
            let end = line.iter().rposition(|bits| *bits != 0).map_or(0, |last| last + 1);
            if end == 0 {
                continue;
            }
            if !is_first {
                out.push('$');
            }
            is_first = false;
            if !std::mem::replace(&mut is_known[number], true) {
                define(&mut out, number as u32, levels);
            }
            let _ = write!(out, "#{number}");
            runs(&mut out, &line[..end]);
        }
        out.push('-');
    }
    out.push_str("\x1b\\");
    out
}

/// The number of a pixel's colour: each channel goes up a level where its rest is over the threshold of its place.
fn colour(pixel: [u8; 3], (x, y): (u32, u32), levels: u32) -> usize {
    let threshold = 16 * THRESHOLDS[(y % 4) as usize][(x % 4) as usize] + 8;
    let level = |value: u8| (u32::from(value) * (levels - 1) * 256 / 255 + 255 - threshold) / 256;
    let [r, g, b] = pixel.map(level);
    ((r * levels + g) * levels + b) as usize
}

/// A colour's channels in percent.
fn define(out: &mut String, number: u32, levels: u32) {
    let percent = |level: u32| (level * 100 + (levels - 1) / 2) / (levels - 1);
    let (r, g, b) = (number / levels / levels, number / levels % levels, number % levels);
    let _ = write!(out, "#{number};2;{};{};{}", percent(r), percent(g), percent(b));
}

/// Columns of six dots, equal ones told once.
fn runs(out: &mut String, line: &[u8]) {
    for run in line.chunk_by(|a, b| a == b) {
        let letter = char::from(b'?' + run[0]);
        match run.len() {
            count if count > 3 => {
                let _ = write!(out, "!{count}{letter}");
            }
            count => out.extend(std::iter::repeat_n(letter, count)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::Rgb;

    /// Reads Sixel back, as the manual of the VT340 has it.
    fn drawn(text: &str) -> RgbImage {
        let body = text.strip_prefix("\x1bP0;1;0q\"1;1;").unwrap().strip_suffix("\x1b\\").unwrap();
        let start = body.find('#').unwrap();
        let sides: Vec<u32> = body[..start].split(';').map(|side| side.parse().unwrap()).collect();
        let mut image = RgbImage::from_pixel(sides[0], sides[1], Rgb([1, 2, 3]));
        let mut palette = std::collections::HashMap::new();
        let (mut x, mut y, mut ink, mut count) = (0, 0, 0, 1);
        let letters: Vec<char> = body[start..].chars().collect();
        let mut at = 0;
        let number = |at: &mut usize| {
            let first = *at;
            while letters.get(*at).is_some_and(char::is_ascii_digit) {
                *at += 1;
            }
            letters[first..*at].iter().collect::<String>().parse::<u32>().unwrap()
        };
        while at < letters.len() {
            let letter = letters[at];
            at += 1;
            match letter {
                '#' => {
                    ink = number(&mut at);
                    if letters.get(at) == Some(&';') {
                        at += 3;
                        let mut part = || {
                            let value = number(&mut at);
                            at += 1;
                            (value * 255 / 100) as u8
                        };
                        palette.insert(ink, Rgb([part(), part(), part()]));
                        at -= 1;
                    }
                }
                '!' => count = number(&mut at),
                '$' => x = 0,
                '-' => (x, y) = (0, y + 6),
                letter => {
                    let bits = letter as u32 - '?' as u32;
                    for _ in 0..std::mem::replace(&mut count, 1) {
                        (0..6)
                            .filter(|row| bits >> row & 1 == 1)
                            .for_each(|row| image.put_pixel(x, y + row, palette[&ink]));
                        x += 1;
                    }
                }
            }
        }
        image
    }

    #[test]
    fn what_is_encoded_is_drawn() {
        let image = RgbImage::from_fn(37, 20, |x, y| match (x < 9, y < 7) {
            (true, true) => Rgb([255, 0, 0]),
            (false, true) => Rgb([0, 255, 255]),
            (true, false) => Rgb([0, 0, 0]),
            (false, false) => Rgb([255, 255, 255]),
        });
        let back = drawn(&sixel(&image, 6));
        assert_eq!(back.dimensions(), (37, 18), "whole bands alone");
        assert!(back.enumerate_pixels().all(|(x, y, pixel)| pixel == image.get_pixel(x, y)));
        assert_eq!(drawn(&sixel(&RgbImage::new(5, 2), 4)).dimensions(), (5, 6));
    }

    #[test]
    fn dithered_colours_keep_their_mean() {
        for value in [3_u8, 60, 128, 200, 254] {
            let image = RgbImage::from_pixel(48, 48, Rgb([value, 255 - value, 100]));
            let back = drawn(&sixel(&image, 6));
            for channel in 0..3 {
                let mean = back.pixels().map(|pixel| f64::from(pixel[channel])).sum::<f64>() / (48.0 * 48.0);
                let wanted = f64::from(image.get_pixel(0, 0)[channel]);
                assert!((mean - wanted).abs() < 4.0, "{mean} for {wanted}");
            }
        }
    }
}
