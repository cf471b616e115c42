//! What the units of a host with systemd say about who loads its audit rules at boot.

use std::collections::{BTreeMap, BTreeSet};

use glob::Pattern;

use super::condition::{PathFound, judged};
use super::prevented::{Directive, Prevented};
use super::unit::{Exec, Parsed, Phase, UnitFile, tool, unquoted};
use super::{LoadCommand, Loader, State};

/// The units that distributions load audit rules with. The first one that does so counts.
pub const UNITS: [&str; 2] = ["audit-rules.service", "auditd.service"];

/// A unit, as its files have it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Unit {
    /// Its file and then its drop-ins, in the order in which they count; empty where there is no such unit.
    pub files: Vec<UnitFile>,
    /// It is masked: systemd starts it for nobody.
    pub is_masked: bool,
}

/// The units of a host with systemd, as far as they matter here.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Units {
    /// Those of [`UNITS`], in their order.
    pub units: [Unit; 2],
    /// The names of the units that `default.target` leads to.
    pub reached: BTreeSet<String>,
    /// Other units that it leads to and that call auditctl or augenrules.
    pub others: Vec<Vec<UnitFile>>,
    /// The preset files, in the order in which they count, where the next boot is the first one: systemd then enables what
    /// they name (`systemd.preset(5)`, `machine-id(5)`). None on a host that has booted before.
    pub presets: Option<Vec<Vec<u8>>>,
    /// What stands at the paths that conditions and commands name.
    pub paths: BTreeMap<String, PathFound>,
    /// The command line of the kernel; none where it cannot be read.
    pub command_line: Option<String>,
}

/// Who loads the rules, given the units.
#[must_use]
pub(super) fn loader(host: &Units) -> Loader {
    let parsed = [0, 1].map(|at| host.parsed(at));
    let [is_own_reached, is_auditd_reached] = [0, 1].map(|at| host.is_reached(at, &parsed[at]));
    // Before the first boot presets may be what brings auditd in, and auditd the other.
    let is_own_pulled = is_auditd_reached && parsed[1].pulled_in.iter().any(|name| name == UNITS[0]);
    let is_reached = [is_own_reached || is_own_pulled, is_auditd_reached];
    let loads = [0, 1].map(|at| host.load(&parsed[at]));
    let state = |at: usize| match &loads[at] {
        Some(load) if is_reached[at] => {
            if load.prevented.is_some() {
                State::Prevented
            } else {
                State::Enabled
            }
        }
        _ if host.units[at].is_masked => State::Masked,
        Some(_) => State::Disabled,
        None => State::Missing,
    };
    let (first, second) = (state(0), state(1));
    let at = usize::from(second.rank() < first.rank());
    let state = if at == 0 { first } else { second };
    let service = (state != State::Missing).then_some(UNITS[at]);
    let Some(load) = loads.into_iter().nth(at).flatten() else {
        return Loader::new(Some("systemd"), state, service, None);
    };
    let mut loader = Loader { prevented: load.prevented, ..Loader::new(Some("systemd"), state, service, None) };
    if state == State::Enabled {
        loader.conditions = load.conditions;
        let beside = &parsed[1 - at].commands;
        let others = host.others.iter().map(|files| Parsed::of(files).commands);
        let others = is_reached[1 - at].then(|| beside.clone()).into_iter().chain(others);
        loader
            .conditions
            .extend(others.flatten().filter(|other| load.command.differs_from(other)).map(|c| c.directive));
    }
    loader.prevented = loader.prevented.filter(|_| state == State::Prevented);
    loader.command = Some(load.command);
    loader
}

/// Whether presets enable a unit: the first line that names it counts, and what none names is enabled.
fn is_preset(unit: &str, presets: &[Vec<u8>]) -> bool {
    for text in presets {
        for line in String::from_utf8_lossy(text).lines() {
            let mut words = line.split_whitespace();
            let (Some(verb), Some(pattern)) = (words.next(), words.next()) else { continue };
            let is_named = Pattern::new(pattern).is_ok_and(|pattern| pattern.matches(unit));
            match verb {
                "enable" if is_named => return true,
                "disable" | "ignore" if is_named => return false,
                _ => {}
            }
        }
    }
    true
}

/// How a unit loads the rules.
struct Load {
    command: LoadCommand,
    prevented: Option<Prevented>,
    conditions: Vec<Directive>,
}

impl Units {
    fn parsed(&self, at: usize) -> Parsed {
        let unit = &self.units[at];
        if unit.is_masked { Parsed::default() } else { Parsed::of(&unit.files) }
    }

