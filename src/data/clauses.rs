//! Clauses of a text: its words in any script, cut where punctuation or markup stands.

use unicode_segmentation::UnicodeSegmentation;

/// Bytes in which a mark-up element must end that begins.
const LONGEST_TAG: usize = 200;

/// Hands over the first `most` words of a text in lower case, one after the other, and `None` where a clause ends. Words are
/// those of Unicode's annex 29, a Han or Hiragana character being one of its own; "middle-aged" is one word. Elements of
/// HTML, its entities and LaTeX's commands are no words.
pub fn clauses(text: &str, most: usize, mut take: impl FnMut(Option<&str>)) {
    let (mut end, mut inside_tag_until, mut given) = (0, 0, 0);
    let mut word = String::new();
    for (start, piece) in text.unicode_word_indices() {
        let gap = &text[end..start];
        end = start + piece.len();
        if let Some(tag) = tag_end(text, start - gap.len(), gap) {
            inside_tag_until = tag;
        }
        let is_entity = gap.ends_with('&') && text[end..].starts_with(';');
        let is_markup = start < inside_tag_until || gap.ends_with('\\') || is_entity;
        if gap == "-" && !word.is_empty() && !is_markup {
            word.push('-');
            super::words::lower_case(piece, &mut word);
            continue;
        }
        given += usize::from(!word.is_empty());
        if given == most {
            break;
        }
        flush(&mut word, &mut take);
        if !gap.chars().all(char::is_whitespace) {
            take(None);
        }
        if !is_markup {
            super::words::lower_case(piece, &mut word);
        }
    }
    flush(&mut word, &mut take);
    take(None);
}

fn flush(word: &mut String, take: &mut impl FnMut(Option<&str>)) {
    if !word.is_empty() {
        take(Some(word));
        word.clear();
    }
}

/// Where the element ends that a gap between two words begins, if it begins one.
fn tag_end(text: &str, from: usize, gap: &str) -> Option<usize> {
    let open = gap.rfind('<').filter(|open| gap[*open..].chars().skip(1).all(|next| next == '/' || next == '!'))?;
    let rest = &text.as_bytes()[from + open + 1..];
    let close = rest.iter().take(LONGEST_TAG).position(|byte| matches!(byte, b'<' | b'>'))?;
    (rest[close] == b'>').then_some(from + open + 1 + close)
}

/// Whether a script is written without blanks between its words.
#[must_use]
pub fn is_unspaced(character: char) -> bool {
    matches!(u32::from(character), 0x3040..=0x30ff | 0x3400..=0x4dbf | 0x4e00..=0x9fff | 0xf900..=0xfaff | 0x20000..=0x323af)
}

/// Words as a phrase: with blanks, but for scripts that have none.
#[must_use]
pub fn joined_words(words: &[&str]) -> String {
    let mut phrase = String::new();
    for word in words {
        let unspaced =
            phrase.chars().next_back().is_some_and(is_unspaced) && word.chars().next().is_some_and(is_unspaced);
        if !phrase.is_empty() && !unspaced {
            phrase.push(' ');
        }
        phrase.push_str(word);
    }
    phrase
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, most: usize) -> Vec<String> {
        let mut found = vec![String::new()];
        clauses(text, most, |word| match word {
            Some(word) => {
                let last = found.last_mut().unwrap();
                *last = format!("{last} {word}").trim().to_owned();
            }
            None if found.last().unwrap().is_empty() => {}
            None => found.push(String::new()),
        });
        found.retain(|clause| !clause.is_empty());
        found
    }

    #[test]
    fn punctuation_ends_a_clause_and_a_hyphen_does_not() {
        assert_eq!(
            read("A Middle-aged man, never married; don't ask.", 99),
            ["a middle-aged man", "never married", "don't ask"]
        );
        assert_eq!(read("one two three four", 3), ["one two three"]);
        assert!(read("", 9).is_empty() && read(" ,;- ", 9).is_empty());
    }

    #[test]
    fn markup_is_no_word() {
        assert_eq!(read("a <br /> bad <a href=\"x.html\">film</a> &amp; more", 99), ["a", "bad", "film", "more"]);
        assert_eq!(read("the \\frac{x}{y} of it", 99), ["the", "x", "y", "of it"]);
        assert_eq!(read("a < b, x<y and so on", 99), ["a", "b", "x", "y and so on"]);
    }

    #[test]
    fn other_scripts_have_words_too() {
        assert_eq!(read("我喜欢电影，不好看。", 99), ["我 喜 欢 电 影", "不 好 看"]);
        assert_eq!(read("هذا فيلم جيد، حقا", 99), ["هذا فيلم جيد", "حقا"]);
        assert_eq!(joined_words(&["电", "影"]), "电影");
        assert_eq!(joined_words(&["فيلم", "جيد"]), "فيلم جيد");
        assert_eq!(joined_words(&["never", "married"]), "never married");
    }
}
