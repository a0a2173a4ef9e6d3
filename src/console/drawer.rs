//! The evidence drawer: the real items behind what a screen shows of A and B, over its lower part.

use super::keys::{Context, Row, bind};
use super::msg::Action;
use super::number;
use super::paint::{Pen, inset};
use super::text;
use super::theme::Role;
use super::world::World;
use crate::audit::RunId;
use crate::diagnose::{Agreement, Backed, BackedSide, ListedItem, MeasuredMean, UsualNearness};
use crate::engine::{BackingRequest, BackingSide, Command, Event};
use crate::report::{Evidence, EvidenceSide};
use ratatui::layout::Rect;
use std::sync::Arc;

/// Opens and closes the drawer.
pub const DRAWER: Action = Action::Own("evidence");
/// Rows it takes at most, frame and all.
const TALLEST: u16 = 15;
/// Least rows of the body that a screen keeps beside it; with fewer the drawer takes all.
const LEAST_ABOVE: u16 = 9;
/// Least rows of a drawer that leaves the screen in sight.
const LEAST: u16 = 8;
/// Width from which A and B stand side by side.
const APART: u16 = 100;

/// Rows of a side from which it says how near items are to each other.
const ROOMY: u16 = 7;

/// Width of a side without items beside one that has some.
const BARE: u16 = 48;

/// The line of the key table of a place where it opens.
#[must_use]
pub const fn row(context: Context) -> Row {
    bind(context, &["o"], DRAWER, "evidence", "the real items behind what is shown")
}

/// What a drawer remembers.
#[derive(Debug, Clone, Default)]
pub struct Drawer {
    pub open: bool,
    answer: Option<(BackingRequest, Result<Arc<Backed>, String>)>,
}

/// What a screen holds against what, in words and as it is asked.
#[derive(Debug, Clone, PartialEq)]
pub struct Question {
    /// What the evidence is behind, in a word or two; empty where the sides say it.
    pub about: String,
    /// What the sides are.
    pub names: Vec<String>,
    /// What the differences are of: `A less B`.
    pub versus: String,
    pub request: BackingRequest,
}

impl Drawer {
    /// The drawer's place in a body, while it is open.
    #[must_use]
    pub fn place(&self, body: Rect) -> Option<Rect> {
        let height = match body.height {
            rows if rows < LEAST + LEAST_ABOVE => rows,
            rows => (rows / 2 + 2).clamp(LEAST, TALLEST),
        };
        self.open.then_some(Rect { y: body.bottom() - height, height, ..body })
    }

    /// What is left of the body for the screen.
    #[must_use]
    pub fn above(&self, body: Rect) -> Rect {
        self.place(body).map_or(body, |place| Rect { height: body.height - place.height, ..body })
    }

    /// What is asked of the engine.
    #[must_use]
    pub fn wants(&self, question: &Result<Question, String>) -> Option<Command> {
        let request = &question.as_ref().ok().filter(|_| self.open)?.request;
        self.found(request).is_none().then(|| Command::Back(request.clone()))
    }

    /// Takes in an answer.
    pub fn on_event(&mut self, event: &Event) {
        if let Event::Backed { request, found } = event {
            self.answer = Some((request.clone(), found.clone()));
        }
    }

    /// The answer to a request, once it has come.
    #[must_use]
    pub fn found(&self, request: &BackingRequest) -> Option<&Result<Arc<Backed>, String>> {
        self.answer.as_ref().filter(|(known, _)| known == request).map(|(_, found)| found)
    }

    /// What it shows, for a clipboard or a file; `None` while it is closed, and within while nothing has come.
    #[must_use]
    pub fn shown(&self, world: &World, question: Result<Question, String>) -> Option<Option<Evidence>> {
        self.open.then(|| {
            let Question { about, names, versus, request } = question.ok()?;
            let found = self.found(&request)?.as_ref().ok()?.clone();
            let within = request.among.with;
            let side = |(side, name): (BackingSide, String)| EvidenceSide {
                name,
                model: side.model,
                run: side.run.map(|run| run.to_string()),
                sentence: side.sentence,
                group: side.group.map(|filter| (filter.with, filter.without)),
                within: within.clone(),
            };
            let sides = request.sides.into_iter().zip(names).map(side).collect();
            Some(Evidence { audit: world.audit.as_ref()?.name.clone(), about, versus, sides, found })
        })
    }

    /// Draws it, if it is open.
    pub fn draw(&self, pen: &mut Pen<'_>, body: Rect, question: &Result<Question, String>, key: &str) {
        let Some(area) = self.place(body) else { return };
        let about = question.as_ref().map(|question| question.about.as_str()).unwrap_or_default();
        let title = match about {
            "" => "Evidence: the nearest real items".to_owned(),
            about => format!("Evidence behind {about}"),
        };
        let inside = inset(pen.panel(area, &title, &format!("{key} closes"), false), 1);
        let question = match question {
            Ok(question) => question,
            Err(why) => return sentence(pen, inside, why),
        };
        match self.found(&question.request) {
            Some(Ok(backed)) => content(pen, inside, question, backed),
            Some(Err(why)) => sentence(pen, inside, why),
            None => sentence(pen, inside, "looking for the nearest items"),
        }
    }
}

