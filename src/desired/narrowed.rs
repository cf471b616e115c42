//! A line without the system calls that this machine lacks, in the author's own words.

use crate::auditctl::tokens::split;
use crate::auditctl::{RuleLine, SkippedSyscall, canonical};
use crate::lines::Reader;

/// The line with these names taken out of its `-S`; every other byte stays. Where that would not mean the same, the rule
/// in auditctl's words.
#[must_use]
pub fn narrowed(line: &str, rule: &RuleLine, reader: &mut Reader) -> Vec<u8> {
    let text = without(line.as_bytes(), &rule.skipped_syscalls);
    if let Some(text) = text {
        let reading = reader.read(&text);
        let is_whole = reading.obstacles.iter().all(|why| !matches!(why, crate::lines::Unloadable::Syscalls { .. }));
        let means_the_same = reading
            .rule
            .as_ref()
            .is_some_and(|read| read.line.rule.clone().as_listed() == rule.rule.clone().as_listed());
        if is_whole && means_the_same {
            return text;
        }
    }
    canonical(&rule.rule, &reader.facts().machine)
}

fn without(line: &[u8], skipped: &[SkippedSyscall]) -> Option<Vec<u8>> {
    let tokens = split(line).ok()?;
    let end = |at: usize| at + line[at..].iter().position(|byte| *byte == b' ').unwrap_or(line.len() - at);
    let is_gone = |name: &[u8]| skipped.iter().any(|call| call.name.as_bytes().eq_ignore_ascii_case(name));
    let mut text = Vec::with_capacity(line.len());
    let mut copied = 0;
    for (at, token) in tokens.iter().enumerate() {
        let is_apart = at > 0 && matches!(&*tokens[at - 1].text, b"-S" | b"--syscall");
        let is_attached = token.text.starts_with(b"-S") && token.text.len() > 2;
        if !is_apart && !is_attached {
            continue;
        }
        let (start, end) = (token.column + if is_attached { 2 } else { 0 }, end(token.column));
        let names: Vec<&[u8]> = line[start..end].split(|byte| *byte == b',').collect();
        let kept: Vec<&[u8]> = names.iter().copied().filter(|name| !is_gone(name)).collect();
        if kept.len() == names.len() {
            continue;
        }
        if kept.is_empty() {
            // The option goes with its value, and one of the blanks around them.
            let option = if is_attached { token.column } else { tokens[at - 1].column };
            text.extend_from_slice(line[copied..option].strip_suffix(b" ").unwrap_or(&line[copied..option]));
        } else {
            text.extend_from_slice(&line[copied..start]);
            text.extend(kept.join(&b','));
        }
        copied = end;
    }
    text.extend_from_slice(&line[copied..]);
    Some(text)
}
