//! A canned list of items: the same ones each time, however they are asked for.

use super::world::{ATTRIBUTES, bell, key, noise};
use super::{open, press, rest, type_text, words};
use image::{Rgb, RgbImage};
use llm2loss::audit::{HeadKind, Split};
use llm2loss::console::msg::Cmd;
use llm2loss::diagnose::*;
use llm2loss::engine::{ItemsAnswer, ItemsCommand};
use llm2loss::stats;
use std::sync::Arc;

/// Items of every list.
pub const MATCHING: usize = 1_411;

const WHO: [&str; 6] = ["A widowed white woman", "An elderly man", "A black man", "An asian woman", "A man", "A woman"];
const WORK: [&str; 5] = [
    "working as an executive or manager, self-employed",
    "working as a driver or mover for a private company",
    "working as a professional for the local government",
    "with no known occupation",
    "working in sales, self-employed without a company",
];

/// An item of a list, by its place.
pub fn item_at(place: usize) -> ListedItem {
    let id = key("item") ^ place as u64;
    let loss = 9.81 / (1.0 + 0.02 * place as f64);
    let risk = 2.1 + 0.3 * bell(id, 1);
    let (who, work) = (WHO[place % 6], WORK[place % 5]);
    let age = 61 + place % 29;
    let text = format!(
        "{who}, {age} years old, with a master's degree, {work}, {} hours a week, with capital gains, born in the United States.",
        20 + place % 41
    );
    ListedItem {
        row: place as u32,
        id: format!("{}", 33_000 + 7 * place),
        text: Some(text),
        image: None,
        split: Split::Test,
        label: Some((place % 2) as u8),
        scores: vec![("logistic".into(), Some(noise(id, 9)))],
        losses: vec![
            ("logistic".into(), Some(loss)),
            ("gradient boosting".into(), Some(0.3 * loss * noise(id, 4))),
            ("small mlp".into(), None),
        ],
        attributes: ATTRIBUTES
            .iter()
            .enumerate()
            .map(|(at, (name, ..))| {
                ((*name).to_owned(), (at != 37).then_some(at == 2 || noise(id, 50 + at as u64) < 0.12))
            })
            .collect(),
        risk: Some(risk),
        surprise: Some(loss - risk),
        order_only: false,
        similarity: Some(0.62 - 0.001 * place as f64),
        change: None,
        heads: None,
        nearest: None,
    }
}

fn in_full(row: u32) -> ListedItem {
    let mut item = item_at(row as usize);
    let heads = HeadKind::ALL.map(|head| {
        let members: Vec<f64> = (0..5).map(|m| 2.1 + 0.2 * bell(u64::from(row), m + head.index() as u64)).collect();
        ItemHead { head, summary: stats::summary(&members).unwrap(), members }
    });
    item.heads = Some(heads.to_vec());
    let near = |at: usize| {
        let other = item_at(row as usize + 6 * at);
        NearItem {
            row: other.row,
            id: other.id,
            similarity: 0.98 - 0.03 * at as f64,
            loss: Some(0.4),
            text: other.text,
        }
    };
    item.nearest = Some((1..=6).map(near).collect());
    item
}

/// An image of a list, by its place: no text, two attributes.
pub fn image_at(place: usize) -> ListedItem {
    let item = item_at(place);
    let image = Some(format!("faces/{}.jpg", item.id));
    ListedItem { text: None, image, attributes: item.attributes.into_iter().take(3).collect(), ..item }
}

/// What the engine would answer to a question about its image: four colours, and every fifth is damaged.
pub fn picture(list: u64, row: u32) -> ItemsAnswer {
    let quarter = |x: u32, y: u32| match (x < 20, y < 15) {
        (true, true) => Rgb([230, 60, 50]),
        (false, true) => Rgb([240, 220, 90]),
        (true, false) => Rgb([40, 90, 200]),
        (false, false) => Rgb([20, 20, 20]),
    };
    let found = match row % 5 {
        1 => Err("the image cannot be decoded: it ends too early".into()),
        _ => Ok(Arc::new(RgbImage::from_fn(40, 30, quarter))),
    };
    ItemsAnswer::Picture { list, row, picture: found }
}

