//! Terms from texts: what many items say, in one to three words of a clause.

use super::term::{Term, TermKind};
use crate::data::{clauses, is_function_word, is_unspaced, joined_words};
use std::collections::HashMap;

/// Words that say nothing alone or at the end of a phrase, besides those of grammar.
const UNFINISHED: [&str; 24] = [
    "not", "no", "never", "without", "only", "than", "more", "less", "most", "least", "over", "under", "up", "out",
    "off", "some", "all", "each", "every", "other", "another", "many", "much", "few",
];
/// Most words of a phrase, and most characters where a script has no blanks: there a character is read as a word.
const LONGEST: usize = 3;
const LONGEST_UNSPACED: usize = 6;
/// Words of a text that are read.
const READ: usize = 5_000;
/// The end of a clause, and a word that too few texts hold.
const END: u32 = u32::MAX;

/// Texts as numbers of words.
struct Read {
    words: Vec<String>,
    /// Texts that hold each word.
    texts: Vec<u32>,
    /// Words of text `t`: `said[starts[t]..starts[t + 1]]`, `END` between clauses.
    said: Vec<u32>,
    starts: Vec<usize>,
}

impl Read {
    fn new<'a>(texts: impl Iterator<Item = &'a str>, cancelled: &dyn Fn() -> bool) -> Self {
        let mut numbers: HashMap<String, u32> = HashMap::new();
        let mut read = Self { words: Vec::new(), texts: Vec::new(), said: Vec::new(), starts: vec![0] };
        let mut last: Vec<u32> = Vec::new();
        for (row, text) in (0_u32..).zip(texts) {
            if row.is_multiple_of(1024) && cancelled() {
                break;
            }
            clauses(text, READ, |word| {
                let Some(word) = word else {
                    read.said.push(END);
                    return;
                };
                let number = numbers.get(word).copied().unwrap_or_else(|| {
                    let number = read.words.len() as u32;
                    numbers.insert(word.to_owned(), number);
                    read.words.push(word.to_owned());
                    read.texts.push(0);
                    last.push(END);
                    number
                });
                if last[number as usize] != row {
                    last[number as usize] = row;
                    read.texts[number as usize] += 1;
                }
                read.said.push(number);
            });
            read.starts.push(read.said.len());
        }
        read
    }

    fn of(&self, text: usize) -> &[u32] {
        &self.said[self.starts[text]..self.starts[text + 1]]
    }

    fn len(&self) -> usize {
        self.starts.len() - 1
    }

    /// Puts `END` for every word that fewer than `least` texts hold: no phrase with it is frequent either.
    fn drop_rare(&mut self, least: usize) {
        for word in &mut self.said {
            if *word != END && (self.texts[*word as usize] as usize) < least {
                *word = END;
            }
        }
    }

    /// Phrases of `length` words in at least `least` texts, whose beginning and end of one word less are among `shorter`
    /// (Agrawal & Srikant 1994), with their texts.
    fn phrases(&self, length: usize, least: usize, shorter: &Phrases) -> Phrases {
        let mut counts: HashMap<&[u32], (u32, u32)> = HashMap::new();
        let possible = |phrase: &[u32]| {
            !phrase.contains(&END)
                && (length == 1 || (shorter.contains_key(&phrase[1..]) && shorter.contains_key(&phrase[..length - 1])))
        };
        for text in 0..self.len() {
            for phrase in self.of(text).windows(length).filter(|phrase| possible(phrase)) {
                let (count, last) = counts.entry(phrase).or_insert((0, END));
                if *last != text as u32 {
                    (*count, *last) = (*count + 1, text as u32);
                }
            }
        }
        let frequent = counts.into_iter().filter(|(_, (count, _))| *count as usize >= least);
        frequent.map(|(phrase, _)| (phrase.to_vec(), Vec::new())).collect()
    }

    /// Whether words say something by themselves: neither end is one of grammar, a number or a letter.
    fn says_something(&self, phrase: &[u32]) -> bool {
        let nameless = |word: &u32| {
            let word = &self.words[*word as usize];
            let letter = word.chars().nth(1).is_none() && (phrase.len() == 1 || word.is_ascii());
            letter || is_function_word(word) || word.starts_with(|first: char| first.is_numeric())
        };
        let unfinished = |word: &u32| UNFINISHED.contains(&self.words[*word as usize].as_str());
        let last = |word: &u32| nameless(word) || unfinished(word);
        !phrase.first().is_none_or(nameless) && !phrase.last().is_none_or(last)
    }

    /// Whether every word is a character of a script that has no blanks.
    fn is_unspaced(&self, phrase: &[u32]) -> bool {
        phrase.iter().all(|word| self.words[*word as usize].chars().all(is_unspaced))
    }

    fn named(&self, phrase: &[u32]) -> String {
        let words: Vec<&str> = phrase.iter().map(|word| self.words[*word as usize].as_str()).collect();
        joined_words(&words)
    }
}

