//! Rows as people have them: JSON of every kind, delimiters, pipes, and files that are no rows.
#![allow(clippy::unwrap_used)]

use assert_cmd::Command;
use llm2loss::data::{self, Contents, Draft, ImagePlace, Mapping};
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

fn read_with(folder: &Path, name: &str, content: impl AsRef<[u8]>, columns: &[&str]) -> Result<Draft, String> {
    let path = folder.join(name);
    std::fs::write(&path, content).unwrap();
    let mut mapping = Mapping::default();
    columns.iter().for_each(|column| mapping.set(column).unwrap());
    data::manifest(&path, &mapping, "m", Contents::Table(&ImagePlace::default())).map_err(|error| error.to_string())
}

fn read(name: &str, content: impl AsRef<[u8]>) -> Result<Draft, String> {
    let folder = tempfile::tempdir().unwrap();
    read_with(folder.path(), name, content, &[])
}

fn refused(name: &str, content: impl AsRef<[u8]>, words: &str) {
    let error = read(name, content).unwrap_err();
    assert!(error.contains(words), "{name} said: {error}");
}

const CSV: &str = "id,text,loss,young\na,one,0.5,1\nb,two,1.5,0\n";

#[test]
fn the_same_rows_in_every_form() {
    let wanted = read("a.csv", CSV).unwrap();
    let forms: [(&str, &str); 14] = [
        ("excel.csv", "sep=;\r\nid;text;loss;young\r\na;one;0.5;1\r\nb;two;1.5;0\r\n"),
        ("pipe.csv", "id|text|loss|young\na|one|0.5|1\nb|two|1.5|0\n"),
        ("tab.txt", "id\ttext\tloss\tyoung\na\tone\t0.5\t1\nb\ttwo\t1.5\t0\n"),
        (
            "a.jsonl",
            "{\"id\":\"a\",\"text\":\"one\",\"loss\":0.5,\"young\":1}\n\n{\"id\":\"b\",\"text\":\"two\",\"loss\":1.5,\"young\":0}\n\n",
        ),
        (
            "lines.json",
            "{\"id\":\"a\",\"text\":\"one\",\"loss\":0.5,\"young\":1}\n{\"id\":\"b\",\"text\":\"two\",\"loss\":1.5,\"young\":0}",
        ),
        (
            "records.json",
            "[{\"id\":\"a\",\"text\":\"one\",\"loss\":0.5,\"young\":1},\n {\"id\":\"b\",\"text\":\"two\",\"loss\":1.5,\"young\":0}]",
        ),
        (
            "wandb.table.json",
            "{\"columns\": [\"id\",\"text\",\"loss\",\"young\"], \"data\": [[\"a\",\"one\",0.5,1],[\"b\",\"two\",1.5,0]], \"ncols\": 4}",
        ),
        (
            "split.json",
            "{\"columns\":[\"id\",\"text\",\"loss\",\"young\"],\"index\":[0,1],\"data\":[[\"a\",\"one\",0.5,1],[\"b\",\"two\",1.5,0]]}",
        ),
        (
            "pandas.json",
            "{\"id\":{\"0\":\"a\",\"1\":\"b\"},\"text\":{\"0\":\"one\",\"1\":\"two\"},\"loss\":{\"0\":0.5,\"1\":1.5},\"young\":{\"0\":1,\"1\":0}}",
        ),
        (
            "index.json",
            "{\"0\":{\"id\":\"a\",\"text\":\"one\",\"loss\":0.5,\"young\":1},\"1\":{\"id\":\"b\",\"text\":\"two\",\"loss\":1.5,\"young\":0}}",
        ),
        ("list.json", "{\"id\":[\"a\",\"b\"],\"text\":[\"one\",\"two\"],\"loss\":[0.5,1.5],\"young\":[1,0]}"),
        (
            "table.json",
            "{\"schema\":{\"fields\":[]},\"data\":[{\"id\":\"a\",\"text\":\"one\",\"loss\":0.5,\"young\":1},{\"id\":\"b\",\"text\":\"two\",\"loss\":1.5,\"young\":0}]}",
        ),
        (
            "pretty.json",
            "[\n  {\n    \"id\": \"a\",\n    \"text\": \"one\",\n    \"loss\": 0.5,\n    \"young\": 1\n  },\n  {\"id\": \"b\", \"text\": \"two\", \"loss\": 1.5, \"young\": 0}\n]\n",
        ),
        (
            "wide.json",
            "{\n  \"columns\": [\"id\", \"text\", \"loss\", \"young\"],\n  \"data\": [\n    [\"a\", \"one\", 0.5, 1],\n    [\"b\", \"two\", 1.5, 0]\n  ]\n}",
        ),
    ];
    for (name, content) in forms {
        let found = read(name, content);
        assert!(found.is_ok(), "{name}: {:?}", found.err());
        let found = found.unwrap();
        assert_eq!((&found.ids, &found.texts, &found.models), (&wanted.ids, &wanted.texts, &wanted.models), "{name}");
        assert_eq!(found.flags[0].values, wanted.flags[0].values, "{name}");
    }
}

