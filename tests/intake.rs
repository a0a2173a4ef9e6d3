//! What people hold after an evaluation becomes the audit they mean, or is refused: no silent wrong join, no item
//! without content, no equal contents on both sides of a drawn split, losses made of what is there.
#![allow(clippy::unwrap_used)]

mod common;

use assert_cmd::Command;
use common::npy;
use serde_json::Value;
use std::fmt::Write as _;
use std::path::Path;

fn run(home: &Path, arguments: &[&str]) -> assert_cmd::assert::Assert {
    let mut command = Command::cargo_bin("llm2loss").unwrap();
    command.arg("--home").arg(home).args(arguments).env_remove("LLM2LOSS_HOME").assert()
}

fn json(home: &Path, arguments: &[&str]) -> Value {
    let done = run(home, &[arguments, &["--json"]].concat()).code(0);
    serde_json::from_slice(&done.get_output().stdout).unwrap()
}

/// Exit 2 and one line that holds all of the words.
fn refused(home: &Path, arguments: &[&str], words: &[&str]) {
    let done = run(home, arguments).code(2);
    let said = String::from_utf8_lossy(&done.get_output().stderr).into_owned();
    for words in words {
        assert!(said.contains(words), "{arguments:?} said: {said}");
    }
    assert!(said.trim_end().lines().count() == 1, "{said}");
}

struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn home(&self) -> std::path::PathBuf {
        self.folder.path().join("home")
    }

    fn file(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        path.to_string_lossy().into_owned()
    }

    fn ingest(&self, name: &str, arguments: &[&str]) -> Value {
        json(&self.home(), &[&["ingest", name], arguments].concat())
    }

    fn refused(&self, arguments: &[&str], words: &[&str]) {
        refused(&self.home(), &[&["ingest", "x"], arguments].concat(), words);
    }
}

/// `n` different texts, whose loss is their number; columns beside the text are written by `row`.
fn table(header: &str, n: usize, row: impl Fn(usize) -> String) -> String {
    (0..n).fold(header.to_owned() + "\n", |mut text, at| {
        let _ = writeln!(text, "{}", row(at));
        text
    })
}

fn text(at: usize) -> String {
    format!("a story about {} and number {at}", ["war", "peace", "bread", "music", "rain"][at % 5])
}

fn notes(report: &Value) -> String {
    report["notes"].to_string()
}

fn mean(report: &Value) -> f64 {
    report["models"][0]["mean"].as_f64().unwrap()
}

#[test]
fn row_numbers_made_up_here_never_meet_the_ids_of_another_program() {
    let place = Place::new();
    let manifest = place.file("m.csv", table("text,young,loss:v1", 40, |at| format!("{},{},{at}", text(at), at % 2)));
    let bare = place.file("bare.csv", table("text,young", 40, |at| format!("{},{}", text(at), at % 2)));
    // pandas counts from 0: 39 of these 40 numbers are also row numbers from 1.
    let from_zero = place.file("zero.csv", table("id,loss", 40, |at| format!("{at},{at}")));
    let words = ["the items have none", "--column id=COLUMN", "a file of 40 rows without ids"];
    place.refused(&["--manifest", &bare, "--losses", &from_zero], &words);
    place.ingest("kept", &["--manifest", &manifest]);
    refused(&place.home(), &["ingest", "kept", "--model", "v2", "--losses", &from_zero], &words);
    let scores = table("id,a,b", 40, |at| format!("{at},0.5,0.5"));
    let scores = place.file("scores.csv", scores);
    refused(&place.home(), &["ingest", "kept", "--model", "v2", "--scores", &scores], &words);

    // Without ids they are taken in their order, as many as there are.
    let in_order = place.file("order.csv", table("loss", 40, |at| at.to_string()));
    let found = place.ingest("order", &["--manifest", &bare, "--losses", &in_order]);
    assert!(notes(&found).contains("row by row"), "{found}");
    assert_eq!((&found["preview"][0]["losses"][0], &found["preview"][3]["losses"][0]), (&0.0.into(), &3.0.into()));
    let further = json(&place.home(), &["ingest", "kept", "--model", "v2", "--losses", &in_order]);
    assert_eq!(further["preview"][4]["losses"], serde_json::json!([4.0, 4.0]));
    let short = place.file("short.csv", table("loss", 39, |at| at.to_string()));
    place.refused(&["--manifest", &bare, "--losses", &short], &["39 rows for 40 items"]);
}

