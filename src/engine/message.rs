//! What the engine is told and what it tells: plain values, so that tests need no engine.

use super::{
    BackingRequest, CacheReport, DiscoveryView, Examination, ItemsAnswer, ItemsCommand, NewAttribute, StoreView,
};
use crate::audit::{AttributePrompts, EpochMetrics, HyperParameters, RunId, RunRecord, Split, WaitingRun};
use crate::diagnose::{
    AttributesTable, Backed, BothModels, BothWays, Findings, IntersectionsTable, PairScores, PromptScores, Raised,
    Step, Tables, TestSetTrend, Wanted,
};
use std::path::PathBuf;
use std::sync::Arc;

/// Number of a job within one session of the program, in the order of asking.
pub type JobId = u64;

/// What a person may ask the engine for.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// Show a model of the audit: its last finished run, or train the default ones if it has none.
    OpenModel { model: String },
    /// Show a finished run.
    OpenRun { run: RunId },
    /// Queue a training run for a model of the audit.
    Train { model: String, hyper: HyperParameters },
    /// Queue work on the cache.
    Care { chore: Chore },
    /// Stop the job after its current step; a queued job is dropped.
    Cancel { job: JobId },
    /// Give a waiting job the turn of the one before or after it.
    MoveJob { job: JobId, earlier: bool },
    /// Let jobs kept from the last time begin: this one, or all.
    ReleaseJobs { job: Option<JobId> },
    /// Forget all jobs kept from the last time.
    DropKeptJobs,
    /// Keep a prompt (or an A/B pair) in the history.
    Remember { a: String, b: Option<String> },
    /// Look at what the store holds and at the audit's losses.
    Inspect,
    /// Read another finished run, to be compared with the one shown.
    OpenOther { run: RunId },
    /// Look closer at a finished run: where its heads put each test item and each prompt of the audit.
    Examine { run: RunId },
    /// Compare two models of the audit over the items they share; a newer request replaces one that waits.
    CompareModels(ComparisonRequest),
    /// Find what there is to know first of a model; a newer request replaces one that waits.
    Find { model: String },
    /// Find named slices; a newer request stops the one at work.
    Discover(DiscoverRequest),
    /// Make a slice an attribute of the audit.
    AddAttribute(Box<NewAttribute>),
    /// Score names of slices with a run's heads.
    AskNames { run: RunId, names: Vec<String> },
    /// Tell the ids of some items, by their positions in the audit.
    TellIds { name: String, model: String, rows: Arc<Vec<u32>> },
    /// Measure where a model's attributes meet; a newer request replaces one that waits.
    Intersect { model: String },
    /// Measure attributes over the test items that have all of `within`; a newer request replaces one that waits.
    Measure { model: String, within: Vec<String> },
    /// Read what a ledger of checks tells over time; a newer request replaces one that waits.
    ReadLedger { file: PathBuf },
    /// Compare two models on the test items that hold a sentence's words; a newer request replaces one that waits.
    BothModels { text: String, models: [String; 2] },
    /// Search for words that raise a sentence's estimate by a run; a newer request ends the one under way.
    Raise { run: RunId, text: String },
    /// Tell what stands behind what is shown; a newer request replaces one that waits.
    Back(BackingRequest),
    /// Look at items; a newer request replaces one of its kind that waits.
    Items(ItemsCommand),
}

/// What slices are looked for; the answer bears it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiscoverRequest {
    pub audit: String,
    pub model: String,
    /// Look where losses are higher than this model's, item by item.
    pub against: Option<String>,
    pub wanted: Wanted,
    pub depth: usize,
    /// Attributes the audit has: with another one added, names may be others.
    pub attributes: usize,
    pub hide_text: bool,
}

impl DiscoverRequest {
    /// What is looked for, in the word that documents use.
    #[must_use]
    pub fn word(&self) -> &'static str {
        self.wanted.word(self.against.is_some())
    }
}

/// Two models to compare, and what heads of both are asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ComparisonRequest {
    pub before: String,
    pub after: String,
    /// Runs of the two, trained alike; without them the measured losses alone are compared.
    pub runs: Option<[RunId; 2]>,
    /// Prompts that are asked beside the audit's own.
    pub prompts: Vec<String>,
}

/// Work on the cache that waits its turn among the training runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chore {
    /// Encode the items that have no embedding yet.
    Embed,
    /// Read every embedding kept and check it.
    Verify,
}

impl Chore {
    /// The work in a few words.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Embed => "embed the items",
            Self::Verify => "check the cache",
        }
    }
}

/// What stays the same while an audit is open.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct AuditView {
    pub name: String,
    pub encoder: String,
    /// The encoder's fingerprint, as documents name it.
    pub fingerprint: String,
    pub device: String,
    pub models: Vec<String>,
    pub attributes: Vec<(String, AttributePrompts)>,
    pub train_items: usize,
    pub test_items: usize,
    /// Another process writes the home: nothing can be trained or kept here.
    pub reads_only: bool,
    /// The phrases that have a vector, where no other text has one.
    pub phrases: Vec<String>,
}

/// A finished run with its tables, ready to be shown and to score prompts.
#[derive(Debug, Clone, PartialEq)]
pub struct RunView {
    pub record: Arc<RunRecord>,
    pub tables: Arc<Tables>,
}

