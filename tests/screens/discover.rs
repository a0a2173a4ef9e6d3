//! The Discover screen: canned slices, and what its keys do.

use super::{Cmd, Command, Event, KeyCode, ScreenId, find, key, open, press, rest, tell, two_models, type_text, words};
use llm2loss::audit::Split;
use llm2loss::console::App;
use llm2loss::console::msg::Msg;
use llm2loss::console::update;
use llm2loss::diagnose::{Combined, DiscoveredSlice, Discovery, FoundSlice, ItemOrder, Overlap, Step, Wanted};
use llm2loss::engine::{DiscoverRequest, DiscoveryView, SliceItem, SliceView};
use llm2loss::stats::Interval;
use std::sync::Arc;

fn slice(terms: &[&str], parent: Option<&str>, n: usize, mean_loss: f64, share: f64) -> DiscoveredSlice {
    DiscoveredSlice {
        name: terms.join(" + "),
        terms: terms.iter().map(|term| (*term).to_owned()).collect(),
        n,
        mean_loss,
        overall: 0.886,
        interval: Some(Interval { low: mean_loss - 0.2, high: mean_loss + 0.2, level: 0.95 }),
        precision: Some((0.01, n)),
        combined: (n < 100).then_some(Combined {
            value: 0.5 * (mean_loss + 2.0),
            interval: Interval { low: 0.5 * mean_loss + 0.9, high: 0.5 * mean_loss + 1.1, level: 0.95 },
            weight: 0.5,
            groups: 22,
            few_groups: false,
        }),
        p: 1e-9,
        q: if n < 100 { 0.031 } else { 1e-8 },
        share_of_excess: share,
        parent: parent.map(str::to_owned),
        items: (0..2 * n).collect(),
        tested: (0..n).collect(),
        losses: vec![mean_loss; n],
        tenths: [1, 2, 3, 4, 6, 9, 13, 20, 30, 44].map(|part| part * n / 132),
        near: false,
        by_attributes: terms.iter().all(|term| term.starts_with("a person")),
    }
}

/// What is found whatever is asked; nothing where a model is easy.
pub fn view(request: &DiscoverRequest) -> DiscoveryView {
    let about = Discovery {
        found_on: 40_693,
        tested_on: 8_149,
        candidates: 61_204,
        unconfirmed: 3,
        unexplained: Some(0.41),
        outside_attributes: Some(0.31),
        searched: (0..48_842).collect(),
        ..Discovery::default()
    };
    if request.wanted == Wanted::Easy {
        return DiscoveryView { found: about, slices: Vec::new() };
    }
    let found = Discovery {
        slices: vec![
            slice(&["a person over sixty"], None, 705, 3.71, 0.46),
            slice(&["a person over sixty", "lives alone"], Some("a person over sixty"), 88, 5.02, 0.11),
            slice(&["retired", "widowed"], None, 61, 2.9, 0.06),
            slice(&["night shift"], None, 120, 1.31, 0.02),
        ],
        ..about
    };
    let text = |at: usize| (!request.hide_text).then(|| format!("a person over sixty who lives alone, number {at}"));
    let item = |at: usize| SliceItem { id: format!("{}", 33_000 + at), loss: 9.8 - at as f64, text: text(at) };
    let overlap = |attribute: &str, is, share, lift| Overlap { attribute: attribute.into(), is, share, lift };
    let beside = |slice: &DiscoveredSlice| SliceView {
        test_items: 2 * slice.n - 10,
        worst: (0..8).map(item).collect(),
        overlaps: vec![overlap("age over 60", true, 0.98, 6.2), overlap("full time", false, 0.71, 2.4)],
    };
    let slices = found.slices.iter().map(beside).collect();
    DiscoveryView { found, slices }
}

/// The command that asks for slices, out of some.
fn asked(told: &[Cmd]) -> DiscoverRequest {
    match told {
        [Cmd::Send(Command::Discover(request))] => request.clone(),
        other => panic!("{other:?}"),
    }
}

/// A search that has found some slices and goes on.
pub fn searching(size: (u16, u16)) -> App {
    let mut app = open(size);
    let request = asked(&update(&mut app, Msg::Key(key("8"))));
    let slice = |name: &str, level| FoundSlice { name: name.into(), level };
    let found = vec![slice("a person over sixty", 0), slice("lives alone", 1), slice("retired + widowed", 0)];
    for step in [Step::Reading, Step::Searching(349), Step::Found(Arc::new(found))] {
        tell(&mut app, Event::Discovering { request: request.clone(), step });
    }
    app
}

