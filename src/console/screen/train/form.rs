//! The form of a new run, or of several: fields, choices, and the reason why it cannot start.

use crate::audit::{Architecture, HyperParameters, Negatives, Pairs, Sweep, TRAIN_ROWS, Target, values};
use std::collections::BTreeMap;
use tui_input::Input;

/// Most runs that are queued at once; more are a slip of the hand, or work for the command line.
const MOST: usize = 100;

/// A field of the form, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    Model,
    Architecture,
    Members,
    Epochs,
    Patience,
    Hidden,
    Batch,
    LearningRate,
    Warmup,
    WeightDecay,
    Target,
    Fragments,
    Bootstrap,
    Negatives,
    Pairs,
    TrainRows,
    Seed,
}

impl Field {
    /// Every field, in the order of the form.
    pub const ALL: [Self; 17] = [
        Self::Model,
        Self::Architecture,
        Self::Members,
        Self::Epochs,
        Self::Patience,
        Self::Hidden,
        Self::Batch,
        Self::LearningRate,
        Self::Warmup,
        Self::WeightDecay,
        Self::Target,
        Self::Fragments,
        Self::Bootstrap,
        Self::Negatives,
        Self::Pairs,
        Self::TrainRows,
        Self::Seed,
    ];

    /// The label.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Model => "model",
            Self::Architecture => "architecture",
            Self::Members => "members",
            Self::Epochs => "epochs",
            Self::Patience => "patience",
            Self::Hidden => "hidden units",
            Self::Batch => "batch",
            Self::LearningRate => "learning rate",
            Self::Warmup => "warm-up",
            Self::WeightDecay => "weight decay",
            Self::Target => "target",
            Self::Fragments => "fragments",
            Self::Bootstrap => "bootstrap",
            Self::Negatives => "ood negatives",
            Self::Pairs => "ranker pairs",
            Self::TrainRows => "train rows",
            Self::Seed => "seed",
        }
    }

    /// What the field means, for the selected one.
    #[must_use]
    pub fn help(self) -> &'static str {
        match self {
            Self::Model => "whose losses the heads learn",
            Self::Architecture => "linear is quick and plain, mlp bends",
            Self::Members => "copies of each head; their spread is the uncertainty",
            Self::Epochs => "passes over the training items",
            Self::Patience => "epochs without a gain before training stops; 0 never stops",
            Self::Hidden => "of each mlp member",
            Self::Batch => "items of a step",
            Self::LearningRate => "peak; cosine decay to zero",
            Self::Warmup => "share of the steps in which the rate climbs to its peak",
            Self::WeightDecay => "pulls weights to zero",
            Self::Target => "what the regressor is fitted to",
            Self::Fragments => "train on parts of texts too, so that short prompts are known",
            Self::Bootstrap => "each member sees its own resample",
            Self::Negatives => "what the ood head learns to refuse",
            Self::Pairs => "which items of a batch the ranker compares",
            Self::TrainRows => "most rows learnt from; of more, a sample alike in losses",
            Self::Seed => "same seed, same run; 1..3 or 1,2,7 is a run for each",
        }
    }

    /// Whether the field is typed and not chosen.
    #[must_use]
    pub fn is_typed(self) -> bool {
        matches!(
            self,
            Self::Members
                | Self::Epochs
                | Self::Patience
                | Self::Hidden
                | Self::Batch
                | Self::LearningRate
                | Self::Warmup
                | Self::WeightDecay
                | Self::TrainRows
                | Self::Seed
        )
    }
}

/// The form as it is filled in.
#[derive(Debug, Clone)]
pub struct Form {
    pub models: Vec<String>,
    pub model: usize,
    /// Choices; the typed fields are in `texts` until the run starts.
    pub hyper: HyperParameters,
    /// Linear heads and then MLPs.
    pub both: bool,
    pub selected: usize,
    texts: Vec<Input>,
    /// Enter was pressed and the form was not right.
    pub refused: bool,
}

impl Form {
    /// A form with the measured defaults for a model.
    #[must_use]
    pub fn new(models: Vec<String>, model: &str, mut hyper: HyperParameters) -> Self {
        if hyper.hidden == 0 {
            // A linear run has no hidden units; the field must hold some for when the shape is changed.
            hyper.hidden = HyperParameters::new(Architecture::Mlp).hidden;
        }
        let model = models.iter().position(|name| name == model).unwrap_or(0);
        let mut form = Self { models, model, hyper, both: false, selected: 0, texts: Vec::new(), refused: false };
        form.write_texts();
        form
    }

    /// The selected field.
    #[must_use]
    pub fn field(&self) -> Field {
        Field::ALL[self.selected.min(Field::ALL.len() - 1)]
    }

    /// The line of a typed field.
    #[must_use]
    pub fn input(&self, field: Field) -> Option<&Input> {
        let at = Field::ALL.iter().position(|known| *known == field)?;
        self.texts.get(at).filter(|_| field.is_typed())
    }

