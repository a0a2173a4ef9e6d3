//! Which items are listed and in what order, as a person says it, and the question that follows from it.

use crate::audit::{RunId, Split};
use crate::console::glyph::Glyphs;
use crate::console::number;
use crate::console::text;
use crate::console::world::World;
use crate::diagnose::{ItemFilter, ItemOrder, ListedItem};
use crate::engine::ItemsQuestion;

/// What items are compared with when they are sorted by similarity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Near {
    /// Empty for an item without a text.
    pub sentence: String,
    /// The item that is meant, if it is one: its position in the audit, and what it is called: `item 48473`.
    pub item: Option<(u32, String)>,
}

/// A list as it was asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Listing {
    /// What the items are, in a few words; empty for all.
    pub title: String,
    pub filter: ItemFilter,
    pub order: ItemOrder,
    pub ascending: bool,
    pub near: Option<Near>,
    /// The model whose losses are listed, where it is not the one in view.
    pub model: Option<String>,
    /// The model the change is measured against.
    pub against: Option<String>,
}

impl Default for Listing {
    fn default() -> Self {
        Self::of(ItemFilter { split: Some(Split::Test), ..ItemFilter::default() }, String::new())
    }
}

impl Listing {
    /// The items of a filter, highest loss first.
    #[must_use]
    pub fn of(filter: ItemFilter, title: String) -> Self {
        Self { title, filter, order: ItemOrder::Loss, ascending: false, near: None, model: None, against: None }
    }

    /// Test items that have attributes, highest loss first.
    #[must_use]
    pub fn with(attribute: &str) -> Self {
        let filter = ItemFilter { with: vec![attribute.to_owned()], ..Self::default().filter };
        Self::of(filter, attribute.to_owned())
    }

    /// Test items by similarity to a sentence.
    #[must_use]
    pub fn near(sentence: &str) -> Self {
        let near = Near { sentence: sentence.to_owned(), item: None };
        Self { near: Some(near), order: ItemOrder::Similarity, ..Self::default() }
    }

    /// Items of the same split by similarity to one of them.
    #[must_use]
    pub fn like(&self, item: &ListedItem) -> Self {
        let near = Near {
            sentence: item.text.clone().unwrap_or_default(),
            item: Some((item.row, format!("item {}", item.id))),
        };
        let filter = ItemFilter { split: self.filter.split, ..ItemFilter::default() };
        let (near, order, model) = (Some(near), ItemOrder::Similarity, self.model.clone());
        Self { near, order, model, ..Self::of(filter, String::new()) }
    }

    /// The model whose losses are listed.
    #[must_use]
    pub fn model<'a>(&'a self, world: &'a World) -> Option<&'a str> {
        self.model.as_deref().or_else(|| world.model())
    }

    /// The run whose heads predict its losses: the shown one, if it is of this model.
    #[must_use]
    pub fn run(&self, world: &World) -> Option<RunId> {
        let record = &world.shown.as_ref()?.record;
        (Some(record.model.as_str()) == self.model(world)).then(|| record.id.clone())
    }

    /// The sentence for similarity: its own, else the prompt on the Prompt screen.
    #[must_use]
    pub fn sentence<'a>(&'a self, world: &'a World) -> Option<&'a str> {
        let own = self.near.as_ref().map(|near| near.sentence.as_str());
        own.or(Some(world.prompt.as_str())).filter(|sentence| !sentence.is_empty())
    }

    /// The item that others are compared with: its own embedding is at hand.
    fn item(&self) -> Option<u32> {
        self.near.as_ref()?.item.as_ref().map(|(row, _)| *row)
    }

    /// The model for the change: the one asked for, else the one before in the audit's order.
    fn other<'a>(&'a self, world: &'a World) -> Option<&'a str> {
        let model = self.model(world)?;
        let models = world.models();
        let at = models.iter().position(|known| known == model)?;
        let beside = at.checked_sub(1).unwrap_or(at + 1);
        self.against.as_deref().or_else(|| models.get(beside).map(String::as_str)).filter(|other| *other != model)
    }

