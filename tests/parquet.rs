//! Parquet as other programs write it: every codec and kind of value, structures by their path, lists of half
//! precision, shards, pipes.
#![allow(clippy::unwrap_used)]

use assert_cmd::Command;
use llm2loss::audit::Split;
use llm2loss::data::{self, Contents, Draft, ImagePlace, Mapping, read_matrix};
use serde_json::Value;
use std::path::{Path, PathBuf};

const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/parquet");

fn fixture(name: &str) -> PathBuf {
    Path::new(FIXTURES).join(name)
}

fn mapping(columns: &[&str]) -> Mapping {
    let mut mapping = Mapping::default();
    columns.iter().for_each(|column| mapping.set(column).unwrap());
    mapping
}

fn read(name: &str, columns: &[&str]) -> Result<Draft, String> {
    let images = ImagePlace::default();
    data::manifest(&fixture(name), &mapping(columns), "m", Contents::Table(&images)).map_err(|error| error.to_string())
}

fn check(arguments: &[&str]) -> Value {
    let home = tempfile::tempdir().unwrap();
    let mut command = Command::cargo_bin("llm2loss").unwrap();
    let done = command.arg("--home").arg(home.path()).args(arguments).args(["--check", "--json"]).assert().code(0);
    serde_json::from_slice(&done.get_output().stdout).unwrap()
}

#[test]
fn every_codec_holds_the_same_rows() {
    let plain = read("none.parquet", &[]).unwrap();
    assert_eq!((plain.ids.len(), plain.ids[39].as_str(), plain.models[0].losses[39]), (40, "r39", 9.75));
    assert_eq!(plain.flags[0].values[38..], [Some(false), Some(true)]);
    for codec in ["snappy", "gzip", "brotli", "lz4", "zstd"] {
        let packed = read(&format!("{codec}.parquet"), &[]).unwrap();
        assert_eq!((&packed.ids, &packed.texts, &packed.models), (&plain.ids, &plain.texts, &plain.models), "{codec}");
    }
}

#[test]
fn values_of_every_kind_are_read_as_people_write_them() {
    let text = |column: &str| read("kinds.parquet", &[&format!("text={column}"), "ignore=image.path"]);
    let wanted = [
        ("doc.question", ["one?", "two?", "three?"]),
        ("byte", ["255", "0", "1"]),
        ("large", ["18446744073709551615", "0", "1"]),
        ("half", ["0.5", "1.5", "-2"]),
        ("word", ["x", "y", "x"]),
        ("nanoseconds", ["1970-01-01 00:00:00.000000001", "1970-01-01 00:00:00", "1969-12-31 23:59:59.999999999"]),
    ];
    for (column, cells) in wanted {
        assert_eq!(text(column).unwrap().texts, cells, "{column}");
    }
    let group = |column: &str| {
        let columns = ["text=doc.question", "ignore=image.path", &format!("group={column}")];
        read("kinds.parquet", &columns).unwrap().groups.unwrap()
    };
    assert_eq!(group("day"), ["2024-02-29", "1969-12-31", ""]);
    assert_eq!(group("seconds"), ["2024-02-29 12:30:15.250", "", "2024-02-29 12:30:15.250"]);
    assert_eq!(group("clock"), ["01:02:03", "", "23:00:00"]);
    assert_eq!(group("money"), ["-0.05", "12.50", ""]);
    assert_eq!(group("doc.meta.level"), ["1", "", "3"]);
    assert_eq!(group("nothing"), ["", "", ""]);
    let losses = &text("doc.question").unwrap().models[0].losses;
    assert!(losses[0] == 0.5 && losses[1].is_nan() && losses[2] == 1.5);
    let old = read("int96.parquet", &["text=nanoseconds"]).unwrap();
    assert_eq!(old.texts[2], "1969-12-31 23:59:59.999999999");
}

#[test]
fn bytes_and_lists_are_named_and_harm_only_who_uses_them() {
    let draft = read("kinds.parquet", &["text=doc.question", "ignore=image.path"]).unwrap();
    let unused = draft.notes.iter().find(|note| note.starts_with("columns not used")).unwrap();
    for column in ["image.bytes", "blob", "tags", "map"] {
        assert!(unused.contains(column), "{unused}");
    }
    let refused = |column: &str| read("kinds.parquet", &["text=doc.question", column]).unwrap_err();
    assert!(refused("group=blob").contains("column 'blob' holds bytes that are no text"));
    assert!(refused("group=tags").contains("column 'tags' holds lists"));
    assert!(refused("group=doc.answer").contains("there is no column 'doc.answer'; it has: id, doc.question"));
    let mut images = Vec::new();
    data::each_binary(&fixture("kinds.parquet"), "image.bytes", |row, bytes| {
        images.push((row, bytes.map(<[u8]>::to_vec)));
        Ok(())
    })
    .unwrap();
    assert_eq!(images, [(0, Some(b"\x89PNG\x00".to_vec())), (1, Some(b"\xff\xd8".to_vec())), (2, None)]);
}

#[test]
fn images_within_the_table_are_items_never_dropped_for_a_caption() {
    let draft = read("kinds.parquet", &["text=doc.question", "image=image"]).unwrap();
    let packed = draft.packed_images.unwrap();
    assert_eq!((packed.column.as_str(), draft.texts[0].as_str()), ("image.bytes", "one?"));
    // Where a text is named as the content, it is.
    assert!(read("kinds.parquet", &["text=doc.question"]).unwrap().packed_images.is_none());
}

