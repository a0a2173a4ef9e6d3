//! Draws a picture: as pixels where the terminal takes them, else as characters, half blocks of two colours or ASCII by
//! how light a place is.

use crate::console::depth::Depth;
use crate::console::graphics::{CellSize, Placed};
use crate::console::paint::Pen;
use crate::console::theme::Role;
use image::imageops::thumbnail;
use image::{Rgb, RgbImage};
use ratatui::layout::Rect;
use ratatui::style::{Color, Style};
use std::sync::Arc;

/// The most cells of a picture.
const MOST: (u16, u16) = (40, 20);
/// The shape of a cell that holds two pixels.
const HALVES: CellSize = (1, 2);
/// Most bytes of a picture in characters.
const BUDGET: usize = 24_000;
/// How far, of 255, a colour may be from the one before it to be told by it; tried in turn while a picture is too long.
const TOLERANCES: [u8; 5] = [0, 6, 12, 20, 32];
/// Characters from dark to light, on a dark ground.
const SHADES: [&str; 10] = [" ", ".", ":", "-", "=", "+", "*", "#", "%", "@"];

/// The cells a picture takes of an area, kept in its shape. Where cells show pixels, they are of the size `pixels`.
#[must_use]
pub fn place(picture: &RgbImage, area: Rect, pixels: Option<CellSize>) -> Rect {
    let (wide, high) = (area.width.min(MOST.0), area.height.min(MOST.1));
    if wide == 0 || high == 0 {
        return Rect { width: 0, height: 0, ..area };
    }
    let cell = pixels.unwrap_or(HALVES);
    let (width, height) = picture.dimensions();
    let width = f64::from(width.max(1)) / f64::from(cell.0);
    let height = f64::from(height.max(1)) / f64::from(cell.1);
    let scale = (f64::from(wide) / width).min(f64::from(high) / height);
    let cells = |length: f64, most: u16| ((scale * length).round() as u16).clamp(1, most);
    Rect { width: cells(width, wide), height: cells(height, high), ..area }
}

/// Draws the picture into its cells.
pub fn draw(pen: &mut Pen<'_>, picture: &Arc<RgbImage>, cells: Rect, pixels: Option<CellSize>) {
    if cells.is_empty() {
        return;
    }
    if pixels.is_some() {
        pen.images.push(Placed { cells, image: picture.clone() });
        return;
    }
    let depth = pen.theme.depth;
    if depth == Depth::None || pen.glyphs().ascii {
        let small = thumbnail(picture.as_ref(), u32::from(cells.width), u32::from(cells.height));
        for (position, pixel) in cells.positions().zip(small.pixels()) {
            pen.text(position.x, position.y, 1, shade(*pixel), Role::Text);
        }
        return;
    }
    let small = thumbnail(picture.as_ref(), u32::from(cells.width), 2 * u32::from(cells.height));
    for (position, (above, below)) in cells.positions().zip(halves(&small, depth)) {
        pen.styled(position.x, position.y, 1, "▀", Style::new().fg(above).bg(below));
    }
}

/// The two colours of each cell, row by row, as near to the picture as its bytes allow.
fn halves(small: &RgbImage, depth: Depth) -> Vec<(Color, Color)> {
    let plain = |depth: Depth, tolerance: u8| -> Vec<(Color, Color)> {
        let mut last = [[0_u8; 3]; 2];
        let mut told = [false; 2];
        let places = (0..small.height() / 2).flat_map(|y| (0..small.width()).map(move |x| (x, y)));
        let mut near = |half: usize, pixel: Rgb<u8>| {
            let is_near = pixel.0.iter().zip(last[half]).all(|(value, last)| value.abs_diff(last) <= tolerance);
            if !(told[half] && is_near) {
                (last[half], told[half]) = (pixel.0, true);
            }
            let [r, g, b] = last[half];
            depth.reduce(Color::Rgb(r, g, b))
        };
        places.map(|(x, y)| (near(0, *small.get_pixel(x, 2 * y)), near(1, *small.get_pixel(x, 2 * y + 1)))).collect()
    };
    if depth != Depth::True {
        return plain(depth, 0);
    }
    let fitting = TOLERANCES.iter().map(|tolerance| plain(depth, *tolerance)).find(|cells| bytes(cells) <= BUDGET);
    fitting.unwrap_or_else(|| plain(Depth::Indexed, 0))
}

