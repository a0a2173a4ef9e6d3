//! Files of people's own become audits: every format, every way to be wrong, nothing kept of what is refused.
#![allow(clippy::unwrap_used)]

use assert_cmd::Command;
use llm2loss::audit::Split;
use llm2loss::data::{self, CelebaSplit, Contents, ImagePlace, Labels, Mapping, read_matrix};
use serde_json::Value;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/ingest");

fn fixture(name: &str) -> PathBuf {
    Path::new(FIXTURES).join(name)
}

fn expected() -> Value {
    serde_json::from_str(&std::fs::read_to_string(fixture("expected.json")).unwrap()).unwrap()
}

fn run(home: &Path, arguments: &[&str]) -> assert_cmd::assert::Assert {
    let mut command = Command::cargo_bin("llm2loss").unwrap();
    command.arg("--home").arg(home).args(arguments).env_remove("LLM2LOSS_HOME").assert()
}

fn json(home: &Path, arguments: &[&str]) -> Value {
    let done = run(home, &[arguments, &["--json"]].concat()).code(0);
    serde_json::from_slice(&done.get_output().stdout).unwrap()
}

/// Exit 2, one line that holds `words`, nothing on stdout, no control characters, and no file made in the home.
fn refused(arguments: &[&str], words: &str) {
    let home = tempfile::tempdir().unwrap();
    let done = run(home.path(), arguments).code(2);
    let said = String::from_utf8(done.get_output().stderr.clone()).unwrap();
    assert!(said.contains(words), "{arguments:?} said: {said}");
    assert!(said.trim_end().lines().count() == 1 && !said.contains('\u{1b}') && !said.contains("panicked"), "{said}");
    assert!(done.get_output().stdout.is_empty());
    assert!(std::fs::read_dir(home.path()).unwrap().next().is_none(), "{arguments:?} left something behind");
}

/// Sixty texts, half of them young, with a harder half; the last twenty are test items.
fn rows() -> String {
    let mut text = String::from("id,text,loss,label,score,split,Young,note\n");
    for row in 0..60 {
        let (young, split) = (row % 2, if row < 40 { "train" } else { "test" });
        let age = if young == 1 { "young" } else { "old" };
        let _ = writeln!(
            text,
            "r{row},\"a {age} person, number {row}\",{},{},{},{split},{young},x",
            f64::from(row % 7) / 4.0,
            row % 3 % 2,
            f64::from(row) / 60.0
        );
    }
    text
}

fn written(folder: &Path, name: &str, content: impl AsRef<[u8]>) -> String {
    let path = folder.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, content).unwrap();
    path.to_string_lossy().into_owned()
}

#[test]
fn arrays_of_every_kind_and_order_read_as_numpy_wrote_them() {
    let expected = expected();
    let wanted: Vec<f64> = expected["matrix"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|row| row.as_array().unwrap())
        .map(|v| v.as_f64().unwrap())
        .collect();
    let ids: Vec<&str> = expected["ids"].as_array().unwrap().iter().map(|id| id.as_str().unwrap()).collect();
    let mut names = Vec::new();
    for kind in ["littlef2", "littlef4", "littlef8", "bigf2", "bigf4", "bigf8"] {
        names.extend([format!("{kind}.npy"), format!("{kind}-fortran.npy")]);
    }
    names.extend(["plain.npz", "packed.npz", "f2.safetensors", "f4.safetensors", "f8.safetensors"].map(String::from));
    names.extend(["list-f4.parquet", "list-f8.parquet", "fixed-f4.parquet"].map(String::from));
    for name in names {
        let found = read_matrix(&fixture(&name), None).unwrap();
        assert_eq!(found.columns, 4, "{name}");
        assert!(found.values.iter().map(|value| f64::from(*value)).eq(wanted.iter().copied()), "{name}");
        if name == "packed.npz" {
            assert_eq!(found.ids.unwrap(), ["-2", "-1", "0", "1", "2", "3"]);
        } else if !name.ends_with(".npy") {
            assert_eq!(found.ids.unwrap(), ids, "{name}");
        }
    }
}