#[test]
fn lists_of_half_precision_of_fixed_size_and_tensors_are_embeddings() {
    let wanted: Vec<f32> = (0..24u8).map(|value| f32::from(value) / 4.0 + 0.25).collect();
    for name in ["half", "half-fixed", "fixed", "tensor"] {
        let matrix = read_matrix(&fixture(&format!("list-{name}.parquet")), None).unwrap();
        assert_eq!((&matrix.values, matrix.columns), (&wanted, 4), "{name}");
        assert_eq!(matrix.ids.unwrap()[5], "e5");
    }
    for place in ["shards", "shards/part-*.parquet"] {
        let matrix = read_matrix(&fixture(place), None).unwrap();
        assert_eq!((matrix.values, matrix.ids.unwrap().len()), (wanted.clone(), 6), "{place}");
    }
}

#[test]
fn shards_are_read_in_order_with_the_splits_they_name_and_none_missing() {
    let draft = read("splits", &[]).unwrap();
    let whole = read("none.parquet", &[]).unwrap();
    let mut ids = whole.ids.clone();
    ids.rotate_left(24);
    assert_eq!(draft.ids, ids, "test comes before train");
    let splits = draft.splits.unwrap();
    assert_eq!(
        (splits[0], splits[39], splits.iter().filter(|split| **split == Split::Test).count()),
        (Split::Test, Split::Train, 16)
    );
    assert!(
        draft.notes.iter().any(|note| note.starts_with("4 files were read one after the other, test-00000-of-00002"))
    );
    let train = read("splits/train-*", &[]).unwrap();
    assert_eq!((train.ids.len(), train.splits), (24, None));
    let folder = tempfile::tempdir().unwrap();
    for name in ["train-00000-of-00002.parquet", "test-00000-of-00002.parquet", "test-00001-of-00002.parquet"] {
        std::fs::copy(fixture("splits").join(name), folder.path().join(name)).unwrap();
    }
    let error = data::manifest(folder.path(), &Mapping::default(), "m", Contents::Elsewhere).unwrap_err().to_string();
    assert!(error.contains("train-00001-of-00002.parquet is missing"), "{error}");
    let parts = tempfile::tempdir().unwrap();
    for part in ["part-00000.parquet", "part-00002.parquet"] {
        std::fs::copy(fixture("shards").join(part), parts.path().join(part)).unwrap();
    }
    let error = read_matrix(parts.path(), None).unwrap_err().to_string();
    assert!(error.contains("part-00001.parquet is missing"), "{error}");
    std::fs::write(parts.path().join("part-00001.parquet"), b"PAR1 and no more").unwrap();
    let error = data::manifest(parts.path(), &Mapping::default(), "m", Contents::Elsewhere).unwrap_err().to_string();
    assert!(error.contains("part-00001.parquet: not a Parquet file that can be read"), "{error}");
}

#[test]
#[cfg(unix)]
fn parquet_comes_through_a_pipe() {
    let home = tempfile::tempdir().unwrap();
    let mut command = Command::cargo_bin("llm2loss").unwrap();
    let bytes = std::fs::read(fixture("zstd.parquet")).unwrap();
    let arguments = ["ingest", "x", "--manifest", "/dev/stdin", "--check", "--json"];
    let done = command.arg("--home").arg(home.path()).args(arguments).write_stdin(bytes).assert().code(0);
    let piped: Value = serde_json::from_slice(&done.get_output().stdout).unwrap();
    let file = check(&["ingest", "x", "--manifest", fixture("zstd.parquet").to_str().unwrap()]);
    assert_eq!(piped, file);
}

/// Files that other programs wrote, where they are at hand.
#[test]
fn what_polars_duckdb_and_datasets_write_is_read() {
    let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/cases");
    if !shared.is_dir() {
        eprintln!("skipped: {} is not there", shared.display());
        return;
    }
    let rows = |name: &str, columns: &[&str]| {
        let images = ImagePlace::default();
        data::manifest(&shared.join(name), &mapping(columns), "m", Contents::Table(&images)).unwrap()
    };
    assert_eq!(rows("parquet/duckdb_zstd.parquet", &[]).ids.len(), 3);
    assert_eq!(rows("parquet/polars_default.parquet", &[]).models[0].losses.len(), 3);
    assert_eq!(rows("parquet/man_zstd.parquet", &[]).ids.len(), 40);
    assert_eq!(rows("intake/polars.parquet", &[]).ids.len(), 300);
    let nested = rows("intake/nested.parquet", &["group=meta.b"]);
    assert!(nested.groups.is_some() && nested.notes.iter().any(|note| note.contains("blob")));
    assert!(rows("intake/hf_image.parquet", &[]).packed_images.is_some());
    for name in ["f16", "fsl", "tensor", "zstd"] {
        let matrix = read_matrix(&shared.join(format!("parquet/{name}.parquet")), None).unwrap();
        assert_eq!((matrix.rows(), matrix.columns), (40, 256), "{name}");
    }
    assert_eq!(read_matrix(&shared.join("parquet/shards"), None).unwrap().rows(), 40);
    let error = read_matrix(&shared.join("break/list-3e8.parquet"), None).unwrap_err().to_string();
    assert!(error.contains("300000000 values"), "{error}");
}