#[test]
fn nested_fields_have_their_path_as_name_and_arrays_stay_json() {
    let folder = tempfile::tempdir().unwrap();
    let lines = "{\"id\":1,\"doc\":{\"question\":\"why?\",\"choices\":[\"a\",\"b\"]},\"loss\":1}\n\
                 {\"id\":2,\"doc\":{\"question\":\"how?\",\"meta\":{\"level\":3}},\"loss\":2}\n";
    let draft = read_with(folder.path(), "a.jsonl", lines, &["text=doc.question", "group=doc.choices"]).unwrap();
    assert_eq!(
        (draft.texts, draft.groups.unwrap()),
        (vec!["why?".into(), "how?".into()], vec!["[\"a\",\"b\"]".to_owned(), String::new()])
    );
    let level = read_with(folder.path(), "a.jsonl", lines, &["text=doc.question", "group=doc.meta.level"]).unwrap();
    assert_eq!(level.groups.unwrap(), ["", "3"]);
    refused("a.jsonl", "{\"id\":1,\"a\":{\"b\":1},\"a.b\":2}\n", "row 1: the key 'a.b' is there twice");
    refused("a.jsonl", "{\"id\":1,\"id\":2}\n", "row 1: the key 'id' is there twice");
}

#[test]
fn what_python_writes_beside_json_harms_only_who_uses_it() {
    let rows = |second: &str| format!("{{\"id\":\"a\",\"text\":\"x\",\"loss\":1}}\n\n{second}\n");
    let unused = read(
        "a.jsonl",
        rows("{\"id\":\"b\",\"text\":\"y\",\"loss\":2,\"m\":-Infinity,\"n\":\"\\ud83d!\",\"o\":[NaN]}"),
    );
    assert_eq!(unused.unwrap().ids, ["a", "b"]);
    // The blank line counts: editors show the second object in row 3.
    refused("a.jsonl", rows("{\"id\":\"b\",\"text\":\"y\",\"loss\":NaN}"), "row 3, column 'loss': 'NaN' is not finite");
    refused(
        "a.jsonl",
        rows("{\"id\":\"b\",\"text\":\"y\",\"loss\":Infinity}"),
        "row 3, column 'loss': 'Infinity' is not finite",
    );
    refused(
        "a.jsonl",
        rows("{\"id\":\"b\",\"text\":\"y \\udc00\",\"loss\":1}"),
        "row 3, column 'text': holds half of a surrogate pair",
    );
    refused("a.json", "[{\"id\":\"a\",\"text\":\"x\",\"loss\":NaN}]", "row 1, column 'loss': 'NaN' is not finite");
    refused("a.jsonl", rows("{\"id\":\"b\","), "row 3: not a JSON object");
    refused("a.jsonl", rows("[1,2]"), "row 3: not a JSON object (a row must be an object");
    let large = format!("{{\"id\":\"b\",\"text\":\"y\",\"loss\":2,\"blob\":\"{}\"}}", "x".repeat(2 << 20));
    assert!(read("a.jsonl", rows(&large)).is_ok());
    refused("a.jsonl", rows(&large.replace("blob", "group")), "row 3, column 'group': the cell has 2097152 bytes");
    assert_eq!(
        read("a.jsonl", rows("{\"id\":\"b\",\"text\":\"\\ud83d\\ude00\",\"loss\":1}")).unwrap().texts[1],
        "\u{1f600}"
    );
}

#[test]
fn too_many_columns_and_keys_of_own_are_refused_soon() {
    let begun = Instant::now();
    let names: Vec<String> = (0..100_000).map(|at| format!("c{at}")).collect();
    let ones = vec!["1"; 100_000].join(",");
    refused(
        "wide.csv",
        format!("{}\n{ones}\n{ones}\n", names.join(",")),
        "row 1: has 100000 columns; at most 20000 are taken",
    );
    let mut own = String::new();
    for row in 0..60_000 {
        let _ = writeln!(own, "{{\"text\":\"a\",\"loss\":1,\"k{row}\":1}}");
    }
    refused("own.jsonl", own, "different keys, most of them in few rows");
    assert!(begun.elapsed() < Duration::from_secs(60), "{:?}", begun.elapsed());
}

fn gzip(pieces: &[(&str, usize)]) -> Vec<u8> {
    let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    for (piece, times) in pieces {
        for _ in 0..*times {
            out.write_all(piece.as_bytes()).unwrap();
        }
    }
    out.finish().unwrap()
}

