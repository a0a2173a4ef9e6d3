//! Items behind the figures: order, filters, pages and files from outside; SciPy and NumPy agree on words and neighbours.
#![allow(clippy::unwrap_used)]

use llm2loss::audit::{Audit, Content, Item, ModelLosses, PromptSets, Split};
use llm2loss::diagnose::{ItemFilter, nearest_rows, similarities, sort_rows, worst_words};
use llm2loss::engine::{BackingRequest, BackingSide, Scorers, Session, Tracker};
use llm2loss::heads::Rows;
use llm2loss::stats::fisher_greater;
use serde_json::Value;
use std::path::{Path, PathBuf};

fn fixture() -> Value {
    serde_json::from_str(include_str!("fixtures/items.json")).unwrap()
}

fn near(a: f64, b: &Value, allowed: f64) -> bool {
    (a / b.as_f64().unwrap() - 1.0).abs() < allowed
}

fn array(value: &Value) -> &Vec<Value> {
    value.as_array().unwrap()
}

#[test]
fn tails_of_the_exact_test_agree_with_scipy() {
    for case in array(&fixture()["tails"]) {
        let count = |at: usize| case[at].as_u64().unwrap() as usize;
        let found = fisher_greater(count(0), count(1), count(2), count(3)).unwrap();
        assert!(near(found, &case[4], 1e-7), "{found} {case}");
    }
}

#[test]
fn nearest_rows_agree_with_numpy() {
    let nearest = &fixture()["nearest"];
    let read = |row: &Value| array(row).iter().map(|value| value.as_i64().unwrap() as f32 / 64.0).collect::<Vec<_>>();
    let rows: Vec<f32> = array(&nearest["rows"]).iter().flat_map(read).collect();
    let positions: Vec<u32> = (0..120).collect();
    for (query, expected) in array(&nearest["queries"]).iter().zip(array(&nearest["nearest"])) {
        let query = read(query);
        let found = nearest_rows(Rows::Dense(&rows), &positions, &query, 12);
        let all = similarities(Rows::Dense(&rows), &positions, &query);
        for ((row, cosine), expected) in found.iter().zip(array(expected)) {
            assert_eq!(u64::from(*row), expected[0].as_u64().unwrap());
            assert!(near(f64::from(*cosine), &expected[1], 1e-5), "{cosine} {expected}");
            assert_eq!(all[*row as usize], *cosine);
        }
    }
}

#[test]
fn words_of_the_worst_agree_with_scipy() {
    let fixture = &fixture()["words"];
    let losses: Vec<f64> = array(&fixture["losses"]).iter().map(|loss| loss.as_f64().unwrap()).collect();
    let item = |(at, text): (usize, &Value)| Item {
        id: at.to_string().into(),
        text: text.as_str().unwrap().into(),
        split: Split::Test,
        content: Content::Text,
    };
    let audit = Audit {
        name: "x".into(),
        items: array(&fixture["texts"]).iter().enumerate().map(item).collect(),
        labels: None,
        clusters: None,
        attributes: Vec::new(),
        models: vec![ModelLosses { name: "m".into(), losses: losses.clone(), scores: None, class_aurocs: None }],
        prompts: PromptSets::default(),
    };
    let rows: Vec<u32> = (0..losses.len() as u32).collect();
    let (rows, figures) = sort_rows(&rows, &losses, false);
    let found = worst_words(&audit, &rows, &figures);
    assert_eq!((found.n, found.of), (400, 400));
    assert_eq!(
        (found.worst as u64, found.tested as u64),
        (fixture["worst"].as_u64().unwrap(), fixture["tested"].as_u64().unwrap())
    );
    let told = array(&fixture["told"]);
    assert_eq!(found.words.len(), told.len());
    for (word, told) in found.words.iter().zip(told) {
        assert_eq!((&told[0], &told[1], &told[2]), (&word.word.as_str().into(), &word.worst.into(), &word.all.into()));
        assert!(near(word.ratio, &told[3], 1e-12) && near(word.p, &told[4], 1e-9) && near(word.q, &told[5], 1e-9));
    }
    // Where all are equally bad none is among the worst.
    let equal = worst_words(&audit, &rows, &vec![1.0; 400]);
    assert!(equal.words.is_empty() && equal.worst == 400 && equal.tested == 0);
}