#[test]
fn arrays_that_are_not_embeddings_are_refused_with_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    let whole = std::fs::read(fixture("littlef4.npy")).unwrap();
    let cut = written(folder.path(), "cut.npy", &whole[..whole.len() - 3]);
    // Eight bytes that claim a header of 2^60, and one that claims more than the file has.
    let huge = written(folder.path(), "huge.safetensors", (1u64 << 60).to_le_bytes());
    let more = written(folder.path(), "more.safetensors", [&90_000_000u64.to_le_bytes()[..], b"{}"].concat());
    let empty = written(folder.path(), "empty.npy", "");
    let pickle = written(folder.path(), "list.pkl", "x");
    let text = written(folder.path(), "text.npy", "not an array");
    let shape = b"\x93NUMPY\x01\x00\x52\x00{'descr': '<f4', 'fortran_order': False, 'shape': (4000000000, 4000000000), }     \n";
    let shape = written(folder.path(), "shape.npy", shape);
    // Two sides of which one is nothing: rows without end, of no bytes.
    let nothing =
        b"\x93NUMPY\x01\x00\x52\x00{'descr': '<f4', 'fortran_order': True, 'shape': (2305843009213693951, 0), }     \n";
    let nothing = written(folder.path(), "nothing.npy", nothing);
    for (file, words) in [
        (cut.as_str(), "cut off"),
        (&huge, "header claims 1152921504606846976 bytes"),
        (&more, "header claims 90000000 bytes; the file has 10"),
        (&empty, "is empty"),
        (&pickle, "never read"),
        (&text, "no NumPy array"),
        (&shape, "too large"),
        (&nothing, "an array of shape [2305843009213693951, 0] with 0 values"),
        (fixture("objects.npy").to_str().unwrap(), "pickle"),
        (fixture("integers.npy").to_str().unwrap(), "embeddings are f2, f4 or f8"),
        (fixture("ragged.parquet").to_str().unwrap(), "row 2: 1 numbers where the first row has 2"),
        (fixture("manifest.parquet").to_str().unwrap(), "no column holds lists"),
    ] {
        refused(&["ingest", "x", "--embeddings", file], words);
    }
}

#[test]
fn a_manifest_becomes_an_audit_that_every_command_opens() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    let file = written(folder.path(), "rows.csv", rows());
    let looked = json(&home, &["ingest", "mine", "--manifest", &file, "--check"]);
    assert!(!home.exists(), "a dry run keeps nothing");
    let found = json(&home, &["ingest", "mine", "--manifest", &file]);
    for key in ["items", "train_items", "test_items", "models", "attributes", "preview", "notes"] {
        assert_eq!(looked[key], found[key], "{key}");
    }
    assert_eq!((&found["items"], &found["train_items"], &found["test_items"]), (&60.into(), &40.into(), &20.into()));
    let attribute = &found["attributes"][0];
    assert_eq!(
        (&attribute["name"], &attribute["n_true"], &attribute["made"]),
        (&"Young".into(), &30.into(), &true.into())
    );
    assert!(found["notes"].to_string().contains("columns not used: note"), "{}", found["notes"]);
    assert_eq!(json(&home, &["audits"])["audits"], serde_json::json!(["adult", "mine"]));

    run(&home, &["train", "mine", "--architecture", "linear", "--epochs", "2"]).code(0);
    let table = json(&home, &["table", "mine", "attributes"]);
    assert_eq!((&table["audit"], &table["n"], &table["rows"][0]["n_true"]), (&"mine".into(), &20.into(), &10.into()));
    let score = json(&home, &["score", "mine", "a young trucker"]);
    assert_eq!(score["prompts"][0]["unseen_words"], serde_json::json!(["trucker"]));
    assert_eq!(json(&home, &["runs", "mine"])["runs"].as_array().unwrap().len(), 1);

    // Other prompts: the same heads, other tables.
    let prompts = "[[attributes]]\nname = \"Young\"\nphrase = \"a young person\"\nantonym = \"an old person\"\n";
    let prompts = written(folder.path(), "prompts.toml", prompts);
    let told = json(&home, &["ingest", "mine", "--attributes", &prompts]);
    assert_eq!(
        (&told["attributes"][0]["made"], &told["attributes"][0]["antonym"]),
        (&false.into(), &"an old person".into())
    );
    let again = json(&home, &["table", "mine", "attributes"]);
    assert_eq!(again["run"], table["run"]);
    assert_eq!(again["rows"][0]["prompts"]["phrase"], "a young person");

    run(&home, &["audits", "delete", "mine"]).code(0);
    assert_eq!(json(&home, &["audits"])["audits"], serde_json::json!(["adult"]));
    assert!(std::fs::read_dir(home.join("runs")).unwrap().next().is_none());
    json(&home, &["ingest", "mine", "--manifest", &file]);
    assert_eq!(json(&home, &["runs", "mine"])["runs"], serde_json::json!([]), "nothing of the old one is left");
}

