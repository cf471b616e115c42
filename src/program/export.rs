//! What a host holds as a request to apply, tried in check mode: it is to change nothing there.

use crate::apply::apply;
use crate::desired::{Unexported, Warning};
use crate::error::Problem;
use crate::gather::Export;
use crate::intent::{ADOPTED, ApplyIntent, GatherIntent};
use crate::report::Report;
use crate::report::apply_request::ApplyRequest;
use crate::request::{Source, Target, decode};
use crate::world::World;

/// The request that an export makes, and why it would change something where it does.
pub fn tried(export: Export, intent: &GatherIntent, world: &mut World<'_>) -> (Option<ApplyRequest>, Vec<Warning>) {
    let adopts = export.adopts;
    let Some(request) = ApplyRequest::of_export(export) else { return (None, Vec::new()) };
    let found: Vec<Unexported> = match check(&request, intent, world) {
        Ok(report) => changes(&report, adopts).into_iter().collect(),
        Err(problems) => problems.iter().map(|problem| Unexported::Refused(problem.sentence())).collect(),
    };
    (Some(request), found.into_iter().map(Warning::Unexported).collect())
}

/// What check mode says of the request, read as it will be read.
fn check(request: &ApplyRequest, intent: &GatherIntent, world: &mut World<'_>) -> Result<Report, Vec<Problem>> {
    let text = serde_json::to_vec(request).unwrap_or_default();
    let request = decode(&text).map_err(|misshapen| misshapen.problems)?;
    let mut check = ApplyIntent::of(&request, &intent.machine)?;
    check.place = intent.place.clone();
    check.kernel = intent.kernel;
    check.ordering = intent.ordering;
    check.check_mode = true;
    if intent.source == Source::Filesystem {
        check.target = Target::Filesystem;
    }
    let applied = apply(&check, world)?;
    Ok(Report::applied(&check, applied, &intent.machine))
}

/// What check mode would change beside the files that taking lines over is about.
fn changes(report: &Report, adopts: bool) -> Option<Unexported> {
    let plan = report.plan.as_ref()?;
    let is_meant = |path: &str| adopts && (path.ends_with(ADOPTED) || path.ends_with("/audit.rules"));
    let is_quiet = plan.kernel.is_empty() && plan.control.is_empty() && !report.reboot_required;
    let stays = is_quiet && plan.files.iter().all(|file| is_meant(&file.path));
    (!stays).then(|| Unexported::Changes(report.msg.clone()))
}