/// The shown run, where it is of a model.
#[must_use]
pub fn run_of(world: &World, model: &str) -> Option<RunId> {
    world.shown.as_ref().filter(|shown| shown.record.model == model).map(|shown| shown.record.id.clone())
}

fn sentence(pen: &mut Pen<'_>, area: Rect, words: &str) {
    let lines = text::wrap(&text::clean(words), usize::from(area.width));
    for (line, y) in lines.iter().zip(area.y + area.height.saturating_sub(lines.len() as u16) / 2..area.bottom()) {
        pen.centre(area, y, line, Role::Dim);
    }
}

/// Whether heads and data agree, then the sides.
fn content(pen: &mut Pen<'_>, area: Rect, question: &Question, backed: &Backed) {
    let (words, role) = agreement(pen, question, backed);
    let mut y = area.y;
    for line in text::wrap(&words, usize::from(area.width)).into_iter().take(3) {
        if y < area.bottom() {
            pen.text(area.x, y, area.width, &line, role);
        }
        y += 1;
    }
    let rest = Rect { y, height: area.bottom().saturating_sub(y), ..area };
    let places = places(rest, &question.request, backed);
    let sides = backed.sides.iter().zip(&question.names).zip(&question.request.sides);
    for (((side, name), asked), place) in sides.zip(places) {
        draw_side(pen, place, name, side, &asked.model, backed.usual.as_ref());
    }
}

/// Where the sides go: beside each other, else one over the other, where a side without items of its own takes few lines.
fn places(area: Rect, request: &BackingRequest, backed: &Backed) -> Vec<Rect> {
    let count = backed.sides.len().max(1) as u16;
    if area.width >= APART {
        if let [BackedSide { near: Some(_), .. }, BackedSide { near: None, .. }] = &backed.sides[..] {
            let width = area.width - BARE - 2;
            return vec![Rect { width, ..area }, Rect { x: area.x + width + 2, width: BARE, ..area }];
        }
        let width = area.width / count - u16::from(count > 1);
        return (0..count).map(|at| Rect { x: area.x + at * (width + 2), width, ..area }).collect();
    }
    let first = request.sides.first().map(|side| side.sentence.as_str()).unwrap_or_default();
    let fixed = |at: usize, side: &BackedSide| match side.near {
        None => Some(1 + u16::from(side.lacking.is_some())),
        // The same items again, under another model: their losses alone are news.
        Some(_) => (at > 0 && request.sides[at].sentence == first).then_some(2),
    };
    let fixed: Vec<Option<u16>> = backed.sides.iter().enumerate().map(|(at, side)| fixed(at, side)).collect();
    let free = fixed.iter().filter(|height| height.is_none()).count().max(1) as u16;
    let left = area.height.saturating_sub(fixed.iter().flatten().sum());
    let mut y = area.y;
    let place = |height: &Option<u16>| {
        let height = height.unwrap_or(left / free).min(area.bottom().saturating_sub(y));
        y += height;
        Rect { y: y - height, height, ..area }
    };
    fixed.iter().map(place).collect()
}

fn draw_side(pen: &mut Pen<'_>, area: Rect, name: &str, side: &BackedSide, model: &str, usual: Option<&UsualNearness>) {
    let mut y = area.y;
    let mut line = |pen: &mut Pen<'_>, groups: &[(String, Role)]| {
        if y < area.bottom() {
            let groups: Vec<[(&str, Role); 1]> = groups.iter().map(|(words, role)| [(words.as_str(), *role)]).collect();
            let groups: Vec<&[(&str, Role)]> = groups.iter().map(|group| &group[..]).collect();
            pen.groups(area.x, y, area.width, &groups);
        }
        y += 1;
    };
    let group = side.group.map(|group| format!("  group {}", mean(pen, &group)));
    let room = usize::from(area.width).saturating_sub(group.as_ref().map_or(0, |group| text::width(group)));
    let name = text::fit(&text::clean(name), room.max(12), pen.glyphs().ellipsis);
    line(pen, &[(name, Role::Title), (group.unwrap_or_default(), Role::Text)]);
    let Some(near) = &side.near else {
        if let Some(why) = &side.lacking {
            line(pen, &[(text::clean(why), Role::Dim)]);
        }
        return;
    };
    let of_group = near.of_group.map(|of| format!("; {of} of them in the group"));
    let losses = format!("nearest {} lose {}", number::count(near.mean.n), level(pen, &near.mean));
    line(pen, &[(losses, Role::Text), (of_group.unwrap_or_default(), Role::Text)]);
    for part in distance(pen, near.similarities.0, usual, area) {
        line(pen, &part);
    }
    for (item, belongs) in near.items.iter().zip(&near.belongs) {
        if y >= area.bottom() {
            return;
        }
        draw_item(pen, Rect { y, height: 1, ..area }, item, *belongs, model);
        y += 1;
    }
}

