//! A report as text for people at a terminal.
//!
//! A function of the report: whether there is a terminal, and whether it wants colours, the caller says.

mod apply;
mod event;
mod explain;
mod finding;
mod gather;
mod page;
mod proof;
pub mod recorded;
mod scanner;

use super::apply_request::ApplyRequest;
use super::{Events, Outcome, Report};
use finding::Finding;
use page::{Look, Page, Piece};

impl Report {
    /// The report as text that ends in a newline.
    #[must_use]
    pub fn human(&self, has_colours: bool) -> String {
        let mut page = Page::new(has_colours);
        let (look, word) = word(self);
        page.line(&[(look, word), (Look::Plain, ": "), (Look::Plain, self.headline())]);
        self.errors.iter().for_each(|error| Finding::of_error(error).write(&mut page));
        self.findings.iter().flatten().for_each(|found| Finding::of_lint(found).write(&mut page));
        self.scanner.iter().for_each(|scanner| scanner::write(scanner, &mut page));
        self.lines.iter().flatten().for_each(|line| explain::write(line, &mut page));
        match &self.events {
            Some(Events::Answered(events)) => events.iter().for_each(|event| event::write(event, &mut page)),
            Some(Events::Recorded(events)) => recorded::write(self, events, &mut page),
            None => {}
        }
        if let Some((name, rules)) = self.request.as_ref().and_then(ApplyRequest::imported) {
            page.heading(name);
            for rule in rules {
                page.line(&[(Look::Plain, "  "), (Look::Plain, rule)]);
            }
        }
        self.proofs.iter().for_each(|proofs| proof::write(proofs, &mut page));
        apply::write(self, &mut page);
        gather::write(self, &mut page);
        self.warnings
            .iter()
            .for_each(|warning| page.line(&[(Look::Doubtful, "warning"), (Look::Plain, ": "), (Look::Plain, warning)]));
        page.into_text()
    }
}

fn word(report: &Report) -> (Look, &'static str) {
    match report.outcome {
        Outcome::Failed => (Look::Bad, "failed"),
        Outcome::RolledBack => (Look::Bad, "rolled back"),
        Outcome::Stranded => (Look::Bad, "stranded"),
        Outcome::Applied => (Look::Doubtful, "changed"),
        Outcome::Planned => (Look::Doubtful, "would change"),
        Outcome::Staged => (Look::Doubtful, "waits for the next boot"),
        Outcome::Unchanged if report.in_sync == Some(false) => (Look::Doubtful, "differs"),
        Outcome::Unchanged => (Look::Good, "ok"),
    }
}

#[inline(never)]
fn piece(look: Look, text: &str) -> Piece {
    (look, text.to_owned())
}