#[test]
fn rows_in_another_order_are_joined_by_what_names_them_or_refused() {
    let place = Place::new();
    let manifest = table("id,text,young", 40, |at| format!("i{at},{},{}", text(at), at % 2));
    let manifest = place.file("m.csv", manifest);
    let back = |at: usize| 39 - at;
    let keyed = place.file("keyed.csv", table("key,loss", 40, |at| format!("i{},{}", back(at), back(at))));
    let found = place.ingest("keyed", &["--manifest", &manifest, "--losses", &keyed]);
    assert_eq!((&found["preview"][0]["losses"][0], &found["preview"][3]["losses"][0]), (&0.0.into(), &3.0.into()));
    assert!(notes(&found).contains("column 'key'"), "{found}");
    for name in ["", "index", "Unnamed: 0"] {
        let turned = place.file("turned.csv", table(&format!("{name},loss"), 40, |at| format!("{},{at}", back(at))));
        place.refused(&["--manifest", &manifest, "--losses", &turned], &["stand in another order"]);
    }
    let counted = place.file("counted.csv", table("index,loss", 40, |at| format!("{at},{at}")));
    assert_eq!(place.ingest("counted", &["--manifest", &manifest, "--losses", &counted])["items"], 40);
    for (column, cell) in
        [("text", &(|at| text(back(at))) as &dyn Fn(usize) -> String), ("young", &|at| (back(at) % 2).to_string())]
    {
        let other = place.file("other.csv", table(&format!("{column},loss"), 40, |at| format!("{},{at}", cell(at))));
        place.refused(&["--manifest", &manifest, "--losses", &other], &["do not stand in the order of the items"]);
    }
    let scores = place.file(
        "scores.csv",
        table("key,0,1,extra", 40, |at| {
            let p = if back(at) % 2 == 1 { 0.75 } else { 0.25 };
            format!("i{},{},{p},{at}", back(at), 1.0 - p)
        }),
    );
    let labelled = place.file("l.csv", table("id,text,label", 40, |at| format!("i{at},{},{}", text(at), at % 2)));
    let found = place.ingest("scores", &["--manifest", &labelled, "--scores", &scores]);
    assert!((mean(&found) + 0.75f64.ln()).abs() < 1e-7 && notes(&found).contains("not used: extra"), "{found}");
    // One more and one less: counted from 1 here and from 0 there.
    let from_one = place.file("one.csv", table("id,text", 40, |at| format!("{},{}", at + 1, text(at))));
    let from_zero = place.file("zero.csv", table("id,loss", 40, |at| format!("{at},{at}")));
    place.refused(&["--manifest", &from_one, "--losses", &from_zero], &["one off"]);
}

#[test]
fn a_value_that_is_no_probability_does_not_turn_the_others_into_logits() {
    let place = Place::new();
    let file = |name: &str, odd: &str| {
        let rows = table("id,text,label,score", 40, |at| {
            let score = if at == 7 { odd.to_owned() } else { format!("0.{}", 1 + at % 9) };
            format!("i{at},{},{},{score}", text(at), at % 2)
        });
        place.file(name, rows)
    };
    let whole = mean(&place.ingest("a", &["--manifest", &file("a.csv", "1"), "--check"]));
    let rounded = mean(&place.ingest("b", &["--manifest", &file("b.csv", "1.0000001"), "--check"]));
    assert!((whole - rounded).abs() < 1e-6);
    place.refused(&["--manifest", &file("c.csv", "-0.4")], &["-0.4", "are no probabilities and the others are"]);
    let percent =
        place.file("p.csv", table("id,text,label,score", 40, |at| format!("i{at},{},{},{}", text(at), at % 2, 2 + at)));
    place.refused(&["--manifest", &percent], &["divide them by 100"]);
    let confident = place.file(
        "q.csv",
        table("id,text,label,pred,score", 40, |at| format!("i{at},{},{},{},0.9", text(at), at % 2, at % 3 % 2)),
    );
    place.refused(&["--manifest", &confident], &["confidence in the answer"]);
    let words = place.file(
        "w.csv",
        table("id,text,label,pred", 40, |at| {
            format!("i{at},{},{},{}", text(at), ["False", "True"][at % 2], ["False", "True"][at % 4 / 2])
        }),
    );
    assert_eq!(mean(&place.ingest("w", &["--manifest", &words, "--check"])), 0.5);
    // Three classes: a row that rounds badly is scaled, a row of none is refused, percentages are.
    let manifest = place.file(
        "m.csv",
        table("id,text,label", 30, |at| format!("i{at},{},{}", text(at), ["ant", "bee", "cow"][at % 3])),
    );
    let matrix = |odd: &str| {
        place.file(
            "s.csv",
            table("id,ant,bee,cow", 30, |at| format!("i{at},{}", if at == 4 { odd } else { "0.5,0.3,0.2" })),
        )
    };
    let whole = mean(&place.ingest("d", &["--manifest", &manifest, "--scores", &matrix("0.5,0.3,0.2"), "--check"]));
    let scaled = place.ingest("e", &["--manifest", &manifest, "--scores", &matrix("0.55,0.33,0.22"), "--check"]);
    assert!((mean(&scaled) - whole).abs() < 1e-6 && notes(&scaled).contains("1 rows"), "{scaled}");
    place.refused(&["--manifest", &manifest, "--scores", &matrix("0,0,0")], &["item 5", "no probabilities"]);
}