#[test]
fn csv_tsv_json_lines_and_parquet_hold_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let csv = "id,text,loss,label,split,Tall\n".to_owned()
        + &(0..8)
            .map(|at| {
                let tall = ["1", "0", "", "1", "0", "1", "1", "0"][at];
                let split = if at < 4 { "train" } else { "test" };
                format!("p{at},a person number {at},{},{},{split},{tall}\n", at as f64 / 4.0, at % 2)
            })
            .collect::<String>();
    let mut lines = String::new();
    for line in csv.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        let tall = if cells[5].is_empty() { "null".into() } else { (cells[5] == "1").to_string() };
        let _ = writeln!(
            lines,
            "{{\"id\":\"{}\",\"text\":\"{}\",\"loss\":{},\"label\":{},\"split\":\"{}\",\"Tall\":{tall}}}",
            cells[0], cells[1], cells[2], cells[3], cells[4]
        );
    }
    let files = [
        written(folder.path(), "a.csv", &csv),
        written(folder.path(), "bom-crlf.csv", format!("\u{feff}{}", csv.replace('\n', "\r\n"))),
        written(folder.path(), "a.tsv", csv.replace(',', "\t")),
        written(folder.path(), "semicolon.csv", csv.replace(',', ";")),
        written(folder.path(), "a.jsonl", &lines),
        fixture("manifest.parquet").to_string_lossy().into_owned(),
    ];
    let read = |file: &str| {
        data::manifest(Path::new(file), &Mapping::default(), "m", Contents::Table(&ImagePlace::default())).unwrap()
    };
    let first = read(&files[0]);
    assert_eq!(
        first.flags[0].values,
        [Some(true), Some(false), None, Some(true), Some(false), Some(true), Some(true), Some(false)]
    );
    assert_eq!(first.models[0].losses[7], 1.75);
    for file in &files[1..] {
        let other = read(file);
        assert_eq!((&other.ids, &other.texts, &other.splits), (&first.ids, &first.texts, &first.splits), "{file}");
        assert_eq!((&other.label, &other.models), (&first.label, &first.models), "{file}");
        assert_eq!(other.flags[0].values, first.flags[0].values, "{file}");
    }
}

#[test]
fn columns_are_mapped_by_flags_and_by_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let text = "key,sentence,ce,part,place,age,pos\n\
                a,one,0.5,tr,land,0.2,1\nb,two,0.25,tr,water,0.7,-1\nc,three,,te,land,0.5,1\nd,four,1,te,land,,-1\n";
    let manifest = written(folder.path(), "m.csv", text);
    let toml = "id = \"key\"\nsplit = \"part\"\nattributes = [\"place\", \"age\"]\nthreshold = 0.5\n\
                [losses]\nv1 = \"ce\"\n[splits]\ntr = \"train\"\nte = \"test\"\n";
    let mapping = written(folder.path(), "columns.toml", toml);
    let home = folder.path().join("home");
    let found =
        json(&home, &["ingest", "x", "--manifest", &manifest, "--columns", &mapping, "--column", "text=sentence"]);
    let counts: Vec<(String, u64, u64, u64)> = found["attributes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            let n = |key: &str| row[key].as_u64().unwrap();
            (row["name"].as_str().unwrap().to_owned(), n("n_true"), n("n_false"), n("n_unknown"))
        })
        .collect();
    let wanted = [("place: land", 3, 1, 0), ("place: water", 1, 3, 0), ("age", 2, 1, 1), ("pos", 2, 2, 0)];
    assert_eq!(counts, wanted.map(|(name, yes, no, unknown)| (name.to_owned(), yes, no, unknown)));
    assert_eq!((&found["models"][0]["name"], &found["models"][0]["missing"]), (&"v1".into(), &1.into()));
    assert!(found["notes"].to_string().contains("-1 in column 'pos' is taken for no"));
    // The item without a loss is in no table.
    run(&home, &["train", "x", "--architecture", "linear", "--epochs", "1"]).code(0);
    assert_eq!(json(&home, &["table", "x", "validity"])["n"], 1);
}

#[test]
fn a_drawn_split_is_the_same_every_time_and_keeps_groups_together() {
    let folder = tempfile::tempdir().unwrap();
    let mut text = String::from("text,loss,group\n");
    for row in 0..300 {
        let _ = writeln!(text, "text {row},1,person {}", row / 3);
    }
    let file = written(folder.path(), "m.csv", text);
    let audit = || {
        let draft = data::manifest(Path::new(&file), &Mapping::default(), "m", Contents::Table(&ImagePlace::default()))
            .unwrap();
        draft.into_audit("x", &data::AttributeFile::default()).unwrap()
    };
    let (audit, rest) = {
        let first = audit();
        assert!(first.0 == audit().0);
        first
    };
    assert!(rest.notes.iter().any(|note| note.contains("by a digest of the group")));
    for items in audit.items.chunks(3) {
        assert!(items.iter().all(|item| item.split == items[0].split));
    }
    let train = audit.rows(Split::Train).len();
    assert!((180..240).contains(&train), "{train} of 300, 70 % expected");
}

