//! The system call bitmap of a rule.

use std::borrow::Cow;
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
///
/// Holds the words up to the last that is not zero: few architectures have more than 500 system calls, and thousands of
/// rules are copied and compared. The set of all, which most rules have, is held once.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mask(Cow<'static, [u32]>);

/// Every bit, as auditctl sends "all".
static ALL: [u32; WORDS] = ALL_WORDS;
/// The same, as the kernel lists it.
static ALL_LISTED: [u32; WORDS] = {
    let mut words = ALL_WORDS;
    words[WORDS - 1] = LISTED;
    words
};
const ALL_WORDS: [u32; WORDS] = [u32::MAX; WORDS];

impl Mask {
    /// The empty set: matches nothing.
    pub const NONE: Self = Self(Cow::Borrowed(&[]));

    /// Every bit, as auditctl sends "all".
    #[must_use]
    pub fn all() -> Self {
        Self(Cow::Borrowed(&ALL))
    }

    /// The bitmap of these words, least significant bit of the first word first.
    #[must_use]
    pub fn from_words(words: [u32; WORDS]) -> Self {
        if words == ALL_LISTED {
            return Self(Cow::Borrowed(&ALL_LISTED));
        }
        let used = words.iter().rposition(|word| *word != 0).map_or(0, |last| last + 1);
        Self(words[..used].to_vec().into())
    }

    /// The words of the bitmap, all of them.
    pub fn words(&self) -> impl Iterator<Item = u32> + '_ {
        self.0.iter().copied().chain(std::iter::repeat(0)).take(WORDS)
    }

    /// Puts a number into the set; numbers above 2047 are ignored.
    pub fn insert(&mut self, number: u32) {
        if number >= BITS {
            return;
        }
        let at = number as usize / 32;
        self.widen(at + 1);
        if let Some(word) = self.0.to_mut().get_mut(at) {
            *word |= 1 << (number % 32);
        }
    }

    fn widen(&mut self, words: usize) {
        if self.0.len() < words {
            self.0.to_mut().resize(words, 0);
        }
    }

    /// Whether the number is in the set.
    #[must_use]
    pub fn contains(&self, number: u32) -> bool {
        self.0.get(number as usize / 32).is_some_and(|word| word & (1 << (number % 32)) != 0)
    }

    /// Adds all of another set.
    pub fn union(&mut self, other: &Self) {
        self.widen(other.0.len());
        for (word, more) in self.0.to_mut().iter_mut().zip(other.0.iter()) {
            *word |= more;
        }
    }

    /// Whether the set is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether all of this set is in the other.
    #[must_use]
    pub fn is_within(&self, other: &Self) -> bool {
        self.0.len() <= other.0.len() && self.0.iter().zip(other.0.iter()).all(|(own, others)| own & !others == 0)
    }

    /// Whether the sets have a number in common.
    #[must_use]
    pub fn meets(&self, other: &Self) -> bool {
        self.0.iter().zip(other.0.iter()).any(|(own, others)| own & others != 0)
    }

    /// Whether this means "all system calls": every bit but the class bits is set.
    #[must_use]
    pub fn is_all(&self) -> bool {
        match self.0.split_last() {
            Some((last, rest)) => {
                rest.len() == WORDS - 1 && rest.iter().all(|word| *word == u32::MAX) && last & LISTED == LISTED
            }
            None => false,
        }
    }

    /// Whether the kernel lists both alike, that is without class bits.
    #[must_use]
    pub fn is_listed_as(&self, other: &Self) -> bool {
        if self.0.len() < WORDS && other.0.len() < WORDS {
            return self == other;
        }
        self.clone().listed() == other.clone().listed()
    }

    /// Clears bits 2032 to 2047, which the kernel never lists.
    pub fn clear_class_bits(&mut self) {
        if self.0.len() < WORDS || *self.0 == ALL_LISTED {
            return;
        }
        if *self.0 == ALL {
            self.0 = Cow::Borrowed(&ALL_LISTED);
            return;
        }
        let words = self.0.to_mut();
        if let Some(last) = words.get_mut(WORDS - 1) {
            *last &= LISTED;
        }
        words.truncate(words.iter().rposition(|word| *word != 0).map_or(0, |last| last + 1));
    }

    /// The set as the kernel lists it, without class bits.
    #[must_use]
    pub fn listed(mut self) -> Self {
        self.clear_class_bits();
        self
    }

    /// The numbers in the set, ascending.
    pub fn numbers(&self) -> impl Iterator<Item = u32> + '_ {
        (0..)
            .zip(self.0.iter())
            .flat_map(|(at, word)| (0..32).filter(move |bit| word >> bit & 1 == 1).map(move |bit| at * 32 + bit))
    }
}

/// Hashes what tells most masks apart: no architecture has system calls beyond the first 512 numbers.
impl Hash for Mask {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let folded = self.0.iter().take(16).fold(0u64, |folded, word| folded.rotate_left(7) ^ u64::from(*word));
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