/// Bytes that cells take: a block of three, and what changes of its colours.
fn bytes(cells: &[(Color, Color)]) -> usize {
    let digits = |value: u8| {
        if value < 10 {
            1
        } else if value < 100 {
            2
        } else {
            3
        }
    };
    let told = |color: Color| match color {
        Color::Rgb(r, g, b) => 8 + digits(r) + digits(g) + digits(b),
        _ => 8,
    };
    let mut last = None;
    let cost = |cell: &(Color, Color)| {
        let before = last.replace(*cell);
        let changed = |before: Option<Color>, now: Color| if before == Some(now) { 0 } else { told(now) };
        let colours = changed(before.map(|cell| cell.0), cell.0) + changed(before.map(|cell| cell.1), cell.1);
        3 + if colours > 0 { colours + 3 } else { 0 }
    };
    cells.iter().map(cost).sum()
}

fn shade(Rgb([r, g, b]): Rgb<u8>) -> &'static str {
    // Weights of Rec. 709, in thousandths.
    let light = (213 * u32::from(r) + 715 * u32::from(g) + 72 * u32::from(b)) / 1000;
    SHADES[(light as usize * SHADES.len() / 256).min(SHADES.len() - 1)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::terminal::Screen;
    use crate::console::theme::Theme;
    use rand::{Rng as _, SeedableRng as _};
    use ratatui::buffer::Buffer;

    fn drawn(picture: RgbImage, depth: Depth, ascii: bool) -> (Rect, Buffer) {
        let theme = Theme::default_at(depth, ascii);
        let mut buffer = Buffer::empty(Rect::new(0, 0, 44, 24));
        let cells = place(&picture, Rect::new(2, 1, 40, 20), None);
        draw(&mut Pen::new(&mut buffer, &theme), &Arc::new(picture), cells, None);
        (cells, buffer)
    }

    #[test]
    fn a_cell_holds_the_pixel_above_and_the_one_below() {
        let picture = RgbImage::from_fn(40, 40, |_, y| if y < 1 { Rgb([255, 0, 0]) } else { Rgb([0, 0, 255]) });
        let (cells, buffer) = drawn(picture, Depth::True, false);
        assert_eq!(cells, Rect::new(2, 1, 40, 20));
        let cell = &buffer[(2, 1)];
        assert_eq!((cell.symbol(), cell.fg, cell.bg), ("▀", Color::Rgb(255, 0, 0), Color::Rgb(0, 0, 255)));
        assert_eq!(buffer[(42, 1)].symbol(), " ");
    }

    #[test]
    fn shape_is_kept_and_without_colours_white_is_the_fullest_character() {
        let white = RgbImage::from_pixel(100, 50, Rgb([255; 3]));
        let (cells, buffer) = drawn(white.clone(), Depth::None, true);
        assert_eq!((cells.width, cells.height), (40, 10));
        assert!(cells.positions().all(|position| buffer[position].symbol() == "@"));
        let line = RgbImage::new(1000, 1);
        assert_eq!(drawn(line.clone(), Depth::Named, false).0.height, 1);
        assert!(place(&line, Rect::new(0, 0, 0, 3), None).is_empty());
        // Cells of 10 x 20 pixels hold 400 x 200 of them.
        let cells = place(&white, Rect::new(0, 0, 60, 30), Some((10, 20)));
        assert_eq!((cells.width, cells.height), (40, 10));
        assert_eq!(place(&white, Rect::new(0, 0, 60, 30), Some((10, 10))).height, 20);
    }

    #[test]
    fn no_picture_takes_more_than_its_bytes() {
        let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(1);
        let noise = RgbImage::from_fn(160, 160, |_, _| Rgb(rng.random()));
        let soft = RgbImage::from_fn(160, 160, |x, y| Rgb([100 + (x / 2) as u8, 110 + (y / 2) as u8, 180]));
        for picture in [noise, soft] {
            for depth in [Depth::True, Depth::Indexed, Depth::Named] {
                let (cells, buffer) = drawn(picture.clone(), depth, false);
                assert_eq!((cells.width, cells.height), (40, 20));
                let bytes = Screen::new(std::io::sink()).draw(buffer, None).unwrap();
                assert!((1_000..=25_000).contains(&bytes), "{bytes} bytes at {depth:?}");
            }
        }
    }

    #[test]
    fn a_soft_picture_keeps_its_colours_within_the_tolerance() {
        let soft = RgbImage::from_fn(40, 40, |x, y| Rgb([100 + x as u8, 110 + y as u8, 180]));
        let cells = halves(&soft, Depth::True);
        assert_eq!(cells.len(), 800);
        for (at, (above, below)) in cells.into_iter().enumerate() {
            let (x, y) = (at as u32 % 40, at as u32 / 40);
            for (colour, y) in [(above, 2 * y), (below, 2 * y + 1)] {
                let Color::Rgb(r, g, b) = colour else { panic!("{colour:?}") };
                let wanted = soft.get_pixel(x, y).0;
                assert!([r, g, b].iter().zip(wanted).all(|(is, wanted)| is.abs_diff(wanted) <= TOLERANCES[2]));
            }
        }
    }
}
