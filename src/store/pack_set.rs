//! The packs of one encoder: where a content is among them, and rows read from them as they lie.

use super::embeddings::ContentHash;
use super::pack::Pack;
use crate::numbers::Precision;
use rayon::prelude::*;
use std::sync::Arc;

/// Contents that one thread looks for at a time.
const PART: usize = 8192;

/// The packs of one encoder, oldest first.
#[derive(Debug, Default)]
pub struct PackSet {
    pub packs: Vec<Pack>,
    /// Files that are no pack, or of another encoder, and why.
    pub damaged: Vec<String>,
}

/// Where a content was found: pack and row.
pub type Place = (usize, usize);
/// No place: nothing is near it.
pub const NOWHERE: Place = (usize::MAX, usize::MAX - 1);

impl PackSet {
    /// Where a content is; the place after `near` is looked at first, since items lie in their order.
    pub fn find(&self, hash: &ContentHash, near: Place) -> Option<Place> {
        if let Some(row) = self.packs.get(near.0).and_then(|pack| pack.find(hash, near.1 + 1)) {
            return Some((near.0, row));
        }
        let others = self.packs.iter().enumerate().filter(|(at, _)| *at != near.0);
        others.rev().find_map(|(at, pack)| Some((at, pack.find(hash, usize::MAX)?)))
    }

    /// Appends the row at a place, if it has this many numbers and is what was written.
    pub fn read(&self, (pack, row): Place, dimension: usize, out: &mut Vec<f32>) -> bool {
        self.packs.get(pack).is_some_and(|pack| pack.dimension() == dimension && pack.read(row, out))
    }

    /// Where else the content at a place is.
    fn others(&self, (pack, row): Place) -> impl Iterator<Item = Place> + '_ {
        let hash = self.packs[pack].digest(row);
        let others = self.packs.iter().enumerate().filter(move |(at, _)| *at != pack);
        others.filter_map(move |(at, other)| Some((at, other.find(&hash, usize::MAX)?)))
    }

    /// Appends the same content's row from another pack than the one where it is damaged.
    pub fn read_another(&self, place: Place, dimension: usize, out: &mut Vec<f32>) -> bool {
        self.others(place).any(|place| self.read(place, dimension, out))
    }

    /// What is known to be wrong with the arrays that packs link to, as sentences.
    pub fn link_faults(&self) -> Vec<String> {
        self.packs.iter().filter_map(|pack| pack.link()?.fault()).collect()
    }

    pub fn rows(&self) -> usize {
        self.packs.iter().map(Pack::rows).sum()
    }

    pub fn is_empty(&self) -> bool {
        self.packs.is_empty()
    }
}

/// The rows of some contents, read from the packs as they lie.
#[derive(Debug)]
pub struct PackedRows {
    set: Arc<PackSet>,
    /// Pack and row of each content; packs end below the first of these for those that are missing.
    places: Vec<(u32, u32)>,
}

const MISSING: (u32, u32) = (u32::MAX, 0);

impl PackedRows {
    /// Finds the rows of some contents, each proven now, and the positions of those that are missing or damaged.
    pub(super) fn find(set: Arc<PackSet>, hashes: &[Option<ContentHash>], dimension: usize) -> (Self, Vec<usize>) {
        let part = |hashes: &[Option<ContentHash>]| {
            let mut near = NOWHERE;
            let place = |hash: &Option<ContentHash>| {
                let place = hash.and_then(|hash| set.find(&hash, near))?;
                near = place;
                let whole = |(pack, row): &Place| {
                    let pack = &set.packs[*pack];
                    pack.dimension() == dimension && pack.proves(*row)
                };
                let (pack, row) = Some(place).filter(whole).or_else(|| set.others(place).find(whole))?;
                Some((u32::try_from(pack).ok()?, u32::try_from(row).ok()?))
            };
            hashes.iter().map(place).map(|place| place.unwrap_or(MISSING)).collect::<Vec<_>>()
        };
        let places: Vec<(u32, u32)> = hashes.par_chunks(PART).flat_map_iter(part).collect();
        let missing = places.iter().enumerate().filter_map(|(at, place)| (*place == MISSING).then_some(at)).collect();
        (Self { set, places }, missing)
    }

    #[must_use]
    pub fn len(&self) -> usize {
        self.places.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// A row's bytes as they lie, little-endian, and how its numbers are held; `None` for a missing one.
    #[must_use]
    pub fn raw(&self, position: usize) -> Option<(Precision, &[u8])> {
        let (pack, row) = *self.places.get(position)?;
        let pack = self.set.packs.get(pack as usize)?;
        Some((pack.precision()?, pack.raw(row as usize)?.0))
    }

    /// What is wrong with an array that rows were read from, if one was not what it had been: that row was not a
    /// number.
    #[must_use]
    pub fn fault(&self) -> Option<String> {
        let of_pack = |at: usize| self.places.iter().any(|(pack, _)| *pack as usize == at);
        let faults = self.set.packs.iter().enumerate().filter_map(|(at, pack)| Some((at, pack.link()?.fault()?)));
        faults.filter(|(at, _)| of_pack(*at)).map(|(_, fault)| fault).next()
    }

    /// Copies a row into `out`, which has its length; a missing one is zero.
    pub fn copy(&self, position: usize, out: &mut [f32]) {
        match self.places.get(position).and_then(|(pack, row)| Some((self.set.packs.get(*pack as usize)?, *row))) {
            Some((pack, row)) => pack.copy(row as usize, out),
            None => out.fill(0.0),
        }
    }
}