    /// Whether the boot starts a unit.
    fn is_reached(&self, at: usize, parsed: &Parsed) -> bool {
        let unit = &self.units[at];
        let is_first_boot = |presets: &[Vec<u8>]| {
            parsed.wanted_by.iter().any(|target| self.reached.contains(target)) && is_preset(UNITS[at], presets)
        };
        let is_there = !unit.files.is_empty() && !unit.is_masked;
        is_there && (self.reached.contains(UNITS[at]) || self.presets.as_deref().is_some_and(is_first_boot))
    }

    fn load(&self, unit: &Parsed) -> Option<Load> {
        let loads = || unit.commands.iter().enumerate().filter_map(|(at, command)| Some((at, load_command(command)?)));
        let cleared = unit.commands.iter().rposition(deletes);
        let (at, command) = loads().find(|(at, _)| Some(*at) > cleared).or_else(|| loads().next())?;
        let mut load = Load { command, prevented: None, conditions: Vec::new() };
        match judged(&unit.conditions, &self.paths, self.command_line.as_deref()) {
            Ok(conditions) => load.conditions = conditions,
            Err(directive) => load.prevented = Some(Prevented::NotMet(directive)),
        }
        let (before, own_and_after) = unit.commands.split_at(at);
        let own = own_and_after.iter().take(1);
        for command in before.iter().filter(|command| !command.ignores_failure).chain(own) {
            if let Some(program) = self.missing_program(command) {
                let directive = command.directive.clone();
                load.prevented.get_or_insert(Prevented::NoProgram { program, directive });
            }
        }
        let is_open = |command: &&Exec| match command.phase {
            Phase::Condition => true,
            Phase::Before => !command.ignores_failure && !is_true(&command.text),
            _ => false,
        };
        load.conditions.extend(before.iter().filter(is_open).map(|command| command.directive.clone()));
        for command in own_and_after {
            if is_script(&command.text) && tool(&command.text).is_some() {
                load.conditions.push(command.directive.clone());
            } else if deletes(command) {
                load.prevented.get_or_insert(Prevented::Deleted(command.directive.clone()));
            } else if load.command.differs_from(command) {
                load.conditions.push(command.directive.clone());
            }
        }
        Some(load)
    }

    /// A program that a command needs and that nobody may execute.
    fn missing_program(&self, command: &Exec) -> Option<String> {
        let first = command.text.split_whitespace().next().map(unquoted);
        let mut programs = first.into_iter().chain(tool(&command.text));
        let is_missing = |program: &&str| self.paths.get(*program).is_some_and(|found| !found.is_executable);
        programs.find(is_missing).map(str::to_owned)
    }
}

impl LoadCommand {
    /// Whether another command does something to the rules that this one does not.
    fn differs_from(&self, other: &Exec) -> bool {
        deletes(other) || load_command(other).is_some_and(|other| other.file != self.file)
    }
}

/// Whether a command does nothing but succeed.
fn is_true(text: &str) -> bool {
    matches!(text.split_whitespace().next(), Some("true" | "/bin/true" | "/usr/bin/true"))
}

/// Whether a command is a script in which more than one command decides.
fn is_script(text: &str) -> bool {
    text.contains(['&', '|', ';', '`', '$'])
}

/// Whether a command deletes the rules.
fn deletes(command: &Exec) -> bool {
    tool(&command.text).is_some_and(|tool| tool.ends_with("auditctl"))
        && command.text.split_whitespace().map(unquoted).any(|word| word == "-D")
}

