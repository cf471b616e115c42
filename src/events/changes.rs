//! Changes of rules and settings, as the kernel records them: `CONFIG_CHANGE` and `FEATURE_CHANGE`.
//!
//! Sources: `audit_log_rule_change` (`kernel/auditfilter.c`), `audit_watch_log_rule_change` (`audit_watch.c`),
//! `audit_tree_log_remove_rule` (`audit_tree.c`), `audit_mark_log_rule_change` (`audit_fsnotify.c`), `audit_log_config_change` and
//! `audit_log_feature_change` (`audit.c`). Kernels before 4.16 write `op="add rule"` for what is `op=add_rule` now.

use std::borrow::Cow;

use crate::records::{Record, RecordType, Value};

/// A change that succeeded, as one record says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change<'a> {
    /// Of the rule lists. The record names list and key, and not the rule.
    Rule {
        /// Whether the rule was loaded, and not unloaded.
        loads: bool,
        /// Its list and the text of its keys.
        mark: Mark<'a>,
        /// The path of the rule, where the kernel dropped it by itself.
        path: Option<Cow<'a, [u8]>>,
    },
    /// Of a setting.
    Setting {
        /// Its name in requests and reports.
        name: Cow<'a, str>,
        /// Its value before.
        old: Option<u32>,
        /// Its value since.
        new: u32,
    },
}

/// What a record tells of a rule.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Mark<'a> {
    /// The number of its list.
    pub list: u32,
    /// The text of its keys, with 0x01 between two; empty where it has none.
    pub key: Cow<'a, [u8]>,
}

impl<'a> Change<'a> {
    /// What a record says; none where it is about something else, or of a change that was refused.
    #[must_use]
    pub fn of(record: &Record<'a>) -> Option<Self> {
        let value = |name: &[u8]| record.value(name);
        if value(b"res").map(Value::written) != Some(b"1") {
            return None;
        }
        if record.kind == RecordType::FEATURE_CHANGE {
            let name = String::from_utf8_lossy(value(b"feature")?.written());
            return Some(Self::Setting { name, old: value(b"old")?.number(), new: value(b"new")?.number()? });
        }
        if record.kind != RecordType::CONFIG_CHANGE {
            return None;
        }
        match value(b"op")?.written() {
            b"set" => setting(record),
            op => {
                let loads = match op {
                    b"add_rule" | b"add rule" => true,
                    b"remove_rule" | b"remove rule" | b"autoremove_rule" => false,
                    _ => return None,
                };
                let key = value(b"key").and_then(Value::text).unwrap_or_default();
                let path = value(b"path").or_else(|| value(b"dir")).and_then(Value::text);
                Some(Self::Rule { loads, mark: Mark { list: value(b"list")?.number()?, key }, path })
            }
        }
    }
}

/// `op=set audit_failure=1 old=0`: the field behind `op` is the setting, and its name begins with `audit_`.
fn setting<'a>(record: &Record<'a>) -> Option<Change<'a>> {
    let field = record.fields().find(|field| field.name.starts_with(b"audit_"))?;
    let name = String::from_utf8_lossy(field.name.strip_prefix(b"audit_")?);
    Some(Change::Setting { name, old: record.value(b"old").and_then(Value::number), new: field.value.number()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(line: &str) -> Option<Change<'_>> {
        Change::of(&Record::of_line(line.as_bytes()).unwrap())
    }

    fn rule<'a>(loads: bool, list: u32, key: &'a [u8], path: Option<&'a [u8]>) -> Change<'a> {
        Change::Rule { loads, mark: Mark { list, key: key.into() }, path: path.map(Cow::from) }
    }

    #[test]
    fn a_rule_is_loaded_or_unloaded_in_the_words_of_every_kernel() {
        let record = |rest: &str| format!("type=CONFIG_CHANGE msg=audit(1.000:1): auid=1000 ses=2 {rest}");
        for (rest, expected) in [
            ("op=add_rule key=\"identity\" list=4 res=1", Some(rule(true, 4, b"identity", None))),
            ("subj=unconfined op=add_rule key=6101622063 list=4 res=1", Some(rule(true, 4, b"a\x01b c", None))),
            ("op=\"remove rule\" key=(null) list=5 res=1", Some(rule(false, 5, b"", None))),
            ("op=remove_rule dir=\"/srv/a\" key=\"x\" list=4 res=1", Some(rule(false, 4, b"x", Some(b"/srv/a")))),
            ("op=autoremove_rule path=\"/srv/b\" key=(null) list=4 res=1", Some(rule(false, 4, b"", Some(b"/srv/b")))),
            ("op=updated_rules path=\"/etc/passwd\" key=\"x\" list=4 res=1", None),
            ("op=add_rule key=\"identity\" list=4 res=0", None),
            ("op=make_equiv old=\"/a\" new=\"/b\" res=1", None),
        ] {
            assert_eq!(change(&record(rest)), expected, "{rest}");
        }
    }

    #[test]
    fn a_setting_has_its_name_in_reports_and_both_values() {
        let setting = |name: &'static str, old, new| Some(Change::Setting { name: name.into(), old: Some(old), new });
        let failure = "type=CONFIG_CHANGE msg=audit(1.000:1): op=set audit_failure=0 old=1 auid=0 ses=1 res=1";
        assert_eq!(change(failure), setting("failure", 1, 0));
        let lost = "type=CONFIG_CHANGE msg=audit(1.000:1): op=set lost=0 old=7 auid=0 ses=1 res=1";
        assert_eq!(change(lost), None);
        let feature = "type=FEATURE_CHANGE msg=audit(1.000:1): pid=1 uid=0 auid=0 ses=1 feature=loginuid_immutable \
                       old=0 new=1 old_lock=0 new_lock=1 res=1";
        assert_eq!(change(feature), setting("loginuid_immutable", 0, 1));
        assert_eq!(change("type=SYSCALL msg=audit(1.000:1): success=yes res=1"), None);
    }
}
