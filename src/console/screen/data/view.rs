//! Draws the Data screen.

use super::{HERE, State, Whole, jobs, layout};
use crate::console::jobs::verdict;
use crate::console::msg::Action;
use crate::console::number;
use crate::console::paint::{Pen, inset};
use crate::console::text;
use crate::console::theme::Role;
use crate::console::widget::columns as bars;
use crate::console::world::World;
use crate::engine::{LossHistogram, StoreView};
use ratatui::layout::Rect;

/// Draws the screen into the body.
pub fn view(state: &State, world: &World, pen: &mut Pen<'_>, body: Rect) {
    let places = layout(body);
    match state.whole {
        Whole::None => {}
        Whole::Audit => return audit(state, world, pen, body, state.store.as_deref()),
        Whole::Store => return trees(pen, body, state.store.as_deref()),
        Whole::Jobs => return jobs::draw(world, pen, body),
    }
    models(state, world, pen, places.models);
    let store = state.store.as_deref();
    if let Some(area) = places.histogram {
        losses(state, world, pen, area, store);
    }
    if let Some(area) = places.audit {
        audit(state, world, pen, area, store);
    }
    if let Some(area) = places.store {
        trees(pen, area, store);
    }
    if let Some(area) = places.jobs {
        jobs::draw(world, pen, area);
    }
}

fn waiting(pen: &mut Pen<'_>, area: Rect) {
    if area.height > 0 {
        pen.centre(area, area.y + area.height / 2, "reading the store", Role::Dim);
    }
}

/// Every model of the audit: losses in numbers, runs kept, which one is shown.
fn models(state: &State, world: &World, pen: &mut Pen<'_>, area: Rect) {
    let names = world.audit.as_ref().map(|audit| audit.models.as_slice()).unwrap_or_default();
    let note = format!("{} of {}", (state.cursor.selected + 1).min(names.len()), names.len());
    let title = format!("Models {} loss over the test items", pen.glyphs().dot);
    let inside = inset(pen.panel(area, &title, &note, true), 1);
    if inside.height == 0 {
        return;
    }
    let ends: [u16; 4] = [
        inside.width.saturating_sub(24),
        inside.width.saturating_sub(15),
        inside.width.saturating_sub(6),
        inside.width,
    ];
    let name = ends[0].saturating_sub(11);
    pen.text(inside.x + 2, inside.y, name, "model", Role::Dim);
    for (end, words) in ends.into_iter().zip(["mean", "median", "q95", "runs"]) {
        pen.right(inside.x + end, inside.y, 8, words, Role::Dim);
    }
    let page = usize::from(inside.height - 1);
    let cursor = state.cursor;
    for (line, (at, model)) in names.iter().enumerate().skip(cursor.offset).take(page).enumerate() {
        let y = inside.y + 1 + line as u16;
        let here = world.model() == Some(model);
        let mark = if here { pen.glyphs().idle } else { " " };
        pen.text(inside.x + 2, y, 1, mark, Role::Accent);
        pen.text(inside.x + 4, y, name, model, Role::Text);
        let histogram = histogram(state.store.as_deref(), model);
        let values = histogram.map(|loss| [loss.mean, loss.quantiles[2], loss.quantiles[4]]);
        for (end, value) in ends.into_iter().zip(values.unwrap_or_default()) {
            if histogram.is_some() {
                pen.right(inside.x + end, y, 8, &number::plain(value, 4, pen.glyphs()), Role::Text);
            }
        }
        let runs = world.runs.iter().filter(|run| run.model == *model).count();
        pen.right(inside.x + ends[3], y, 5, &number::count(runs), Role::Text);
        if at == cursor.selected {
            pen.text(inside.x, y, 1, pen.glyphs().selected, Role::Text);
            pen.select(Rect { y, height: 1, ..inside });
        }
    }
}

fn histogram<'a>(store: Option<&'a StoreView>, model: &str) -> Option<&'a LossHistogram> {
    store?.losses.iter().find(|loss| loss.model == model)
}

