//! The files of a host, as far as they matter.

use std::borrow::Cow;
use std::ffi::OsStr;
use std::path::PathBuf;
use std::rc::Rc;

use crate::augenrules::{self, Script, Source};
use crate::boot_load::{LoadLine, Spot};
use crate::plan::files::Content;

/// A drop-in as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DropIn {
    /// Its file name, with `.rules`.
    pub name: String,
    /// What it holds.
    pub content: Content,
}

/// The files of a host, as far as they matter.
#[derive(Debug, Clone)]
pub struct Files {
    /// The directory of the drop-ins, as seen from the root.
    pub rules_dir: PathBuf,
    /// The drop-ins, in any order.
    pub drop_ins: Vec<DropIn>,
    /// `audit.rules`, where it exists.
    pub audit_rules: Option<Content>,
    /// How this host merges drop-ins.
    pub script: Script,
}

/// What the boot loader makes of drop-ins.
#[derive(Debug, Clone)]
pub struct Merge {
    /// The lines of `audit.rules`.
    pub lines: Vec<LoadLine>,
    /// The `-D`, `-b`, `-f` and `-e` lines that a later one takes the place of.
    pub overridden: Vec<LoadLine>,
    /// The drop-ins that the script does not read, because white space splits their names.
    pub unread: Vec<PathBuf>,
    /// The bytes of `audit.rules`.
    pub bytes: Vec<u8>,
}

impl Files {
    /// The path of a drop-in, as seen from the root.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.rules_dir.join(name)
    }

    /// The path of the merged file: `audit.rules` beside the directory of the drop-ins.
    #[must_use]
    pub fn audit_rules_path(&self) -> PathBuf {
        self.rules_dir.with_file_name("audit.rules")
    }

    /// What the boot loader would make of these drop-ins.
    #[must_use]
    pub fn merged(&self, drop_ins: &[DropIn]) -> Merge {
        let sources: Vec<Source<'_>> =
            drop_ins.iter().map(|d| Source { name: OsStr::new(&d.name), bytes: &d.content.bytes }).collect();
        let merged = augenrules::merge(&sources, self.script);
        let paths: Vec<Rc<str>> = drop_ins.iter().map(|d| self.path(&d.name).to_string_lossy().into()).collect();
        let spot = |origin: &augenrules::Origin| {
            paths.get(origin.file).map(|file| Spot { file: Rc::clone(file), line: origin.line })
        };
        let line = |line: &augenrules::MergedLine| LoadLine {
            text: line.text.clone(),
            spots: line.origins.iter().filter_map(spot).collect(),
        };
        Merge {
            lines: merged.lines().map(line).collect(),
            overridden: merged.overridden.iter().map(line).collect(),
            unread: merged.lost.iter().filter_map(|at| Some(self.path(&drop_ins.get(*at)?.name))).collect(),
            bytes: merged.to_bytes_from(&self.rules_dir.to_string_lossy()),
        }
    }

    /// The files that a boot load comes from, with their paths: the drop-ins, or `audit.rules` where their directory does
    /// not exist.
    #[must_use]
    pub fn sources(&self, has_directory: bool) -> Vec<(PathBuf, &Content)> {
        if has_directory {
            return self.drop_ins.iter().map(|drop_in| (self.path(&drop_in.name), &drop_in.content)).collect();
        }
        self.audit_rules.iter().map(|content| (self.audit_rules_path(), content)).collect()
    }

    /// The lines of `audit.rules` as it stands; none where it does not exist.
    #[must_use]
    pub fn compiled(&self) -> Option<Merge> {
        let bytes = &self.audit_rules.as_ref()?.bytes;
        let file: Rc<str> = self.audit_rules_path().to_string_lossy().into();
        let line = |(number, text): (usize, &[u8])| LoadLine {
            text: text.to_vec(),
            spots: vec![Spot { file: Rc::clone(&file), line: number + 1 }],
        };
        let lines = bytes.split(|byte| *byte == b'\n').enumerate().filter(|(_, text)| !text.is_empty());
        Some(Merge {
            lines: lines.map(line).collect(),
            overridden: Vec::new(),
            unread: Vec::new(),
            bytes: bytes.clone(),
        })
    }

    /// Every line of every drop-in, and those that two files without a newline between them make together.
    #[must_use]
    pub fn all_lines(&self) -> Vec<Cow<'_, [u8]>> {
        let own = self.drop_ins.iter().flat_map(|d| d.content.bytes.split(|byte| *byte == b'\n').map(Cow::Borrowed));
        let mut lines: Vec<Cow<'_, [u8]>> = own.collect();
        if self.drop_ins.iter().any(|d| !d.content.bytes.ends_with(b"\n")) {
            lines.extend(self.merged(&self.drop_ins).lines.into_iter().map(|line| Cow::Owned(line.text)));
        }
        lines
    }
}
