//! Images of items in a real terminal: by the protocol it answers to, in characters without one.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used)]

mod checkpoint;
#[allow(dead_code, reason = "what other tests of terminals need")]
#[path = "pty/console.rs"]
mod console;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use console::Console;
use image::{Rgb, RgbImage};
use std::path::Path;
use std::process::Command;

/// A home with an audit of images, half of them for tests and half red, which lose more; and trained heads. The image
/// of the second highest loss is damaged after it was taken in.
fn pictures(count: u8) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let clip = folder.path().join("clip");
    std::fs::create_dir_all(&clip).unwrap();
    checkpoint::write(checkpoint::fixture().case("clip-eos-first"), &clip);
    let mut manifest = String::from("image,loss,split,red\n");
    for row in 0..count {
        let (name, red) = (format!("{row}.png"), row % 4 < 2);
        let colour = if red { [250, 10, row] } else { [10, row, 250] };
        let picture = RgbImage::from_fn(48, 48, |x, y| if (x + y) % 16 < 8 { Rgb(colour) } else { Rgb([9, 200, 9]) });
        picture.save(folder.path().join(&name)).unwrap();
        let loss = if red { 6.0 } else { 3.0 } - f32::from(row) / 100.0;
        manifest.push_str(&format!("{name},{loss},{},{}\n", ["train", "test"][usize::from(row % 2)], u8::from(red)));
    }
    let file = folder.path().join("m.csv");
    std::fs::write(&file, manifest).unwrap();
    run(
        folder.path(),
        &["ingest", "seen", "--manifest", &file.to_string_lossy(), "--encoder", &clip.to_string_lossy()],
    );
    run(folder.path(), &["train", "seen", "--epochs", "2", "--members", "2"]);
    std::fs::write(folder.path().join("5.png"), "no image").unwrap();
    folder
}

fn run(home: &Path, arguments: &[&str]) {
    let program = Command::new(env!("CARGO_BIN_EXE_llm2loss")).env("LLM2LOSS_HOME", home).args(arguments).output();
    let program = program.unwrap();
    assert!(program.status.success(), "{}", String::from_utf8_lossy(&program.stderr));
}

/// A console on it whose terminal has answered before it is asked, so that no time limit decides.
fn open(home: &Path, answer: &str, more: &[&str], environment: &[(&str, &str)]) -> Console {
    let program = [&[env!("CARGO_BIN_EXE_llm2loss"), "--audit", "seen"], more].concat();
    let quiet = [("TMUX", ""), ("TERM_PROGRAM", ""), ("STY", ""), ("COLORTERM", "truecolor")];
    let mut console = Console::start(&program, home, 120, 36, &[&quiet[..], environment].concat());
    console.send(answer);
    console.wait("findings", |text| text.contains("idle"));
    console.send("9");
    // The test item of the highest loss.
    console.wait("items", |text| text.contains("1.png") && text.contains("1 of 20"));
    console
}

fn leave(mut console: Console) {
    console.send("q");
    assert!(console.end().success());
    assert!(!console.screen.lock().unwrap().screen().alternate_screen());
}

const KITTY: &str = "\x1b_Ga=T,U=1,f=100,";
const SIXEL: &str = "\x1bP0;1;0q";
const ITERM2: &str = "\x1b]1337;File=inline=1";

#[test]
fn kitty_is_sent_an_image_once_and_places_it_by_cells() {
    let home = pictures(40);
    let answer = "\x1bP>|kitty(0.42.1)\x1b\\\x1b_Gi=1;OK\x1b\\\x1b[6;16;8t\x1b[?62;52;c";
    let mut console = open(home.path(), answer, &[], &[]);
    console.wait("the image", |text| text.contains('\u{10eeee}'));
    assert_eq!(console.count(KITTY), 1);
    console.send("j");
    // The second is damaged: a sentence, and no cell of the first is left.
    console.wait("what is wrong", |text| text.contains("neither JPEG") && !text.contains('\u{10eeee}'));
    console.send("j");
    console.wait_count(KITTY, 2);
    console.send("kk");
    console.wait("the first again", |text| text.contains('\u{10eeee}'));
    assert_eq!(console.count(KITTY), 2, "it was there");
    console.send("?");
    console.wait("help", |text| text.contains("EVERYWHERE") && !text.contains('\u{10eeee}'));
    console.send("\x1b");
    console.wait("the image", |text| text.contains('\u{10eeee}'));
    console.send("c");
    // Eleven of twelve are images; two were sent at another size.
    console.wait_count(KITTY, 13);
    console.send("1");
    console.wait("another screen", |text| text.contains("[1 Attributes]") && !text.contains('\u{10eeee}'));
    assert_eq!(console.count("▀"), 0);
    assert_eq!(console.count("\x1b_Ga=d,d=I"), 0);
    let sent = console.count(KITTY);
    console.send("q");
    assert!(console.end().success());
    assert_eq!(console.count("\x1b_Ga=d,d=I"), sent, "the terminal is given its memory back");
}

