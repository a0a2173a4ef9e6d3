//! Discoveries in made-up audits: what was planted comes back by name, and nothing else.

use super::*;
use crate::audit::{Attribute, AttributePrompts, Content, Item, ModelLosses, PromptSets, Split};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::sync::atomic::AtomicBool;

const COLOURS: [&str; 6] = ["red", "green", "blue", "yellow", "violet", "grey"];
const THINGS: [&str; 5] = ["car", "house", "table", "bicycle", "lamp"];
const PLACES: [&str; 4] = ["in the old harbour", "near a river bank", "under the bridge", "by the mountain road"];

fn audit(texts: Vec<String>, losses: Vec<f64>) -> Audit {
    let item = |(row, text): (usize, String)| Item {
        id: format!("i{row}").into(),
        text: text.into(),
        split: if row.is_multiple_of(2) { Split::Train } else { Split::Test },
        content: Content::Text,
    };
    Audit {
        name: "made".into(),
        items: texts.into_iter().enumerate().map(item).collect(),
        labels: None,
        clusters: None,
        attributes: Vec::new(),
        models: vec![ModelLosses { name: "m".into(), losses, scores: None, class_aurocs: None }],
        prompts: PromptSets::default(),
    }
}

/// Texts of three parts and a number of their own, and losses with a tail: `hard` says what is added.
fn planted(count: usize, hard: impl Fn(&str) -> f64) -> Audit {
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    let mut texts = Vec::new();
    for row in 0..count {
        let mut one = |of: &[&str]| of[rng.random_range(0..of.len())].to_owned();
        texts.push(format!("A {} {}, {}. Number {row}", one(&COLOURS), one(&THINGS), one(&PLACES)));
    }
    let losses = texts.iter().map(|text| -(1.0 - rng.random::<f64>()).ln() + hard(text)).collect();
    audit(texts, losses)
}

fn found(audit: &Audit, question: &DiscoverQuestion) -> Discovery {
    let material = DiscoverMaterial { audit, losses: &audit.models[0].losses, near: &[] };
    discover(&material, question, &Watch::silent()).unwrap()
}

fn names(discovery: &Discovery) -> Vec<&str> {
    discovery.slices.iter().map(|slice| slice.name.as_str()).collect()
}

fn attribute(name: &str, values: Vec<Option<bool>>) -> Attribute {
    let prompts = AttributePrompts {
        bare: (name.to_owned(), format!("Not {name}")),
        phrase: format!("a {name} thing"),
        antonym: None,
        generic: "a thing".into(),
        made: false,
    };
    Attribute { name: name.to_owned(), prompts, values }
}

fn says(text: &str, words: &[&str]) -> f64 {
    f64::from(u8::from(words.iter().all(|word| text.contains(word))))
}

#[test]
fn planted_words_and_a_planted_pair_come_back_by_name_and_in_order() {
    let audit = planted(8_000, |text| 1.2 * says(text, &["bicycle"]) + 1.8 * says(text, &["red", "river bank"]));
    let discovery = found(&audit, &DiscoverQuestion { depth: 1, ..DiscoverQuestion::default() });
    assert_eq!(names(&discovery), ["bicycle", "river bank + red"]);
    let bicycle = &discovery.slices[0];
    assert!(bicycle.q < 1e-6 && bicycle.interval.unwrap().contains(bicycle.mean_loss));
    // Of the 2,000 test items of the other half one in five is a bicycle; by hand its loss is 1 + 1.2 + a little.
    assert!((350..450).contains(&bicycle.n) && (bicycle.mean_loss - 2.3).abs() < 0.2, "{bicycle:?}");
    assert!(bicycle.items.iter().all(|&row| audit.items[row].text.contains("bicycle")));
    assert_eq!(bicycle.items.len(), audit.items.iter().filter(|item| item.text.contains("bicycle")).count());
    assert_eq!(discovery.found_on + discovery.tested_on, 8_000);
}

