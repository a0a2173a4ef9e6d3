//! What does not fit is told and can be reached: cut tables, columns of the attributes, wide terminals, and notices that go
//! with their cause.

use super::{open, press, rest, two_models, words};
use serde_json::Map;

#[test]
fn a_cut_table_says_so_and_its_key_shows_it_whole() {
    let mut app = open((80, 24));
    press(&mut app, "7");
    assert!(words(&app).contains("7 more, z shows it whole"), "{}", words(&app));
    press(&mut app, "z");
    assert!(words(&app).contains("member e") && !words(&app).contains("Density"), "{}", words(&app));
    press(&mut app, "z");
    assert!(words(&app).contains("Density"));
    // Where Table 1 has no room at all, it has the whole screen.
    let mut app = open((60, 16));
    press(&mut app, "6");
    assert!(!words(&app).contains("AUROC of familiarity"));
    let place = app.screens.ood.cursor.selected;
    press(&mut app, "z j");
    assert!(words(&app).contains("AUROC of familiarity") && app.screens.ood.cursor.selected == place);
    // So have the panels of Data, one after the other.
    press(&mut app, "4");
    let titles: Vec<bool> = ["Audit", "Store", "Jobs", "Models"]
        .into_iter()
        .map(|title| {
            press(&mut app, "z");
            words(&app).lines().nth(2).unwrap().contains(title)
        })
        .collect();
    assert_eq!(titles, [true; 4]);
}

#[test]
fn every_column_of_the_attributes_is_reached_and_comes_back() {
    let mut app = open((60, 16));
    let heads = ["RMM", "n true", "0-shot", "loss gap", "loss true", "95 % of the gap", "q", "predicted"];
    let mut seen = Vec::new();
    for _ in 0..12 {
        let text = words(&app);
        let head = text.lines().nth(3).unwrap().to_owned();
        seen.extend(heads.into_iter().filter(|words| head.contains(words)));
        press(&mut app, "l");
    }
    assert!(heads.iter().all(|head| seen.contains(head)), "{seen:?}");
    let (mut all, mut of_audit) = (Map::new(), Map::new());
    press(&mut app, "h h h");
    let shown = words(&app);
    app.screens.get(app.world.screen).keep(&mut all, &mut of_audit);
    let mut next = open((60, 16));
    let world = next.world.clone();
    next.screens.get_mut(next.world.screen).restore(&world, &all, &of_audit);
    rest(&mut next);
    let table = |text: &str| text.lines().skip(3).take(8).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(table(&words(&next)), table(&shown));
}

#[test]
fn a_wide_terminal_is_used() {
    let mut app = open((200, 50));
    press(&mut app, "8 1");
    rest(&mut app);
    let text = words(&app);
    let head = text.lines().nth(3).unwrap();
    for words in ["true", "RMM", "n true", "0-shot", "loss gap", "loss true", "95 % of the gap"] {
        assert!(head.contains(words), "{words}: {text}");
    }
}

#[test]
fn a_new_order_keeps_the_selection() {
    let mut app = two_models((120, 36), "5 j j");
    let name = |app: &super::App| {
        let text = words(app);
        text.lines()
            .find_map(|line| line.split_once('▶').map(|(_, rest)| rest.trim().chars().take(12).collect::<String>()))
    };
    let before = name(&app);
    press(&mut app, "s S");
    assert_eq!(name(&app), before, "{}", words(&app));
}

#[test]
fn what_a_key_was_answered_goes_with_the_next_key() {
    let mut app = open((120, 36));
    press(&mut app, "3 x");
    assert!(words(&app).contains("no job runs"));
    press(&mut app, "j");
    assert!(!words(&app).contains("no job runs"), "{}", words(&app));
    // What nobody asked for stays its time.
    super::tell(&mut app, super::Event::Notice { message: "read twice".into(), warning: false });
    press(&mut app, "k");
    assert!(words(&app).contains("read twice"), "{}", words(&app));
}
