//! A rule taken apart: what `auditctl -l` prints in one line, each part by itself.

use super::text::{compared, name_and_value, symbol, syscalls_of_list, watch_form};
use crate::rule::{Field, FieldNumber, Machine, Rule};

/// The parts of a rule, as auditctl would spell them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Parts {
    /// A watch says this rule: `-w`.
    pub is_watch: bool,
    /// The architecture: `b64`, `b32`, or a machine's name.
    pub arch: Option<String>,
    /// The system calls or operations; `all` alone for all of them; none on a list that has none.
    pub syscalls: Vec<String>,
    /// The conditions in their order, without architecture, comparisons and keys.
    pub conditions: Vec<Condition>,
    /// The comparisons of two fields.
    pub comparisons: Vec<Comparison>,
    /// The keys.
    pub keys: Vec<String>,
}

/// A condition on a field.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Condition {
    pub field: String,
    pub op: String,
    pub value: String,
}

/// A comparison of two fields.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Comparison {
    pub left: &'static str,
    pub op: String,
    pub right: &'static str,
}

impl Parts {
    /// Takes a rule for this machine apart. Bytes that are no UTF-8 are replaced.
    #[must_use]
    pub fn of(rule: &Rule, machine: &Machine) -> Self {
        let mut parts = Self {
            is_watch: watch_form(rule).is_some(),
            syscalls: syscalls_of_list(rule, machine).unwrap_or_default(),
            keys: rule.keys().map(text).collect(),
            ..Self::default()
        };
        for field in &rule.fields {
            parts.take(rule, field, machine);
        }
        parts
    }

    fn take(&mut self, rule: &Rule, field: &Field, machine: &Machine) {
        let op = symbol(field.op);
        if let Some((left, right)) = compared(rule, field) {
            self.comparisons.push(Comparison { left, op, right });
            return;
        }
        let (name, value) = name_and_value(field, machine);
        match field.number {
            FieldNumber::KEY if field.text().is_some() => {}
            FieldNumber::ARCH if op == "=" => self.arch = Some(text(&value)),
            _ => self.conditions.push(Condition { field: name, op, value: text(&value) }),
        }
    }

    /// The value of the first condition on one of these fields.
    #[must_use]
    pub fn value(&self, fields: &[&str]) -> Option<&str> {
        let found = self.conditions.iter().find(|condition| fields.contains(&condition.field.as_str()));
        found.map(|condition| condition.value.as_str())
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auditctl::{Accounts, Context, Line, Statement, UnknownSyscalls, parse};

    fn parts(line: &str) -> Parts {
        let machine = Machine::from_uname("x86_64").unwrap();
        let accounts = Accounts::default();
        let context = Context {
            machine: &machine,
            accounts: &accounts,
            unknown_syscalls: UnknownSyscalls::Fail,
            installed: None,
        };
        let Ok(Line::Statement(Statement { rule: Some(line), .. })) = parse(line.as_bytes(), &context) else {
            panic!("{line}")
        };
        Parts::of(&line.rule, &machine)
    }

    fn said(parts: &Parts) -> Vec<String> {
        parts.conditions.iter().map(|c| format!("{} {} {}", c.field, c.op, c.value)).collect()
    }

    #[test]
    fn every_operator_is_taken_apart_those_with_an_ampersand_too() {
        let line =
            "-a always,exit -F arch=b64 -S personality -F a0&=0x200 -F a1&1 -F auid>=1000 -F auid!=unset -F pid<5";
        let parts = parts(line);
        let expected = ["a0 &= 0x200", "a1 & 0x1", "auid >= 1000", "auid != -1", "pid < 5"];
        assert_eq!(said(&parts), expected);
        assert_eq!((parts.arch.as_deref(), parts.syscalls.as_slice()), (Some("b64"), &["personality".to_owned()][..]));
        assert!(!parts.is_watch);
    }

    #[test]
    fn system_calls_of_one_option_are_apart_and_all_keys_are_there() {
        let parts = parts("-a always,exit -F arch=b32 -S open,openat -S creat -F exit=-EACCES -F key=a -k b");
        assert_eq!(parts.syscalls, ["open", "creat", "openat"]);
        assert_eq!(parts.keys, ["a", "b"]);
        assert_eq!(said(&parts), ["exit = -EACCES"]);
    }

    #[test]
    fn a_watch_has_path_and_permissions() {
        let watch = parts("-w /etc/passwd -p wa -k identity");
        assert!(watch.is_watch);
        assert_eq!((watch.value(&["path", "dir"]), watch.value(&["perm"])), (Some("/etc/passwd"), Some("wa")));
        assert_eq!(watch.keys, ["identity"]);
    }

    #[test]
    fn a_comparison_has_two_fields() {
        let parts = parts("-a always,exit -F arch=b64 -S execve -C uid!=euid -k emulation");
        let [one] = parts.comparisons.as_slice() else { panic!("{parts:?}") };
        assert_eq!((one.left, one.op.as_str(), one.right), ("uid", "!=", "euid"));
        assert_eq!(said(&parts), [""; 0]);
    }

    #[test]
    fn a_list_without_system_calls_has_none() {
        assert_eq!(parts("-a never,exclude -F msgtype=CWD").syscalls, [""; 0]);
        assert_eq!(said(&parts("-a never,exclude -F msgtype=CWD")), ["msgtype = CWD"]);
    }
}