/// Phrases and the texts that hold them.
type Phrases = HashMap<Vec<u32>, Vec<u32>>;

/// Every phrase of one to three words, or of up to six characters without blanks, that at least `least` and at most `most` of
/// the texts hold, by its name.
#[must_use]
pub fn word_terms<'a>(
    texts: impl Iterator<Item = &'a str>,
    least: usize,
    most: usize,
    cancelled: &dyn Fn() -> bool,
) -> Vec<Term> {
    let mut read = Read::new(texts, cancelled);
    read.drop_rare(least);
    let mut kept: Vec<Term> = Vec::new();
    let mut shorter = Phrases::new();
    for length in 1..=LONGEST_UNSPACED {
        if cancelled() {
            return Vec::new();
        }
        if length > LONGEST {
            shorter.retain(|phrase, _| read.is_unspaced(phrase));
            if shorter.is_empty() {
                break;
            }
        }
        let frequent = read.phrases(length, least, &shorter);
        let mut named: Phrases = frequent
            .keys()
            .filter(|phrase| read.says_something(phrase))
            .cloned()
            .map(|phrase| (phrase, Vec::new()))
            .collect();
        for text in 0..read.len() {
            for phrase in read.of(text).windows(length) {
                if let Some(rows) = named.get_mut(phrase)
                    && rows.last() != Some(&(text as u32))
                {
                    rows.push(text as u32);
                }
            }
        }
        let terms = named.into_iter().filter(|(_, rows)| rows.len() <= most);
        kept.extend(terms.map(|(phrase, rows)| Term { name: read.named(&phrase), kind: TermKind::Words, rows }));
        shorter = frequent;
    }
    kept.sort_by(|a, b| a.name.cmp(&b.name));
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(texts: &[&str], least: usize, most: usize) -> Vec<(String, Vec<u32>)> {
        let terms = word_terms(texts.iter().copied(), least, most, &|| false);
        terms.into_iter().map(|term| (term.name, term.rows)).collect()
    }

    #[test]
    fn phrases_stay_within_a_clause_and_neither_begin_nor_end_with_grammar() {
        let texts = ["the red car of Anna, fast 12 cars", "a red car of Anna; fast", "blue cars", "red, car"];
        let all = found(&texts, 2, 3);
        let names: Vec<&str> = all.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["anna", "car", "car of anna", "cars", "fast", "red", "red car"]);
        assert_eq!(all[2].1, [0, 1]);
        assert_eq!(all[1].1, [0, 1, 3]);
        assert!(found(&texts, 2, 2).iter().all(|(name, _)| name != "red"), "three of four are too many");
    }

    #[test]
    fn a_phrase_said_twice_counts_once() {
        assert_eq!(found(&["ever once ever", "ever"], 2, 9), [("ever".to_owned(), vec![0, 1])]);
        assert_eq!(found(&["not red not red", "not red"], 2, 9).len(), 2);
    }

    #[test]
    fn han_characters_make_words_of_two_to_six() {
        let names = |texts: &[&str], least| -> Vec<String> {
            found(texts, least, 9).into_iter().map(|(name, _)| name).collect()
        };
        assert_eq!(names(&["这部电影", "好电影", "坏电影院"], 3), ["电影"]);
        let all = names(&["我们去图书馆看书", "去图书馆看书吗", "one two three four", "one two three four"], 2);
        assert!(all.contains(&"去图书馆看书".into()) && all.contains(&"one two three".into()), "{all:?}");
        assert!(
            all.iter().all(|name| name.chars().count() <= 6 || name.is_ascii())
                && !all.contains(&"one two three four".into())
        );
    }

    #[test]
    fn endless_texts_are_read_in_part_and_a_stop_is_heard() {
        let long = format!("{} end", "word ".repeat(100_000));
        assert_eq!(found(&[&long, "word end"], 2, 9).len(), 1, "the end is not read");
        assert!(word_terms(["a word"; 9].into_iter(), 1, 9, &|| true).is_empty());
    }
}
