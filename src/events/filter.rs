//! Which events are kept.

use glob::Pattern;

use super::facts::Facts;
use crate::records::{RecordType, Value};

/// What an entry asks of an event; what it does not ask for may be anything.
#[derive(Debug, Clone, Default)]
pub struct Condition {
    /// One of its keys.
    pub key: Option<Pattern>,
    /// The name of the system call, or its number.
    pub syscall: Option<String>,
    /// The program.
    pub exe: Option<Pattern>,
    /// The name of the process.
    pub comm: Option<Pattern>,
    /// One of its files.
    pub path: Option<Pattern>,
    /// The host that recorded it.
    pub node: Option<Pattern>,
    /// The login user.
    pub auid: Option<u32>,
    /// The user.
    pub uid: Option<u32>,
    /// Whether it succeeded.
    pub success: Option<bool>,
    /// What it is about.
    pub kind: Option<RecordType>,
}

/// The entries of a request, in their order: the first that fits decides.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Whether an event that fits is kept, and what fits.
    pub entries: Vec<(bool, Condition)>,
}

impl Filter {
    /// Whether an event is kept. One that fits no entry is, unless an entry says what to keep.
    #[must_use]
    pub fn keeps(&self, facts: &Facts<'_>) -> bool {
        let fits = self.entries.iter().find(|(_, condition)| condition.fits(facts));
        fits.map_or_else(|| !self.entries.iter().any(|(keeps, _)| *keeps), |(keeps, _)| *keeps)
    }
}

impl Condition {
    /// Whether an event is as this says.
    #[must_use]
    pub fn fits(&self, facts: &Facts<'_>) -> bool {
        let process = &facts.process;
        let is = |wanted: Option<u32>, found: Option<u32>| wanted.is_none_or(|wanted| found == Some(wanted));
        is(self.auid, process.auid)
            && is(self.uid, process.users[0])
            && self.success.is_none_or(|wanted| process.success == Some(wanted))
            && self.kind.is_none_or(|kind| kind == facts.kind)
            && self.syscall.as_deref().is_none_or(|wanted| is_call(wanted, facts))
            && is_like(self.exe.as_ref(), process.exe)
            && is_like(self.comm.as_ref(), process.comm)
            && self.node.as_ref().is_none_or(|wanted| matches(wanted, facts.event.node().unwrap_or_default()))
            && self.key.as_ref().is_none_or(|wanted| facts.keys().iter().any(|key| wanted.matches(key)))
            && self.path.as_ref().is_none_or(|wanted| has_file(wanted, facts))
    }
}

fn is_call(wanted: &str, facts: &Facts<'_>) -> bool {
    let by_number = || wanted.parse().is_ok_and(|number| facts.process.call == Some(number));
    facts.process.list.is_some() && (facts.process.call_name() == Some(wanted) || by_number())
}

fn is_like(wanted: Option<&Pattern>, found: Option<Value<'_>>) -> bool {
    let text = || found.and_then(Value::text).unwrap_or_default();
    wanted.is_none_or(|wanted| matches(wanted, &text()))
}

fn has_file(wanted: &Pattern, facts: &Facts<'_>) -> bool {
    let mut paths = facts.files.iter().filter_map(|file| file.path_or_name(facts.cwd, &facts.process));
    paths.any(|path| matches(wanted, &path))
}

fn matches(wanted: &Pattern, found: &[u8]) -> bool {
    wanted.matches(&String::from_utf8_lossy(found))
}
