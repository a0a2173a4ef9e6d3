//! A group in words that fit a sentence: "elderly people (Senior)", or "items with x=3" where nothing better is sure.

use crate::audit::{AttributePrompts, Side};

/// Words after which nothing of a phrase is its head noun any more.
const AFTER_HEAD: [&str; 30] = [
    "with",
    "without",
    "in",
    "of",
    "from",
    "at",
    "on",
    "for",
    "about",
    "under",
    "over",
    "by",
    "to",
    "near",
    "between",
    "against",
    "who",
    "that",
    "which",
    "whose",
    "living",
    "working",
    "born",
    "separated",
    "heading",
    "wearing",
    "holding",
    "using",
    "asking",
    "written",
];
/// Heads that are known wherever they stand, and their plurals.
const HEADS: [(&str, &str); 8] = [
    ("person", "people"),
    ("man", "men"),
    ("woman", "women"),
    ("child", "children"),
    ("boy", "boys"),
    ("girl", "girls"),
    ("question", "questions"),
    ("text", "texts"),
];
/// What may stand between "who" and its verb.
const BEFORE_VERB: [&str; 9] =
    ["always", "never", "often", "sometimes", "rarely", "usually", "seldom", "still", "also"];

/// One side of an attribute, many of its items: in small letters, fit to begin or to go on a sentence.
#[must_use]
pub fn group(name: &str, prompts: &AttributePrompts, side: Side) -> String {
    if side == Side::False {
        return format!("items without {name}");
    }
    // What was made from a column's name is no phrase that anybody wrote.
    let phrase = if prompts.made { name } else { prompts.phrase.as_str() };
    let words = |text: &str| format!(" {} ", text.to_lowercase());
    match plural(phrase) {
        Some(many) if words(phrase).contains(&words(name)) => many,
        Some(many) => format!("{many} ({name})"),
        None => format!("items with {name}"),
    }
}

/// The first letter as a sentence begins.
#[must_use]
pub fn begun(text: &str) -> String {
    let mut characters = text.chars();
    let first = characters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    first + characters.as_str()
}

/// "a person in a private job" as "people in a private job"; `None` where the head is not sure.
fn plural(phrase: &str) -> Option<String> {
    let mut words: Vec<String> = phrase.split_whitespace().map(str::to_owned).collect();
    if words.len() < 2 || !matches!(words[0].as_str(), "a" | "an" | "A" | "An") {
        return None;
    }
    words.remove(0);
    let end = words.iter().position(|word| AFTER_HEAD.contains(&word.as_str())).unwrap_or(words.len());
    let known = |word: &String| HEADS.iter().find(|(head, _)| head == word).map(|(_, many)| (*many).to_owned());
    let head = words[..end].iter().position(|word| known(word).is_some());
    let head = match head {
        Some(head) => head,
        // An unknown head is the last word before the rest; two of them are joined by "or".
        None if end == 0 || words[..end].iter().any(|word| matches!(word.as_str(), "or" | "and" | "the")) => {
            return None;
        }
        None => end - 1,
    };
    let many = known(&words[head]).or_else(|| regular(&words[head]))?;
    words[head] = many;
    if let Some(who) = words.iter().position(|word| matches!(word.as_str(), "who" | "that" | "which")) {
        let verb = (who + 1..words.len()).find(|&at| !BEFORE_VERB.contains(&words[at].as_str()))?;
        words[verb] = verb_of_many(&words[verb]);
    }
    Some(words.join(" "))
}

/// The plural of an English noun without exceptions; `None` for what does not look like a noun.
fn regular(noun: &str) -> Option<String> {
    let is_word = |character: char| character.is_ascii_lowercase() || character == '-';
    if noun.len() < 3 || !noun.chars().all(is_word) || noun.ends_with('s') {
        return None;
    }
    if let Some(stem) = noun.strip_suffix("man") {
        return Some(format!("{stem}men"));
    }
    let consonant = |stem: &str| !stem.ends_with(['a', 'e', 'i', 'o', 'u']);
    if let Some(stem) = noun.strip_suffix('y').filter(|stem| consonant(stem)) {
        return Some(format!("{stem}ies"));
    }
    let hisses = ["x", "z", "ch", "sh"].iter().any(|end| noun.ends_with(end));
    Some(format!("{noun}{}", if hisses { "es" } else { "s" }))
}

/// "works" as "work"; a verb in another form stays.
fn verb_of_many(verb: &str) -> String {
    let changed = match verb {
        "is" => "are",
        "was" => "were",
        "has" => "have",
        "does" => "do",
        "goes" => "go",
        _ => "",
    };
    if !changed.is_empty() {
        return changed.to_owned();
    }
    if verb.len() < 4 || verb.ends_with("ss") || !verb.ends_with('s') {
        return verb.to_owned();
    }
    if let Some(stem) = verb.strip_suffix("ies") {
        return format!("{stem}y");
    }
    let hisses = ["sses", "xes", "zes", "ches", "shes"].iter().any(|end| verb.ends_with(end));
    verb[..verb.len() - if hisses { 2 } else { 1 }].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prompts(phrase: &str, made: bool) -> AttributePrompts {
        AttributePrompts {
            bare: (String::new(), String::new()),
            phrase: phrase.into(),
            antonym: None,
            generic: "a person".into(),
            made,
        }
    }

    #[test]
    fn phrases_become_groups_and_say_which_attribute_they_are() {
        for (name, phrase, expected) in [
            ("Senior", "an elderly person", "elderly people (Senior)"),
            ("Male", "a man", "men (Male)"),
            ("White", "a white person", "white people"),
            ("Never married", "a person who never married", "people who never married"),
            ("Long hours", "a person who often works long hours", "people who often work long hours"),
            ("Dogs", "a person who is with a dog", "people who are with a dog (Dogs)"),
            ("Asian", "a Black or Asian person", "Black or Asian people"),
            (
                "Capital gains",
                "a person with capital gains from investments",
                "people with capital gains from investments",
            ),
            ("Law", "a question about the law", "questions about the law"),
            ("Skilled trade", "a factory worker in repair", "factory workers in repair (Skilled trade)"),
            ("City", "a photo of a city at night", "photos of a city at night"),
            // Not sure enough: the name alone.
            ("Executive", "an executive or manager", "items with Executive"),
            ("Owner", "the owner of a business", "items with Owner"),
            ("x=3", "x is 3", "items with x=3"),
            ("Glass", "a glass", "items with Glass"),
        ] {
            assert_eq!(group(name, &prompts(phrase, false), Side::True), expected, "{phrase}");
        }
    }

    #[test]
    fn names_alone_are_read_as_they_are() {
        let made = |name: &str| group(name, &prompts("whatever was made of it", true), Side::True);
        assert_eq!(made("a person in a private job"), "people in a private job");
        assert_eq!(made("Blond_Hair"), "items with Blond_Hair");
        assert_eq!(made("x=3"), "items with x=3");
        assert_eq!(group("Senior", &prompts("an elderly person", false), Side::False), "items without Senior");
        assert_eq!(made(""), "items with ");
        assert_eq!((begun("élan x").as_str(), begun("").as_str()), ("Élan x", ""));
    }
}
