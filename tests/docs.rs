//! Pages that are made from the program must say what the program says.
#![allow(clippy::unwrap_used)]

use std::path::Path;

#[test]
fn the_page_of_keys_is_the_key_table() {
    assert!(
        include_str!("../docs/keys.md") == llm2loss::console::keys::markdown(),
        "run: llm2loss keys > docs/keys.md"
    );
}

#[test]
fn every_link_of_the_readme_leads_somewhere() {
    let readme = include_str!("../README.md");
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let links: Vec<&str> = readme.split("](").skip(1).filter_map(|rest| rest.split(')').next()).collect();
    assert!(links.len() > 8);
    for link in links.into_iter().filter(|link| !link.contains("://")) {
        assert!(root.join(link).exists(), "README.md links to {link}");
    }
}
