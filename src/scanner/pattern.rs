//! Patterns as the scanner's library (PCRE) understands them.

use std::sync::OnceLock;

use serde::Deserialize;

use super::matcher::Matcher;

/// Most steps that one search may take. PCRE gives up too, after ten million.
const MOST_STEPS: usize = 10_000_000;

/// A pattern that is taken apart when it is first used.
#[derive(Debug, Deserialize)]
#[serde(from = "String")]
pub struct Pattern {
    text: String,
    lines: OnceLock<Option<Matcher>>,
    whole: OnceLock<Option<Matcher>>,
}

impl From<String> for Pattern {
    fn from(text: String) -> Self {
        Self { text, lines: OnceLock::new(), whole: OnceLock::new() }
    }
}

/// A match: where it is, and its groups.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// From the first byte.
    pub start: usize,
    /// To the one after the last.
    pub end: usize,
    /// What the groups hold.
    pub groups: Vec<Vec<u8>>,
}

impl Pattern {
    /// The matches in a text, or the first alone; none where that takes too long. `whole`: ^ and $ are the ends of the
    /// text and not those of lines, and . is a newline too.
    pub fn find(&self, text: &[u8], is_first: bool, is_whole: bool) -> Option<Vec<Found>> {
        let compiled = if is_whole { &self.whole } else { &self.lines };
        let matcher = compiled.get_or_init(|| Matcher::of(&self.text, is_whole)).as_ref()?;
        let mut found: Vec<Found> = Vec::new();
        let (mut from, mut steps) = (0, MOST_STEPS);
        while from <= text.len() && (!is_first || found.is_empty()) {
            let Some(((start, end), groups)) = matcher.find(text, from, &mut steps).ok()? else { break };
            let held = groups.into_iter().flatten().map(|(start, end)| text[start..end].to_vec());
            found.push(Found { start, end, groups: held.collect() });
            from = if end == start { end + 1 } else { end };
        }
        Some(found)
    }

    /// Whether a text has it; none where that takes too long.
    pub fn is_in(&self, text: &[u8]) -> Option<bool> {
        self.find(text, true, false).map(|found| !found.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Where matches begin and end.
    type Places = &'static [(usize, usize)];

    fn found(pattern: &str, text: &str) -> Option<Vec<(usize, usize)>> {
        let found = Pattern::from(pattern.to_owned()).find(text.as_bytes(), false, false)?;
        Some(found.into_iter().map(|found| (found.start, found.end)).collect())
    }

    #[test]
    fn a_match_is_where_pcre_says() {
        let rows: [(&str, &str, Places); 12] = [
            (r"^-a\s+x$", "-a x\n-a x", &[(0, 4), (5, 9)]),
            // Blank lines belong to what stands before them, as far as a line ends there.
            (r"^x[\s]*$", "x\n\ny", &[(0, 2)]),
            (r"^x[\s]*$", "x\ny", &[(0, 1)]),
            (r"^x[\s]*$", "x\n", &[(0, 2)]),
            (r"^x$", "x\r\n", &[]),
            (r"perm=\b([rx]*w[rx]*a)\b.*$", "perm=wa -k x\nperm=wab", &[(0, 12)]),
            // The first branch that leads on is taken, and repetitions take what they can and give it back.
            (r"(?:a|ab)(c|bcd)", "abcd", &[(0, 4)]),
            (r"x.*y", "x y y z", &[(0, 5)]),
            (r"(?:a?)*b", "aab", &[(0, 3)]),
            (r"^(?!a|b).*$", "a\nc\nb", &[(2, 3)]),
            (r"[^\S,]-[0-9]+[.]?", "x -19. ,-1", &[(1, 6)]),
            (r"\/etc\/x\.d", "/etc/xyd /etc/x.d", &[(9, 17)]),
        ];
        for (pattern, text, expected) in rows {
            assert_eq!(found(pattern, text).as_deref(), Some(expected), "{pattern} in {text:?}");
        }
    }

    #[test]
    fn a_group_holds_its_last_match_and_none_where_the_branch_was_left() {
        let groups = |pattern: &str, text: &str| {
            let found = Pattern::from(pattern.to_owned()).find(text.as_bytes(), true, false).unwrap();
            found.into_iter().flat_map(|found| found.groups).collect::<Vec<_>>()
        };
        assert_eq!(groups(r"(?:-F path=([\S]+))+ x", "-F path=/a x"), [b"/a"]);
        assert_eq!(groups(r"(?:(a)|b)+", "ab"), [b"a"]);
        assert!(groups(r"(?:(a)c|ab)", "ab").is_empty());
    }

    #[test]
    fn a_search_that_steps_back_too_often_or_too_deep_and_syntax_of_others_have_no_answer() {
        let text = format!("{}b", "a".repeat(60));
        assert_eq!(found(r"^(?:(?!x)(?:a|aa))+$", &text), None);
        assert_eq!(found(r"^(?:.*\n)*$", &"a\n".repeat(100_000)), None);
        for pattern in
            [r"\Bx", "(?R)", "(*ACCEPT)x", r"\1", "(?<=x)y", "x\\", "x*?", "x{2}", "*x", "(x", "x)", "[x", "x++"]
        {
            assert_eq!(found(pattern, "x"), None, "{pattern}");
        }
    }
}