#[test]
fn bad_manifests_are_refused_with_their_place() {
    let folder = tempfile::tempdir().unwrap();
    let good = "id,text,loss,split\na,one,1,train\nb,two,2,test\n";
    let long = format!("id,text,loss,split\na,{},1,train\nb,two,2,test\n", "x".repeat(10_000_000));
    let cases: Vec<(&str, Vec<u8>, &str)> = vec![
        ("empty", vec![], "is empty"),
        ("header", b"id,text,loss\n".to_vec(), "has a header and no rows"),
        ("column", b"id,text,split\na,one,train\nb,two,test\n".to_vec(), "no loss of any model"),
        (
            "twice",
            good.replace("b,two", "a,two").into_bytes(),
            "row 3, column 'id': 'a' is there twice, first in row 2",
        ),
        ("noid", good.replace("b,two", ",two").into_bytes(), "row 3, column 'id': is empty"),
        ("words", good.replace(",2,", ",two,").into_bytes(), "row 3, column 'loss': 'two' is not a number"),
        ("nan", good.replace(",2,", ",NaN,").into_bytes(), "row 3, column 'loss': 'NaN' is not finite"),
        ("infinite", good.replace(",2,", ",inf,").into_bytes(), "row 3, column 'loss': 'inf' is not finite"),
        ("split", good.replace("test", "toast").into_bytes(), "row 3, column 'split': 'toast' is no known split"),
        ("notest", good.replace("test", "train").into_bytes(), "there are no test items"),
        ("blank", good.replace("two", " ").into_bytes(), "row 3, column 'text': the text is empty"),
        ("ragged", good.replace("b,two,", "b,two,too,").into_bytes(), "row 3: 5 cells where the header has 4"),
        ("same", good.replace("split", "loss").into_bytes(), "row 1: two columns are named 'loss'"),
        ("cell", long.into_bytes(), "row 2, column 'text': the cell has 10000000 bytes"),
        (
            "latin",
            [b"id,text,loss,split\na,caf\xe9,1,train\nb,two,2,test\n".to_vec()].concat(),
            "row 2, column 'text': not UTF-8",
        ),
        (
            "utf16",
            [&b"\xff\xfe"[..], &good.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>()].concat(),
            "is UTF-16",
        ),
        ("escape", good.replace(",2,", ",\u{1b}[31mred,").into_bytes(), "is not a number"),
        ("array", b"[[1, 2]]".to_vec(), "row 1: not a JSON object (a row must be an object"),
        ("broken", b"{\"id\": \"a\", \"text\": \"one\", \"loss\": 1}\n{\"id\": ".to_vec(), "row 2: not a JSON object"),
        ("parquet", b"PAR1 and then nothing".to_vec(), "not a Parquet file that can be read"),
    ];
    for (name, content, words) in cases {
        let file = written(folder.path(), &format!("{name}.csv"), content);
        refused(&["ingest", "x", "--manifest", &file], words);
    }
    let file = written(folder.path(), "good.csv", good);
    for (arguments, words) in [
        (&["--manifest", "/nowhere/rows.csv"][..], "/nowhere/rows.csv"),
        (&["--manifest", &file, "--column", "loss=ce"], "there is no column 'ce'; it has: id, text, loss, split"),
        (&["--manifest", &file, "--column", "colour=id"], "roles are id, text"),
        (&["--manifest", &file, "--column", "attribute=loss", "--column", "loss=loss"], "said to be both"),
        (&["--manifest", &file, "--encoder", "/nowhere/model"], "/nowhere/model"),
        (&["--manifest", &file, "--attributes", &file], "expected value"),
    ] {
        refused(&[&["ingest", "x"], arguments].concat(), words);
    }
    for name in ["adult", "Adult"] {
        refused(&["ingest", name, "--manifest", &file], "there is an audit 'adult' already");
    }
    for name in ["../x", ".x", "a/b", "a b", "", &"x".repeat(65)] {
        refused(&["ingest", name, "--manifest", &file], "cannot be an audit's name");
    }
}

#[test]
fn a_refusal_leaves_an_audit_there_is_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    let file = written(folder.path(), "rows.csv", rows());
    json(&home, &["ingest", "mine", "--manifest", &file]);
    let kept = || std::fs::read(home.join("audits/mine.json.gz")).unwrap();
    let before = kept();
    let losses = |name: &str, text: &str| written(folder.path(), name, text);
    let fail = |arguments: &[&str], words: &str| {
        let done = run(&home, arguments).code(2);
        let said = String::from_utf8_lossy(&done.get_output().stderr).into_owned();
        assert!(said.contains(words), "{said}");
        assert!(kept() == before, "{arguments:?} changed the audit");
    };
    let twice = losses("twice.csv", "id,loss\nr1,1\nr1,2\n");
    let strange = losses("strange.csv", "id,loss\nq1,1\n");
    let training = losses("training.csv", "id,loss\nr1,1\nr2,2\n");
    let whole =
        losses("whole.csv", &(0..60).fold("id,loss\n".to_owned(), |text, row| text + &format!("r{row},{row}\n")));
    fail(&["ingest", "mine", "--manifest", &file], "there is an audit 'mine' already");
    fail(
        &["ingest", "mine", "--model", "v2", "--losses", &twice],
        "row 3, column 'id': 'r1' is there twice, first in row 2",
    );
    fail(&["ingest", "mine", "--model", "v2", "--losses", &strange], "is one of the audit's");
    fail(&["ingest", "mine", "--model", "v2", "--losses", &training], "no loss on any of the 20 test items");
    fail(&["ingest", "mine", "--losses", &whole], "--replace");
    fail(&["ingest", "adult", "--model", "v3", "--losses", &whole], "built in");
    run(&home, &["train", "mine", "--architecture", "linear", "--epochs", "1"]).code(0);
    let replaced = json(&home, &["ingest", "mine", "--losses", &whole, "--replace"]);
    assert!(replaced["notes"].to_string().contains("runs dropped: 1"));
    assert_eq!(replaced["models"][0]["mean"], 29.5);
    assert_eq!(json(&home, &["runs", "mine"])["runs"], serde_json::json!([]));
}