    /// The orders there is something to sort by.
    #[must_use]
    pub fn orders(&self, world: &World) -> Vec<ItemOrder> {
        let can = |order: &ItemOrder| match order {
            ItemOrder::Loss => true,
            ItemOrder::Risk | ItemOrder::Surprise => self.run(world).is_some(),
            ItemOrder::Similarity => self.item().is_some() || self.sentence(world).is_some(),
            ItemOrder::Change => self.other(world).is_some(),
        };
        ItemOrder::ALL.into_iter().filter(can).collect()
    }

    /// The order asked for, or by loss where what it needs is gone.
    fn order(&self, world: &World) -> ItemOrder {
        if self.orders(world).contains(&self.order) { self.order } else { ItemOrder::Loss }
    }

    /// What the engine is asked, and the run that predicts; `None` while no model is known.
    #[must_use]
    pub fn question(&self, world: &World) -> Option<(ItemsQuestion, Option<RunId>)> {
        let order = self.order(world);
        let is_near = self.near.is_some() || order == ItemOrder::Similarity;
        let is_changed = self.against.is_some() || order == ItemOrder::Change;
        let item = self.item();
        let question = ItemsQuestion {
            model: self.model(world)?.to_owned(),
            filter: self.filter.clone(),
            order,
            ascending: self.ascending,
            near: self.sentence(world).filter(|_| is_near && item.is_none()).map(str::to_owned),
            like: item.filter(|_| is_near),
            against: self.other(world).filter(|_| is_changed).map(str::to_owned),
            hide_text: world.hide_text,
        };
        Some((question, self.run(world)))
    }

    /// The sort after this one, looked at from its top.
    pub fn next_order(&mut self, world: &World) {
        let orders = self.orders(world);
        let at = orders.iter().position(|order| *order == self.order(world)).unwrap_or(0);
        self.order = orders.get((at + 1) % orders.len().max(1)).copied().unwrap_or_default();
        self.ascending = false;
    }

    /// Test items, then training items, then all.
    pub fn next_split(&mut self) {
        self.filter.split = match self.filter.split {
            Some(Split::Test) => Some(Split::Train),
            Some(Split::Train | Split::Validation) => None,
            None => Some(Split::Test),
        };
    }

    /// What is listed, how many and in which order: `Senior ▸ 1,411 test items by loss, highest first`.
    #[must_use]
    pub fn words(&self, question: &ItemsQuestion, matching: Option<usize>, glyphs: &Glyphs) -> String {
        let title = match self.title.as_str() {
            "" => String::new(),
            title => format!("{} {} ", text::clean(title), glyphs.right),
        };
        let count = matching.map_or_else(|| "…".replace('…', glyphs.ellipsis), number::count);
        let split = question.filter.split.map_or_else(String::new, |split| format!("{split} "));
        let noun = if matching == Some(1) { "item" } else { "items" };
        let held = match question.filter.text.trim() {
            "" => String::new(),
            words => format!(" with \"{}\"", text::clean(words)),
        };
        let by = match question.order {
            ItemOrder::Loss => "loss".into(),
            ItemOrder::Risk => "predicted loss".into(),
            ItemOrder::Surprise => format!("loss {} predicted loss", glyphs.minus),
            ItemOrder::Similarity => format!("similarity to {}", self.near_words(question, glyphs)),
            ItemOrder::Change => {
                format!("change from {}", text::clean(question.against.as_deref().unwrap_or_default()))
            }
        };
        let end = if question.ascending { "lowest" } else { "highest" };
        format!("{title}{count} {split}{noun}{held} by {by}, {end} first")
    }

    fn near_words(&self, question: &ItemsQuestion, glyphs: &Glyphs) -> String {
        match self.near.as_ref().and_then(|near| near.item.as_ref()) {
            Some((_, name)) => text::clean(name),
            None => {
                let sentence = text::clean(question.near.as_deref().unwrap_or_default());
                format!("\"{}\"", text::fit(&sentence, 40, glyphs.ellipsis))
            }
        }
    }
}
