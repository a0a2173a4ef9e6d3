//! The word witness: rows that hold a prompt's words, found through an inverted index.

use crate::data::{is_function_word, words};
use crate::stats::Interval;
use std::collections::{BTreeSet, HashMap};

/// Rows by which a narrower set of rows is drawn towards the broader one around it.
const SHRINK: f64 = 30.0;
/// Rows that the best tiers are to reach before their number is told.
const LEAST: usize = 30;
/// Most words of a prompt that are looked for: the rarest, by weight.
const MOST_WORDS: usize = 12;

/// Which rows hold which content words, and what each row lost.
pub struct WordIndex {
    places: HashMap<String, u32>,
    /// Rows of word `w`: `rows[starts[w]..starts[w + 1]]`, ascending.
    starts: Vec<u32>,
    rows: Vec<u32>,
    losses: Vec<f32>,
    mean: f64,
    /// Rows by which a narrower set is drawn to the broader one.
    shrink: f64,
}

/// What rows with a prompt's words lost.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WordFinding {
    /// Mean loss, narrower sets of rows being drawn towards broader ones.
    pub mean: f64,
    /// Rows in the best tiers that together reach 30, and the standard deviation of their losses.
    pub rows: usize,
    pub sd: f64,
    /// Share of the prompt's inverse document frequency that those words carry which were found.
    pub found: f64,
}

impl WordFinding {
    /// Interval of the mean at `level`, by the rows' own spread; none for fewer than two rows.
    #[must_use]
    pub fn interval(&self, level: f64) -> Option<Interval> {
        (self.rows > 1).then(|| Interval::normal(self.mean, self.sd / (self.rows as f64).sqrt(), level))
    }
}

/// Count, sum and sum of squares of losses.
#[derive(Clone, Copy, Default)]
struct Tally {
    n: f64,
    sum: f64,
    squares: f64,
}

impl Tally {
    fn add(&mut self, other: Self) {
        (self.n, self.sum, self.squares) = (self.n + other.n, self.sum + other.sum, self.squares + other.squares);
    }

    fn sd(self) -> f64 {
        if self.n < 2.0 {
            return 0.0;
        }
        ((self.squares - self.sum * self.sum / self.n) / (self.n - 1.0)).max(0.0).sqrt()
    }
}

