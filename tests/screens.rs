//! What the console shows and does, without a terminal: frames, keys, bytes, any size, hostile text.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "screens/discover.rs"]
mod discover;
#[path = "screens/evidence.rs"]
mod evidence;
#[path = "screens/freeze.rs"]
mod freeze;
#[path = "screens/items.rs"]
mod items;
#[path = "screens/measured.rs"]
mod measured;
#[path = "screens/models.rs"]
mod models;
#[path = "screens/phrases.rs"]
mod phrases;
#[path = "screens/queue.rs"]
mod queue;
#[path = "screens/snapshot.rs"]
mod snapshot;
#[path = "screens/whole.rs"]
mod whole;
#[path = "screens/wording.rs"]
mod wording;
#[path = "screens/world.rs"]
mod world;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use llm2loss::audit::{Architecture, HeadKind, RunId, Side};
use llm2loss::console::keys::{Keymap, Rebindings};
use llm2loss::console::msg::{Cmd, Msg, ScreenId};
use llm2loss::console::terminal::Screen;
use llm2loss::console::{App, Depth, Look, Theme, frame, svg, update};
use llm2loss::diagnose::{BothWays, Fate, GroupChange};
use llm2loss::engine::{
    Answer, CacheReport, Chore, Command, ComparisonRequest, Event, ItemsAnswer, ItemsCommand, ScoreRequest,
};
use proptest::prelude::*;
use ratatui::style::{Color, Modifier};
use std::io::{self, Write};
use std::sync::Arc;
use std::time::Duration;

fn empty(size: (u16, u16)) -> App {
    App::new(size, Look::embedded(Depth::Named, false))
}

/// A console with the canned audit open and a run shown.
fn open(size: (u16, u16)) -> App {
    let mut app = empty(size);
    app.world.screen = ScreenId::Attributes;
    let runs = vec![
        world::record("7f3a01bc", "logistic", Architecture::Linear, 100),
        world::record("b2c90d11", "logistic", Architecture::Mlp, 200),
    ];
    let shown = world::run_view(&runs[1]);
    let opened =
        Event::Opened { audit: world::audit(), runs, history: vec![("a nurse".into(), Some("a pilot".into()))] };
    tell(&mut app, opened);
    tell(&mut app, Event::Shown(shown));
    app
}

fn tell(app: &mut App, event: Event) -> Vec<Cmd> {
    update(app, Msg::Engine(event))
}

fn key(name: &str) -> KeyEvent {
    let code = match name {
        "Enter" => KeyCode::Enter,
        "Esc" => KeyCode::Esc,
        "Tab" => KeyCode::Tab,
        "Up" => KeyCode::Up,
        "Down" => KeyCode::Down,
        "Left" => KeyCode::Left,
        "Right" => KeyCode::Right,
        "Backspace" => KeyCode::Backspace,
        "Space" => KeyCode::Char(' '),
        name if name.len() > 1 && name.starts_with('F') => KeyCode::F(name[1..].parse().unwrap()),
        name => {
            let control = name.len() > 1 && name.starts_with('^');
            let letter = name.chars().next_back().unwrap();
            let modifiers = if control { KeyModifiers::CONTROL } else { KeyModifiers::NONE };
            return KeyEvent::new(KeyCode::Char(letter), modifiers);
        }
    };
    KeyEvent::new(code, KeyModifiers::NONE)
}

/// Presses keys and answers what is asked of the engine at once, as it would; other commands come back.
fn press(app: &mut App, keys: &str) -> Vec<Cmd> {
    let mut others = Vec::new();
    for name in keys.split_whitespace() {
        let mut waiting = update(app, Msg::Key(key(name)));
        while let Some(command) = waiting.pop() {
            match command {
                Cmd::Score(request) => waiting.extend(reply(app, &request)),
                Cmd::Send(Command::Examine { run }) => {
                    tell(app, Event::Examined(Arc::new(world::examination(&run))));
                }
                Cmd::Send(Command::Inspect) => {
                    tell(app, Event::Inspected(Arc::new(world::store())));
                }
                Cmd::Send(Command::OpenOther { run }) => {
                    let record = app.world.runs.iter().find(|known| known.id == run).unwrap().clone();
                    tell(app, Event::Other(world::run_view(&record)));
                }
                Cmd::Send(Command::Items(command)) => {
                    waiting.extend(tell(app, Event::Items(Arc::new(items::answer(&command)))));
                }
                Cmd::Send(Command::CompareModels(request)) => {
                    let found = Ok(Arc::new(models::both_ways(&request)));
                    tell(app, Event::ModelsCompared { request, found });
                }
                Cmd::Send(Command::Intersect { model }) => {
                    let found = Ok(Arc::new(measured::intersections()));
                    waiting.extend(tell(app, Event::Intersected { model, found }));
                }
                Cmd::Send(Command::Measure { model, within }) => {
                    let found = Ok(Arc::new(measured::attributes(&within)));
                    waiting.extend(tell(app, Event::Measured { model, within, found }));
                }
                Cmd::Send(Command::ReadLedger { file }) => {
                    let found = Ok(Arc::new(measured::trends()));
                    waiting.extend(tell(app, Event::LedgerRead { file, found }));
                }
                Cmd::Send(Command::BothModels { text, models }) => {
                    waiting.extend(tell(app, wording::both(&text, &models)));
                }
                Cmd::Send(Command::Back(request)) => {
                    let found = Ok(Arc::new(evidence::backed(&request)));
                    waiting.extend(tell(app, Event::Backed { request, found }));
                }
                Cmd::Send(Command::Raise { run, text }) => waiting.extend(tell(app, wording::raised(&run, &text))),
                Cmd::Send(Command::Find { model }) => waiting.extend(find(app, &model)),
                Cmd::Send(Command::Discover(request)) => {
                    let found = Ok(Arc::new(discover::view(&request)));
                    waiting.extend(tell(app, Event::Discovered { request, found }));
                }
                Cmd::Send(Command::AskNames { run, names }) => {
                    let scores = Arc::new(names.iter().map(|name| Some(world::scores(name))).collect());
                    waiting.extend(tell(app, Event::NamesScored { run, scores }));
                }
                other => others.push(other),
            }
        }
    }
    others
}

fn find(app: &mut App, model: &str) -> Vec<Cmd> {
    tell(app, Event::Found { model: model.into(), found: Ok(Arc::new(world::findings(model))) })
}

fn reply(app: &mut App, request: &ScoreRequest) -> Vec<Cmd> {
    let answer = Arc::new(world::answer(request));
    tell(app, Event::Scored { seq: request.seq, answer, micros: 940 })
}

/// Lets time pass until nothing changes by time alone.
fn rest(app: &mut App) {
    while let Some(until) = app.deadline() {
        let waiting = update(app, Msg::Tick(until));
        for command in waiting {
            match command {
                Cmd::Send(Command::Items(command)) => {
                    tell(app, Event::Items(Arc::new(items::answer(&command))));
                }
                Cmd::Send(Command::Back(request)) => {
                    let found = Ok(Arc::new(evidence::backed(&request)));
                    tell(app, Event::Backed { request, found });
                }
                _ => {}
            }
        }
    }
}

/// Types a text letter by letter.
fn type_text(app: &mut App, text: &str) {
    for letter in text.chars() {
        let name = if letter == ' ' { "Space".to_owned() } else { letter.to_string() };
        press(app, &name);
    }
}

fn words(app: &App) -> String {
    snapshot::symbols(&frame(app, app.world.size.0, app.world.size.1, &app.world.look.resolve()))
}

/// A console with two models whose heads were trained alike, the second one shown.
fn two_models(size: (u16, u16), keys: &str) -> App {
    let mut app = open(size);
    tell(
        &mut app,
        Event::JobFinished { job: 9, record: world::record("cccc0001", "gradient boosting", Architecture::Mlp, 300) },
    );
    press(&mut app, keys);
    rest(&mut app);
    app
}

/// The states worth a picture: name and how to get there.
/// The Items screen on an audit of images, after some keys.
fn images(size: (u16, u16), keys: &str) -> App {
    let mut app = open(size);
    press(&mut app, &format!("9 {keys}"));
    let first = (0..30).map(items::image_at).collect();
    let listed = ItemsAnswer::Listed { list: 1, matching: 30, note: None, first };
    let mut waiting = tell(&mut app, Event::Items(Arc::new(listed)));
    while let Some(command) = waiting.pop() {
        let Cmd::Send(Command::Items(command)) = command else { continue };
        let answer = match command {
            ItemsCommand::Picture { list, row } => items::picture(list, row),
            ItemsCommand::Item { list, row } => {
                ItemsAnswer::Item { list, item: Box::new(items::image_at(row as usize)) }
            }
            other => items::answer(&other),
        };
        waiting.extend(tell(&mut app, Event::Items(Arc::new(answer))));
    }
    app
}

