//! Who may do what with the files that are written.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// File permissions: octal text such as `"0640"`, or the number.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Mode {
    /// Octal digits.
    Octal(#[schemars(regex(pattern = r"^(0o?)?[0-7]{3}$"))] String),
    /// The number itself: 416 is 0640.
    Number(#[schemars(range(min = 0, max = 511))] u32),
}

impl Mode {
    /// Whether others than the owner may write with it.
    #[must_use]
    pub fn is_writable_by_others(&self) -> bool {
        self.bits() & 0o022 != 0
    }

    /// The permission bits.
    #[must_use]
    pub fn bits(&self) -> u32 {
        match self {
            Self::Octal(digits) => {
                digits.chars().filter_map(|digit| digit.to_digit(8)).fold(0, |bits, digit| bits * 8 + digit)
            }
            Self::Number(bits) => *bits,
        }
    }
}

/// A user or group.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Id {
    /// By name.
    Name(String),
    /// By number.
    Number(u32),
}
