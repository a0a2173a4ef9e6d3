//! Folders of images through the program: what is broken is named and left out, what kills it loses nothing.
#![allow(clippy::unwrap_used)]

mod checkpoint;

use assert_cmd::Command;
use image::{ImageFormat, RgbImage};
use llm2loss::audit::Split;
use llm2loss::data::read_matrix;
use llm2loss::engine::Session;
use serde_json::Value;
use std::fmt::Write as _;
use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A small CLIP of made-up numbers; returns its folder.
fn clip(folder: &Path) -> String {
    let place = folder.join("clip");
    std::fs::create_dir_all(&place).unwrap();
    checkpoint::write(checkpoint::fixture().case("clip-quick"), &place);
    place.to_string_lossy().into_owned()
}

fn program(home: &Path, arguments: &[&str]) -> assert_cmd::assert::Assert {
    let mut command = Command::cargo_bin("llm2loss").unwrap();
    command.arg("--home").arg(home).args(arguments).env_remove("LLM2LOSS_HOME").assert()
}

fn json(home: &Path, arguments: &[&str]) -> Value {
    let done = program(home, &[arguments, &["--json"]].concat()).code(0);
    serde_json::from_slice(&done.get_output().stdout).unwrap()
}

fn encoded(width: u32, height: u32, seed: u32, format: ImageFormat) -> Vec<u8> {
    let pixel =
        |x: u32, y: u32| image::Rgb([(x * 5 + seed) as u8, (y * 7 + seed * 3) as u8, (x * y + seed * 11) as u8]);
    let mut bytes = Cursor::new(Vec::new());
    RgbImage::from_fn(width, height, pixel).write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

/// A PNG of a few kilobytes that claims as many pixels as it likes, and holds as many rows of zeros as fit.
fn bomb(width: u32, height: u32) -> Vec<u8> {
    use std::io::Write;
    let mut packed = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    packed.write_all(&vec![0; 4 << 20]).unwrap();
    let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
    let mut chunk = |kind: &[u8], data: &[u8]| {
        png.extend((data.len() as u32).to_be_bytes());
        let body = [kind, data].concat();
        png.extend(&body);
        png.extend(crc32fast::hash(&body).to_be_bytes());
    };
    chunk(b"IHDR", &[&width.to_be_bytes()[..], &height.to_be_bytes(), &[8, 2, 0, 0, 0]].concat());
    chunk(b"IDAT", &packed.finish().unwrap());
    chunk(b"IEND", b"");
    png
}

#[test]
fn what_is_no_image_is_named_and_left_out_and_a_bomb_takes_no_memory() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    let encoder = clip(folder.path());
    let jpeg = encoded(60, 40, 1, ImageFormat::Jpeg);
    let mut flipped = encoded(60, 40, 2, ImageFormat::Png);
    flipped[60] ^= 0xff;
    let broken: [(&str, Vec<u8>, &str); 8] = [
        ("empty.jpg", Vec::new(), "is empty"),
        ("cut.jpg", jpeg[..jpeg.len() / 2].to_vec(), "ends too early"),
        ("cut.png", encoded(60, 40, 3, ImageFormat::Png)[..200].to_vec(), "ends too early"),
        ("flipped.png", flipped, "damaged"),
        ("page.jpg", b"<html>not found</html>".to_vec(), "neither JPEG"),
        ("moving.gif", b"GIF89a and more".to_vec(), "neither JPEG"),
        ("bomb.png", bomb(60_000, 60_000), "60000 x 60000 pixels"),
        ("long.png", bomb(u32::MAX >> 1, 2), "bytes of memory"),
    ];
    let mut manifest = String::from("image,loss,split\n");
    for row in 0..24 {
        let (name, format) = match row % 4 {
            0 => (format!("{row}.jpg"), ImageFormat::Jpeg),
            1 => (format!("{row}.png"), ImageFormat::Png),
            2 => (format!("{row}.bmp"), ImageFormat::Bmp),
            _ => (format!("{row}.webp"), ImageFormat::WebP),
        };
        std::fs::write(folder.path().join(&name), encoded(40 + row, 60, row, format)).unwrap();
        let _ = writeln!(manifest, "{name},{},{}", row % 5, if row % 3 == 0 { "test" } else { "train" });
    }
    for (name, content, _) in &broken {
        std::fs::write(folder.path().join(name), content).unwrap();
        let _ = writeln!(manifest, "{name},1,train");
    }
    let file = folder.path().join("m.csv");
    std::fs::write(&file, manifest).unwrap();
    json(&home, &["ingest", "pictures", "--manifest", file.to_str().unwrap(), "--encoder", &encoder]);
    // A sixteenth of what the bomb's pixels would take.
    let limited = std::process::Command::new("sh")
        .args(["-c", "ulimit -v 4000000 && exec \"$@\"", "sh"])
        .arg(env!("CARGO_BIN_EXE_llm2loss"))
        .args(["--home", home.to_str().unwrap(), "embed", "pictures", "--json"])
        .output()
        .unwrap();
    assert!(limited.status.success(), "{}", String::from_utf8_lossy(&limited.stderr));
    let found: Value = serde_json::from_slice(&limited.stdout).unwrap();
    assert_eq!(found["items"], 24);
    let named = found["unreadable"].as_array().unwrap();
    assert_eq!(named.len(), broken.len());
    for ((name, _, words), found) in broken.iter().zip(named) {
        assert_eq!(found["id"], *name);
        assert!(found["problem"].as_str().unwrap().contains(words), "{found}");
    }
    // They take part in nothing, and nothing else is lost for them.
    {
        let audit = Session::open(&home, "pictures").unwrap().audit().unwrap();
        assert_eq!((audit.rows(Split::Train).len(), audit.rows(Split::Test).len()), (16, 8));
    }
    let words = String::from_utf8(program(&home, &["embed", "pictures"]).code(0).get_output().stdout.clone()).unwrap();
    assert!(words.contains("8 images cannot be read and take no part"), "{words}");
}

