//! What an audit rule is: the kernel's own form, kept without loss.
//!
//! Source of layout and numbers: `include/uapi/linux/audit.h`.

pub mod arch;
pub mod field;
pub mod field_table;
pub mod fields;
pub mod id;
pub mod key;
pub mod list;
pub mod mask;
pub mod number;
pub mod path;
pub mod verdict;

pub use arch::{Arch, Machine};
pub use field::{Field, FieldNumber, Op, Value};
pub use fields::Fields;
pub use list::{Action, List};
pub use mask::Mask;

/// Most fields that the kernel takes in one rule (`AUDIT_MAX_FIELDS`).
pub const MAX_FIELDS: usize = 64;
/// Most fields that auditctl puts into one rule: it refuses the 64th.
pub const MAX_FIELDS_AUDITCTL: usize = 63;
/// Longest path, in bytes, that the kernel takes; `PATH_MAX` counts the terminating NUL.
pub const MAX_PATH: usize = 4095;
/// Longest string value, in bytes, that auditctl sends.
pub const MAX_STRING: usize = 4096;
/// Longest path component, in bytes (`NAME_MAX`).
pub const MAX_NAME: usize = 255;

/// One audit rule, with every number and byte that `struct audit_rule_data` carries.
///
/// Two rules that compare equal here are one rule to the kernel, once both are in the form
/// that the kernel lists ([`Rule::as_listed`]).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Rule {
    /// The filter list that the rule stands in.
    pub list: List,
    /// What the kernel does when the rule matches.
    pub action: Action,
    /// The system calls (or `io_uring` operations) that the rule is for.
    pub syscalls: Mask,
    /// The conditions, in the order of the wire: order is part of a rule's identity.
    pub fields: Fields,
    /// Text bytes that belong to no field known to carry text: a newer kernel's rule, kept bit for bit.
    pub rest: Vec<u8>,
}

impl Rule {
    /// A rule without conditions.
    #[must_use]
    pub fn new(list: List, action: Action, syscalls: Mask) -> Self {
        Self { list, action, syscalls, fields: Fields::default(), rest: Vec::new() }
    }

    /// The rule as `AUDIT_LIST_RULES` gives it back: mask bits 2032 to 2047 are class bits, which the
    /// kernel clears (`audit_to_entry_common` in `kernel/auditfilter.c`).
    #[must_use]
    pub fn as_listed(mut self) -> Self {
        self.syscalls.clear_class_bits();
        self
    }

    /// The text of the first field with this number, where it has text.
    #[must_use]
    pub fn text(&self, number: FieldNumber) -> Option<&[u8]> {
        self.fields.iter().find(|f| f.number == number).and_then(Field::text)
    }

    /// The joined key text, as the wire carries it: parts separated by byte 0x01.
    #[must_use]
    pub fn key(&self) -> Option<&[u8]> {
        self.text(FieldNumber::KEY)
    }

    /// The keys, one by one.
    pub fn keys(&self) -> impl Iterator<Item = &[u8]> {
        self.key().into_iter().flat_map(|k| k.split(|b| *b == key::SEPARATOR)).filter(|k| !k.is_empty())
    }

    /// The architecture of the last `arch` field, as an `AUDIT_ARCH_*` number.
    #[must_use]
    pub fn arch(&self) -> Option<Arch> {
        self.fields.iter().rev().find(|f| f.number == FieldNumber::ARCH).and_then(|f| f.value.number()).map(Arch)
    }
}