#[test]
fn arrays_of_losses_are_read_in_their_precision_and_joined_as_tables_are() {
    let place = Place::new();
    let manifest = place.file("m.csv", table("id,text,young", 30, |at| format!("i{at},{},{}", text(at), at % 2)));
    let loss = |at: usize| 0.1 + at as f64 / 3.0;
    let wide: Vec<u8> = (0..30).flat_map(|at| loss(at).to_le_bytes()).collect();
    let array = place.file("losses.npy", npy("<f8", "(30,)", &wide));
    let found = place.ingest("a", &["--manifest", &manifest, "--losses", &array]);
    assert_eq!(found["preview"][4]["losses"][0].as_f64().unwrap(), loss(4));
    let column: Vec<u8> = (0..30).flat_map(|at| (loss(at) as f32).to_be_bytes()).collect();
    let column = place.file("column.npy", npy(">f4", "(30, 1)", &column));
    let found = place.ingest("b", &["--manifest", &manifest, "--losses", &column]);
    assert_eq!(found["preview"][4]["losses"][0].as_f64().unwrap(), f64::from(loss(4) as f32));
    let square = place.file("square.npy", npy("<f8", "(15, 2)", &wide));
    place.refused(&["--manifest", &manifest, "--losses", &square], &["shape [15, 2]"]);
    let view = safetensors::tensor::TensorView::new(safetensors::Dtype::F64, vec![30], &wide).unwrap();
    let ids: Vec<String> = (0..30).rev().map(|at| format!("i{at}")).collect();
    let metadata = [("ids".to_owned(), serde_json::to_string(&ids).unwrap())].into();
    let named = place.file("l.safetensors", safetensors::serialize([("losses", view)], Some(metadata)).unwrap());
    let found = place.ingest("c", &["--manifest", &manifest, "--losses", &named]);
    assert_eq!(found["preview"][0]["losses"][0].as_f64().unwrap(), loss(29), "joined by id");
}

#[test]
fn the_text_is_found_by_its_content_or_asked_for() {
    let place = Place::new();
    let named =
        place.file("n.csv", table("id,review,loss,a", 40, |at| format!("{at},some words {at} here,1,{}", at % 2)));
    let found = place.ingest("n", &["--manifest", &named]);
    assert_eq!(found["preview"][3]["content"], "some words 3 here");
    assert!(notes(&found).contains("column 'review'"), "{found}");
    // A name nobody knows, beside a column of few words and one of codes.
    let long = table("key,essay_de,place,code,loss", 80, |at| {
        format!("k{at},das ist ein Text über {at} Dinge,{},x{at}y,1", ["sea", "land"][at % 2])
    });
    let found = place.ingest("l", &["--manifest", &place.file("l.csv", long), "--check"]);
    assert_eq!(found["preview"][2]["content"], "das ist ein Text über 2 Dinge");
    let chinese = table("key,zh,loss", 40, |at| format!("k{at},这是关于第{at}号产品的评论文字,1"));
    assert_eq!(place.ingest("c", &["--manifest", &place.file("c.csv", chinese), "--check"])["items"], 40);
    let two = table("id,left_side,right_side,loss", 40, |at| {
        format!("{at},one two three four {at},five six seven eight {at},1")
    });
    let two = place.file("two.csv", two);
    place.refused(&["--manifest", &two], &["'left_side'", "'right_side'", "--column text=COLUMN"]);
    assert_eq!(place.ingest("two", &["--manifest", &two, "--column", "text=right_side", "--check"])["items"], 40);
    let none =
        place.file("none.csv", table("id,age,sex,loss", 40, |at| format!("{at},{},{},1", 20 + at, ["M", "F"][at % 2])));
    place.refused(&["--manifest", &none], &["no column holds texts", "--describe"]);
}

#[test]
fn a_table_without_texts_is_described_by_its_columns() {
    let place = Place::new();
    let rows = table("id,age,hours_per_week,sex,married,label,pred,loss,split", 60, |at| {
        let split = if at < 40 { "train" } else { "test" };
        format!("r{at},{},40,{},{},1,0,{at},{split}", 20 + at, ["Male", "Female"][at % 2], at % 3 % 2)
    });
    let file = place.file("t.csv", rows);
    let found = place.ingest("t", &["--manifest", &file, "--describe"]);
    assert_eq!(found["preview"][1]["content"], "age 21 (very low), hours per week 40, sex female, married");
    assert_eq!(found["preview"][3]["content"], "age 23 (very low), hours per week 40, sex female");
    assert_eq!(found["contents"], "texts");
    let names: Vec<&str> =
        found["attributes"].as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["sex: Female", "sex: Male", "married"], "neither label nor prediction");
    let template = "[describe]\nage = \"{value} years old\"\nhours_per_week = \"\"\nmarried = \"with a spouse\"\n";
    let template = place.file("columns.toml", template);
    let found = place.ingest("u", &["--manifest", &file, "--describe", "--columns", &template]);
    assert_eq!(found["preview"][1]["content"], "21 years old, sex female, with a spouse");
    run(&place.home(), &["train", "u", "--architecture", "linear", "--epochs", "1"]).code(0);
}

