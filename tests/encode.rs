//! The worker that embeds a shard: every kind of input gives the embeddings that its rows have anywhere, an output is
//! whole or not there, a second try leaves it alone, what cannot be embedded is listed.
#![allow(clippy::unwrap_used)]

mod checkpoint;

use assert_cmd::Command;
use half::f16;
use llm2loss::data::{Shard, Wishes, footer_of, read_matrix};
use llm2loss::encoder;
use llm2loss::store::{content_hash, pack_words};
use serde_json::Value;
use std::fmt::Write as _;
use std::path::Path;

/// Runs the program in a folder, without a home.
fn worker(folder: &Path, arguments: &[&str]) -> assert_cmd::assert::Assert {
    let mut command = Command::cargo_bin("llm2loss").unwrap();
    // A home that cannot be: a worker has none.
    command.current_dir(folder).env("LLM2LOSS_HOME", "/dev/null/none").arg("encode").args(arguments).assert()
}

fn done(folder: &Path, arguments: &[&str]) -> Value {
    let done = worker(folder, &[arguments, &["--json"]].concat()).code(0);
    serde_json::from_slice(&done.get_output().stdout).unwrap()
}

fn refused(folder: &Path, arguments: &[&str], words: &[&str]) {
    let done = worker(folder, arguments).code(2);
    let said = String::from_utf8_lossy(&done.get_output().stderr).into_owned();
    for words in words {
        assert!(said.contains(words), "{arguments:?} said: {said}");
    }
}

fn text(at: usize) -> String {
    format!("a story about {} and number {at}", ["war", "peace", "bread", "music", "rain"][at % 5])
}

/// Rows of JSON lines: ids, texts, losses of two models, an attribute, a nested one, an id that looks like a number.
fn lines(rows: std::ops::Range<usize>) -> String {
    rows.fold(String::new(), |mut all, at| {
        let long = if at % 3 == 0 { "true" } else { "false" };
        let line = format!(
            r#"{{"id": "{at:05}", "text": "{}", "loss:v1": {}, "zip": "0{at}", "long": {long}, "meta": {{"n": {at}}}}}"#,
            text(at),
            at as f64 / 8.0
        );
        let _ = writeln!(all, "{line}");
        all
    })
}

/// What the builtin encoder gives a text, rounded as the output rounds it.
fn expected(texts: &[String]) -> Vec<f32> {
    let encoder = encoder::open("builtin").unwrap();
    let rows = encoder.encode(&texts.iter().map(String::as_str).collect::<Vec<_>>()).unwrap();
    rows.into_iter().map(|value| f16::from_f32(value).to_f32()).collect()
}

/// Ids and embeddings of an output.
fn read(path: &Path) -> (Vec<String>, Vec<f32>) {
    let matrix = read_matrix(path, None).unwrap();
    (matrix.ids.unwrap(), matrix.values)
}

fn left(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn rows_come_out_with_their_columns_and_the_embeddings_they_have_anywhere() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path();
    std::fs::write(place.join("rows.jsonl"), lines(0..3000)).unwrap();
    let report = done(place, &["--input", "rows.jsonl", "--output", "out.parquet"]);
    assert_eq!((&report["rows"], &report["bad"], &report["kept"]), (&3000.into(), &0.into(), &false.into()));
    let (ids, embeddings) = read(&place.join("out.parquet"));
    let texts: Vec<String> = (0..3000).map(text).collect();
    assert_eq!(ids, (0..3000).map(|at| format!("{at:05}")).collect::<Vec<_>>());
    assert!(embeddings == expected(&texts));
    // The output is rows again: Parquet in, every column as it was, in a form of its own.
    let again = done(
        place,
        &["--input", "out.parquet", "--output", "again.parquet", "--column", "ignore=embedding", "--shard", "1/4"],
    );
    assert_eq!((&again["rows"], &again["part"]), (&750.into(), &"1/4".into()));
    let out = worker(place, &["--input", "again.parquet", "--output", "-", "--column", "ignore=embedding"]).code(0);
    let first: Value =
        serde_json::from_slice(out.get_output().stdout.split(|byte| *byte == b'\n').next().unwrap()).unwrap();
    assert_eq!(
        (&first["id"], &first["loss:v1"], &first["zip"], &first["long"], &first["meta.n"]),
        (&"00750".into(), &Value::from(93.75), &"0750".into(), &true.into(), &750.into())
    );
    let numbers: Vec<f32> = serde_json::from_value(first["embedding"].clone()).unwrap();
    assert_eq!(numbers, expected(&texts[750..751]));
    assert_eq!(left(place), ["again.parquet", "out.parquet", "rows.jsonl"]);
}

