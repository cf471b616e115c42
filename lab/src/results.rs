//! What the test executables of a guest say, read back as a verdict for each test.

/// The tests that ran.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Results {
    /// Each by its name, and whether it passed.
    pub tests: Vec<(String, bool)>,
    /// What does not fit together in what was said.
    pub trouble: Option<String>,
}

impl Results {
    /// Reads the lines of test executables that ran one test at a time, each after `LAB-EXECUTABLE` and its
    /// name. What a test says itself may stand between its name and its verdict. The names must add up to what each executable says at its end.
    #[must_use]
    pub fn of(lines: &[String]) -> Self {
        let mut results = Self::default();
        let mut executable = String::new();
        let mut running: Option<String> = None;
        let mut told = 0;
        for line in lines {
            let mut verdict = line.as_str();
            if let Some(name) = line.strip_prefix("LAB-EXECUTABLE ") {
                executable = format!("{name}::");
            } else if let Some(counts) = line.strip_prefix("test result: ") {
                told += count(counts, "passed") + count(counts, "failed");
            } else if let Some((name, rest)) = line.strip_prefix("test ").and_then(|line| line.split_once(" ... ")) {
                running = Some(format!("{executable}{name}"));
                verdict = rest;
            }
            // A test that ends the line of another program may follow its words.
            let passed = match verdict {
                "ok" => true,
                "FAILED" => false,
                _ => continue,
            };
            if let Some(name) = running.take() {
                results.tests.push((name, passed));
            }
        }
        if told != results.tests.len() {
            results.trouble = Some(format!("{} verdicts were read, but the tests count {told}", results.tests.len()));
        }
        results
    }

    /// Reads the titles of the demonstration's steps, `== 1. Title ==`: it ends at the first that fails.
    #[must_use]
    pub fn of_steps(lines: &[String], passed: bool) -> Self {
        let step = |line: &String| Some(line.strip_prefix("== ")?.strip_suffix(" ==")?.to_owned());
        let mut tests: Vec<(String, bool)> = lines.iter().filter_map(step).map(|title| (title, true)).collect();
        if let Some(last) = tests.last_mut() {
            last.1 = passed;
        }
        Self { tests, trouble: None }
    }

    /// How many passed and failed.
    #[must_use]
    pub fn counts(&self) -> (usize, usize) {
        let passed = self.tests.iter().filter(|(_, passed)| *passed).count();
        (passed, self.tests.len() - passed)
    }

    /// Those with one of these words in their names, or those with none of them.
    #[must_use]
    pub fn named(&self, words: &[&str], with: bool) -> Self {
        let has = |name: &str| words.iter().any(|word| name.contains(word));
        let tests = self.tests.iter().filter(|(name, _)| has(name) == with).cloned().collect();
        Self { tests, trouble: None }
    }
}

/// The number before a word: `3 passed; 0 failed`.
fn count(text: &str, word: &str) -> usize {
    let words: Vec<&str> = text.split([' ', ';']).collect();
    let at = words.iter().position(|found| *found == word);
    at.and_then(|at| words.get(at.checked_sub(1)?)?.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn results(text: &str) -> Results {
        Results::of(&text.lines().map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn the_results_of_several_executables_add_up() {
        let text = "test a ... ok\ntest b ... FAILED\n\
            test result: FAILED. 1 passed; 1 failed; 1 ignored; 0 measured; 0 filtered out\n\
            LAB-EXECUTABLE x\ntest c ... real kernel: run\nok\n\
            test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out";
        let found = results(text);
        assert_eq!(found.tests, [("a".to_owned(), true), ("b".to_owned(), false), ("x::c".to_owned(), true)]);
        assert_eq!((found.counts(), found.trouble), ((2, 1), None));
    }

    #[test]
    fn a_test_without_a_verdict_is_trouble() {
        let found = results("test a ... ok\ntest b ... thread panicked\ntest result: FAILED. 1 passed; 1 failed;");
        assert!(found.trouble.is_some_and(|trouble| trouble.starts_with("1 verdicts")));
        assert!(results("test result: ok. 2 passed; 0 failed;").trouble.is_some());
    }

    #[test]
    fn a_demonstration_ends_at_the_step_that_fails() {
        let lines = ["== 1. First ==", "  # auditctl -l", "== 2. Second: it ==", "fails"].map(str::to_owned);
        assert_eq!(Results::of_steps(&lines, true).counts(), (2, 0));
        assert_eq!(Results::of_steps(&lines, false).counts(), (1, 1));
        assert_eq!(Results::of_steps(&[], false).counts(), (0, 0));
    }

    #[test]
    fn a_guest_that_says_nothing_counts_nothing() {
        assert_eq!(results(""), Results::default());
        assert_eq!(results("ok").counts(), (0, 0));
    }

    #[test]
    fn tests_are_told_apart_by_words_in_their_names() {
        let found = results("test x::in_a_box ... ok\ntest y ... ok\ntest result: ok. 2 passed; 0 failed;");
        assert_eq!(found.named(&["in_a_box"], true).tests, [("x::in_a_box".to_owned(), true)]);
        assert_eq!(found.named(&["in_a_box"], false).tests, [("y".to_owned(), true)]);
    }
}
