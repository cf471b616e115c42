//! The files of a host, as far as they matter.

use std::borrow::Cow;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use crate::augenrules::{self, Script, Source};
use crate::boot_load::{LoadLine, Spot};
use crate::init::Loader;
use crate::lines::Reader;
use crate::plan::files::Content;
use crate::set_aside::spellings;

/// A drop-in as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DropIn {
    /// Its file name, with `.rules`.
    pub name: String,
    /// What it holds.
    pub content: Content,
}

/// A file that others than root may write, and so what is loaded at boot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Writable {
    /// Its path, as seen from the root.
    pub path: String,
    /// Its permission bits.
    pub mode: u32,
    /// Its owner, where that is neither root nor the user who runs this.
    pub owner: Option<u32>,
}

impl Writable {
    /// Who may write it, in words.
    #[must_use]
    pub fn message(&self) -> String {
        match self.owner {
            Some(uid) => format!("it belongs to user {uid}"),
            None => format!("its mode is {:04o}", self.mode),
        }
    }
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
    /// The user who runs this.
    pub own_uid: u32,
    /// Whether the directory of the drop-ins exists.
    pub has_directory: bool,
    /// Who loads the rules at boot.
    pub loader: Loader,
    /// What the file that the boot loads holds, where that is neither `audit.rules` nor a drop-in and exists.
    pub boot_file: Option<Vec<u8>>,
}

/// Whether augenrules, or this program in its place, wrote an `audit.rules` of these bytes.
#[must_use]
pub fn is_generated(bytes: &[u8]) -> bool {
    bytes.starts_with(augenrules::GENERATED.as_bytes())
}

/// What the boot loader makes of drop-ins.
#[derive(Debug, Clone, Default)]
pub struct Merge {
    /// The lines of `audit.rules`.
    pub lines: Vec<LoadLine>,
    /// The `-D`, `-b`, `-f` and `-e` lines that a later one takes the place of.
    pub overridden: Vec<LoadLine>,
    /// The lines that a missing newline has made a part of a comment, each with that comment.
    pub swallowed: Vec<LoadLine>,
    /// The drop-ins that the script does not read, because white space splits their names.
    pub unread: Vec<PathBuf>,
}

impl Files {
    /// Whether there are drop-ins and nobody but their owner may do anything with any of them.
    #[must_use]
    pub fn are_private(&self) -> bool {
        !self.drop_ins.is_empty() && self.drop_ins.iter().all(|drop_in| drop_in.content.mode & !0o700 == 0)
    }

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

    /// Those of these drop-ins that others than root may write, and `audit.rules`, where it is so.
    #[must_use]
    pub fn writable(&self, drop_ins: &[DropIn], audit_rules: Option<&Content>) -> Vec<Writable> {
        let drop_ins = drop_ins.iter().map(|drop_in| (self.path(&drop_in.name), &drop_in.content));
        let all = drop_ins.chain(audit_rules.map(|content| (self.audit_rules_path(), content)));
        let is_trusted = |uid: u32| uid == 0 || uid == self.own_uid;
        let open = all.filter(|(_, content)| content.mode & 0o022 != 0 || !is_trusted(content.uid));
        let writable = open.map(|(path, content)| Writable {
            path: path.display().to_string(),
            mode: content.mode,
            owner: Some(content.uid).filter(|uid| !is_trusted(*uid)),
        });
        writable.collect()
    }

