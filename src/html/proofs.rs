//! Whether rules record.

use super::markup::{Cell, Html, tally};
use crate::report::Report;
use crate::report::proof::{ProofReport, ProvokedReport};
use crate::report::words::{State, place};

const WORDS: [(State, &str); 5] = [
    (State::Failed, "do not record"),
    (State::Drift, "recorded by others"),
    (State::Unknown, "not found out"),
    (State::Note, "would be tried"),
    (State::Ok, "record"),
];

pub fn write(report: &Report, html: &mut Html) {
    let Some(proofs) = report.proofs.as_ref().filter(|proofs| !proofs.is_empty()) else { return };
    html.heading("Rules");
    html.filtered("rules", &tally(WORDS, &mut proofs.iter().map(|proof| proof.word().0)));
    html.table(
        "Whether each rule records, found out by doing something harmless that it is about",
        "Verdict|Rule|Why, or what is done|Stands at",
    );
    for (state, _) in WORDS {
        proofs.iter().filter(|proof| proof.word().0 == state).for_each(|proof| write_proof(proof, html));
    }
    html.end_table();
    html.end_filtered();
}

fn write_proof(proof: &ProofReport, html: &mut Html) {
    let (state, word) = proof.word();
    html.begin_row(Some(state));
    html.cells(&[Cell::State(state, &word.replace('_', " ")), Cell::HeadCode(&proof.rule.rule)]);
    html.markup("<td>").text(&proof.told());
    if let Some(by) = &proof.by {
        html.markup("<br/><small>by ").code(&by.rule).markup(" ");
        html.text(&place(by.file.as_deref(), by.line, by.pointer.as_deref())).markup("</small>");
        html.markup(if proof.is_recorded_alike() { "<br/><small>under the same key</small>" } else { "" });
    }
    html.element("<br/><small>Not tried: ", &proof.not_provoked.join(", "), "</small>");
    if !proof.provoked.is_empty() || proof.record.is_some() {
        let summary = if proof.record.is_some() { "Calls and record" } else { "Calls" };
        html.element("<details><summary>", summary, "</summary><ul>\n");
        proof.provoked.iter().for_each(|call| write_call(call, html));
        if let Some(record) = &proof.record {
            html.markup("<li>Event ").number(record.serial).markup(", ").text(&record.time);
            html.element(", key ", &record.keys.join(", "), "");
            html.element(", ", record.exe.as_deref().unwrap_or_default(), "").markup("</li>\n");
            for line in &record.records {
                html.markup("<li>").code(line).markup("</li>\n");
            }
        }
        html.markup("</ul></details>");
    }
    let at = place(proof.rule.file.as_deref(), proof.rule.line, proof.rule.pointer.as_deref());
    html.markup("</td>").cells(&[Cell::Code(&at)]);
    html.end_row();
}

fn write_call(call: &ProvokedReport, html: &mut Html) {
    html.markup("<li>").text(call.syscall).markup(" (").text(&call.arch).markup(")");
    html.element(" ", call.path.as_deref().unwrap_or_default(), "");
    html.markup(", user ").number(call.uid.into());
    if let Some(exit) = call.exit {
        let number = exit.to_string();
        html.markup(", gave back ").text(call.error.unwrap_or(&number));
    }
    if let Some(verdict) = call.verdict {
        html.markup(": ").text(&verdict.text().replace('_', " "));
    }
    html.element(", ", call.why.as_deref().unwrap_or_default(), "").markup("</li>\n");
}
