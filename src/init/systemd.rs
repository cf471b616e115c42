//! What the units of a host with systemd say about who loads its audit rules at boot.

use glob::Pattern;

use super::{LoadCommand, Loader, State};

/// The units that distributions load audit rules with. The first one that does so counts.
pub const UNITS: [&str; 2] = ["audit-rules.service", "auditd.service"];

/// A unit, as its files have it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Unit {
    /// Its file and then its drop-ins, in the order in which they count; empty where there is no such unit.
    pub texts: Vec<Vec<u8>>,
    /// It is masked: systemd starts it for nobody.
    pub is_masked: bool,
    /// A target asks for it.
    pub is_wanted: bool,
}

/// The units of a host with systemd, as far as they matter here.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Units {
    /// Those of [`UNITS`], in their order.
    pub units: [Unit; 2],
    /// The preset files, in the order in which they count, where the next boot is the first one: systemd then enables what
    /// they name (`systemd.preset(5)`, `machine-id(5)`). None on a host that has booted before.
    pub presets: Option<Vec<Vec<u8>>>,
}

/// Who loads the rules, given the units.
#[must_use]
pub(super) fn loader(host: &Units) -> Loader {
    let mut found = [None, None];
    let mut pulls_own = false;
    let mut is_wanted = [false, false];
    for (at, unit) in host.units.iter().enumerate() {
        let settings = Settings::of(unit);
        pulls_own |= settings.pulls_own;
        let presets = host.presets.as_deref().filter(|_| settings.can_be_enabled);
        is_wanted[at] = unit.is_wanted || presets.is_some_and(|presets| is_preset(UNITS[at], presets));
        found[at] = settings.starts.into_iter().flatten().next();
    }
    let is_there = |unit: &Unit| !unit.texts.is_empty() && !unit.is_masked;
    let [own, auditd] = &host.units;
    let has_auditd = is_there(auditd) && is_wanted[1];
    let is_started = [is_there(own) && (is_wanted[0] || (has_auditd && pulls_own)), has_auditd];
    let state = |at: usize| match () {
        () if is_started[at] && found[at].is_some() => State::Enabled,
        () if host.units[at].is_masked => State::Masked,
        () if found[at].is_some() => State::Disabled,
        () => State::Missing,
    };
    let (first, second) = (state(0), state(1));
    let at = usize::from(second.rank() < first.rank());
    let state = if at == 0 { first } else { second };
    let service = (state != State::Missing).then_some(UNITS[at]);
    Loader { init: Some("systemd"), state, service, command: found.into_iter().nth(at).flatten() }
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

/// What of a unit matters here.
#[derive(Default)]
struct Settings {
    /// What `ExecStartPre=`, `ExecStart=` and `ExecStartPost=` load rules with.
    starts: [Option<LoadCommand>; 3],
    /// The unit of the rules is started with it.
    pulls_own: bool,
    /// It says which target asks for it once it is enabled.
    can_be_enabled: bool,
}

impl Settings {
    fn of(unit: &Unit) -> Self {
        let mut settings = Self::default();
        for text in unit.texts.iter().filter(|_| !unit.is_masked) {
            let text = String::from_utf8_lossy(text).replace("\\\n", " ");
            for line in text.lines() {
                // A comment has no key that is one of these.
                if let Some((key, value)) = line.split_once('=') {
                    settings.take(key.trim(), value.trim());
                }
            }
        }
        settings
    }

    fn take(&mut self, key: &str, value: &str) {
        let [before, start, after] = &mut self.starts;
        let known = match key {
            "ExecStartPre" => before,
            "ExecStart" => start,
            "ExecStartPost" => after,
            "Wants" | "Requires" | "BindsTo" => {
                self.pulls_own |= value.split_whitespace().any(|name| name == UNITS[0]);
                return;
            }
            "WantedBy" | "RequiredBy" => {
                self.can_be_enabled |= !value.is_empty();
                return;
            }
            _ => return,
        };
        // An empty one takes back those before it.
        if value.is_empty() {
            *known = None;
        }
        if known.is_none() {
            *known = command(value);
        }
    }
}

/// The command, where it loads rules.
fn command(value: &str) -> Option<LoadCommand> {
    let text = value.trim_start_matches(|c: char| "-@:+!|".contains(c));
    let prefix = value.get(..value.len() - text.len()).unwrap_or_default();
    let mut words = text.split_whitespace().map(|word| word.trim_matches(['"', '\'']));
    let program = words.by_ref().find(|word| word.ends_with("augenrules") || word.ends_with("auditctl"))?;
    let option = if program.ends_with("auditctl") { "-R" } else { "--load" };
    words.find(|word| *word == option)?;
    let file = if option == "-R" { Some(words.next()?.to_owned()) } else { None };
    Some(LoadCommand { text: text.to_owned(), file, ignores_failure: prefix.contains('-') })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unit(texts: &[&str]) -> Unit {
        let texts = texts.iter().map(|text| text.as_bytes().to_vec()).collect();
        Unit { texts, is_masked: false, is_wanted: true }
    }

    fn masked() -> Unit {
        Unit { is_masked: true, ..Unit::default() }
    }

    fn not_wanted(unit: Unit) -> Unit {
        Unit { is_wanted: false, ..unit }
    }

    fn loader(units: &[Unit; 2]) -> Loader {
        super::loader(&Units { units: units.clone(), presets: None })
    }

    /// The unit, whether it is started, and the command.
    fn short(units: &[Unit; 2]) -> (Option<&'static str>, State, Option<String>) {
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
        assert_eq!(short(&[Unit::default(), unit(&[POST])]), enabled(UNITS[1]));
        assert_eq!(short(&[masked(), unit(&[POST])]), enabled(UNITS[1]));
        assert_eq!(short(&[not_wanted(unit(&[OWN])), unit(&[POST])]), enabled(UNITS[1]));
    }

    #[test]
    fn a_unit_that_nobody_starts_loads_nothing() {
        let disabled = |unit| (Some(unit), State::Disabled, Some(LOAD.to_owned()));
        assert_eq!(short(&[not_wanted(unit(&[OWN])), not_wanted(unit(&[REQUIRES]))]), disabled(UNITS[0]));
        assert_eq!(short(&[Unit::default(), not_wanted(unit(&[POST]))]), disabled(UNITS[1]));
        assert_eq!(short(&[masked(), unit(&[REQUIRES])]), (Some(UNITS[0]), State::Masked, None));
        assert_eq!(short(&[Unit::default(), masked()]), (Some(UNITS[1]), State::Masked, None));
        let missing = (None, State::Missing, None);
        assert_eq!(short(&[Unit::default(), Unit::default()]), missing);
        assert_eq!(short(&[Unit::default(), unit(&["[Service]\nExecStart=/sbin/auditd -R\n"])]), missing);
    }

    #[test]
    fn drop_ins_of_a_unit_add_to_it_and_take_away() {
        let own = "[Service]\nExecStartPost=\nExecStartPost = /usr/sbin/auditctl \\\n  -R /etc/audit/audit.rules\n";
        let found = loader(&[Unit::default(), unit(&[POST, own])]).command;
        let text = "/usr/sbin/auditctl    -R /etc/audit/audit.rules".to_owned();
        let file = Some("/etc/audit/audit.rules".to_owned());
        assert_eq!(found, Some(LoadCommand { text, file, ignores_failure: false }));
        let none = "# ExecStart=/sbin/augenrules --load\n[Service]\nExecStartPost=\n";
        assert_eq!(loader(&[Unit::default(), unit(&[POST, none])]).state, State::Missing);
        let shell = "[Service]\nExecStartPost=-+/bin/sh -c '/sbin/augenrules --load'\n";
        let found = loader(&[Unit::default(), unit(&[shell])]).command;
        assert!(found.is_some_and(|command| command.ignores_failure && command.file.is_none()));
    }

    #[test]
    fn before_the_first_boot_the_presets_decide_about_a_unit_that_can_be_enabled() {
        let state = |unit: &str, presets: Option<&[&str]>| {
            let presets = presets.map(|texts| texts.iter().map(|text| text.as_bytes().to_vec()).collect());
            let units = [Unit::default(), not_wanted(self::unit(&[unit]))];
            super::loader(&Units { units, presets }).state
        };
        let install = format!("{POST}[Install]\nWantedBy=multi-user.target\n");
        assert_eq!(state(&install, None), State::Disabled, "it has booted before");
        assert_eq!(state(&install, Some(&[])), State::Enabled, "what no preset names is enabled");
        assert_eq!(state(POST, Some(&[])), State::Disabled, "there is no target that could ask for it");
        assert_eq!(state(&install, Some(&["# all\ndisable *\n"])), State::Disabled);
        assert_eq!(state(&install, Some(&["enable audit*.service\n", "disable *\n"])), State::Enabled);
        assert_eq!(state(&install, Some(&["disable auditd.service\nenable *\n"])), State::Disabled);
    }
}