#[test]
fn noise_has_no_slices() {
    let audit = planted(4_000, |_| 0.0);
    let discovery = found(&audit, &DiscoverQuestion::default());
    assert_eq!((names(&discovery), discovery.unconfirmed), (Vec::new(), 0));
    assert!(discovery.candidates > 30);
}

#[test]
fn a_finer_slice_is_found_within_its_parent_and_tested_against_the_rest_of_it() {
    let audit = planted(12_000, |text| says(text, &["bicycle"]) + 1.5 * says(text, &["bicycle", "river bank"]));
    let discovery = found(&audit, &DiscoverQuestion { top: 1, ..DiscoverQuestion::default() });
    assert_eq!(names(&discovery), ["bicycle", "bicycle + river bank"]);
    let finer = &discovery.slices[1];
    assert_eq!(finer.parent.as_deref(), Some("bicycle"));
    assert_eq!(finer.terms, ["bicycle", "river bank"]);
}

#[test]
fn slices_are_told_as_they_are_found_each_where_it_will_stand() {
    let hard = |text: &str| {
        let bicycle = says(text, &["bicycle"]);
        bicycle + 1.5 * says(text, &["bicycle", "river bank"]) + 0.9 * (1.0 - bicycle) * says(text, &["violet"])
    };
    let audit = planted(12_000, hard);
    let heard = std::sync::Mutex::new(Vec::new());
    let never = AtomicBool::new(false);
    let hear = |step| heard.lock().unwrap().push(step);
    let material = DiscoverMaterial { audit: &audit, losses: &audit.models[0].losses, near: &[] };
    let told = discover(&material, &DiscoverQuestion::default(), &Watch::new(&hear, &never)).unwrap();
    let heard = heard.into_inner().unwrap();
    let grown: Vec<&Arc<Vec<FoundSlice>>> =
        heard.iter().filter_map(|step| if let Step::Found(slices) = step { Some(slices) } else { None }).collect();
    assert!(grown.iter().enumerate().all(|(at, slices)| slices.len() == at + 1), "{grown:?}");
    let last: Vec<(&str, usize)> =
        grown.last().unwrap().iter().map(|slice| (slice.name.as_str(), slice.level)).collect();
    assert_eq!(last, [("bicycle", 0), ("river bank", 1), ("violet", 0)], "finer ones come under theirs");
    assert_eq!(
        grown[1].iter().map(|slice| slice.level).collect::<Vec<_>>(),
        [0, 0],
        "and after all of the first level"
    );
    assert_eq!(names(&told), ["bicycle", "bicycle + river bank", "violet"]);
    assert_eq!(heard.last(), Some(&Step::Testing(3)));
}

#[test]
fn a_name_from_the_encoders_space_is_asked_by_its_sentence() {
    let mut slice =
        found(&planted(8_000, |text| 2.0 * says(text, &["lamp"])), &DiscoverQuestion::default()).slices[0].clone();
    let mut phrase = |near, terms: &[&str]| {
        (slice.near, slice.terms) = (near, terms.iter().map(|term| (*term).to_owned()).collect());
        slice.phrase()
    };
    assert_eq!(phrase(false, &["red", "like new"]), "red, like new");
    assert_eq!(phrase(true, &["near \"a \"red\" car\"", "red"]), "a \"red\" car, red");
    assert_eq!(phrase(true, &["near \"a barn\", like i0\"7"]), "a barn");
    assert_eq!(phrase(true, &["like i07"]), "");
    assert_eq!(slice.attribute_phrase(), "", "a weak name is no attribute's");
}

#[test]
fn easy_items_are_found_when_they_are_asked_for() {
    let audit = planted(8_000, |text| 2.0 - 1.5 * says(text, &["lamp"]));
    let easy = DiscoverQuestion { wanted: Wanted::Easy, depth: 1, ..DiscoverQuestion::default() };
    let discovery = found(&audit, &easy);
    assert_eq!(names(&discovery), ["lamp"]);
    let lamp = &discovery.slices[0];
    let interval = lamp.interval.unwrap();
    assert!(lamp.mean_loss < lamp.overall && interval.low < lamp.mean_loss && interval.high < lamp.overall);
    assert!(lamp.share_of_excess > 0.0);
}

