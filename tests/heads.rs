//! The batched ensemble against PyTorch (`tests/recipes/make_heads_fixtures.py`) and candle's own autograd.
#![allow(clippy::unwrap_used, clippy::panic)]

use candle_core::{DType, Device, Tensor, Var};
use llm2loss::heads::{
    AdamW, LossAndGradient, Stack, StackShape, StepRate, all_pairs, initial_nets, ood, regression, sampled_pairs,
};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::Value;

fn fixture() -> Value {
    serde_json::from_str(include_str!("fixtures/heads.json")).unwrap()
}

/// Every number of a nested list, in order.
fn flat(value: &Value) -> Vec<f32> {
    match value {
        Value::Array(values) => values.iter().flat_map(flat).collect(),
        number => vec![number.as_f64().unwrap() as f32],
    }
}

struct Batch {
    items: Tensor,
    negatives: Tensor,
    losses: Vec<f32>,
    /// `[B, M]`, as the objectives take them.
    weights: Tensor,
    partner: Vec<u32>,
}

fn batch(fixture: &Value) -> Batch {
    let part = &fixture["batch"];
    let rows = part["losses"].as_array().unwrap().len();
    let members = part["weights"].as_array().unwrap().len();
    let matrix = |value: &Value| {
        let values = flat(value);
        let columns = values.len() / rows;
        Tensor::from_vec(values, (rows, columns), &Device::Cpu).unwrap()
    };
    Batch {
        items: matrix(&part["items"]),
        negatives: matrix(&part["negatives"]),
        losses: flat(&part["losses"]),
        weights: Tensor::from_vec(flat(&part["weights"]), (members, rows), &Device::Cpu)
            .unwrap()
            .t()
            .unwrap()
            .contiguous()
            .unwrap(),
        partner: flat(&part["permutation"]).into_iter().map(|value| value as u32).collect(),
    }
}

/// Loss and derivative of a head, and the inputs its forward pass saw.
fn objective(head: &str, batch: &Batch, scores: &Tensor) -> LossAndGradient {
    let rows = batch.losses.len();
    let order = |a: usize, b: usize| {
        if batch.losses[a] == batch.losses[b] { 0.0 } else { (batch.losses[a] - batch.losses[b]).signum() }
    };
    match head {
        "regressor" => {
            regression(scores, &Tensor::from_slice(&batch.losses, (rows, 1), &Device::Cpu).unwrap(), &batch.weights)
                .unwrap()
        }
        "ranker" => {
            let mut inverse = vec![0u32; rows];
            batch.partner.iter().enumerate().for_each(|(from, &to)| inverse[to as usize] = from as u32);
            // The same partners for every member; a pair weighs the product of its rows' counts.
            let members = scores.dim(1).unwrap();
            let counts = batch.weights.to_vec2::<f32>().unwrap();
            let wide = |value: &dyn Fn(usize, usize) -> f32| {
                let values: Vec<f32> = (0..rows * members).map(|cell| value(cell / members, cell % members)).collect();
                Tensor::from_vec(values, (rows, members), &Device::Cpu).unwrap()
            };
            let index = |values: &[u32]| {
                let values: Vec<u32> = (0..rows * members).map(|cell| values[cell / members]).collect();
                Tensor::from_vec(values, (rows, members), &Device::Cpu).unwrap()
            };
            let sign = |row: usize| order(row, batch.partner[row] as usize);
            let orders = wide(&|row, _| sign(row));
            let weights = wide(&|row, member| {
                counts[row][member] * counts[batch.partner[row] as usize][member] * sign(row).powi(2) / rows as f32
            });
            sampled_pairs(scores, &orders, &index(&batch.partner), &index(&inverse), &weights).unwrap()
        }
        "all_pairs_ranker" => {
            let signs: Vec<f32> = (0..rows * rows).map(|cell| order(cell / rows, cell % rows)).collect();
            all_pairs(scores, &Tensor::from_vec(signs, (rows, rows), &Device::Cpu).unwrap(), &batch.weights).unwrap()
        }
        "out_of_distribution" => ood(scores, rows, &batch.weights).unwrap(),
        other => panic!("no objective for {other}"),
    }
}

fn inputs(head: &str, batch: &Batch) -> Tensor {
    if head == "out_of_distribution" {
        Tensor::cat(&[&batch.items, &batch.negatives], 0).unwrap()
    } else {
        batch.items.clone()
    }
}

