//! The record of a change in the audit log: who changed the rules is seen there even where nobody kept a report.

use std::fmt::Write as _;
use std::path::Path;

use super::{Applied, End};
use crate::desired::Warning;
use crate::intent::{ApplyIntent, DropInGoal, Goal};
use crate::plan::rules::Doing;
use crate::request::State;
use crate::rules_d::SUFFIX;
use crate::world::World;

/// Most drop-ins that a record names; a record has room for about 8 KiB.
const MOST_NAMES: usize = 50;

impl Applied {
    /// Gives the kernel a record of what was changed, where something was, the kernel is ours to manage and on, and the
    /// request does not say otherwise. Where it is refused, that is a warning.
    pub(super) fn leave_record(&mut self, intent: &ApplyIntent, world: &mut World<'_>) {
        let is_on = self.now.as_ref().is_none_or(|now| now.status.is_on());
        let was_at_work = self.has_changed() || matches!(self.end, End::RolledBack(_));
        let Some(kernel) = world.kernel.as_mut() else { return };
        if !was_at_work || intent.check_mode || !intent.record || !is_on || self.unmanaged.is_some() {
            return;
        }
        let text = self.record_text(intent, world.executable.as_deref());
        match kernel.record(&text) {
            Ok(()) => self.record = Some(text),
            Err(error) => self.warnings.push(Warning::NoRecord { problem: error.into() }),
        }
    }

    /// The drop-ins that the request names; where it names none, those that were changed.
    fn drop_ins(&self, intent: &ApplyIntent) -> Vec<String> {
        let named: Vec<String> = intent.goal.names().into_iter().map(|name| name.stem().to_owned()).collect();
        if !named.is_empty() {
            return named;
        }
        let inside = self.plan.files.iter().filter_map(|step| step.path.strip_prefix(&intent.place.rules_dir).ok());
        inside.filter_map(|name| Some(name.to_str()?.strip_suffix(SUFFIX)?.to_owned())).collect()
    }

    /// `NAME=VALUE`, as all records have it; `exe` to `res` are those with which libaudit ends its own.
    fn record_text(&self, intent: &ApplyIntent, exe: Option<&Path>) -> String {
        let names = self.drop_ins(intent);
        let more = names.len().saturating_sub(MOST_NAMES);
        let mut drop_ins: Vec<String> = names.into_iter().take(MOST_NAMES).collect();
        if more > 0 {
            drop_ins.push(format!("and-{more}-more"));
        }
        let loads = self.plan.rules.iter().filter(|step| step.doing != Doing::Unload).count();
        let exe = exe.map_or_else(|| "?".to_owned(), |path| untrusted(path.as_os_str().as_encoded_bytes()));
        let res = if matches!(self.end, End::Applied(_) | End::Unchanged(_)) { "success" } else { "failed" };
        format!(
            "op=apply-audit-rules state={} drop-ins={} rules-loaded={loads} rules-unloaded={} settings={} files={} \
             outcome={} exe={exe} hostname=? addr=? terminal=? res={res}",
            state(&intent.goal).text(),
            if drop_ins.is_empty() { "?".to_owned() } else { untrusted(drop_ins.join(",").as_bytes()) },
            self.plan.rules.len() - loads,
            self.plan.settings.len(),
            self.plan.files.len(),
            self.ended().text(),
        )
    }
}

/// What the request asked for.
fn state(goal: &Goal) -> State {
    match goal {
        Goal::Present(goals) if goals.iter().all(|goal| matches!(goal, DropInGoal::Absent(_))) => State::Absent,
        Goal::Present(_) => State::Present,
        Goal::Without(..) => State::Absent,
        Goal::Exact(..) => State::Exact,
        Goal::Loaded(..) => State::Loaded,
        Goal::Restored(..) => State::Restored,
    }
}

/// A value that others chose, as the kernel writes such (`audit_log_untrustedstring`): in quotes, or in hexadecimal where it
/// has a quote, a blank or what cannot be printed.
fn untrusted(value: &[u8]) -> String {
    if value.iter().all(|byte| byte.is_ascii_graphic() && *byte != b'"') {
        return format!("\"{}\"", String::from_utf8_lossy(value));
    }
    value.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02X}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_that_others_chose_is_quoted_or_hexadecimal() {
        assert_eq!(untrusted(b"30-identity,40-time"), "\"30-identity,40-time\"");
        assert_eq!(untrusted(b"a b"), "612062");
        assert_eq!(untrusted(b"a\"b"), "612262");
        assert_eq!(untrusted(b""), "\"\"");
    }
}