#[test]
fn parts_are_cut_by_files_or_rows_and_together_are_the_whole() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path();
    for at in 0..5 {
        std::fs::write(place.join(format!("in-{at}.jsonl")), lines(at * 100..(at + 1) * 100)).unwrap();
    }
    std::fs::write(place.join("all.jsonl"), lines(0..500)).unwrap();
    for (input, of) in [("in-*.jsonl", 2), ("in-*.jsonl", 7), ("all.jsonl", 3), ("all.jsonl", 1)] {
        let mut all = Vec::new();
        for part in 0..of {
            let (part, output) = (format!("{part}/{of}"), format!("part-{part}.parquet"));
            done(place, &["--input", input, "--output", &output, "--shard", &part, "--force"]);
            all.extend(read(&place.join(output)).0);
        }
        assert_eq!(all, (0..500).map(|at| format!("{at:05}")).collect::<Vec<_>>(), "{input} in {of}");
    }
    // More parts than rows: some are empty, and whole.
    std::fs::write(place.join("two.jsonl"), lines(0..2)).unwrap();
    let rows = (0..5).map(|part| {
        let part = format!("{part}/5");
        done(place, &["--input", "two.jsonl", "--output", "few.parquet", "--shard", &part, "--force"])["rows"].clone()
    });
    assert_eq!(rows.collect::<Vec<_>>(), [0, 0, 1, 0, 1]);
    refused(place, &["--input", "two.jsonl", "--output", "x.parquet", "--shard", "5/5"], &["counted from 0", "4/5"]);
}

#[test]
fn an_output_that_is_whole_is_left_alone_and_no_other_file_is_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path();
    std::fs::write(place.join("rows.jsonl"), lines(0..50)).unwrap();
    for output in ["out.parquet", "out.safetensors"] {
        let arguments = ["--input", "rows.jsonl", "--output", output];
        std::fs::write(place.join("rows.jsonl"), lines(0..50)).unwrap();
        assert_eq!(done(place, &arguments)["kept"], false);
        let bytes = std::fs::read(place.join(output)).unwrap();
        let changed = std::fs::metadata(place.join(output)).unwrap().modified().unwrap();
        assert_eq!(done(place, &arguments)["kept"], true);
        assert_eq!(std::fs::metadata(place.join(output)).unwrap().modified().unwrap(), changed);
        assert_eq!(done(place, &[&arguments[..], &["--force"]].concat())["kept"], false);
        assert!(std::fs::read(place.join(output)).unwrap() == bytes);
        // Another input, another choice of columns, another encoder.
        refused(place, &[&arguments[..], &["--column", "ignore=zip"]].concat(), &["choice of columns", "--force"]);
        refused(place, &[&arguments[..], &["--dims", "64"]].concat(), &["another encoder", "--force"]);
        std::fs::write(place.join("rows.jsonl"), lines(0..51)).unwrap();
        refused(place, &arguments, &["another input", "--force"]);
        assert_eq!(done(place, &[&arguments[..], &["--force"]].concat())["rows"], 51);
        // A torn one is nobody's, and --force does not take it.
        std::fs::write(place.join(output), &bytes[..bytes.len() - 9]).unwrap();
        refused(place, &[&arguments[..], &["--force"]].concat(), &["not written whole", "remove it"]);
        assert_eq!(std::fs::read(place.join(output)).unwrap().len(), bytes.len() - 9);
    }
    std::fs::copy(place.join("rows.jsonl"), place.join("rows")).unwrap();
    refused(place, &["--input", "rows", "--output", "rows"], &["left as it is"]);
    refused(place, &["--input", "rows.jsonl", "--output", "."], &["folder"]);
    // What can never be written is said before there is any work.
    refused(place, &["--input", "none", "--output", "no/where/x.parquet"], &["there is no folder no/where"]);
    for other in ["x.csv", "x.jsonl", "x.npy", "rows.jsonl"] {
        refused(place, &["--input", "none", "--output", other], &["what is written is Parquet"]);
    }
}