#[test]
fn surprise_is_what_attributes_do_not_explain_and_within_narrows() {
    let mut audit = planted(8_000, |text| 2.0 * says(text, &["bicycle"]) + says(text, &["red"]));
    let bicycles: Vec<Option<bool>> = audit.items.iter().map(|item| Some(item.text.contains("bicycle"))).collect();
    audit.attributes = vec![attribute("two-wheeled", bicycles)];
    let one = DiscoverQuestion { depth: 1, ..DiscoverQuestion::default() };
    assert_eq!(
        names(&found(&audit, &one)),
        ["a two-wheeled thing", "red"],
        "an attribute speaks before words of its rows"
    );
    let surprise = DiscoverQuestion { wanted: Wanted::Surprising(vec!["Two-wheeled".into()]), ..one.clone() };
    assert_eq!(names(&found(&audit, &surprise)), ["red"]);
    let within = DiscoverQuestion { within: Some("a two-wheeled thing".into()), ..one.clone() };
    let inside = found(&audit, &within);
    assert_eq!(names(&inside), ["red bicycle"], "of names for the same items the one that says more");
    assert!(inside.slices[0].items.iter().all(|&row| audit.items[row].text.contains("bicycle")));
    let words = DiscoverQuestion { within: Some("a green lamp".into()), ..one };
    let green = audit.items.iter().filter(|item| item.text.contains("green lamp")).count();
    let there = found(&audit, &words);
    assert_eq!(there.found_on + there.tested_on, green);
}

#[test]
fn what_cannot_be_asked_is_said() {
    let audit = planted(500, |_| 0.0);
    let material = DiscoverMaterial { audit: &audit, losses: &audit.models[0].losses, near: &[] };
    let ask =
        |question: DiscoverQuestion, watch: &Watch| discover(&material, &question, watch).unwrap_err().to_string();
    let within = DiscoverQuestion { within: Some("a submarine".into()), ..DiscoverQuestion::default() };
    assert!(ask(within, &Watch::silent()).contains("no item of audit 'made' is within 'a submarine'"));
    let surprise = DiscoverQuestion { wanted: Wanted::Surprising(Vec::new()), ..DiscoverQuestion::default() };
    assert!(ask(surprise, &Watch::silent()).contains("no attributes"));
    let stop = AtomicBool::new(true);
    assert_eq!(ask(DiscoverQuestion::default(), &Watch::new(&|_| {}, &stop)), "cancelled");
}

#[test]
fn little_or_equal_data_make_a_sentence_and_no_slice() {
    let few = found(&planted(30, |text| says(text, &["red"])), &DiscoverQuestion::default());
    assert!(few.slices.is_empty() && few.notes[0].contains("Too few items"), "{few:?}");
    let mut equal = planted(2_000, |_| 0.0);
    equal.models[0].losses = vec![0.7; 2_000];
    let equal = found(&equal, &DiscoverQuestion::default());
    assert!(equal.slices.is_empty() && equal.notes[0].contains("same loss"), "{equal:?}");
    let losses = (0..2_000).map(|row| f64::from(row % 7)).collect();
    let one = found(&audit(vec!["the same words".into(); 2_000], losses), &DiscoverQuestion::default());
    assert!(one.slices.is_empty() && !one.notes.is_empty(), "{one:?}");
}

#[test]
fn losses_of_nought_and_one_make_no_certainty_of_a_few() {
    let mut audit = planted(4_000, |_| 0.0);
    let mut rng = ChaCha8Rng::seed_from_u64(8);
    for (item, loss) in audit.items.iter().zip(&mut audit.models[0].losses) {
        let rate = if item.text.contains("violet") { 0.8 } else { 0.3 };
        *loss = f64::from(u8::from(rng.random::<f64>() < rate));
    }
    let discovery = found(&audit, &DiscoverQuestion { depth: 1, ..DiscoverQuestion::default() });
    assert_eq!(names(&discovery), ["violet"]);
}

