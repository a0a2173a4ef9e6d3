//! Bars for a terminal: one for the stage, and a line a head below it while heads are trained.

use super::{Position, Watcher, epoch_words, loss_words, measures};
use crate::audit::{EpochMetrics, HeadKind};
use crate::engine::{Progress, Stage};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

/// Draws bars; they are cleared when it is dropped.
pub struct Bars {
    all: MultiProgress,
    position: Position,
    stage: Option<(Stage, ProgressBar)>,
    heads: Vec<ProgressBar>,
}

impl Bars {
    pub fn new(position: Position) -> Self {
        Self { all: MultiProgress::new(), position, stage: None, heads: Vec::new() }
    }

    /// The bar of this stage; a new stage begins with a new bar.
    fn bar(&mut self, progress: &Progress) -> &ProgressBar {
        if self.stage.as_ref().is_none_or(|(stage, _)| *stage != progress.stage) {
            self.clear();
            let template =
                if progress.total == 0 { "{wide_msg}" } else { "{prefix} [{bar:24}] {percent:>3} %  {wide_msg}" };
            let bar = self.all.add(ProgressBar::new(progress.total).with_style(style(template)));
            let name = format!("{}{}", self.position.words(), progress.stage.name());
            if progress.total == 0 {
                bar.set_message(name);
            } else {
                bar.set_prefix(name);
            }
            return &self.stage.insert((progress.stage, bar)).1;
        }
        let stage = &mut self.stage;
        &stage.get_or_insert_with(|| (progress.stage, ProgressBar::hidden())).1
    }

    /// One line a head, below the stage's bar.
    fn line(&mut self, head: HeadKind, words: String) {
        while self.heads.len() <= head.index() {
            self.heads.push(self.all.add(ProgressBar::new(0).with_style(style("  {wide_msg}"))));
        }
        self.heads[head.index()].set_message(words);
    }

    fn clear(&mut self) {
        for bar in self.heads.drain(..).chain(self.stage.take().map(|(_, bar)| bar)) {
            bar.finish_and_clear();
        }
    }
}

impl Drop for Bars {
    fn drop(&mut self) {
        self.clear();
    }
}

impl Watcher for Bars {
    fn notice(&mut self, message: &str) {
        // Above the bars; without a terminal there are none to spare.
        let _ = self.all.println(message);
    }

    fn progress(&mut self, progress: &Progress) {
        let bar = self.bar(progress);
        if progress.total > 0 {
            bar.set_message(measures(progress));
            bar.set_position(progress.done);
        }
        if progress.stage == Stage::Training {
            for head in HeadKind::ALL.into_iter().filter(|head| !progress.losses_of(*head).is_empty()) {
                self.line(head, loss_words(head, progress.losses_of(head)));
            }
        }
    }

    /// A line that stays above the bars.
    fn epoch(&mut self, metrics: &[EpochMetrics], epochs: usize) {
        for metric in metrics {
            // A terminal that is gone must not stop the work.
            let _ = self.all.println(format!("  epoch {} of {epochs}: {}", metric.epoch, epoch_words(metric)));
        }
    }
}

/// A style in plain ASCII, so that it can be read on any terminal.
pub(super) fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("=> ")
}