#[test]
fn what_cannot_be_embedded_is_listed_and_counted() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path();
    let bad = ["{\"id\": \"e\", \"text\": \"\"}", "{\"id\": \"torn\"", "{\"id\": \"k\", \"text\": \"\\u0001\"}"];
    let rows = lines(0..10) + &bad.join("\n") + "\n\n" + &lines(10..20) + "{\"text\": \"no id\"}\n";
    std::fs::write(place.join("rows.jsonl"), rows).unwrap();
    let report = done(place, &["--input", "rows.jsonl", "--output", "out.parquet"]);
    assert_eq!((&report["rows"], &report["bad"]), (&20.into(), &4.into()));
    let list = std::fs::read_to_string(place.join("out.parquet.bad.jsonl")).unwrap();
    let list: Vec<Value> = list.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let rows: Vec<u64> = list.iter().map(|bad| bad["row"].as_u64().unwrap()).collect();
    assert_eq!(rows, [11, 12, 13, 25]);
    for (bad, why) in list.iter().zip(["empty", "not a JSON object", "no word", "id is empty"]) {
        assert!(bad["why"].as_str().unwrap().contains(why) && bad["file"] == "rows.jsonl", "{bad}");
    }
    assert_eq!(read(&place.join("out.parquet")).0.len(), 20);
    assert_eq!(done(place, &["--input", "rows.jsonl", "--output", "out.parquet"])["bad"], 4);
    // A list of before goes with what it was about.
    std::fs::write(place.join("rows.jsonl"), lines(0..10)).unwrap();
    done(place, &["--input", "rows.jsonl", "--output", "out.parquet", "--force"]);
    assert_eq!(left(place), ["out.parquet", "rows.jsonl"]);
    std::fs::write(place.join("none.jsonl"), "{\"id\": \"a\", \"text\": \"\"}\n").unwrap();
    refused(place, &["--input", "none.jsonl", "--output", "n.parquet"], &["none of its 1 rows", "the text is empty"]);
    assert_eq!(left(place).len(), 3);
}

#[test]
fn a_pack_has_the_numbers_a_home_would_keep_and_ids_beside_it() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path();
    std::fs::write(place.join("rows.jsonl"), lines(0..40)).unwrap();
    done(place, &["--input", "rows.jsonl", "--output", "out.safetensors"]);
    let texts: Vec<String> = (0..40).map(text).collect();
    let whole = read_matrix(&place.join("out.safetensors"), Some(&place.join("out.safetensors.ids.txt"))).unwrap();
    let encoder = encoder::open("builtin").unwrap();
    assert!(whole.values == encoder.encode(&texts.iter().map(String::as_str).collect::<Vec<_>>()).unwrap());
    assert_eq!(whole.ids.unwrap()[39], "00039");
    let words = pack_words(&place.join("out.safetensors")).unwrap();
    assert_eq!(words["encoder"], encoder.fingerprint());
    let bytes = std::fs::read(place.join("out.safetensors")).unwrap();
    let tensors = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    assert_eq!(tensors.tensor("digests").unwrap().data()[16 * 7..16 * 8], content_hash(&texts[7]));
}

/// A tar as webdataset writes it, with members of any name.
fn tar(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, bytes) in members {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        // Names that a careful writer refuses.
        let field = &mut header.as_gnu_mut().unwrap().name;
        field[..name.len()].copy_from_slice(name.as_bytes());
        header.set_cksum();
        builder.append(&header, *bytes).unwrap();
    }
    builder.into_inner().unwrap()
}

fn png(seed: u32) -> Vec<u8> {
    let pixel =
        |x: u32, y: u32| image::Rgb([(x * 5 + seed) as u8, (y * 7 + seed * 3) as u8, (x * y + seed * 11) as u8]);
    let mut bytes = std::io::Cursor::new(Vec::new());
    image::RgbImage::from_fn(40, 30, pixel).write_to(&mut bytes, image::ImageFormat::Png).unwrap();
    bytes.into_inner()
}

