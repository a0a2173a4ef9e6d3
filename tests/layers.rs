//! Holds every `crate::` in the sources to the table of rooms in docs/architecture.md.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// A row of the table: the rooms it names, and those they may import.
struct Row {
    rooms: Vec<String>,
    may: BTreeSet<String>,
    /// Named one by one, so that each must be in use.
    named: bool,
}

fn marked(cell: &str) -> Vec<String> {
    cell.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// The rows of the table, from the ground up.
fn table(page: &str) -> Vec<Row> {
    let lines = page.lines().skip_while(|line| !line.starts_with("| room |")).skip(2);
    let mut above: BTreeSet<String> = BTreeSet::new();
    let mut rows = Vec::new();
    for line in lines.take_while(|line| line.starts_with('|')) {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let (rooms, imports) = (marked(cells[0]), cells[2]);
        let named = !imports.starts_with("all");
        let may = if named { marked(imports).into_iter().collect() } else { above.clone() };
        assert!(!rooms.is_empty() && may.is_subset(&above), "{line}: a room may import only rooms above it");
        above.extend(rooms.iter().cloned());
        rows.push(Row { rooms, may, named });
    }
    rows
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
}

/// The rooms that a source names after `crate::`, outside of comments.
fn imports(text: &str) -> BTreeSet<String> {
    let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    let after = |line: &str| -> Vec<String> {
        let name = |rest: &str| rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        line.split("crate::").skip(1).map(name).collect()
    };
    code.flat_map(after).collect()
}

#[test]
fn rooms_import_what_the_table_says() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let rows = table(&fs::read_to_string(root.join("docs/architecture.md")).unwrap());
    let shared: BTreeSet<String> = rows[0].rooms.iter().cloned().collect();
    let rooms: BTreeMap<&str, &Row> =
        rows.iter().flat_map(|row| row.rooms.iter().map(move |room| (room.as_str(), row))).collect();
    let mut files = Vec::new();
    sources(&root.join("src"), &mut files);
    let mut used: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for file in &files {
        let place = file.strip_prefix(root.join("src")).unwrap();
        let room = place.iter().next().unwrap().to_str().unwrap().trim_end_matches(".rs");
        if ["lib", "main"].contains(&room) {
            continue;
        }
        let (room, row) = rooms.get_key_value(room).unwrap_or_else(|| panic!("the table has no room '{room}'"));
        let text = fs::read_to_string(file).unwrap();
        assert!(!text.contains("crate::{"), "{}: imports one room a line", place.display());
        for import in imports(&text) {
            let allowed = row.rooms.contains(&import) || row.may.contains(&import) || shared.contains(&import);
            assert!(allowed, "{} imports `{import}`, which the table does not allow `{room}`", place.display());
            used.entry(room).or_default().insert(import);
        }
    }
    for row in rows.iter().filter(|row| row.named) {
        let used: BTreeSet<&String> = row.rooms.iter().filter_map(|room| used.get(room.as_str())).flatten().collect();
        let idle: Vec<&String> = row.may.iter().filter(|room| !used.contains(room)).collect();
        assert!(idle.is_empty(), "{:?} may import {idle:?} and does not: the table is stale", row.rooms);
    }
}

#[test]
fn the_reader_sees_rooms_and_leaves_comments() {
    let text = "use crate::audit::Item;\n    let x = crate::stats::mean(&y) + crate::data::n();\n// crate::cli\n";
    assert_eq!(imports(text), ["audit", "data", "stats"].map(str::to_owned).into());
    let rows =
        table("x\n| room | holds | may import |\n|---|---|---|\n| `a`, `b` | c | — |\n| `d` | e | all above |\n\n");
    assert_eq!((rows[1].rooms.as_slice(), rows[1].may.len(), rows[0].named), (&["d".to_owned()][..], 2, true));
}