/// The command, where it loads rules.
fn load_command(command: &Exec) -> Option<LoadCommand> {
    if command.phase == Phase::Condition {
        return None;
    }
    let mut words = command.text.split_whitespace().map(unquoted);
    let program = words.by_ref().find(|word| word.ends_with("augenrules") || word.ends_with("auditctl"))?;
    let option = if program.ends_with("auditctl") { "-R" } else { "--load" };
    words.find(|word| *word == option)?;
    let file = if option == "-R" { Some(words.next()?.to_owned()) } else { None };
    Some(LoadCommand { text: command.text.clone(), file, ignores_failure: command.ignores_failure })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::init::PathKind;

    /// A unit, and whether a target that is reached asks for it.
    type Wanted = (Unit, bool);

    fn unit(texts: &[&str]) -> Wanted {
        let file = |text: &&str| UnitFile { path: "/etc/x.service".to_owned(), text: text.as_bytes().to_vec() };
        (Unit { files: texts.iter().map(file).collect(), is_masked: false }, true)
    }

    fn none() -> Wanted {
        (Unit::default(), true)
    }

    fn masked() -> Wanted {
        (Unit { is_masked: true, ..Unit::default() }, true)
    }

    fn not_wanted(unit: Wanted) -> Wanted {
        (unit.0, false)
    }

    fn host(units: &[Wanted; 2]) -> Units {
        let wanted = UNITS.iter().zip(units).filter(|(_, unit)| unit.1).map(|(name, _)| (*name).to_owned());
        let reached = wanted.chain(["multi-user.target".to_owned()]).collect();
        Units { units: [units[0].0.clone(), units[1].0.clone()], reached, ..Units::default() }
    }

    fn loader(units: &[Wanted; 2]) -> Loader {
        super::loader(&host(units))
    }

    /// The unit, whether it is started, and the command.
    fn short(units: &[Wanted; 2]) -> (Option<&'static str>, State, Option<String>) {
        let loader = loader(units);
        (loader.service, loader.state, loader.command.map(|command| command.text))
    }

    const OWN: &str = "[Service]\nType=oneshot\nExecStart=/sbin/augenrules --load\n";
    const POST: &str = "[Service]\nExecStart=/sbin/auditd\nExecStartPost=-/sbin/augenrules --load\n";
    const REQUIRES: &str = "[Unit]\nRequires=audit-rules.service\n[Service]\nExecStart=/sbin/auditd\n";
    const LOAD: &str = "/sbin/augenrules --load";

    #[test]
    fn the_unit_that_is_started_and_loads_rules_is_found() {
        let enabled = |unit| (Some(unit), State::Enabled, Some(LOAD.to_owned()));
        assert_eq!(short(&[unit(&[OWN]), unit(&[REQUIRES])]), enabled(UNITS[0]));
        assert_eq!(short(&[not_wanted(unit(&[OWN])), unit(&[REQUIRES])]), enabled(UNITS[0]), "auditd asks for it");
        assert_eq!(short(&[none(), unit(&[POST])]), enabled(UNITS[1]));
        assert_eq!(short(&[masked(), unit(&[POST])]), enabled(UNITS[1]));
        assert_eq!(short(&[not_wanted(unit(&[OWN])), unit(&[POST])]), enabled(UNITS[1]));
    }

    #[test]
    fn a_unit_that_nobody_starts_loads_nothing() {
        let disabled = |unit| (Some(unit), State::Disabled, Some(LOAD.to_owned()));
        assert_eq!(short(&[not_wanted(unit(&[OWN])), not_wanted(unit(&[REQUIRES]))]), disabled(UNITS[0]));
        assert_eq!(short(&[none(), not_wanted(unit(&[POST]))]), disabled(UNITS[1]));
        assert_eq!(short(&[masked(), unit(&[REQUIRES])]), (Some(UNITS[0]), State::Masked, None));
        assert_eq!(short(&[none(), masked()]), (Some(UNITS[1]), State::Masked, None));
        let missing = (None, State::Missing, None);
        assert_eq!(short(&[none(), none()]), missing);
        assert_eq!(short(&[none(), unit(&["[Service]\nExecStart=/sbin/auditd -R\n"])]), missing);
    }

    #[test]
    fn drop_ins_of_a_unit_add_to_it_and_take_away() {
        let own = "[Service]\nExecStartPost=\nExecStartPost = /usr/sbin/auditctl \\\n  -R /etc/audit/audit.rules\n";
        let found = loader(&[none(), unit(&[POST, own])]).command;
        let text = "/usr/sbin/auditctl    -R /etc/audit/audit.rules".to_owned();
        let file = Some("/etc/audit/audit.rules".to_owned());
        assert_eq!(found, Some(LoadCommand { text, file, ignores_failure: false }));
        let nothing = "# ExecStart=/sbin/augenrules --load\n[Service]\nExecStartPost=\n";
        assert_eq!(loader(&[none(), unit(&[POST, nothing])]).state, State::Missing);
        let shell = "[Service]\nExecStartPost=-+/bin/sh -c '/sbin/augenrules --load'\n";
        let found = loader(&[none(), unit(&[shell])]).command;
        assert!(found.is_some_and(|command| command.ignores_failure && command.file.is_none()));
    }

    #[test]
    fn before_the_first_boot_the_presets_decide_about_a_unit_that_can_be_enabled() {
        let state = |unit: &str, presets: Option<&[&str]>| {
            let presets = presets.map(|texts| texts.iter().map(|text| text.as_bytes().to_vec()).collect());
            let units = [none(), not_wanted(self::unit(&[unit]))];
            super::loader(&Units { presets, ..host(&units) }).state
        };
        let install = format!("{POST}[Install]\nWantedBy=multi-user.target\n");
        assert_eq!(state(&install, None), State::Disabled, "it has booted before");
        assert_eq!(state(&install, Some(&[])), State::Enabled, "what no preset names is enabled");
        assert_eq!(state(POST, Some(&[])), State::Disabled, "there is no target that could ask for it");
        assert_eq!(state(&install, Some(&["# all\ndisable *\n"])), State::Disabled);
        assert_eq!(state(&install, Some(&["enable audit*.service\n", "disable *\n"])), State::Enabled);
        assert_eq!(state(&install, Some(&["disable auditd.service\nenable *\n"])), State::Disabled);
    }

    fn state_of(text: &str) -> (State, Option<Prevented>, Vec<String>) {
        let loader = loader(&[none(), unit(&[POST, text])]);
        (loader.state, loader.prevented, loader.conditions.into_iter().map(|directive| directive.text).collect())
    }

    #[test]
    fn the_commands_around_the_load_count() {
        let open = |text: &str, named: &str| {
            assert_eq!(state_of(text), (State::Enabled, None, vec![named.to_owned()]), "{text}");
        };
        open("[Service]\nExecCondition=/bin/x\n", "ExecCondition=/bin/x");
        open("[Service]\nExecStartPre=/bin/x\n", "ExecStartPre=/bin/x");
        open("[Service]\nExecStartPost=/sbin/auditctl -R /etc/more\n", "ExecStartPost=/sbin/auditctl -R /etc/more");
        let script = "ExecStartPost=/bin/sh -c 'test -e /x && augenrules --load'";
        open(&format!("[Service]\nExecStartPost=\n{script}\n"), script);
        for harmless in ["ExecStartPre=-/bin/x", "ExecStartPre=/bin/true", "ExecStopPost=/sbin/auditctl -D"] {
            assert_eq!(state_of(&format!("[Service]\n{harmless}\n")), (State::Enabled, None, vec![]), "{harmless}");
        }
        let gone = |text: &str| matches!(state_of(text), (State::Prevented, Some(Prevented::Deleted(_)), _));
        assert!(gone("[Service]\nExecStartPost=-/sbin/auditctl -D\n"));
        assert!(gone("[Service]\nType=oneshot\nExecStopPost=-/sbin/auditctl -D\n"), "it does not stay");
        assert!(!gone("[Service]\nExecStartPre=-/sbin/auditctl -D\n"));
        assert!(!gone("[Service]\nExecStartPost=-/sbin/auditctl -D\nExecStartPost=/sbin/augenrules --load\n"));
        assert!(!gone("[Unit]\nExecStartPost=-/sbin/auditctl -D\n"), "it stands in another section");
    }

    #[test]
    fn conditions_of_every_kind_are_judged_or_named() {
        let state = |lines: &str, command_line: Option<&str>| {
            let units = [none(), unit(&[POST, &format!("[Unit]\n{lines}\n")])];
            let there = PathFound { kind: PathKind::Directory, has_content: true, ..PathFound::default() };
            let paths = [("/etc/on".to_owned(), there), ("/etc/off".to_owned(), PathFound::default())].into();
            let command_line = command_line.map(str::to_owned);
            let loader = super::loader(&Units { paths, command_line, ..host(&units) });
            match (loader.state, loader.conditions.len()) {
                (State::Enabled, 0) => Some(true),
                (State::Prevented, _) => Some(false),
                _ => None,
            }
        };
        let rows = [
            ("ConditionPathExists=/etc/on", Some(true)),
            ("ConditionPathExists=!/etc/on", Some(false)),
            ("AssertPathExists=/etc/off", Some(false)),
            ("ConditionPathIsSymbolicLink=/etc/on", Some(false)),
            ("ConditionDirectoryNotEmpty=/etc/on", Some(true)),
            ("ConditionPathExists=|/etc/off\nConditionPathExists=|/etc/on", Some(true)),
            ("ConditionPathExists=|/etc/off\nConditionPathIsDirectory=|!/etc/on", Some(false)),
            ("ConditionPathExists=/etc/off\nConditionPathExists=", Some(true)),
            ("ConditionPathExists=/run/x", None),
            ("ConditionPathExists=/etc/%H", None),
            ("ConditionFirstBoot=yes", None),
            ("ConditionSecurity=audit\nConditionVirtualization=!container", Some(true)),
            ("ConditionKernelCommandLine=!audit=0\nConditionKernelCommandLine=!audit=off", Some(true)),
        ];
        for (lines, expected) in rows {
            assert_eq!(state(lines, None), expected, "{lines}");
            assert_eq!(state(lines, Some("quiet audit=1")), expected, "{lines}");
        }
        assert_eq!(state("ConditionKernelCommandLine=!audit", None), None);
        assert_eq!(state("ConditionKernelCommandLine=!audit", Some("quiet audit=1")), Some(false));
        assert_eq!(state("ConditionKernelCommandLine=!audit=0", Some("quiet audit=0")), Some(false));
    }
}