fn scenes(size: (u16, u16)) -> Vec<(&'static str, App)> {
    let mut first = empty(size);
    tell(&mut first, Event::Opened { audit: world::audit(), runs: Vec::new(), history: Vec::new() });
    let hyper = world::record("00", "logistic", Architecture::Linear, 0).hyper.clone();
    tell(&mut first, Event::JobQueued { job: 1, model: "logistic".into(), hyper: hyper.clone() });
    tell(&mut first, Event::JobStarted { job: 1 });
    let mut embedding = world::progress(1, 0.0, 5);
    (embedding.stage, embedding.done, embedding.total) = (llm2loss::engine::Stage::Embedding, 13_350, 32_561);
    update(&mut first, Msg::Progress(Some(Arc::new(embedding))));
    find(&mut first, "logistic");
    let mut measured_first = first.clone();
    press(&mut measured_first, "1 j j");
    rest(&mut measured_first);
    let mut waiting = first.clone();
    update(&mut waiting, Msg::Key(key("1")));

    let mut attributes = open(size);
    press(&mut attributes, "8 1 j j");
    rest(&mut attributes);

    let mut prompt = open(size);
    press(&mut prompt, "2");
    type_text(&mut prompt, "a trucker who never married");
    press(&mut prompt, "^y Tab");
    type_text(&mut prompt, "an old woman");
    press(&mut prompt, "^y");

    let mut near = open(size);
    press(&mut near, "2");
    type_text(&mut near, "an elderly trucker");
    press(&mut near, "^o j z");
    rest(&mut near);

    let mut train = open(size);
    press(&mut train, "3");
    tell(&mut train, Event::JobQueued { job: 1, model: "logistic".into(), hyper: hyper.clone() });
    tell(&mut train, Event::JobQueued { job: 2, model: "small mlp".into(), hyper });
    tell(&mut train, Event::JobStarted { job: 1 });
    tell(&mut train, Event::Unfinished(vec![world::stopped("c4d20e55", "gradient boosting", 50)]));
    let metrics = world::record("00", "", Architecture::Linear, 0).epochs[..3].to_vec();
    tell(&mut train, Event::Epoch { job: 1, metrics });
    update(&mut train, Msg::Progress(Some(Arc::new(world::progress(1, 0.59, 5)))));

    let mut log = train.clone();
    press(&mut log, "l");

    let mut data = open(size);
    press(&mut data, "4 j");
    tell(&mut data, Event::ChoreQueued { job: 1, chore: Chore::Embed });
    tell(&mut data, Event::ChoreQueued { job: 2, chore: Chore::Verify });
    tell(&mut data, Event::JobStarted { job: 1 });
    let mut embedding = world::progress(1, 0.0, 5);
    (embedding.stage, embedding.done, embedding.total) = (llm2loss::engine::Stage::Embedding, 13_350, 32_561);
    update(&mut data, Msg::Progress(Some(Arc::new(embedding))));

    let mut form = open(size);
    press(&mut form, "3 n Down Down Backspace 9 9 9");

    let mut help = open(size);
    press(&mut help, "?");
    let at = |keys: &str| {
        let mut app = open(size);
        press(&mut app, keys);
        rest(&mut app);
        app
    };
    let mut palette = at(":");
    type_text(&mut palette, "tra run");
    let mut ledger = open(size);
    ledger.world.ledger = Some(measured::file());
    press(&mut ledger, "5 L j h h");
    let mut failed = open(size);
    tell(
        &mut failed,
        Event::JobFailed { job: 3, message: "the disk is full; 12 MB more are needed in /data/home".into() },
    );
    vec![
        ("items", at("/ A G E Space 6 0 Enter Enter Space j j")),
        ("items-near", near),
        ("data", data),
        ("log", log),
        ("compare", two_models(size, "5 j")),
        ("compare-ledger", ledger),
        ("pairs", at("i j j")),
        ("compare-prompts", two_models(size, "5 w w w w w j")),
        ("compare-runs", two_models(size, "5 ] j")),
        ("ood", at("6 j j")),
        ("validity", at("7")),
        ("zoom", at("z z")),
        ("palette", palette),
        ("dialog", failed),
        ("first", first),
        ("waiting", waiting),
        ("measured", measured_first),
        ("within", at("j & j j & j")),
        ("findings", at("0 j")),
        ("discover", at("8 j")),
        ("discover-search", discover::searching(size)),
        ("discover-name", at("8 a")),
        ("attributes", attributes),
        ("prompt", prompt),
        ("train", train),
        ("train-kept", queue::kept(size)),
        ("validity-table", at("7 z")),
        ("ood-table", at("6 z")),
        ("data-store", at("4 z z")),
        ("attributes-columns", at("l l l l l j")),
        ("prompt-words", wording::asked(size)),
        ("prompt-phrases", phrases::asked(size)),
        ("train-beside", queue::beside(size)),
        ("train-curves", queue::overlaid(size)),
        ("train-differ", queue::difference(size)),
        ("evidence-prompt", evidence::over(size, "o")),
        ("evidence-attributes", at("j o")),
        ("evidence-compare", two_models(size, "5 o")),
        ("form", form),
        ("help", help),
    ]
}

fn scene(name: &str) -> App {
    scenes((120, 36)).into_iter().find(|(known, _)| *known == name).unwrap().1
}

#[test]
fn every_screen_looks_as_agreed() {
    for size in [(120, 36), (80, 24), (60, 16)] {
        for (name, app) in scenes(size) {
            let (columns, rows) = size;
            let theme = |name: &str, depth, ascii| {
                let catalogue = Look::embedded(depth, ascii).catalogue;
                catalogue.theme(catalogue.find(name).unwrap(), depth, ascii)
            };
            let drawn = |theme: &Theme| frame(&app, columns, rows, theme);
            let styled = [
                ("16 colours", drawn(&theme("terminal", Depth::Named, false))),
                ("dark, true colour", drawn(&theme("dark", Depth::True, false))),
                ("no colour", drawn(&theme("terminal", Depth::None, false))),
            ];
            let plain = drawn(&theme("terminal", Depth::None, true));
            snapshot::check(&format!("{name}-{columns}x{rows}"), &styled, &plain);
        }
    }
}

#[test]
fn images_look_as_agreed() {
    for size @ (columns, rows) in [(120, 36), (80, 24), (60, 16)] {
        for (name, keys) in [("items-image", ""), ("items-sheet", "c")] {
            let app = images(size, keys);
            let drawn = |depth, ascii| frame(&app, columns, rows, &Theme::default_at(depth, ascii));
            // Without colours an image is of other characters: those of ASCII.
            let styled = [("16 colours", drawn(Depth::Named, false)), ("true colour", drawn(Depth::True, false))];
            snapshot::check(&format!("{name}-{columns}x{rows}"), &styled, &drawn(Depth::None, true));
        }
    }
}

#[test]
fn a_frame_without_colour_still_says_everything() {
    let app = open((120, 36));
    let buffer = frame(&app, 120, 36, &Theme::default_at(Depth::None, true));
    let text = snapshot::symbols(&buffer);
    assert!(text.is_ascii());
    assert!(text.contains("#=") && text.contains("|>"), "focus and selection");
    assert!(text.lines().any(|line| line.contains("capital gain") && line.contains(" F ")), "worse side");
    assert!(text.contains("n/a: one class") || !text.contains("armed forces"));
}