#[test]
fn little_that_unpacks_to_much_is_refused_soon() {
    let thousand = "a,1\n".repeat(1000);
    refused("rows.csv.gz", gzip(&[("text,loss\n", 1), (&thousand, 3000)]), "bytes unpack to 2097153 rows and more");
    let thousand = "{}\n".repeat(1000);
    refused("rows.jsonl.gz", gzip(&[(&thousand, 3000)]), "bytes unpack to 2097153 rows and more");
    let thousand = "{},".repeat(1000);
    refused("rows.json.gz", gzip(&[("[", 1), (&thousand, 3000), ("{}]", 1)]), "bytes unpack to 2097153 rows and more");
    let thousand = "0,".repeat(1000);
    for (name, begin, end) in
        [("a.jsonl.gz", "{\"a\":[", "0]}\n"), ("a.json.gz", "{\"a\":[", "0]}"), ("b.json.gz", "[{\"a\":[", "0]}]")]
    {
        let content = gzip(&[(begin, 1), (&thousand, 9000), (end, 1)]);
        refused(name, content, "more than 8388608 values in one piece");
    }
    let letters = "x".repeat(1 << 20);
    refused("line.jsonl.gz", gzip(&[("{\"a\":\"", 1), (&letters, 65), ("\"}\n", 1)]), "more than 67108864 bytes");
    // The name of a key is a part of those below it.
    let keys: Vec<String> = (0..10_000).map(|key| format!("\"k{key}\":1")).collect();
    let nested = format!("{{\"{letters}\":{{{}}}}}", keys.join(","));
    refused("keys.jsonl", &nested, "bytes; at most 4096 are taken");
    refused("keys.json", &nested, "bytes; at most 4096 are taken");
}

#[test]
fn files_that_are_no_rows_are_called_what_they_are() {
    refused(
        "book.xlsx",
        b"PK\x03\x04\x14\0\x06\0[Content_Types].xml",
        "is a spreadsheet, which is not read; save its sheet as CSV, or: python -c",
    );
    refused("rows.zip", b"PK\x03\x04\x14\0\0\0rows.csv", "is a zip archive; unpack it (unzip rows.zip)");
    refused("t.feather", b"ARROW1\0\0\0\0", "pd.read_feather('t.feather').to_parquet('t.parquet')");
    refused("t.pkl", b"\x80\x04\x95\0\0", "is a pickle, which can run any program and is never read");
    refused("t.csv.zst", b"\x28\xb5\x2f\xfd\0", "zstd -dc t.csv.zst | llm2loss ingest NAME --manifest /dev/stdin");
    refused("x.npy", b"\x93NUMPY\x01\0", "is a NumPy array, which has no named columns");
    refused(
        "samples.json",
        "{\"samples\": [{\"_id\": {\"$oid\": \"1\"}, \"filepath\": \"a.jpg\"}]}",
        "fo.types.CSVDataset",
    );
    refused("t.csv", "<!DOCTYPE html><html>", "is a web page");
    refused("t.parquet", "id,text\n", "not a Parquet file that can be read");
    let folder = tempfile::tempdir().unwrap();
    let error = data::manifest(folder.path(), &Mapping::default(), "m", Contents::Elsewhere).unwrap_err().to_string();
    assert!(error.contains("is a folder without files of rows"), "{error}");
}

#[cfg(unix)]
mod pipes {
    use super::*;

    fn ingest(home: &Path, file: &str) -> Command {
        let mut command = Command::cargo_bin("llm2loss").unwrap();
        command.arg("--home").arg(home).args(["ingest", "x", "--check", "--manifest", file]);
        command
    }

    #[test]
    fn a_pipe_is_read_once_and_whole() {
        let home = tempfile::tempdir().unwrap();
        // The first column is the one that opening twice would damage.
        let mut rows = String::from("split,id,text,loss\n");
        (0..40).for_each(|row| rows += &format!("{},{row},words {row},1\n", if row < 30 { "train" } else { "test" }));
        let mut command = ingest(home.path(), "/dev/stdin");
        let done = command.arg("--json").write_stdin(rows.clone()).assert().code(0);
        let found: serde_json::Value = serde_json::from_slice(&done.get_output().stdout).unwrap();
        assert_eq!((&found["train_items"], &found["test_items"]), (&30.into(), &10.into()));
        let fifo = home.path().join("fifo");
        assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
        let writer = {
            let fifo = fifo.clone();
            std::thread::spawn(move || std::fs::write(fifo, rows))
        };
        ingest(home.path(), fifo.to_str().unwrap()).assert().code(0);
        writer.join().unwrap().unwrap();
        let done = ingest(home.path(), fifo.to_str().unwrap()).timeout(Duration::from_secs(60)).assert().code(2);
        let said = String::from_utf8_lossy(&done.get_output().stderr).into_owned();
        assert!(said.contains("is a pipe, and nobody wrote to it within 5 seconds"), "{said}");
    }

    #[test]
    fn devices_and_sockets_are_refused() {
        let home = tempfile::tempdir().unwrap();
        let socket = home.path().join("socket");
        let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        for file in ["/dev/zero", "/dev/null", socket.to_str().unwrap()] {
            for flag in ["--manifest", "--embeddings", "--columns", "--attributes"] {
                let mut command = Command::cargo_bin("llm2loss").unwrap();
                command.arg("--home").arg(home.path()).args(["ingest", "x", flag, file]);
                let done = command.timeout(Duration::from_secs(60)).assert().code(2);
                let said = String::from_utf8_lossy(&done.get_output().stderr).into_owned();
                assert!(
                    said.contains("is no file") || said.contains("is neither a file nor a pipe"),
                    "{flag} {file}: {said}"
                );
            }
        }
    }
}