fn page(offset: usize, count: usize) -> Vec<ListedItem> {
    (offset..MATCHING.min(offset + count)).map(item_at).collect()
}

/// What the engine would answer.
pub fn answer(command: &ItemsCommand) -> ItemsAnswer {
    match command {
        ItemsCommand::List { list, question, .. } if question.filter.text == "zeppelin" => {
            ItemsAnswer::Listed { list: *list, matching: 0, note: None, first: Vec::new() }
        }
        ItemsCommand::List { list, count, .. } => {
            ItemsAnswer::Listed { list: *list, matching: MATCHING, note: None, first: page(0, *count) }
        }
        ItemsCommand::Page { list, offset, count } => {
            ItemsAnswer::Page { list: *list, offset: *offset, items: page(*offset, *count) }
        }
        ItemsCommand::Item { list, row } => ItemsAnswer::Item { list: *list, item: Box::new(in_full(*row)) },
        ItemsCommand::Picture { list, row } => {
            ItemsAnswer::Picture { list: *list, row: *row, picture: Err("there is no image to show".into()) }
        }
        ItemsCommand::Whole { list, most, rendering } => {
            let items = page(0, *most);
            ItemsAnswer::Whole { list: *list, items: items.len(), text: rendering.of(items) }
        }
        ItemsCommand::Words { list } => {
            let word = |(word, ratio): (&str, f64)| WorstWord {
                word: word.into(),
                worst: 20,
                all: 30,
                ratio,
                p: 1e-6,
                q: 1e-4,
            };
            let words =
                [("elderly", 13.5), ("widowed", 5.5), ("self-employed", 3.2), ("gains", 2.1)].map(word).to_vec();
            let found = WorstWords { n: MATCHING, of: MATCHING, worst: 71, tested: 212, words };
            ItemsAnswer::Words { list: *list, words: Some(found) }
        }
    }
}

#[test]
fn what_the_filter_keeps_is_written_and_copied_whole() {
    let mut app = open((120, 36));
    press(&mut app, "1 g Enter /");
    type_text(&mut app, "widowed");
    press(&mut app, "Enter");
    rest(&mut app);
    let told = press(&mut app, "e c");
    let [Cmd::Export { name, text, what }] = &told[..] else { panic!("{told:?}") };
    assert_eq!((name.as_str(), what.as_str()), ("items-b2c9.csv", "1,411 items"));
    assert_eq!(text.lines().count(), 1 + MATCHING, "far more than the page at hand");
    let told = press(&mut app, "Y");
    let [Cmd::Copy(text)] = &told[..] else { panic!("{told:?}") };
    assert!(text.starts_with("**Items 1 to 1,000 of 1,411 by loss, largest first"), "{}", &text[..400]);
    for part in ["only with capital gain, with the words \"widowed\"", "audit adult · model logistic · run b2c90d11"]
    {
        assert!(text.contains(part), "{}", &text[..400]);
    }
    assert!(words(&app).contains("the first 1,000 of 1,411 items are handed"), "{}", words(&app));
    // An item alone says where it is from as well.
    let told = press(&mut app, "y");
    let [Cmd::Copy(text)] = &told[..] else { panic!("{told:?}") };
    assert!(text.contains("\naudit adult, model logistic, run b2c90d11"), "{text}");
    assert!(text.contains("\nllm2loss items adult --model logistic --attribute 'capital gain'"), "{text}");
}

#[test]
fn an_empty_list_says_what_no_item_is_like_and_what_to_do() {
    let mut app = open((120, 36));
    press(&mut app, "9 /");
    type_text(&mut app, "zeppelin");
    rest(&mut app);
    press(&mut app, "Enter");
    let shown = words(&app);
    for part in ["no test item holds the words \"zeppelin\"", "Esc clears the words", "looks at training items or all"]
    {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    assert!(!shown.contains(" none "), "{shown}");
}
