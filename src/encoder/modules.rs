//! `modules.json` of sentence-transformers: what makes one vector of a text's states.

use super::batch::normalise;
use super::files::{Files, read_json};
use super::weights::{Wanted, Weights};
use candle_core::Device;
use serde::Deserialize;
use serde_json::Value;
use std::path::PathBuf;

/// How token states become one vector.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pooling {
    /// The first token's state.
    First,
    Max,
    Mean,
    /// The last token's state.
    Last,
}

/// Poolings in the order in which sentence-transformers puts several behind each other, with their names in files of
/// both forms.
const POOLINGS: [(Pooling, &str, &str); 4] = [
    (Pooling::First, "cls", "pooling_mode_cls_token"),
    (Pooling::Max, "max", "pooling_mode_max_tokens"),
    (Pooling::Mean, "mean", "pooling_mode_mean_tokens"),
    (Pooling::Last, "lasttoken", "pooling_mode_lasttoken"),
];

/// What follows the pooling.
enum Step {
    Normalise,
    Dense(Dense),
}

/// `activation(weight · x + bias)`.
struct Dense {
    /// `[out, in]`.
    weight: Vec<f32>,
    bias: Option<Vec<f32>>,
    inputs: usize,
    tanh: bool,
}

/// All that follows the transformer.
pub(super) struct Modules {
    poolings: Vec<Pooling>,
    /// Whether the states of a prompt are pooled too.
    pub include_prompt: bool,
    steps: Vec<Step>,
    /// Values of the vector.
    pub dimension: usize,
    /// The files that said it.
    pub files: Vec<PathBuf>,
}

#[derive(Deserialize)]
struct Module {
    path: String,
    #[serde(rename = "type")]
    kind: String,
}

impl Modules {
    /// What `modules.json` says, mean pooling where there is none; states have `width` values.
    ///
    /// # Errors
    /// Which module cannot be computed.
    pub fn open(files: &Files, width: usize) -> Result<Self, String> {
        let mut all = Self {
            poolings: vec![Pooling::Mean],
            include_prompt: true,
            steps: Vec::new(),
            dimension: width,
            files: Vec::new(),
        };
        let Some(path) = files.find("modules.json")? else { return Ok(all) };
        let modules: Vec<Module> = read_json(&path)?;
        all.files.push(path);
        for module in &modules {
            match module.kind.rsplit('.').next().unwrap_or_default() {
                "Transformer" if module.path.is_empty() => {}
                "Normalize" => all.steps.push(Step::Normalise),
                "Pooling" if all.steps.is_empty() => {
                    let path = files.require(&format!("{}/config.json", module.path))?;
                    let config: Value = read_json(&path)?;
                    all.poolings = poolings(&config)?;
                    all.include_prompt = config["include_prompt"].as_bool().unwrap_or(true);
                    all.dimension = width * all.poolings.len();
                    all.files.push(path);
                }
                "Dense" => {
                    let (dense, outputs, named) = Dense::open(files, &module.path, all.dimension)?;
                    all.steps.push(Step::Dense(dense));
                    all.dimension = outputs;
                    all.files.extend(named);
                }
                other => {
                    return Err(format!(
                        "modules.json: module {other} in {:?} is not known here; Transformer, Pooling, Dense and Normalize are",
                        module.path
                    ));
                }
            }
        }
        Ok(all)
    }

    /// The vector of a text's states, `[tokens, width]`; the first `unpooled` count for no mean and no maximum.
    pub fn vector(&self, states: &[f32], width: usize, unpooled: usize) -> Vec<f32> {
        // Of a text that the prompt leaves no room for, all states count rather than none.
        let tokens = states.len() / width;
        let pooled = &states[if unpooled < tokens { unpooled * width } else { 0 }..];
        let mut vector: Vec<f32> = self.poolings.iter().flat_map(|pooling| pooling.of(states, pooled, width)).collect();
        for step in &self.steps {
            match step {
                Step::Normalise => normalise(&mut vector),
                Step::Dense(dense) => vector = dense.of(&vector),
            }
        }
        vector
    }
}