/// The losses of the selected model in bins of log10, and their quantiles.
fn losses(state: &State, world: &World, pen: &mut Pen<'_>, area: Rect, store: Option<&StoreView>) {
    let model = world.audit.as_ref().and_then(|audit| audit.models.get(state.cursor.selected));
    let model = model.map_or("", String::as_str);
    let found = histogram(store, model);
    let note = found.map(|loss| format!("n = {}, log scale", number::count(loss.n))).unwrap_or_default();
    let title = if area.width < 70 { format!("Loss, {model}") } else { format!("Loss of {model}, test items") };
    let mut inside = inset(pen.panel(area, &title, &note, false), 1);
    let Some(loss) = found else {
        waiting(pen, inside);
        return;
    };
    let fitted = store.and_then(|store| store.fitted.iter().find(|(name, _)| name == model));
    if let Some((_, fitted)) = fitted.filter(|_| inside.height > 3) {
        let [train, test] = [fitted.train_mean, fitted.test_mean].map(|mean| number::plain(mean, 3, pen.glyphs()));
        let words = format!("looks fitted: mean {train} in training, {test} in test; give out-of-fold losses");
        pen.text(inside.x, inside.y, inside.width, &words, Role::Warn);
        inside = Rect { y: inside.y + 1, height: inside.height - 1, ..inside };
    }
    if inside.height < 3 {
        return;
    }
    let glyphs = pen.glyphs();
    let plot = Rect { height: inside.height - 2, ..inside };
    bars::draw(pen, plot, &loss.counts);
    axis(pen, Rect { y: plot.bottom(), height: 1, ..inside }, loss.range);
    let mut parts: Vec<String> = ["q05", "q25", "median", "q75", "q95"]
        .into_iter()
        .zip(loss.quantiles)
        .map(|(name, value)| match value {
            // Nought would be a lie: losses this small are there, and far apart on the axis above.
            value if value > 0.0 && value < 5e-4 => format!("{name} {value:.0e}"),
            value => format!("{name} {}", number::plain(value, 3, glyphs)),
        })
        .collect();
    parts.push(format!("zero {}", number::count(loss.zeros)));
    let mut x = inside.x;
    for part in parts {
        let cells = text::width(&part) as u16;
        if x + cells > inside.right() {
            break;
        }
        pen.text(x, inside.bottom() - 1, cells, &part, Role::Text);
        x += cells + 2;
    }
}

/// Powers of ten under their bins.
fn axis(pen: &mut Pen<'_>, area: Rect, range: (f64, f64)) {
    let length = (range.1 - range.0).max(1.0);
    let mut last = area.x;
    for power in range.0.ceil() as i32..=range.1.floor() as i32 {
        let label = if (-3..=3).contains(&power) { format!("{}", 10_f64.powi(power)) } else { format!("1e{power}") };
        let cells = text::width(&label) as u16;
        let share = (f64::from(power) - range.0) / length;
        let at = area.x + (share * f64::from(area.width.saturating_sub(1))).round() as u16;
        let at = at.min(area.right().saturating_sub(cells));
        if at >= last {
            pen.text(at, area.y, cells, &label, Role::Dim);
            last = at + cells + 1;
        }
    }
}

