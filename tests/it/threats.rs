//! The threat model names the tests that show what it says; here it is held to that.

use std::path::{Path, PathBuf};

fn sources(dir: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    entries
        .flat_map(|path| if path.is_dir() { sources(&path) } else { vec![path] })
        .filter(|path| path.extension().is_some_and(|ending| ending == "rs"))
        .collect()
}

/// Names in backquotes that look like a test's: words of lower case joined by at least two underscores.
fn quoted(line: &str) -> Vec<&str> {
    let looks = |name: &&str| {
        name.matches('_').count() > 1 && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
    };
    line.split('`').skip(1).step_by(2).filter(looks).collect()
}

#[test]
fn every_test_that_the_threat_model_names_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let model = std::fs::read_to_string(root.join("THREATS.md")).unwrap();
    let code: Vec<String> = ["src", "tests"]
        .iter()
        .flat_map(|room| sources(&root.join(room)))
        .map(|path| std::fs::read_to_string(path).unwrap())
        .collect();
    let is_test = |name: &str| {
        let head = format!("fn {name}(");
        code.iter().any(|text| {
            // An attribute may stand between `#[test]` and the function.
            text.find(&head).is_some_and(|at| {
                text[..at].lines().rev().take(4).any(|line| line.contains("test]") || line.contains("test("))
            })
        })
    };
    let named: Vec<&str> = model.lines().flat_map(quoted).collect();
    assert!(named.len() > 20, "{named:?}");
    let missing: Vec<&&str> = named.iter().filter(|name| !is_test(name)).collect();
    assert!(missing.is_empty(), "THREATS.md names tests that do not exist: {missing:?}");
    // Every row of a table has a test, or says that the guard stands outside; what comes before the rule is its head.
    let lines: Vec<&str> = model.lines().collect();
    let rows = lines.windows(2).filter(|pair| pair[0].starts_with('|') && !pair[1].starts_with("|---"));
    for row in rows.map(|pair| pair[0]).filter(|line| !line.starts_with("|---")) {
        let shown = row.trim_end_matches('|').rsplit('|').next().unwrap();
        let outside = shown.contains("outside") || shown.contains("to be filled");
        assert!(outside || !quoted(shown).is_empty(), "no test: {row}");
    }
}
