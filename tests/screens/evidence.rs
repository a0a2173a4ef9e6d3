//! The evidence drawer: canned items behind A and B, and what its keys do.

use super::items::item_at;
use super::{empty, key, open, press, tell, type_text, words};
use llm2loss::audit::RunId;
use llm2loss::console::App;
use llm2loss::console::msg::{Cmd, Msg};
use llm2loss::console::screen::ScreenId;
use llm2loss::console::update;
use llm2loss::diagnose::*;
use llm2loss::engine::{BackingRequest, BackingSide, Command, Event};
use llm2loss::stats::Interval;
use std::sync::Arc;

fn mean(n: usize, mean: f64) -> MeasuredMean {
    MeasuredMean { n, mean, interval: Some(Interval { low: mean - 0.25, high: mean + 0.25, level: 0.95 }) }
}

fn side(at: usize, side: &BackingSide) -> BackedSide {
    let near = NearBacking {
        items: (20 * at..20 * at + 12).map(item_at).collect(),
        belongs: (0..12).map(|place| side.group.as_ref().map(|_| place % 3 != 1)).collect(),
        mean: mean(100, 2.5 - at as f64),
        of_group: side.group.as_ref().map(|_| 41 + at),
        similarities: (0.62, 0.48),
    };
    BackedSide {
        group: side.group.as_ref().map(|_| mean(1_411, 3.71 - at as f64)),
        near: (!side.sentence.is_empty()).then_some(near),
        lacking: None,
        predicted: side.run.as_ref().map(|_| vec![3.0, 3.5, 4.0, 3.5, 3.0]),
    }
}

/// What stands behind any request.
pub fn backed(request: &BackingRequest) -> Backed {
    let sides: Vec<BackedSide> = request.sides.iter().enumerate().map(|(at, one)| side(at, one)).collect();
    Backed {
        heads: sides[0].predicted.as_ref().map(|_| HeadsDifference {
            value: -0.4,
            votes: 5,
            members: 5,
            order_only: false,
        }),
        sides,
        difference: Some(MeanDifference { value: 1.0, interval: Some(Interval { low: 0.6, high: 1.4, level: 0.95 }) }),
        of_groups: request.sides.iter().all(|side| side.group.is_some()),
        usual: Some(UsualNearness { items: vec![0.8, 0.9, 0.95], prompts: vec![0.5, 0.55, 0.6, 0.7] }),
    }
}

/// The drawer over a screen, which its key and some more open.
pub fn over(size: (u16, u16), keys: &str) -> App {
    let mut app = open(size);
    press(&mut app, "2");
    type_text(&mut app, "an elderly trucker");
    press(&mut app, "Tab");
    type_text(&mut app, "a young trucker");
    press(&mut app, &format!("Esc {keys}"));
    app
}

/// What the engine is asked about the items behind what is shown.
fn asked(commands: &[Cmd]) -> Vec<&BackingRequest> {
    let request = |command| match command {
        &Cmd::Send(Command::Back(ref request)) => Some(request),
        _ => None,
    };
    commands.iter().filter_map(request).collect()
}

#[test]
fn heads_that_say_the_other_way_are_told_to_disagree() {
    let shown = words(&over((120, 36), "o"));
    assert!(shown.contains("Heads and data DISAGREE. A less B: the nearest items +1.00 [+.600, +1.40]; heads −.400"));
    // Of four prompts one is nearer than .62: it is nearer than the other three quarters.
    assert!(shown.contains("nearest: similarity .62, more than 75 % of prompts reach"));
    assert!(shown.contains("nearest 100 lose 2.50 [2.25, 2.75]"));
}

#[test]
fn each_screen_asks_for_what_it_shows() {
    let mut app = open((120, 36));
    let commands = update(&mut app, Msg::Key(key("o")));
    let [request] = asked(&commands)[..] else { panic!("{commands:?}") };
    let [a, b] = &request.sides[..] else { panic!("{request:?}") };
    let row = app.screens.attributes.selected(app.screens.attributes.table(&app.world).unwrap()).unwrap();
    assert_eq!((a.model.as_str(), a.run.as_ref()), ("logistic", Some(&RunId("b2c90d11".into()))));
    let name = std::slice::from_ref(&row.name);
    assert_eq!(a.group.as_ref().unwrap().with, name);
    // Under the antonym the others are those without it; the request is for that row alone.
    assert_eq!(b.group.as_ref().unwrap().without, name);
    assert_ne!(a.sentence, b.sentence);
    let request = request.clone();

    // An answer to something else is not shown.
    let other = BackingRequest { hide_text: true, ..request.clone() };
    tell(&mut app, Event::Backed { found: Ok(Arc::new(backed(&other))), request: other });
    assert!(words(&app).contains("looking for the nearest items"));
    tell(&mut app, Event::Backed { found: Err("the disk is gone".into()), request });
    assert!(words(&app).contains("the disk is gone"));

    // On Compare the row's group under both models, the later first.
    press(&mut app, "5");
    let commands = update(&mut app, Msg::Key(key("o")));
    let [request] = asked(&commands)[..] else { panic!("{commands:?}") };
    let [now, then] = &request.sides[..] else { panic!("{request:?}") };
    assert_eq!((then.model.as_str(), now.model.as_str()), ("logistic", "gradient boosting"));
    assert_eq!((&then.sentence, &then.group), (&now.sentence, &now.group));
}

