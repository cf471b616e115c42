//! The type of a record, and what it says of the event that the record belongs to.

use crate::tables::record_types;

/// The type of a record by its number; types without a name are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RecordType(pub u32);

#[allow(missing_docs)]
impl RecordType {
    pub const USYS_CONFIG: Self = Self(1111);
    pub const SYSCALL: Self = Self(1300);
    pub const PATH: Self = Self(1302);
    pub const CONFIG_CHANGE: Self = Self(1305);
    pub const SOCKADDR: Self = Self(1306);
    pub const CWD: Self = Self(1307);
    pub const EXECVE: Self = Self(1309);
    pub const EOE: Self = Self(1320);
    pub const TTY: Self = Self(1319);
    pub const PROCTITLE: Self = Self(1327);
    pub const FEATURE_CHANGE: Self = Self(1328);
    pub const URINGOP: Self = Self(1336);
}

impl RecordType {
    /// The type of a name, or of the `UNKNOWN[1399]` that stands for a number without one, or of a bare number.
    #[must_use]
    pub fn named(name: &[u8]) -> Option<Self> {
        // Nearly all records are of these.
        let often = match name {
            b"SYSCALL" => Some(Self::SYSCALL),
            b"PATH" => Some(Self::PATH),
            b"CWD" => Some(Self::CWD),
            b"PROCTITLE" => Some(Self::PROCTITLE),
            b"EXECVE" => Some(Self::EXECVE),
            b"SOCKADDR" => Some(Self::SOCKADDR),
            _ => None,
        };
        if often.is_some() {
            return often;
        }
        let name = std::str::from_utf8(name).ok()?;
        let digits = name.strip_prefix("UNKNOWN[").map_or(Some(name), |rest| rest.strip_suffix(']'))?;
        let number = digits.parse().ok().filter(|_| digits.starts_with(|first: char| first.is_ascii_digit()));
        number.or_else(|| record_types().number(name)).map(Self)
    }

    /// Its name; none where nobody gave it one.
    #[must_use]
    pub fn name(self) -> Option<&'static str> {
        record_types().name(self.0)
    }

    /// Whether a program sent it: such a record is an event of its own. The kernel takes the ranges 1100 to 1199 and
    /// 2100 to 2999 from programs (`audit_receive_msg`), 1200 to 1299 are auditd's own.
    #[must_use]
    pub fn is_of_a_program(self) -> bool {
        matches!(self.0, 1005 | 1100..=1299 | 2100..=2999)
    }

    /// Whether auditd made it, which counts its own serial numbers.
    #[must_use]
    pub fn is_of_auditd(self) -> bool {
        matches!(self.0, 1200..=1299)
    }

    /// Whether it only ever stands beside the record of a system call (`audit_log_exit`).
    #[must_use]
    pub fn accompanies_a_call(self) -> bool {
        matches!(self.0, 1301..=1304 | 1306..=1318 | 1321..=1324 | 1327..=1329 | 1332..=1335 | 1337..=1339)
    }
}