/// Similarity, loss, whether it is of the group, and how it begins.
fn draw_item(pen: &mut Pen<'_>, area: Rect, item: &ListedItem, belongs: Option<bool>, model: &str) {
    let glyphs = pen.glyphs();
    let similarity = item.similarity.map_or_else(String::new, |value| number::plain(value, 2, glyphs));
    let loss = item.loss(model).map_or_else(|| "n/a".into(), |loss| number::plain(loss, 2, glyphs));
    pen.right(area.x + 4, area.y, 4, &similarity, Role::Dim);
    pen.right(area.x + 11, area.y, 6, &loss, Role::Text);
    let mark = match belongs {
        Some(true) => glyphs.done,
        _ => " ",
    };
    pen.text(area.x + 12, area.y, 1, mark, Role::Accent);
    let room = area.width.saturating_sub(14);
    let (words, role) = hint(item, usize::from(room));
    pen.text(area.x + 14, area.y, room, &words, role);
}

/// How an item begins: its text, else where its picture is, else its id.
fn hint(item: &ListedItem, room: usize) -> (String, Role) {
    let start = |text: &str| text.chars().take(4 * room + 1).collect::<String>();
    match (&item.text, &item.image) {
        (Some(text), _) => (start(text.trim_start()), Role::Text),
        (None, Some(path)) => (format!("picture {}", start(path)), Role::Dim),
        (None, None) => (format!("item {}", item.id), Role::Dim),
    }
}

/// `3.71 [3.55, 3.87]  n 1,411`
fn mean(pen: &Pen<'_>, mean: &MeasuredMean) -> String {
    format!("{}  n {}", level(pen, mean), number::count(mean.n))
}

fn level(pen: &Pen<'_>, mean: &MeasuredMean) -> String {
    let plain = |value| number::plain(value, 3, pen.glyphs());
    let ends = mean.interval.map_or_else(String::new, |ends| format!(" [{}, {}]", plain(ends.low), plain(ends.high)));
    format!("{}{ends}", plain(mean.mean))
}

/// How near the nearest is, among the audit's own prompts where there are enough; and, on a line of its own where there
/// is room, how near items usually are to each other.
fn distance(pen: &Pen<'_>, similarity: f64, usual: Option<&UsualNearness>, area: Rect) -> Vec<Vec<(String, Role)>> {
    let plain = |value| number::plain(value, 2, pen.glyphs());
    let mut said = vec![(format!("nearest: similarity {}", plain(similarity)), Role::Text)];
    let Some(usual) = usual else { return vec![said] };
    said.extend(UsualNearness::share_nearer(&usual.prompts, similarity).map(|nearer| {
        let (word, share) = if nearer > 0.5 { ("less", nearer) } else { ("more", 1.0 - nearer) };
        (format!(", {word} than {:.0} % of prompts reach", 100.0 * share), Role::Text)
    }));
    let items = usual.median_of_items().filter(|_| area.height >= ROOMY);
    let items =
        items.map(|median| vec![(format!("an item and the one most like it: usually {}", plain(median)), Role::Dim)]);
    std::iter::once(said).chain(items).collect()
}

/// Whether heads and data say the same, in a sentence.
fn agreement(pen: &Pen<'_>, question: &Question, backed: &Backed) -> (String, Role) {
    let glyphs = pen.glyphs();
    let signed = |value| number::signed(value, 3, glyphs);
    let (Some(agreement), Some(data)) = (backed.agreement(), backed.difference) else {
        return ("Nothing is measured here: there are no items to compare.".into(), Role::Dim);
    };
    let of = if backed.of_groups { "the groups" } else { "the nearest items" };
    let ends = data.interval.map_or_else(String::new, |ends| format!(" [{}, {}]", signed(ends.low), signed(ends.high)));
    let measured = format!("{of} {}{ends}", signed(data.value));
    let heads = backed.heads.map_or_else(
        || "no heads are asked".to_owned(),
        |heads| {
            let side = || if heads.value > 0.0 { "say harder, no amount" } else { "say easier, no amount" }.to_owned();
            format!("heads {}, {} of {} members", heads.amount().map_or_else(side, signed), heads.votes, heads.members)
        },
    );
    let role = match agreement {
        Agreement::Agree => Role::Good,
        Agreement::Disagree => Role::Bad,
        Agreement::DataOpen | Agreement::HeadsOpen => Role::Warn,
        Agreement::NoHeads => Role::Text,
    };
    let verdict = agreement.words();
    (format!("{verdict}. {}: {measured}; {heads}", text::clean(&question.versus)), role)
}