#[test]
fn further_models_share_the_items_and_need_no_loss_on_each() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    let file = written(folder.path(), "rows.csv", rows());
    json(&home, &["ingest", "mine", "--manifest", &file]);
    let some = (10..50).fold("id,loss\n".to_owned(), |text, row| text + &format!("r{row},{}\n", f64::from(row % 5)));
    let some = written(folder.path(), "v2.csv", some + "elsewhere,3\n");
    let found = json(&home, &["ingest", "mine", "--model", "v2", "--losses", &some]);
    assert_eq!((&found["models"][1]["losses"], &found["models"][1]["missing"]), (&40.into(), &20.into()));
    assert!(found["notes"].to_string().contains("1 rows of the losses belong to no item"));
    run(&home, &["train", "mine", "--model", "v2", "--architecture", "linear", "--epochs", "1"]).code(0);
    let record = &json(&home, &["runs", "mine", "--model", "v2"])["runs"][0];
    let rows = record["train_items"].as_u64().unwrap() + record["validation_items"].as_u64().unwrap();
    assert_eq!(rows, 30, "items 10 to 39");
    assert_eq!(json(&home, &["table", "mine", "attributes", "--model", "v2"])["n"], 10, "items 40 to 49");
}

/// A safetensors file of `[n, 256]` with ids, every row of length two.
fn embeddings(folder: &Path, ids: &[String]) -> String {
    let mut bytes = Vec::new();
    for row in 0..ids.len() {
        (0..256).for_each(|at| bytes.extend_from_slice(&(if at == row { 2f32 } else { 0.0 }).to_le_bytes()));
    }
    let view = safetensors::tensor::TensorView::new(safetensors::Dtype::F32, vec![ids.len(), 256], &bytes).unwrap();
    let metadata = [("ids".to_owned(), serde_json::to_string(ids).unwrap())].into();
    written(folder, "e.safetensors", safetensors::serialize([("embeddings", view)], Some(metadata)).unwrap())
}

#[test]
fn embeddings_and_an_encoder_are_enough_for_an_audit() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    // The rows stand in another order than the items.
    let ids: Vec<String> = (0..60).rev().map(|row| format!("r{row}")).collect();
    let arrays = embeddings(folder.path(), &ids);
    let losses = (0..60).fold("id,loss\n".to_owned(), |text, row| text + &format!("r{row},{}\n", f64::from(row % 5)));
    let losses = written(folder.path(), "losses.csv", losses);
    let found = json(&home, &["ingest", "bare", "--embeddings", &arrays, "--losses", &losses]);
    assert_eq!((&found["contents"], &found["items"]), (&"embeddings".into(), &60.into()));
    assert!(found["notes"].to_string().contains("scaled to length 1"), "{}", found["notes"]);
    run(&home, &["train", "bare", "--epochs", "1"]).code(0);
    let score = json(&home, &["score", "bare", "a sentence about anything"]);
    assert_eq!(score["prompts"][0]["unseen_words"], serde_json::json!([]), "items without words make no word strange");
    assert!(json(&home, &["runs", "bare"])["runs"][0]["hyper"]["fragments"] == false);

    // With a manifest they are joined by id, not by row.
    let manifest = rows().replace(",text,", ",words,");
    let manifest = written(folder.path(), "rows.csv", manifest);
    json(&home, &["ingest", "joined", "--manifest", &manifest, "--embeddings", &arrays]);
    let out = folder.path().join("out.safetensors");
    run(&home, &["cache", "export", "joined", "--out", out.to_str().unwrap()]).code(0);
    let back = read_matrix(&out, None).unwrap();
    assert_eq!(back.ids.unwrap()[7], "r7");
    let ones: Vec<usize> =
        back.values.iter().enumerate().filter(|(_, value)| **value == 1.0).map(|(at, _)| at).collect();
    assert_eq!(ones, (0..60).map(|row| row * 256 + 59 - row).collect::<Vec<_>>());

    refused(
        &["ingest", "x", "--manifest", &manifest, "--embeddings", fixture("f4.safetensors").to_str().unwrap()],
        "is one of the audit's, such as 'r0'",
    );
    refused(
        &["ingest", "x", "--manifest", &manifest, "--embeddings", fixture("littlef4.npy").to_str().unwrap()],
        "6 rows for 60 items and no ids",
    );
    let six = (0..6).fold("id,loss,split\n".to_owned(), |text, row| {
        text + &format!("{row},1,{}\n", if row < 3 { "train" } else { "test" })
    });
    let six = written(folder.path(), "six.csv", six);
    refused(
        &["ingest", "x", "--manifest", &six, "--embeddings", fixture("littlef4.npy").to_str().unwrap()],
        "the embeddings have 4 dimensions, encoder",
    );
    // Captions that have nothing to do with the embeddings give another encoder away.
    let captioned = written(folder.path(), "captioned.csv", rows());
    refused(&["ingest", "x", "--manifest", &captioned, "--embeddings", &arrays], "seem not to be of encoder");
}

