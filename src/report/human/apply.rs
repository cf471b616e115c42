//! What a request to apply does: the plan by layer, what is left out, what waits, the diff.

use super::page::{Look, Page, Piece};
use super::piece;
use crate::report::policy::PolicyReport;
use crate::report::words::place;
use crate::report::{ControlReport, FileActionReport, KernelDo, PendingReport, PlanReport, Report, RulesReport};

pub fn write(report: &Report, page: &mut Page) {
    write_policies(&report.policy, page);
    if let Some(plan) = &report.plan {
        write_plan(plan, page);
    }
    if let Some(rules) = &report.rules {
        write_rules(rules, page);
    }
    if report.pending != PendingReport::default() {
        page.heading("At the next boot");
        let load = report.pending.load.iter().map(|rule| vec![piece(Look::Good, "+"), piece(Look::Plain, rule)]);
        let unload = report.pending.unload.iter().map(|rule| vec![piece(Look::Bad, "-"), piece(Look::Plain, rule)]);
        let order = report.pending.order.iter().map(|rule| vec![piece(Look::Doubtful, "~"), piece(Look::Plain, rule)]);
        page.table(&load.chain(unload).chain(order).collect::<Vec<_>>());
        page.table(&settings(&report.pending.control));
    }
    if let Some(lost) = report.reset_lost {
        page.heading("Count of lost records");
        page.line(&[(Look::Plain, "  "), (Look::Plain, &format!("set back to 0, was {lost}"))]);
    }
    if let Some(reason) = report.runtime.as_ref().and_then(|runtime| runtime.reason.as_ref()) {
        page.heading("Kernel: not managed");
        page.line(&[(Look::Plain, "  "), (Look::Plain, reason)]);
    }
    if let Some(diff) = &report.diff {
        page.heading("Difference");
        for line in diff.prepared.lines() {
            let look = match line.as_bytes() {
                [b'-', b'-', b'-', b' ', ..] | [b'+', b'+', b'+', b' ', ..] => Look::Bold,
                [b'@', ..] => Look::Told,
                [b'+', ..] => Look::Good,
                [b'-', ..] => Look::Bad,
                _ => Look::Plain,
            };
            page.line(&[(look, line)]);
        }
    }
}

fn write_plan(plan: &PlanReport, page: &mut Page) {
    if !plan.files.is_empty() {
        page.heading("Files");
        let row = |file: &super::super::FileReport| {
            let look = match file.action {
                FileActionReport::Create => Look::Good,
                FileActionReport::Replace | FileActionReport::Permissions => Look::Doubtful,
                FileActionReport::Remove => Look::Bad,
            };
            vec![piece(look, file.action.text()), piece(Look::Plain, &file.path)]
        };
        page.table(&plan.files.iter().map(row).collect::<Vec<_>>());
    }
    if !plan.kernel.is_empty() {
        page.heading("Kernel");
        let row = |step: &super::super::KernelStepReport| {
            let (look, sign) = if step.what == KernelDo::Load { (Look::Good, "+") } else { (Look::Bad, "-") };
            let because = step.because.text();
            let first = if step.first { ", put first" } else { "" };
            vec![piece(look, sign), piece(Look::Plain, &step.rule), piece(Look::Faint, &format!("{because}{first}"))]
        };
        page.table(&plan.kernel.iter().map(row).collect::<Vec<_>>());
    }
    if !plan.control.is_empty() {
        page.heading("Settings");
        page.table(&settings(&plan.control));
    }
}

fn write_policies(policies: &[PolicyReport], page: &mut Page) {
    for policy in policies {
        page.heading(&format!("Policy {} for {}", policy.name, policy.product));
        page.line(&[(Look::Plain, "  "), (Look::Plain, &policy.benchmark)]);
        let replaced = policy.replaced.iter().map(|name| {
            vec![piece(Look::Doubtful, "replaced"), piece(Look::Plain, name), piece(Look::Faint, "by the request")]
        });
        let left_out = policy.left_out.iter().map(|entry| {
            let reason = entry.reason.as_deref().unwrap_or_default();
            vec![piece(Look::Doubtful, "left out"), piece(Look::Plain, &entry.what), piece(Look::Faint, reason)]
        });
        let kept = policy.left_out.iter().filter_map(|entry| {
            let why = entry.kept_in_words()?;
            Some(vec![piece(Look::Plain, "kept"), piece(Look::Plain, &entry.what), piece(Look::Faint, &why)])
        });
        page.table(&replaced.chain(left_out).chain(kept).collect::<Vec<_>>());
    }
}

fn settings(changes: &[ControlReport]) -> Vec<Vec<Piece>> {
    let row = |change: &ControlReport| {
        vec![piece(Look::Plain, &change.setting), piece(Look::Plain, &format!("{} -> {}", change.before, change.after))]
    };
    changes.iter().map(row).collect()
}

fn write_rules(rules: &RulesReport, page: &mut Page) {
    if !rules.skipped.is_empty() {
        page.heading("Left out on this host");
        let row = |skipped: &super::super::SkippedReport| {
            let at = place(skipped.file.as_deref(), skipped.line, None);
            vec![piece(Look::Plain, &skipped.rule), piece(Look::Doubtful, &skipped.reason), piece(Look::Faint, &at)]
        };
        page.table(&rules.skipped.iter().map(row).collect::<Vec<_>>());
    }
    if !rules.deduplicated.is_empty() {
        page.heading("Held already");
        let row = |twice: &super::super::DeduplicatedReport| {
            vec![piece(Look::Plain, &twice.rule), piece(Look::Faint, &twice.same_as)]
        };
        page.table(&rules.deduplicated.iter().map(row).collect::<Vec<_>>());
    }
}
