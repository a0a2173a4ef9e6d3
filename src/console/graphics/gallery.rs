//! Images on the screen: encoded once each, sent when their cells come into sight, taken off with them.

use super::wire::{Job, Painted, painter};
use super::{CellSize, Placed, Protocol, kitty};
use image::RgbImage;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use std::sync::Arc;
use std::sync::mpsc::Sender;
use tokio::sync::mpsc::UnboundedReceiver;

/// Images that are kept encoded.
const MOST: usize = 32;
/// Their numbers, which Kitty's placeholders bear as one of the 256 colours; below stand those that people choose.
const NUMBERS: std::ops::RangeInclusive<u8> = 16..=255;

/// What a frame needs besides its cells.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Dressing {
    /// Written before the cells.
    pub ahead: Vec<u8>,
    /// Images that lie over cells.
    pub images: Vec<Shown>,
    /// Another frame is due: more images are ready than one frame sends.
    pub more: bool,
}

/// An image that lies over cells: text under it would make a hole in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    pub cells: Rect,
    pub number: u8,
    pub bytes: Arc<[u8]>,
}

struct Entry {
    image: Arc<RgbImage>,
    cells: (u16, u16),
    number: u8,
    bytes: Option<Arc<[u8]>>,
    /// The terminal has it.
    is_sent: bool,
}

/// What is encoded, and what the terminal has of it.
pub struct Gallery {
    protocol: Protocol,
    tmux: bool,
    cell: CellSize,
    jobs: Sender<Job>,
    /// The one that was used last comes last.
    entries: Vec<Entry>,
    last: u8,
    shown: Vec<(Rect, u8)>,
}

impl Gallery {
    /// An empty one, and the way its images come.
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn start(
        protocol: Protocol,
        cell: CellSize,
        tmux: bool,
    ) -> std::io::Result<(Self, UnboundedReceiver<Painted>)> {
        let (jobs, painted) = painter(protocol, tmux)?;
        let (entries, shown) = (Vec::new(), Vec::new());
        Ok((Self { protocol, tmux, cell, jobs, entries, last: *NUMBERS.end(), shown }, painted))
    }

    /// The cells of the terminal are of another size: images that lie over them are made anew.
    pub fn measure(&mut self, cell: CellSize) {
        if self.cell != cell && self.protocol == Protocol::Sixel {
            self.entries.clear();
        }
        self.cell = cell;
    }

    /// Keeps an image that was encoded.
    pub fn keep(&mut self, (number, bytes): Painted) {
        if let Some(entry) = self.entries.iter_mut().find(|entry| entry.number == number) {
            entry.bytes = Some(bytes.into());
        }
    }

    /// The terminal may have lost what was sent.
    pub fn forget_sent(&mut self) {
        self.entries.iter_mut().for_each(|entry| entry.is_sent = false);
    }

    /// Puts images into a frame, at most one of them new, so that keys never wait for many; `whole` says that the
    /// terminal is cleared first.
    pub fn dress(&mut self, frame: &mut Buffer, wanted: &[Placed], whole: bool) -> Dressing {
        if whole {
            self.shown.clear();
        }
        let mut dressing = Dressing::default();
        let mut is_spent = false;
        for placed in wanted {
            let at = self.entry_of(placed, &mut dressing.ahead);
            let entry = &mut self.entries[at];
            let Some(bytes) = &entry.bytes else { continue };
            let is_there = match self.protocol {
                Protocol::Kitty => entry.is_sent,
                _ => self.shown.contains(&(placed.cells, entry.number)),
            };
            if !is_there && std::mem::replace(&mut is_spent, true) {
                dressing.more = true;
                continue;
            }
            if self.protocol == Protocol::Kitty {
                if !std::mem::replace(&mut entry.is_sent, true) {
                    dressing.ahead.extend_from_slice(bytes);
                }
                kitty::stand_for(frame, placed.cells, entry.number);
            } else {
                let (cells, number, bytes) = (placed.cells, entry.number, bytes.clone());
                dressing.images.push(Shown { cells, number, bytes });
            }
        }
        self.shown = dressing.images.iter().map(|image| (image.cells, image.number)).collect();
        dressing
    }