#[test]
fn image_paths_stay_inside_their_folder_and_need_an_encoder_that_sees() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["in/a.png", "in/b.png", "out.png"] {
        written(folder.path(), name, "not looked into here");
    }
    let manifest = |name: &str, second: &str| {
        written(folder.path(), name, format!("image,loss,split\na.png,1,train\n{second},2,test\n"))
    };
    let root = folder.path().join("in");
    let root = root.to_str().unwrap();
    let above = manifest("above.csv", "../out.png");
    refused(
        &["ingest", "x", "--manifest", &above, "--images-root", root],
        "row 3, column 'image': '../out.png' leads out of",
    );
    refused(
        &["ingest", "x", "--manifest", &manifest("etc.csv", "/etc/hostname"), "--images-root", root],
        "--allow-outside",
    );
    refused(
        &["ingest", "x", "--manifest", &manifest("none.csv", "c.png"), "--images-root", root],
        "'c.png' is no file in",
    );
    std::os::unix::fs::symlink(folder.path().join("out.png"), folder.path().join("in/link.png")).unwrap();
    refused(&["ingest", "x", "--manifest", &manifest("link.csv", "link.png"), "--images-root", root], "leads out of");
    // A pipe would be waited for.
    assert!(std::process::Command::new("mkfifo").arg(format!("{root}/pipe.png")).status().unwrap().success());
    refused(&["ingest", "x", "--manifest", &manifest("pipe.csv", "pipe.png"), "--images-root", root], "is no file in");
    // Inside, or allowed: then the built-in encoder has no eyes.
    let words = "the items are images and encoder";
    refused(&["ingest", "x", "--manifest", &manifest("good.csv", "b.png"), "--images-root", root], words);
    refused(&["ingest", "x", "--manifest", &above, "--images-root", root, "--allow-outside"], words);
}

/// A CelebA folder of twelve images and three people, as the authors write it.
fn celeba_folder(folder: &Path) {
    let mut attributes = String::from("12\nBald Smiling \n");
    let (mut identities, mut partitions) = (String::new(), String::new());
    for at in 0..12 {
        let name = format!("{:06}.jpg", at + 1);
        let _ = writeln!(
            attributes,
            "{name} {:>2} {:>2}",
            if at % 4 == 0 { 1 } else { -1 },
            if at % 2 == 0 { 1 } else { -1 }
        );
        let _ = writeln!(identities, "{name} {}", 2880 + at / 4);
        let _ = writeln!(partitions, "{name} {}", at / 4);
    }
    written(folder, "Anno/list_attr_celeba.txt", attributes);
    written(folder, "Anno/identity_CelebA.txt", identities);
    written(folder, "Eval/list_eval_partition.txt", partitions);
}

#[test]
fn celeba_folders_are_read_in_both_forms() {
    let folder = tempfile::tempdir().unwrap();
    celeba_folder(folder.path());
    let draft = data::celeba(folder.path(), CelebaSplit::Official, false).unwrap();
    assert_eq!((draft.ids.len(), draft.ids[11].as_str()), (12, "000012.jpg"));
    assert_eq!(draft.flags[0].name, "Bald");
    assert_eq!(draft.flags[0].values[..5], [Some(true), Some(false), Some(false), Some(false), Some(true)]);
    let splits = draft.splits.unwrap();
    assert_eq!((splits[0], splits[4], splits[8]), (Split::Train, Split::Validation, Split::Test));

    let within = data::celeba(folder.path(), "within-identity:0.75".parse().unwrap(), false).unwrap();
    let splits = within.splits.unwrap();
    for person in splits.chunks(4) {
        assert_eq!(person.iter().filter(|split| **split == Split::Train).count(), 3);
    }
    assert!("within-identity:1.5".parse::<CelebaSplit>().is_err());

    // As Kaggle has it: no identities.
    let other = tempfile::tempdir().unwrap();
    let mut attributes = String::from("image_id,Bald,Smiling\n");
    let mut partitions = String::from("image_id,partition\n");
    for at in 0..12 {
        let name = format!("{:06}.jpg", at + 1);
        let _ =
            writeln!(attributes, "{name},{},{}", if at % 4 == 0 { 1 } else { -1 }, if at % 2 == 0 { 1 } else { -1 });
        let _ = writeln!(partitions, "{name},{}", at / 4);
    }
    written(other.path(), "list_attr_celeba.csv", attributes);
    written(other.path(), "list_eval_partition.csv", partitions);
    let csv = data::celeba(other.path(), CelebaSplit::Official, false).unwrap();
    assert_eq!((&csv.ids, &csv.flags[1].values), (&draft.ids, &draft.flags[1].values));
    let text = folder.path().to_str().unwrap();
    refused(
        &["ingest", "x", "--celeba", other.path().to_str().unwrap(), "--split", "within-identity:0.5"],
        "holds no identity_CelebA.txt",
    );
    refused(&["ingest", "x", "--celeba", text], "holds no img_align_celeba");
    let broken = std::fs::read_to_string(folder.path().join("Anno/list_attr_celeba.txt")).unwrap();
    written(folder.path(), "Anno/list_attr_celeba.txt", broken.replacen("000005.jpg  1", "000005.jpg  2", 1));
    refused(&["ingest", "x", "--celeba", text], "row 7: '2' of Bald is not 1 or -1");
}

