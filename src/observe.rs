//! What the host holds, read once.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::rc::Rc;

use crate::auditctl::{Accounts, Installed, parse_group, parse_passwd};
use crate::desired::{DropIn, Files, Permit, Warning};
use crate::error::{Problem, RequestError};
use crate::intent::{ApplyIntent, Location, RequestLine};
use crate::kernel::{Errno, Kernel, KernelError};
use crate::lines::{PathFacts, Reader};
use crate::plan::KernelState;
use crate::plan::files::Content;
use crate::request::Id;
use crate::rule::Machine;
use crate::rules_d::{Directory, FileError, FileState, Links, Root, Skipped};
use crate::set_aside::spellings;

/// The files of a host and what they rest on.
#[derive(Debug)]
pub struct Observed {
    /// Drop-ins, merged file, merging script.
    pub files: Files,
    /// Reads rule lines as this host has them.
    pub reader: Reader,
    /// Names in `rules.d` that the boot loader passes over.
    pub passed_over: Vec<Skipped>,
}

impl From<FileState> for Content {
    fn from(state: FileState) -> Self {
        Self { bytes: state.bytes.into(), mode: state.mode, uid: state.uid, gid: state.gid }
    }
}

/// Reads the drop-ins, the accounts and everything else that the meaning of their lines and of `given` ones rests on.
///
/// # Errors
/// Every file that cannot be read.
pub fn observe(
    place: &Location,
    given: &[&RequestLine],
    root: &Root,
    rules_d: &Directory,
    links: Links,
    machine: Machine,
) -> Result<Observed, Vec<Problem>> {
    let one = |error| vec![Problem::from(crate::error::What::File(error))];
    let listing = rules_d.read(root, links).map_err(|errors| errors.into_iter().flat_map(one).collect::<Vec<_>>())?;
    let accounts = root.accounts().map_err(one)?;
    let accounts = Accounts { users: parse_passwd(&accounts.passwd), groups: parse_group(&accounts.group) };
    let script = root.boot_loader().map_err(one)?.script;
    let mut files = Files {
        rules_dir: place.rules_dir.clone(),
        drop_ins: drop_ins(listing.drop_ins),
        audit_rules: content(root, &place.rules_dir.with_file_name("audit.rules")).map_err(one)?,
        script,
        own_uid: nix::unistd::geteuid().as_raw(),
        has_directory: rules_d.exists(),
        boot_file: None,
        loader: root.init().loader(),
    };
    files.boot_file = other_boot_file(&files, root);
    let mut reader = Reader::new(machine, accounts).with_installed(installed(root, &machine).map_err(one)?);
    let all = files.all_lines();
    for author in given {
        reader.hold(Rc::clone(&author.text).into());
    }
    let given = given.iter().map(|author| author.text.as_bytes());
    let given = given.flat_map(spellings);
    let paths = reader.paths(all.iter().map(AsRef::as_ref).chain(given));
    reader.settle(facts(root, paths));
    Ok(Observed { files, reader, passed_over: listing.skipped })
}

/// What the file holds that the boot loads as it stands, where it is none of those that were read.
fn other_boot_file(files: &Files, root: &Root) -> Option<Vec<u8>> {
    let path = Path::new(files.loader.command.as_ref()?.file.as_ref()?);
    let is_known = path == files.audit_rules_path() || files.drop_ins.iter().any(|d| files.path(&d.name) == path);
    // What cannot be read is no less missing to the boot.
    if is_known { None } else { root.system_file(path).ok().flatten() }
}

/// What the boot loader would make of the drop-ins as they are now.
///
/// # Errors
/// Every file that cannot be read.
pub fn compiled(place: &Location, root: &Root) -> Result<Vec<u8>, Vec<Problem>> {
    let one = |error| vec![Problem::from(crate::error::What::File(error))];
    let rules_d = root.directory(&place.rules_dir).map_err(one)?;
    let listing = rules_d.read(root, Links::Refused);
    let listing = listing.map_err(|errors| errors.into_iter().flat_map(one).collect::<Vec<_>>())?;
    let script = root.boot_loader().map_err(one)?.script;
    let files = Files {
        rules_dir: place.rules_dir.clone(),
        drop_ins: drop_ins(listing.drop_ins),
        audit_rules: None,
        script,
        has_directory: rules_d.exists(),
        boot_file: None,
        loader: root.init().loader(),
        own_uid: nix::unistd::geteuid().as_raw(),
    };
    Ok(files.compiled(&files.drop_ins))
}

