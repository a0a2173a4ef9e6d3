//! The form of a new run: fields, choices, and the reason why it cannot start.

use crate::audit::{Architecture, HyperParameters, Negatives, Pairs, Target};
use tui_input::Input;

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
    Seed,
}

impl Field {
    /// Every field, in the order of the form.
    pub const ALL: [Self; 16] = [
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
            Self::Seed => "same seed, same run",
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
        let mut form = Self { models, model, hyper, selected: 0, texts: Vec::new(), refused: false };
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
                hyper.architecture = match hyper.architecture {
                    Architecture::Linear => Architecture::Mlp,
                    Architecture::Mlp => Architecture::Linear,
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

    /// The model and the values, if every one can be read and is in its range.
    ///
    /// # Errors
    /// A sentence about the first that is not.
    pub fn read(&self) -> Result<(String, HyperParameters), String> {
        let whole = |field: Field| {
            let text = self.input(field).map_or("", |input| input.value()).trim();
            text.parse::<usize>().map_err(|_| format!("{} is '{text}'; give a whole number", field.name()))
        };
        let real = |field: Field| {
            let text = self.input(field).map_or("", |input| input.value()).trim();
            text.parse::<f64>().map_err(|_| format!("{} is '{text}'; give a number", field.name()))
        };
        let hyper = HyperParameters {
            members: whole(Field::Members)?,
            epochs: whole(Field::Epochs)?,
            patience: whole(Field::Patience)?,
            hidden: whole(Field::Hidden)?,
            batch: whole(Field::Batch)?,
            learning_rate: real(Field::LearningRate)?,
            warmup: real(Field::Warmup)?,
            weight_decay: real(Field::WeightDecay)?,
            seed: whole(Field::Seed)? as u64,
            ..self.hyper.clone()
        };
        hyper.validate()?;
        let model = self.models.get(self.model).cloned().ok_or("the audit has no model")?;
        Ok((model, hyper))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form() -> Form {
        Form::new(vec!["m".into(), "n".into()], "n", HyperParameters::new(Architecture::Linear))
    }

    #[test]
    fn the_defaults_can_start() {
        let (model, hyper) = form().read().unwrap();
        assert_eq!((model.as_str(), hyper), ("n", HyperParameters::new(Architecture::Linear)));
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
