//! Sentences that stay short however much is wrong.

use crate::error::Problem;

/// Most problems that a report has one by one.
pub const MOST_ERRORS: usize = 100;

/// The longest sentence for people, in bytes.
const LONGEST: usize = 1800;

/// The longest part of it that one problem takes, in bytes.
const LONGEST_OF_ONE: usize = 600;

/// The first problems as sentences, and how many more there are.
pub fn sentences(problems: &[Problem]) -> String {
    let mut text = String::new();
    for (at, problem) in problems.iter().enumerate() {
        let sentence = cut(problem.sentence(), LONGEST_OF_ONE);
        if at > 0 && text.len() + sentence.len() > LONGEST - LONGEST_OF_ONE {
            return format!("{text}; and {} more", problems.len() - at);
        }
        text = if at == 0 { sentence } else { format!("{text}; {sentence}") };
    }
    text
}

/// A sentence that is cut where it is too long.
pub fn short(text: String) -> String {
    cut(text, LONGEST)
}

/// A text of at most so many bytes, and three dots where it was longer.
pub fn cut(mut text: String, longest: usize) -> String {
    if text.len() > longest {
        let end = (0..=longest).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
        text.truncate(end);
        text.push_str("...");
    }
    text
}

/// Whether a count is left out.
#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
pub fn is_zero(count: &usize) -> bool {
    *count == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_is_cut_between_characters() {
        assert_eq!(cut("aé".to_owned(), 2), "a...");
        assert_eq!(cut("aé".to_owned(), 3), "aé");
    }
}