#[test]
fn texts_of_other_scripts_and_endless_ones_are_read() {
    let mut rng = ChaCha8Rng::seed_from_u64(4);
    let mut texts = Vec::new();
    for row in 0..3_000 {
        let mut one = |of: [&str; 3]| of[rng.random_range(0..3)].to_owned();
        texts.push(match row % 2 {
            0 => {
                let (which, what) = (one(["这部", "那本", "一个"]), one(["电影", "小说", "音乐"]));
                format!("{which}{what}{}", one(["很好看", "不错吧", "没意思"]))
            }
            _ => format!("هذا {} {}", one(["فيلم", "كتاب", "بيت"]), one(["جيد", "قديم", "كبير"])),
        });
    }
    let loss = |text: &String| 2.0 * (says(text, &["小说"]) + says(text, &["قديم"]));
    let losses = texts.iter().map(|text| loss(text) - (1.0 - rng.random::<f64>()).ln()).collect();
    let mut made = audit(texts, losses);
    // Half of the rows would all be training items: the scripts alternate with the splits.
    made.items.iter_mut().enumerate().for_each(|(row, item)| {
        item.split = if row % 4 < 2 { Split::Train } else { Split::Test };
        item.id = format!("i{row}").into();
    });
    made.clusters = Some((0..3_000).collect());
    let discovery = found(&made, &DiscoverQuestion { depth: 1, ..DiscoverQuestion::default() });
    let mut all = names(&discovery);
    all.sort_unstable();
    assert_eq!(all, ["قديم", "小说"]);
    let long = |row: usize| format!("{} {row} {}", ["dull", "bright"][row / 2 % 2], "word ".repeat(100_000));
    let texts: Vec<String> = (0..120).map(long).collect();
    let losses = (0..120).map(|row| f64::from(u8::from(row / 2 % 2 != 1)) + f64::from(row as u32 % 5)).collect();
    let endless = found(&audit(texts, losses), &DiscoverQuestion { min_items: 10, ..DiscoverQuestion::default() });
    assert!(endless.candidates > 0);
}

#[test]
fn copies_of_a_text_are_all_in_one_half() {
    let texts: Vec<String> = (0..400).map(|row| format!("text {}", row / 8)).collect();
    let made = audit(texts, vec![1.0; 400]);
    let halves = halves::halves(&made, &made.models[0].losses, |_| true);
    assert_eq!(halves.rows.len(), 400);
    for text in 0..50 {
        let tested = halves.tested_on.iter().filter(|&&place| place as usize / 8 == text).count();
        assert!(tested == 0 || tested == 4, "the four test items of a text: {tested}");
    }
    assert!((60..140).contains(&halves.tested_on.len()), "{}", halves.tested_on.len());
}

/// Two trainings of one recipe: red cars are hard for both, either has its own luck with each item, and the second loses
/// `worse` more on lamps under the bridge.
fn retrained(seed: u64, count: usize, worse: f64) -> (Audit, Vec<f64>, Vec<f64>) {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let base = planted(count, |text| if text.contains("red car") { 1.5 } else { 0.0 });
    let difficulty = &base.models[0].losses;
    let mut luck = || -> Vec<f64> { difficulty.iter().map(|loss| loss * (0.5 + rng.random::<f64>())).collect() };
    let (before, mut after) = (luck(), luck());
    for (item, loss) in base.items.iter().zip(&mut after) {
        if item.text.contains("lamp, under the bridge") {
            *loss += worse;
        }
    }
    (base, before, after)
}