#[test]
fn wilds_metadata_are_mapped_to_an_audit() {
    let folder = tempfile::tempdir().unwrap();
    let mut text = String::from("img_id,img_filename,y,split,place,place_filename\n");
    (0..12).for_each(|at| {
        let _ = writeln!(text, "{at},bird{at}.png,{},{},{},p.png", at % 2, at / 4, at % 3 % 2);
        written(folder.path(), &format!("bird{at}.png"), "x");
    });
    written(folder.path(), "metadata.csv", text);
    let mapping = Mapping::default();
    let draft = data::wilds(folder.path(), &mapping, "m", Contents::Table(&ImagePlace::default())).unwrap();
    let Some(Labels::Binary(labels, _)) = &draft.label else { panic!("{:?}", draft.label) };
    assert_eq!((labels[1], draft.flags[0].name.as_str()), (Some(true), "place"));
    assert!(draft.images.unwrap()[3].ends_with("bird3.png"));
    let splits = draft.splits.unwrap();
    assert_eq!((splits[0], splits[5], splits[11]), (Split::Train, Split::Validation, Split::Test));
    // CivilComments: texts, identities as shares, labels as shares.
    let comments = tempfile::tempdir().unwrap();
    let text = "id,comment_text,split,toxicity,male,female\n1,one,train,0.9,0.6,\n2,two,test,0.1,0.4,1.0\n";
    written(comments.path(), "all_data_with_identities.csv", text);
    let mut mapping = Mapping { threshold: Some(0.5), label: Some("toxicity".into()), ..Mapping::default() };
    mapping.attributes = vec!["male".into(), "female".into()];
    let draft = data::wilds(comments.path(), &mapping, "m", Contents::Table(&ImagePlace::default())).unwrap();
    assert_eq!(
        (&draft.flags[0].values[..], &draft.flags[1].values[..]),
        (&[Some(true), Some(false)][..], &[None, Some(true)][..])
    );
    let Some(Labels::Binary(labels, _)) = &draft.label else { panic!("{:?}", draft.label) };
    assert_eq!(labels, &[Some(true), Some(false)]);
}

#[test]
fn clip_retrieval_folders_are_joined_by_key_and_unfinished_ones_refused() {
    let folder = tempfile::tempdir().unwrap();
    for name in [
        "img_emb/img_emb_0.npy",
        "img_emb/img_emb_1.npy",
        "metadata/metadata_0.parquet",
        "metadata/metadata_1.parquet",
        "stats/0.json",
        "stats/1.json",
    ] {
        written(folder.path(), name, std::fs::read(fixture("clip-retrieval").join(name)).unwrap());
    }
    let home = folder.path().join("home");
    let losses = (0..10).fold("image_path,loss\n".to_owned(), |text, row| text + &format!("/images/{row}.jpg,{row}\n"));
    let losses = written(folder.path(), "losses.csv", losses.replace("image_path", "id"));
    let path = folder.path().to_str().unwrap();
    let found = json(&home, &["ingest", "dump", "--clip-retrieval", path, "--losses", &losses]);
    assert_eq!(
        (&found["items"], &found["train_items"], &found["models"][0]["mean"]),
        (&10.into(), &6.into(), &4.5.into())
    );
    // Partition 0 comes first with the even rows: losses must follow the key, not the row.
    assert_eq!((&found["preview"][1]["id"], &found["preview"][1]["losses"][0]), (&"/images/2.jpg".into(), &2.0.into()));
    let out = folder.path().join("out.safetensors");
    run(&home, &["cache", "export", "dump", "--out", out.to_str().unwrap()]).code(0);
    let back = read_matrix(&out, None).unwrap();
    for (row, id) in back.ids.clone().unwrap().iter().enumerate() {
        let number: usize = id.trim_start_matches("/images/").trim_end_matches(".jpg").parse().unwrap();
        for at in 0..3 {
            let wanted = expected()["clip_retrieval"][number][at].as_f64().unwrap();
            assert!((f64::from(back.values[row * 256 + at]) - wanted).abs() < 1e-3, "{id}");
        }
    }
    written(folder.path(), "stats/wip_1.json", "{}");
    refused(
        &["ingest", "x", "--clip-retrieval", path, "--losses", &losses],
        "partition 1 is not finished (1 of 2 are not)",
    );
    let part =
        json(&home, &["ingest", "part", "--clip-retrieval", path, "--losses", &losses, "--allow-partial", "--check"]);
    assert_eq!(part["items"], 5);
    std::fs::remove_file(folder.path().join("stats/wip_1.json")).unwrap();
    std::fs::remove_file(folder.path().join("img_emb/img_emb_1.npy")).unwrap();
    refused(&["ingest", "x", "--clip-retrieval", path, "--losses", &losses], "partition 1 is not finished");
}