fn drop_ins(found: Vec<crate::rules_d::DropIn>) -> Vec<DropIn> {
    let drop_in = |held: crate::rules_d::DropIn| DropIn {
        name: held.name.to_string_lossy().into_owned(),
        content: held.state.into(),
    };
    found.into_iter().map(drop_in).collect()
}

/// The auditctl that loads the rules at boot, as far as the host's files say.
///
/// # Errors
/// A file of it that is there and cannot be read.
pub fn installed(root: &Root, machine: &Machine) -> Result<Installed, FileError> {
    let files = root.installed_auditctl(machine.name)?;
    let installed = Installed::from_files(files.auditctl.as_deref(), files.libaudit);
    if !installed.is_there || installed.version.is_some() {
        return Ok(installed);
    }
    Ok(match root.auditctl_package()? {
        Some(version) => installed.of_package(&version),
        None => installed,
    })
}

/// What is worth a sentence of an auditctl whose library is not where distributions put it.
pub fn unknown_words(installed: &Installed) -> Option<Warning> {
    let version = installed.version;
    (installed.is_there && !installed.has_words()).then_some(Warning::UnknownWords { version })
}

/// What is worth a sentence of the names that the boot loader passes over.
pub fn passed_over(skipped: &[Skipped]) -> impl Iterator<Item = Warning> + '_ {
    skipped
        .iter()
        .map(|skipped| Warning::PassedOver { path: skipped.path.display().to_string(), why: skipped.reason.message() })
}

/// What stands at these paths, seen from inside the root.
#[must_use]
pub fn facts(root: &Root, paths: Vec<Rc<[u8]>>) -> PathFacts {
    let found = root.lookup_all(&paths.iter().map(|path| Path::new(OsStr::from_bytes(path))).collect::<Vec<_>>());
    paths.into_iter().zip(found).collect()
}

/// What a file holds; none where it does not exist.
///
/// # Errors
/// Anything in its place that is not a regular file, or that cannot be read.
pub fn content(root: &Root, path: &Path) -> Result<Option<Content>, crate::rules_d::FileError> {
    let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else { return Ok(None) };
    Ok(root.directory(parent)?.state(name)?.map(Content::from))
}

/// What the kernel holds.
///
/// # Errors
/// Whatever keeps it from being read whole.
pub fn kernel_state(kernel: &mut dyn Kernel) -> Result<KernelState, KernelError> {
    let status = kernel.status()?;
    let features = match kernel.features() {
        Ok(features) => Some(features),
        // Kernels before 3.13 do not know the request.
        Err(KernelError::Refused { errno: Errno::EINVAL, .. }) => None,
        Err(error) => return Err(error),
    };
    Ok(KernelState { rules: kernel.rules()?, status, features })
}

/// Who files that we write belong to.
///
/// # Errors
/// An owner or group that the host does not know.
pub fn permit(intent: &ApplyIntent, accounts: &Accounts) -> Result<Permit, Vec<Problem>> {
    let mut problems = Vec::new();
    let mut number = |key: &'static str, said: &Option<Id>, names: &std::collections::BTreeMap<String, u32>| match said
    {
        None => None,
        Some(Id::Number(number)) => Some(*number),
        Some(Id::Name(name)) => names.get(name).copied().or_else(|| name.parse().ok()).or_else(|| {
            let error = RequestError::UnknownId { key, name: name.clone() };
            problems.push(Problem::at_pointer(error.into(), &format!("/{key}")));
            None
        }),
    };
    let uid = number("owner", &intent.owner, &accounts.users);
    let gid = number("group", &intent.group, &accounts.groups);
    let own = (nix::unistd::geteuid().as_raw(), nix::unistd::getegid().as_raw());
    if problems.is_empty() {
        Ok(Permit { mode: intent.mode.unwrap_or(Permit::MODE), uid, gid, own })
    } else {
        Err(problems)
    }
}
