//! Sets of the numbers that a condition lets through.

use crate::rule::Op;

/// A set of 32-bit numbers: ascending ranges, first and last included, that do not meet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Numbers(Vec<(u32, u32)>);

impl Numbers {
    /// Every number.
    #[must_use]
    pub fn all() -> Self {
        Self(vec![(0, u32::MAX)])
    }

    /// One number.
    #[must_use]
    pub fn one(number: u32) -> Self {
        Self(vec![(number, number)])
    }

    /// The numbers that stand so to a value; the kernel compares without sign. None for operators on bits.
    #[must_use]
    pub fn of(op: Op, value: u32) -> Option<Self> {
        let below = value.checked_sub(1).map(|last| (0, last));
        let above = value.checked_add(1).map(|first| (first, u32::MAX));
        Some(Self(match op {
            Op::EQUAL => vec![(value, value)],
            Op::NOT_EQUAL => below.into_iter().chain(above).collect(),
            Op::LESS => below.into_iter().collect(),
            Op::LESS_OR_EQUAL => vec![(0, value)],
            Op::GREATER => above.into_iter().collect(),
            Op::GREATER_OR_EQUAL => vec![(value, u32::MAX)],
            _ => return None,
        }))
    }

    /// Keeps what the other set has too.
    pub fn narrow(&mut self, other: &Self) {
        let mut both = Vec::new();
        for (first, last) in &self.0 {
            for (other_first, other_last) in &other.0 {
                let (first, last) = (*first.max(other_first), *last.min(other_last));
                if first <= last {
                    both.push((first, last));
                }
            }
        }
        self.0 = both;
    }

    /// Whether the number is in the set.
    #[must_use]
    pub fn contains(&self, number: u32) -> bool {
        self.0.iter().any(|(first, last)| (*first..=*last).contains(&number))
    }

    /// Whether there is no number in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the other set has all of it.
    #[must_use]
    pub fn is_within(&self, other: &Self) -> bool {
        let mut both = self.clone();
        both.narrow(other);
        both == *self
    }

    /// The numbers, if they are no more than `most`.
    #[must_use]
    pub fn few(&self, most: u32) -> Option<Vec<u32>> {
        let count: u64 = self.0.iter().map(|(first, last)| u64::from(last - first) + 1).sum();
        (count <= u64::from(most)).then(|| self.0.iter().flat_map(|(first, last)| *first..=*last).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comparison_lets_through_what_it_says_up_to_both_ends() {
        let ops = [Op::EQUAL, Op::NOT_EQUAL, Op::LESS, Op::LESS_OR_EQUAL, Op::GREATER, Op::GREATER_OR_EQUAL];
        let samples = [0, 1, 2, 999, 1000, 1001, 0x8000_0000, u32::MAX - 1, u32::MAX];
        for value in samples {
            for (at, op) in ops.into_iter().enumerate() {
                let set = Numbers::of(op, value).unwrap();
                for number in samples {
                    let expected = [
                        number == value,
                        number != value,
                        number < value,
                        number <= value,
                        number > value,
                        number >= value,
                    ];
                    assert_eq!(set.contains(number), expected[at], "{number} {op:?} {value}");
                }
            }
        }
        assert_eq!(Numbers::of(Op::BIT_MASK, 1), None);
    }

    #[test]
    fn what_is_within_is_narrowed_to_itself() {
        let mut set = Numbers::of(Op::GREATER_OR_EQUAL, 1000).unwrap();
        set.narrow(&Numbers::of(Op::NOT_EQUAL, u32::MAX).unwrap());
        assert!(set.is_within(&Numbers::of(Op::GREATER, 500).unwrap()) && set.is_within(&set.clone()));
        assert!(!set.is_within(&Numbers::of(Op::NOT_EQUAL, 2000).unwrap()));
        set.narrow(&Numbers::of(Op::LESS, 1003).unwrap());
        assert_eq!((set.few(3), set.few(2)), (Some(vec![1000, 1001, 1002]), None));
        set.narrow(&Numbers::one(5));
        assert!(set.is_empty() && set.is_within(&Numbers::one(7)));
    }
}