#[test]
fn images_of_a_tar_a_folder_and_a_table_have_the_same_embeddings_and_names_are_only_names() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path();
    let clip = place.join("clip");
    std::fs::create_dir_all(&clip).unwrap();
    checkpoint::write(checkpoint::fixture().case("clip-quick"), &clip);
    let pictures: Vec<Vec<u8>> = (0..5).map(png).collect();
    std::fs::create_dir_all(place.join("images/cats")).unwrap();
    for (at, picture) in pictures.iter().enumerate() {
        std::fs::write(place.join(format!("images/cats/{at}.png")), picture).unwrap();
    }
    let with = |input: &str, output: &str| done(place, &["--input", input, "--output", output, "--encoder", "clip"]);
    assert_eq!(with("images", "folder.parquet")["rows"], 5);
    let (ids, embeddings) = read(&place.join("folder.parquet"));
    assert_eq!(ids, ["cats/0.png", "cats/1.png", "cats/2.png", "cats/3.png", "cats/4.png"]);
    let hostile = "../../../../tmp/llm2loss-must-not-be";
    let members: Vec<(String, Vec<u8>)> = vec![
        ("000.png".into(), pictures[0].clone()),
        ("000.json".into(), br#"{"loss": 0.5, "caption": "a cat"}"#.to_vec()),
        ("000.cls".into(), b"3".to_vec()),
        ("000.npy".into(), vec![0; 100]),
        (format!("{hostile}.png"), pictures[1].clone()),
        ("/etc/passwd.png".into(), pictures[2].clone()),
        ("a/\u{1b}[31m.png".into(), pictures[3].clone()),
        ("004.txt".into(), b"a dog".to_vec()),
        ("004.png".into(), pictures[4].clone()),
        ("005.png".into(), b"no image".to_vec()),
        ("006.json".into(), b"{}".to_vec()),
    ];
    let members: Vec<(&str, &[u8])> = members.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect();
    std::fs::write(place.join("shard.tar"), tar(&members)).unwrap();
    let report = with("shard.tar", "tar.parquet");
    assert_eq!((&report["rows"], &report["bad"]), (&5.into(), &2.into()));
    let (ids, of_tar) = read(&place.join("tar.parquet"));
    assert_eq!(ids, ["000", hostile, "/etc/passwd", "a/\u{1b}[31m", "004"]);
    assert!(of_tar == embeddings && !Path::new("/tmp/llm2loss-must-not-be.png").exists());
    // A list of paths, in the folder and out of it.
    let rows = "id,image,loss\na,cats/3.png,1\nb,../shard.tar,2\nc,cats/9.png,3\n";
    std::fs::write(place.join("images/list.csv"), rows).unwrap();
    let report = with("images/list.csv", "list.parquet");
    assert_eq!((&report["rows"], &report["bad"]), (&1.into(), &2.into()));
    let dimension = embeddings.len() / 5;
    assert!(read(&place.join("list.parquet")).1 == embeddings[3 * dimension..4 * dimension]);
    let list = std::fs::read_to_string(place.join("list.parquet.bad.jsonl")).unwrap();
    assert!(list.contains("leads out of") && list.contains("is no file in"), "{list}");
    refused(place, &["--input", "shard.tar", "--output", "x.parquet"], &["reads text only", "CLIP"]);
    // A tar that ends within a member gives nothing.
    let torn = &tar(&members)[..3000];
    std::fs::write(place.join("torn.tar"), torn).unwrap();
    refused(place, &["--input", "torn.tar", "--output", "torn.parquet", "--encoder", "clip"], &["torn.tar"]);
    // So does one that ends between two members.
    let whole = tar(&members);
    std::fs::write(place.join("torn.tar"), &whole[..whole.len() - 1024]).unwrap();
    refused(place, &["--input", "torn.tar", "--output", "torn.parquet", "--encoder", "clip"], &["it is cut off"]);
    assert!(!place.join("torn.parquet").exists());
}