#[test]
fn a_folder_without_a_single_image_is_one_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    let encoder = clip(folder.path());
    for name in ["a.jpg", "b.jpg"] {
        std::fs::write(folder.path().join(name), "nothing").unwrap();
    }
    let file = folder.path().join("m.csv");
    std::fs::write(&file, "image,loss,split\na.jpg,1,train\nb.jpg,2,test\n").unwrap();
    json(&home, &["ingest", "none", "--manifest", file.to_str().unwrap(), "--encoder", &encoder]);
    let done = program(&home, &["train", "none"]).code(2);
    let said = String::from_utf8_lossy(&done.get_output().stderr).into_owned();
    let last = said.trim_end().lines().last().unwrap();
    assert!(last.contains("audit 'none' has no train items") && !said.contains("panicked"), "{said}");
}

/// Fifteen hundred small images; returns their manifest.
fn many(folder: &Path) -> PathBuf {
    let place = folder.join("many");
    std::fs::create_dir(&place).unwrap();
    let mut manifest = String::from("image,loss\n");
    for row in 0..1500 {
        let name = format!("{row}.png");
        // Every tenth is the same, every hundredth is none.
        let content = match row % 100 {
            99 => vec![0; 10],
            _ if row % 10 == 0 => encoded(30, 30, 0, ImageFormat::Png),
            _ => encoded(30, 30, row, ImageFormat::Png),
        };
        std::fs::write(place.join(&name), content).unwrap();
        let _ = writeln!(manifest, "{name},{}", row % 7);
    }
    let file = place.join("m.csv");
    std::fs::write(&file, manifest).unwrap();
    file
}

#[test]
fn killed_in_a_loop_images_end_with_the_same_embeddings() {
    let folder = tempfile::tempdir().unwrap();
    let encoder = clip(folder.path());
    let manifest = many(folder.path());
    let (whole, killed) = (folder.path().join("whole"), folder.path().join("killed"));
    for home in [&whole, &killed] {
        json(home, &["ingest", "many", "--manifest", manifest.to_str().unwrap(), "--encoder", &encoder]);
    }
    let (mut kills, mut grew, mut kept) = (0, 0, 0);
    for patience in (0..60).map(|turn| Duration::from_millis(10 + 10 * turn)) {
        let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_llm2loss"))
            .args(["--home", killed.to_str().unwrap(), "embed", "many"])
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(patience);
        if child.try_wait().unwrap().is_some() {
            break;
        }
        child.kill().unwrap();
        child.wait().unwrap();
        kills += 1;
        let session = Session::open(&killed, "many").unwrap();
        let now = session.store().embedding_count(session.encoder().fingerprint()).unwrap();
        assert!(now >= kept, "a kill lost what was kept: {kept}, then {now}");
        grew += usize::from(now > kept);
        kept = now;
    }
    assert!(kills > 0 && grew > 0, "{kills} kills, {grew} of them after something was kept");
    let export = |home: &Path, name: &str| {
        let found = json(home, &["embed", "many"]);
        assert_eq!((&found["items"], found["unreadable"].as_array().unwrap().len()), (&1485.into(), 15));
        let out = folder.path().join(name);
        program(home, &["cache", "export", "many", "--out", out.to_str().unwrap()]).code(0);
        program(home, &["cache", "verify"]).code(0);
        read_matrix(&out, None).unwrap()
    };
    let (resumed, at_once) = (export(&killed, "killed.safetensors"), export(&whole, "whole.safetensors"));
    assert!(resumed.rows() >= 1485 && resumed == at_once, "the embeddings differ");
}

