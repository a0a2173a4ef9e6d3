//! Names: of audits, which become names of files, and of what a person may have meant.

/// Longest name of an audit, in bytes.
pub const LONGEST_NAME: usize = 64;

/// Whether a text can name an audit: a file of this name stays in its folder, on every system.
#[must_use]
pub fn is_audit_name(text: &str) -> bool {
    let fit = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    !text.is_empty() && text.len() <= LONGEST_NAME && !text.starts_with(['.', '-']) && text.bytes().all(fit)
}

/// Longest name of an attribute that is added, in characters.
pub const LONGEST_ATTRIBUTE: usize = 100;

/// Whether a text can name an attribute: every character of it can be seen.
#[must_use]
pub fn is_attribute_name(text: &str) -> bool {
    (1..=LONGEST_ATTRIBUTE).contains(&text.chars().count())
        && !text.trim().is_empty()
        && !text.chars().any(|letter| is_hidden(letter) || (letter.is_whitespace() && letter != ' '))
}

/// Control characters, marks of direction, characters without width, tags.
#[must_use]
pub fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

/// The known name that needs the fewest letters put in, left out or changed to be the one wanted, whatever their case:
/// at most a third of them, else `None`.
#[must_use]
pub fn nearest_name<'a>(wanted: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let letters = |name: &str| name.to_lowercase().chars().collect::<Vec<char>>();
    let wanted = letters(wanted);
    let changes = known.map(|name| (edits(&wanted, &letters(name)), name));
    changes.filter(|(edits, _)| 3 * edits <= wanted.len().max(3)).min_by_key(|(edits, _)| *edits).map(|(_, name)| name)
}

/// Levenshtein's distance.
fn edits(a: &[char], b: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, y) in b.iter().enumerate() {
            let least = (diagonal + usize::from(x != y)).min(row[j] + 1).min(row[j + 1] + 1);
            diagonal = std::mem::replace(&mut row[j + 1], least);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_in_their_folder() {
        for name in ["", "..", ".x", "-x", "a/b", "a\\b", "é", "a b", &"a".repeat(65)] {
            assert!(!is_audit_name(name), "{name}");
        }
        assert!(is_audit_name("faces-2.1_b"));
    }

    #[test]
    fn attributes_are_named_by_what_can_be_seen() {
        for name in ["", " ", "a\u{202e}b", "a\u{1b}[2J", "a\tb", "a\u{200b}", "a\u{2028}b", &"é".repeat(101)] {
            assert!(!is_attribute_name(name), "{name:?}");
        }
        for name in ["Blue things", "قديم", "老人", "a \"near\" one", &"é".repeat(100)] {
            assert!(is_attribute_name(name), "{name:?}");
        }
    }

    #[test]
    fn a_slip_of_the_pen_is_understood_and_another_word_is_not() {
        let known = || ["Senior", "Female", "Never married"].into_iter();
        assert_eq!(nearest_name("snior", known()), Some("Senior"));
        assert_eq!(nearest_name("Femael", known()), Some("Female"));
        assert_eq!(nearest_name("never-married", known()), Some("Never married"));
        assert_eq!(nearest_name("tall", known()), None);
        let letters = |text: &str| text.chars().collect::<Vec<_>>();
        assert_eq!(edits(&letters("kitten"), &letters("sitting")), 3, "the textbook's");
    }
}
