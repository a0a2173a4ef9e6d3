//! A sentence about several attributes at once, out of their phrases.

/// Ways to say several things of one item; slices use all of them in turn, so that no one wording is learnt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wording {
    /// "an elderly married person with a college degree".
    OneNoun,
    /// "an elderly person, a married person".
    Commas,
    /// "an elderly person and a married person".
    And,
}

impl Wording {
    pub const ALL: [Self; 3] = [Self::OneNoun, Self::Commas, Self::And];
}

/// Says the phrases of one sentence; `generic` stands for anybody ("a person").
#[must_use]
pub fn joined(phrases: &[&str], generic: &str, wording: Wording) -> String {
    match wording {
        Wording::OneNoun => one_noun(phrases, generic),
        Wording::Commas => phrases.join(", "),
        Wording::And => phrases.join(" and "),
    }
}

/// A phrase around the generic noun: what stands before it and after it.
fn around<'a>(phrase: &'a str, noun: &str) -> Option<(&'a str, &'a str)> {
    let rest = without_article(phrase)?;
    let at = rest.find(noun)?;
    let (before, after) = (&rest[..at], &rest[at + noun.len()..]);
    let whole = (before.is_empty() || before.ends_with(' ')) && (after.is_empty() || after.starts_with([' ', ',']));
    whole.then_some((before.trim(), after.trim()))
}

fn without_article(phrase: &str) -> Option<&str> {
    ["a ", "an ", "the "].into_iter().find_map(|article| phrase.strip_prefix(article))
}

fn one_noun(phrases: &[&str], generic: &str) -> String {
    let noun = without_article(generic).unwrap_or(generic);
    let (mut before, mut after, mut apart) = (Vec::new(), Vec::new(), Vec::new());
    for phrase in phrases {
        match around(phrase, noun) {
            Some((adjectives, rest)) => {
                before.extend((!adjectives.is_empty()).then_some(adjectives));
                after.extend((!rest.is_empty()).then_some(rest));
            }
            None => apart.push(*phrase),
        }
    }
    // A phrase with a noun of its own takes the place of the generic one where nothing stands before that.
    let (mut sentence, apart) = match apart.split_first() {
        Some((first, rest)) if before.is_empty() => ((*first).to_owned(), rest.to_vec()),
        _ => {
            before.push(noun);
            let body = before.join(" ");
            let vowel = body.starts_with(['a', 'e', 'i', 'o', 'u', 'A', 'E', 'I', 'O', 'U']);
            (format!("{} {body}", if vowel { "an" } else { "a" }), apart)
        }
    };
    for (at, rest) in after.iter().enumerate() {
        sentence.push_str(if at == 0 { " " } else { " and " });
        sentence.push_str(rest);
    }
    for other in apart {
        sentence.push_str(", ");
        sentence.push_str(other);
    }
    sentence
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phrases_share_the_generic_noun() {
        let say = |phrases: &[&str]| joined(phrases, "a person", Wording::OneNoun);
        assert_eq!(say(&["an elderly person", "a married person"]), "an elderly married person");
        assert_eq!(
            say(&["a person with a college degree", "an elderly person", "a person working in sales"]),
            "an elderly person with a college degree and working in sales"
        );
        assert_eq!(say(&["a man", "a person working in sales"]), "a man working in sales");
        assert_eq!(say(&["a man", "an elderly person"]), "an elderly person, a man");
        assert_eq!(say(&["a personal trainer", "a driver"]), "a personal trainer, a driver");
    }

    #[test]
    fn other_wordings_leave_the_phrases_whole() {
        let phrases = ["a man", "a driver"];
        assert_eq!(joined(&phrases, "a person", Wording::Commas), "a man, a driver");
        assert_eq!(joined(&phrases, "a person", Wording::And), "a man and a driver");
    }
}
