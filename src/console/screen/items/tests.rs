//! Paging, marks, ways back: the state alone, without an engine.

use super::keys::{BACK, MARK, NEXT_SPLIT, SIMILAR, WRITE_MARKED};
use super::*;
use crate::audit::Split;
use crate::console::depth::Depth;
use crate::console::msg::{Action, Cmd, ExportForm};
use crate::console::screen::{Effect, Screen};
use crate::console::view;
use crate::console::world::{Look, World};
use crate::diagnose::ItemOrder;
use crate::engine::{AuditView, Command, Event, ItemsCommand};
use std::sync::Arc;

const ALL: usize = 10_000_000;

fn world() -> World {
    let mut world = World::new((120, 36), Look::embedded(Depth::Named, false));
    world.screen = ScreenId::Items;
    world.audit = Some(Arc::new(AuditView {
        name: "adult".into(),
        encoder: "static-64".into(),
        fingerprint: "static-64-0123".into(),
        device: "cpu".into(),
        models: vec!["v1".into(), "v2".into()],
        attributes: Vec::new(),
        train_items: ALL,
        test_items: ALL,
        reads_only: false,
        phrases: Vec::new(),
    }));
    world
}

fn item(place: usize) -> ListedItem {
    ListedItem {
        row: place as u32,
        id: format!("item {place}"),
        text: Some(format!("text {place}")),
        image: None,
        split: Split::Test,
        label: None,
        scores: Vec::new(),
        losses: vec![("v1".into(), Some(1.0)), ("v2".into(), None)],
        attributes: Vec::new(),
        risk: None,
        surprise: None,
        order_only: false,
        similarity: None,
        change: None,
        heads: None,
        nearest: None,
    }
}

/// Asks and answers until nothing is wanted; what was asked.
fn serve(state: &mut State, world: &World) -> Vec<ItemsCommand> {
    let mut asked = Vec::new();
    loop {
        state.settle(world, view::body(world.size));
        let Some(Command::Items(command)) = state.wants(world).into_iter().next() else { return asked };
        let answer = match &command {
            ItemsCommand::List { list, count, .. } => {
                ItemsAnswer::Listed { list: *list, matching: ALL, note: None, first: (0..*count).map(item).collect() }
            }
            ItemsCommand::Page { list, offset, count } => {
                let end = ALL.min(offset + count);
                ItemsAnswer::Page { list: *list, offset: *offset, items: (*offset..end).map(item).collect() }
            }
            ItemsCommand::Item { list, row } => ItemsAnswer::Item { list: *list, item: Box::new(item(*row as usize)) },
            ItemsCommand::Picture { list, row } => {
                ItemsAnswer::Picture { list: *list, row: *row, picture: Err("damaged".into()) }
            }
            ItemsCommand::Words { list } => ItemsAnswer::Words { list: *list, words: None },
            ItemsCommand::Whole { .. } => panic!("nobody asked for the whole list"),
        };
        state.on_event(world, &Event::Items(Arc::new(answer)));
        asked.push(command);
        assert!(asked.len() < 20, "asked without end: {asked:?}");
    }
}

fn press(state: &mut State, world: &World, actions: &[Action]) -> Vec<ItemsCommand> {
    actions.iter().for_each(|action| assert!(state.act(world, *action).is_empty(), "{action:?}"));
    state.tick(Duration::MAX);
    serve(state, world)
}

fn selected(state: &State) -> &str {
    state.selected().map_or("none", |item| item.id.as_str())
}

#[test]
fn ten_million_items_are_paged_through_and_only_some_pages_are_held() {
    let (mut state, world) = (State::default(), world());
    let asked = serve(&mut state, &world);
    assert!(matches!(&asked[0], ItemsCommand::List { question, run: None, .. }
        if question.filter.split == Some(Split::Test) && question.model == "v1"));
    assert_eq!(state.matching(), ALL);
    press(&mut state, &world, &[Action::Last]);
    assert_eq!(selected(&state), "item 9999999");
    press(&mut state, &world, &[Action::Up, Action::HalfUp]);
    assert_eq!(selected(&state), "item 9999984");
    press(&mut state, &world, &[Action::First]);
    assert_eq!(selected(&state), "item 0");
    for _ in 0..60 {
        press(&mut state, &world, &[Action::HalfDown]);
    }
    assert_eq!(selected(&state), "item 840");
    let held = (0..ALL / 64).filter(|page| state.at(page * 64).is_some()).count();
    assert!(held <= 8, "{held} pages");
}