/// Things that must not be lost, in order.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// The audit is known; runs and history may still be empty.
    Opened {
        audit: Arc<AuditView>,
        runs: Vec<Arc<RunRecord>>,
        history: Vec<(String, Option<String>)>,
    },
    /// The audit's finished runs, oldest first: another process has finished or removed some.
    Runs(Vec<Arc<RunRecord>>),
    /// The audit's runs that are not finished, oldest first: stopped ones can be trained to their end.
    Unfinished(Vec<Arc<RunRecord>>),
    /// A run is now the one that tables and prompts refer to.
    Shown(RunView),
    JobQueued {
        job: JobId,
        model: String,
        hyper: HyperParameters,
    },
    ChoreQueued {
        job: JobId,
        chore: Chore,
    },
    /// A run waits that was left from the last time; it does not begin until [`Command::ReleaseJobs`].
    JobKept {
        job: JobId,
        model: String,
        hyper: HyperParameters,
    },
    /// Kept jobs begin when their turn comes.
    JobsReleased(Vec<JobId>),
    /// The jobs that wait, in the order of their turn.
    QueueOrder(Vec<JobId>),
    /// What another process that writes the home trains and has waiting, of this audit.
    QueuedElsewhere(Vec<WaitingRun>),
    /// There was nothing to train: a run of exactly these inputs is kept.
    JobKnown {
        job: JobId,
        record: Arc<RunRecord>,
    },
    JobStarted {
        job: JobId,
    },
    /// Every item that can be read has an embedding; how many items there are.
    Embedded {
        job: JobId,
        items: usize,
    },
    /// The embeddings kept were read and checked.
    Verified {
        job: JobId,
        report: Arc<CacheReport>,
    },
    /// One epoch of a job is over.
    Epoch {
        job: JobId,
        metrics: Vec<EpochMetrics>,
    },
    JobFinished {
        job: JobId,
        record: Arc<RunRecord>,
    },
    JobCancelled {
        job: JobId,
    },
    /// Jobs kept from the last time are forgotten.
    KeptDropped(Vec<JobId>),
    JobFailed {
        job: JobId,
        message: String,
    },
    /// Prompts were scored; `seq` is that of the request.
    Scored {
        seq: u64,
        answer: Arc<Answer>,
        micros: u64,
    },
    /// Prompts of this run have estimates from now on: those on screen are worth asking again.
    EvidenceRead {
        run: RunId,
    },
    /// What the store holds.
    Inspected(Arc<StoreView>),
    /// The run asked for with [`Command::OpenOther`].
    Other(RunView),
    /// The closer look asked for with [`Command::Examine`].
    Examined(Arc<Examination>),
    /// What [`Command::CompareModels`] asked for, either way round, or a sentence on why there is no answer. The first time
    /// it comes twice: at once from few replicates of the bootstrap and without heads, then from all.
    ModelsCompared {
        request: ComparisonRequest,
        found: Result<Arc<BothWays>, String>,
    },
    /// How many replicates of a comparison are drawn.
    Comparing {
        before: String,
        after: String,
        done: usize,
        total: usize,
    },
    /// What [`Command::Find`] asked for, or a sentence on why there is no answer.
    Found {
        model: String,
        found: Result<Arc<Findings>, String>,
    },
    /// How far the search for slices is.
    Discovering {
        request: DiscoverRequest,
        step: Step,
    },
    /// What [`Command::Discover`] asked for, or a sentence on why there is no answer.
    Discovered {
        request: DiscoverRequest,
        found: Result<Arc<DiscoveryView>, String>,
    },
    /// The audit has another attribute; tables of its runs follow.
    AttributeAdded {
        name: String,
        audit: Arc<AuditView>,
    },
    /// What [`Command::AskNames`] asked for, a name each; `None` where the encoder reads no prompts.
    NamesScored {
        run: RunId,
        scores: Arc<Vec<Option<PromptScores>>>,
    },
    /// What [`Command::TellIds`] asked for: id, split and loss.
    Ids {
        name: String,
        items: Vec<(String, Split, f64)>,
    },
    /// What [`Command::Intersect`] asked for, or a sentence on why there is no answer.
    Intersected {
        model: String,
        found: Result<Arc<IntersectionsTable>, String>,
    },
    /// What [`Command::Measure`] asked for, or a sentence on why there is no answer.
    Measured {
        model: String,
        within: Vec<String>,
        found: Result<Arc<AttributesTable>, String>,
    },
    /// What [`Command::ReadLedger`] asked for, or a sentence on why there is no answer.
    LedgerRead {
        file: PathBuf,
        found: Result<Arc<Vec<TestSetTrend>>, String>,
    },
    /// What [`Command::BothModels`] asked for; `None` where no test item holds all the words.
    BothModels {
        text: String,
        models: [String; 2],
        found: Result<Option<Arc<BothModels>>, String>,
    },
    /// What [`Command::Raise`] asked for; `None` where items have no words to search.
    Raised {
        run: RunId,
        text: String,
        found: Result<Option<Arc<Raised>>, String>,
    },
    /// What [`Command::Back`] asked for, or a sentence on why there is no answer. The first time it comes twice: at once,
    /// then with how near items usually are.
    Backed {
        request: BackingRequest,
        found: Result<Arc<Backed>, String>,
    },
    /// What [`Command::Items`] asked for.
    Items(Arc<ItemsAnswer>),
    /// A sentence for the person: something was done or could not be done.
    Notice {
        message: String,
        warning: bool,
    },
}

/// The answer to one scoring request.
#[derive(Debug, Clone, PartialEq)]
#[allow(clippy::large_enum_variant, reason = "there is one answer at a time, and it is shared behind an Arc")]
pub enum Answer {
    One(PromptScores),
    Pair(Box<PairScores>),
    /// Nothing to score, or no heads yet; says which.
    None(String),
}

/// A request to the scorer; a newer one replaces an older one that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScoreRequest {
    pub seq: u64,
    pub a: String,
    /// Empty for no comparison.
    pub b: String,
    /// Say what each word adds to the estimates.
    pub why: bool,
}
