//! Arguments of the runs kept.

use super::*;

/// Without a subcommand: list.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Runs {
    #[command(subcommand)]
    pub action: Option<RunsAction>,

    #[command(flatten)]
    pub list: ListRuns,
}

#[derive(Debug, Subcommand)]
pub enum RunsAction {
    /// The runs kept, with their validation metrics
    List(ListRuns),
    /// Everything kept of one run: settings, fingerprints, the metrics of every epoch
    Show(ShowRun),
    /// What two runs differ in: settings, data, encoder, metrics
    Diff(DiffRuns),
    /// Remove runs with their weights and tables; there is no way back
    Delete(DeleteRuns),
}

#[derive(Debug, Args)]
pub struct ListRuns {
    /// Name of the audit [default: every audit]
    pub audit: Option<String>,

    /// Order of the rows
    #[arg(long, value_enum, default_value = "when")]
    pub sort: SortArgument,

    #[command(flatten)]
    pub form: Form,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SortArgument {
    /// Validation Spearman of the better of regressor and ranker, best first
    Spearman,
    /// Validation Kendall's τ of the better of regressor and ranker, best first
    Tau,
    /// Oldest first
    When,
}

#[derive(Debug, Args)]
pub struct ShowRun {
    /// The run, by the beginning of its name
    #[arg(value_name = "ID")]
    pub run: String,

    #[command(flatten)]
    pub form: Form,
}

#[derive(Debug, Args)]
pub struct DiffRuns {
    /// The first run, by the beginning of its name
    #[arg(value_name = "A")]
    pub a: String,

    /// The run it is compared with
    #[arg(value_name = "B")]
    pub b: String,

    #[command(flatten)]
    pub form: Form,
}

#[derive(Debug, Args)]
pub struct DeleteRuns {
    /// Runs, by the beginning of their names
    #[arg(required = true, value_name = "ID")]
    pub runs: Vec<String>,

    /// Do not ask
    #[arg(long, short)]
    pub yes: bool,
}