#[test]
fn the_newest_list_wins_and_an_old_answer_is_dropped() {
    let (mut state, world) = (State::default(), world());
    serve(&mut state, &world);
    let list = |state: &mut State, world: &World| match state.wants(world).as_slice() {
        [Command::Items(ItemsCommand::List { list, .. })] => *list,
        other => panic!("{other:?}"),
    };
    state.act(&world, Action::ReverseSort);
    let old = list(&mut state, &world);
    state.act(&world, NEXT_SPLIT);
    let new = list(&mut state, &world);
    assert!(new > old);
    let answer = |list, matching| {
        Event::Items(Arc::new(ItemsAnswer::Listed { list, matching, note: None, first: vec![item(5)] }))
    };
    state.on_event(&world, &answer(old, 7));
    assert_eq!(state.matching(), ALL, "what was there stays until the newest has come");
    state.on_event(&world, &answer(new, 1));
    assert_eq!((state.matching(), selected(&state)), (1, "item 5"));
    // The same question is not asked twice.
    assert!(!state.wants(&world).iter().any(|wanted| matches!(wanted, Command::Items(ItemsCommand::List { .. }))));
}

#[test]
fn marks_outlive_lists_and_are_written_as_ids() {
    let (mut state, world) = (State::default(), world());
    serve(&mut state, &world);
    assert!(matches!(state.act(&world, WRITE_MARKED).as_slice(), [Effect::Say(..)]));
    press(&mut state, &world, &[MARK, Action::Down, MARK]);
    assert_eq!(selected(&state), "item 3", "a mark goes on to the next item");
    press(&mut state, &world, &[Action::ReverseSort, Action::First, MARK, MARK]);
    state.open(Listing::with("Senior"), ScreenId::Attributes);
    serve(&mut state, &world);
    let told = state.act(&world, WRITE_MARKED);
    let [Effect::Do(Cmd::Export { name, text, what })] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!((name.as_str(), what.as_str()), ("items-marked-v1.csv", "2 ids"));
    // The first was marked, and the mark taken away; its neighbour was marked in its place.
    let ids: Vec<&str> = text.lines().skip(1).filter_map(|line| line.split(',').next()).collect();
    assert_eq!(ids, ["item 1", "item 2"]);
}

#[test]
fn one_goes_back_list_by_list_and_then_to_the_screen_before() {
    let (mut state, world) = (State::default(), world());
    state.open(Listing::with("Senior"), ScreenId::Compare);
    serve(&mut state, &world);
    press(&mut state, &world, &[Action::HalfDown, Action::HalfDown, Action::HalfDown]);
    let place = selected(&state).to_owned();
    assert!(state.act(&world, SIMILAR).is_empty());
    let asked = serve(&mut state, &world);
    let Some(ItemsCommand::List { question, .. }) = asked.first() else { panic!("{asked:?}") };
    assert_eq!((question.like, question.near.as_deref()), (place.replace("item ", "").parse().ok(), None));
    assert_eq!((question.order, question.filter.with.len()), (ItemOrder::Similarity, 0));
    press(&mut state, &world, &[BACK]);
    assert_eq!((selected(&state), state.listing.title.as_str()), (place.as_str(), "Senior"));
    assert_eq!(state.act(&world, BACK), [Effect::Go(ScreenId::Compare)]);
    assert!(state.act(&world, BACK).is_empty(), "there is nothing further back");
}