#[test]
fn a_drawn_split_never_has_equal_contents_on_both_sides() {
    let place = Place::new();
    let six_times = table("id,text,loss", 300, |at| format!("{at},{},{}", text(at / 6), at % 7));
    let found = place.ingest("six", &["--manifest", &place.file("six.csv", six_times)]);
    assert_eq!((&found["duplicates"], &found["duplicates_across_splits"]), (&250.into(), &0.into()));
    let train = found["train_items"].as_u64().unwrap();
    assert!((150..260).contains(&train), "{train} of 300, 70 % expected");

    // With a split of one's own they are counted, and left out if told.
    let own = table("id,text,loss,split", 100, |at| {
        let (of, split) = if at < 70 { (at, "train") } else { (at - if at < 80 { 70 } else { 0 }, "test") };
        format!("{at},{},{at},{split}", text(of).to_uppercase())
    });
    let own = place.file("own.csv", own);
    let found = place.ingest("own", &["--manifest", &own]);
    assert!(notes(&found).contains("content of 10 of 30 test items stands in training"), "{found}");
    assert_eq!(found["test_items"], 30);
    let found = place.ingest("less", &["--manifest", &own, "--leaked", "drop"]);
    assert_eq!((&found["test_items"], &found["preview"][0]["id"]), (&20.into(), &"0".into()));
}

#[test]
fn names_of_attributes_meet_whatever_marks_they_carry() {
    let place = Place::new();
    let rows = table("id,text,loss,attr_Young,attr_Wearing_Hat,correct,pred,acc_norm", 40, |at| {
        format!("{at},{},1,{},{},{},1,0", text(at), at % 2, at % 3 % 2, at % 2)
    });
    let file = place.file("m.csv", rows);
    let prompts = |names: &[&str]| {
        names.iter().fold(String::new(), |text, name| {
            text + &format!("[[attributes]]\nname = \"{name}\"\nphrase = \"is {name}\"\n")
        })
    };
    let given = place.file("p.toml", prompts(&["young", "wearing hat", "Bald", "Old"]));
    let found = place.ingest("m", &["--manifest", &file, "--attributes", &given]);
    let rows: Vec<(&str, &str)> = (found["attributes"].as_array().unwrap().iter())
        .map(|row| (row["name"].as_str().unwrap(), row["phrase"].as_str().unwrap()))
        .collect();
    assert_eq!(
        rows,
        [("Young", "is young"), ("Wearing_Hat", "is wearing hat")],
        "nothing of the model is an attribute"
    );
    assert!(notes(&found).contains("'Bald', 'Old' belong to no attribute"), "{found}");
    for name in ["correct", "pred", "acc_norm", "'attr_'"] {
        assert!(notes(&found).contains(name), "{name}: {found}");
    }
    let none = place.file("q.toml", prompts(&["Bald"]));
    place.refused(&["--manifest", &file, "--attributes", &none], &["'Bald' belong to no attribute", "Young"]);
    refused(&place.home(), &["ingest", "m", "--attributes", &none], &["'Bald' belong to no attribute"]);
}

