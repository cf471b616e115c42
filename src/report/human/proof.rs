//! Whether rules record.

use super::page::{Look, Page, Piece};
use super::piece;
use crate::report::proof::ProofReport;
use crate::report::words::place;

pub(super) fn write(proofs: &[ProofReport], page: &mut Page) {
    let rows: Vec<Vec<Piece>> = proofs.iter().map(row).collect();
    if !rows.is_empty() {
        page.heading("Rules");
        page.table(&rows);
    }
}

/// The verdict, what was done and how that ended, the rule, where it stands.
fn row(proof: &ProofReport) -> Vec<Piece> {
    let (state, word) = proof.word();
    let look = match proof.verdict {
        None if !proof.provoked.is_empty() => Look::Plain,
        Some(_) if proof.is_recorded_alike() => Look::Doubtful,
        _ => state.into(),
    };
    let at = place(proof.rule.file.as_deref(), proof.rule.line, proof.rule.pointer.as_deref());
    let told = piece(Look::Plain, &proof.told());
    vec![piece(look, word), piece(Look::Told, &proof.rule.rule), told, piece(Look::Faint, &at)]
}