    /// Where the entry of an image is; a new one is given to the painter.
    fn entry_of(&mut self, placed: &Placed, ahead: &mut Vec<u8>) -> usize {
        let cells = (placed.cells.width, placed.cells.height);
        let is_it = |entry: &Entry| Arc::ptr_eq(&entry.image, &placed.image) && entry.cells == cells;
        let entry = match self.entries.iter().position(is_it) {
            Some(at) => self.entries.remove(at),
            None => {
                if self.entries.len() >= MOST {
                    let oldest = self.entries.remove(0);
                    if oldest.is_sent {
                        ahead.extend_from_slice(kitty::deleted(oldest.number, self.tmux).as_bytes());
                    }
                }
                let (number, image) = (self.next_number(), placed.image.clone());
                // A painter that ended leaves the place of the image empty.
                let _ = self.jobs.send(Job { number, image: image.clone(), cells, cell: self.cell });
                Entry { image, cells, number, bytes: None, is_sent: false }
            }
        };
        self.entries.push(entry);
        self.entries.len() - 1
    }

    /// The next number that no entry bears.
    fn next_number(&mut self) -> u8 {
        loop {
            self.last = if self.last == *NUMBERS.end() { *NUMBERS.start() } else { self.last + 1 };
            if !self.entries.iter().any(|entry| entry.number == self.last) {
                return self.last;
            }
        }
    }

    /// What frees the images that the terminal keeps.
    #[must_use]
    pub fn farewell(&self) -> String {
        let sent = self.entries.iter().filter(|entry| entry.is_sent);
        sent.map(|entry| kitty::deleted(entry.number, self.tmux)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dressed(gallery: &mut Gallery, wanted: &[Placed], whole: bool) -> (Dressing, Buffer) {
        let mut frame = Buffer::empty(Rect::new(0, 0, 20, 10));
        let dressing = gallery.dress(&mut frame, wanted, whole);
        (dressing, frame)
    }

    fn placed(at: u16) -> Placed {
        Placed { cells: Rect::new(at, 1, 4, 2), image: Arc::new(RgbImage::new(8, 8)) }
    }

    fn start(protocol: Protocol) -> (Gallery, UnboundedReceiver<Painted>) {
        Gallery::start(protocol, (8, 16), false).unwrap()
    }

    #[test]
    fn an_image_is_sent_once_and_stands_in_cells() {
        let (mut gallery, mut painted) = start(Protocol::Kitty);
        let wanted = [placed(1), placed(8)];
        let (first, frame) = dressed(&mut gallery, &wanted, true);
        assert_eq!((first, frame), (Dressing::default(), Buffer::empty(Rect::new(0, 0, 20, 10))), "not painted yet");
        for _ in 0..2 {
            let image = painted.blocking_recv().unwrap();
            gallery.keep(image);
        }
        let (first, frame) = dressed(&mut gallery, &wanted, false);
        assert!(first.more && first.ahead.starts_with(b"\x1b_Ga=T") && frame[(2, 1)].symbol() == "\u{10eeee}");
        assert_eq!(frame[(9, 1)].symbol(), " ");
        let (second, _) = dressed(&mut gallery, &wanted, false);
        assert!(!second.more && second.ahead.starts_with(b"\x1b_Ga=T"));
        let (third, frame) = dressed(&mut gallery, &wanted, true);
        assert!(third.ahead.is_empty() && frame[(9, 1)].symbol() == "\u{10eeee}", "clearing keeps images");
        gallery.forget_sent();
        assert!(!dressed(&mut gallery, &wanted, true).0.ahead.is_empty());
        assert!(gallery.farewell().contains("a=d,d=I,i=16"));
    }

    #[test]
    fn images_over_cells_are_sent_again_when_the_screen_was_cleared() {
        let (mut gallery, mut painted) = start(Protocol::Sixel);
        let wanted = [placed(1)];
        dressed(&mut gallery, &wanted, true);
        let image = painted.blocking_recv().unwrap();
        gallery.keep(image);
        for whole in [true, false, true] {
            let (dressing, frame) = dressed(&mut gallery, &wanted, whole);
            assert_eq!((dressing.images.len(), dressing.more), (1, false));
            assert_eq!(frame[(2, 1)].symbol(), " ");
        }
        gallery.measure((10, 20));
        assert!(dressed(&mut gallery, &wanted, false).0.images.is_empty(), "it is painted anew");
    }

    #[test]
    fn the_oldest_image_gives_way_and_no_number_is_borne_twice() {
        let (mut gallery, mut painted) = start(Protocol::Kitty);
        let first = placed(1);
        for _ in 0..300 {
            let (_, _) = dressed(&mut gallery, &[first.clone(), placed(8)], false);
            while let Ok(image) = painted.try_recv() {
                gallery.keep(image);
            }
            let mut numbers: Vec<u8> = gallery.entries.iter().map(|entry| entry.number).collect();
            numbers.sort_unstable();
            numbers.dedup();
            assert_eq!(numbers.len(), gallery.entries.len());
            assert!(gallery.entries.len() <= MOST);
        }
        assert!(gallery.entries.iter().any(|entry| Arc::ptr_eq(&entry.image, &first.image)), "it is in use");
    }
}
