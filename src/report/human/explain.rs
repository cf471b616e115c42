//! What a line means.

use super::page::{Look, Page};
use crate::report::explain::{LineKind, LineReport};

pub fn write(line: &LineReport, page: &mut Page) {
    if let Some((file, number)) = line.file.as_ref().zip(line.number) {
        page.line(&[(Look::Faint, &format!("{file}:{number}"))]);
    }
    if line.kind == Some(LineKind::Comment) {
        page.line(&[(Look::Faint, &line.line)]);
        return;
    }
    let is_refused = !line.accepted || line.kernel.as_ref().is_some_and(|kernel| !kernel.takes);
    page.line(&[(if is_refused { Look::Bad } else { Look::Bold }, &line.line)]);
    let mut told = |look: Look, what: &str, text: &str| {
        page.line(&[(Look::Plain, "    "), (look, what), (Look::Plain, ": "), (Look::Plain, text)]);
    };
    if let Some(canonical) = line.canonical.as_deref().filter(|canonical| *canonical != line.line) {
        told(Look::Good, "means", canonical);
    }
    if let Some(meaning) = &line.meaning {
        told(Look::Told, "in words", meaning);
    }
    if let Some(error) = &line.error {
        told(Look::Bad, "refused", &error.message);
        if let Some(hint) = &error.hint {
            told(Look::Told, "help", hint);
        }
    }
    if let Some(kernel) = line.kernel.as_ref().filter(|kernel| !kernel.takes) {
        let errno = kernel.errno.as_deref().unwrap_or_default();
        told(Look::Bad, "the kernel refuses it", &format!("{errno}: {}", kernel.why.as_deref().unwrap_or_default()));
    }
    line.notes.iter().flatten().for_each(|note| told(Look::Doubtful, "note", &note.message));
}
