//! Whether rules record.

use super::page::{Look, Page, Piece};
use super::{piece, place};
use crate::report::proof::{ProofReport, VerdictReport};

/// How many of the calls for a rule are told.
const MOST_CALLS: usize = 3;

pub(super) fn write(proofs: &[ProofReport], page: &mut Page) {
    let rows: Vec<Vec<Piece>> = proofs.iter().map(row).collect();
    if !rows.is_empty() {
        page.heading("Rules");
        page.table(&rows);
    }
}

/// The verdict, what was done and how that ended, the rule, where it stands.
fn row(proof: &ProofReport) -> Vec<Piece> {
    let (look, word) = match proof.verdict {
        None if proof.provoked.is_empty() => (Look::Doubtful, "nothing"),
        None => (Look::Plain, "would do"),
        Some(verdict) if proof.is_recorded_alike() => (Look::Doubtful, verdict.text()),
        Some(verdict) => (look(verdict), verdict.text()),
    };
    let mut done: Vec<String> = Vec::new();
    for call in &proof.provoked {
        let path = call.path.as_deref().map(|path| format!(" {path}")).unwrap_or_default();
        let text = format!("{}{path}", call.syscall);
        if !done.contains(&text) {
            done.push(text);
        }
    }
    let more = done.len().saturating_sub(MOST_CALLS);
    done.truncate(MOST_CALLS);
    done.extend((more > 0).then(|| format!("{more} more")));
    let at = place(proof.rule.file.as_deref(), proof.rule.line, proof.rule.pointer.as_deref());
    let why = proof.why.clone().unwrap_or_else(|| done.join(", "));
    vec![piece(look, word), piece(Look::Told, &proof.rule.rule), piece(Look::Plain, &why), piece(Look::Faint, &at)]
}

fn look(verdict: VerdictReport) -> Look {
    match verdict {
        VerdictReport::Records => Look::Good,
        VerdictReport::NotProvoked | VerdictReport::Inconclusive => Look::Doubtful,
        VerdictReport::Silent | VerdictReport::Shadowed | VerdictReport::NotLoaded => Look::Bad,
    }
}