impl Pooling {
    fn of(self, states: &[f32], pooled: &[f32], width: usize) -> Vec<f32> {
        let mut rows = pooled.chunks_exact(width);
        match self {
            Self::First => states[..width].to_vec(),
            Self::Last => states[states.len() - width..].to_vec(),
            Self::Max => {
                let first = rows.next().unwrap_or_default().to_vec();
                rows.fold(first, |most, row| most.iter().zip(row).map(|(a, b)| a.max(*b)).collect())
            }
            Self::Mean => {
                let count = rows.len() as f32;
                let mut sum = vec![0f32; width];
                rows.for_each(|row| sum.iter_mut().zip(row).for_each(|(sum, value)| *sum += value));
                sum.into_iter().map(|value| value / count).collect()
            }
        }
    }
}

fn poolings(config: &Value) -> Result<Vec<Pooling>, String> {
    let known = || POOLINGS.map(|(_, name, _)| name).join(", ");
    let named = |name: &str| {
        let found = POOLINGS.iter().find(|(_, new, old)| *new == name || *old == name);
        found.map(|(pooling, ..)| *pooling).ok_or_else(|| format!("pooling {name} is not known here; {} are", known()))
    };
    let names: Vec<&str> = match &config["pooling_mode"] {
        Value::String(name) => vec![name],
        Value::Array(names) => names.iter().filter_map(Value::as_str).collect(),
        _ => config
            .as_object()
            .into_iter()
            .flatten()
            .filter(|(key, value)| key.starts_with("pooling_mode_") && value.as_bool() == Some(true))
            .map(|(key, _)| key.as_str())
            .collect(),
    };
    let found: Vec<Pooling> = names.into_iter().map(named).collect::<Result<_, _>>()?;
    if found.is_empty() {
        return Ok(vec![Pooling::Mean]);
    }
    Ok(POOLINGS.iter().map(|(pooling, ..)| *pooling).filter(|pooling| found.contains(pooling)).collect())
}

impl Dense {
    /// Reads it from its folder: itself, its outputs, its files.
    fn open(files: &Files, folder: &str, inputs: usize) -> Result<(Self, usize, Vec<PathBuf>), String> {
        let path = files.require(&format!("{folder}/config.json"))?;
        let config: Value = read_json(&path)?;
        let size = |name: &str| config[name].as_u64().and_then(|size| usize::try_from(size).ok()).unwrap_or(0);
        let outputs = size("out_features");
        if size("in_features") != inputs || outputs == 0 {
            return Err(format!(
                "{folder}/config.json: it takes {} values and gives {outputs}; {inputs} come to it",
                size("in_features")
            ));
        }
        let activation = config["activation_function"].as_str().unwrap_or("Tanh");
        let tanh = match activation.rsplit('.').next().unwrap_or_default() {
            "Tanh" => true,
            "Identity" => false,
            other => {
                return Err(format!(
                    "{folder}/config.json: activation {other} is not known here; Tanh and Identity are"
                ));
            }
        };
        let mut wanted = vec![Wanted { name: "linear.weight".into(), shape: vec![outputs, inputs] }];
        let biased = config["bias"].as_bool().unwrap_or(true);
        if biased {
            wanted.push(Wanted { name: "linear.bias".into(), shape: vec![outputs] });
        }
        let weights = Weights::open_in(files, &format!("{folder}/"))?;
        weights.check(&wanted)?;
        let tensors = weights.load(&wanted, &Device::Cpu)?;
        let take = |name: &str| -> Result<Vec<f32>, String> {
            let tensor = tensors.get(name).ok_or_else(|| format!("{folder} lacks {name}"))?;
            tensor.flatten_all().and_then(|tensor| tensor.to_vec1()).map_err(|error| error.to_string())
        };
        let bias = biased.then(|| take("linear.bias")).transpose()?;
        let mut named = vec![path];
        named.extend(weights.files().iter().cloned());
        Ok((Self { weight: take("linear.weight")?, bias, inputs, tanh }, outputs, named))
    }

    fn of(&self, vector: &[f32]) -> Vec<f32> {
        let row = |(at, row): (usize, &[f32])| {
            let sum: f64 = row.iter().zip(vector).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum();
            let sum = sum as f32 + self.bias.as_ref().map_or(0.0, |bias| bias[at]);
            if self.tanh { sum.tanh() } else { sum }
        };
        self.weight.chunks_exact(self.inputs).enumerate().map(row).collect()
    }
}
