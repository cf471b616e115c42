//! What a unit file and its drop-ins say, as far as it matters to who loads the rules (`systemd.syntax(7)`).

use super::prevented::Directive;

/// A unit file, or a drop-in of one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UnitFile {
    /// Where it lies.
    pub path: String,
    /// What it says.
    pub text: Vec<u8>,
}

/// When a command of a service runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Phase {
    /// `ExecCondition=`.
    Condition,
    /// `ExecStartPre=`.
    Before,
    /// `ExecStart=`.
    Start,
    /// `ExecStartPost=`.
    After,
    /// `ExecStop=` and `ExecStopPost=`, which follow at once where a service does not stay.
    Stop,
}

/// A command of a service.
#[derive(Debug, Clone)]
pub(super) struct Exec {
    pub phase: Phase,
    pub key: String,
    pub directive: Directive,
    /// Without the signs before it.
    pub text: String,
    /// A failure counts as success.
    pub ignores_failure: bool,
}

/// `Condition...=` or `Assert...=`.
#[derive(Debug, Clone)]
pub(super) struct Condition {
    pub is_assert: bool,
    /// `PathExists`.
    pub kind: String,
    pub value: String,
    pub directive: Directive,
}

/// A unit.
#[derive(Debug, Default)]
pub(super) struct Parsed {
    pub conditions: Vec<Condition>,
    /// In the order in which they run.
    pub commands: Vec<Exec>,
    /// The units that are started with it.
    pub pulled_in: Vec<String>,
    /// The units that ask for it once it is enabled.
    pub wanted_by: Vec<String>,
    /// It does without the usual dependencies.
    is_early: bool,
    is_oneshot: bool,
    stays: bool,
}

/// What is started with a unit.
#[derive(Debug)]
pub struct Started {
    /// Other units.
    pub pulled_in: Vec<String>,
    /// The programs that its commands name, where it has to do with audit rules.
    pub programs: Vec<String>,
}

impl Started {
    /// With the unit that these files are of.
    #[must_use]
    pub fn of(files: &[UnitFile]) -> Self {
        let parsed = Parsed::of(files);
        let programs = programs_of(&parsed.commands);
        let usual = (!parsed.is_early && !parsed.commands.is_empty()).then(|| "sysinit.target".to_owned());
        Self { pulled_in: parsed.pulled_in.into_iter().chain(usual).collect(), programs }
    }
}

/// The programs that the commands of a unit name, where it has to do with audit rules.
#[must_use]
pub fn programs(files: &[UnitFile]) -> Vec<String> {
    programs_of(&Parsed::of(files).commands)
}

fn programs_of(commands: &[Exec]) -> Vec<String> {
    if !commands.iter().any(|command| tool(&command.text).is_some()) {
        return Vec::new();
    }
    let of_command = |command: &Exec| {
        let first = command.text.split_whitespace().next().map(unquoted);
        first.into_iter().chain(tool(&command.text)).map(str::to_owned).collect::<Vec<_>>()
    };
    commands.iter().flat_map(of_command).collect()
}

/// The `augenrules` or `auditctl` that a command calls.
pub(super) fn tool(text: &str) -> Option<&str> {
    let is_tool = |word: &&str| word.ends_with("augenrules") || word.ends_with("auditctl");
    text.split_whitespace().map(unquoted).find(is_tool)
}

pub(super) fn unquoted(word: &str) -> &str {
    word.trim_matches(['"', '\''])
}

impl Parsed {
    pub fn of(files: &[UnitFile]) -> Self {
        let mut unit = Self::default();
        for file in files {
            let text = String::from_utf8_lossy(&file.text).replace("\\\n", " ");
            let mut section = "";
            for line in text.lines().map(str::trim).filter(|line| !line.starts_with(['#', ';'])) {
                if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
                    section = name;
                } else if let Some((key, value)) = line.split_once('=') {
                    let (key, value) = (key.trim(), value.trim());
                    let directive = || Directive { file: file.path.clone(), text: format!("{key}={value}") };
                    unit.take(section, key, value, &directive);
                }
            }
        }
        if !unit.is_oneshot || unit.stays {
            unit.commands.retain(|command| command.phase != Phase::Stop);
        }
        unit.commands.sort_by_key(|command| command.phase);
        unit
    }

    fn take(&mut self, section: &str, key: &str, value: &str, directive: &dyn Fn() -> Directive) {
        let names = || value.split_whitespace().map(str::to_owned);
        let is_yes = ["yes", "true", "on", "1"].contains(&value);
        match (section, key) {
            ("Unit", "Wants" | "Requires" | "BindsTo" | "Upholds") => self.pulled_in.extend(names()),
            ("Unit", "DefaultDependencies") => self.is_early = !is_yes,
            ("Install", "WantedBy" | "RequiredBy") if value.is_empty() => self.wanted_by.clear(),
            ("Install", "WantedBy" | "RequiredBy") => self.wanted_by.extend(names()),
            ("Service", "Type") => self.is_oneshot = value == "oneshot",
            ("Service", "RemainAfterExit") => self.stays = is_yes,
            ("Service", "ExecCondition") => self.run(Phase::Condition, key, value, directive),
            ("Service", "ExecStartPre") => self.run(Phase::Before, key, value, directive),
            ("Service", "ExecStart") => self.run(Phase::Start, key, value, directive),
            ("Service", "ExecStartPost") => self.run(Phase::After, key, value, directive),
            ("Service", "ExecStop" | "ExecStopPost") => self.run(Phase::Stop, key, value, directive),
            ("Unit", _) => {
                let condition = key.strip_prefix("Condition").map(|kind| (false, kind));
                let Some((is_assert, kind)) = condition.or_else(|| key.strip_prefix("Assert").map(|kind| (true, kind)))
                else {
                    return;
                };
                if value.is_empty() {
                    // It takes back those of every kind.
                    self.conditions.retain(|condition| condition.is_assert != is_assert);
                } else {
                    let (kind, value, directive) = (kind.to_owned(), value.to_owned(), directive());
                    self.conditions.push(Condition { is_assert, kind, value, directive });
                }
            }
            _ => {}
        }
    }

    fn run(&mut self, phase: Phase, key: &str, value: &str, directive: &dyn Fn() -> Directive) {
        // An empty one takes back those before it.
        if value.is_empty() {
            self.commands.retain(|command| command.key != key);
            return;
        }
        let text = value.trim_start_matches(|c: char| "-@:+!|".contains(c));
        let signs = value.get(..value.len() - text.len()).unwrap_or_default();
        let (key, text) = (key.to_owned(), text.to_owned());
        self.commands.push(Exec { phase, key, directive: directive(), text, ignores_failure: signs.contains('-') });
    }
}
