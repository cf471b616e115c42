//! Which known name a misspelled one most likely stands for.

/// The known name with the least edits (insertions, deletions, replacements, swaps of neighbours).
///
/// At most a third of the letters, and one for short names, may differ.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let longest = name.len().max(3) / 3;
    known
        .into_iter()
        .filter(|candidate| candidate.len().abs_diff(name.len()) <= longest)
        .map(|candidate| (edits(name.as_bytes(), candidate.as_bytes()), candidate))
        .filter(|(edits, _)| *edits <= longest)
        .min_by_key(|(edits, _)| *edits)
        .map(|(_, candidate)| candidate)
}

/// Optimal string alignment distance.
fn edits(left: &[u8], right: &[u8]) -> usize {
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=right.len()).collect();
    for (i, have) in left.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, want) in right.iter().enumerate() {
            let replaced = last[j] + usize::from(have != want);
            let mut fewest = replaced.min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && left[i - 1] == *want && right[j - 1] == *have {
                fewest = fewest.min(before_last[j - 1] + 1);
            }
            row.push(fewest);
        }
        before_last = std::mem::replace(&mut last, row);
    }
    last.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelled_name_finds_its_neighbour_and_noise_finds_none() {
        let known = ["open", "openat", "unlink", "execve"];
        assert_eq!(nearest("opne", known), Some("open"));
        assert_eq!(nearest("openatt", known), Some("openat"));
        assert_eq!(nearest("exceve", known), Some("execve"));
        assert_eq!(nearest("frobnicate", known), None);
        assert_eq!(nearest("", known), None);
    }
}