#[test]
fn escape_clears_the_words_before_it_leaves() {
    let (mut state, world) = (State::default(), world());
    state.open(Listing::with("Senior"), ScreenId::Attributes);
    serve(&mut state, &world);
    state.act(&world, Action::Filter);
    assert!(!state.paste(&world, "widow\u{1b}[2Jed"));
    state.act(&world, Action::KeepFilter);
    assert_eq!(state.listing.filter.text, "widow[2Jed");
    let asked = serve(&mut state, &world);
    assert!(matches!(&asked[0], ItemsCommand::List { question, .. } if question.filter.text == "widow[2Jed"));
    assert!(state.act(&world, BACK).is_empty());
    assert!(state.listing.filter.text.is_empty());
    assert_eq!(state.act(&world, BACK), [Effect::Go(ScreenId::Attributes)]);
}

#[test]
fn only_what_there_is_something_to_sort_by_is_sorted_by() {
    let mut world = world();
    let orders = |world: &World| Listing::default().orders(world);
    assert_eq!(orders(&world), [ItemOrder::Loss, ItemOrder::Change]);
    world.prompt = "an elderly trucker".into();
    assert_eq!(orders(&world), [ItemOrder::Loss, ItemOrder::Similarity, ItemOrder::Change]);
    let mut listing = Listing::default();
    listing.next_order(&world);
    let (question, _) = listing.question(&world).unwrap();
    assert_eq!((question.order, question.near.as_deref()), (ItemOrder::Similarity, Some("an elderly trucker")));
    world.prompt.clear();
    let (question, _) = listing.question(&world).unwrap();
    assert_eq!((question.order, question.near), (ItemOrder::Loss, None));
    let near = Listing::near("a nurse").words(
        &Listing::near("a nurse").question(&world).unwrap().0,
        Some(1_411),
        &crate::console::glyph::ASCII,
    );
    assert_eq!(near, "1,411 test items by similarity to \"a nurse\", highest first");
}

#[test]
fn a_page_that_is_far_gives_way() {
    let mut pages = Pages::default();
    for page in [0, 1, 2, 3, 4, 5, 6, 100, 101] {
        pages.put(page * pages::PAGE, (0..64).map(|at| item(page * 64 + at)).collect());
    }
    assert!(pages.get(0).is_none() && pages.get(6 * 64).is_some() && pages.get(100 * 64).is_some());
    assert_eq!(pages.lacking(64..7 * 64), None);
    assert_eq!(pages.lacking(64..7 * 64 + 1), Some(7 * 64));
    assert_eq!(pages.lacking(5..5), None);
    let (first, items) = pages.around(130);
    assert_eq!((first, items.len()), (64, 6 * 64));
}

#[test]
fn the_same_likeness_is_not_stacked_on_itself() {
    let (mut state, world) = (State::default(), world());
    serve(&mut state, &world);
    assert!(state.act(&world, SIMILAR).is_empty());
    serve(&mut state, &world);
    // The item is the first of those like it.
    let told = state.act(&world, SIMILAR);
    assert!(matches!(told.as_slice(), [Effect::Say(..)]), "{told:?}");
    assert_eq!(state.before.len(), 1);
}

#[test]
fn the_text_of_a_list_comes_whole_though_another_list_is_opened() {
    let (mut state, world) = (State::default(), world());
    assert_eq!(copy::whole(&mut state, &world, None), None, "nothing is listed yet");
    serve(&mut state, &world);
    let asked = copy::whole(&mut state, &world, Some(ExportForm::Csv)).unwrap();
    let Command::Items(ItemsCommand::Whole { list, most, rendering }) = asked else { panic!("{asked:?}") };
    assert_eq!(most, 100_000);
    let text = rendering.of((0..most).map(item).collect());
    assert_eq!(text.lines().count(), most + 1);
    state.open(Listing::with("Senior"), ScreenId::Attributes);
    serve(&mut state, &world);
    let answer = ItemsAnswer::Whole { list, items: most, text };
    let Some((Cmd::Export { name, what, .. }, _)) = state.came(&answer) else { panic!("nothing is written") };
    assert_eq!((name.as_str(), what.as_str()), ("items.csv", "the first 100,000 of 10,000,000 items"));
    assert_eq!(state.came(&answer), None, "once");
}