impl WordIndex {
    /// Indexes the content words of texts, one a row, with each row's loss; words of `generic` are left out. `share` is how
    /// many of all rows these are: of a sample, fewer rows weigh as much.
    #[must_use]
    pub fn new<'a>(
        texts: impl Iterator<Item = &'a str>,
        losses: &[f64],
        generic: &BTreeSet<String>,
        share: f64,
    ) -> Self {
        let mut places: HashMap<String, u32> = HashMap::new();
        let mut held: Vec<Vec<u32>> = Vec::new();
        for (row, text) in (0_u32..).zip(texts) {
            for word in words(text) {
                let place = match places.get(&word) {
                    Some(&place) => place,
                    None if is_function_word(&word) || generic.contains(&word) => continue,
                    None => {
                        let place = held.len() as u32;
                        places.insert(word, place);
                        held.push(Vec::new());
                        place
                    }
                };
                let rows = &mut held[place as usize];
                // A word said twice in a row counts once.
                if rows.last() != Some(&row) {
                    rows.push(row);
                }
            }
        }
        let mut starts = vec![0_u32];
        starts.extend(held.iter().scan(0_u32, |sum, rows| {
            *sum += rows.len() as u32;
            Some(*sum)
        }));
        let mean = losses.iter().sum::<f64>() / losses.len().max(1) as f64;
        Self {
            places,
            starts,
            rows: held.concat(),
            losses: losses.iter().map(|loss| *loss as f32).collect(),
            mean,
            shrink: SHRINK * share,
        }
    }

    /// Words with the number of rows that hold each, most frequent first, then by the alphabet.
    #[must_use]
    pub fn words(&self) -> Vec<(&str, usize)> {
        let mut all: Vec<(&str, usize)> =
            self.places.iter().map(|(word, place)| (word.as_str(), self.rows_of(*place).len())).collect();
        all.sort_unstable_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
        all
    }

    /// Words that at least `least` rows hold, by the mean loss of those rows, highest first, then by the alphabet.
    #[must_use]
    pub fn costly(&self, least: usize) -> Vec<&str> {
        let held = self.places.iter().map(|(word, place)| (word.as_str(), self.rows_of(*place)));
        let mean = |rows: &[u32]| {
            rows.iter().map(|&row| f64::from(self.losses[row as usize])).sum::<f64>() / rows.len().max(1) as f64
        };
        let mut all: Vec<(f64, &str)> =
            held.filter(|(_, rows)| rows.len() >= least).map(|(word, rows)| (mean(rows), word)).collect();
        all.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
        all.into_iter().map(|(_, word)| word).collect()
    }

    fn rows_of(&self, place: u32) -> &[u32] {
        &self.rows[self.starts[place as usize] as usize..self.starts[place as usize + 1] as usize]
    }

    fn idf(&self, rows: usize) -> f64 {
        ((self.losses.len() as f64 + 1.0) / (rows as f64 + 1.0)).ln()
    }

    /// Mean loss of all rows, and how many there are.
    #[must_use]
    pub fn all(&self) -> (f64, usize) {
        (self.mean, self.losses.len())
    }

    /// What rows with these words lost. Each word comes as it was read, with the cosine of that reading; a word that could
    /// not be read is `None` and counts against the share found.
    #[must_use]
    pub fn find(&self, wanted: &[(Option<&str>, f64)]) -> WordFinding {
        let (mut known, mut missed): (Vec<(u32, f64)>, f64) = (Vec::new(), 0.0);
        for (word, cosine) in wanted {
            match word.and_then(|word| self.places.get(word)) {
                Some(&place) if known.iter().any(|(other, _)| *other == place) => {}
                Some(&place) => known.push((place, cosine * self.idf(self.rows_of(place).len()))),
                None => missed += self.idf(0),
            }
        }
        let total = known.iter().map(|(_, weight)| weight).sum::<f64>();
        let found = if total + missed > 0.0 { total / (total + missed) } else { 0.0 };
        known.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        known.truncate(MOST_WORDS);
        self.tiers(&known, found)
    }

    /// From all rows to those that hold ever more of the words' weight: `m ← (Σ loss + 30 m) / (n + 30)`.
    fn tiers(&self, known: &[(u32, f64)], found: f64) -> WordFinding {
        let mut masks = vec![0_u16; self.losses.len()];
        for (bit, (place, _)) in known.iter().enumerate() {
            self.rows_of(*place).iter().for_each(|&row| masks[row as usize] |= 1 << bit);
        }
        let mut tallies = vec![Tally::default(); 1 << known.len()];
        for (mask, loss) in masks.iter().zip(&self.losses).filter(|(mask, _)| **mask != 0) {
            let loss = f64::from(*loss);
            tallies[usize::from(*mask)].add(Tally { n: 1.0, sum: loss, squares: loss * loss });
        }
        let weight = |mask: usize| {
            known.iter().enumerate().filter(|(bit, _)| mask >> bit & 1 == 1).map(|(_, (_, weight))| weight).sum::<f64>()
        };
        let mut tiers: Vec<(f64, Tally)> = (1..tallies.len())
            .filter(|&mask| tallies[mask].n > 0.0)
            .map(|mask| (weight(mask), tallies[mask]))
            .collect();
        tiers.sort_by(|a, b| b.0.total_cmp(&a.0));
        // From the narrowest tier outwards, so that each holds all the better ones.
        for at in 1..tiers.len() {
            let inner = tiers[at - 1].1;
            tiers[at].1.add(inner);
        }
        let mean = tiers
            .iter()
            .rev()
            .fold(self.mean, |mean, (_, tally)| (tally.sum + self.shrink * mean) / (tally.n + self.shrink));
        let told = tiers.iter().map(|(_, tally)| *tally).find(|tally| tally.n >= LEAST as f64);
        let told = told.or(tiers.last().map(|(_, tally)| *tally)).unwrap_or_default();
        WordFinding { mean, rows: told.n as usize, sd: told.sd(), found }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index() -> WordIndex {
        let texts =
            ["an elderly driver", "an elderly clerk", "a young driver", "a young clerk", "a young, young driver"];
        WordIndex::new(texts.into_iter(), &[4.0, 2.0, 1.0, 0.0, 1.0], &BTreeSet::new(), 1.0)
    }

    #[test]
    fn narrower_rows_are_drawn_to_broader_ones() {
        let index = index();
        assert_eq!(index.words(), [("driver", 3), ("young", 3), ("clerk", 2), ("elderly", 2)]);
        // Means: elderly 3, driver 2, clerk 1, young 2/3.
        assert_eq!(index.costly(2), ["elderly", "driver", "clerk", "young"]);
        assert_eq!(index.costly(3), ["driver", "young"]);
        let found = index.find(&[(Some("elderly"), 1.0), (Some("driver"), 1.0)]);
        // By hand: idf(elderly) = ln(6/3) > idf(driver) = ln(6/4), so the tiers are {0}, {0, 1}, {0, 1, 2, 4}.
        let all = 8.0 / 5.0;
        let broad = (8.0 + 30.0 * all) / 34.0;
        let middle = (6.0 + 30.0 * broad) / 32.0;
        let narrow = (4.0 + 30.0 * middle) / 31.0;
        assert!((found.mean - narrow).abs() < 1e-12);
        assert_eq!((found.rows, found.found), (4, 1.0));
    }

    #[test]
    fn words_that_cannot_be_read_count_against_what_was_found() {
        let index = index();
        let found = index.find(&[(Some("elderly"), 1.0), (None, 0.2)]);
        let (known, missed) = (2f64.ln(), 6f64.ln());
        assert!((found.found - known / (known + missed)).abs() < 1e-12);
        let nothing = index.find(&[(None, 0.0)]);
        assert_eq!((nothing.mean, nothing.rows, nothing.found), (1.6, 0, 0.0));
        assert!(nothing.interval(0.9).is_none() && index.find(&[]).found == 0.0);
    }
}