/// Names of the slices that the rule of a check calls new.
fn new_ones(audit: &Audit, before: &[f64], after: &[f64]) -> Vec<String> {
    use crate::audit::Rules;
    use crate::diagnose::{CheckManner, CheckMaterial, Status, check, standing};
    let rules = Rules::parse("[discover]\nmax_new_slices = 0").unwrap();
    let question = DiscoverQuestion { depth: 1, ..DiscoverQuestion::default() };
    let material = DiscoverMaterial { audit, losses: after, near: &[] };
    let slices = new_slices(&material, before, &question, &Watch::silent()).unwrap();
    let same = standing(audit, &audit.models[0], None);
    let material = CheckMaterial {
        rules: &rules,
        before: &same,
        after: &same,
        change: None,
        standard_error: None,
        prompts: &[],
        slices: Some(&slices),
    };
    let found = check(("m", "m"), &material, CheckManner::default());
    let broken = found.outcomes.iter().filter(|outcome| outcome.status == Status::Broken);
    broken.map(|outcome| outcome.subject.clone()).collect()
}

#[test]
fn a_new_weakness_is_told_apart_from_one_that_was_there_and_from_luck() {
    let (audit, before, after) = retrained(1, 4_000, 1.2);
    let new = new_ones(&audit, &before, &after);
    assert!(!new.is_empty() && new.iter().all(|name| name.contains("lamp")), "{new:?}");
    let (audit, before, after) = retrained(1, 4_000, 0.0);
    assert!(new_ones(&audit, &before, &after).is_empty());
    assert!(new_ones(&audit, &after, &after).is_empty(), "the same model has nothing new");
}

#[test]
#[ignore = "simulation"]
fn retraining_alone_breaks_the_rule_in_no_more_than_a_twentieth_of_audits() {
    let alarms: Vec<Vec<String>> = (0..100)
        .map(|seed| {
            let (audit, before, after) = retrained(seed, 2_000, 0.0);
            new_ones(&audit, &before, &after)
        })
        .filter(|new| !new.is_empty())
        .collect();
    assert!(alarms.len() <= 5, "{alarms:?}");
}

#[test]
fn what_attributes_do_not_let_expect_lies_outside_them() {
    // Four items tested, losses 6, 4, 1, 1: mean 3. The slice holds the first two: excess 3 + 1 = 4. Attributes expect
    // 4, 4, 2, 2, their mean 3: 1 + 1 = 2 of it. Half of the excess is beyond.
    let losses = [6.0, 4.0, 1.0, 1.0];
    let rows = [10, 11, 12, 13];
    let places = [0, 1, 2, 3];
    let held_out = HeldOut::new(&rows, &losses, 1.0, &places, None);
    let slice = |items: &[usize]| DiscoveredSlice { items: items.to_vec(), ..DiscoveredSlice::default() };
    let beyond = |items: &[usize], expected: &[f64]| held_out.beyond(&[slice(items)], expected);
    assert_eq!(beyond(&[10, 11], &[4.0, 4.0, 2.0, 2.0]), Some(0.5));
    // Expectations on another level are about their own mean, and what is expected in full leaves nothing.
    assert_eq!(beyond(&[10, 11], &[1.0, 1.0, -1.0, -1.0]), Some(0.5));
    assert_eq!(beyond(&[10, 11], &[6.0, 4.0, 1.0, 1.0]), Some(0.0));
    assert_eq!(beyond(&[10, 11], &[3.0; 4]), Some(1.0));
    assert_eq!(beyond(&[12, 13], &[3.0; 4]), None, "a slice that loses less has no excess");
}