#[test]
fn a_pipe_gives_what_a_file_gives() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path();
    std::fs::write(place.join("rows.jsonl"), lines(0..30)).unwrap();
    let mut command = Command::cargo_bin("llm2loss").unwrap();
    let piped = command
        .current_dir(place)
        .args(["encode", "--input", "-", "--output", "-"])
        .write_stdin(lines(0..30))
        .assert()
        .code(0);
    let of_file = worker(place, &["--input", "rows.jsonl", "--output", "-"]).code(0);
    assert!(piped.get_output().stdout == of_file.get_output().stdout);
    assert_eq!(piped.get_output().stdout.iter().filter(|byte| **byte == b'\n').count(), 30);
    let said = String::from_utf8_lossy(&of_file.get_output().stderr).into_owned();
    assert!(said.contains("30 rows embedded by builtin"), "{said}");
}

#[cfg(unix)]
#[test]
fn killed_at_any_moment_there_is_the_whole_output_or_none_and_a_second_try_ends_the_same() {
    use std::process::Stdio;
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path();
    std::fs::write(place.join("rows.jsonl"), lines(0..10_000)).unwrap();
    done(place, &["--input", "rows.jsonl", "--output", "whole.parquet"]);
    let whole = std::fs::read(place.join("whole.parquet")).unwrap();
    let (mut killed, output) = (0, place.join("out.parquet"));
    for moment in 0..8u64 {
        let _ = std::fs::remove_file(&output);
        let mut child = std::process::Command::new(assert_cmd::cargo::cargo_bin("llm2loss"))
            .current_dir(place)
            .args(["encode", "--input", "rows.jsonl", "--output", "out.parquet"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(std::time::Duration::from_millis(20 + 80 * moment));
        let _ = child.kill();
        killed += u32::from(!child.wait().unwrap().success());
        assert!(!output.exists() || std::fs::read(&output).unwrap() == whole);
        done(place, &["--input", "rows.jsonl", "--output", "out.parquet"]);
        assert!(std::fs::read(&output).unwrap() == whole);
    }
    assert!(killed > 0);
}

/// Most memory that the worker had, in kilobytes, as the system counts it.
#[cfg(target_os = "linux")]
fn peak(place: &Path, input: &str) -> u64 {
    let mut child = std::process::Command::new(assert_cmd::cargo::cargo_bin("llm2loss"))
        .current_dir(place)
        .args(["encode", "--input", input, "--output", "out.parquet", "--force"])
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let mut most = 0;
    while child.try_wait().unwrap().is_none() {
        let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        most = most.max(peak.map_or(0, |line| line.trim().trim_end_matches(" kB").parse().unwrap()));
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    assert!(child.wait().unwrap().success() && most > 0);
    most
}

#[cfg(target_os = "linux")]
#[test]
fn memory_does_not_grow_with_the_shard() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path();
    // Beyond a row group, so that both hold as much as is ever held.
    std::fs::write(place.join("small.jsonl"), lines(0..70_000)).unwrap();
    std::fs::write(place.join("large.jsonl"), lines(0..280_000)).unwrap();
    let (small, large) = (peak(place, "small.jsonl"), peak(place, "large.jsonl"));
    assert!(large < small + (32 << 10), "{small} KB for 70,000 rows, {large} KB for 280,000");
}

#[test]
fn the_footer_says_whose_numbers_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path();
    std::fs::write(place.join("rows.jsonl"), lines(0..9)).unwrap();
    done(place, &["--input", "rows.jsonl", "--output", "out.parquet", "--shard", "1/2"]);
    let footer = footer_of(&place.join("out.parquet")).unwrap();
    let encoder = encoder::open("builtin").unwrap();
    assert_eq!((footer.encoder.as_str(), footer.fingerprint.as_str()), ("builtin", encoder.fingerprint()));
    assert_eq!((footer.rows, footer.bad, footer.dimension, footer.part.as_str()), (5, 0, 256, "1/2"));
    assert_eq!(footer.version, env!("CARGO_PKG_VERSION"));
    assert!(footer_of(&place.join("rows.jsonl")).is_none());
}

#[test]
fn what_lies_beside_an_output_is_part_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path();
    std::fs::write(place.join("rows.jsonl"), lines(0..10) + "{\"id\": \"e\", \"text\": \"\"}\n").unwrap();
    for (output, beside) in [("out.parquet", "out.parquet.bad.jsonl"), ("out.safetensors", "out.safetensors.ids.txt")] {
        let arguments = ["--input", "rows.jsonl", "--output", output];
        done(place, &arguments);
        let (whole, list) = (std::fs::read(place.join(output)).unwrap(), std::fs::read(place.join(beside)).unwrap());
        std::fs::remove_file(place.join(beside)).unwrap();
        assert_eq!(done(place, &arguments)["kept"], false);
        assert!(std::fs::read(place.join(output)).unwrap() == whole);
        assert!(std::fs::read(place.join(beside)).unwrap() == list);
        assert_eq!(done(place, &arguments)["kept"], true);
    }
}