#[test]
fn losses_are_made_of_labels_and_what_the_model_said() {
    let place = Place::new();
    let p = |at: usize| (at as f64 + 1.0) / 42.0;
    let rows = |label: [&str; 2], score: &dyn Fn(usize) -> f64| {
        table("id,text,label,score,young", 40, |at| {
            format!("i{at},{},{},{},{}", text(at), label[at % 2], score(at), at % 3 % 2)
        })
    };
    let of = |truth: fn(f64) -> f64, other: fn(f64) -> f64| {
        (0..40).map(|at| if at % 2 == 1 { truth(p(at)) } else { other(p(at)) }).sum::<f64>() / 40.0
    };
    let entropy = of(|p| -p.ln(), |p| -(1.0 - p).ln());
    let plain = place.file("plain.csv", rows(["0", "1"], &p));
    let found = place.ingest("plain", &["--manifest", &plain]);
    assert!((mean(&found) - entropy).abs() < 1e-12 && notes(&found).contains("cross-entropy"), "{found}");
    assert_eq!((&found["labels"], &found["models"][0]["scores"]), (&true.into(), &true.into()));
    let words = place.file("words.csv", rows(["negative", "positive"], &p));
    let found = place.ingest("words", &["--manifest", &words]);
    assert!(
        (mean(&found) - entropy).abs() < 1e-12 && notes(&found).contains("'positive' is the positive one"),
        "{found}"
    );
    let turned = place.ingest("turned", &["--manifest", &words, "--positive", "negative"]);
    assert!((mean(&turned) - of(|p| -(1.0 - p).ln(), |p| -p.ln())).abs() < 1e-12);
    let logits = place.file("logits.csv", rows(["0", "1"], &|at| (p(at) / (1.0 - p(at))).ln()));
    let found = place.ingest("logits", &["--manifest", &logits]);
    assert!((mean(&found) - entropy).abs() < 1e-9 && notes(&found).contains("logits"), "{found}");
    for (kind, wanted) in [
        ("brier", of(|p| (1.0 - p).powi(2), |p| p.powi(2))),
        ("zero-one", of(|p| f64::from(p < 0.5), |p| f64::from(p >= 0.5))),
        ("absolute", of(|p| 1.0 - p, |p| p)),
        ("margin", of(|p| 2.0 - 2.0 * p, |p| 2.0 * p)),
    ] {
        let found = place.ingest(kind, &["--manifest", &plain, "--loss", kind, "--check"]);
        assert!((mean(&found) - wanted).abs() < 1e-12, "{kind}: {found}");
    }
    run(&place.home(), &["ingest", "x", "--manifest", &plain, "--loss", "hinge"]).code(2);
    let numbers = table("id,text,target,prediction", 40, |at| format!("i{at},{},{}.5,{at}.25", text(at), at));
    let found = place.ingest("numbers", &["--manifest", &place.file("numbers.csv", numbers)]);
    assert_eq!(mean(&found), 0.0625);
    let answers = table("id,text,label,pred", 40, |at| {
        format!("i{at},{},{},cat", text(at), ["cat", "dog", "cow", "hen"][at % 4])
    });
    let found = place.ingest("answers", &["--manifest", &place.file("answers.csv", answers)]);
    assert_eq!(mean(&found), 0.75);
    let stranger =
        table("id,text,label,pred", 40, |at| format!("i{at},{},{},7", text(at), ["cat", "dog", "cow"][at % 3]));
    place.refused(&["--manifest", &place.file("stranger.csv", stranger)], &["no answer of model", "'7'", "'cat'"]);
    let figures =
        place.file("f.csv", table("id,text,right,rouge", 40, |at| format!("i{at},{},{},{}", text(at), at % 4 / 3, at)));
    assert_eq!(mean(&place.ingest("right", &["--manifest", &figures, "--correct", "right"])), 0.75);
    let found = place.ingest("rouge", &["--manifest", &figures, "--metric", "rouge"]);
    assert!(mean(&found) == 19.5 && notes(&found).contains("39 less column 'rouge'"), "{found}");
    place.refused(&["--manifest", &figures], &["no loss of any model", "--correct COLUMN"]);
}

#[test]
fn losses_are_made_of_scores_of_many_classes() {
    let place = Place::new();
    let manifest = table("id,text,label", 30, |at| format!("i{at},{},{}", text(at), ["ant", "bee", "cow"][at % 3]));
    let manifest = place.file("m.csv", manifest);
    // The true class has .5, the next .3, the last .2; rows stand backwards, so they join by id.
    let p = |at: usize, class: usize| [0.5, 0.3, 0.2][(class + 3 - at % 3) % 3];
    let rows = |header: &str, value: &dyn Fn(usize, usize) -> f64| {
        table(header, 30, |back| {
            let at = 29 - back;
            format!("i{at},{},{},{}", value(at, 0), value(at, 1), value(at, 2))
        })
    };
    let named = place.file("named.csv", rows("id,ant,bee,cow", &p));
    let found = place.ingest("named", &["--manifest", &manifest, "--scores", &named]);
    assert!((mean(&found) + 0.5f64.ln()).abs() < 1e-7, "{found}");
    assert_eq!(found["models"][0]["classes"], 3, "AUROC is measured of them too");
    let brier = place.ingest("brier", &["--manifest", &manifest, "--scores", &named, "--loss", "brier", "--check"]);
    assert!((mean(&brier) - (0.25 + 0.09 + 0.04)).abs() < 1e-6, "{brier}");
    let logits = place.file("logits.csv", rows("id,ant,bee,cow", &|at, class| p(at, class).ln() + 3.0));
    let found = place.ingest("logits", &["--manifest", &manifest, "--scores", &logits, "--check"]);
    assert!((mean(&found) + 0.5f64.ln()).abs() < 1e-6 && notes(&found).contains("softmax"), "{found}");
    // An array names no columns: they are those of the sorted classes.
    let body: Vec<u8> = (0..30)
        .flat_map(|at| (0..3).map(move |class| (at, class)))
        .flat_map(|(at, class)| p(at, class).to_le_bytes())
        .collect();
    let array = place.file("scores.npy", npy("<f8", "(30, 3)", &body));
    let found = place.ingest("array", &["--manifest", &manifest, "--scores", &array, "--check"]);
    assert!((mean(&found) + 0.5f64.ln()).abs() < 1e-7 && notes(&found).contains("ant first"), "{found}");
    // A further model of the same audit.
    let further = json(&place.home(), &["ingest", "named", "--model", "v2", "--scores", &logits]);
    assert!((further["models"][1]["mean"].as_f64().unwrap() + 0.5f64.ln()).abs() < 1e-6, "{further}");
    // Columns as programs name them: with a prefix, in another case, or by number in the order of the classes.
    for header in ["id,prob_ant,prob_bee,prob_cow", "id,Ant,BEE,Cow", "id,0,1,2"] {
        let other = place.file("other.csv", rows(header, &p));
        let found = place.ingest("other", &["--manifest", &manifest, "--scores", &other, "--check"]);
        assert!((mean(&found) + 0.5f64.ln()).abs() < 1e-7, "{header}: {found}");
    }
    let strangers = place.file("strangers.csv", rows("id,ant,bee,dog", &p));
    place.refused(&["--manifest", &manifest, "--scores", &strangers], &["no column of class 'cow'", "ant, bee, dog"]);
    // Two classes: the second is the positive one.
    let two = place.file("two.csv", table("id,text,label", 30, |at| format!("i{at},{},{}", text(at), at % 2)));
    let both = place.file("both.csv", table("id,0,1", 30, |at| format!("i{at},{},{}", 0.25, 0.75)));
    let found = place.ingest("two", &["--manifest", &two, "--scores", &both]);
    assert!((mean(&found) - (-(0.25f64.ln()) - 0.75f64.ln()) / 2.0).abs() < 1e-7, "{found}");
    assert_eq!(found["models"][0]["scores"], true);
    let positive: Vec<u8> = (0..30).flat_map(|_| 0.75f32.to_le_bytes()).collect();
    let positive = place.file("positive.npy", npy("<f4", "(30,)", &positive));
    let found = place.ingest("vector", &["--manifest", &two, "--scores", &positive, "--check"]);
    assert!((mean(&found) - (-(0.25f64.ln()) - 0.75f64.ln()) / 2.0).abs() < 1e-7, "{found}");
}