#[test]
fn a_slice_knows_the_tenths_of_its_losses_and_the_groups_it_is_made_of() {
    let mut audit = planted(4_000, |text| if text.contains("red") { 2.0 } else { 0.0 });
    let red: Vec<Option<bool>> = audit.items.iter().map(|item| Some(item.text.contains("red"))).collect();
    let prompts = AttributePrompts {
        bare: ("Warm".into(), "Not Warm".into()),
        phrase: "warm".into(),
        antonym: None,
        generic: "anything".into(),
        made: false,
    };
    audit.attributes.push(Attribute { name: "Warm".into(), prompts, values: red });
    let material = DiscoverMaterial { audit: &audit, losses: &audit.models[0].losses, near: &[] };
    let found = discover(&material, &DiscoverQuestion::default(), &Watch::silent()).unwrap();
    let slice = &found.slices[0];
    assert!(slice.by_attributes && slice.name == "warm", "{slice:?}");
    assert_eq!(slice.tenths.iter().sum::<usize>(), slice.n);
    assert!(slice.tenths[9] > slice.tenths[4] && slice.tenths[0] == 0, "{:?}", slice.tenths);
    let group = &overlaps(&audit, &slice.items, &found.searched)[0];
    assert_eq!((group.attribute.as_str(), group.is, group.share), ("Warm", true, 1.0));
    // One of six colours.
    assert!((5.0..7.0).contains(&group.lift), "{group:?}");
    assert!(found.outside_attributes.is_some_and(|share| share < 0.1), "{:?}", found.outside_attributes);
}

#[test]
fn copies_of_a_text_count_once_and_slices_of_few_groups_are_not_told() {
    // Twelve texts in the slice, twelve out of it, each five times: what is tested are the twelve.
    let losses: Vec<f64> = (0..120).map(|at| f64::from(at / 5 % 7) + if at < 60 { 2.0 } else { 0.0 }).collect();
    let rows: Vec<usize> = (0..120).collect();
    let (places, copies): (Vec<u32>, Vec<u32>) = (0..120).map(|at| (at, at / 5 * 5)).unzip();
    let term = |rows: Vec<u32>| Term { name: "zebra".into(), kind: TermKind::Words, rows };
    let once: Vec<u32> = (0..120).step_by(5).collect();
    let one = HeldOut::new(&rows, &losses, 1.0, &once, None);
    let one = one.test(&[&term(once[..12].to_vec())], None, |_| false).unwrap();
    let five = HeldOut::new(&rows, &losses, 1.0, &places, None).with_copies(Some(&copies));
    let five = five.test(&[&term((0..60).collect())], None, |_| false).unwrap();
    assert!((five.p - one.p).abs() < 1e-12 && (five.n, one.n) == (60, 12), "{} {}", five.p, one.p);
    let [wide, same] = [&five, &one].map(|slice| slice.interval.unwrap());
    assert!((wide.low - same.low).abs() < 1e-9 && (wide.high - same.high).abs() < 1e-9);
    let taken_for_many = HeldOut::new(&rows, &losses, 1.0, &places, None);
    assert!(taken_for_many.test(&[&term((0..60).collect())], None, |_| false).unwrap().p < one.p / 100.0);
    // In 24 groups, of which 12 hold the slice.
    let groups = HeldOut::new(&rows, &losses, 1.0, &places, Some((0..120).map(|at| at / 5).collect()));
    assert!(groups.test(&[&term((0..60).collect())], None, |_| false).is_none());
    // In 120 of one item each.
    let groups = HeldOut::new(&rows, &losses, 1.0, &places, Some((0..120).collect()));
    assert!(groups.test(&[&term((0..60).collect())], None, |_| false).is_some());
}

#[test]
fn copies_are_in_one_half_whatever_their_marks() {
    let item = |id: usize| Item {
        id: id.to_string().into(),
        text: format!("Row {}{}", id / 2, if id.is_multiple_of(2) { "" } else { " ." }).into(),
        split: Split::Test,
        content: Content::Text,
    };
    let audit = Audit {
        name: "x".into(),
        items: (0..200).map(item).collect(),
        labels: None,
        clusters: None,
        attributes: Vec::new(),
        models: Vec::new(),
        prompts: PromptSets::default(),
    };
    let halves = super::halves::halves(&audit, &[0.5; 200], |_| true);
    let copies = halves.copies.unwrap();
    assert!((0..200).all(|place| copies[place] as usize == place / 2 * 2));
    assert!(halves.tested_on.len() > 40 && halves.tested_on.chunks(2).all(|pair| pair[1] == pair[0] + 1));
}
