//! Losses that a draft lacks are made of labels, scores and answers.

use super::DataError;
use super::class_scores::ClassScores;
use super::draft::Draft;
use super::losses::{Labels, LossKind, Said, Truth, probabilities, shift};
use crate::audit::ModelLosses;

/// Models to add to an audit there is.
#[derive(Debug)]
pub struct FurtherModels {
    pub models: Vec<ModelLosses>,
    pub class_scores: Option<(String, ClassScores)>,
    pub notes: Vec<String>,
}

impl Draft {
    /// Makes the losses of models that have scores or answers and no losses.
    ///
    /// # Errors
    /// If there is no loss at all and none can be made.
    pub(super) fn complete_losses(&mut self) -> Result<(), DataError> {
        self.attach_scores()?;
        let numbers = self.label.as_ref().and_then(Labels::as_numbers);
        let given = !self.models.is_empty();
        if given && let Some(kind) = self.policy.loss {
            return Err(DataError::Usage(format!(
                "--loss {kind}: the data have losses; leave them out with --column ignore=COLUMN to make others"
            )));
        }
        for (model, scores) in std::mem::take(&mut self.scores) {
            let made = self.losses_of_scores(&model, scores, numbers.as_deref())?;
            self.models.push(made);
        }
        if let Some((model, scores)) = self.class_scores.take() {
            self.class_scores = self.losses_of_classes(model, scores)?;
        }
        if self.models.is_empty()
            && let Some((model, answers)) = self.predictions.take()
        {
            let losses = self.losses_of_answers(&model, &answers, numbers.as_deref())?;
            self.models.push(plain(&model, losses, None));
        }
        if self.models.is_empty() {
            return Err(self.fault(
                "no loss of any model; name a column 'loss' or 'loss:MODEL', give --column loss=COLUMN or --losses FILE, or let losses be made: of a label with a score (--scores FILE) or a prediction, of --correct COLUMN, of --metric COLUMN".into(),
            ));
        }
        Ok(())
    }

    /// The models of a draft that further models of an audit were read into: with losses, given or made, and the
    /// scores of classes that are still to be measured. `offset` is what the audit's losses have.
    ///
    /// # Errors
    /// If there are no losses and none can be made, or they are negative.
    pub fn into_models(mut self, offset: f64) -> Result<FurtherModels, DataError> {
        self.complete_losses()?;
        if let Some(other) = self.policy.loss_offset.filter(|given| *given != offset) {
            return Err(DataError::Usage(format!(
                "--loss-offset {other}: the losses of the audit's other models have {offset}, and those that shall be compared need the same; take all of them in again"
            )));
        }
        let given = Some(offset).filter(|offset| *offset != 0.0);
        let least = self.models.iter().flat_map(|model| &model.losses).copied().fold(f64::INFINITY, f64::min);
        if least + offset < 0.0 {
            return Err(DataError::Usage(format!(
                "the least loss is {least}, and the audit's other models have the offset {offset}; losses that shall be compared need the same: take all of them in again with --loss-offset {} or more",
                -least
            )));
        }
        self.policy.loss_offset = given;
        self.shift_losses()?;
        Ok(FurtherModels { models: self.models, class_scores: self.class_scores, notes: self.notes })
    }

    /// Gives scores to the models whose losses came from another file.
    fn attach_scores(&mut self) -> Result<(), DataError> {
        for (name, scores) in std::mem::take(&mut self.scores) {
            let Some(model) = self.models.iter_mut().find(|model| model.name == name && model.scores.is_none()) else {
                self.scores.push((name, scores));
                continue;
            };
            let lacks = |(loss, score): (&f64, &f64)| !loss.is_nan() && score.is_nan();
            if let Some(row) = model.losses.iter().zip(&scores).position(lacks) {
                let id = super::table::brief(&self.ids[row]);
                return Err(self.fault(format!("item '{id}' has a loss of model '{name}' and no score")));
            }
            model.scores = Some(scores);
        }
        Ok(())
    }