#[test]
fn negative_losses_are_shifted_alike_and_it_is_said() {
    let place = Place::new();
    let manifest = place.file(
        "m.csv",
        table("id,text,loss:a,loss:b", 40, |at| format!("i{at},{},{},{}", text(at), at as f64 - 10.0, at)),
    );
    let found = place.ingest("m", &["--manifest", &manifest]);
    assert!(notes(&found).contains("10 is added to every loss"), "{found}");
    assert_eq!((&found["models"][0]["mean"], &found["models"][1]["mean"]), (&19.5.into(), &29.5.into()));
    let more = place.file("c.csv", table("id,loss", 40, |at| format!("i{at},{}", at as f64 - 5.0)));
    let found = json(&place.home(), &["ingest", "m", "--model", "c", "--losses", &more]);
    assert_eq!(found["models"][2]["mean"], 24.5, "the same offset as the others");
    place.refused(&["--manifest", &manifest, "--loss-offset", "3"], &["--loss-offset 10"]);
    refused(
        &place.home(),
        &["ingest", "m", "--model", "d", "--losses", &more, "--loss-offset", "7"],
        &["need the same"],
    );
    let plain = place.file("p.csv", table("id,text,loss", 40, |at| format!("i{at},{},1", text(at))));
    place.ingest("p", &["--manifest", &plain]);
    refused(&place.home(), &["ingest", "p", "--model", "c", "--losses", &more], &["need the same"]);
}

#[test]
fn what_is_missing_is_left_out_and_counted_or_refused() {
    let place = Place::new();
    let rows = table("id,text,loss,label,split", 60, |at| {
        let split = if at == 7 {
            ""
        } else if at % 3 == 0 {
            "test"
        } else {
            "train"
        };
        let label = if at == 9 { "" } else { ["0", "1"][at % 2] };
        let text = if at == 11 || at == 12 { String::new() } else { text(at) };
        let loss = if at == 11 { String::new() } else { at.to_string() };
        format!("i{at},{text},{loss},{label},{split}")
    });
    let file = place.file("m.csv", rows);
    place.refused(&["--manifest", &file], &["row 14, column 'text': the text is empty", "--missing drop"]);
    let found = place.ingest("m", &["--manifest", &file, "--missing", "drop"]);
    assert_eq!(found["items"], 56);
    for words in ["1 items with no split", "1 items with no label", "1 items with no content", "1 items with neither"] {
        assert!(notes(&found).contains(words), "{words}: {found}");
    }
    // The other columns of a file of losses serve where the manifest lacks them, and are named where it does not.
    let bare = place.file(
        "bare.csv",
        table("id,text,label,young", 60, |at| format!("i{at},{},{},{}", text(at), at % 2, at % 5 / 4)),
    );
    let more = place.file(
        "more.csv",
        table("id,loss,label,split,old", 50, |at| {
            format!("i{at},{at},1,{},{}", if at % 2 == 0 { "train" } else { "test" }, at % 3 / 2)
        }),
    );
    let found = place.ingest("more", &["--manifest", &bare, "--losses", &more]);
    assert_eq!((&found["train_items"], &found["test_items"], &found["items"]), (&25.into(), &25.into(), &50.into()));
    assert_eq!((&found["attributes"][0]["name"], &found["attributes"][1]["name"]), (&"young".into(), &"old".into()));
    assert!(notes(&found).contains("not used: the label"), "{found}");
}

