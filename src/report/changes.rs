//! Which lines of a text change: the lines that stand once in both texts, in the longest order that both have, and all
//! that is alike around them, stay.
//!
//! Rules and file lines nearly all stand once, so that this is as short as any diff.

use std::ops::Range;

use crate::sorting::{sort, sort_by};

/// Lines of the old text that give way to lines of the new one; one of the two may be empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The lines that go.
    pub old: Range<usize>,
    /// The lines that come.
    pub new: Range<usize>,
}

/// The changes that make the new text of the old one, in order; between two of them all lines are alike.
pub fn changes(old: &[&str], new: &[&str]) -> Vec<Change> {
    let mut changes = Vec::new();
    let mut waiting = vec![Change { old: 0..old.len(), new: 0..new.len() }];
    while let Some(Change { old: mut ours, new: mut theirs }) = waiting.pop() {
        while !ours.is_empty() && !theirs.is_empty() && old[ours.start] == new[theirs.start] {
            (ours.start, theirs.start) = (ours.start + 1, theirs.start + 1);
        }
        while !ours.is_empty() && !theirs.is_empty() && old[ours.end - 1] == new[theirs.end - 1] {
            (ours.end, theirs.end) = (ours.end - 1, theirs.end - 1);
        }
        let stay = longest_rising(once_in_both(old, new, &ours, &theirs));
        if stay.is_empty() {
            if !ours.is_empty() || !theirs.is_empty() {
                changes.push(Change { old: ours, new: theirs });
            }
            continue;
        }
        let (mut first_old, mut first_new) = (ours.start, theirs.start);
        let gaps = stay.into_iter().chain([(ours.end, theirs.end)]).map(|(next_old, next_new)| {
            let gap = Change { old: first_old..next_old, new: first_new..next_new };
            (first_old, first_new) = (next_old + 1, next_new + 1);
            gap
        });
        let mut gaps: Vec<Change> = gaps.collect();
        gaps.reverse();
        waiting.extend(gaps);
    }
    changes
}

/// The places of the lines that stand once in either part, in the order of the old text.
fn once_in_both(old: &[&str], new: &[&str], ours: &Range<usize>, theirs: &Range<usize>) -> Vec<(usize, usize)> {
    let line = |place: &(usize, bool)| if place.1 { new[place.0] } else { old[place.0] };
    let mut places: Vec<(usize, bool)> =
        ours.clone().map(|at| (at, false)).chain(theirs.clone().map(|at| (at, true))).collect();
    sort_by(&mut places, |a, b| line(a).cmp(line(b)));
    let alike = places.chunk_by(|a, b| line(a) == line(b));
    let mut pairs: Vec<(usize, usize)> = alike
        .filter_map(|alike| match alike {
            [(ours, false), (theirs, true)] => Some((*ours, *theirs)),
            _ => None,
        })
        .collect();
    sort(&mut pairs);
    pairs
}

/// A longest selection of pairs whose second numbers rise like their first ones.
fn longest_rising(pairs: Vec<(usize, usize)>) -> Vec<(usize, usize)> {
    // For each length the pair with the smallest second number that ends a selection of it.
    let mut ends: Vec<usize> = Vec::new();
    let mut before: Vec<Option<usize>> = Vec::with_capacity(pairs.len());
    for (at, (_, second)) in pairs.iter().enumerate() {
        let length = ends.partition_point(|end| pairs[*end].1 < *second);
        before.push(length.checked_sub(1).map(|shorter| ends[shorter]));
        match ends.get_mut(length) {
            Some(end) => *end = at,
            None => ends.push(at),
        }
    }
    let mut longest = Vec::with_capacity(ends.len());
    let mut next = ends.last().copied();
    while let Some(at) = next {
        longest.push(pairs[at]);
        next = before[at];
    }
    longest.reverse();
    longest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<&str> {
        text.split_inclusive(|_: char| true).collect()
    }

    /// The changes as text: what goes in front of a slash, what comes behind it.
    fn case(old: &str, new: &str, expected: &str) {
        let (old, new) = (lines(old), lines(new));
        let told: Vec<String> = changes(&old, &new)
            .into_iter()
            .map(|change| format!("{}/{}", old[change.old].concat(), new[change.new].concat()))
            .collect();
        assert_eq!(told.join(" "), expected, "{old:?} to {new:?}");
    }

    #[test]
    fn what_stays_is_not_told() {
        case("", "", "");
        case("abc", "abc", "");
        case("", "abc", "/abc");
        case("abc", "", "abc/");
        case("abc", "axc", "b/x");
        case("abc", "abxc", "/x");
        case("abc", "ac", "b/");
        case("abcdef", "acdxf", "b/ e/x");
        case("abcd", "bcda", "a/ /a");
        case("a.b.c", "a.x.c", "b/x");
        case("..a..b..", "..b..a..", "a../ /..a");
        case("....", "..", "../");
    }

    #[test]
    fn the_changes_make_the_new_text_of_any_old_one_and_no_shorter_ones_do_where_all_lines_differ() {
        let mut seed = 11_u32;
        let mut next = |below: u32| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (seed >> 16) % below
        };
        for round in 0..2000 {
            let letters = if round % 2 == 0 { 4 } else { 26 };
            let mut text = |length: u32| -> String {
                let mut text = String::new();
                for _ in 0..next(length) {
                    let letter = char::from(b'a' + u8::try_from(next(letters)).unwrap());
                    if letters == 4 || !text.contains(letter) {
                        text.push(letter);
                    }
                }
                text
            };
            let (old, new) = (text(12), text(12));
            let (before, after) = (lines(&old), lines(&new));
            let changes = changes(&before, &after);
            let (mut made, mut at, mut stay) = (String::new(), 0, 0);
            for change in &changes {
                made += &before[at..change.old.start].concat();
                stay += change.old.start - at;
                made += &after[change.new.clone()].concat();
                at = change.old.end;
            }
            made += &before[at..].concat();
            stay += before.len() - at;
            assert_eq!(made, new, "of {old}");
            if letters == 26 {
                assert_eq!(stay, longest_common(&before, &after), "{old} to {new}");
            }
        }
    }

    /// The length of a longest common subsequence, by the book.
    fn longest_common(old: &[&str], new: &[&str]) -> usize {
        let mut row = vec![0; new.len() + 1];
        for line in old {
            let mut corner = 0;
            for (at, other) in new.iter().enumerate() {
                let above = row[at + 1];
                row[at + 1] = if line == other { corner + 1 } else { above.max(row[at]) };
                corner = above;
            }
        }
        row[new.len()]
    }
}
