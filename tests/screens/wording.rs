//! What is measured of a prompt: both models on the items with its words, words that raise its estimate; the ladder's undo;
//! nothing acts on what cannot be seen; what is copied of a pair.

use super::{key, open, press, scenes, tell, type_text, words, world};
use llm2loss::audit::RunId;
use llm2loss::console::App;
use llm2loss::console::msg::{Cmd, Msg};
use llm2loss::console::update;
use llm2loss::diagnose::{BothModels, MeasuredMean, Raised, RaisedBy};
use llm2loss::engine::Event;
use llm2loss::stats::Interval;
use std::sync::Arc;

fn mean(n: usize, mean: f64) -> MeasuredMean {
    MeasuredMean { n, mean, interval: Some(Interval { low: mean - 0.25, high: mean + 0.25, level: 0.95 }) }
}

/// Two models on the items with a sentence's words; none of a ballet.
pub fn both(text: &str, models: &[String; 2]) -> Event {
    let words: Vec<String> = text.split_whitespace().filter(|word| word.len() > 2).map(str::to_owned).collect();
    let (models, found) = (models.clone(), !text.contains("ballet"));
    let answer = BothModels {
        text: text.into(),
        words,
        models: models.clone(),
        means: [3.71, 0.62],
        difference: mean(61, 3.09),
    };
    Event::BothModels { text: text.into(), models, found: Ok(found.then(|| Arc::new(answer))) }
}

/// Words that raise a sentence's estimate.
pub fn raised(run: &RunId, text: &str) -> Event {
    let one = |word: &str, by: f64, n: usize| RaisedBy {
        word: word.into(),
        text: format!("{text} {word}"),
        estimate: 3.6 + by,
        measured: (n > 0).then(|| mean(n, 3.4 + by)),
    };
    let single = [("widowed", 1.5, 97), ("self-employed", 1.1, 31), ("executive", 0.8, 12), ("armed", 0.4, 0)];
    let single: Vec<RaisedBy> = single.into_iter().map(|(word, by, n)| one(word, by, n)).collect();
    let mut together = vec![single[0].clone(), one("widowed farmer", 1.9, 8)];
    together[1].word = "farmer".into();
    let text = text.to_owned();
    let found = Raised {
        text: text.clone(),
        words: vec!["elderly".into(), "driver".into()],
        estimate: 3.6,
        measured: Some(mean(372, 3.5)),
        tried: 200,
        single,
        together,
    };
    Event::Raised { run: run.clone(), text, found: Ok(Some(Arc::new(found))) }
}

/// A prompt with both models under it and words that raise it.
pub fn asked(size: (u16, u16)) -> App {
    let mut app = open(size);
    press(&mut app, "2");
    type_text(&mut app, "an elderly trucker");
    press(&mut app, "^g Esc b");
    app
}

#[test]
fn both_models_stand_under_the_sentence() {
    let mut app = asked((120, 36));
    let told =
        "logistic 3.71 | gradient boosting .620; first less second +3.09 [+2.84, +3.34], n 61 items with elderly";
    assert!(words(&app).contains(told), "{}", words(&app));
    // With less room the difference is said all the same.
    let narrow = words(&asked((60, 16)));
    assert!(narrow.contains("first less second +3.09 [+2.84, +3.34], n 61"), "{narrow}");
    assert!(narrow.contains("test items 4.90, n 97"), "{narrow}");
    // The next other model, then none.
    press(&mut app, "b");
    assert!(words(&app).contains("logistic 3.71 | small mlp .620"), "{}", words(&app));
    press(&mut app, "b");
    assert!(!words(&app).contains("logistic 3.71 |"), "{}", words(&app));
    press(&mut app, "u i");
    type_text(&mut app, "a ballet");
    press(&mut app, "Esc b");
    assert!(words(&app).contains("no test item with a loss of both models has all its words"), "{}", words(&app));
}

#[test]
fn words_that_raise_the_estimate_are_told_and_taken() {
    let mut app = asked((120, 36));
    let text = words(&app);
    for part in [
        "Words that raise A",
        "now 3.60; test items with elderly, driver: 3.50 [3.25, 3.75], n 372; 200 tried",
        "together widowed, farmer: 5.50   test items 5.30",
        "+ widowed",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    press(&mut app, "+");
    assert_eq!(app.screens.prompt.text(0), "an elderly trucker widowed");
    press(&mut app, "^g +");
    assert!(!words(&app).contains("Words that raise"));
    assert_eq!(app.screens.prompt.text(0), "an elderly trucker widowed", "nothing is taken from what is not shown");
    // Where texts are hidden their words are not told.
    let mut hidden = open((120, 36));
    hidden.world.hide_text = true;
    press(&mut hidden, "2 ^g");
    assert!(words(&hidden).contains("texts of items are hidden") && !words(&hidden).contains("Words that raise"));
}

#[test]
fn an_answer_to_another_sentence_is_not_shown() {
    let mut app = asked((120, 36));
    press(&mut app, "i");
    // Nobody answers this letter.
    let run = app.world.shown.as_ref().unwrap().record.id.clone();
    update(&mut app, Msg::Key(key("s")));
    tell(&mut app, raised(&run, "an elderly trucker"));
    tell(&mut app, both("an elderly trucker", &["logistic".into(), "small mlp".into()]));
    assert!(!words(&app).contains("372"), "{}", words(&app));
}

#[test]
fn a_dropped_prompt_comes_back_and_nothing_acts_out_of_sight() {
    let mut app = open((120, 36));
    press(&mut app, "2");
    type_text(&mut app, "a nurse");
    press(&mut app, "^y Esc d");
    assert!(app.screens.prompt.pins.is_empty() && words(&app).contains("dropped; U puts it back"), "{}", words(&app));
    press(&mut app, "U");
    assert_eq!(app.screens.prompt.pins[0].text, "a nurse");
    press(&mut app, "U");
    assert!(words(&app).contains("nothing was dropped") && app.screens.prompt.pins.len() == 1);
    // On the least terminal the ladder is behind its key.
    let mut app = open((60, 16));
    press(&mut app, "2");
    type_text(&mut app, "a nurse");
    press(&mut app, "^y Esc d");
    assert_eq!(app.screens.prompt.pins.len(), 1);
    assert!(words(&app).contains("the ladder is not in sight; l shows it"), "{}", words(&app));
    press(&mut app, "l");
    assert!(words(&app).contains("Pinned"), "{}", words(&app));
    press(&mut app, "d");
    assert!(app.screens.prompt.pins.is_empty());
}

#[test]
fn what_is_copied_of_a_pair_has_its_difference_probability_and_verdict() {
    let (_, mut app) = scenes((120, 36)).into_iter().find(|(name, _)| *name == "prompt").unwrap();
    press(&mut app, "Esc");
    for key in ["y", "Y"] {
        let told = press(&mut app, key);
        let [Cmd::Copy(text)] = &told[..] else { panic!("{told:?}") };
        for part in ["a trucker who never married", "an old woman", "A - B", "P(A is worse)", "not resolved"] {
            assert!(text.to_lowercase().contains(&part.to_lowercase()), "{part}: {text}");
        }
    }
    let told = press(&mut app, "e c");
    let [Cmd::Export { text, .. }] = &told[..] else { panic!("{told:?}") };
    assert!(text.contains("A - B") && text.contains("P(A is worse)"), "{text}");
    assert!(world::audit().models.len() > 1);
}