#[test]
fn words_and_numbers_become_attributes_and_models_columns_do_not() {
    let place = Place::new();
    let rows = table("id,text,loss,race,age,user_name,score_v1", 90, |at| {
        format!("i{at},{},1,{},{},user{at},{}", text(at), ["Black", "White", "Other"][at % 3], 10 + at, at % 2)
    });
    let file = place.file("m.csv", rows);
    let counts = |found: &Value| -> Vec<(String, u64)> {
        let rows = found["attributes"].as_array().unwrap().iter();
        rows.map(|row| (row["name"].as_str().unwrap().to_owned(), row["n_true"].as_u64().unwrap())).collect()
    };
    let found = place.ingest("a", &["--manifest", &file, "--check"]);
    let race = [("race: Black", 30), ("race: Other", 30), ("race: White", 30)].map(|(name, n)| (name.to_owned(), n));
    assert_eq!(counts(&found), race);
    assert!(notes(&found).contains("--column ignore=COLUMN"), "{found}");
    assert_eq!(found["attributes"][0]["phrase"], "race black");
    let found =
        place.ingest("b", &["--manifest", &file, "--column", "ignore=race", "--bins", "age=18,30,65", "--check"]);
    let ages = [("age: under 18", 8), ("age: 18 to 30", 12), ("age: 30 to 65", 35), ("age: 65 and over", 35)];
    assert_eq!(counts(&found), ages.map(|(name, n)| (name.to_owned(), n)));
    let found = place.ingest("c", &["--manifest", &file, "--column", "ignore=race", "--bins", "age", "--check"]);
    assert_eq!(counts(&found).iter().map(|(_, n)| *n).collect::<Vec<_>>(), [22, 23, 22, 23]);
    place.refused(&["--manifest", &file, "--bins", "age=30,18"], &["numbers that rise"]);
    place.refused(&["--manifest", &file, "--bins", "race=1"], &["'Black' is not a number"]);
}

#[test]
fn folders_take_a_manifest_for_attributes_and_images_need_no_manifest() {
    let place = Place::new();
    let root = place.folder.path().join("pictures");
    for at in 0..24 {
        let class = ["cat", "dog", "owl"][at % 3];
        place.file(&format!("pictures/{class}/{at:02}.jpg"), format!("no picture {at}"));
    }
    let root = root.to_str().unwrap();
    let losses = place.file(
        "l.csv",
        table("image_path,loss,night", 24, |at| {
            format!("{}/{at:02}.jpg,{at},{}", ["cat", "dog", "owl"][at % 3], at % 2)
        }),
    );
    // The built-in encoder has no eyes: the audit is whole up to there.
    place.refused(&["--images", root, "--losses", &losses], &["the items are images and encoder"]);
    place.refused(&["--images", place.folder.path().join("none").to_str().unwrap(), "--losses", &losses], &["none"]);
    let draft = llm2loss::data::image_folder(Path::new(root)).unwrap();
    assert_eq!((draft.ids[0].as_str(), draft.ids.len(), draft.flags.len()), ("cat/00.jpg", 24, 3));
}

/// The small files that other programs wrote, where they lie beside the clone.
#[test]
fn files_of_other_programs_are_taken_as_they_mean() {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/cases/intake");
    if !cases.is_dir() {
        println!("skipped: ../shared/cases/intake is not there");
        return;
    }
    let place = Place::new();
    let at = |name: &str| cases.join(name).to_string_lossy().into_owned();
    place.refused(&["--manifest", &at("m_noid2.csv"), "--losses", &at("l_index0.csv")], &["--column id=COLUMN"]);
    let found = place.ingest("order", &["--manifest", &at("m_noid2.csv"), "--losses", &at("l_noid.csv"), "--check"]);
    assert_eq!(found["preview"][0]["losses"][0], 1.7401);
    assert_eq!(place.ingest("r", &["--manifest", &at("text_named_review.csv"), "--check"])["contents"], "texts");
    let found = place.ingest("leak", &["--manifest", &at("leak.csv"), "--check"]);
    assert_eq!(found["duplicates_across_splits"], 0);
    let found = place.ingest("made", &["--manifest", &at("label_score.csv"), "--check"]);
    assert!(notes(&found).contains("cross-entropy"), "{found}");
    let found = place.ingest("array", &["--manifest", &at("eval.csv"), "--losses", &at("losses.npy"), "--check"]);
    assert!(notes(&found).contains("row by row"), "{found}");
    place.refused(&["--manifest", &at("eval.csv"), "--embeddings", &at("objids.npz")], &["pickle"]);
    let found = place.ingest("more", &["--manifest", &at("eval.csv"), "--losses", &at("losses_more.csv"), "--check"]);
    assert!(notes(&found).contains("the label"), "{found}");
    let prefixed = place.ingest("prefix", &["--manifest", &at("overfit9-small.csv"), "--check"]);
    assert_eq!(prefixed["attributes"][0]["name"], "Young");
}

