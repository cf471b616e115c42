//! A report as one page for a browser and for paper: without scripts, and without anything that is elsewhere.
//!
//! A function of the report. When and where it was made, the caller says.

mod change;
mod events;
mod evidence;
mod findings;
mod lines;
mod markup;
mod outcome;
mod proofs;
mod state;

use crate::records::time::to_rfc3339;
use crate::report::words::place;
use crate::report::{ErrorReport, Events, Report};
use markup::{Cell, Html};

/// The style of all pages.
const STYLE: &str = include_str!("page.css");

/// Where and when a report was made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Imprint {
    /// The name of the host.
    pub host: String,
    /// The release of its kernel.
    pub kernel: String,
    /// Its machine, as the kernel names it.
    pub machine: String,
    /// The time, in milliseconds since 1970.
    pub milliseconds: u64,
    /// The root directory that the request was about, where that was not the running host's.
    pub root: Option<String>,
}

/// The page of a report.
#[must_use]
pub fn page(report: &Report, imprint: &Imprint) -> String {
    let mut html = Html::default();
    let (state, word) = outcome::of(report);
    let about = match &imprint.root {
        Some(root) => format!("{root} on {}", imprint.host),
        None => imprint.host.clone(),
    };
    let title = format!("{} {about}", outcome::subject(report));
    html.markup("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n");
    html.markup("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n");
    html.markup("<meta name=\"color-scheme\" content=\"light dark\"/>\n<title>").text(&title).markup(": ").text(word);
    html.markup("</title>\n<style>\n").markup(STYLE).markup("</style>\n</head>\n<body>\n<header>\n<h1>");
    html.text(&title).markup("</h1>\n<p class=\"outcome\">").state(state, word).markup("</p>\n");
    html.paragraph(report.headline());
    write_facts(report, imprint, &mut html);
    html.markup("</header>\n<main>\n<ul class=\"tiles\">\n");
    outcome::write_tiles(report, &mut html);
    html.markup("</ul>\n");
    write_errors(&report.errors, report.errors_omitted, &mut html);
    write_warnings(&report.warnings, &mut html);
    evidence::write(report, &mut html);
    change::write(report, &mut html);
    state::write(report, &mut html);
    findings::write(report, &mut html);
    proofs::write(report, &mut html);
    match &report.events {
        Some(Events::Answered(events)) => lines::write_answers(events, &mut html),
        Some(Events::Recorded(recorded)) => events::write(report, recorded, &mut html),
        None => {}
    }
    lines::write(report, &mut html);
    write_omitted(report, &mut html);
    html.markup("</main>\n<footer><p>Made by audit_rules ").markup(env!("CARGO_PKG_VERSION"));
    html.markup(
        ". The same request without <code>--html</code> gives the report as JSON.</p></footer>\n</body>\n</html>",
    );
    html.into_text()
}

fn write_facts(report: &Report, imprint: &Imprint, html: &mut Html) {
    html.markup("<dl class=\"facts\">\n");
    let mut fact = |name: &'static str, value: &str| {
        html.element("<div><dt>", if value.is_empty() { "" } else { name }, "</dt>");
        html.element("<dd>", value, "</dd></div>\n");
    };
    fact("Host", &imprint.host);
    fact("Root directory", imprint.root.as_deref().unwrap_or_default());
    fact("Kernel", &imprint.kernel);
    fact("Machine", &imprint.machine);
    fact("Made at", &to_rfc3339(imprint.milliseconds));
    for policy in &report.policy {
        fact("Policy", &format!("{} for {}: {}", policy.name, policy.product, policy.benchmark));
    }
    if let Some(scanner) = &report.scanner {
        fact("Profile", &format!("{} for {}: {}", scanner.profile, scanner.product, scanner.title));
        fact("SCAP Security Guide", &scanner.ssg);
    }
    fact("Digest of rules and settings", report.digest.as_deref().unwrap_or_default());
    html.markup("</dl>\n");
}

fn write_errors(errors: &[ErrorReport], omitted: usize, html: &mut Html) {
    if errors.is_empty() {
        return;
    }
    html.heading("Problems");
    html.table("Why it failed", "Problem|Rule or line|Stands at|Kind");
    for error in errors {
        let at = place(error.file.as_deref(), error.line, error.pointer.as_deref());
        html.begin_row(None);
        html.markup("<th scope=\"row\">").text(&error.message);
        html.element("<br/><small>Help: ", error.hint.as_deref().unwrap_or_default(), "</small>").markup("</th>");
        html.cells(&[
            Cell::Code(error.rule.as_deref().unwrap_or_default()),
            Cell::Code(&at),
            Cell::Unbroken(&error.kind),
        ]);
        html.end_row();
    }
    html.end_table();
    if omitted > 0 {
        html.markup("<p>And ").number(omitted as u64).markup(" more.</p>\n");
    }
}

fn write_warnings(warnings: &[String], html: &mut Html) {
    if !warnings.is_empty() {
        html.heading("Warnings").markup("<ul>\n");
        for warning in warnings {
            html.element("<li>", warning, "</li>\n");
        }
        html.markup("</ul>\n");
    }
}

/// The lists of which the report has no more than the first entries.
fn write_omitted(report: &Report, html: &mut Html) {
    if report.omitted.is_empty() {
        return;
    }
    html.heading("Left out of this page");
    html.table("Lists that are longer than a report may be", "List|#Entries left out");
    for (pointer, count) in &report.omitted {
        html.row(None, &[Cell::HeadCode(pointer), Cell::Number(*count as u64)]);
    }
    html.end_table();
}