    /// A model's losses from one score an item.
    fn losses_of_scores(
        &mut self,
        model: &str,
        scores: Vec<f64>,
        numbers: Option<&[Option<f64>]>,
    ) -> Result<ModelLosses, DataError> {
        const OF: &str = "label and score";
        if let Some(Labels::Binary(truth, words)) = self.label.clone() {
            let (p, note) = probabilities(&scores).map_err(DataError::Usage)?;
            self.is_of_the_positive(&p, &words)?;
            self.notes.extend(note);
            let kind = self.kind(LossKind::CrossEntropy, OF, model);
            let losses = each(&truth, &p, |truth, p| kind.of(Truth::Binary(truth), Said::Positive(p)))?;
            return Ok(plain(model, losses, Some(scores)));
        }
        let shares = scores.iter().all(|score| score.is_nan() || (0.0..=1.0).contains(score));
        let beyond =
            numbers.is_some_and(|numbers| numbers.iter().flatten().any(|number| !(0.0..=1.0).contains(number)));
        if shares && beyond && matches!(self.label, Some(Labels::Classes(..))) {
            return Err(DataError::Usage(format!(
                "model '{model}' has one score an item, between 0 and 1, and the label has classes beyond: it is no number predicted; give the scores of all classes with --scores FILE, or --column ignore=COLUMN for the score"
            )));
        }
        if let Some(truth) = numbers {
            let kind = self.kind(LossKind::Squared, OF, model);
            let losses = each(truth, &scores, |truth, said| kind.of(Truth::Number(truth), Said::Number(said)))?;
            return Ok(plain(model, losses, None));
        }
        Err(if self.label.is_some() {
            DataError::Usage(format!(
                "model '{model}' has one score an item and the label has more than two classes; give the scores of all classes with --scores FILE"
            ))
        } else {
            self.fault(format!(
                "there are scores of model '{model}', which has no losses; with a label they make losses: --column label=COLUMN"
            ))
        })
    }

    /// Refuses scores that are those of the answer rather than of the positive class, where answers tell.
    fn is_of_the_positive(&self, p: &[f64], words: &[String; 2]) -> Result<(), DataError> {
        let Some((model, answers)) = &self.predictions else { return Ok(()) };
        let told = answers.iter().zip(p).filter_map(|(answer, p)| Some((yes_or_no(answer, words)?, *p)));
        let (all, apart) =
            told.fold((0usize, 0usize), |(all, apart), (yes, p)| (all + 1, apart + usize::from(yes != (p >= 0.5))));
        if apart * 5 > all {
            return Err(DataError::Usage(format!(
                "the scores of model '{model}' contradict its answers in {apart} of {all} items: they seem to be the confidence in the answer, not the score of '{}'; give that, or leave the scores out with --column ignore=COLUMN",
                words[1]
            )));
        }
        Ok(())
    }

    pub(super) fn fault(&self, problem: String) -> DataError {
        DataError::File { file: self.file.clone(), problem }
    }

    /// The loss asked for, or the usual one; a sentence says which and of what.
    fn kind(&mut self, usual: LossKind, of: &str, model: &str) -> LossKind {
        let kind = self.policy.loss.unwrap_or(usual);
        self.notes.push(format!("losses of model '{model}' are made of {of}: {kind}"));
        kind
    }

    /// Losses of a model from the scores of its classes, where it has none; of two classes the scores of the second
    /// are its scores, and the matrix is done with.
    fn losses_of_classes(
        &mut self,
        model: String,
        scores: ClassScores,
    ) -> Result<Option<(String, ClassScores)>, DataError> {
        let two = scores.classes() == 2;
        if self.models.iter().any(|known| known.name == model) && !two {
            return Ok(Some((model, scores)));
        }
        let (of, names) = match &self.label {
            Some(Labels::Classes(of, names)) => (of.clone(), names.clone()),
            Some(Labels::Binary(of, words)) => {
                (of.iter().map(|truth| truth.map(usize::from)).collect(), words.to_vec())
            }
            _ => return Ok(Some((model, scores))),
        };
        let mut scores = scores;
        self.notes.extend(scores.narrow(&names));
        let two = scores.classes() == 2;
        let (columns, note) = scores.columns_of_classes(&names)?;
        self.notes.extend(note);
        if !self.models.iter().any(|known| known.name == model) {
            let kind = self.kind(LossKind::CrossEntropy, "label and scores", &model);
            let class_of: Vec<Option<usize>> = of.iter().map(|class| class.map(|class| columns[class])).collect();
            let (losses, note) = scores.losses(kind, &class_of)?;
            self.notes.extend(note);
            self.models.push(plain(&model, losses, None));
        }
        if two && let Some(known) = self.models.iter_mut().find(|known| known.name == model) {
            let of_positive = scores.column(columns.get(1).copied().unwrap_or(1));
            if known.losses.iter().zip(&of_positive).any(|(loss, score)| !loss.is_nan() && score.is_nan()) {
                return Err(DataError::Usage(format!("model '{model}' has losses of items without scores")));
            }
            known.scores = Some(of_positive);
            return Ok(None);
        }
        Ok(Some((model, scores)))
    }

