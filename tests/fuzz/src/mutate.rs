//! Damage: what bits, bytes, lengths and words of a file can turn into.

use rand::Rng;
use rand::seq::IndexedRandom;
use rand_chacha::ChaCha8Rng;

/// Longest input made.
const LONGEST: usize = 1 << 20;
/// Numbers that programs trip over.
const NUMBERS: [u64; 12] =
    [0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0xffff, 0x7fff_ffff, 0xffff_ffff, 1 << 40, i64::MAX as u64, u64::MAX];
/// Words that parsers of text trip over.
const WORDS: [&str; 24] = [
    "null",
    "true",
    "-1",
    "0",
    "1e999",
    "-0.0",
    "NaN",
    "inf",
    "18446744073709551616",
    "1000000000",
    "\"\"",
    "{}",
    "[]",
    "[[[[[[[[",
    "{\"a\":",
    "\\u0000",
    "\\ud800",
    "\u{feff}",
    "\u{202e}",
    "\"",
    ",",
    "\n",
    "\r\n",
    "../../x",
];

/// A damaged copy of a seed; others lend it parts.
pub fn damaged(seeds: &[Vec<u8>], rng: &mut ChaCha8Rng) -> Vec<u8> {
    let mut bytes = seeds.choose(rng).cloned().unwrap_or_default();
    for _ in 0..1 << rng.random_range(0..4) {
        change(&mut bytes, seeds, rng);
    }
    bytes.truncate(LONGEST);
    bytes
}

fn change(bytes: &mut Vec<u8>, seeds: &[Vec<u8>], rng: &mut ChaCha8Rng) {
    if bytes.is_empty() {
        bytes.push(rng.random());
        return;
    }
    let at = rng.random_range(0..bytes.len());
    let end = (at + rng.random_range(1..=64)).min(bytes.len());
    match rng.random_range(0..11) {
        0 => bytes[at] ^= 1 << rng.random_range(0..8),
        1 => bytes[at] = rng.random(),
        2 => bytes.truncate(at),
        3 => drop(bytes.drain(at..end)),
        4 => {
            let part = bytes[at..end].to_vec();
            let times = 1 << rng.random_range(0..8);
            bytes.splice(at..at, part.repeat(times));
        }
        5 => number(bytes, at, rng),
        6 | 7 => drop(bytes.splice(at..at, WORDS.choose(rng).unwrap_or(&"").bytes())),
        8 => digits(bytes, at, rng),
        9 => {
            let other = seeds.choose(rng).map_or(&[][..], Vec::as_slice);
            if !other.is_empty() {
                let from = rng.random_range(0..other.len());
                let to = (from + rng.random_range(1..=256)).min(other.len());
                bytes.splice(at..end, other[from..to].iter().copied());
            }
        }
        _ => bytes[at..end].fill(*[0, 0xff, b' ', b'0'].choose(rng).unwrap_or(&0)),
    }
}

/// Writes a number of one, two, four or eight bytes.
fn number(bytes: &mut [u8], at: usize, rng: &mut ChaCha8Rng) {
    let mut value = NUMBERS.choose(rng).unwrap_or(&0).to_le_bytes();
    let width = 1 << rng.random_range(0..4);
    if rng.random() {
        value[..width].reverse();
    }
    let end = (at + width).min(bytes.len());
    bytes[at..end].copy_from_slice(&value[..end - at]);
}

/// Replaces the next number in a text.
fn digits(bytes: &mut Vec<u8>, at: usize, rng: &mut ChaCha8Rng) {
    let Some(from) = bytes[at..].iter().position(u8::is_ascii_digit).map(|step| at + step) else { return };
    let length = bytes[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let value = NUMBERS.choose(rng).unwrap_or(&0).to_string();
    bytes.splice(from..from + length, value.bytes());
}

/// Puts the checksums of a PNG's chunks right, so that what is in them is read.
pub fn mend_png(bytes: &mut [u8]) {
    let mut at = 8;
    while let Some(head) = bytes.get(at..at + 4) {
        let length = u32::from_be_bytes([head[0], head[1], head[2], head[3]]) as usize;
        let end = at.saturating_add(8).saturating_add(length);
        let Some(sum) = bytes.get(at + 4..end).map(crc32fast::hash) else { return };
        if let Some(place) = bytes.get_mut(end..end + 4) {
            place.copy_from_slice(&sum.to_be_bytes());
        }
        at = end + 4;
    }
}