fn audit(state: &State, world: &World, pen: &mut Pen<'_>, area: Rect, store: Option<&StoreView>) {
    let name = world.audit.as_ref().map_or("", |audit| audit.name.as_str());
    let inside = inset(pen.panel(area, &format!("Audit {} {name}", pen.glyphs().dot), "", false), 1);
    let (Some(audit), Some(store)) = (&world.audit, store) else {
        waiting(pen, inside);
        return;
    };
    let count = number::count;
    let [train, validation, test] = store.splits.map(count);
    let splits = if store.splits[1] > 0 {
        format!("train {train}  validation {validation}  test {test}")
    } else {
        format!("train {train}  test {test}; runs set validation rows aside")
    };
    let rarest: Vec<String> = store.rarest.iter().map(|(name, n)| format!("{name} {}", count(*n))).collect();
    let mut lines = vec![
        ("items", splits),
        ("encoder", format!("{} ({} dimensions)", store.encoder, store.dimension)),
        (
            "cached",
            format!(
                "{} embeddings, of other audits and parts of texts too; {} items here",
                count(store.embedded),
                count(store.items)
            ),
        ),
        ("checked", checked(state, world)),
        ("device", audit.device.clone()),
        ("attributes", format!("{}; rarest among test items:", audit.attributes.len())),
        ("", rarest.join(", ")),
    ];
    for other in store.audits.iter().filter(|other| other.name != audit.name) {
        lines.push((
            "also here",
            format!(
                "{}: {} items, {} models",
                other.name,
                count(other.train_items + other.test_items),
                other.models.len()
            ),
        ));
    }
    let mut y = inside.y;
    let room = usize::from(inside.width.saturating_sub(12));
    let needed: usize = lines.iter().map(|(_, words)| text::wrap(words, room).len()).sum();
    if let Some(hidden) = needed.checked_sub(usize::from(inside.height)).filter(|hidden| *hidden > 0) {
        pen.footnote(area, &format!("{hidden} more lines, {} shows all", world.key(HERE, Action::Zoom)));
    }
    for (label, words) in lines {
        for (part, words) in text::wrap(&words, usize::from(inside.width.saturating_sub(12))).into_iter().enumerate() {
            if y >= inside.bottom() {
                return;
            }
            let label = if part == 0 { label } else { "" };
            pen.pieces(inside.x, y, inside.width, &[(&format!("{label:<12}"), Role::Dim), (&words, Role::Text)]);
            y += 1;
        }
    }
}

/// What the last check of the cache found, or the key that starts one.
fn checked(state: &State, world: &World) -> String {
    match &state.checked {
        Some(report) => verdict(report).0,
        None => format!("not since the start; {} reads every embedding", world.key(HERE, Action::CheckCache)),
    }
}

fn trees(pen: &mut Pen<'_>, area: Rect, store: Option<&StoreView>) {
    let note = store.map(|store| format!("{} on disk", bytes(store.bytes))).unwrap_or_default();
    let inside = inset(pen.panel(area, &format!("Store {} sled", pen.glyphs().dot), &note, false), 1);
    let Some(store) = store else {
        waiting(pen, inside);
        return;
    };
    if inside.height < 3 {
        return;
    }
    let (rows_end, bytes_end) = (inside.right().saturating_sub(11), inside.right());
    pen.text(inside.x, inside.y, 10, "tree", Role::Dim);
    pen.right(rows_end, inside.y, 8, "rows", Role::Dim);
    pen.right(bytes_end, inside.y, 9, "size", Role::Dim);
    let room = usize::from(inside.height - 3);
    let shown = if store.trees.len() > room { room.saturating_sub(1) } else { room };
    let mut y = inside.y + 1;
    for tree in store.trees.iter().take(shown) {
        pen.text(inside.x, y, inside.width.saturating_sub(23), &tree.name, Role::Text);
        pen.right(rows_end, y, 10, &number::count(tree.rows), Role::Text);
        pen.right(bytes_end, y, 10, &bytes(tree.bytes), Role::Text);
        y += 1;
    }
    if store.trees.len() > shown {
        let rest: u64 = store.trees.iter().skip(shown).map(|tree| tree.bytes).sum();
        pen.text(
            inside.x,
            y,
            inside.width.saturating_sub(23),
            &format!("and {} more", store.trees.len() - shown),
            Role::Dim,
        );
        pen.right(bytes_end, y, 10, &bytes(rest), Role::Dim);
    }
    let home = format!("home {}", store.home.display());
    pen.text(inside.x, inside.bottom() - 1, inside.width, &home, Role::Dim);
}

/// Bytes in three figures.
fn bytes(count: u64) -> String {
    match count {
        0..1_000 => format!("{count} B"),
        _ => format!("{}B", number::metric(count as f64)),
    }
}
