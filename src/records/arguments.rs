//! The arguments of a program that was started, from EXECVE records.

use super::kind::RecordType;
use super::recorded::RecordedEvent;
use super::value::Value;

/// Most bytes of arguments that are put together.
pub const MOST_BYTES: usize = 64 << 10;

/// The arguments of a program.
///
/// The kernel splits a long one into `a1[0]=`, `a1[1]=` behind an `a1_len=`, and spreads them over several records
/// (`audit_log_execve_info`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Arguments {
    /// They, in their order.
    pub all: Vec<Vec<u8>>,
    /// Whether there were more than are kept.
    pub is_cut: bool,
}

impl Arguments {
    /// The arguments that an event tells; none where it has no EXECVE record.
    #[must_use]
    pub fn of(event: &RecordedEvent) -> Option<Self> {
        let mut arguments = Self::default();
        let mut bytes = 0;
        let mut has_record = false;
        for record in event.records().filter(|record| record.kind == RecordType::EXECVE) {
            has_record = true;
            for field in record.fields() {
                let Some(at) = place(field.name) else { continue };
                let part = text(field.value);
                bytes += part.len() + 1;
                if bytes > MOST_BYTES {
                    arguments.is_cut = true;
                    return Some(arguments);
                }
                if arguments.all.len() == at {
                    arguments.all.push(part);
                } else if let Some(argument) = arguments.all.get_mut(at) {
                    argument.extend(part);
                } else {
                    // One before it is missing.
                    arguments.is_cut = true;
                }
            }
        }
        has_record.then_some(arguments)
    }

    /// They as one line, with a space between two.
    #[must_use]
    pub fn line(&self) -> Vec<u8> {
        self.all.join(&b' ')
    }
}

/// The number in `a1` or `a1[0]`; none for `a1_len` and others.
fn place(name: &[u8]) -> Option<usize> {
    let rest = name.strip_prefix(b"a")?;
    let end = rest.iter().position(|byte| *byte == b'[').unwrap_or(rest.len());
    std::str::from_utf8(rest.get(..end)?).ok()?.parse().ok()
}

fn text(value: Value<'_>) -> Vec<u8> {
    value.text().map_or_else(|| value.written().to_vec(), std::borrow::Cow::into_owned)
}
