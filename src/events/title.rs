//! The command line of auditctl, from the title that its process shows.
//!
//! auditctl puts an end of text over the operator of each `-F` and `-C` in its own arguments while it reads them
//! (`audit_rule_fieldpair_data`, seen with auditctl 3.0.9), and the record of the change is made after that: `-F auid>=1000` is
//! `-F`, `auid`, an empty word and `1000` in its title. So only the length of an operator is known.

use super::facts::{Facts, words_of_title};
use crate::records::{RecordType, Value};

/// The kernel cuts titles of processes to this many bytes (`MAX_PROCTITLE_AUDIT_LEN`).
const CUT_TITLE: usize = 128;
/// Most lines that one title may stand for.
const MOST_LINES: usize = 256;

/// What the title of a process of auditctl says of the rule that was changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum AuditctlTitle {
    /// It is none of auditctl's, or it names no rule, such as `-D` and `-R`.
    #[default]
    NamesNone,
    /// It names a rule, and which one cannot be told: the title is cut, or nobody can read it.
    Unreadable,
    /// It names a rule, by one of these lines; by more than one where operators are unknown.
    Lines {
        /// The lines, as auditctl takes them.
        lines: Vec<String>,
        /// Whether they load a rule, and do not unload it.
        loads: bool,
    },
}

impl AuditctlTitle {
    /// What the process of an event was called with. `exe` is its program.
    pub(super) fn of(facts: &Facts<'_>, exe: Option<&str>) -> Self {
        if !exe.is_some_and(is_auditctl) {
            return Self::NamesNone;
        }
        let Some(title) = facts.title.and_then(Value::text) else {
            // A call has a title; where it is missing, the log was cut.
            let has_call = facts.event.first(RecordType::SYSCALL).is_some();
            return if has_call { Self::Unreadable } else { Self::NamesNone };
        };
        Self::of_title(&title)
    }

    fn of_title(title: &[u8]) -> Self {
        let Ok(text) = std::str::from_utf8(words_of_title(title)) else { return Self::Unreadable };
        let mut words = text.split('\0');
        // A shell shows its own title until it becomes auditctl.
        if words.next().is_none_or(|first| first.rsplit('/').next() != Some("auditctl")) {
            return Self::NamesNone;
        }
        let words: Vec<&str> = words.collect();
        let has = |options: &[&str]| words.iter().any(|word| options.iter().any(|option| word.starts_with(option)));
        let (loads, unloads) = (has(&["-a", "-A", "-w"]), has(&["-d", "-W"]));
        if !loads && !unloads {
            return if title.len() >= CUT_TITLE { Self::Unreadable } else { Self::NamesNone };
        }
        // Words of one line are told apart by blanks.
        let is_plain = words.iter().all(|word| !word.contains(|byte: char| byte.is_ascii_whitespace()));
        let lines = lines(&words).filter(|_| is_plain && loads != unloads && text.len() + 1 < CUT_TITLE);
        lines.map_or(Self::Unreadable, |lines| Self::Lines { lines, loads })
    }
}

/// Only where programs are installed: anybody may give a program that name.
fn is_auditctl(exe: &str) -> bool {
    let is_installed = ["/usr/", "/sbin/", "/bin/", "/nix/store/"].iter().any(|place| exe.starts_with(place));
    is_installed && exe.rsplit('/').next() == Some("auditctl")
}

/// Every line that these words may have been; none where there are too many, or where words are missing.
fn lines(words: &[&str]) -> Option<Vec<String>> {
    let mut lines = vec![String::new()];
    let mut words = words.iter();
    while let Some(word) = words.next() {
        push(&mut lines, word);
        if !matches!(*word, "-F" | "-C") {
            continue;
        }
        let condition = words.next()?;
        if condition.contains(['=', '<', '>', '&']) {
            push(&mut lines, condition);
            continue;
        }
        let second = words.next()?;
        let (operators, value) = if second.is_empty() { (long(word), words.next()?) } else { (short(word), second) };
        if lines.len() * operators.len() > MOST_LINES {
            return None;
        }
        let with = |line: &String| {
            let line = line.clone();
            operators.iter().map(move |operator| format!("{line} {condition}{operator}{value}"))
        };
        lines = lines.iter().flat_map(with).collect();
    }
    Some(lines)
}

fn push(lines: &mut [String], word: &str) {
    for line in lines {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
}

fn short(option: &str) -> &'static [&'static str] {
    if option == "-C" { &["="] } else { &["=", "<", ">", "&"] }
}

fn long(option: &str) -> &'static [&'static str] {
    if option == "-C" { &["!="] } else { &["!=", ">=", "<=", "&="] }
}

#[cfg(test)]
mod tests {
    use super::AuditctlTitle;

    fn named(title: &str) -> AuditctlTitle {
        AuditctlTitle::of_title(title.as_bytes())
    }

    fn lines(title: &str) -> Vec<String> {
        match named(title) {
            AuditctlTitle::Lines { lines, .. } => lines,
            other => vec![format!("{other:?}")],
        }
    }

    #[test]
    fn a_title_is_the_line_that_auditctl_was_given() {
        assert_eq!(lines("auditctl\x00-w\x00/etc/passwd\x00-p\x00wa\x00-k\x00i\x00"), ["-w /etc/passwd -p wa -k i"]);
        assert_eq!(
            lines("/sbin/auditctl\x00-a\x00always,exit\x00-F\x00arch=b64\x00-S\x00all"),
            ["-a always,exit -F arch=b64 -S all"]
        );
    }

    #[test]
    fn an_operator_that_auditctl_wrote_over_may_be_any_of_its_length() {
        assert_eq!(
            lines("auditctl\x00-d\x00always,exit\x00-C\x00auid\x00\x00uid\x00-F\x00auid\x00\x001000\x00-F\x00key=a"),
            ["!=", ">=", "<=", "&="]
                .map(|operator| format!("-d always,exit -C auid!=uid -F auid{operator}1000 -F key=a"))
        );
        assert_eq!(lines("auditctl\x00-A\x00always,exit\x00-F\x00uid\x000").len(), 4);
        let many = "\x00-F\x00uid\x000".repeat(5);
        assert_eq!(named(&format!("auditctl\x00-a\x00always,exit{many}")), AuditctlTitle::Unreadable);
    }

    #[test]
    fn a_title_that_names_no_rule_or_not_all_of_one_is_told_apart() {
        for title in
            ["auditctl\x00-D", "auditctl\x00-R\x00/etc/audit/audit.rules", "bash\x00-c\x00auditctl -w /etc/passwd", ""]
        {
            assert_eq!(named(title), AuditctlTitle::NamesNone, "{title}");
        }
        let long = format!("auditctl\x00-w\x00/{}", "x".repeat(200));
        for title in [
            &*long,
            "auditctl\x00-a\x00always,exit\x00-F\x00auid",
            "auditctl\x00-w\x00/a b",
            "auditctl\x00-w\x00/a\x00-W\x00/b",
        ] {
            assert_eq!(named(title), AuditctlTitle::Unreadable, "{title}");
        }
    }
}