#[test]
fn losses_of_a_fitted_model_are_said_and_honest_ones_are_not() {
    let place = Place::new();
    // Exponential losses; those of training items a quarter of what the model loses on new ones.
    let losses = |fitted: f64| {
        table("split,loss,text", 600, |row| {
            let share = ((row * 7_919) % 600) as f64 / 600.0 + 0.5 / 600.0;
            let train = row < 300;
            let loss = -share.ln() * if train { fitted } else { 1.0 };
            format!("{},{loss},{}", if train { "train" } else { "test" }, text(row))
        })
    };
    let fitted = place.file("fitted.csv", losses(0.25));
    let honest = place.file("honest.csv", losses(1.0));
    assert!(place.ingest("honest", &["--manifest", &honest])["models"][0]["fitted"].is_null());
    let said = place.ingest("fitted", &["--manifest", &fitted])["models"][0]["fitted"].clone();
    assert_eq!((&said["train_items"], &said["test_items"]), (&300.into(), &300.into()));
    assert!(said["distance"].as_f64().unwrap() > 0.3, "{said}");
    const WORDS: &str = "hese look like losses on data the model was fitted to; give out-of-fold losses";
    let printed = |arguments: &[&str]| {
        String::from_utf8(run(&place.home(), arguments).code(0).get_output().stdout.clone()).unwrap()
    };
    assert!(printed(&["audits", "show", "fitted"]).contains(WORDS));
    let train = ["train", "fitted", "--architecture", "linear", "--members", "2", "--epochs", "2"];
    run(&place.home(), &train).code(0);
    assert!(printed(&["table", "fitted", "validity"]).contains(WORDS));
    let scores = printed(&["score", "fitted", "a person"]);
    let regressor =
        scores.lines().find(|line| line.trim_start().starts_with("regressor") && line.contains('%')).unwrap();
    assert!(regressor.contains("n/a") && scores.contains("give out-of-fold losses"), "{scores}");
}

#[test]
fn who_belongs_together_is_noticed() {
    let place = Place::new();
    // 120 people of five items each.
    let rows = |label: &dyn Fn(usize) -> String| {
        table("split,loss,label,text", 600, |row| {
            let split = if row % 5 < 3 { "train" } else { "test" };
            format!("{split},0.{},{},{}", row % 7, label(row / 5), text(row))
        })
    };
    let people = place.file("people.csv", rows(&|person| format!("Ann Lee{}", letters(person))));
    let classes = place.file("classes.csv", rows(&|class| format!("breed {}", letters(class))));
    let found = place.ingest("people", &["--manifest", &people]);
    assert_eq!(found["groups"], 120, "{found}");
    assert!(notes(&found).contains("names 120 people of 5.0 items each"), "{found}");
    assert!(place.ingest("alone", &["--manifest", &people, "--group-by", "none"])["groups"].is_null());
    let found = place.ingest("classes", &["--manifest", &classes]);
    assert!(found["groups"].is_null() && notes(&found).contains("--group-by label"), "{found}");
    assert_eq!(place.ingest("asked", &["--manifest", &classes, "--group-by", "label"])["groups"], 120);
    let ids = table("id,split,loss,text", 400, |row| {
        let split = if row % 2 == 0 { "train" } else { "test" };
        format!("Ann_{}_{:04}.jpg,{split},0.{},{}", letters(row / 4), row % 4, row % 9, text(row))
    });
    let ids = place.file("ids.csv", ids);
    let found = place.ingest("ids", &["--manifest", &ids]);
    assert!(found["groups"].is_null() && notes(&found).contains("begin alike in 100 groups of 4.0 items"), "{found}");
    assert_eq!(place.ingest("by-id", &["--manifest", &ids, "--group-by", "id"])["groups"], 100);
    place.refused(&["--manifest", &ids, "--group-by", "label"], &["the items have no label"]);
}

/// A number in letters.
fn letters(number: usize) -> String {
    [number / 26 % 26, number % 26].map(|digit| char::from(b'a' + u8::try_from(digit).unwrap())).iter().collect()
}

#[test]
fn ids_beside_an_array_are_taken_and_said() {
    let place = Place::new();
    let manifest = place.file("m.csv", table("id,loss", 20, |at| format!("r{at},{at}")));
    let numbers: Vec<u8> =
        (0..20 * 256).flat_map(|at| (1.0 + (at % 7) as f32 + (at / 256) as f32).to_le_bytes()).collect();
    let array = place.file("e.npy", npy("<f4", "(20, 256)", &numbers));
    let arguments = ["--manifest", &manifest, "--embeddings", &array, "--check"];
    assert!(!notes(&place.ingest("a", &arguments)).contains("ids of the embeddings"));
    place.file("e.npy.ids.txt", (0..20).rev().map(|at| format!("r{at}\n")).collect::<String>());
    let found = place.ingest("a", &arguments);
    assert!(notes(&found).contains("ids of the embeddings are those of e.npy.ids.txt"), "{found}");
}
