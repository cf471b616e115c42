//! The system call bitmap of a rule.

use std::fmt;
use std::hash::{Hash, Hasher};

/// Words in the bitmap (`AUDIT_BITMASK_SIZE`).
pub const WORDS: usize = 64;
/// Bits in the bitmap.
pub const BITS: u32 = 2048;
/// The first bit that names a class of system calls and not a system call (`AUDIT_SYSCALL_CLASSES` is 16).
pub const FIRST_CLASS_BIT: u32 = 2032;

/// What the kernel lists of the last word: bits 2032 to 2047 name classes.
const LISTED: u32 = 0x0000_ffff;

/// A set of system call numbers from 0 to 2047.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mask([u32; WORDS]);

impl Mask {
    /// The empty set: matches nothing.
    pub const NONE: Self = Self([0; WORDS]);
    /// Every bit, as auditctl sends "all".
    pub const ALL: Self = Self([u32::MAX; WORDS]);

    /// The bitmap of these words, least significant bit of the first word first.
    #[must_use]
    pub fn from_words(words: [u32; WORDS]) -> Self {
        Self(words)
    }

    /// The words of the bitmap.
    #[must_use]
    pub fn words(&self) -> &[u32; WORDS] {
        &self.0
    }

    /// Puts a number into the set; numbers above 2047 are ignored.
    pub fn insert(&mut self, number: u32) {
        if let Some(word) = self.0.get_mut(number as usize / 32) {
            *word |= 1 << (number % 32);
        }
    }

    /// Whether the number is in the set.
    #[must_use]
    pub fn contains(&self, number: u32) -> bool {
        self.0.get(number as usize / 32).is_some_and(|word| word & (1 << (number % 32)) != 0)
    }

    /// Adds all of another set.
    pub fn union(&mut self, other: &Self) {
        for (word, more) in self.0.iter_mut().zip(other.0) {
            *word |= more;
        }
    }

    /// Whether the set is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(|word| *word == 0)
    }

    /// Whether this means "all system calls": every bit but the class bits is set.
    #[must_use]
    pub fn is_all(&self) -> bool {
        self.is_listed_as(&Self::ALL)
    }

    /// Whether the kernel lists both alike, that is without class bits.
    #[must_use]
    pub fn is_listed_as(&self, other: &Self) -> bool {
        let (last, rest) = (WORDS - 1, ..WORDS - 1);
        self.0[rest] == other.0[rest] && (self.0[last] ^ other.0[last]) & LISTED == 0
    }

    /// Clears bits 2032 to 2047, which the kernel never lists.
    pub fn clear_class_bits(&mut self) {
        self.0[WORDS - 1] &= LISTED;
    }

    /// The set as the kernel lists it, without class bits.
    #[must_use]
    pub fn listed(mut self) -> Self {
        self.clear_class_bits();
        self
    }

    /// The numbers in the set, ascending.
    pub fn numbers(&self) -> impl Iterator<Item = u32> + '_ {
        (0..BITS).filter(|number| self.contains(*number))
    }
}

/// Hashes what tells most masks apart: no architecture has system calls beyond the first 512 numbers.
impl Hash for Mask {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let folded = self.0[..16].iter().fold(0u64, |folded, word| folded.rotate_left(7) ^ u64::from(*word));
        state.write_u64(folded);
    }
}

impl FromIterator<u32> for Mask {
    fn from_iter<I: IntoIterator<Item = u32>>(numbers: I) -> Self {
        let mut mask = Self::NONE;
        for number in numbers {
            mask.insert(number);
        }
        mask
    }
}

impl fmt::Debug for Mask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_all() { f.write_str("all") } else { f.debug_set().entries(self.numbers()).finish() }
    }
}