    /// What the boot loader would make of these drop-ins. The texts of lines are the reader's.
    #[must_use]
    pub fn merged(&self, drop_ins: &[DropIn], reader: &Reader) -> Merge {
        let merged = self.merge(drop_ins);
        let paths: Vec<Rc<str>> = drop_ins.iter().map(|d| self.path(&d.name).to_string_lossy().into()).collect();
        let spot = |origin: &augenrules::Origin| {
            paths.get(origin.file).map(|file| Spot { file: Rc::clone(file), line: origin.line })
        };
        let line = |line: augenrules::MergedLine<'_>| LoadLine {
            spots: exactly(line.origins.iter().filter_map(spot)),
            text: reader.text(&line.text),
        };
        let unread = merged.lost.iter().filter_map(|at| Some(self.path(&drop_ins.get(*at)?.name))).collect();
        let augenrules::Lines { lines, overridden, swallowed } = merged.into_lines();
        let all = |lines: Vec<augenrules::MergedLine<'_>>| exactly(lines.into_iter().map(line));
        Merge { lines: all(lines), overridden: all(overridden), swallowed: all(swallowed), unread }
    }

    /// The file that augenrules would make of these drop-ins.
    #[must_use]
    pub fn compiled(&self, drop_ins: &[DropIn]) -> Vec<u8> {
        self.merge(drop_ins).to_bytes_from(&self.rules_dir.to_string_lossy())
    }

    fn merge<'a>(&self, drop_ins: &'a [DropIn]) -> augenrules::Merged<'a> {
        let sources: Vec<Source<'_>> =
            drop_ins.iter().map(|d| Source { name: OsStr::new(&d.name), bytes: &d.content.bytes }).collect();
        augenrules::merge(&sources, self.script)
    }

    /// Whether `audit.rules` is the policy: there is no drop-in, and it says something.
    #[must_use]
    pub fn is_without_drop_ins(&self) -> bool {
        let says_something = |content: &Content| {
            let mut lines = content.bytes.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
            lines.any(|line| !line.is_empty() && !line.starts_with(b"#"))
        };
        self.drop_ins.is_empty() && self.audit_rules.as_ref().is_some_and(says_something)
    }

    /// What the files ask for: the drop-ins, merged; or `audit.rules`, where it is the policy.
    #[must_use]
    pub fn policy(&self, reader: &Reader) -> Merge {
        let compiled = self.audit_rules.as_ref().filter(|_| self.is_without_drop_ins());
        compiled.map_or_else(
            || self.merged(&self.drop_ins, reader),
            |content| as_it_stands(&self.audit_rules_path(), &content.bytes, reader),
        )
    }

    /// The files that the policy comes from, with their paths.
    #[must_use]
    pub fn sources(&self) -> Vec<(PathBuf, &Content)> {
        let compiled = self.audit_rules.as_ref().filter(|_| self.is_without_drop_ins() || !self.has_directory);
        match compiled {
            Some(content) => vec![(self.audit_rules_path(), content)],
            None => self.drop_ins.iter().map(|drop_in| (self.path(&drop_in.name), &drop_in.content)).collect(),
        }
    }

    /// Every line of every drop-in and of `audit.rules`, those that comments of ours stand for, and those that two files
    /// without a newline between them make together.
    #[must_use]
    pub fn all_lines(&self) -> Vec<Cow<'_, [u8]>> {
        let drop_ins = self.drop_ins.iter().map(|drop_in| &drop_in.content.bytes);
        let compiled = self.audit_rules.iter().map(|content| &content.bytes);
        let files = drop_ins.chain(compiled).map(|bytes| bytes.as_slice()).chain(self.boot_file.as_deref());
        let own = files.flat_map(|bytes| bytes.split(|byte| *byte == b'\n'));
        let mut lines: Vec<Cow<'_, [u8]>> = own.flat_map(spellings).map(Cow::Borrowed).collect();
        if self.drop_ins.iter().any(|d| !d.content.bytes.ends_with(b"\n")) {
            lines.extend(self.merge(&self.drop_ins).into_lines().lines.into_iter().map(|line| line.text));
        }
        lines
    }
}

/// A list without room for more: there are as many of them as lines.
fn exactly<T>(entries: impl Iterator<Item = T>) -> Vec<T> {
    let mut list: Vec<T> = entries.collect();
    list.shrink_to_fit();
    list
}

/// The lines of a file that is loaded as it stands.
#[must_use]
pub fn as_it_stands(path: &Path, bytes: &[u8], reader: &Reader) -> Merge {
    let file: Rc<str> = path.to_string_lossy().into();
    let line = |(number, text): (usize, &[u8])| LoadLine {
        text: reader.text(text),
        spots: vec![Spot { file: Rc::clone(&file), line: number + 1 }],
    };
    let lines = bytes.split(|byte| *byte == b'\n').enumerate().filter(|(_, text)| !text.is_empty());
    Merge { lines: lines.map(line).collect(), ..Merge::default() }
}