    /// The line of the selected field, if it is typed.
    pub fn selected_input(&mut self) -> Option<&mut Input> {
        let typed = self.field().is_typed();
        self.texts.get_mut(self.selected).filter(|_| typed)
    }

    /// Fills the form with other values.
    pub fn fill(&mut self, hyper: HyperParameters) {
        self.hyper = hyper;
        self.both = false;
        self.refused = false;
        self.write_texts();
    }

    fn write_texts(&mut self) {
        let hyper = &self.hyper;
        let text = |field: &Field| match field {
            Field::Members => hyper.members.to_string(),
            Field::Epochs => hyper.epochs.to_string(),
            Field::Patience => hyper.patience.to_string(),
            Field::Hidden => hyper.hidden.to_string(),
            Field::Batch => hyper.batch.to_string(),
            Field::LearningRate => hyper.learning_rate.to_string(),
            Field::Warmup => hyper.warmup.to_string(),
            Field::WeightDecay => hyper.weight_decay.to_string(),
            // A run that learnt from all its rows has none.
            Field::TrainRows => hyper.train_rows.unwrap_or(TRAIN_ROWS).to_string(),
            Field::Seed => hyper.seed.to_string(),
            _ => String::new(),
        };
        self.texts = Field::ALL.iter().map(|field| Input::new(text(field))).collect();
    }

    /// Goes to another field.
    pub fn step(&mut self, by: isize) {
        let count = Field::ALL.len() as isize;
        self.selected = (self.selected as isize + by).rem_euclid(count) as usize;
    }

    /// The words of a chosen field.
    #[must_use]
    pub fn choice(&self, field: Field) -> &str {
        let yes = |on: bool| if on { "on" } else { "off" };
        match field {
            Field::Model => self.models.get(self.model).map_or("", String::as_str),
            Field::Architecture if self.both => BOTH,
            Field::Architecture => self.hyper.architecture.name(),
            Field::Target => match self.hyper.target {
                Target::Raw => "raw",
                Target::Log1p => "log1p",
                Target::Rank => "rank",
            },
            Field::Fragments => yes(self.hyper.fragments),
            Field::Bootstrap => yes(self.hyper.bootstrap),
            Field::Negatives => self.hyper.negatives.name(),
            Field::Pairs => match self.hyper.pairs {
                Pairs::Sampled => "sampled",
                Pairs::All => "all",
            },
            _ => "",
        }
    }

    /// Takes the next or the choice before of the selected field.
    pub fn choose(&mut self, forward: bool) {
        let hyper = &mut self.hyper;
        match Field::ALL[self.selected] {
            Field::Model if !self.models.is_empty() => {
                let by = if forward { 1 } else { self.models.len() - 1 };
                self.model = (self.model + by) % self.models.len();
            }
            Field::Architecture => {
                let (linear, mlp) = (Architecture::Linear, Architecture::Mlp);
                (hyper.architecture, self.both) = match (hyper.architecture, self.both, forward) {
                    (Architecture::Linear, _, true) | (_, true, false) => (mlp, false),
                    (Architecture::Mlp, false, true) | (Architecture::Linear, _, false) => (mlp, true),
                    _ => (linear, false),
                };
            }
            Field::Target => {
                hyper.target = match (hyper.target, forward) {
                    (Target::Raw, true) | (Target::Rank, false) => Target::Log1p,
                    (Target::Log1p, true) | (Target::Raw, false) => Target::Rank,
                    (Target::Rank, true) | (Target::Log1p, false) => Target::Raw,
                };
            }
            Field::Fragments => hyper.fragments = !hyper.fragments,
            Field::Bootstrap => hyper.bootstrap = !hyper.bootstrap,
            Field::Negatives => {
                let all = Negatives::ALL;
                let at = all.iter().position(|&other| other == hyper.negatives).unwrap_or(0);
                hyper.negatives = all[(at + if forward { 1 } else { all.len() - 1 }) % all.len()];
            }
            Field::Pairs => {
                hyper.pairs = match hyper.pairs {
                    Pairs::Sampled => Pairs::All,
                    Pairs::All => Pairs::Sampled,
                };
            }
            _ => {}
        }
    }

