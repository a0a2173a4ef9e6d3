//! Tars of rows as webdataset writes them, and how damage to a header is made to count.

use llm2loss::data::{Shard, Wishes};
use std::path::Path;
use tar::{Builder, EntryType, Header};

/// Bytes of a block, and where in a header the length and the checksum of a member stand.
const BLOCK: usize = 512;
const SIZE: std::ops::Range<usize> = 124..136;
const SUM: std::ops::Range<usize> = 148..156;

/// Texts and labels; images with a name too long for a header, as GNU and as POSIX write it; a link and a folder.
pub fn seeds() -> Vec<Vec<u8>> {
    let texts: [(&str, &[u8]); 5] = [
        ("a/1.txt", b"a red car"),
        ("a/1.json", br#"{"id": "x", "loss": 1.5, "k": [1, {"l": null}]}"#),
        ("a/2.txt", b"a blue car"),
        ("a/2.cls", b"3"),
        ("b.3.txt", "é 界".as_bytes()),
    ];
    let long = format!("{}x.png", "long/".repeat(40));
    let images: [(&str, &[u8]); 3] = [("1.jpg", b"\xff\xd8\xff"), ("1.txt", b"words"), (&long, b"\x89PNG")];
    vec![packed(&texts, false), packed(&images, false), packed(&images, true)]
}

/// A tar of some members, with a link and a folder after them; `posix` names its members in extended headers.
fn packed(members: &[(&str, &[u8])], posix: bool) -> Vec<u8> {
    let mut builder = Builder::new(Vec::new());
    for (name, content) in members {
        let mut header = Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        if posix {
            builder.append_pax_extensions([("path", name.as_bytes())]).expect("a member in memory");
            builder.append_data(&mut header, "x", *content).expect("a member in memory");
        } else {
            builder.append_data(&mut header, name, *content).expect("a member in memory");
        }
    }
    for (kind, name) in [(EntryType::Symlink, "z.txt"), (EntryType::Directory, "folder")] {
        let mut header = Header::new_gnu();
        header.set_entry_type(kind);
        header.set_size(0);
        let added = if kind == EntryType::Symlink {
            builder.append_link(&mut header, name, "../../x")
        } else {
            builder.append_data(&mut header, name, &[][..])
        };
        added.expect("a member in memory");
    }
    builder.into_inner().expect("a tar in memory")
}

/// Puts the checksums of headers right, as far as lengths lead to the next, so that what else is damaged is read.
pub fn mend(bytes: &mut [u8]) {
    let mut at = 0;
    while let Some(header) = bytes.get_mut(at..at + BLOCK) {
        if header.iter().all(|byte| *byte == 0) {
            return;
        }
        header[SUM].fill(b' ');
        let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
        header[SUM].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        let digits = std::str::from_utf8(&header[SIZE]).unwrap_or_default();
        let Ok(length) = usize::from_str_radix(digits.trim_matches(['\0', ' ']), 8) else { return };
        let Some(next) = length.checked_next_multiple_of(BLOCK).and_then(|length| (at + BLOCK).checked_add(length))
        else {
            return;
        };
        at = next;
    }
}

/// Reads the rows of a shard to their end: how many there should be and how many came, or what is wrong with it.
pub fn read(path: &Path) -> Result<(u64, u64), String> {
    let mut shard = Shard::open(path, &Wishes::default()).map_err(|error| error.to_string())?;
    let (announced, mut came) = (shard.rows, 0);
    while let Some(window) = shard.next(2).map_err(|error| error.to_string())? {
        came += window.rows.len() as u64;
    }
    Ok((announced, came))
}
