//! What people hold, and the command that takes it in: the table of docs/data.md in the terminal.

use std::fmt::Write as _;

/// What is held, and what follows `llm2loss ingest NAME`.
const HELD: [(&str, &str); 11] = [
    ("texts with losses, or with labels and scores", "--manifest rows.csv"),
    ("beside it the scores of all classes", "--scores proba.csv"),
    ("a plain table, no texts", "--manifest rows.csv --describe"),
    (
        "images in folders class/name.jpg, and losses",
        "--images DIR --losses l.csv --encoder openai/clip-vit-base-patch32",
    ),
    ("embeddings, and losses", "--embeddings e.npy --losses l.npy --encoder THEIRS"),
    (
        "the same of any other model, with vectors of some phrases",
        "--embeddings e.npy --losses l.npy --prompt-embeddings phrases.parquet",
    ),
    ("a folder of CelebA, WILDS or clip-retrieval", "--celeba DIR, --wilds DIR, --clip-retrieval DIR"),
    ("runs of lm-evaluation-harness (--log_samples)", "--lm-eval DIR"),
    ("logs of Inspect", "--inspect FILE.eval"),
    ("several files, a program's output", "--manifest FOLDER, --manifest /dev/stdin"),
    ("losses of a further model of an audit there is", "--model v2 --losses v2.csv"),
];

/// The table, as it is shown to whoever gave nothing to take in.
pub fn table() -> String {
    let mut text = "you hold, and what follows 'llm2loss ingest NAME':\n".to_owned();
    for (held, arguments) in HELD {
        let _ = writeln!(text, "{held}\n    {arguments}");
    }
    text.push_str(
        "\n--check says what would be taken in and keeps nothing\n'llm2loss help ingest' lists all options\n",
    );
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_has_what_the_table_has() {
        let page = include_str!("../../docs/data.md");
        for (held, arguments) in HELD {
            for one in arguments.split(", ") {
                assert!(page.contains(one), "docs/data.md: {held}: {one}");
            }
        }
        assert!(table().lines().all(|line| line.chars().count() <= 80));
    }
}
