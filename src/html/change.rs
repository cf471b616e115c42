//! What a request to apply does: the plan by layer, what is left out, what waits, the diff.

use super::markup::{Cell, Html};
use crate::report::words::place;
use crate::report::{ControlReport, KernelDo, PendingReport, PlanReport, Report, RulesReport};

pub fn write(report: &Report, html: &mut Html) {
    if let Some(plan) = &report.plan {
        write_plan(plan, html);
    }
    if let Some(rules) = &report.rules {
        write_rules(rules, html);
    }
    if report.pending != PendingReport::default() {
        write_pending(&report.pending, html);
    }
    if let Some(lost) = report.reset_lost {
        html.heading("Count of lost records").markup("<p>Set back to 0, was ").number(lost.into()).markup(".</p>\n");
    }
    if let Some(reason) = report.runtime.as_ref().and_then(|runtime| runtime.reason.as_ref()) {
        html.heading("Kernel: not managed").paragraph(reason);
    }
    if let Some(diff) = &report.diff {
        html.heading("Difference").markup("<pre class=\"diff\">");
        diff.prepared.lines().for_each(|line| write_line(line, html));
        html.markup("</pre>\n");
    }
    if let Some(record) = &report.record {
        html.heading("Record of the change in the audit log").element("<pre>", record, "</pre>\n");
    }
}

fn write_line(line: &str, html: &mut Html) {
    let open = match line.as_bytes() {
        [b'-', b'-', b'-', b' ', ..] | [b'+', b'+', b'+', b' ', ..] => "<b>",
        [b'@', ..] => "<span class=\"at\">",
        [b'+', ..] => "<span class=\"plus\">",
        [b'-', ..] => "<span class=\"minus\">",
        _ => "<span>",
    };
    html.element(open, line, if open == "<b>" { "</b>" } else { "</span>" }).markup("\n");
}

fn write_plan(plan: &PlanReport, html: &mut Html) {
    if plan.files.is_empty() && plan.kernel.is_empty() && plan.control.is_empty() {
        return;
    }
    html.heading("Plan");
    if !plan.files.is_empty() {
        html.table("Files", "File|What is done|Copy of it");
        for file in &plan.files {
            let copy = file.backup.as_deref().unwrap_or_default();
            html.row(None, &[Cell::HeadCode(&file.path), Cell::Text(file.action.text()), Cell::Code(copy)]);
        }
        html.end_table();
    }
    if !plan.kernel.is_empty() {
        html.table("Rules in the kernel, in the order of the steps", "Step|Rule|Because");
        for step in &plan.kernel {
            let what = match (step.what, step.first) {
                (KernelDo::Unload, _) => "− unload",
                (KernelDo::Load, false) => "+ load",
                (KernelDo::Load, true) => "+ load before all others",
            };
            html.row(None, &[Cell::Text(what), Cell::HeadCode(&step.rule), Cell::Text(step.because.text())]);
        }
        html.end_table();
    }
    write_settings(&plan.control, html);
}

fn write_settings(changes: &[ControlReport], html: &mut Html) {
    if changes.is_empty() {
        return;
    }
    html.table("Settings", "Setting|#Before|#After");
    for change in changes {
        let cells =
            [Cell::Head(&change.setting), Cell::Number(change.before.into()), Cell::Number(change.after.into())];
        html.row(None, &cells);
    }
    html.end_table();
}

fn write_rules(rules: &RulesReport, html: &mut Html) {
    if !rules.missing.is_empty() {
        html.heading("Declared and not loaded now");
        write_list(&rules.missing, html);
    }
    if !rules.skipped.is_empty() {
        html.heading("Left out on this host");
        html.table("Lines that this host cannot have, wholly or in part", "Line|Why|Stands at");
        for skipped in &rules.skipped {
            let at = place(skipped.file.as_deref(), skipped.line, None);
            html.row(None, &[Cell::HeadCode(&skipped.rule), Cell::Text(&skipped.reason), Cell::Code(&at)]);
        }
        html.end_table();
    }
    if !rules.deduplicated.is_empty() {
        html.heading("Held already");
        html.table("Lines whose rule stands somewhere else", "Line|Same rule at");
        for twice in &rules.deduplicated {
            html.row(None, &[Cell::HeadCode(&twice.rule), Cell::Code(&twice.same_as)]);
        }
        html.end_table();
    }
    if let Some(rule) = &rules.out_of_order {
        html.heading("Out of order").markup("<p>The first rule that stands later in the kernel than in the files: ");
        html.code(rule).markup("</p>\n");
    }
}

fn write_pending(pending: &PendingReport, html: &mut Html) {
    html.heading("What waits for the next boot");
    for (heading, rules) in [
        ("<h3>It loads</h3>\n", &pending.load),
        ("<h3>It does not load again</h3>\n", &pending.unload),
        ("<h3>It loads in another place</h3>\n", &pending.order),
    ] {
        if !rules.is_empty() {
            html.markup(heading);
            write_list(rules, html);
        }
    }
    write_settings(&pending.control, html);
}

/// Rules, one below the other.
pub fn write_list(rules: &[String], html: &mut Html) {
    html.markup("<ul>\n");
    for rule in rules {
        html.markup("<li>").code(rule).markup("</li>\n");
    }
    html.markup("</ul>\n");
}