/// A home with an audit `mine` of ten test items, t0 to t9, and 40 training items. Loss of v1 is the number of the item,
/// but t9 has none; v2 has the reverse.
struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        let place = Self { folder: tempfile::tempdir().unwrap() };
        let mut text = "id,split,label,loss:v1,loss:v2,red,round,text\n".to_owned();
        for at in 0..10 {
            let v1 = if at == 9 { String::new() } else { at.to_string() };
            let words = ["an apple lies here", "a ball that rolls", "=cmd\u{1b}[31m Œuvre"][at % 3];
            let round = if at == 8 { String::new() } else { u8::from(at < 5).to_string() };
            let long = if at == 4 { "very long ".repeat(60) + "end" } else { String::new() };
            let words = format!("{words} {long}");
            text += &format!("t{at},test,{},{v1},{},{},{round},\"{}\"\n", at % 2, 9 - at, at % 2, words.trim_end());
        }
        for at in 0..40 {
            text += &format!(
                "r{at},train,{},{},{},{},{},some training text {at}\n",
                at % 2,
                at % 7,
                at % 5,
                at % 2,
                at % 3 % 2
            );
        }
        std::fs::write(place.path("rows.csv"), text).unwrap();
        place.done(&["ingest", "mine", "--manifest", place.path("rows.csv").to_str().unwrap()], 0);
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn output(&self, arguments: &[&str], code: i32) -> (String, String) {
        let mut command = assert_cmd::Command::cargo_bin("llm2loss").unwrap();
        command.current_dir(self.folder.path()).args(["--home", "home"]).args(arguments);
        let output = command.env_remove("LLM2LOSS_HOME").env_remove("COLUMNS").output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
        (text(&output.stdout), said)
    }

    fn done(&self, arguments: &[&str], code: i32) -> String {
        self.output(arguments, code).0
    }

    fn json(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.done(&[&["items", "mine", "--json"], arguments].concat(), 0)).unwrap()
    }

    fn ids(&self, arguments: &[&str]) -> String {
        ids(&self.json(arguments))
    }
}

fn ids(document: &Value) -> String {
    array(&document["items"]).iter().map(|item| item["id"].as_str().unwrap()).collect::<Vec<_>>().join(" ")
}

#[test]
fn items_are_ordered_filtered_and_paged() {
    let place = Place::new();
    assert_eq!(place.ids(&[]), "t8 t7 t6 t5 t4 t3 t2 t1 t0", "t9 has no loss");
    assert_eq!(place.ids(&["--model", "v2", "--top", "3"]), "t0 t1 t2");
    assert_eq!(place.ids(&["--top", "3", "--offset", "4"]), "t4 t3 t2");
    assert_eq!(place.ids(&["--ascending", "--top", "2"]), "t0 t1");
    assert_eq!(place.ids(&["--change", "v1", "v2"]), "t0 t1 t2 t3 t4 t5 t6 t7 t8", "t9 has no loss of v1");
    assert_eq!(place.ids(&["--attribute", "red", "--without", "round"]), "t7 t5", "t8 is not known to be round or not");
    assert_eq!(place.ids(&["--text", "HERE apple"]), "t6 t3 t0");
    assert_eq!(place.ids(&["--min-loss", "3", "--max-loss", "5"]), "t5 t4 t3");
    assert_eq!(place.ids(&["--id", "t9", "--id", "r39", "--id", "t2"]), "r39 t2 t9", "named, they need no loss");
    assert_eq!(place.json(&["--split", "all", "--text", "text"])["matching"], 40);
    let past = place.json(&["--offset", "90"]);
    assert_eq!((&past["matching"], past["items"].as_array().unwrap().len()), (&9.into(), 0));
}

#[test]
fn what_is_asked_in_vain_or_replaces_a_file_is_said() {
    let place = Place::new();
    let (_, said) = place.output(&["items", "mine", "--change", "v1", "v1"], 2);
    assert!(said.contains("compares v1 with itself"), "{said}");
    let none = place.done(&["items", "mine", "--attribute", "red", "--min-loss", "90"], 0);
    assert!(none.contains("only with red, loss 90 or more") && none.contains("No item passes."), "{none}");
    let write = ["items", "mine", "--top", "1", "--ids", "one.csv"];
    let (_, said) = place.output(&write, 0);
    assert!(said.contains("one.csv: 1 id\n"), "{said}");
    let (_, said) = place.output(&write, 0);
    assert!(said.contains("one.csv: 1 id, in the place of the file that was there"), "{said}");
}

