//! A request, answered by a small host whose kernel is a model. Whatever it asks for is tried in check mode: nothing is
//! written.

use std::fs;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use audit_rules::error::{Problem, What};
use audit_rules::intent::{ApplyIntent, EventsIntent, GatherIntent, ProveIntent};
use audit_rules::kernel::model::Model;
use audit_rules::kernel::{Access, Kernel};
use audit_rules::report::{Outcome, Report};
use audit_rules::request::{self, Operation};
use audit_rules::rule::Machine;
use audit_rules::rules_d::Standing;
use audit_rules::world::World;
use audit_rules::{Expanded, events_on, expanded, explained, gather_on, imported, linted, proven_on, run_on};
use serde_json::Value;

/// What the host holds. A line in it fails, and one holds a byte that is no UTF-8.
const FILES: [(&str, &[u8]); 4] = [
    ("etc/passwd", b"root:x:0:0::/root:/bin/sh\nalice:x:1000:1000::/:/bin/sh\n"),
    ("etc/group", b"root:x:0:\nusers:x:100:\n"),
    ("etc/audit/rules.d/10-base.rules", b"-D\n-b 8192\n-w /etc/passwd -p wa -k identity\n"),
    (
        "etc/audit/rules.d/50-site.rules",
        b"-a always,exit -F arch=b64 -S execve -k run\n-w /etc/\xff -p wa\n-w /etc/shadow -p\n-e 2",
    ),
];

/// What holds for the answer to any bytes.
///
/// # Panics
/// Where it does not.
pub fn hold(data: &[u8]) {
    let request = match request::decode(data) {
        Ok(request) => request,
        Err(misshapen) => {
            assert!(!misshapen.problems.is_empty(), "it is refused without a reason");
            let document = serde_json::from_slice(data).ok();
            misshapen.problems.iter().for_each(|problem| refused(problem, document.as_ref()));
            return whole(&Report::failed(&misshapen.problems));
        }
    };
    let Some(machine) = Machine::from_uname("x86_64") else { panic!("x86_64 is unknown") };
    let mut kernel = Model::new();
    let answer = answer(request, machine, &mut kernel);
    assert_eq!(kernel.sent().changing(), 0, "check mode changes the kernel");
    match answer {
        Ok(report) => whole(&report),
        Err(problems) => {
            assert!(!problems.is_empty(), "it fails without a reason");
            problems.iter().for_each(placed);
            whole(&Report::failed(&problems));
        }
    }
}

fn answer(request: request::Request, machine: Machine, kernel: &mut Model) -> Result<Report, Vec<Problem>> {
    let root = root().to_owned();
    let Expanded { mut request, origin } = expanded(request, &machine, &root)?;
    request.check_mode |= matches!(request.operation, Operation::Apply | Operation::Events | Operation::Prove);
    match request.operation {
        Operation::Explain => return explained(&request, machine, &root),
        Operation::Import => return imported(&request, &machine),
        Operation::Lint => return linted(&request, machine, &root),
        Operation::Gather | Operation::Apply | Operation::Events | Operation::Prove => {}
    }
    let access = kernel.status().ok().map(|status| Ok(Access::Managed(status)));
    let mut interrupted = || None;
    let kernel: Option<&mut dyn Kernel> = Some(kernel);
    let world = World {
        root,
        access,
        kernel,
        standing: Standing::default(),
        machine,
        executable: None,
        interrupted: &mut interrupted,
    };
    if request.operation == Operation::Events {
        let intent = EventsIntent::of(&request, &machine).map_err(|problems| origin.place(problems))?;
        return Ok(origin.tell(events_on(&intent, world, None, None)?));
    }
    if request.operation == Operation::Prove {
        let intent = ProveIntent::of(&request, &machine).map_err(|problems| origin.place(problems))?;
        return proven_on(&intent, world, None, &mut |_, _| panic!("check mode makes a call"));
    }
    if request.operation == Operation::Gather {
        return Ok(origin.tell(gather_on(&GatherIntent::of(&request, &machine)?, world)));
    }
    run_on(&ApplyIntent::of(&request, &machine)?, world).map_err(|problems| origin.place(problems))
}

/// A problem of the form says where in the document it is, as far as that is one.
fn refused(problem: &Problem, document: Option<&Value>) {
    let place = problem.place.pointer.as_deref();
    if matches!(problem.kind(), "not_json" | "not_utf8" | "too_large") {
        assert!(document.is_none(), "{}: {}", problem.kind(), problem.message());
        return;
    }
    let Some(pointer) = place else { panic!("no place: {}", problem.sentence()) };
    if let Some(document) = document {
        let parent = pointer.rsplit_once('/').map_or("", |(parent, _)| parent);
        assert!(document.pointer(parent).is_some(), "{pointer} leads nowhere: {}", problem.sentence());
    }
    placed(problem);
}

/// A problem says where it is, and what.
fn placed(problem: &Problem) {
    let place = &problem.place;
    let file = match &problem.what {
        // An error of a file says which in its message.
        What::File(error) => problem.message().contains(&error.path.display().to_string()),
        _ => place.file.is_some(),
    };
    let known = file || place.pointer.is_some() || place.rule.is_some();
    assert!(known, "no place: {} {}", problem.kind(), problem.sentence());
    assert!(!problem.message().is_empty() && !problem.kind().is_empty(), "a problem without words");
}

/// A report says whether it failed, and by what; and it can be written.
fn whole(report: &Report) {
    let failed = matches!(report.outcome, Outcome::Failed | Outcome::Stranded | Outcome::RolledBack);
    assert!(!failed || report.failed, "{:?} is no failure", report.outcome);
    let findings = report.findings.as_ref().is_some_and(|findings| !findings.is_empty());
    assert!(!failed || findings || !report.errors.is_empty(), "a failure without a reason: {}", report.msg);
    assert!(!failed || !report.changed, "it failed and changed something: {}", report.msg);
    assert!(!report.msg.is_empty(), "no message");
    let text = serde_json::to_string(report).unwrap_or_else(|error| panic!("it cannot be written: {error}"));
    assert!(!text.contains('\n'), "it takes more than one line");
}

/// The host's root directory: made once, then only read.
fn root() -> &'static Path {
    static ROOT: OnceLock<PathBuf> = OnceLock::new();
    ROOT.get_or_init(|| {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/properties");
        for (path, bytes) in FILES {
            let path = root.join(path);
            let made = path.parent().map(|parent| fs::DirBuilder::new().recursive(true).mode(0o755).create(parent));
            made.unwrap_or(Ok(())).and_then(|()| fs::write(&path, bytes)).unwrap_or_else(|error| panic!("{error}"));
            fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap_or_else(|error| panic!("{error}"));
        }
        root
    })
}