    /// Losses of answers: classes are right or wrong, numbers are apart.
    fn losses_of_answers(
        &mut self,
        model: &str,
        answers: &[String],
        numbers: Option<&[Option<f64>]>,
    ) -> Result<Vec<f64>, DataError> {
        let known = |cell: &String| (!super::columns::is_missing(cell)).then(|| cell.clone());
        let parsed: Option<Vec<Option<f64>>> =
            answers.iter().map(|cell| known(cell).map_or(Some(None), |cell| cell.parse().ok().map(Some))).collect();
        let apart = matches!(self.policy.loss, Some(LossKind::Squared | LossKind::Absolute));
        match (&self.label, numbers, parsed) {
            (Some(Labels::Numbers(_)), Some(truth), Some(said)) => {
                let kind = self.kind(LossKind::Squared, "label and prediction", model);
                let said: Vec<f64> = said.into_iter().map(|said| said.unwrap_or(f64::NAN)).collect();
                each(truth, &said, |truth, said| kind.of(Truth::Number(truth), Said::Number(said)))
            }
            (Some(_), Some(truth), Some(said)) if apart => {
                let kind = self.kind(LossKind::Squared, "label and prediction", model);
                let said: Vec<f64> = said.into_iter().map(|said| said.unwrap_or(f64::NAN)).collect();
                each(truth, &said, |truth, said| kind.of(Truth::Number(truth), Said::Number(said)))
            }
            (Some(label), _, _) => {
                let (truth, names) = label.as_words();
                if let Some(kind) = self.policy.loss.filter(|kind| *kind != LossKind::ZeroOne) {
                    return Err(DataError::Usage(format!(
                        "--loss {kind} needs scores; of classes answered there is zero-one"
                    )));
                }
                // Yes is yes, however it is written.
                let plain = |answer: &String| match label {
                    Labels::Binary(_, words) => yes_or_no(answer, words).map(|yes| words[usize::from(yes)].clone()),
                    _ => None,
                };
                let answers: Vec<String> =
                    answers.iter().map(|answer| plain(answer).unwrap_or_else(|| answer.clone())).collect();
                let strange =
                    |answer: &&String| known(answer).is_some() && !names.iter().any(|name| same(name, answer));
                let unknown = answers.iter().filter(strange).count();
                if unknown > 0 && !answers.iter().any(|answer| names.iter().any(|name| same(name, answer))) {
                    return Err(DataError::Usage(format!(
                        "no answer of model '{model}', such as '{}', is one of the labels, such as '{}'",
                        super::table::brief(answers.first().map_or("", String::as_str)),
                        super::table::brief(names.first().map_or("", String::as_str))
                    )));
                }
                self.kind(LossKind::ZeroOne, "label and prediction", model);
                if unknown > 0 {
                    self.notes.push(format!("{unknown} answers are none of the labels, and count as wrong"));
                }
                let answered = answers.iter().map(|answer| names.iter().position(|name| same(name, answer)));
                let known = answers.iter().map(known);
                let one = |((truth, answered), known): ((&Option<usize>, Option<usize>), Option<String>)| match (
                    truth, known,
                ) {
                    (Some(truth), Some(_)) => f64::from(u8::from(answered != Some(*truth))),
                    _ => f64::NAN,
                };
                Ok(truth.iter().zip(answered).zip(known).map(one).collect())
            }
            (None, _, _) => Err(self.fault(format!(
                "model '{model}' has answers and there is no label to compare them with; --column label=COLUMN"
            ))),
        }
    }