#[test]
fn slices_appear_as_they_are_found_and_bear_figures_once_they_are_tested() {
    let mut app = searching((120, 36));
    let text = words(&app);
    for part in ["3 found so far, the search goes on", "    + lives alone", "retired + widowed", "being tested"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(!text.contains("3.71") && text.matches("being tested").count() == 3, "{text}");
    let request = app.screens.discover.question.request(&app.world).unwrap();
    tell(&mut app, Event::Discovering { request: request.clone(), step: Step::Testing(4) });
    assert!(words(&app).contains("testing 4 on other items") && words(&app).contains("retired + widowed"));
    // What is found for another question is not shown.
    let mut other = app.clone();
    let easy = asked(&update(&mut other, Msg::Key(key("w"))));
    assert!(!words(&other).contains("retired"), "{}", words(&other));
    let late = vec![FoundSlice { name: "late".into(), level: 0 }];
    tell(&mut other, Event::Discovering { request: request.clone(), step: Step::Found(Arc::new(late)) });
    assert!(easy != request && !words(&other).contains("late"));
    tell(&mut app, Event::Discovered { request: request.clone(), found: Ok(Arc::new(view(&request))) });
    assert!(words(&app).contains("3.71") && !words(&app).contains("being tested"), "{}", words(&app));
    // More than fit are counted.
    let many = (0..40).map(|at| FoundSlice { name: format!("slice {at}"), level: 0 }).collect();
    let mut app = searching((60, 16));
    tell(&mut app, Event::Discovering { request, step: Step::Found(Arc::new(many)) });
    assert!(words(&app).contains("40 found so far") && words(&app).contains("and 31 more"), "{}", words(&app));
}

#[test]
fn once_items_are_embedded_slices_are_looked_for_again_where_names_hung_on_it() {
    let mut app = open((120, 36));
    let request = asked(&update(&mut app, Msg::Key(key("8"))));
    let mut without = view(&request);
    (without.found.unembedded, without.found.notes) = (true, vec!["The images are not embedded yet.".into()]);
    tell(&mut app, Event::Discovered { request: request.clone(), found: Ok(Arc::new(without)) });
    assert_eq!(asked(&tell(&mut app, Event::Embedded { job: 1, items: 10 })), request);
    tell(&mut app, Event::Discovered { request: request.clone(), found: Ok(Arc::new(view(&request))) });
    assert!(
        tell(&mut app, Event::Embedded { job: 2, items: 10 })
            .iter()
            .all(|cmd| !matches!(cmd, Cmd::Send(Command::Discover(_))))
    );
}

#[test]
fn attributes_tell_what_lies_outside_them_in_the_words_there_is_room_for() {
    for (size, said) in [
        ((200, 40), "31 % of the excess loss of the 3 slices found lies outside your attributes: 8 shows where"),
        ((120, 36), "31 % of slices' excess loss outside attributes: see 8"),
        ((80, 24), "31 % of the slices' excess loss is outside your attributes: 8 shows where"),
        ((60, 16), "31 % of slices' excess loss outside attributes: see 8"),
    ] {
        let mut app = open(size);
        press(&mut app, "1");
        let rows = |app: &App| words(app).lines().filter(|line| line.contains(['\u{2503}'])).count();
        let before = (rows(&app), words(&app).contains("outside"));
        press(&mut app, "8 1");
        assert!(words(&app).contains(said), "{size:?}: {}", words(&app));
        assert_eq!((rows(&app), false), before, "no row of the table is lost for it");
    }
}

#[test]
fn slices_are_a_tree_with_figures_and_the_selected_one_is_told() {
    let mut app = open((120, 36));
    press(&mut app, "8");
    let text = words(&app);
    for part in [
        "What logistic fails on",
        "over 8,149 test items",
        "a person over sixty",
        "    + lives alone",
        "retired + widowed",
        "98 % are age over 60",
        "71 % are not full time",
        "estimate of its name",
        "31 % of the excess loss of the 3 slices found lies outside your attributes",
        "33000",
        "who lives alone, number 0",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let told = press(&mut app, "j j y");
    let [Cmd::Copy(paragraph)] = &told[..] else { panic!("{told:?}") };
    assert!(paragraph.starts_with("**retired + widowed** (what logistic fails on; audit adult): 2.900"), "{paragraph}");
}

#[test]
fn hidden_texts_stay_hidden() {
    let mut app = open((120, 36));
    app.world.hide_text = true;
    press(&mut app, "8");
    assert!(words(&app).contains("33000") && !words(&app).contains("number 0"), "{}", words(&app));
}

#[test]
fn enter_lists_the_items_p_asks_the_heads_and_x_asks_for_ids() {
    let mut app = open((120, 36));
    press(&mut app, "8 j Enter");
    let listing = &app.screens.items.listing;
    assert_eq!((app.world.screen, listing.title.as_str()), (ScreenId::Items, "a person over sixty + lives alone"));
    assert_eq!((listing.filter.split, listing.filter.among.as_ref().unwrap().len()), (Some(Split::Test), 176));
    press(&mut app, "Esc");
    assert_eq!(app.world.screen, ScreenId::Discover);
    press(&mut app, "p");
    assert_eq!((app.world.screen, app.screens.prompt.text(0)), (ScreenId::Prompt, "a person over sixty, lives alone"));
    let mut app = open((120, 36));
    let told = press(&mut app, "8 j j x");
    let [Cmd::Send(Command::TellIds { name, model, rows })] = &told[..] else { panic!("{told:?}") };
    assert_eq!((name.as_str(), model.as_str(), rows.len()), ("retired + widowed", "logistic", 122));
    let told = tell(&mut app, Event::Ids { name: name.clone(), items: vec![("17".into(), Split::Test, 0.25)] });
    let [Cmd::Export { name, text, .. }] = &told[..] else { panic!("{told:?}") };
    assert_eq!(
        (name.as_str(), text.lines().nth(1)),
        ("slice-retired-widowed.csv", Some("retired + widowed,17,test,0.25"))
    );
}

#[test]
fn a_slice_becomes_an_attribute_under_the_name_typed() {
    let mut app = open((120, 36));
    press(&mut app, "8 j j a");
    assert!(words(&app).contains("adds it: retired + widowed"), "{}", words(&app));
    update(
        &mut app,
        Msg::Key(crossterm::event::KeyEvent::new(KeyCode::Char('u'), crossterm::event::KeyModifiers::CONTROL)),
    );
    type_text(&mut app, "alone again");
    let told = press(&mut app, "Enter");
    let [Cmd::Send(Command::AddAttribute(added))] = &told[..] else { panic!("{told:?}") };
    assert_eq!((added.name.as_str(), added.phrase.as_str()), ("alone again", "retired, widowed"));
    assert_eq!((added.items.len(), added.searched.len()), (122, 48_842));
    assert!(added.origin.contains("llm2loss discover adult --model logistic"), "{}", added.origin);
    // Once the engine has it, slices are looked for again, with one more name.
    let mut audit = (*app.world.audit.clone().unwrap()).clone();
    audit.attributes.push(("alone again".into(), audit.attributes[0].1.clone()));
    let told = tell(&mut app, Event::AttributeAdded { name: "alone again".into(), audit: Arc::new(audit) });
    assert!(matches!(&told[..], [Cmd::Send(Command::Discover(request))] if request.attributes == 41), "{told:?}");
    assert!(app.screens.findings.findings().is_none() && words(&app).contains("'alone again' is an attribute"));
    let mut app = open((120, 36));
    assert!(press(&mut app, "8 a Esc").is_empty() && app.screens.discover.naming.is_none());
}

#[test]
fn other_questions_are_asked_and_answers_to_older_ones_are_dropped() {
    let mut app = two_models((120, 36), "8");
    let usual = asked(&update(&mut super::open((120, 36)), Msg::Key(key("8"))));
    let easy = asked(&update(&mut app, Msg::Key(key("w"))));
    assert_eq!((easy.wanted.clone(), words(&app).contains("looking for")), (Wanted::Easy, true));
    tell(&mut app, Event::Discovered { request: usual, found: Ok(Arc::new(view(&easy))) });
    assert!(app.screens.discover.found(&app.world).is_none());
    tell(&mut app, Event::Discovered { request: easy.clone(), found: Ok(Arc::new(view(&easy))) });
    assert!(words(&app).contains("No slice stands out from the rest by more than chance."), "{}", words(&app));
    let surprise = asked(&update(&mut app, Msg::Key(key("w"))));
    assert_eq!(surprise.wanted, Wanted::Surprising(Vec::new()));
    let change = asked(&update(&mut app, Msg::Key(key("]"))));
    assert!(change.against.is_some() && change.wanted == Wanted::Hard);
    let deeper = asked(&update(&mut app, Msg::Key(key("d"))));
    assert_eq!((deeper.depth, deeper.against.clone()), (3, change.against));
    tell(&mut app, Event::Discovered { request: deeper.clone(), found: Err("the disk is gone".into()) });
    assert!(words(&app).contains("! the disk is gone"), "{}", words(&app));
    assert_eq!(asked(&update(&mut app, Msg::Key(key("8")))), deeper, "what failed is asked for again");
    tell(&mut app, Event::Discovered { request: deeper.clone(), found: Ok(Arc::new(view(&deeper))) });
    press(&mut app, "Enter");
    assert_eq!(
        (app.screens.items.listing.order, app.screens.items.listing.against.clone()),
        (ItemOrder::Change, deeper.against)
    );
}

#[test]
fn a_finding_of_a_slice_opens_the_screen_and_late_findings_take_none_away() {
    use llm2loss::diagnose::{Finding, NamedSlice};
    let mut app = open((120, 36));
    press(&mut app, "0");
    rest(&mut app);
    let mut with = super::world::findings("logistic");
    let interval = Interval { low: 2.7, high: 3.1, level: 0.95 };
    let slice = NamedSlice {
        name: "retired + widowed".into(),
        n: 61,
        mean_loss: 2.9,
        interval,
        overall: 0.886,
        q: 0.03,
        mostly: None,
        tested: Vec::new(),
        items: Vec::new(),
    };
    with.findings.insert(0, Finding::Discovered(slice));
    tell(&mut app, Event::Found { model: "logistic".into(), found: Ok(Arc::new(with)) });
    find(&mut app, "logistic");
    assert!(matches!(app.screens.findings.findings().unwrap().findings[0], Finding::Discovered(_)));
    press(&mut app, "g Enter");
    assert_eq!(app.world.screen, ScreenId::Discover);
}