#[test]
fn what_stands_behind_a_sentence_and_a_group_is_measured() {
    let place = Place::new();
    let session = Session::open(&place.path("home"), "mine").unwrap();
    session.embeddings(&Tracker::silent()).unwrap();
    let among = ItemFilter { split: Some(Split::Test), ..ItemFilter::default() };
    let group = |with: &[&str], without: &[&str]| {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Some(ItemFilter { with: names(with), without: names(without), ..among.clone() })
    };
    let side = |model: &str, sentence: &str, group: Option<ItemFilter>| BackingSide {
        model: model.into(),
        run: None,
        sentence: sentence.into(),
        group,
    };
    let ask = |sides: Vec<BackingSide>| {
        let request = BackingRequest { sides, among: among.clone(), hide_text: false };
        session.backing(&request, &mut Scorers::default()).unwrap()
    };
    let found = ask(vec![
        side("v1", "an apple", group(&["round"], &[])),
        side("v1", "a ball that rolls", group(&[], &["round"])),
    ]);
    // t0 to t4 are round with losses 0 to 4, t5 to t7 are not, of t8 it is not known: means 2 and 6.
    let means: Vec<f64> = found.sides.iter().map(|side| side.group.unwrap().mean).collect();
    assert_eq!(means, [2.0, 6.0]);
    assert!(found.of_groups && found.heads.is_none());
    assert!((found.difference.unwrap().value + 4.0).abs() < 1e-12);
    // Of nine items a tenth is one: the first of the list by similarity.
    for (side, sentence) in found.sides.iter().zip(["an apple", "a ball that rolls"]) {
        let near = side.near.as_ref().unwrap();
        let listed = place.json(&["--near", sentence, "--sort", "similarity", "--top", "1"]);
        let first = &listed["items"][0];
        assert_eq!((near.items.len(), near.mean.n), (1, 1));
        assert_eq!(near.items[0].id, first["id"].as_str().unwrap());
        assert_eq!(near.mean.mean, first["losses"]["v1"].as_f64().unwrap());
        assert!((near.similarities.0 - first["similarity"].as_f64().unwrap()).abs() < 1e-6);
        let round = first["attributes"]["round"].as_bool();
        assert_eq!(near.belongs, [Some(round == Some(sentence == "an apple"))]);
    }
    let both = ask(vec![side("v2", "", Some(among.clone())), side("v1", "", Some(among.clone()))]);
    assert!(both.sides.iter().all(|side| side.near.is_none()));
    // t9 has no loss of v1 but 0 of v2: 45 over ten items less 36 over nine.
    assert!((both.difference.unwrap().value - (4.5 - 4.0)).abs() < 1e-12);
    let unknown = BackingRequest { sides: vec![side("v3", "", None)], ..BackingRequest::default() };
    assert!(session.backing(&unknown, &mut Scorers::default()).unwrap_err().to_string().contains("v3"));
}

#[test]
fn json_has_whole_items_and_tells_what_is_not_known() {
    let place = Place::new();
    let found = place.json(&["--against", "v2"]);
    assert_eq!(
        (&found["schema"], &found["model"], &found["sort"]),
        (&"llm2loss.items/1".into(), &"v1".into(), &"loss".into())
    );
    assert!(found["run"].is_null() && found["over_represented"]["n"] == 9, "no heads are trained for this: {found}");
    let items = array(&found["items"]);
    let expected = serde_json::json!({
        "id": "t8", "text": "=cmd\u{1b}[31m Œuvre", "split": "test", "label": 0, "losses": {"v1": 8.0, "v2": 1.0},
        "attributes": {"red": false, "round": null}, "risk": null, "surprise": null, "similarity": null, "change": 7.0
    });
    assert_eq!(items[0], expected);
    assert!(items[4]["text"].as_str().unwrap().ends_with("very long end"), "600 characters are not cut");
    let alone = place.json(&["--id", "t9"]);
    assert_eq!(alone["items"][0]["losses"]["v1"], Value::Null);
}

#[test]
fn heads_predict_and_prompts_find_their_items() {
    let place = Place::new();
    // Ordering by what heads predict trains them where there are none.
    let found = place.json(&["--sort", "surprise"]);
    let items = array(&found["items"]);
    let number = |item: &Value, name: &str| item[name].as_f64().unwrap();
    for item in items {
        let loss = item["losses"]["v1"].as_f64().unwrap();
        assert!((loss - number(item, "risk") - number(item, "surprise")).abs() < 1e-9);
    }
    assert!(items.windows(2).all(|pair| number(&pair[0], "surprise") >= number(&pair[1], "surprise")));
    let near = place.json(&["--near", "a ball that rolls", "--top", "2"]);
    assert_eq!(ids(&near), "t1 t7", "equal ones in the order of the audit");
    assert!((number(&near["items"][0], "similarity") - 1.0).abs() < 1e-4);
    let alone = place.json(&["--id", "t7"]);
    let item = &alone["items"][0];
    assert_eq!((item["heads"].as_array().unwrap().len(), &item["nearest"][0]["id"]), (3, &"t1".into()));
    assert!(item["heads"][0]["members"].as_array().unwrap().len() == 5);
    let text = place.done(&["items", "mine", "--id", "t7"], 0);
    assert!(
        text.starts_with("item t7 · test · label 1") && text.contains("regressor") && text.contains("t1"),
        "{text}"
    );
}