    /// Adds the offset to all losses; returns it.
    pub(super) fn shift_losses(&mut self) -> Result<f64, DataError> {
        let shifted = shift(&mut self.models, self.policy.loss_offset)?;
        Ok(shifted.map_or(0.0, |(offset, note)| {
            self.notes.push(note);
            offset
        }))
    }
}

fn plain(model: &str, losses: Vec<f64>, scores: Option<Vec<f64>>) -> ModelLosses {
    ModelLosses { name: model.to_owned(), losses, scores, class_aurocs: None }
}

/// What an answer means where labels are two words: one of them, or yes or no.
fn yes_or_no(answer: &str, words: &[String; 2]) -> Option<bool> {
    use super::columns::{Flag, flag};
    if let Some(at) = words.iter().position(|word| same(word, answer)) {
        return Some(at == 1);
    }
    match flag(answer)? {
        Flag::Yes => Some(true),
        Flag::No | Flag::MinusOne => Some(false),
        Flag::Unknown => None,
    }
}

/// Equal as text without regard to case, or as numbers.
fn same(a: &str, b: &str) -> bool {
    a == b
        || a.to_lowercase() == b.to_lowercase()
        || a.parse::<f64>().is_ok_and(|a| b.parse::<f64>().is_ok_and(|b| a == b))
}

/// The loss of every item that has both a truth and something said; NaN for the others.
fn each<T: Copy>(
    truth: &[Option<T>],
    said: &[f64],
    loss: impl Fn(T, f64) -> Result<f64, String>,
) -> Result<Vec<f64>, DataError> {
    let one = |(truth, said): (&Option<T>, &f64)| match truth {
        Some(truth) if !said.is_nan() => loss(*truth, *said).map_err(DataError::Usage),
        _ => Ok(f64::NAN),
    };
    truth.iter().zip(said).map(one).collect()
}

impl Labels {
    /// Whether both are of the same kind and can be compared.
    #[must_use]
    pub fn is_like(&self, other: &Option<Self>) -> bool {
        match (self, other) {
            (Self::Binary(_, a), Some(Self::Binary(_, b))) => a == b,
            (Self::Classes(_, a), Some(Self::Classes(_, b))) => a == b,
            _ => false,
        }
    }

    /// Labels that are numbers, or names of classes that are.
    fn as_numbers(&self) -> Option<Vec<Option<f64>>> {
        match self {
            Self::Numbers(numbers) => Some(numbers.clone()),
            Self::Classes(of, names) => {
                let numbers: Vec<f64> = names.iter().map(|name| name.parse().ok()).collect::<Option<_>>()?;
                Some(of.iter().map(|class| class.map(|class| numbers[class])).collect())
            }
            Self::Binary(..) => None,
        }
    }

    /// Number of the class of each item, and the classes.
    fn as_words(&self) -> (Vec<Option<usize>>, Vec<String>) {
        match self {
            Self::Classes(of, names) => (of.clone(), names.clone()),
            Self::Binary(of, words) => (of.iter().map(|truth| truth.map(usize::from)).collect(), words.to_vec()),
            Self::Numbers(of) => {
                let mut names: Vec<f64> = of.iter().flatten().copied().collect();
                names.sort_by(f64::total_cmp);
                names.dedup();
                let class = |number: f64| names.iter().position(|name| *name == number);
                (of.iter().map(|number| number.and_then(class)).collect(), names.iter().map(f64::to_string).collect())
            }
        }
    }

    /// Labels of two classes, or the class of each item where there are more; every item has one by now.
    pub(super) fn into_columns(self) -> (Option<Vec<bool>>, Option<Vec<String>>) {
        match self {
            Self::Binary(of, _) => (Some(of.into_iter().map(|truth| truth.unwrap_or(false)).collect()), None),
            Self::Classes(of, names) => {
                let name = |class: Option<usize>| class.map_or_else(String::new, |class| names[class].clone());
                (None, Some(of.into_iter().map(name).collect()))
            }
            Self::Numbers(_) => (None, None),
        }
    }
}