    /// The model and the runs that are described: one for each combination of the values given.
    ///
    /// # Errors
    /// A sentence about the first value that cannot be read or is out of range, or that there are too many.
    pub fn read(&self) -> Result<(String, Vec<HyperParameters>), String> {
        let text = |field: Field| self.input(field).map_or("", |input| input.value());
        let whole = |field: Field| values::<usize>(field.name(), text(field), MOST);
        let real = |field: Field| values::<f64>(field.name(), text(field), MOST);
        let linear = HyperParameters { architecture: Architecture::Linear, ..self.hyper.clone() };
        let shapes = if self.both {
            vec![linear, HyperParameters { architecture: Architecture::Mlp, ..self.hyper.clone() }]
        } else {
            vec![self.hyper.clone()]
        };
        let mut all = Sweep::of(shapes, MOST);
        all.over(&whole(Field::Hidden)?, |run, value| run.hidden = value)?;
        all.over(&whole(Field::Members)?, |run, value| run.members = value)?;
        all.over(&whole(Field::Epochs)?, |run, value| run.epochs = value)?;
        all.over(&whole(Field::Batch)?, |run, value| run.batch = value)?;
        all.over(&real(Field::LearningRate)?, |run, value| run.learning_rate = value)?;
        all.over(&real(Field::Warmup)?, |run, value| run.warmup = value)?;
        all.over(&real(Field::WeightDecay)?, |run, value| run.weight_decay = value)?;
        all.over(&whole(Field::Patience)?, |run, value| run.patience = value)?;
        all.over(&whole(Field::TrainRows)?, |run, value| run.train_rows = Some(value))?;
        all.over(&values::<u64>(Field::Seed.name(), text(Field::Seed), MOST)?, |run, value| run.seed = value)?;
        let model = self.models.get(self.model).cloned().ok_or("the audit has no model")?;
        Ok((model, all.runs()?))
    }

    /// What stands in the fields, by their names, but for the model: it belongs to one audit.
    #[must_use]
    pub fn written(&self) -> BTreeMap<String, String> {
        let field = |field: &Field| {
            let text = self.input(*field).map_or_else(|| self.choice(*field), |input| input.value());
            (field.name().to_owned(), text.to_owned())
        };
        Field::ALL.iter().filter(|field| **field != Field::Model).map(field).collect()
    }

    /// Fills the fields with what stood in them; what is no choice any more stays as it is.
    pub fn fill_written(&mut self, written: &BTreeMap<String, String>) {
        let selected = self.selected;
        for (at, field) in Field::ALL.into_iter().enumerate() {
            let Some(text) = written.get(field.name()) else { continue };
            if field.is_typed() {
                self.texts[at] = Input::new(text.clone());
                continue;
            }
            self.selected = at;
            // No field has more choices than this.
            for _ in 0..Negatives::ALL.len() {
                if field != Field::Model && self.choice(field) != text {
                    self.choose(true);
                }
            }
        }
        self.selected = selected;
    }
}

/// Both shapes, as the command line takes them.
const BOTH: &str = "linear,mlp";

#[cfg(test)]
mod tests {
    use super::*;

    fn form() -> Form {
        Form::new(vec!["m".into(), "n".into()], "n", HyperParameters::new(Architecture::Linear))
    }

    #[test]
    fn the_defaults_can_start() {
        let (model, runs) = form().read().unwrap();
        let hyper = HyperParameters::new(Architecture::Linear).canonical();
        assert_eq!((model.as_str(), runs), ("n", vec![hyper]));
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let mut form = form();
        form.selected = 2;
        *form.selected_input().unwrap() = Input::new("five".into());
        assert_eq!(form.read().unwrap_err(), "members is 'five'; give a whole number");
        *form.selected_input().unwrap() = Input::new("999".into());
        assert!(form.read().unwrap_err().contains("members is 999"));
    }

    #[test]
    fn several_values_make_a_run_for_each_combination() {
        let mut form = form();
        form.selected = 1;
        form.choose(false);
        assert_eq!(form.choice(Field::Architecture), "linear,mlp");
        form.selected = 16;
        *form.selected_input().unwrap() = Input::new("1..3".into());
        let runs = form.read().unwrap().1;
        let shapes: Vec<_> = runs.iter().map(|run| (run.architecture.name(), run.seed)).collect();
        assert_eq!(shapes, [("linear", 1), ("linear", 2), ("linear", 3), ("mlp", 1), ("mlp", 2), ("mlp", 3)]);
        *form.selected_input().unwrap() = Input::new("1..60".into());
        assert!(form.read().unwrap_err().contains("more than 100 runs"));
    }

    #[test]
    fn what_was_written_comes_back() {
        let mut first = form();
        for (at, text) in [(2, "3,5"), (15, "1000"), (16, "1..3")] {
            first.selected = at;
            *first.selected_input().unwrap() = Input::new(text.into());
        }
        for at in [1, 10, 13] {
            first.selected = at;
            first.choose(false);
        }
        let mut second = form();
        second.fill_written(&first.written());
        assert_eq!((second.written(), second.read(), second.selected), (first.written(), first.read(), 0));
        second.fill_written(&[("architecture".to_owned(), "cubic".to_owned())].into());
        assert!(second.read().is_ok());
    }

    #[test]
    fn choices_go_round_both_ways() {
        let mut form = form();
        for at in 0..Field::ALL.len() {
            form.selected = at;
            let before = form.choice(form.field()).to_owned();
            form.choose(true);
            form.choose(false);
            assert_eq!(form.choice(form.field()), before);
        }
    }
}