#[test]
fn ids_are_written_for_relabelling_and_texts_can_be_hidden() {
    let place = Place::new();
    let write = |name: &str, more: &[&str]| {
        place.done(&[&["items", "mine", "--top", "2", "--ids", name], more].concat(), 0);
        std::fs::read_to_string(place.path(name)).unwrap()
    };
    assert_eq!(write("a.txt", &[]), "t8\nt7\n");
    assert_eq!(
        write("a.csv", &[]),
        "id,split,label,loss,image,text\nt8,test,0,8,,'=cmd[31m Œuvre\nt7,test,1,7,,a ball that rolls\n"
    );
    let lines: Vec<Value> = write("a.jsonl", &[]).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((&lines[0]["id"], &lines[1]["loss"]), (&"t8".into(), &7.0.into()));
    for more in [&["--hide-text"][..], &["--config", "hidden.toml"]] {
        std::fs::write(place.path("hidden.toml"), "hide_text = true\n").unwrap();
        for file in ["h.csv", "h.jsonl"] {
            assert!(!write(file, more).contains("ball"));
        }
        for form in ["text", "csv", "markdown", "json"] {
            let all = [&["items", "mine", "--near", "a ball", "--format", form], more].concat();
            let shown = place.done(&all, 0);
            assert!(shown.contains("t8") && !shown.contains("rolls"), "{form}: {shown}");
        }
        let compared = [&["compare-models", "mine", "v1", "v2", "--no-heads", "--json"], more].concat();
        assert!(!place.done(&compared, 0).contains("apple"));
    }
    assert!(place.done(&["compare-models", "mine", "v1", "v2", "--no-heads", "--json"], 0).contains("apple"));
}

#[test]
fn what_cannot_be_asked_is_said_in_a_sentence() {
    let place = Place::new();
    for (arguments, words) in [
        (&["--attribute", "reds"][..], "no attribute 'reds'; did you mean 'red'? it has: red, round"),
        (&["--without", "tall"], "no attribute 'tall'; it has: red, round"),
        (&["--id", "t99"], "no item 't99'"),
        (&["--sort", "similarity"], "--near"),
        (&["--sort", "change"], "--against"),
        (&["--min-loss", "3", "--max-loss", "1"], "no item is in between"),
        (&["--model", "v9"], "it has: v1, v2"),
        (&["--against", "v9"], "it has: v1, v2"),
        (&["--near", " "], "the prompt is empty"),
        (&["--change", "v1", "v2", "--model", "v1"], "leave one out"),
        (&["--ids", "a.pdf"], ".csv, .jsonl or .txt"),
    ] {
        let (out, said) = place.output(&[&["items", "mine"], arguments].concat(), 2);
        assert!(out.is_empty() && said.contains(words), "{arguments:?}: {said}");
    }
}

#[test]
fn embeddings_alone_have_ids_and_say_why_there_is_no_more() {
    let place = Place { folder: tempfile::tempdir().unwrap() };
    let mut bytes = Vec::new();
    for row in 0..60 {
        (0..256).for_each(|at| bytes.extend_from_slice(&f32::from(at == row || at == 0).to_le_bytes()));
    }
    let view = safetensors::tensor::TensorView::new(safetensors::Dtype::F32, vec![60, 256], &bytes).unwrap();
    let names: Vec<String> = (0..60).map(|row| format!("r{row}")).collect();
    let metadata = [("ids".to_owned(), serde_json::to_string(&names).unwrap())].into();
    let arrays = safetensors::serialize([("embeddings", view)], Some(metadata)).unwrap();
    write(&place.path("e.safetensors"), &arrays);
    let losses = (0..60).fold("id,loss\n".to_owned(), |text, row| text + &format!("r{row},{}\n", f64::from(row % 5)));
    write(&place.path("losses.csv"), losses.as_bytes());
    place.done(&["ingest", "bare", "--embeddings", "e.safetensors", "--losses", "losses.csv"], 0);
    let found: Value = serde_json::from_str(&place.done(&["items", "bare", "--split", "all", "--json"], 0)).unwrap();
    assert!(found["items"][0]["text"].is_null() && found["note"].as_str().unwrap().contains("embeddings alone"));
    assert!(place.done(&["items", "bare", "--split", "all"], 0).contains("embeddings alone"));
    place.done(&["items", "bare", "--split", "all", "--near", "anything"], 0);
}

fn write(path: &Path, bytes: &[u8]) {
    std::fs::write(path, bytes).unwrap();
}
