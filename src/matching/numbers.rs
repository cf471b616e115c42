//! Sets of the numbers that a condition lets through.

use crate::rule::Op;

/// A set of 32-bit numbers: all from a first to a last one, but for some.
///
/// Everything that comparisons with values say together has this form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Numbers {
    /// First and last; none where the set is empty. Neither is a hole.
    ends: Option<(u32, u32)>,
    /// What is missing in between, ascending.
    holes: Vec<u32>,
}

impl Numbers {
    /// Every number.
    #[must_use]
    pub fn all() -> Self {
        Self::between(0, u32::MAX)
    }

    /// One number.
    #[must_use]
    pub fn one(number: u32) -> Self {
        Self::between(number, number)
    }

    /// The numbers from a first to a last one.
    #[must_use]
    pub fn between(first: u32, last: u32) -> Self {
        Self { ends: (first <= last).then_some((first, last)), holes: Vec::new() }
    }

    /// The numbers that stand so to a value; the kernel compares without sign. None for operators on bits.
    #[must_use]
    pub fn of(op: Op, value: u32) -> Option<Self> {
        let empty = || Self { ends: None, holes: Vec::new() };
        Some(match op {
            Op::EQUAL => Self::one(value),
            Op::NOT_EQUAL => {
                let mut all = Self::all();
                all.drop(value);
                all
            }
            Op::LESS => value.checked_sub(1).map_or_else(empty, |last| Self::between(0, last)),
            Op::LESS_OR_EQUAL => Self::between(0, value),
            Op::GREATER => value.checked_add(1).map_or_else(empty, |first| Self::between(first, u32::MAX)),
            Op::GREATER_OR_EQUAL => Self::between(value, u32::MAX),
            _ => return None,
        })
    }

    /// Takes one number out.
    fn drop(&mut self, number: u32) {
        if self.contains(number) {
            let at = self.holes.partition_point(|hole| *hole < number);
            self.holes.insert(at, number);
            self.tidy();
        }
    }

    /// Moves the ends inward where they are holes, and forgets holes outside of them.
    fn tidy(&mut self) {
        let Some((mut first, mut last)) = self.ends else { return self.holes.clear() };
        while first < last && self.holes.binary_search(&first).is_ok() {
            first += 1;
        }
        while first < last && self.holes.binary_search(&last).is_ok() {
            last -= 1;
        }
        self.ends = Some((first, last)).filter(|_| self.holes.binary_search(&first).is_err());
        let is_inside = |number: &u32| self.ends.is_some_and(|(first, last)| (first..=last).contains(number));
        self.holes.retain(is_inside);
    }

    /// Keeps what the other set has too.
    pub fn narrow(&mut self, other: &Self) {
        let both = self.ends.zip(other.ends);
        let ends = both.map(|((first, last), (from, to))| (first.max(from), last.min(to)));
        self.ends = ends.filter(|(first, last)| first <= last);
        if !(self.holes.is_empty() && other.holes.is_empty()) {
            self.holes.extend_from_slice(&other.holes);
            self.holes.sort_unstable();
            self.holes.dedup();
            self.tidy();
        }
    }

    /// Whether the number is in the set.
    #[must_use]
    pub fn contains(&self, number: u32) -> bool {
        let is_between = self.ends.is_some_and(|(first, last)| (first..=last).contains(&number));
        is_between && self.holes.binary_search(&number).is_err()
    }

    /// Whether there is no number in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_none()
    }

    /// Whether the other set has all of it.
    #[must_use]
    pub fn is_within(&self, other: &Self) -> bool {
        let Some((first, last)) = self.ends else { return true };
        let fits = other.ends.is_some_and(|(from, to)| from <= first && last <= to);
        fits && !other.holes.iter().any(|hole| self.contains(*hole))
    }

    /// The numbers, if they are no more than `most`.
    #[must_use]
    pub fn few(&self, most: u32) -> Option<Vec<u32>> {
        let Some((first, last)) = self.ends else { return Some(Vec::new()) };
        (last - first < most).then(|| (first..=last).filter(|number| self.contains(*number)).collect())
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
