//! One record.

use super::fields::{Field, Fields};
use super::kind::RecordType;
use super::malformed::{Defect, Malformed};
use super::stamp::Stamp;
use super::value::Value;

/// Stands between a record and its interpreted copy (`log_format = ENRICHED`).
const ENRICHED: u8 = 0x1d;

/// One record. It borrows the text that it was read from; its fields are read when they are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Record<'a> {
    /// Its type.
    pub kind: RecordType,
    /// When its event was, and the event's number.
    pub stamp: Stamp,
    /// The host that wrote it, where auditd's `name_format` says so.
    pub node: Option<&'a [u8]>,
    /// The text behind the stamp.
    pub body: &'a [u8],
    /// What auditd made of numbers on that host (`UID="root"`), where it did.
    pub enriched: &'a [u8],
}

impl<'a> Record<'a> {
    /// Reads a record as the kernel sends it: its type, and `audit(SECONDS.MILLISECONDS:SERIAL): NAME=VALUE ...`.
    ///
    /// # Errors
    /// A text without such a beginning.
    pub fn of_kernel(kind: RecordType, text: &'a [u8]) -> Result<Self, Malformed<'a>> {
        let text = without_line_end(text);
        Self::stamped(kind, None, text).ok_or(Malformed { text, defect: Defect::NoStamp })
    }

    /// Reads a line as auditd writes it: `[node=NODE ]type=NAME msg=audit(...): NAME=VALUE ...`. The form that the kernel
    /// prints without auditd, `type=1300 audit(...): ...`, is read too. A line end belongs to no record.
    ///
    /// # Errors
    /// A line without such a beginning.
    pub fn of_line(line: &'a [u8]) -> Result<Self, Malformed<'a>> {
        let text = without_line_end(line);
        let bad = |defect| Malformed { text, defect };
        let (node, rest) = match text.strip_prefix(b"node=") {
            Some(rest) => cut(rest, b' ').map(|(node, rest)| (Some(node), rest)).ok_or(bad(Defect::NoType))?,
            None => (None, text),
        };
        let rest = rest.strip_prefix(b"type=").ok_or(bad(Defect::NoType))?;
        let (kind, rest) = cut(rest, b' ').ok_or(bad(Defect::NoStamp))?;
        let kind = RecordType::named(kind).ok_or(bad(Defect::UnknownType))?;
        let rest = rest.strip_prefix(b"msg=").unwrap_or(rest);
        Self::stamped(kind, node, rest).map(Self::apart_from_enriched).ok_or(bad(Defect::NoStamp))
    }

    fn stamped(kind: RecordType, node: Option<&'a [u8]>, text: &'a [u8]) -> Option<Self> {
        let (stamp, rest) = Stamp::read(text)?;
        let rest = rest.strip_prefix(b":")?;
        let rest = rest.strip_prefix(b" ").unwrap_or(rest);
        Some(Self { kind, stamp, node, body: rest, enriched: &[] })
    }

    /// What auditd put behind the text is taken from it. A program may send the byte that stands between: the kernel ends what
    /// a program sent with a quote, and auditd's part never ends with one.
    fn apart_from_enriched(self) -> Self {
        let at = self.body.iter().rposition(|byte| *byte == ENRICHED).filter(|_| !self.body.ends_with(b"'"));
        let Some((body, enriched)) = at.and_then(|at| Some((self.body.get(..at)?, self.body.get(at + 1..)?))) else {
            return self;
        };
        Self { body, enriched, ..self }
    }

    /// Its fields in their order, those in the `msg='...'` of a program's record among them.
    #[must_use]
    pub fn fields(&self) -> Fields<'a> {
        Fields::of(self.body)
    }

    /// The value of the first field with this name.
    #[must_use]
    pub fn value(&self, name: &[u8]) -> Option<Value<'a>> {
        self.fields().find(|field| field.name == name).map(|field| field.value)
    }

    /// The fields that auditd added, with names in upper case.
    #[must_use]
    pub fn enriched_fields(&self) -> Fields<'a> {
        Fields::of(self.enriched)
    }

    /// What auditd made of a number on the host that wrote the record; the name is in upper case.
    #[must_use]
    pub fn enriched_value(&self, name: &[u8]) -> Option<Value<'a>> {
        self.enriched_fields().find(|field: &Field| field.name == name).map(|field| field.value)
    }
}

fn without_line_end(text: &[u8]) -> &[u8] {
    let text = text.strip_suffix(b"\n").unwrap_or(text);
    text.strip_suffix(b"\r").unwrap_or(text)
}

/// What stands before and behind the first such byte.
fn cut(text: &[u8], at: u8) -> Option<(&[u8], &[u8])> {
    let at = text.iter().position(|byte| *byte == at)?;
    Some((text.get(..at)?, text.get(at + 1..)?))
}
