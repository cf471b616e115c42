//! An image that is attacked, and the executable at work on it.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};
use tempfile::TempDir;

/// Path below the root, to mode and bytes.
pub type Held = BTreeMap<PathBuf, (u32, Vec<u8>)>;

/// A root directory with drop-ins of others.
pub struct Image(TempDir);

impl Image {
    pub fn new() -> Self {
        let image = Self(TempDir::new().unwrap());
        fs::create_dir_all(image.rules_d()).unwrap();
        for number in 0..8 {
            let path = image.rules_d().join(format!("{number}0-others.rules"));
            fs::write(path, format!("{}\n", rule(&format!("others-{number}")))).unwrap();
        }
        image
    }

    pub fn root(&self) -> &Path {
        self.0.path()
    }

    pub fn rules_d(&self) -> PathBuf {
        self.root().join("etc/audit/rules.d")
    }

    /// A request about this image.
    pub fn request(&self, mut request: Json) -> Json {
        request["root"] = json!(self.root());
        request
    }

    /// Every file.
    pub fn held(&self) -> Held {
        let mut held = Held::new();
        for directory in [self.root().join("etc/audit"), self.rules_d()] {
            for path in fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()) {
                // One that a run renames or takes away meanwhile is no file of the image any more.
                let Ok(bytes) = fs::read(&path) else { continue };
                let mode = fs::metadata(&path).map_or(0, |data| data.permissions().mode() & 0o7777);
                held.insert(path.strip_prefix(self.root()).unwrap().to_owned(), (mode, bytes));
            }
        }
        held
    }
}

/// Without the copy of `audit.rules` that a run leaves, and without what a killed run was about to write.
pub fn settled(held: &Held) -> Held {
    let is_settled = |path: &Path| {
        let name = path.file_name().unwrap().to_string_lossy();
        name != "audit.rules.prev" && !name.starts_with(".audit_rules-")
    };
    held.iter().filter(|(path, _)| is_settled(path)).map(|(path, content)| (path.clone(), content.clone())).collect()
}

/// A rule that needs no file, with this key.
pub fn rule(key: &str) -> String {
    format!("-a always,exit -F arch=b64 -S sethostname -F key={key}")
}

/// The executable, started with a request.
pub fn started(request: &Json) -> Child {
    let mut child = Command::new(env!("CARGO_BIN_EXE_audit_rules"))
        .arg("-")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A child that is killed at once reads nothing.
    let _ = child.stdin.take().unwrap().write_all(request.to_string().as_bytes());
    child
}

/// What the executable answers.
pub fn answer(request: &Json) -> Json {
    report(&started(request).wait_with_output().unwrap())
}

/// The report on standard output.
pub fn report(output: &Output) -> Json {
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {:?} {}", output.status, String::from_utf8_lossy(&output.stderr)))
}

/// How long a run with this request takes here: attacks spread over that time.
pub fn duration(request: &Json) -> Duration {
    let start = Instant::now();
    answer(request);
    start.elapsed()
}

/// Says what was done, where `.ci/parts` finds it.
pub fn say(text: &str) {
    let _ = std::io::stderr().write_all(format!("\nran: {text}\n").as_bytes());
}

/// Marsaglia's xorshift: the same numbers from the same seed everywhere.
pub struct Numbers(u64);

impl Numbers {
    pub fn of(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % end
    }
}
