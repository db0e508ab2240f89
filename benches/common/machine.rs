//! On what a benchmark ran.

use std::process::Command;

/// What a table says about where it comes from.
pub struct Machine {
    pub date: String,
    pub commit: String,
    /// Its name and how many cores it has.
    pub processor: String,
    /// In MiB.
    pub memory: u64,
    pub kernel: String,
    /// How to repeat it.
    pub command: String,
}

impl Machine {
    /// This one, for a benchmark of this name.
    pub fn of(bench: &str) -> Self {
        let dir = env!("CARGO_MANIFEST_DIR");
        let cores = std::thread::available_parallelism().map_or(0, usize::from);
        let kilobytes: u64 =
            field("/proc/meminfo", "MemTotal").trim_end_matches(" kB").parse().unwrap_or_default();
        let flags: Vec<String> = std::env::args().skip(1).filter(|flag| flag != "--bench").collect();
        let dashes = if flags.is_empty() { "" } else { " -- " };
        Self {
            date: output(Command::new("date").args(["-u", "+%F %H:%M UTC"])),
            commit: output(Command::new("git").args(["-C", dir, "describe", "--always", "--dirty"])),
            processor: format!("{}, {cores} cores", field("/proc/cpuinfo", "model name")),
            memory: kilobytes / 1024,
            kernel: output(Command::new("uname").arg("-r")),
            command: format!("cargo bench --bench {bench}{dashes}{}", flags.join(" ")),
        }
    }
}

/// What a command prints, on one line.
pub fn output(command: &mut Command) -> String {
    match command.output() {
        Ok(output) if output.status.success() => String::from_utf8_lossy(&output.stdout).trim().to_owned(),
        _ => "unknown".into(),
    }
}

fn field(path: &str, name: &str) -> String {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let found = text.lines().filter_map(|line| line.split_once(':')).find(|(key, _)| key.trim() == name);
    found.map_or_else(|| "unknown".into(), |(_, value)| value.trim().to_owned())
}