#[test]
fn sixel_and_iterm2_lie_over_cells() {
    let home = pictures(40);
    let sixel = "\x1bP>|foot(1.21.0)\x1b\\\x1b[6;16;8t\x1b[?62;4;22c";
    let iterm2 = "\x1bP>|iTerm2 3.5.0\x1b\\\x1b[6;16;8t\x1b[?62;4;c";
    for (answer, image) in [(sixel, SIXEL), (iterm2, ITERM2)] {
        let mut console = open(home.path(), answer, &[], &[]);
        console.wait_count(image, 1);
        console.send("?");
        console.wait("help", |text| text.contains("EVERYWHERE"));
        console.send("\x1b");
        console.wait_count(image, 2);
        console.send("c");
        console.wait_count(image, 13);
        console.send("T");
        console.wait("256 colours", |text| text.contains("256 colours"));
        console.send("TT");
        console.wait("no colour", |text| text.contains("no colour"));
        // Without colours an image is characters.
        let before = console.count(image);
        console.send("c");
        console.wait("shades", |text| text.contains("++++"));
        assert_eq!((console.count("▀"), console.count(image)), (0, before));
        leave(console);
    }
}

#[test]
fn a_terminal_without_images_has_half_blocks() {
    let home = pictures(40);
    let shows_blocks = |answer: &str, more: &[&str], environment: &[(&str, &str)]| {
        let console = open(home.path(), answer, more, environment);
        console.wait("half blocks", |text| text.contains('▀'));
        assert_eq!(console.count(KITTY) + console.count(SIXEL) + console.count(ITERM2), 0);
        leave(console);
    };
    shows_blocks("\x1b[?62;22c", &[], &[]);
    // Here the terminal is not asked: an answer would be keys.
    shows_blocks("", &["--images", "blocks"], &[]);
    shows_blocks("", &[], &[("TMUX", "/tmp/none,1,0")]);
    let console = open(home.path(), "", &["--no-images"], &[]);
    console.wait("the item", |text| text.contains("nearest items"));
    assert_eq!(console.count("▀"), 0);
    leave(console);
    // Asked for by name, images go through tmux.
    let console = open(home.path(), "", &["--images", "kitty"], &[("TMUX", "/tmp/none,1,0")]);
    console.wait("the image", |text| text.contains('\u{10eeee}'));
    assert_eq!(console.count("\x1bPtmux;\x1b\x1b_Ga=T,U=1,f=100,"), 1);
    leave(console);
}

#[test]
fn a_report_holds_images_only_where_they_are_asked_for() {
    let home = pictures(240);
    let write = |more: &[&str]| {
        let file = home.path().join("r.html");
        run(home.path(), &[&["report", "seen", "-o", &file.to_string_lossy()], more].concat());
        std::fs::read_to_string(file).unwrap()
    };
    let plain = write(&[]);
    assert!(!plain.contains("<img") && !plain.contains("img-src"));
    let hidden = write(&["--items", "6", "--hide-text"]);
    assert!(
        hidden.contains("Test items of the highest loss") && !hidden.contains("<img") && !hidden.contains("img-src")
    );
    let shown = write(&["--items", "6"]);
    assert!(shown.contains("; img-src data:\""));
    let images: Vec<&str> = shown.split("src=\"data:image/jpeg;base64,").skip(1).collect();
    assert_eq!(images.len(), 5, "one of six is damaged");
    assert!(shown.contains("neither JPEG"), "and that is said");
    for image in images {
        let bytes = BASE64_STANDARD.decode(image.split('"').next().unwrap()).unwrap();
        let image = image::load_from_memory(&bytes).unwrap().to_rgb8();
        assert_eq!(image.dimensions(), (48, 48));
        assert!(image.pixels().any(|pixel| pixel[0] > 200 && pixel[2] < 100), "it is red");
    }
}