fn gzip(pieces: impl Iterator<Item = Vec<u8>>) -> Vec<u8> {
    use std::io::Write;
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    pieces.for_each(|piece| packed.write_all(&piece).unwrap());
    packed.finish().unwrap()
}

/// An npz of zeros, a thousandth of their size.
fn packed_zeros(rows: usize) -> Vec<u8> {
    use std::io::Write;
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated);
    archive.start_file("embeddings.npy", options).unwrap();
    let header = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({rows}, 256), }}\n");
    archive.write_all(b"\x93NUMPY\x01\x00").unwrap();
    archive.write_all(&(header.len() as u16).to_le_bytes()).unwrap();
    archive.write_all(header.as_bytes()).unwrap();
    (0..rows).for_each(|_| archive.write_all(&[0; 1024]).unwrap());
    archive.finish().unwrap().into_inner()
}

#[test]
fn arrays_that_lie_and_archives_that_explode_are_refused_by_the_program() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let manifest = written(at, "rows.csv", rows().replace(",text,", ",words,"));
    let huge = [&(1u64 << 60).to_le_bytes()[..], b"{}"].concat();
    let claims = written(at, "claims.safetensors", &huge);
    let whole = std::fs::read(fixture("littlef4.npy")).unwrap();
    let cut = written(at, "cut.npy", &whole[..whole.len() - 3]);
    let empty = written(at, "empty.npy", "");
    let pickle = written(at, "list.pkl", "x");
    let zeros = written(at, "zeros.npz", packed_zeros(300_000));
    for (file, words) in [
        (&claims, "claims.safetensors: its header claims 1152921504606846976 bytes"),
        (&cut, "cut.npy: is cut off"),
        (&empty, "empty.npy: is empty"),
        (&pickle, "list.pkl: pickle can run any program and is never read"),
        (&zeros, "bytes that unpack to 307200"),
    ] {
        refused(&["ingest", "x", "--manifest", &manifest, "--embeddings", file], words);
    }
    // Three hundred megabytes of blanks in a file of one.
    let header = b"id,text,loss,split\n".to_vec();
    let blanks = gzip(std::iter::once(header).chain((0..300).map(|_| vec![b' '; 1 << 20])));
    let bomb = written(at, "bomb.csv.gz", blanks);
    refused(&["ingest", "x", "--manifest", &bomb], "unpack to more than 268435456");
    let whole = gzip(std::iter::once(rows().into_bytes()));
    let packed = written(at, "packed.csv.gz", &whole);
    assert_eq!(json(&at.join("home"), &["ingest", "x", "--manifest", &packed, "--check"])["items"], 60);
    refused(
        &["ingest", "x", "--manifest", &written(at, "cut.csv.gz", &whole[..whole.len() / 2])],
        "cannot be unpacked",
    );
    // An encoder whose weights begin with the same lie.
    let encoder = at.join("encoder");
    let config = r#"{"model_type": "bert", "hidden_size": 8, "intermediate_size": 8, "num_attention_heads": 2,
        "num_hidden_layers": 1, "vocab_size": 400, "max_position_embeddings": 64}"#;
    written(&encoder, "config.json", config);
    let tokenizer = fixture("../encoder/bert-tokenizer.json");
    written(&encoder, "tokenizer.json", std::fs::read(tokenizer).unwrap());
    written(&encoder, "model.safetensors", &huge);
    let texts = written(at, "texts.csv", rows());
    let arguments = ["ingest", "x", "--manifest", &texts, "--encoder", encoder.to_str().unwrap()];
    refused(&arguments, "model.safetensors");
}

#[test]
fn marks_and_line_ends_of_other_programs_are_read_by_the_program() {
    let folder = tempfile::tempdir().unwrap();
    let marked = format!("\u{feff}{}", rows().replace('\n', "\r\n"));
    let plain = written(folder.path(), "plain.csv", rows());
    let marked = written(folder.path(), "marked.csv", marked);
    let home = folder.path().join("home");
    let check = |file: &str| json(&home, &["ingest", "x", "--manifest", file, "--check"]);
    let (plain, marked) = (check(&plain), check(&marked));
    assert_eq!(plain, marked);
    assert_eq!(plain["attributes"][0]["n_true"], 30);
}

#[test]
fn who_belongs_to_nobody_is_drawn_alone() {
    let folder = tempfile::tempdir().unwrap();
    let text = (0..200).fold("id,text,loss,group\n".to_owned(), |text, row| text + &format!("{row},text {row},1,\n"));
    let file = written(folder.path(), "m.csv", text);
    let found = json(&folder.path().join("home"), &["ingest", "x", "--manifest", &file, "--check"]);
    let train = found["train_items"].as_u64().unwrap();
    assert!((110..170).contains(&train), "{train} of 200, 70 % expected");
    assert_eq!(found["groups"], 200);
}
