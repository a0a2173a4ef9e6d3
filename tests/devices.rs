//! Which device heads are trained on, from outside. These hold for a build without CUDA, on any machine.
#![allow(clippy::unwrap_used)]
#![cfg(not(feature = "cuda"))]

use assert_cmd::Command;
use serde_json::Value;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

fn llm2loss(home: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::cargo_bin("llm2loss").unwrap();
    command.arg("--home").arg(home).args(arguments).env_remove("LLM2LOSS_HOME").env_remove("LLM2LOSS_DEVICE");
    command
}

const SMALL: [&str; 9] = ["train", "adult", "--arch", "linear", "--epochs", "1", "--members", "1", "--json"];

#[test]
fn a_device_that_cannot_be_had_is_refused_in_one_sentence() {
    let home = tempfile::tempdir().unwrap();
    for (device, words) in [
        ("cuda", "--device cuda:0 cannot be had: this build computes on the CPU alone"),
        ("cuda:3", "--device cuda:3 cannot be had"),
        ("gpu", "give auto, cpu, cuda or cuda:N"),
        ("cuda:-1", "give auto, cpu, cuda or cuda:N"),
    ] {
        let by_flag = llm2loss(home.path(), &["--device", device]).args(SMALL).assert().code(2);
        let by_variable = llm2loss(home.path(), &SMALL).env("LLM2LOSS_DEVICE", device).assert().code(2);
        for done in [by_flag, by_variable] {
            let said = String::from_utf8_lossy(&done.get_output().stderr).into_owned();
            assert!(said.contains(words) && !said.contains("panicked"), "{device}: {said}");
            assert!(done.get_output().stdout.is_empty());
        }
    }
}

#[test]
fn the_cpu_is_named_in_the_record_and_gives_the_same_run_again() {
    let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let record = |home: &Path, device: &str| -> Value {
        let done = llm2loss(home, &["--device", device]).args(SMALL).assert().code(0);
        serde_json::from_slice(&done.get_output().stdout).unwrap()
    };
    let (a, b) = (record(one.path(), "auto"), record(other.path(), "cpu"));
    assert!(a["device"].as_str().unwrap().starts_with("cpu ("), "{}", a["device"]);
    assert_eq!((&a["id"], &a["weights_digest"]), (&b["id"], &b["weights_digest"]));
    // An empty variable means the default.
    llm2loss(one.path(), &["runs"]).env("LLM2LOSS_DEVICE", "").assert().code(0);
}

#[test]
fn the_doctor_names_the_device_its_memory_and_the_driver() {
    let (home, tools) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let tool = tools.path().join("nvidia-smi");
    let doctor = |script: &str| -> Value {
        std::fs::write(&tool, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&tool, std::fs::Permissions::from_mode(0o755)).unwrap();
        let path = format!("{}:{}", tools.path().display(), std::env::var("PATH").unwrap());
        let done = llm2loss(home.path(), &["doctor", "--json"]).env("PATH", path).assert().code(0);
        serde_json::from_slice(&done.get_output().stdout).unwrap()
    };
    let found = doctor("echo 'NVIDIA H200, 143771, 580.65.06, 9.0'");
    assert!(found["device"].as_str().unwrap().starts_with("cpu ("));
    assert!(found["device_memory"][0].as_u64().unwrap() > 1 << 28);
    assert_eq!(found["driver"], "580.65.06");
    assert_eq!(found["gpus"][0], "NVIDIA H200, 150.8 GB, compute capability 9.0");
    assert!(found["cuda"].as_str().unwrap().contains("this build computes on the CPU alone"));
    // A tool that fails or answers nonsense is no GPU.
    assert_eq!(doctor("exit 9")["ok"], true);
    assert_eq!(doctor("echo nonsense")["ok"], true);
    let refused = llm2loss(home.path(), &["--device", "cuda", "doctor"]).assert().code(2);
    assert!(String::from_utf8_lossy(&refused.get_output().stdout).contains("--device cuda:0 cannot be had"));
}