/// A table as Hugging Face writes images: a structure of bytes and a path, and a caption beside it.
fn hugging_face(folder: &Path) -> String {
    use parquet::data_type::{ByteArray, ByteArrayType, DoubleType};
    use parquet::file::writer::SerializedFileWriter;
    let schema = "message schema { optional group image { optional binary bytes; optional binary path (UTF8); }
        required binary caption (UTF8); required double loss; required binary split (UTF8); }";
    let schema = std::sync::Arc::new(parquet::schema::parser::parse_message_type(schema).unwrap());
    let path = folder.join("hf.parquet");
    let mut writer =
        SerializedFileWriter::new(std::fs::File::create(&path).unwrap(), schema, Default::default()).unwrap();
    let mut group = writer.next_row_group().unwrap();
    let picture = |at: usize| ByteArray::from(encoded(40, 30, at as u32, ImageFormat::Png));
    let words = |of: &dyn Fn(usize) -> String| (0..12).map(|at| ByteArray::from(of(at).as_str())).collect::<Vec<_>>();
    let pictures: Vec<ByteArray> = (0..12).map(picture).collect();
    let losses: Vec<f64> = (0..12).map(|at| f64::from(at) / 4.0).collect();
    for at in 0..5 {
        let mut column = group.next_column().unwrap().unwrap();
        let bytes = column.untyped();
        let _ = bytes;
        match at {
            0 => column.typed::<ByteArrayType>().write_batch(&pictures, Some(&[2; 12]), None).unwrap(),
            1 => column
                .typed::<ByteArrayType>()
                .write_batch(&words(&|at| format!("p{at}.png")), Some(&[2; 12]), None)
                .unwrap(),
            2 => {
                column.typed::<ByteArrayType>().write_batch(&words(&|at| format!("caption {at}")), None, None).unwrap()
            }
            3 => column.typed::<DoubleType>().write_batch(&losses, None, None).unwrap(),
            _ => column
                .typed::<ByteArrayType>()
                .write_batch(&words(&|at| if at < 8 { "train".into() } else { "test".into() }), None, None)
                .unwrap(),
        };
        column.close().unwrap();
    }
    group.close().unwrap();
    writer.close().unwrap();
    path.to_string_lossy().into_owned()
}

#[test]
fn images_inside_a_table_are_images_and_go_with_their_audit() {
    let folder = tempfile::tempdir().unwrap();
    let (home, clip, table) = (folder.path().join("home"), clip(folder.path()), hugging_face(folder.path()));
    let arguments = ["ingest", "hf", "--manifest", &table, "--encoder", &clip];
    let looked = json(&home, &[&arguments[..], &["--check"]].concat());
    assert_eq!((&looked["contents"], &looked["items"]), (&"images".into(), &12.into()));
    assert!(!home.join("images").exists(), "a dry run writes nothing");
    let refused = program(&home, &arguments[..4]).code(2);
    assert!(String::from_utf8_lossy(&refused.get_output().stderr).contains("the items are images"));
    let found = json(&home, &arguments);
    assert_eq!((&found["contents"], &found["items"]), (&"images".into(), &12.into()));
    assert_eq!(std::fs::read_dir(home.join("images/hf")).unwrap().count(), 12);
    json(&home, &["embed", "hf"]);
    // The same pictures as files of a folder are the same embeddings.
    let mut manifest = String::from("image,loss,split\n");
    for at in 0..12 {
        std::fs::write(folder.path().join(format!("p{at}.png")), encoded(40, 30, at, ImageFormat::Png)).unwrap();
        let _ = writeln!(manifest, "p{at}.png,{},{}", f64::from(at) / 4.0, if at < 8 { "train" } else { "test" });
    }
    let manifest = {
        let path = folder.path().join("m.csv");
        std::fs::write(&path, manifest).unwrap();
        path.to_string_lossy().into_owned()
    };
    json(&home, &["ingest", "files", "--manifest", &manifest, "--encoder", &clip]);
    json(&home, &["embed", "files"]);
    let rows = |audit: &str| {
        let out = folder.path().join(format!("{audit}.safetensors"));
        program(&home, &["cache", "export", audit, "--out", out.to_str().unwrap()]).code(0);
        read_matrix(&out, None).unwrap().values
    };
    assert!(rows("hf") == rows("files"));
    program(&home, &["audits", "delete", "hf"]).code(0);
    assert!(!home.join("images/hf").exists());
}