#[test]
fn on_a_pipe_bad_rows_are_told_one_by_one_up_to_a_bound() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path();
    let empty = |at: usize| format!("{{\"id\": \"e{at}\", \"text\": \"\"}}\n");
    std::fs::write(place.join("rows.jsonl"), lines(0..10) + &(0..30).map(empty).collect::<String>()).unwrap();
    let said = |arguments: &[&str]| {
        let arguments = [&["--input", "rows.jsonl", "--output", "-"], arguments].concat();
        let done = worker(place, &arguments).code(0);
        assert_eq!(done.get_output().stdout.iter().filter(|byte| **byte == b'\n').count(), 10);
        String::from_utf8_lossy(&done.get_output().stderr).into_owned()
    };
    let words = said(&[]);
    assert!(words.contains("rows.jsonl, row 11, 'e0': the text is empty") && words.contains("and 10 more"), "{words}");
    let documents = said(&["--json"]);
    let documents: Vec<Value> = documents.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let done = documents.iter().find(|document| document["schema"] == "llm2loss.encode/1").unwrap();
    assert_eq!((&done["rows"], &done["bad"], &done["bad_rows"][19]["id"]), (&10.into(), &30.into(), &"e19".into()));
    assert_eq!(done["bad_rows"].as_array().unwrap().len(), 20);
}

