//! What the README shows is what happens: its console block is run line by line in one shell, against a
//! service on an empty directory, and every line of output compared.

use crate::support::cluster::{PROGRAM, run_dir};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};

/// Separates the outputs of the commands.
const MARK: &str = "== next ==";

struct Step {
    command: String,
    output: String,
}

fn steps(readme: &str) -> Vec<Step> {
    let block = readme.split("```console\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let mut steps: Vec<Step> = Vec::new();
    for line in block.lines() {
        match line.strip_prefix("$ ") {
            Some(command) => steps.push(Step { command: command.into(), output: String::new() }),
            None => steps.last_mut().unwrap().output += &format!("{line}\n"),
        }
    }
    steps
}

/// Whether the text is the pattern, with anything in place of each `…`.
fn matches(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('…');
    let Some(mut rest) = text.strip_prefix(parts.next().unwrap()) else { return false };
    let mut parts = parts.peekable();
    while let Some(part) = parts.next() {
        let found = if parts.peek().is_none() { rest.rfind(part) } else { rest.find(part) };
        let Some(at) = found else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.is_empty()
}

#[test]
fn the_first_response_by_hand_goes_as_the_readme_says() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let steps = steps(&std::fs::read_to_string(root.join("README.md")).unwrap());
    assert!(steps.len() > 12);
    let dir = run_dir("readme");
    let mut service = Command::new(PROGRAM)
        .arg("serve")
        .env_remove("DATABASE_URL")
        .env("SIPAS_DATA_DIR", &dir)
        .env("SIPAS_LISTEN", "127.0.0.1:0")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(service.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let started: serde_json::Value = serde_json::from_str(&line).unwrap();
    let files = run_dir("readme-files").display().to_string();
    let mut script = String::new();
    for step in &steps {
        // In this order: the program itself may be somewhere below /tmp.
        let command = step.command.replace("/tmp/", &format!("{files}/")).replace("cargo run -q --", PROGRAM);
        let command = command.replace("http://127.0.0.1:8080", started["url"].as_str().unwrap());
        // The catalogue in memory may lag behind by a second; a person takes longer than that.
        let pause = if command.contains("/oauth/token") { "sleep 1.1\n" } else { "" };
        script += &format!("{pause}{command}\necho '{MARK}'\n");
    }
    let mut shell = Command::new("sh")
        .current_dir(root)
        .env_remove("DATABASE_URL")
        .env("SIPAS_DATA_DIR", &dir)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    shell.stdin.take().unwrap().write_all(script.as_bytes()).unwrap();
    let said = String::from_utf8(shell.wait_with_output().unwrap().stdout).unwrap();
    Command::new("kill").arg(service.id().to_string()).status().unwrap();
    service.wait().unwrap();
    let outputs: Vec<&str> = said.split(&format!("{MARK}\n")).collect();
    assert_eq!(outputs.len(), steps.len() + 1, "{said}");
    for (step, output) in steps.iter().zip(outputs) {
        let (expected, output) = (step.output.trim_end(), output.trim_end());
        assert!(
            matches(expected, output),
            "$ {}\n--- README\n{expected}\n--- really\n{output}",
            step.command
        );
    }
}

#[test]
fn a_pattern_stands_for_anything_between_its_parts() {
    assert!(matches("{\"id\":\"…\"}", "{\"id\":\"abc\"}"));
    assert!(matches("a…b…c", "a1b2c"));
    assert!(!matches("a…b", "a1c"));
    assert!(!matches("same", "same but longer"));
}
