//! What lm-evaluation-harness says of a run beside its logs: `results_TIME.json`.

use super::metric::is_lower_better;
use crate::data::table::{file_name, json, read_file};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// What the results beside the logs say.
#[derive(Default)]
pub struct Results(Value);

impl Results {
    /// The newest results of a folder; nothing where there are none.
    #[must_use]
    pub fn beside(folder: &Path) -> Self {
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
        let mut found: Vec<PathBuf> = entries
            .filter(|path| {
                file_name(path).starts_with("results") && file_name(path).ends_with(".json") && path.is_file()
            })
            .collect();
        found.sort();
        let text = found.last().and_then(|path| read_file(path).ok());
        Self(text.and_then(|text| json::parse(&text).ok()).unwrap_or_default())
    }

    /// The last part of the model's name, else of its folder's.
    #[must_use]
    pub fn model(&self, folder: &Path) -> String {
        let arguments = &self.0["config"]["model_args"];
        let part = |text: &str| {
            let keys = ["peft=", "pretrained=", "model=", "path=", "engine="];
            text.split(',').find_map(|part| keys.iter().find_map(|key| part.trim().strip_prefix(key))).map(String::from)
        };
        let named = arguments.as_str().and_then(part);
        let named = named.or_else(|| {
            Some(["peft", "pretrained", "model"].iter().find_map(|key| arguments[key].as_str())?.to_owned())
        });
        let named = self.0["model_name"].as_str().map(String::from).filter(|name| !name.is_empty()).or(named);
        let folder = file_name(folder);
        let name = named.as_deref().unwrap_or(&folder);
        let last = name.trim_end_matches('/').rsplit(['/']).next().unwrap_or_default();
        let last = last.rsplit("__").next().unwrap_or_default();
        if last.is_empty() { "model".into() } else { last.to_owned() }
    }

    /// Whether a metric of a task is better when it is lower.
    #[must_use]
    pub fn is_lower_better(&self, task: &str, metric: &str) -> bool {
        self.0["higher_is_better"][task][metric].as_bool().map_or_else(|| is_lower_better(metric), |higher| !higher)
    }

    /// The group of tasks that a task belongs to.
    #[must_use]
    pub fn category(&self, task: &str) -> Option<String> {
        let groups = self.0["group_subtasks"].as_object()?;
        let holds = |tasks: &Value| tasks.as_array().is_some_and(|tasks| tasks.iter().any(|known| known == task));
        groups.iter().find(|(group, tasks)| *group != task && holds(tasks)).map(|(group, _)| group.clone())
    }
}