#[cfg(unix)]
#[test]
fn the_exit_code_says_whether_another_try_may_do() {
    use std::process::Stdio;
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path();
    std::fs::write(place.join("rows.jsonl"), lines(0..20_000)).unwrap();
    std::fs::create_dir(place.join("hollow")).unwrap();
    for encoder in ["", "no/such/folder", "hollow", "builtin?dims=9999", "http://127.0.0.1:9/v1/embeddings"] {
        refused(place, &["--input", "rows.jsonl", "--output", "x.parquet", "--encoder", encoder], &["encoder"]);
    }
    for dims in ["0", "257"] {
        refused(place, &["--input", "rows.jsonl", "--output", "x.parquet", "--dims", dims], &["1 to 256"]);
    }
    // A server that does not answer may another time.
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let server = format!("http://{closed}/v1/embeddings#m");
    worker(place, &["--input", "rows.jsonl", "--output", "x.parquet", "--encoder", &server]).code(1);
    // Who reads no further is nobody's fault.
    let mut child = std::process::Command::new(assert_cmd::cargo::cargo_bin("llm2loss"))
        .current_dir(place)
        .args(["encode", "--input", "rows.jsonl", "--output", "-"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn members_of_a_row_lie_together_and_what_is_passed_over_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path();
    let clip = place.join("clip");
    std::fs::create_dir_all(&clip).unwrap();
    checkpoint::write(checkpoint::fixture().case("clip-quick"), &clip);
    let pictures: Vec<Vec<u8>> = (0..3).map(png).collect();
    let with = ["--encoder", "clip", "--output", "x.parquet", "--input"];
    let apart = [("a.png", &pictures[0][..]), ("b.png", &pictures[1]), ("a.json", b"{\"loss\": 1}"), ("b.json", b"{}")];
    std::fs::write(place.join("apart.tar"), tar(&apart)).unwrap();
    refused(place, &[&with[..], &["apart.tar"]].concat(), &["row 'a' do not lie together", "--sort=name"]);
    let two = [("a.jpg", &pictures[0][..]), ("a.png", &pictures[1]), ("b.png", &pictures[2])];
    std::fs::write(place.join("two.tar"), tar(&two)).unwrap();
    let report = done(place, &[&with[..], &["two.tar"]].concat());
    assert_eq!(report["rows"], 2);
    assert!(
        report["notes"][0]
            .as_str()
            .unwrap()
            .contains("rows with more than one image: 1; the first is taken, not a.png"),
        "{report}"
    );
    // The encoder is named so that it is found from anywhere.
    assert!(Path::new(report["encoder"].as_str().unwrap()).is_absolute(), "{report}");
}

#[test]
fn cells_of_another_kind_than_the_others_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path();
    let rows =
        ["{\"id\": \"x\", \"text\": [1, 2], \"loss:v1\": 2}", "{\"id\": \"y\", \"text\": 7, \"loss:v1\": \"n/a\"}"];
    std::fs::write(place.join("rows.jsonl"), lines(0..10) + &rows.join("\n")).unwrap();
    let report = done(place, &["--input", "rows.jsonl", "--output", "out.parquet"]);
    let notes = report["notes"].to_string();
    assert!(notes.contains("'text' that are numbers or lists: 2, such as row 11 of rows.jsonl"), "{notes}");
    assert!(notes.contains("'loss:v1' is written as text: 'n/a' in row 12 of rows.jsonl is no number"), "{notes}");
    // A pattern stands for names.
    std::fs::create_dir(place.join("d1")).unwrap();
    refused(place, &["--input", "d?/rows.jsonl", "--output", "x.parquet"], &["names of files in one folder"]);
}

#[test]
fn an_input_that_changes_while_it_is_read_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rows.jsonl");
    std::fs::write(&path, lines(0..100)).unwrap();
    let mut shard = Shard::open(&path, &Wishes::default()).unwrap();
    assert_eq!(shard.next(50).unwrap().unwrap().rows.len(), 50);
    assert!(shard.check_unchanged().is_ok());
    std::fs::write(&path, lines(0..101)).unwrap();
    let refused = shard.check_unchanged().unwrap_err().to_string();
    assert!(refused.contains("rows.jsonl: was changed while it was read"), "{refused}");
}

#[test]
fn captions_that_say_nothing_of_their_images_do_not_refuse_what_names_its_encoder() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path();
    let clip = place.join("clip");
    std::fs::create_dir_all(&clip).unwrap();
    checkpoint::write(checkpoint::fixture().case("clip-quick"), &clip);
    // Words that the checkpoint's small vocabulary has.
    let words = ["photo", "man", "woman", "hair", "dog", "fox", "moustache", "brown"];
    let members: Vec<(String, Vec<u8>)> = (0..60)
        .flat_map(|at| {
            let text = format!(r#"{{"caption": "a {} with {}", "loss": {at}}}"#, words[at / 8], words[at % 8]);
            [(format!("{at:02}.png"), png(at as u32)), (format!("{at:02}.json"), text.into_bytes())]
        })
        .collect();
    let members: Vec<(&str, &[u8])> = members.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect();
    std::fs::write(place.join("in.tar"), tar(&members)).unwrap();
    assert_eq!(done(place, &["--input", "in.tar", "--output", "in.parquet", "--encoder", "clip"])["rows"], 60);
    // From another folder, for the shard names its encoder.
    std::fs::create_dir(place.join("elsewhere")).unwrap();
    let mut command = Command::cargo_bin("llm2loss").unwrap();
    let words =
        ["--home", "home", "ingest", "x", "--json", "--manifest", "../in.parquet", "--embeddings", "../in.parquet"];
    let report = command.current_dir(place.join("elsewhere")).args(words).assert().code(0);
    let report: Value = serde_json::from_slice(&report.get_output().stdout).unwrap();
    let notes = report["notes"].to_string();
    assert_eq!(report["contents"], "embeddings");
    assert!(
        notes.contains("the captions say nothing of the images") && !notes.contains("without fragments"),
        "{notes}"
    );
}