#[test]
fn esc_closes_the_drawer_before_it_clears_a_filter() {
    let mut app = open((80, 24));
    press(&mut app, "/");
    type_text(&mut app, "age");
    press(&mut app, "Enter o");
    assert!(words(&app).contains("Evidence behind"));
    press(&mut app, "Esc");
    assert!(!words(&app).contains("Evidence behind") && words(&app).contains("/ age"));
}

#[test]
fn without_a_sentence_the_drawer_says_what_to_do() {
    let mut app = open((60, 16));
    press(&mut app, "2 Esc o");
    assert!(words(&app).contains("type a sentence"));
    // Nothing is open yet.
    let mut app = empty((80, 24));
    press(&mut app, "1 o");
    assert!(words(&app).contains("measuring the attributes"));
}

#[test]
fn every_copy_says_what_it_is_of() {
    let mut app = open((120, 36));
    let copied = |app: &mut App, keys: &str| match &press(app, keys)[..] {
        [Cmd::Copy(text)] => text.clone(),
        other => panic!("{other:?}"),
    };
    let name = app.screens.attributes.selected(app.screens.attributes.table(&app.world).unwrap()).unwrap().name.clone();
    let within = copied(&mut app, "& j y");
    assert!(within.starts_with(&format!("Attributes within {name}\naudit adult, model logistic")), "{within}");
    assert!(within.contains(&format!("--within '{name}'")), "{within}");
    let compared = copied(&mut app, "5 y");
    assert!(compared.contains("before logistic, after gradient boosting\naudit adult\n"), "{compared}");
    assert!(compared.contains("\nllm2loss compare-models adult logistic 'gradient boosting'"), "{compared}");
    press(&mut app, "2");
    type_text(&mut app, "a trucker");
    let prompt = copied(&mut app, "Esc y");
    assert!(prompt.contains("\naudit adult, model logistic, run b2c90d11"), "{prompt}");
    assert!(prompt.contains("\nllm2loss score adult 'a trucker'"), "{prompt}");
}

#[test]
fn what_the_drawer_shows_can_be_copied_and_written() {
    let (heads, none) = (("Heads and data DISAGREE", "disagree"), ("The data alone speak", "no_heads"));
    for (keys, (verdict, word)) in [("o", heads), ("1 o", heads), ("5 o", none)] {
        let mut app = over((120, 36), keys);
        let text = |told: Vec<Cmd>| match told.into_iter().next() {
            Some(Cmd::Copy(text) | Cmd::Export { text, .. }) => text,
            other => panic!("{keys}: {other:?}"),
        };
        let paragraph = text(press(&mut app, "y"));
        for part in [verdict, "n 100", "similarity 0.62 to 0.48", "udit adult", "llm2loss items adult"] {
            assert!(paragraph.contains(part), "{keys} {part}: {paragraph}");
        }
        let whole = text(press(&mut app, "Y"));
        assert!(whole.starts_with(&paragraph) && whole.lines().filter(|line| line.starts_with("| ")).count() >= 12);
        let json: serde_json::Value = serde_json::from_str(&text(press(&mut app, "e j"))).unwrap();
        assert_eq!((&json["schema"], &json["agreement"]), (&"llm2loss.evidence/1".into(), &word.into()));
        let near = &json["sides"][0]["nearest"];
        assert_eq!((near["mean"]["n"].as_u64(), near["items"].as_array().map(Vec::len)), (Some(100), Some(12)));
        assert!(near["items"][0]["similarity"].is_number() && near["items"][0]["loss"].is_number(), "{keys}: {near}");
        assert!(text(press(&mut app, "e c")).starts_with("side,id,similarity,loss"), "{keys}");
    }
    // Nothing has come yet.
    let mut app = open((120, 36));
    assert!(press(&mut app, "1 o").iter().all(|told| !matches!(told, Cmd::Copy(_))));
    tell(&mut app, Event::Backed { request: BackingRequest::default(), found: Err("gone".into()) });
    assert!(press(&mut app, "y").is_empty() && words(&app).contains("no evidence to copy yet"));
}

#[test]
fn esc_goes_back_to_the_finding_that_led_here() {
    let mut app = open((120, 36));
    press(&mut app, "0 G Enter");
    assert_eq!(app.world.screen, ScreenId::Data);
    press(&mut app, "j Esc");
    assert_eq!(app.world.screen, ScreenId::Findings);
    // A screen that was chosen by its number is nobody's evidence.
    press(&mut app, "Esc 4 Esc");
    assert_eq!(app.world.screen, ScreenId::Data);
}
