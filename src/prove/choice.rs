//! What can be done, without harm, for a rule to record something.

use super::calls::{CALLS, Danger, HarmlessCall, Part};
use super::facts::Host;
use super::target::{Target, targets};
use super::values::{asks, values};
use crate::matching::event::CallResult;
use crate::matching::{Answer, Event, access, matches};
use crate::rule::{Action, Arch, FieldNumber, List, Rule};
use crate::tables::syscalls;
use crate::trigger::{Actor, Argument, Call, Entry, NOBODY, TO_LOOK};

/// Numbers of fields in `linux/audit.h`.
const UID: FieldNumber = FieldNumber(1);
const EFFECTIVE: [FieldNumber; 3] = [FieldNumber(2), FieldNumber(3), FieldNumber(4)];
const GID: FieldNumber = FieldNumber(5);
const EFFECTIVE_GROUPS: [FieldNumber; 3] = [FieldNumber(6), FieldNumber(7), FieldNumber(8)];
const FIRST_ARGUMENT: u32 = 200;
/// A login uid as people have it.
const PERSON: u32 = 1000;
/// Most system calls that are tried one by one for a rule that names them.
const MOST_CALLS: usize = 64;
/// Most trials of one attempt.
const MOST_TRIALS: usize = 16;
/// How many processes with other users are tried for one call: an earlier rule may be about one of them.
const ACTORS: usize = 3;
/// The letters of `perm`, with their bits.
const LETTERS: [(u32, char); 4] = [(4, 'r'), (2, 'w'), (1, 'x'), (8, 'a')];

/// What can be done for a rule.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Choice {
    /// What is to be seen, each on its own: its system calls, or the ways of access that it asks for.
    pub attempts: Vec<Attempt>,
    /// System calls of the rule for which nothing harmless is known.
    pub missing: Vec<String>,
}

/// One thing that a rule should record.
#[derive(Debug, Clone, PartialEq)]
pub struct Attempt {
    /// A letter of `perm`, where the rule asks for ways of access.
    pub access: Option<char>,
    /// Ways to do it. Which of them meets the rule, its result tells: the first that does is enough.
    pub trials: Vec<Trial>,
}

/// One call by one actor.
#[derive(Debug, Clone, PartialEq)]
pub struct Trial {
    /// The name of the call.
    pub name: &'static str,
    /// Its architecture.
    pub arch: Arch,
    /// Who does it.
    pub actor: Actor,
    /// The call.
    pub call: Call,
    /// The event as rules see it before the call comes back.
    pub event: Event,
}

/// Why nothing can be done for a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unprovoked {
    /// It is of a list whose events no process can make at will.
    List,
    /// It keeps something from being recorded.
    Never,
    /// It is for programs of another kind than this machine lets us be.
    Arch,
    /// No harmless call is known for any of its system calls.
    NoCall,
    /// The file that it is about is not there.
    NoFile(Vec<u8>),
    /// What would meet its conditions could do harm, or nobody can meet them.
    Conditions,
}

impl Trial {
    /// The event, when the call has returned this.
    #[must_use]
    pub fn ended(&self, exit: i64) -> Event {
        let mut event = self.event.clone();
        let [a, b, c, d, ..] = exit.to_le_bytes();
        event.numbers.push((FieldNumber::EXIT, u32::from_le_bytes([a, b, c, d])));
        event.result = Some(if (-4095..0).contains(&exit) { CallResult::Failure } else { CallResult::Success });
        event
    }
}