fn names(architecture: &str) -> &'static [&'static str] {
    if architecture == "linear" { &["w", "b"] } else { &["W1", "b1", "w2", "b2"] }
}

/// Each net's arrays out of arrays that hold all members.
fn nets(values: &Value, architecture: &str, members: usize) -> Vec<Vec<Vec<f32>>> {
    let member = |name: &str, index: usize| match &values[name][index] {
        Value::Array(_) => flat(&values[name][index]),
        number => flat(number),
    };
    (0..members).map(|index| names(architecture).iter().map(|name| member(name, index)).collect()).collect()
}

fn close(ours: &[f32], theirs: &[f32], tolerance: f32, what: &str) {
    assert_eq!(ours.len(), theirs.len(), "{what}");
    for (ours, theirs) in ours.iter().zip(theirs) {
        assert!((ours - theirs).abs() <= tolerance * theirs.abs().max(1.0), "{what}: {ours} against {theirs}");
    }
}

/// Gradients in wide form, taken apart like weights.
fn gradient_nets(stack: &Stack, gradients: &[Tensor]) -> Vec<Vec<Vec<f32>>> {
    let mut wide = stack.clone();
    wide.weights = gradients.to_vec();
    wide.to_nets().unwrap()
}

#[test]
fn outputs_losses_gradients_and_steps_are_those_of_pytorch() {
    let fixture = fixture();
    let batch = batch(&fixture);
    let rate = fixture["optimiser"]["learning_rate"].as_f64().unwrap();
    let decay = fixture["optimiser"]["weight_decay"].as_f64().unwrap();
    let cases = fixture["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 8);
    for case in cases {
        let (head, architecture) = (case["head"].as_str().unwrap(), case["architecture"].as_str().unwrap());
        let what = |part: &str| format!("{head} {architecture}: {part}");
        let members = case["loss"].as_array().unwrap().len();
        let hidden = if architecture == "linear" { 0 } else { fixture["shape"]["hidden"].as_u64().unwrap() as usize };
        let shape = StackShape { dimension: 6, hidden, nets: members };
        let mut stack =
            Stack::from_nets(shape, &nets(&fixture["parameters"][architecture], architecture, members), &Device::Cpu)
                .unwrap();
        let inputs = inputs(head, &batch);
        let mut optimiser = AdamW::new(&stack).unwrap();
        let mut steps = 0;
        for reached in case["steps"].as_array().unwrap() {
            while steps < reached["after"].as_u64().unwrap() {
                let forward = stack.forward(&inputs).unwrap();
                let LossAndGradient { losses, d_scores } = objective(head, &batch, &forward.scores);
                let gradients = stack.backward(&inputs, &forward, &d_scores).unwrap();
                if steps == 0 {
                    let outputs = forward.scores.t().unwrap().to_vec2::<f32>().unwrap().concat();
                    let expected: Vec<f32> = case["outputs"].as_array().unwrap().iter().flat_map(flat).collect();
                    let kept: Vec<f32> = outputs
                        .chunks(outputs.len() / members)
                        .flat_map(|row| row[..expected.len() / members].to_vec())
                        .collect();
                    close(&kept, &expected, 1e-5, &what("outputs"));
                    close(&losses.to_vec1::<f32>().unwrap(), &flat(&case["loss"]), 1e-5, &what("losses"));
                    let ours = gradient_nets(&stack, &gradients.0);
                    let theirs = nets(&case["gradients"], architecture, members);
                    for (ours, theirs) in ours.iter().zip(&theirs) {
                        ours.iter().zip(theirs).for_each(|(ours, theirs)| close(ours, theirs, 1e-5, &what("gradient")));
                    }
                }
                steps += 1;
                let rate = StepRate { rate, weight_decay: decay, step: steps };
                optimiser.update(&mut stack, &gradients, rate).unwrap();
            }
            let scores = stack.forward(&inputs).unwrap().scores;
            let losses = objective(head, &batch, &scores).losses.to_vec1::<f32>().unwrap();
            close(&losses, &flat(&reached["loss"]), 1e-5, &what(&format!("loss after {steps} steps")));
            let theirs = nets(&reached["parameters"], architecture, members);
            let gradients = nets(&case["gradients"], architecture, members);
            for (net, (ours, theirs)) in stack.to_nets().unwrap().iter().zip(&theirs).enumerate() {
                for (array, (ours, theirs)) in ours.iter().zip(theirs).enumerate() {
                    // A ranker does not see a constant. What moves all rows alike has no gradient but rounding,
                    // which AdamW amplifies; the reference says which those are.
                    let seen = |unit: usize| gradients[net][array][unit].abs() > 1e-6;
                    let (ours, theirs): (Vec<f32>, Vec<f32>) =
                        (0..ours.len()).filter(|&unit| seen(unit)).map(|unit| (ours[unit], theirs[unit])).unzip();
                    close(&ours, &theirs, 2e-5, &what("weights"));
                }
            }
        }
    }
}

/// Weights as candle variables and the same forward pass, for autograd to differentiate.
fn autograd(stack: &Stack, inputs: &Tensor, d_scores: &Tensor) -> Vec<Tensor> {
    let variables: Vec<Var> = stack.weights.iter().map(|weight| Var::from_tensor(weight).unwrap()).collect();
    let mut tracked = stack.clone();
    tracked.weights = variables.iter().map(|variable| variable.as_tensor().clone()).collect();
    let scores = tracked.forward(inputs).unwrap().scores;
    // The derivative of this sum by the scores is d_scores.
    let gradients = (scores * d_scores).unwrap().sum_all().unwrap().backward().unwrap();
    variables.iter().map(|variable| gradients.get(variable).unwrap().clone()).collect()
}

#[test]
fn analytic_gradients_are_those_of_autograd() {
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    for hidden in [0, 7] {
        let shape = StackShape { dimension: 9, hidden, nets: 4 };
        let stack = Stack::from_nets(shape, &initial_nets(shape, &mut rng), &Device::Cpu).unwrap();
        let mut random = |rows: usize, columns: usize| {
            let values: Vec<f32> = (0..rows * columns).map(|_| rng.random_range(-2.0..2.0)).collect();
            Tensor::from_vec(values, (rows, columns), &Device::Cpu).unwrap()
        };
        let (inputs, d_scores) = (random(33, 9), random(33, 4));
        let forward = stack.forward(&inputs).unwrap();
        let ours = gradient_nets(&stack, &stack.backward(&inputs, &forward, &d_scores).unwrap().0);
        // Autograd also fills the zeros between the blocks of the second layer; those are not weights.
        let theirs = gradient_nets(&stack, &autograd(&stack, &inputs, &d_scores));
        for (ours, theirs) in ours.iter().flatten().zip(theirs.iter().flatten()) {
            close(ours, theirs, 1e-5, "gradient");
        }
    }
}

#[test]
fn derivatives_of_the_objectives_are_those_of_autograd() {
    let fixture = fixture();
    let batch = batch(&fixture);
    let rows = batch.losses.len();
    for head in ["regressor", "ranker", "all_pairs_ranker", "out_of_distribution"] {
        let height = if head == "out_of_distribution" { 2 * rows } else { rows };
        let scores = Tensor::arange(0f32, (height * 3) as f32, &Device::Cpu)
            .unwrap()
            .affine(0.37, -4.0)
            .unwrap()
            .sin()
            .unwrap()
            .reshape((height, 3))
            .unwrap();
        let variable = Var::from_tensor(&scores).unwrap();
        let tracked = objective(head, &batch, variable.as_tensor());
        let gradients = tracked.losses.sum_all().unwrap().backward().unwrap();
        let theirs = gradients.get(&variable).unwrap().flatten_all().unwrap().to_vec1::<f32>().unwrap();
        let ours = objective(head, &batch, &scores).d_scores.flatten_all().unwrap().to_vec1::<f32>().unwrap();
        close(&ours, &theirs, 1e-5, head);
    }
}

#[test]
fn huge_scores_give_finite_losses() {
    let scores = Tensor::new(&[[1e4f32], [-1e4], [1e4], [-1e4]], &Device::Cpu).unwrap();
    let weights = Tensor::ones((2, 1), DType::F32, &Device::Cpu).unwrap();
    let loss = ood(&scores, 2, &weights).unwrap();
    assert!(loss.losses.to_vec1::<f32>().unwrap()[0].is_finite());
    assert!(loss.d_scores.flatten_all().unwrap().to_vec1::<f32>().unwrap().iter().all(|value| value.is_finite()));
}
