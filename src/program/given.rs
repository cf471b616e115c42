//! The rules files that a request gives: by their text, or by where they lie on this host.

use std::path::{Path, PathBuf};

use crate::error::{Problem, RequestError, What};
use crate::lint::{Permissions, Source, in_order};
use crate::request::RulesFile;
use crate::rules_d::{FileState, Root, SkipReason};

/// Rules files, in the order in which augenrules reads them.
pub struct Given {
    /// The files; those of a directory have its name before theirs.
    pub files: Vec<Source>,
    /// The paths in these directories from which augenrules reads nothing, with the reason.
    pub passed_over: Vec<(String, SkipReason)>,
}

/// The files that a request gives; those without text are read below this root.
///
/// # Errors
/// Every file that cannot be read, and every directory without a rules file, with its place in the request.
pub fn given(said: &[RulesFile], root: &Path) -> Result<Given, Vec<Problem>> {
    let mut given = Given { files: Vec::new(), passed_over: Vec::new() };
    let mut problems = Vec::new();
    let mut opened = None;
    for (at, file) in said.iter().enumerate() {
        let problem = |what: What| Problem::at_pointer(what, &format!("/files/{at}/name"));
        if let Some(text) = &file.text {
            given.files.push(Source::new(&file.name, text.as_bytes()));
            continue;
        }
        let root = match opened.take().map_or_else(|| Root::open(root), Ok) {
            Ok(root) => opened.insert(root),
            Err(error) => return Err(vec![Problem::from(What::File(error))]),
        };
        let inside: PathBuf = Path::new(&file.name).components().collect();
        match root.rules_at(&inside) {
            Err(errors) => problems.extend(errors.into_iter().map(|error| problem(What::File(error)))),
            Ok(listing) if listing.drop_ins.is_empty() => {
                problems.push(problem(RequestError::NoRulesFiles { path: file.name.clone() }.into()));
            }
            Ok(listing) => {
                let named = |path: &Path| {
                    let inside = path.strip_prefix(root.path()).unwrap_or(path);
                    Path::new("/").join(inside).to_string_lossy().into_owned()
                };
                given.files.extend(listing.drop_ins.into_iter().map(|found| placed(named(&found.path), found.state)));
                given.passed_over.extend(listing.skipped.iter().map(|skipped| (named(&skipped.path), skipped.reason)));
            }
        }
    }
    in_order(&mut given.files);
    if problems.is_empty() { Ok(given) } else { Err(problems) }
}

/// The directory that is `inside` of this root directory, which both are absolute paths.
#[must_use]
pub fn root_below(root: &Path, inside: &Path) -> PathBuf {
    let inside = inside.strip_prefix("/").unwrap_or(inside);
    if inside.as_os_str().is_empty() { root.to_owned() } else { root.join(inside) }
}

fn placed(name: String, state: FileState) -> Source {
    Source { name, bytes: state.bytes, permissions: Some(Permissions { mode: state.mode, uid: state.uid }) }
}