#[test]
fn it_opens_on_findings_before_there_are_heads() {
    let mut app = empty((120, 36));
    assert_eq!(app.world.screen, ScreenId::Findings);
    let told = tell(&mut app, Event::Opened { audit: world::audit(), runs: Vec::new(), history: Vec::new() });
    assert_eq!(told, [Cmd::Send(Command::Find { model: "logistic".into() })]);
    assert!(words(&app).contains("measuring the losses"), "{}", words(&app));
    // What is found of another model is not shown under this one's name.
    find(&mut app, "small mlp");
    assert!(app.screens.findings.findings().is_none());
    // Then slices are looked for.
    let told = find(&mut app, "logistic");
    assert!(matches!(&told[..], [Cmd::Send(Command::Discover(request))] if request.model == "logistic"), "{told:?}");
    let text = words(&app);
    for part in ["People over sixty lose 6.0 times what others do.", "8 of 40 loss gaps are not resolved", "1 of 7"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let told = press(&mut app, "y");
    let [Cmd::Copy(paragraph)] = &told[..] else { panic!("{told:?}") };
    assert!(paragraph.starts_with("**People over sixty") && paragraph.contains("33000 (9.81)"), "{paragraph}");
    // Heads add what they say of the same groups.
    tell(&mut app, Event::Shown(world::run_view(&world::record("7f3a01bc", "logistic", Architecture::Linear, 100))));
    assert_eq!(app.screens.findings.findings().unwrap().run.as_deref(), Some("7f3a01bc"));
    // Another model is asked about at once.
    let told = press(&mut app, "v");
    assert_eq!(told, [Cmd::Send(Command::OpenModel { model: "gradient boosting".into() })]);
    assert_eq!(app.screens.findings.findings().unwrap().model, "gradient boosting");
}

#[test]
fn enter_opens_what_is_behind_a_finding() {
    let opened = |keys: &str| {
        let mut app = open((120, 36));
        press(&mut app, keys);
        app
    };
    let items = opened("0 j Enter");
    assert_eq!(
        (items.world.screen, items.screens.items.listing.title.as_str()),
        (ScreenId::Items, "age over 60 + part time")
    );
    assert_eq!(items.screens.items.listing.filter.with, ["age over 60", "part time"]);
    let there =
        [("0 j j j j Enter", ScreenId::Compare), ("0 G k Enter", ScreenId::Attributes), ("0 G Enter", ScreenId::Data)];
    for (keys, screen) in there {
        assert_eq!(opened(keys).world.screen, screen, "{keys}");
    }
    // A finding takes two lines where there is room, and the mouse knows.
    let mut app = opened("0 m");
    for (row, selected) in [(3, 0), (4, 0), (5, 1), (16, 6), (30, 6)] {
        update(&mut app, Msg::Click(10, row));
        assert_eq!(app.screens.findings.cursor.selected, selected, "{row}");
    }
}

#[test]
fn findings_that_fail_say_why_and_are_asked_for_again() {
    let mut app = open((120, 36));
    let ask = Cmd::Send(Command::Find { model: "logistic".into() });
    assert_eq!(update(&mut app, Msg::Key(key("0"))), std::slice::from_ref(&ask));
    tell(&mut app, Event::Found { model: "logistic".into(), found: Err("the disk is gone".into()) });
    assert!(words(&app).contains("! the disk is gone"), "{}", words(&app));
    assert!(update(&mut app, Msg::Key(key("j"))).is_empty(), "once is enough");
    assert_eq!(update(&mut app, Msg::Key(key("0"))), [ask]);
}

#[test]
fn an_undefined_cell_shows_its_words() {
    let mut app = open((120, 36));
    press(&mut app, "/");
    type_text(&mut app, "armed");
    assert!(words(&app).contains("n/a: one class"), "{}", words(&app));
    assert!(words(&app).contains(" 1/40"));
    press(&mut app, "Esc");
    assert!(words(&app).contains("40/40"));
}

#[test]
fn a_new_order_and_a_new_contrast_keep_the_selection_in_sight() {
    let mut app = open((120, 36));
    let table = app.world.shown.as_ref().unwrap().tables.clone();
    let selected = |app: &App| app.screens.attributes.selected(&table.attributes).unwrap().clone();
    press(&mut app, "j j j c");
    let kept = selected(&app);
    // Once round the sorts: one of them is by count, and its top has the most.
    let mut seen = 0;
    for _ in 0..6 {
        press(&mut app, "s");
        assert_eq!(selected(&app).name, kept.name);
        assert!(words(&app).contains(&format!("▶ {}", kept.name)), "{}", words(&app));
        seen = seen.max(table.attributes.rows[app.screens.attributes.order[0]].n_true);
    }
    assert_eq!(Some(seen), table.attributes.rows.iter().map(|row| row.n_true).max());
}

#[test]
fn undefined_values_come_last_both_ways() {
    let mut app = open((120, 60));
    let table = app.world.shown.as_ref().unwrap().tables.clone();
    let last = |app: &App| table.attributes.rows[*app.screens.attributes.order.last().unwrap()].name.clone();
    press(&mut app, "s s s s s");
    assert!(words(&app).contains("RMM ▼"), "{}", words(&app));
    assert_eq!(last(&app), "armed forces");
    press(&mut app, "S");
    assert_eq!(last(&app), "armed forces");
}

#[test]
fn a_row_opens_as_prompts_and_is_scored() {
    let mut app = open((120, 36));
    press(&mut app, "/");
    type_text(&mut app, "female");
    press(&mut app, "Enter p");
    assert_eq!(app.world.screen, ScreenId::Prompt);
    assert_eq!((app.screens.prompt.text(0), app.screens.prompt.text(1)), ("a woman", "a man"));
    assert!(matches!(&*app.screens.prompt.scored.as_ref().unwrap().answer, Answer::Pair(_)));
    assert!(words(&app).contains("is predicted harder"));
}

#[test]
fn a_stale_reply_is_dropped() {
    let mut app = open((120, 36));
    press(&mut app, "2");
    let score = |commands: Vec<Cmd>| {
        commands.into_iter().find_map(|command| match command {
            Cmd::Score(request) => Some(request),
            _ => None,
        })
    };
    let old = score(update(&mut app, Msg::Key(key("d")))).unwrap();
    let new = score(update(&mut app, Msg::Key(key("o")))).unwrap();
    assert!(new.seq > old.seq);
    reply(&mut app, &old);
    assert!(app.screens.prompt.scored.is_none() && app.screens.prompt.pending());
    reply(&mut app, &new);
    assert_eq!(app.screens.prompt.scores(0).unwrap().text, "do");
    assert!(!app.screens.prompt.pending());
}

#[test]
fn b_alone_is_scored_as_b() {
    let mut app = open((120, 36));
    press(&mut app, "2 Tab");
    type_text(&mut app, "dog");
    assert!(app.screens.prompt.scores(0).is_none());
    assert_eq!(app.screens.prompt.scores(1).unwrap().text, "dog");
}

#[test]
fn pins_are_scored_again_when_other_heads_are_shown() {
    let mut app = open((120, 36));
    press(&mut app, "2");
    type_text(&mut app, "dog");
    let told = press(&mut app, "^y");
    assert!(matches!(&told[..], [Cmd::Send(Command::Remember { .. })]));
    press(&mut app, "^u");
    assert!(app.screens.prompt.pins[0].scores.is_some());
    let other = world::record("aaaa0001", "small mlp", Architecture::Linear, 300);
    let commands = tell(&mut app, Event::Shown(world::run_view(&other)));
    assert!(app.screens.prompt.pins[0].scores.is_none());
    let Some(Cmd::Score(request)) = commands.into_iter().next_back() else { panic!("no request") };
    assert_eq!(request.a, "dog");
    reply(&mut app, &request);
    assert!(app.screens.prompt.pins[0].scores.is_some());
}

#[test]
fn history_comes_back_with_the_arrows() {
    let mut app = open((120, 36));
    press(&mut app, "2 Up");
    assert_eq!(app.screens.prompt.text(0), "a pilot");
    press(&mut app, "Up Up");
    assert_eq!(app.screens.prompt.text(0), "a nurse");
    press(&mut app, "Down Down");
    assert_eq!(app.screens.prompt.text(0), "");
}

#[test]
fn letters_are_text_until_escape() {
    let mut app = open((120, 36));
    press(&mut app, "2 q 1 ?");
    assert_eq!(app.screens.prompt.text(0), "q1?");
    assert!(app.help.is_none());
    let told = press(&mut app, "Esc ? Esc q");
    assert_eq!(told, [Cmd::Quit]);
    assert_eq!(press(&mut open((80, 24)), "2 ^c"), [Cmd::Quit]);
}

#[test]
fn the_form_starts_a_run_or_says_why_not() {
    let mut app = open((120, 36));
    press(&mut app, "3 n Down Down Backspace");
    assert!(press(&mut app, "Enter").is_empty());
    assert!(words(&app).contains("members is ''; give a whole number"), "{}", words(&app));
    press(&mut app, "7 Up Right Right");
    let told = press(&mut app, "Enter");
    let [Cmd::Send(Command::Train { model, hyper })] = &told[..] else { panic!("{told:?}") };
    assert_eq!((model.as_str(), hyper.members, hyper.architecture), ("logistic", 7, Architecture::Linear));
    assert!(app.screens.train.form.is_none());
}

#[test]
fn jobs_are_followed_and_stopped() {
    let mut app = scene("train");
    assert!(words(&app).contains("training 59 %"));
    assert!(words(&app).contains("1 waiting"));
    assert_eq!(press(&mut app, "x"), [Cmd::Send(Command::Cancel { job: 1 })]);
    assert!(words(&app).contains("stopping"));
    assert_eq!(press(&mut app, "X"), [Cmd::Send(Command::Cancel { job: 2 })]);
    tell(&mut app, Event::JobFailed { job: 1, message: "disk full".into() });
    assert!(words(&app).contains("! job 1 failed: disk full"));
    press(&mut app, "h");
    assert_eq!(app.screens.train.head, HeadKind::Ranker);
}

#[test]
fn a_stopped_run_is_listed_and_gone_on_with() {
    let mut app = open((120, 36));
    let stopped = world::stopped("c4d20e55", "gradient boosting", 50);
    let diverged = world::diverged("d1d1d1d1", "logistic", 40);
    tell(&mut app, Event::Unfinished(vec![diverged, stopped.clone()]));
    press(&mut app, "3");
    assert!(words(&app).contains("stopped after epoch"), "{}", words(&app));
    // It has no tables, but it can be trained to its end, with its own settings.
    assert!(press(&mut app, "Enter").is_empty());
    assert!(words(&app).contains("r trains it to its end"), "{}", words(&app));
    let told = press(&mut app, "r");
    let [Cmd::Send(Command::Train { model, hyper })] = &told[..] else { panic!("{told:?}") };
    assert_eq!((model, hyper), (&stopped.model, &stopped.hyper));
    // While it is in the queue it is no stopped run.
    tell(&mut app, Event::JobQueued { job: 1, model: model.clone(), hyper: hyper.clone() });
    assert!(!words(&app).contains("stopped after epoch"));
    press(&mut app, "g");
    assert!(press(&mut app, "r").is_empty() && words(&app).contains("it begins when its turn comes"));
    press(&mut app, "j");
    assert!(press(&mut app, "r").is_empty() && words(&app).contains("diverged"), "{}", words(&app));
    assert!(press(&mut app, "G r").is_empty() && words(&app).contains("is finished"));
}

#[test]
fn the_log_keeps_what_was_told() {
    let mut app = scene("train");
    press(&mut app, "l");
    assert!(words(&app).contains("job 1 epoch 1: regressor loss"), "{}", words(&app));
    assert!(words(&app).contains("job 2 queued: small mlp: linear"), "{}", words(&app));
    for job in 10..60 {
        tell(&mut app, Event::JobFailed { job, message: "the disk is full".into() });
    }
    assert!(words(&app).contains("! job 59 failed: the disk is full"), "{}", words(&app));
    press(&mut app, "Esc G");
    assert!(words(&app).contains("b2c9 of logistic is shown"), "{}", words(&app));
    press(&mut app, "g l");
    assert!(words(&app).contains("Spearman with the loss"));
}

#[test]
fn the_cache_is_looked_after_from_the_data_screen() {
    let mut app = open((120, 36));
    press(&mut app, "4");
    assert_eq!(press(&mut app, "b"), [Cmd::Send(Command::Care { chore: Chore::Embed })]);
    tell(&mut app, Event::ChoreQueued { job: 1, chore: Chore::Embed });
    assert!(press(&mut app, "b").is_empty(), "it is in the queue already");
    tell(&mut app, Event::JobStarted { job: 1 });
    assert!(words(&app).contains("starting · embed the items"), "{}", words(&app));
    assert_eq!(press(&mut app, "x"), [Cmd::Send(Command::Cancel { job: 1 })]);
    tell(&mut app, Event::Embedded { job: 1, items: 48_842 });
    assert!(words(&app).contains("all 48,842 items that can be read have an embedding"), "{}", words(&app));
    assert_eq!(press(&mut app, "c"), [Cmd::Send(Command::Care { chore: Chore::Verify })]);
    tell(&mut app, Event::ChoreQueued { job: 2, chore: Chore::Verify });
    let report = |damaged| {
        let encoder =
            llm2loss::store::EmbeddingStats { encoder: "static-64".into(), records: 48_320, bytes: 1, damaged };
        Arc::new(CacheReport { damage: Vec::new(), encoders: vec![encoder], audits: Vec::new(), bytes_on_disk: 1 })
    };
    tell(&mut app, Event::Verified { job: 2, report: report(0) });
    assert!(words(&app).contains("48,320 embeddings read, none is damaged"), "{}", words(&app));
    tell(&mut app, Event::ChoreQueued { job: 3, chore: Chore::Verify });
    tell(&mut app, Event::Verified { job: 3, report: report(2) });
    assert!(words(&app).contains("! 48,320 embeddings read, 2 damaged, 0 missing"), "{}", words(&app));
}

#[test]
fn hints_and_notes_name_the_keys_a_person_chose() {
    let keys = [
        ("attributes", "open-pair", "O"),
        ("train", "new-run", "N"),
        ("prompt", "pin", "P"),
        ("form", "start-run", "F5"),
        ("everywhere", "help", "F2"),
        ("help", "close-help", "w"),
    ];
    let mut given = Rebindings::new();
    for (section, action, key) in keys {
        given.entry(section.into()).or_default().insert(action.into(), vec![key.into()]);
    }
    let mut app = open((80, 24));
    app.world.keymap = Arc::new(Keymap::with(&given).unwrap());
    assert!(
        words(&app).contains("O opens both prompts") && words(&app).contains("O asks the heads"),
        "{}",
        words(&app)
    );
    press(&mut app, "j F2");
    assert!(words(&app).contains("w closes"), "{}", words(&app));
    press(&mut app, "w 3");
    assert!(words(&app).contains("nothing runs; N describes a new run"), "{}", words(&app));
    press(&mut app, "N");
    assert!(words(&app).contains("F5 starts, Esc closes"), "{}", words(&app));
    press(&mut app, "Esc");
    app.world.size = (120, 36);
    press(&mut app, "2 Esc");
    assert!(words(&app).contains("P pins the prompt here"), "{}", words(&app));
}

#[test]
fn an_audit_without_antonyms_starts_on_the_contrast_it_has() {
    let mut app = empty((120, 36));
    app.world.screen = ScreenId::Attributes;
    tell(&mut app, Event::Opened { audit: world::audit(), runs: Vec::new(), history: Vec::new() });
    let mut view = world::run_view(&world::record("7f3a01bc", "logistic", Architecture::Linear, 100));
    let mut tables = (*view.tables).clone();
    for row in &mut tables.attributes.rows {
        row.prompts.antonym = None;
        row.contrast = row.prompts.natural_contrast();
    }
    view.tables = Arc::new(tables);
    tell(&mut app, Event::Shown(view));
    assert_eq!(app.screens.attributes.contrast, llm2loss::audit::Contrast::Generic);
    for _ in 0..3 {
        press(&mut app, "c");
        assert_ne!(app.screens.attributes.contrast, llm2loss::audit::Contrast::Antonym);
    }
}

#[test]
fn a_notice_goes_after_a_while() {
    let mut app = open((120, 36));
    tell(&mut app, Event::Notice { message: "kept".into(), warning: false });
    let until = app.deadline().unwrap();
    update(&mut app, Msg::Tick(until - Duration::from_millis(1)));
    assert!(words(&app).contains("kept"));
    update(&mut app, Msg::Tick(until));
    assert!(!words(&app).contains("kept") && app.deadline().is_none());
}

#[test]
fn the_next_model_is_asked_for_in_turn() {
    let mut app = open((120, 36));
    let asked = |told: Vec<Cmd>| match told.into_iter().next() {
        Some(Cmd::Send(Command::OpenModel { model })) => model,
        other => panic!("{other:?}"),
    };
    assert_eq!(asked(press(&mut app, "v")), "gradient boosting");
    assert_eq!(asked(press(&mut app, "v")), "small mlp");
    assert_eq!(asked(press(&mut app, "v")), "logistic");
}

/// A terminal that counts what it is sent.
#[derive(Clone, Default)]
struct Wire(Arc<std::sync::Mutex<(Vec<u8>, usize)>>);

impl Write for Wire {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut wire = self.0.lock().unwrap();
        wire.0.extend_from_slice(bytes);
        wire.1 += 1;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Wire {
    fn take(&self) -> (Vec<u8>, usize) {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

/// Every built-in theme at every depth.
fn themes() -> Vec<Theme> {
    let catalogue = Look::embedded(Depth::Named, false).catalogue;
    let depths = [Depth::True, Depth::Indexed, Depth::Named, Depth::None];
    (0..catalogue.len()).flat_map(|at| depths.map(|depth| catalogue.theme(at, depth, false))).collect()
}

fn median(mut values: Vec<usize>) -> usize {
    values.sort_unstable();
    values[values.len() / 2]
}

#[test]
fn a_frame_is_one_write_and_an_idle_one_none() {
    for theme in themes() {
        let wire = Wire::default();
        let mut screen = Screen::new(wire.clone());
        let mut app = open((120, 36));
        // Sorted by RMM.
        press(&mut app, "s s s s s");
        screen.draw(frame(&app, 120, 36, &theme), None).unwrap();
        assert_eq!(wire.take().1, 1);
        screen.draw(frame(&app, 120, 36, &theme), None).unwrap();
        assert_eq!(wire.take(), (Vec::new(), 0), "nothing changed");
        // The first key of all also takes the hint away.
        press(&mut app, "g");
        screen.draw(frame(&app, 120, 36, &theme), None).unwrap();
        wire.take();
        // Every row of the first page: the answer to the key at once, the detail when the keys rest.
        let (mut moves, mut details) = (Vec::new(), Vec::new());
        for row in 0..28 {
            press(&mut app, "j");
            screen.draw(frame(&app, 120, 36, &theme), None).unwrap();
            let (bytes, writes) = wire.take();
            assert_eq!(writes, 1, "row {row}");
            moves.push(bytes.len());
            rest(&mut app);
            screen.draw(frame(&app, 120, 36, &theme), None).unwrap();
            details.push(wire.take().0.len());
        }
        let most = moves.iter().max().copied().unwrap();
        let (moves, details) = (median(moves), median(details));
        println!("{} {:?}: a move {moves} B, at most {most} B; its detail {details} B", theme.name, theme.depth);
        assert!(most <= 400, "{} {:?}: a move {most} B", theme.name, theme.depth);
        assert!(details < 500, "{} {:?}: a detail {details} B", theme.name, theme.depth);
    }
}

#[test]
fn every_first_frame_and_every_tick_of_a_chart_fit_a_slow_line() {
    let mut most = (0, String::new());
    for theme in themes() {
        for (name, app) in scenes((120, 36)) {
            let bytes = Screen::new(io::sink()).draw(frame(&app, 120, 36, &theme), None).unwrap();
            assert!(bytes < 12 * 1024, "{name} {} {:?}: {bytes} B", theme.name, theme.depth);
            most = most.max((bytes, format!("{name} {} {:?}", theme.name, theme.depth)));
        }
        let mut app = scene("train");
        let mut screen = Screen::new(io::sink());
        screen.draw(frame(&app, 120, 36, &theme), None).unwrap();
        let ticks = (0..20).map(|tick| {
            let share = 0.6 + 0.002 * f64::from(tick);
            update(&mut app, Msg::Progress(Some(Arc::new(world::progress(1, share, 5)))));
            screen.draw(frame(&app, 120, 36, &theme), None).unwrap()
        });
        let tick = median(ticks.collect());
        println!("{} {:?}: a tick of the chart {tick} B", theme.name, theme.depth);
        assert!(tick < 1_536, "{} {:?}: {tick} B", theme.name, theme.depth);
    }
    println!("largest first frame {most:?}");
}

#[test]
fn a_command_is_found_by_a_few_letters_and_done() {
    let mut app = open((120, 36));
    press(&mut app, ":");
    type_text(&mut app, "describe");
    let entry = app.palette.as_ref().unwrap().selected().unwrap().clone();
    assert_eq!((entry.title.as_str(), entry.key.as_str()), ("train: describe a new run", "3 n"));
    let told = press(&mut app, "^y");
    let [Cmd::Copy(shell)] = &told[..] else { panic!("{told:?}") };
    assert!(shell.starts_with("llm2loss train adult --model logistic --architecture mlp"), "{shell}");
    assert!(app.palette.is_none());
    press(&mut app, "^p");
    type_text(&mut app, "describe");
    press(&mut app, "Enter");
    assert!(app.world.screen == ScreenId::Train && app.screens.train.form.is_some() && app.palette.is_none());
    let mut app = open((120, 36));
    press(&mut app, ": Esc");
    assert!(app.palette.is_none());
    // Things are found by their names.
    press(&mut app, ":");
    type_text(&mut app, "attribute: widowed");
    press(&mut app, "Enter");
    let table = app.world.shown.as_ref().unwrap().tables.clone();
    assert_eq!(app.screens.attributes.selected(&table.attributes).unwrap().name, "widowed");
    press(&mut app, "3 :");
    type_text(&mut app, "run: 7f3a");
    assert_eq!(press(&mut app, "Enter"), [Cmd::Send(Command::OpenRun { run: RunId("7f3a01bc".into()) })]);
    // Another audit is opened in the place of this one, which is not listed.
    app.world.audits = ["adult", "Faces"].map(String::from).to_vec();
    press(&mut app, ":");
    type_text(&mut app, "audit: ");
    let audits: Vec<_> = (app.palette.as_ref().unwrap().entries.iter())
        .filter(|entry| entry.title.starts_with("audit: "))
        .map(|entry| (entry.title.as_str(), entry.shell.as_deref()))
        .collect();
    assert_eq!(audits, [("audit: faces", Some("llm2loss --audit Faces"))]);
    assert_eq!(press(&mut app, "Enter"), [Cmd::OpenAudit("Faces".into())]);
    // Every command can be done from everywhere without harm.
    for at in 0..app.world.keymap.of(llm2loss::console::keys::EVERYWHERE).count() + 110 {
        press(&mut app, ":");
        for _ in 0..at {
            press(&mut app, "Down");
        }
        press(&mut app, "Enter Esc Esc");
    }
}

#[test]
fn a_group_is_kept_within_another_and_given_back() {
    let mut app = open((120, 36));
    let selected = |app: &App| {
        let table = app.screens.attributes.table(&app.world).unwrap();
        app.screens.attributes.selected(table).map(|row| (row.name.clone(), row.n_true)).unwrap()
    };
    press(&mut app, "j j");
    let (first, _) = selected(&app);
    press(&mut app, "&");
    assert!(words(&app).contains(&format!("Attributes › {first}")), "{}", words(&app));
    let measured = measured::attributes(std::slice::from_ref(&first));
    assert_eq!(app.screens.attributes.table(&app.world), Some(&measured));
    // Nothing is predicted of a group.
    assert!(!words(&app).contains("predicted gap") && words(&app).contains("within a group, all is measured"));
    press(&mut app, "j");
    let (second, _) = selected(&app);
    press(&mut app, "&");
    assert!(words(&app).contains(&format!("Attributes › {first} › {second}")), "{}", words(&app));
    let mut items = app.clone();
    let (third, _) = selected(&items);
    press(&mut items, "Enter");
    assert_eq!(items.screens.items.listing.filter.with[..2], [first.clone(), second.clone()]);
    assert!(items.screens.items.listing.filter.with.contains(&third));
    // A filter goes first, then group by group.
    press(&mut app, "/");
    type_text(&mut app, &second);
    press(&mut app, "Enter Esc");
    assert!(words(&app).contains(&format!("› {first} › {second}")));
    press(&mut app, "Esc");
    assert!(words(&app).contains(&format!("Attributes › {first}")) && selected(&app).0 == second);
    press(&mut app, "Esc");
    assert!(!words(&app).contains("›") && selected(&app).0 == first, "{}", words(&app));
    press(&mut app, "Esc");
    assert_eq!(selected(&app).0, first);
}

#[test]
fn attributes_are_there_before_heads_are() {
    let app = scene("measured");
    assert!(app.world.shown.is_none());
    assert!(words(&app).contains("40/40") && words(&app).contains("resolved"), "{}", words(&app));
    let mut heads = app.clone();
    let name = |app: &App| {
        app.screens.attributes.selected(app.screens.attributes.table(&app.world).unwrap()).unwrap().name.clone()
    };
    let record = world::record("b2c9", "logistic", Architecture::Linear, 0);
    tell(&mut heads, Event::Shown(world::run_view(&record)));
    assert_eq!(name(&heads), name(&app));
    assert!(words(&heads).contains("predicted gap"), "{}", words(&heads));
}

#[test]
fn the_filter_asks_for_figures_too() {
    let mut app = open((120, 36));
    let shown = |app: &App, of: fn(&llm2loss::diagnose::AttributeRow) -> bool| -> Vec<(bool, bool)> {
        let table = &app.world.shown.as_ref().unwrap().tables.attributes;
        let order = &app.screens.attributes.order;
        table.rows.iter().enumerate().map(|(at, row)| (of(row), order.contains(&at))).collect()
    };
    press(&mut app, "/");
    type_text(&mut app, "resolved & n>100 & gap >= .1");
    let rows = shown(&app, |row| {
        row.loss_evidence.verdict == llm2loss::diagnose::Verdict::Resolved
            && row.n_true > 100
            && row.loss_gap.value().is_some_and(|gap| gap.abs() >= 0.1)
    });
    assert!(rows.iter().all(|(passes, is_shown)| passes == is_shown), "{rows:?}");
    assert!(rows.iter().any(|(passes, _)| *passes) && !rows.iter().all(|(passes, _)| *passes));
    // What is not finished holds nothing back.
    press(&mut app, "Esc /");
    type_text(&mut app, "gap>");
    assert!(shown(&app, |_| true).iter().all(|(_, is_shown)| *is_shown));
    assert!(words(&app).contains(" gap>"), "{}", words(&app));
}

#[test]
fn what_is_shown_is_what_is_written() {
    let mut app = open((120, 36));
    press(&mut app, "/");
    type_text(&mut app, "married");
    press(&mut app, "Enter s S");
    let order: Vec<String> = {
        let table = &app.world.shown.as_ref().unwrap().tables.attributes;
        app.screens.attributes.order.iter().map(|&at| table.rows[at].name.clone()).collect()
    };
    let written = |app: &mut App, keys: &str| match &press(app, keys)[..] {
        [Cmd::Export { name, text, .. }] => (name.clone(), text.clone()),
        other => panic!("{other:?}"),
    };
    let (name, csv) = written(&mut app, "e c");
    assert_eq!(name, "attributes-b2c9.csv");
    let names: Vec<&str> = csv.lines().skip(1).filter_map(|line| line.split(',').next()).collect();
    assert_eq!(names, order);
    let document = |app: &mut App| -> serde_json::Value { serde_json::from_str(&written(app, "e j").1).unwrap() };
    let json = document(&mut app);
    let rows = json["rows"].as_array().unwrap();
    assert!(rows.iter().map(|row| row["name"].as_str().unwrap()).eq(&order));
    assert!(rows[0]["loss_gap"].is_f64() && rows[0]["loss_evidence"]["interval"]["low"].is_f64());
    assert!(written(&mut app, "e m").1.contains("| attribute |"));
    assert!(written(&mut app, "e s").1.starts_with("<svg"));
    assert!(press(&mut app, "e Esc").is_empty());
    let told = press(&mut app, "y");
    let [Cmd::Copy(row)] = &told[..] else { panic!("{told:?}") };
    assert!(row.starts_with("Attributes\naudit adult, model logistic, run b2c9"), "{row}");
    assert!(row.contains(&format!("\nattribute: {}\n", order[0])) && row.contains("\nllm2loss table adult"), "{row}");
    // Every screen has something to write once it is filled: the document that its command prints, where one does.
    let twins = [
        ("0", "findings/1", "findings"),
        ("1", "table.attributes/1", "rows"),
        ("1 i", "table.intersections/1", "rows"),
        ("i 2", "score/1", "prompts"),
        ("Esc 3", "runs/1", "runs"),
        ("4", "view/1", "rows"),
        ("5", "compare-models/1", "groups"),
        ("6", "view/1", "rows"),
        ("6 z", "table.ood/1", "rows"),
        ("7", "table.validity/1", "rows"),
        ("8", "discover/1", "slices"),
    ];
    for (keys, schema, member) in twins {
        press(&mut app, keys);
        if app.world.screen == ScreenId::Prompt {
            type_text(&mut app, "dog");
            press(&mut app, "Esc");
        }
        let json = document(&mut app);
        assert_eq!(json["schema"], format!("llm2loss.{schema}"), "{keys}");
        assert!(json.get(member).is_some(), "{keys}: {json}");
        assert!(!press(&mut app, "Y").is_empty(), "{keys}");
    }
}

#[test]
fn the_mouse_chooses_tabs_and_rows_where_it_is_asked_for() {
    let mut app = open((120, 36));
    assert_eq!(press(&mut app, "m"), [Cmd::Mouse(true)]);
    update(&mut app, Msg::Click(10, 8));
    assert_eq!(app.screens.attributes.cursor.selected, 4);
    update(&mut app, Msg::Wheel(1));
    assert_eq!(app.screens.attributes.cursor.selected, 7);
    let tabs = words(&app).lines().nth(1).unwrap().find("4 Data").unwrap();
    update(&mut app, Msg::Click(tabs as u16 + 1, 1));
    assert_eq!(app.world.screen, ScreenId::Data);
    assert_eq!(press(&mut app, "m"), [Cmd::Mouse(false)]);
}

#[test]
fn a_hint_goes_with_the_first_key_and_does_not_come_back() {
    let mut app = open((120, 36));
    assert!(words(&app).contains("lists a row's items"));
    press(&mut app, "j");
    assert!(!words(&app).contains("lists a row's items"));
    press(&mut app, "7 1");
    assert!(!words(&app).contains("lists a row's items"));
}

#[test]
fn a_failure_says_what_to_do_and_steals_no_key() {
    let mut app = scene("dialog");
    assert!(words(&app).contains("Job 3 failed") && words(&app).contains("describes the run anew"));
    press(&mut app, "2");
    assert!(app.dialog.is_none() && app.world.screen == ScreenId::Prompt);
}

/// What was answered for the pair in view.
fn answer(app: &App) -> (ComparisonRequest, Result<Arc<BothWays>, String>) {
    let (then, now) = app.screens.compare.models.as_ref().unwrap();
    app.screens.compare.kept.answer(then, now).unwrap().clone()
}

fn asked(told: &[Cmd]) -> Option<ComparisonRequest> {
    told.iter().find_map(|cmd| match cmd {
        Cmd::Send(Command::CompareModels(request)) => Some(request.clone()),
        _ => None,
    })
}

#[test]
fn two_models_are_compared_before_two_runs() {
    use llm2loss::console::screen::compare::{Measure, Other};
    let mut app = two_models((120, 36), "5");
    // Another model's run goes before another run of this one, and the audit's order says which came first.
    assert_eq!(app.screens.compare.models, Some(("logistic".into(), "gradient boosting".into())));
    let (request, found) = answer(&app);
    let runs: Vec<String> = request.runs.unwrap().into_iter().map(|run| run.0).collect();
    assert_eq!(runs, ["b2c90d11", "cccc0001"]);
    let found = found.unwrap().there.clone();
    let text = words(&app);
    for part in ["Mean loss", "Spearman with loss", "16,281 test items", "Better (", "gained less than others"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    // Every measure has rows, of what was found.
    let mut seen = Vec::new();
    for _ in Measure::OF_MODELS {
        let lines = app.screens.compare.lines.iter().filter(|line| line.heading.is_none());
        seen.push((app.screens.compare.measure(), lines.count()));
        press(&mut app, "w");
    }
    let n = found.attributes.len();
    let (items, prompts) = (found.items.len(), found.predicted.as_ref().unwrap().prompts.len());
    let telling =
        |group: &GroupChange| [group.loss.fate, group.auroc.fate].iter().filter(|fate| **fate == group.fate).count();
    let groups = found.groups.groups.iter().map(telling).sum();
    assert_eq!(seen, Measure::OF_MODELS.into_iter().zip([groups, n, n, 9, items, prompts]).collect::<Vec<_>>());
    assert!(words(&app).contains("Size of the predicted gap"), "{}", words(&app));
    // A prompt opens as such.
    press(&mut app, "w w w w w w w");
    assert_eq!(app.screens.compare.measure(), Measure::Prompts);
    let text = app.screens.compare.line().unwrap().name.clone();
    press(&mut app, "p");
    assert_eq!(
        (app.world.screen, app.screens.prompt.text(0), app.screens.prompt.text(1)),
        (ScreenId::Prompt, text.as_str(), "")
    );
    press(&mut app, "Esc 5 ]");
    assert!(matches!(&app.screens.compare.chosen, Some(Other::Run(run)) if run.0 == "7f3a01bc"));
    assert_eq!((app.screens.compare.models.clone(), app.screens.compare.measures()), (None, Measure::OF_RUNS.to_vec()));
    press(&mut app, "]");
    assert!(matches!(&app.screens.compare.chosen, Some(Other::Model(model)) if model == "small mlp"));
}

#[test]
fn harm_stands_first_and_nobody_rests_on_a_heading() {
    let mut app = two_models((120, 36), "5");
    let fates = |app: &App| -> Vec<Fate> {
        let state = &app.screens.compare;
        state.order.iter().filter_map(|&at| state.lines[at].group.as_ref()).map(|group| group.fate).collect()
    };
    let sorted = fates(&app);
    assert!(sorted.is_sorted() && sorted.len() > 40, "{sorted:?}");
    assert_eq!(app.screens.compare.place().0, 1);
    let headings = app.screens.compare.order.len() - sorted.len();
    assert!(headings >= 2, "{headings}");
    // Down through all rows and up again, every row that is no heading is met once, either way.
    let mut met = vec![app.screens.compare.place()];
    while met.last().unwrap().0 < sorted.len() {
        press(&mut app, "j");
        assert!(app.screens.compare.line().is_some());
        met.push(app.screens.compare.place());
    }
    assert!(met.iter().enumerate().all(|(at, place)| *place == (at + 1, sorted.len())));
    for place in (1..sorted.len()).rev() {
        press(&mut app, "k");
        assert_eq!(app.screens.compare.place(), (place, sorted.len()));
    }
    let state = &app.screens.compare;
    assert_eq!((state.cursor.selected, state.cursor.offset), (1, 0), "the first heading is in sight");
    // What is copied is the selected row.
    press(&mut app, "j");
    let name = app.screens.compare.line().unwrap().name.clone();
    let told = press(&mut app, "y");
    let [Cmd::Copy(text)] = &told[..] else { panic!("{told:?}") };
    assert!(text.contains(&format!("\nname: {name}\n")), "{text}");
    // Under another order headings head nothing.
    press(&mut app, "s");
    assert_eq!(app.screens.compare.order.len(), sorted.len());
    // A group's items are those on its side.
    press(&mut app, "s s s");
    let group = app.screens.compare.line().unwrap().group.clone().unwrap();
    press(&mut app, "Enter");
    let filter = &app.screens.items.listing.filter;
    let side = if group.side == Side::True { &filter.with } else { &filter.without };
    assert_eq!(side, &[group.attribute]);
}

#[test]
fn changing_before_for_after_and_coming_back_ask_for_nothing() {
    let mut app = two_models((120, 36), "5");
    let (request, found) = answer(&app);
    let found = found.unwrap();
    assert_eq!(app.screens.compare.found(), Some(&found.there));
    assert!(asked(&update(&mut app, Msg::Key(key("x")))).is_none());
    assert_eq!(app.screens.compare.models, Some(("gradient boosting".into(), "logistic".into())));
    assert_eq!(app.screens.compare.found(), Some(&found.back));
    assert!(asked(&update(&mut app, Msg::Key(key("1")))).is_none());
    assert!(asked(&update(&mut app, Msg::Key(key("5")))).is_none());
    // Past the other run to another model, and round again: the pair is still there.
    press(&mut app, "] ]");
    assert_eq!(answer(&app).0.after, "small mlp");
    assert!(asked(&update(&mut app, Msg::Key(key("]")))).is_none());
    assert_eq!(answer(&app).0, request);
    // How far the drawing is stands above the table until it is done.
    let (before, after) = (request.before, request.after);
    tell(&mut app, Event::Comparing { before: before.clone(), after: after.clone(), done: 1_000, total: 4_000 });
    assert!(words(&app).contains("finer intervals: 25 %"), "{}", words(&app));
    tell(&mut app, Event::Comparing { before, after, done: 4_000, total: 4_000 });
    assert!(!words(&app).contains("finer intervals"));
}

#[test]
fn models_are_compared_before_there_are_heads() {
    let mut app = empty((120, 36));
    tell(&mut app, Event::Opened { audit: world::audit(), runs: Vec::new(), history: Vec::new() });
    find(&mut app, "logistic");
    press(&mut app, "5");
    let (request, _) = answer(&app);
    assert_eq!((request.before.as_str(), request.after.as_str()), ("logistic", "gradient boosting"));
    assert_eq!(request.runs, None);
    assert!(words(&app).contains("better;") || words(&app).contains(" better"), "{}", words(&app));
    press(&mut app, "]");
    assert_eq!(answer(&app).0.after, "small mlp");
    // The pair stays when the first heads come.
    tell(&mut app, Event::Shown(world::run_view(&world::record("7f3a01bc", "logistic", Architecture::Linear, 100))));
    assert_eq!(answer(&app).0.after, "small mlp");
}

#[test]
fn columns_out_of_sight_are_said_and_reached() {
    for size in [(80, 24), (60, 16), (120, 36)] {
        let mut app = two_models(size, "5");
        let mut seen = String::new();
        assert!(words(&app).contains(" more columns ▸"), "{}", words(&app));
        for _ in 0..12 {
            seen.push_str(&words(&app));
            press(&mut app, "l");
        }
        for column in ["change", "95 %", "before", "after", " n ", "gap before", "gap after", "verdict"] {
            assert!(seen.contains(column), "{column} at {size:?}");
        }
        assert!(words(&app).contains("columns h") && !words(&app).contains(" more column"), "{}", words(&app));
        press(&mut app, "h h h h h h h h h h h h");
        assert_eq!(app.screens.compare.column, 0);
    }
}

#[test]
fn a_ledger_is_shown_over_its_looks() {
    let mut app = open((120, 36));
    press(&mut app, "5 L");
    assert!(!app.screens.compare.ledger.shown && words(&app).contains("no ledger is named"), "{}", words(&app));
    app.world.ledger = Some(measured::file());
    press(&mut app, "L j");
    let text = words(&app);
    for part in
        ["Ledger: 24 looks", "expected false alarms at most 1.20", "look 24 of 24", "nightly 24 against logistic"]
    {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(
        text.contains("max_group_increase, with age over 60") && text.contains("2026-01-01 to 2026-08-19"),
        "{text}"
    );
    press(&mut app, "h h h h h h h h h");
    let text = words(&app);
    assert!(text.contains("look 15 of 24") && text.contains("broken"), "{text}");
    // It is read anew each time it is opened, and what is wrong with it is said.
    press(&mut app, "L");
    assert!(words(&app).contains("Who is worse off"));
    let told = update(&mut app, Msg::Key(key("L")));
    assert_eq!(told, [Cmd::Send(Command::ReadLedger { file: measured::file() })]);
    tell(&mut app, Event::LedgerRead { file: measured::file(), found: Err("gate.jsonl: line 1 is no line".into()) });
    assert!(words(&app).contains("line 1 is no line") && words(&app).contains("Esc shows the comparison"));
}

#[test]
fn pairs_of_attributes_open_their_items_and_esc_goes_back() {
    let mut app = open((60, 16));
    press(&mut app, "i");
    let table = measured::intersections();
    let text = words(&app);
    assert!(text.contains("Farthest apart: ") && text.contains(" more columns ▸"), "{text}");
    press(&mut app, "j Enter");
    assert_eq!(app.world.screen, ScreenId::Items);
    assert_eq!(app.screens.items.listing.filter.with, table.rows[1].attributes);
    press(&mut app, "Esc");
    assert!(app.world.screen == ScreenId::Attributes && app.screens.attributes.pairs.shown);
    // Nothing is asked twice; another model is.
    assert!(update(&mut app, Msg::Key(key("j"))).is_empty());
    press(&mut app, "Esc");
    assert!(!app.screens.attributes.pairs.shown);
    assert!(update(&mut app, Msg::Key(key("i"))).is_empty());
    let told = press(&mut app, "Y");
    let [Cmd::Copy(text)] = &told[..] else { panic!("{told:?}") };
    assert!(text.contains("Intersections of two attributes") && text.contains("loss shrunken"), "{text}");
    // Without heads as well.
    let mut app = empty((80, 24));
    tell(&mut app, Event::Opened { audit: world::audit(), runs: Vec::new(), history: Vec::new() });
    press(&mut app, "1 i");
    assert!(words(&app).contains("Farthest apart: "), "{}", words(&app));
}

#[test]
fn a_model_without_heads_is_compared_by_its_losses_and_trained_alike_on_demand() {
    let mut app = open((120, 36));
    press(&mut app, "5");
    let (request, _) = answer(&app);
    assert_eq!((request.after.as_str(), &request.runs), ("gradient boosting", &None));
    press(&mut app, "w w w w w");
    assert!(words(&app).contains("n trains those that are missing"), "{}", words(&app));
    let told = press(&mut app, "n");
    let [Cmd::Send(Command::Train { model, hyper })] = &told[..] else { panic!("{told:?}") };
    assert_eq!((model.as_str(), hyper), ("gradient boosting", &app.world.shown.as_ref().unwrap().record.hyper));
    // Heads trained otherwise do not count; those trained alike are asked for at once.
    let finished = |id: &str, architecture| Event::JobFinished {
        job: 5,
        record: world::record(id, "gradient boosting", architecture, 300),
    };
    assert!(asked(&tell(&mut app, finished("dddd0001", Architecture::Linear))).is_none());
    assert!(asked(&tell(&mut app, finished("dddd0002", Architecture::Mlp))).is_some());
    assert!(press(&mut app, "n").is_empty());
}

#[test]
fn a_comparison_that_comes_late_or_fails_is_told_as_such() {
    let mut app = open((120, 36));
    let request = asked(&update(&mut app, Msg::Key(key("5")))).unwrap();
    assert!(words(&app).contains("comparing the two models"), "{}", words(&app));
    // Nothing is asked twice.
    assert!(update(&mut app, Msg::Key(key("j"))).is_empty());
    let late = ComparisonRequest { before: "small mlp".into(), ..request.clone() };
    let found = Ok(Arc::new(models::both_ways(&late)));
    tell(&mut app, Event::ModelsCompared { request: late, found });
    assert!(app.screens.compare.found().is_none());
    tell(&mut app, Event::ModelsCompared { request, found: Err("no test item has a loss of both".into()) });
    assert!(words(&app).contains("no test item has a loss of both"), "{}", words(&app));
}

#[test]
fn runs_of_one_model_are_compared_by_their_predictions() {
    let mut app = two_models((120, 36), "5 ]");
    assert_eq!(app.screens.compare.other.as_ref().unwrap().record.model, "logistic");
    assert!(words(&app).contains("Size of the predicted gap"), "{}", words(&app));
    let comparison = app.screens.compare.comparison.clone().unwrap();
    let row = app.screens.compare.selected().unwrap();
    assert!((row.delta().unwrap() - (row.b.unwrap() - row.a.unwrap())).abs() < 1e-12);
    assert!(comparison.rows.iter().all(|row| row.change.is_none()
        || (row.size() <= row.noise.unwrap())
            == (row.change == Some(llm2loss::console::screen::compare::Change::WithinNoise))));
    press(&mut app, "x");
    assert_eq!(app.screens.compare.comparison.as_ref().unwrap().a, comparison.b);
}

fn parser(rows: u16, columns: u16) -> vt100::Parser {
    let size = |n| std::num::NonZero::new(n).unwrap();
    vt100::Parser::new(size(rows), size(columns), 0)
}

/// A colour as a terminal understands it.
fn terminal_color(color: Color) -> vt100::Color {
    match color {
        Color::Reset => vt100::Color::Default,
        Color::Rgb(r, g, b) => vt100::Color::Rgb(r, g, b),
        Color::Indexed(index) => vt100::Color::Idx(index),
        named => {
            const ORDER: [Color; 16] = [
                Color::Black,
                Color::Red,
                Color::Green,
                Color::Yellow,
                Color::Blue,
                Color::Magenta,
                Color::Cyan,
                Color::Gray,
                Color::DarkGray,
                Color::LightRed,
                Color::LightGreen,
                Color::LightYellow,
                Color::LightBlue,
                Color::LightMagenta,
                Color::LightCyan,
                Color::White,
            ];
            vt100::Color::Idx(ORDER.iter().position(|known| *known == named).unwrap() as u8)
        }
    }
}

#[test]
fn the_bytes_draw_the_frame() {
    for theme in themes() {
        let wire = Wire::default();
        let mut screen = Screen::new(wire.clone());
        let mut terminal = parser(36, 120);
        // From each scene to the next: only what differs is sent.
        for (name, app) in scenes((120, 36)) {
            let buffer = frame(&app, 120, 36, &theme);
            screen.draw(buffer.clone(), None).unwrap();
            terminal.process(&wire.take().0);
            let shown: Vec<String> = terminal.screen().rows(0, 120).map(|row| row.trim_end().to_owned()).collect();
            let meant: Vec<String> = snapshot::symbols(&buffer).lines().map(str::to_owned).collect();
            assert_eq!(shown, meant);
            for position in buffer.area.positions() {
                let meant = &buffer[position];
                let shown = terminal.screen().cell(position.y, position.x).unwrap();
                let place = format!("{name} {} {:?} at {position}", theme.name, theme.depth);
                assert_eq!(shown.bgcolor(), terminal_color(meant.bg), "{place}");
                assert_eq!(shown.inverse(), meant.modifier.contains(Modifier::REVERSED), "{place}");
                // Neither ink nor weight of a blank can be seen.
                if meant.symbol() != " " {
                    assert_eq!(shown.fgcolor(), terminal_color(meant.fg), "{place}");
                    assert_eq!(shown.bold(), meant.modifier.contains(Modifier::BOLD), "{place}");
                    assert_eq!(shown.dim(), meant.modifier.contains(Modifier::DIM), "{place}");
                }
            }
        }
    }
}

#[test]
fn without_colour_reverse_video_survives() {
    let wire = Wire::default();
    let mut screen = Screen::new(wire.clone());
    let app = open((80, 24));
    screen.draw(frame(&app, 80, 24, &Theme::default_at(Depth::None, false)), None).unwrap();
    let bytes = String::from_utf8(wire.take().0).unwrap();
    assert!(bytes.contains("7m"), "reverse video");
    for colour in ["\u{1b}[31m", "\u{1b}[36m", "38;", "48;"] {
        assert!(!bytes.contains(colour), "{colour:?}");
    }
    let mut terminal = parser(24, 80);
    terminal.process(bytes.as_bytes());
    assert!(terminal.screen().cell(4, 3).unwrap().inverse());
}

#[test]
fn a_picture_is_whole_and_escaped() {
    let mut app = open((80, 24));
    press(&mut app, "2");
    type_text(&mut app, "a<b&c");
    let theme = Theme::default_at(Depth::True, false);
    let picture = svg(&frame(&app, 80, 24, &theme), &theme);
    assert!(picture.starts_with("<svg") && picture.ends_with("</svg>\n"));
    assert!(picture.contains("a&lt;b&amp;c"));
    assert!(!picture.contains("\u{1b}"));
}

#[test]
fn no_size_is_too_small_or_too_large() {
    let theme = Theme::default_at(Depth::Named, false);
    for (_, mut app) in scenes((120, 36)) {
        let sizes = (1..=76).step_by(5).flat_map(|w| (1..=40).step_by(3).map(move |h| (w, h)));
        let special =
            [(60, 16), (61, 17), (107, 20), (108, 20), (108, 24), (200, 60), (500, 200), (500, 16), (60, 200)];
        for (width, height) in sizes.chain(special) {
            update(&mut app, Msg::Resize(width, height));
            let buffer = frame(&app, width, height, &theme);
            assert_eq!((buffer.area.width, buffer.area.height), (width, height));
        }
    }
    let small = frame(&open((20, 5)), 20, 5, &theme);
    assert!(snapshot::symbols(&small).contains("needs 60x16"));
    // Nobody sees what a key would do there, but leaving.
    let mut blind = open((120, 36));
    press(&mut blind, "8 j");
    update(&mut blind, Msg::Resize(20, 5));
    assert!(press(&mut blind, "a Enter 3 n Enter").is_empty());
    update(&mut blind, Msg::Resize(120, 36));
    assert_eq!((blind.world.screen, press(&mut blind, "x").len()), (ScreenId::Discover, 1));
    update(&mut blind, Msg::Resize(20, 5));
    assert!(matches!(press(&mut blind, "q")[..], [Cmd::Quit]));
}

#[test]
fn one_great_gap_does_not_flatten_the_others() {
    let mut app = open((120, 36));
    let mut view = app.world.shown.clone().unwrap();
    let mut tables = (*view.tables).clone();
    tables.attributes.rows[0].loss_gap = llm2loss::diagnose::Measured::Value(9.0);
    view.tables = Arc::new(tables);
    assert!(!words(&app).contains("root scale"));
    tell(&mut app, Event::Shown(view));
    assert!(words(&app).contains("root scale"), "{}", words(&app));
}

#[test]
fn any_number_of_members_can_be_watched() {
    for members in [1, 2, 30, 256] {
        let mut app = scene("train");
        update(&mut app, Msg::Progress(Some(Arc::new(world::progress(1, 0.5, members)))));
        assert!(words(&app).contains(if members > 9 { "more; " } else { "Spearman over" }), "{}", words(&app));
    }
}

#[test]
fn no_line_of_the_help_is_cut() {
    for keys in ["?", "2 Esc ?", "3 ?"] {
        let mut app = open((120, 60));
        press(&mut app, keys);
        let text = words(&app);
        let help: String = frame_part(&text);
        assert!(!help.contains('…'), "{help}");
    }
}

/// The columns of the overlay in a frame of 120 columns.
fn frame_part(text: &str) -> String {
    text.lines().map(|line| line.chars().skip(8).take(104).collect::<String>() + "\n").skip(2).take(40).collect()
}

#[test]
fn a_frame_takes_little_time() {
    let theme = Theme::default_at(Depth::True, false);
    for (name, app) in scenes((120, 36)) {
        let mut times: Vec<Duration> = (0..60)
            .map(|_| {
                let start = std::time::Instant::now();
                std::hint::black_box(frame(&app, 120, 36, &theme));
                start.elapsed()
            })
            .collect();
        times.sort();
        // Far above what it takes, so that a busy machine does not fail it.
        assert!(times[30] < Duration::from_millis(30), "{name}: {:?}", times[30]);
        println!("{name}: {:?}", times[30]);
    }
}

fn hostile() -> impl Strategy<Value = String> {
    let letters = prop_oneof![
        Just('\u{1b}'),
        Just('\u{0}'),
        Just('\n'),
        Just('\t'),
        Just('\u{202e}'),
        Just('\u{200d}'),
        Just('\u{fe0f}'),
        Just('漢'),
        Just('👩'),
        Just('e'),
        Just('\u{301}'),
        any::<char>(),
    ];
    proptest::collection::vec(letters, 0..80).prop_map(|letters| letters.into_iter().collect())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn hostile_text_stays_in_its_place(text in hostile(), width in 1_u16..=500, height in 1_u16..=200, keys in "[jkgGsScohxnqpudzyYemfw:123?]{0,12}") {
        let mut app = open((width, height));
        let record = world::record(&text, &text, Architecture::Linear, 300);
        let mut view = world::run_view(&record);
        let mut tables = (*view.tables).clone();
        for row in tables.attributes.rows.iter_mut().step_by(3) {
            row.name = text.clone();
            row.prompts.phrase = text.clone();
            row.loss_gap = llm2loss::diagnose::Measured::Value(f64::NAN);
        }
        view.tables = Arc::new(tables);
        tell(&mut app, Event::Shown(view));
        tell(&mut app, Event::Notice { message: text.clone(), warning: true });
        for screen in ["0", "1", "Esc 2", "Esc 3", "4", "5", "6", "7"] {
            press(&mut app, screen);
            update(&mut app, Msg::Paste(text.clone()));
            let script: Vec<String> = keys.chars().map(|key| key.to_string()).collect();
            press(&mut app, &script.join(" "));
            let buffer = frame(&app, width, height, &app.world.look.resolve());
            prop_assert!(buffer.content.iter().all(|cell| !cell.symbol().contains(|c: char| c.is_control())));
            press(&mut app, "Esc Esc Esc Esc");
        }
    }
}
