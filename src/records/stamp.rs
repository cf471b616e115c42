//! When an event was, and its number: what all of its records have in common.

/// The time and serial number of an event, as `audit(SECONDS.MILLISECONDS:SERIAL)` says them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Stamp {
    /// Seconds since 1970.
    pub seconds: u64,
    /// Milliseconds, 999 at most.
    pub milliseconds: u32,
    /// The serial number; the kernel counts them from the boot on, in 32 bits.
    pub serial: u64,
}

impl Stamp {
    /// Reads `audit(SECONDS.MILLISECONDS:SERIAL)` at the start of a text, and gives what stands behind it.
    #[must_use]
    pub fn read(text: &[u8]) -> Option<(Self, &[u8])> {
        let (seconds, rest) = number(text.strip_prefix(b"audit(")?)?;
        let (milliseconds, rest) = number(rest.strip_prefix(b".")?)?;
        let (serial, rest) = number(rest.strip_prefix(b":")?)?;
        let milliseconds = u32::try_from(milliseconds).ok().filter(|found| *found < 1000)?;
        Some((Self { seconds, milliseconds, serial }, rest.strip_prefix(b")")?))
    }

    /// Whether the kernel counted this event later than another one of the same boot. The clock may have been set between
    /// them, and the count begins anew after 32 bits.
    #[must_use]
    pub fn is_after(&self, other: &Self) -> bool {
        let ahead = self.serial.wrapping_sub(other.serial) & u64::from(u32::MAX);
        ahead != 0 && ahead < 1 << 31
    }

    /// Milliseconds since 1970.
    #[must_use]
    pub fn in_milliseconds(&self) -> u64 {
        self.seconds.saturating_mul(1000).saturating_add(u64::from(self.milliseconds))
    }
}

/// The number at the start of a text, of at most 18 digits, and what stands behind it.
fn number(text: &[u8]) -> Option<(u64, &[u8])> {
    let mut number = 0_u64;
    let mut digits = 0;
    while let Some(digit) = text.get(digits).filter(|byte| byte.is_ascii_digit()) {
        number = number * 10 + u64::from(digit - b'0');
        digits += 1;
        if digits > 18 {
            return None;
        }
    }
    (digits > 0).then(|| (number, text.get(digits..).unwrap_or_default()))
}
