//! Draws a picture as characters: half blocks of two colours, or ASCII by how light a place is.

use crate::console::depth::Depth;
use crate::console::paint::Pen;
use crate::console::theme::Role;
use image::imageops::thumbnail;
use image::{Rgb, RgbImage};
use ratatui::layout::Rect;
use ratatui::style::{Color, Style};

/// The most cells of a picture: in 24-bit colours some 25 KB.
const MOST: (u16, u16) = (40, 16);
/// Characters from dark to light, on a dark ground.
const SHADES: [&str; 10] = [" ", ".", ":", "-", "=", "+", "*", "#", "%", "@"];

/// The cells a picture takes of an area, kept in its shape: a cell is about twice as high as it is wide.
#[must_use]
pub fn place(picture: &RgbImage, area: Rect) -> Rect {
    let (wide, high) = (area.width.min(MOST.0), area.height.min(MOST.1));
    if wide == 0 || high == 0 {
        return Rect { width: 0, height: 0, ..area };
    }
    let (width, height) = picture.dimensions();
    let (width, height) = (f64::from(width.max(1)), f64::from(height.max(1)));
    let scale = (f64::from(wide) / width).min(2.0 * f64::from(high) / height);
    let cells = |length: f64, most: u16| (length.round() as u16).clamp(1, most);
    Rect { width: cells(scale * width, wide), height: cells(scale * height / 2.0, high), ..area }
}

/// Draws the picture into its cells.
pub fn draw(pen: &mut Pen<'_>, picture: &RgbImage, cells: Rect) {
    if cells.is_empty() {
        return;
    }
    let depth = pen.theme.depth;
    let by_shades = depth == Depth::None || pen.glyphs().ascii;
    let rows = u32::from(cells.height);
    let small = thumbnail(picture, u32::from(cells.width), if by_shades { rows } else { 2 * rows });
    for position in cells.positions() {
        let (x, y) = (u32::from(position.x - cells.x), u32::from(position.y - cells.y));
        if by_shades {
            pen.text(position.x, position.y, 1, shade(*small.get_pixel(x, y)), Role::Text);
        } else {
            let colour = |y| {
                let Rgb([r, g, b]) = *small.get_pixel(x, y);
                depth.reduce(Color::Rgb(r, g, b))
            };
            let style = Style::new().fg(colour(2 * y)).bg(colour(2 * y + 1));
            pen.styled(position.x, position.y, 1, "▀", style);
        }
    }
}

fn shade(Rgb([r, g, b]): Rgb<u8>) -> &'static str {
    // Weights of Rec. 709, in thousandths.
    let light = (213 * u32::from(r) + 715 * u32::from(g) + 72 * u32::from(b)) / 1000;
    SHADES[(light as usize * SHADES.len() / 256).min(SHADES.len() - 1)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::theme::Theme;
    use ratatui::buffer::Buffer;

    fn drawn(picture: &RgbImage, depth: Depth, ascii: bool) -> (Rect, Buffer) {
        let theme = Theme::default_at(depth, ascii);
        let mut buffer = Buffer::empty(Rect::new(0, 0, 44, 20));
        let cells = place(picture, Rect::new(2, 1, 40, 16));
        draw(&mut Pen { buffer: &mut buffer, theme: &theme, cursor: None }, picture, cells);
        (cells, buffer)
    }

    #[test]
    fn a_cell_holds_the_pixel_above_and_the_one_below() {
        let picture = RgbImage::from_fn(40, 32, |_, y| if y < 1 { Rgb([255, 0, 0]) } else { Rgb([0, 0, 255]) });
        let (cells, buffer) = drawn(&picture, Depth::True, false);
        assert_eq!(cells, Rect::new(2, 1, 40, 16));
        let cell = &buffer[(2, 1)];
        assert_eq!((cell.symbol(), cell.fg, cell.bg), ("▀", Color::Rgb(255, 0, 0), Color::Rgb(0, 0, 255)));
        assert_eq!(buffer[(42, 1)].symbol(), " ");
    }

    #[test]
    fn shape_is_kept_and_without_colours_white_is_the_fullest_character() {
        let white = RgbImage::from_pixel(100, 50, Rgb([255; 3]));
        let (cells, buffer) = drawn(&white, Depth::None, true);
        assert_eq!((cells.width, cells.height), (40, 10));
        assert!(cells.positions().all(|position| buffer[position].symbol() == "@"));
        let line = RgbImage::new(1000, 1);
        assert_eq!(drawn(&line, Depth::Named, false).0.height, 1);
        assert!(place(&line, Rect::new(0, 0, 0, 3)).is_empty());
    }
}