/// What can be done for a rule on this host.
///
/// # Errors
/// Why there is nothing.
pub fn choose(rule: &Rule, host: &Host<'_>) -> Result<Choice, Unprovoked> {
    match (rule.list, rule.action) {
        (List::EXIT, Action::ALWAYS) => {}
        (List::EXIT, _) => return Err(Unprovoked::Never),
        _ => return Err(Unprovoked::List),
    }
    let arch = rule.arch().unwrap_or(host.machine.native);
    let entry = match arch {
        arch if arch == host.machine.native => Entry::Native,
        Arch::I386 if host.machine.native == Arch::X86_64 => Entry::Compat,
        _ => return Err(Unprovoked::Arch),
    };
    let of_rule = |arch: Arch, call: &HarmlessCall| {
        let number = syscalls::number(arch, call.name)?;
        rule.syscalls.contains(number).then_some(number)
    };
    // A rule for all calls of programs of both word lengths may be left to those of 32 bit by an earlier one.
    let has_both = rule.arch().is_none() && rule.syscalls.is_all() && host.machine.native == Arch::X86_64;
    let entries: &[(Arch, Entry)] =
        if has_both { &[(arch, entry), (Arch::I386, Entry::Compat)] } else { &[(arch, entry)] };
    let mut missing_file = None;
    let mut trials = |call: &'static HarmlessCall, access: Option<u32>| -> Vec<Trial> {
        let Some(targets) = targets(rule, call, host) else {
            let path = rule.text(FieldNumber::PATH).or(rule.text(FieldNumber::DIR));
            missing_file = path.map(<[u8]>::to_vec);
            return Vec::new();
        };
        let mut found = Vec::new();
        for (arch, entry) in entries.iter().copied() {
            let Some(number) = of_rule(arch, call) else { continue };
            let about = About { rule, call, host, arch, entry, number, access };
            found.extend(targets.iter().flat_map(|target| about.trials(target)));
        }
        found
    };
    let perm =
        rule.fields.iter().find(|field| field.number == FieldNumber::PERM).and_then(|field| field.value.number());
    let mut choice = Choice::default();
    let mut any_of = |access: Option<u32>| -> Vec<Trial> {
        CALLS.iter().flat_map(|call| trials(call, access)).take(MOST_TRIALS).collect()
    };
    let is_named = !rule.syscalls.is_all() && rule.syscalls.numbers().count() <= MOST_CALLS;
    if let Some(perm) = perm {
        for (bit, letter) in LETTERS.into_iter().filter(|(bit, _)| perm & bit != 0) {
            choice.attempts.push(Attempt { access: Some(letter), trials: any_of(Some(bit)) });
        }
    } else if is_named {
        for number in rule.syscalls.numbers() {
            let name = syscalls::name(arch, number);
            let found = name.and_then(HarmlessCall::named).map(|call| trials(call, None)).unwrap_or_default();
            if found.is_empty() {
                choice.missing.push(name.map_or_else(|| number.to_string(), str::to_owned));
            }
            choice.attempts.push(Attempt { access: None, trials: found });
        }
    } else {
        choice.attempts.push(Attempt { access: None, trials: any_of(None) });
    }
    choice.attempts.retain(|attempt| !attempt.trials.is_empty());
    if !choice.attempts.is_empty() {
        return Ok(choice);
    }
    Err(match missing_file {
        Some(path) => Unprovoked::NoFile(path),
        None if is_named && perm.is_none() && !CALLS.iter().any(|call| of_rule(arch, call).is_some()) => {
            Unprovoked::NoCall
        }
        None => Unprovoked::Conditions,
    })
}

/// A call for a rule.
struct About<'a> {
    rule: &'a Rule,
    call: &'static HarmlessCall,
    host: &'a Host<'a>,
    arch: Arch,
    entry: Entry,
    number: u32,
    access: Option<u32>,
}

