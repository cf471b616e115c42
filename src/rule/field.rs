//! One condition of a rule: field number, operator and value.

use std::rc::Rc;

/// A field by its `AUDIT_*` number; numbers that we do not know are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FieldNumber(pub u32);

#[allow(missing_docs)]
impl FieldNumber {
    pub const AUID: Self = Self(9);
    pub const ARCH: Self = Self(11);
    pub const MSGTYPE: Self = Self(12);
    pub const LOGINUID_SET: Self = Self(24);
    pub const SESSIONID: Self = Self(25);
    pub const FSTYPE: Self = Self(26);
    pub const INODE: Self = Self(102);
    pub const EXIT: Self = Self(103);
    pub const SUCCESS: Self = Self(104);
    pub const PATH: Self = Self(105);
    pub const PERM: Self = Self(106);
    pub const DIR: Self = Self(107);
    pub const FILETYPE: Self = Self(108);
    pub const COMPARE: Self = Self(111);
    pub const EXE: Self = Self(112);
    pub const SADDR_FAM: Self = Self(113);
    pub const KEY: Self = Self(210);

    /// Whether the wire carries text for this field: its value is then a length in the text buffer.
    #[must_use]
    pub fn is_text(self) -> bool {
        matches!(self.0, 13..=17 | 19..=23 | 105 | 107 | 112 | 210)
    }
}

/// An operator by its `AUDIT_*` number; numbers that we do not know are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Op(pub u32);

#[allow(missing_docs)]
impl Op {
    pub const EQUAL: Self = Self(0x4000_0000);
    pub const NOT_EQUAL: Self = Self(0x3000_0000);
    pub const LESS: Self = Self(0x1000_0000);
    pub const GREATER: Self = Self(0x2000_0000);
    pub const LESS_OR_EQUAL: Self = Self(0x5000_0000);
    pub const GREATER_OR_EQUAL: Self = Self(0x6000_0000);
    pub const BIT_MASK: Self = Self(0x0800_0000);
    pub const BIT_TEST: Self = Self(0x4800_0000);

    /// The operators in the order in which auditctl searches a `-F` text for them.
    pub const SEARCHED: [(Self, &'static str); 8] = [
        (Self::NOT_EQUAL, "!="),
        (Self::GREATER_OR_EQUAL, ">="),
        (Self::LESS_OR_EQUAL, "<="),
        (Self::BIT_TEST, "&="),
        (Self::EQUAL, "="),
        (Self::GREATER, ">"),
        (Self::LESS, "<"),
        (Self::BIT_MASK, "&"),
    ];

    /// How auditctl writes the operator.
    #[must_use]
    pub fn symbol(self) -> Option<&'static str> {
        Self::SEARCHED.iter().find(|(op, _)| *op == self).map(|(_, symbol)| *symbol)
    }
}

/// What a field is compared with.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Value {
    /// A number, as the kernel holds it: 32 bits, mostly unsigned.
    Number(u32),
    /// Bytes, not always UTF-8, without a terminating NUL; copies of a rule share them.
    Text(Rc<[u8]>),
}

impl Value {
    /// The number, where it is one.
    #[must_use]
    pub fn number(&self) -> Option<u32> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Text(_) => None,
        }
    }
}

/// One condition.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Field {
    /// Which property of the event.
    pub number: FieldNumber,
    /// How it is compared.
    pub op: Op,
    /// With what.
    pub value: Value,
}

impl Field {
    /// A condition on a number.
    #[must_use]
    pub fn number(number: FieldNumber, op: Op, value: u32) -> Self {
        Self { number, op, value: Value::Number(value) }
    }

    /// A condition on text.
    #[must_use]
    pub fn with_text(number: FieldNumber, op: Op, text: impl Into<Vec<u8>>) -> Self {
        Self { number, op, value: Value::Text(text.into().into()) }
    }

    /// The text, where the field has text.
    #[must_use]
    pub fn text(&self) -> Option<&[u8]> {
        self.shared_text().map(AsRef::as_ref)
    }

    /// The same, to be held without a copy.
    #[must_use]
    pub fn shared_text(&self) -> Option<&Rc<[u8]>> {
        match &self.value {
            Value::Text(text) => Some(text),
            Value::Number(_) => None,
        }
    }
}
