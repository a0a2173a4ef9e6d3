//! One item as Markdown, to paste into a ticket.

use super::sheet::markdown;
use crate::diagnose::ListedItem;

/// What is known of an item: a heading, its figures in a list, its whole text as a quotation.
#[must_use]
pub fn item_as_markdown(item: &ListedItem) -> String {
    let mut text = format!("### Item {} ({})\n\n", markdown(&item.id), item.split);
    let mut entry = |name: &str, value: String| text.push_str(&format!("- {name}: {value}\n"));
    if let Some(label) = item.label {
        entry("label", label.to_string());
    }
    for (model, score) in &item.scores {
        score.iter().for_each(|score| entry(&format!("score of {}", markdown(model)), format!("{score:.4}")));
    }
    for (model, loss) in &item.losses {
        let loss = loss.map_or_else(|| "none".into(), |loss| format!("{loss:.4}"));
        entry(&format!("loss of {}", markdown(model)), loss);
    }
    let figures = [
        ("predicted loss", item.predicted_amount()),
        ("loss less predicted loss", item.surprise_amount()),
        ("similarity", item.similarity),
        ("change", item.change),
    ];
    figures
        .into_iter()
        .for_each(|(name, value)| value.into_iter().for_each(|value| entry(name, format!("{value:.4}"))));
    let has: Vec<String> =
        item.attributes.iter().filter(|(_, has)| *has == Some(true)).map(|(name, _)| markdown(name)).collect();
    if !has.is_empty() {
        entry("has", has.join(", "));
    }
    if let Some(path) = &item.image {
        entry("image", markdown(path));
    }
    for (at, line) in item.text.as_deref().unwrap_or_default().lines().enumerate() {
        text.push_str(if at == 0 { "\n> " } else { "> " });
        text.push_str(&markdown(line));
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::Split;

    #[test]
    fn an_item_is_quoted_whole_and_cannot_break_out() {
        let item = ListedItem {
            row: 0,
            id: "a|b".into(),
            text: Some("# one\n<b>two</b>\u{1b}[2J".into()),
            image: None,
            split: Split::Test,
            label: Some(1),
            scores: vec![("v1".into(), Some(0.25)), ("v_2".into(), None)],
            losses: vec![("v1".into(), Some(9.81)), ("v_2".into(), None)],
            attributes: vec![("Senior".into(), Some(true)), ("White".into(), Some(false)), ("Asian".into(), None)],
            risk: Some(2.5),
            surprise: None,
            order_only: false,
            similarity: None,
            change: None,
            heads: None,
            nearest: None,
        };
        let expected = "### Item a\\|b (test)\n\n- label: 1\n- score of v1: 0.2500\n- loss of v1: 9.8100\n- loss of v\\_2: none\n\
            - predicted loss: 2.5000\n- has: Senior\n\n> \\# one\n> &lt;b&gt;two&lt;/b&gt;";
        let text = item_as_markdown(&item);
        assert!(text.starts_with(expected), "{text}");
        assert!(!text.contains('\u{1b}'));
    }
}
