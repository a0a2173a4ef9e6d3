//! Where the parts of the Discover screen are.

use ratatui::layout::Rect;

/// Width from which the slice is beside the list; height from which it is below.
const BESIDE: u16 = 150;
const BELOW: u16 = 12;
/// Height from which there are lines for all that slices rest on.
const TALL: u16 = 30;
/// Width of a part below from which it is split in two.
const TWO: u16 = 96;

/// Places of the parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    pub list: Rect,
    /// The selected slice: what it is made of, and its worst items.
    pub slice: Option<Rect>,
    pub items: Option<Rect>,
}

/// The places in a body for so many slices.
#[must_use]
pub fn layout(body: Rect, slices: usize) -> Layout {
    if slices == 0 || body.height < BELOW {
        return Layout { list: body, slice: None, items: None };
    }
    if body.width >= BESIDE {
        let right = body.width * 2 / 5;
        let list = Rect { width: body.width - right, ..body };
        let slice = Rect { x: list.right(), width: right, height: (body.height / 2).min(14), ..body };
        let items = Rect { y: slice.bottom(), height: body.height - slice.height, ..slice };
        return Layout { list, slice: Some(slice), items: Some(items) };
    }
    // A frame, the headings, the slices, and some lines of notes.
    let notes = if body.height >= TALL { 5 } else { 2 };
    let rows = u16::try_from(slices).unwrap_or(u16::MAX).saturating_add(3 + notes);
    let least = if body.height >= 2 * BELOW { BELOW } else { body.height * 2 / 5 };
    let list = Rect { height: rows.min(body.height - least), ..body };
    let below = Rect { y: list.bottom(), height: body.height - list.height, ..body };
    if below.width >= TWO {
        let slice = Rect { width: below.width * 2 / 5, ..below };
        let items = Rect { x: slice.right(), width: below.width - slice.width, ..below };
        return Layout { list, slice: Some(slice), items: Some(items) };
    }
    if below.height >= 10 {
        let slice = Rect { height: below.height.div_ceil(2), ..below };
        let items = Rect { y: slice.bottom(), height: below.height - slice.height, ..below };
        return Layout { list, slice: Some(slice), items: Some(items) };
    }
    Layout { list, slice: Some(below), items: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_is_inside_and_none_is_empty_space() {
        for (width, height) in (1..200).step_by(7).flat_map(|width| (0..60).map(move |height| (width, height))) {
            let body = Rect::new(0, 2, width, height);
            for slices in [0, 1, 9, 40] {
                let places = layout(body, slices);
                let all = [Some(places.list), places.slice, places.items];
                all.into_iter().flatten().for_each(|place| assert_eq!(place.intersection(body), place, "{body}"));
                let used: u32 = all.into_iter().flatten().map(Rect::area).sum();
                assert_eq!(used, body.area(), "{body} {slices}");
            }
        }
    }
}
