//! Pages that are made from the program must say what the program says.
#![allow(clippy::unwrap_used)]

use std::path::Path;

#[test]
fn the_page_of_keys_is_the_key_table() {
    assert!(
        include_str!("../docs/keys.md") == llm2loss::console::keys_page::markdown(),
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

#[test]
fn the_page_of_settings_holds_the_sample() {
    let sample = include_str!("../src/cli/sample.toml");
    assert!(include_str!("../docs/config.md").contains(sample), "docs/config.md: put in what llm2loss config prints");
}

#[test]
fn the_guide_names_every_screen_and_every_theme() {
    let guide = include_str!("../docs/console.md");
    for screen in llm2loss::console::msg::ScreenId::ALL {
        assert!(guide.contains(&format!("## {}", screen.name())), "docs/console.md: {}", screen.name());
    }
    let themes = include_str!("../docs/themes.md");
    for name in llm2loss::console::Catalogue::load(&[]).0.names() {
        assert!(themes.contains(&format!("`{name}`")), "docs/themes.md: {name}");
    }
}
