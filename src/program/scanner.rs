//! What the scanner makes of the rules of a request to lint.

use std::borrow::Cow;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::rc::Rc;

use super::expand::own_product;
use super::progress::walked;
use crate::augenrules::{AUDIT_RULES, RULES_DIR};
use crate::error::{Problem, ProductOf, RequestError, What};
use crate::intent::{Subject as Given, WantedProfile};
use crate::lines::Reader;
use crate::lint::{Host, Source, loaded};
use crate::rules_d::{FileError, Root, SUFFIX, Storage};
use crate::scanner::{
    Chosen, Held, Judged, ScannedFile, Subject, UNITS, asks_programs, chosen_of, content, judge, sees_loader,
};

/// Where scanners look for rules: in drop-ins, and in what is made of them.
const AUDIT: &str = "/etc/audit";
/// What says that the host may be made of an image.
const IMAGE: [&str; 2] = ["/run/ostree-booted", "/ostree"];

/// Files by their paths.
type Files<'a> = Vec<(String, Cow<'a, [u8]>)>;

/// The profile that a request asks for, of the product that it names or that the host is.
///
/// # Errors
/// A product or profile that is not known.
pub fn chosen(wanted: WantedProfile<'_>, root: &Path) -> Result<Chosen, Problem> {
    let products = content().products();
    let product = match wanted.product {
        Some(named) => named,
        None => own_product(root).map_err(|host| {
            let known = products.clone().map(str::to_owned).collect();
            let error = RequestError::UnknownProduct { host, of: ProductOf::Checks, known };
            Problem::at_pointer(error.into(), "/product")
        })?,
    };
    chosen_of(product, wanted.name)
}

/// What a scanner makes of these files, and what is worth a sentence of that.
///
/// # Errors
/// What cannot be read of the host.
pub fn scanned(
    chosen: Chosen,
    given: &Given<'_>,
    root: Option<&Root>,
    sources: &[Source],
    lint_host: Host<'_>,
    reader: &mut Reader,
) -> Result<(Vec<Judged>, Vec<String>), FileError> {
    let machine = reader.facts().machine;
    let mut warnings = Vec::new();
    let host = root.filter(|_| matches!(given, Given::Directory));
    let files: Files<'_> = match host {
        Some(root) => of_host(root)?,
        None => as_drop_ins(chosen, sources),
    };
    let programs = match root.filter(|_| asks_programs(chosen, &machine)) {
        Some(root) => set_id(root, &mut warnings),
        None => None,
    };
    let names: Vec<Rc<str>> = sources.iter().map(|source| source.name.as_str().into()).collect();
    let scanned = files.iter().enumerate().map(|(at, (path, bytes))| {
        let name = names.get(at).filter(|_| host.is_none()).map_or_else(|| path.as_str().into(), Rc::clone);
        ScannedFile { path: path.clone(), name, bytes }
    });
    let subject = Subject {
        files: scanned.collect(),
        machine: machine.name,
        programs: programs.as_deref(),
        may_be_image: host.is_some_and(is_image),
    };
    if sees_loader(chosen, &subject, &machine) == Some(false) {
        let product = chosen.product;
        warnings
            .push(format!("no unit loads the rules as the checks of {product} expect it: the scanner finds no rule"));
    }
    let (rules, controls) = loaded(sources, reader, lint_host);
    let held = Held::of(rules, controls);
    Ok((judge(chosen, &subject, &held, reader), warnings))
}

/// The files of the host that scanners look into: those of which checks have the pattern, whoever loads them, and units.
fn of_host(root: &Root) -> Result<Files<'static>, FileError> {
    let is_wanted = |path: &Path| {
        let path = path.as_os_str().as_bytes();
        path.ends_with(SUFFIX.as_bytes()) || path.starts_with(AUDIT_RULES.as_bytes())
    };
    let found = root.files_below(Path::new(AUDIT), &is_wanted)?;
    let text = |path: &Path| path.to_string_lossy().into_owned();
    let mut files: Vec<_> = found.into_iter().map(|(path, bytes)| (text(&path), Cow::Owned(bytes))).collect();
    for name in ["auditd", "audit-rules"] {
        let path = format!("{UNITS}{name}.service");
        files.extend(root.system_file(Path::new(&path))?.map(|bytes| (path, Cow::Owned(bytes))));
    }
    Ok(files)
}

/// Files as the drop-ins of such a product, with the unit that loads them there.
fn as_drop_ins(chosen: Chosen, sources: &[Source]) -> Files<'_> {
    let unit = &chosen.of.unit;
    let drop_ins = sources.iter().map(|source| (in_rules_dir(&source.name), Cow::Borrowed(&source.bytes[..])));
    drop_ins.chain([(unit.path.clone(), Cow::Borrowed(unit.text.as_bytes()))]).collect()
}

/// The path at which a file that is given would lie as a drop-in.
fn in_rules_dir(name: &str) -> String {
    let base = name.rsplit('/').next().filter(|base| !base.is_empty()).unwrap_or("rules");
    let base = base.strip_suffix(SUFFIX).unwrap_or(base);
    format!("{RULES_DIR}/{base}{SUFFIX}")
}

fn is_image(root: &Root) -> bool {
    IMAGE.iter().any(|path| root.holds(Path::new(path)))
}

/// The programs with setuid or setgid, those of containers among them, as scanners see them; none where that could not be
/// told.
fn set_id(root: &Root, warnings: &mut Vec<String>) -> Option<Vec<Vec<u8>>> {
    match walked(root, Storage::Walked, &|_| false) {
        Ok(programs) => Some(programs.set_id),
        Err(unread) => {
            let first = unread.errors.into_iter().next().map(|error| Problem::from(What::File(error)).sentence());
            warnings
                .push(format!("which programs of the host are privileged is not known: {}", first.unwrap_or_default()));
            None
        }
    }
}