impl About<'_> {
    /// Calls on these files that a rule may match: with each way to open them, and with and without the right to look.
    fn trials(&self, target: &Target) -> Vec<Trial> {
        let of_rule = !target.is_of_proc && self.call.names_file();
        let rights: &[bool] = if of_rule { &[true, false] } else { &[false] };
        let mut found = Vec::new();
        for flags in self.flags() {
            for searches in rights {
                let trials = self.actors(*searches).into_iter().filter_map(|actor| self.trial(target, actor, flags));
                found.extend(trials.take(ACTORS));
            }
        }
        found
    }

    fn trial(&self, target: &Target, actor: Actor, flags: u32) -> Option<Trial> {
        if !target.is_safe(self.call, &actor, flags) {
            return None;
        }
        let mut event = Event::unknown(List::EXIT);
        event.syscall = Some(self.number);
        let mut arguments = Vec::new();
        let mut values_of = [None; 4];
        for (at, part) in self.call.arguments.iter().enumerate() {
            let argument = self.argument(at, *part, flags)?;
            if let (Argument::Number(number), Some(value)) = (argument, values_of.get_mut(at)) {
                *value = Some(low(number));
            }
            arguments.push(argument);
        }
        // What is left over is zero.
        for value in values_of.iter_mut().skip(arguments.len()) {
            *value = Some(0);
        }
        let numbered =
            (FIRST_ARGUMENT..).zip(values_of).filter_map(|(number, value)| Some((FieldNumber(number), value?)));
        event.numbers.extend(numbered);
        event.numbers.push((FieldNumber::ARCH, self.arch.0));
        let (real, effective) = actor.users;
        event.numbers.push((UID, real));
        event.numbers.extend(EFFECTIVE.map(|field| (field, effective)));
        event.numbers.push((GID, actor.groups.0));
        event.numbers.extend(EFFECTIVE_GROUPS.map(|field| (field, actor.groups.1)));
        event.groups = Some(Vec::new());
        event.numbers.extend(actor.auid.or(self.host.auid).map(|auid| (FieldNumber::AUID, auid)));
        event.names = Some(target.names.clone());
        // Without that right the kernel may not come as far as the file.
        event.are_names_found = target.is_of_proc || actor.searches;
        event.has_address = Some(false);
        event.accesses = access::of_call(self.arch, self.number, |at| values_of.get(at).copied().flatten());
        if self.call.danger != Danger::Execute || target.is_of_proc {
            event.exe = self.host.executable.map(Into::into);
        }
        let is_access = self.access.is_none_or(|bit| does(event.accesses, bit));
        let fits = is_access && matches(self.rule, &event) != Answer::No;
        let call = Call {
            entry: self.entry,
            number: self.number,
            arguments,
            memory: target.memory.clone(),
            guard: target.guard(self.call, flags),
        };
        fits.then_some(Trial { name: self.call.name, arch: self.arch, actor, call, event })
    }

    /// What stands at one place of the call; none where the rule asks for something that nobody can give.
    fn argument(&self, at: usize, part: Part, flags: u32) -> Option<Argument> {
        let condition = u32::try_from(at).ok().map(|at| FieldNumber(FIRST_ARGUMENT + at));
        Some(match part {
            Part::Number(number) => Argument::Number(number),
            Part::Flags => Argument::Number(flags.into()),
            Part::Free(number) => {
                let asked = condition.filter(|field| asks(self.rule, &[*field]));
                match asked.map(|field| values(self.rule, &[field], &[low(number)])) {
                    Some(found) => Argument::Number(i64::from(*found.first()?)),
                    None => Argument::Number(number),
                }
            }
            Part::Path => Argument::Path,
            Part::Other => Argument::Other,
            Part::Descriptor => Argument::Descriptor,
            Part::Attribute => Argument::Attribute,
            Part::Words => Argument::Words,
            Part::Handle => Argument::Handle,
            Part::Zeros => Argument::Zeros,
            Part::OwnPid => Argument::OwnPid,
        })
    }

    /// The flags with which to open, where the call has any.
    fn flags(&self) -> Vec<u32> {
        let Some(at) = self.call.arguments.iter().position(|part| *part == Part::Flags) else { return vec![0] };
        let Ok(field) = u32::try_from(at).map(|at| FieldNumber(FIRST_ARGUMENT + at)) else { return Vec::new() };
        let to_look = low(TO_LOOK);
        let wanted = self.rule.fields.iter().filter(|one| one.number == field).filter_map(|one| one.value.number());
        let wanted: Vec<u32> = wanted.flat_map(|flags| [to_look | flags, to_look | flags | 1]).collect();
        let plain = [to_look, to_look | 1];
        values(self.rule, &[field], &[&plain[..], &wanted[..]].concat())
    }

    /// Who may do it, such that the conditions on users and groups can hold.
    fn actors(&self, searches: bool) -> Vec<Actor> {
        let compares = asks(self.rule, &[FieldNumber::COMPARE]);
        let more: &[u32] = &[NOBODY, NOBODY - 1];
        let reals = values(self.rule, &[UID], more);
        let effectives = values(self.rule, &EFFECTIVE, more);
        let real_groups = values(self.rule, &[GID], more);
        let effective_groups = values(self.rule, &EFFECTIVE_GROUPS, more);
        let own = self.host.auid;
        let auids: Vec<Option<u32>> = if compares || asks(self.rule, &[FieldNumber::AUID, FieldNumber::LOGINUID_SET]) {
            let preferred: Vec<u32> = own.into_iter().chain([PERSON, NOBODY, u32::MAX]).collect();
            let found = values(self.rule, &[FieldNumber::AUID], &preferred);
            found.into_iter().map(|auid| Some(auid).filter(|_| own != Some(auid))).collect()
        } else {
            [None, Some(PERSON)].into_iter().filter(|auid| auid.is_none() || own != *auid).collect()
        };
        let groups = pairs(&real_groups, &effective_groups);
        let mut actors = Vec::new();
        for users in pairs(&reals, &effectives) {
            for groups in &groups {
                actors.extend(auids.iter().map(|auid| Actor { auid: *auid, users, groups: *groups, searches }));
            }
        }
        // Another user each, before another group.
        actors.sort_by_key(|actor| actor.groups != groups.first().copied().unwrap_or_default());
        actors
    }
}

/// Each with each; where they can be the same, that first.
fn pairs(reals: &[u32], effectives: &[u32]) -> Vec<(u32, u32)> {
    let mut pairs: Vec<(u32, u32)> =
        reals.iter().flat_map(|real| effectives.iter().map(|effective| (*real, *effective))).collect();
    pairs.sort_by_key(|(real, effective)| real != effective);
    pairs
}

/// Whether one of the combinations has this bit.
fn does(accesses: u32, bit: u32) -> bool {
    (0..16_u32).any(|combination| accesses >> combination & 1 != 0 && combination & bit != 0)
}

fn low(number: i64) -> u32 {
    let [a, b, c, d, ..] = number.to_le_bytes();
    u32::from_le_bytes([a, b, c, d])
}
