//! What the files of a host say about who loads its audit rules at boot: systemd, `OpenRC` or the scripts of System V; and
//! what its boot loader tells the kernel, and how auditd is set.

mod auditd_conf;
mod boot_entry;
mod condition;
mod prevented;
mod script;
mod systemd;
mod unit;

pub use auditd_conf::auditd_settings;
pub use boot_entry::{BootEntry, grub_entries, grub_environment, specified_entry};
pub use condition::{PathFound, PathKind, judged_paths};
pub use prevented::{Directive, Prevented};
pub use script::Script;
pub use systemd::{UNITS, Unit, Units};
pub use unit::{Started, UnitFile, programs};

/// The init system of a host, with what it says about the audit rules.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Init {
    /// systemd.
    Systemd(Units),
    /// `OpenRC`: Alpine, Gentoo.
    OpenRc(Script),
    /// The scripts of System V: Devuan.
    SysV(Script),
    /// Nothing tells which one it has: a container, or an image without one.
    #[default]
    Unknown,
}

/// Who loads the rules at boot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loader {
    /// The init system; none where nothing tells.
    pub init: Option<&'static str>,
    /// Whether their service is started.
    pub state: State,
    /// The service: a unit, or the path of a script; none where there is none.
    pub service: Option<&'static str>,
    /// What loads the rules; none where the unit is masked, which hides what it says.
    pub command: Option<LoadCommand>,
    /// Why the service, which is started, loads nothing.
    pub prevented: Option<Prevented>,
    /// What decides whether it loads the rules, and cannot be judged from files.
    pub conditions: Vec<Directive>,
}

impl Loader {
    fn new(
        init: Option<&'static str>,
        state: State,
        service: Option<&'static str>,
        command: Option<LoadCommand>,
    ) -> Self {
        Self { init, state, service, command, prevented: None, conditions: Vec::new() }
    }
}

/// Whether a service is started at boot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It is.
    Enabled,
    /// It is, and what its files say keeps the rules from being loaded.
    Prevented,
    /// Nobody can start it.
    Masked,
    /// Nothing asks for it.
    Disabled,
    /// There is none.
    Missing,
    /// Nothing tells.
    Unknown,
}

impl State {
    /// Of two units the one with the lesser rank counts.
    fn rank(self) -> u8 {
        self as u8
    }

    /// Its name in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Enabled => "enabled",
            Self::Prevented => "prevented",
            Self::Disabled => "disabled",
            Self::Masked => "masked",
            Self::Missing => "none",
            Self::Unknown => "unknown",
        }
    }
}

/// A command that loads rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoadCommand {
    /// As the unit has it.
    pub text: String,
    /// The file that auditctl reads; none where augenrules merges the drop-ins.
    pub file: Option<String>,
    /// Nobody looks at its exit status.
    pub ignores_failure: bool,
}

impl Init {
    /// Who loads the rules.
    #[must_use]
    pub fn loader(&self) -> Loader {
        match self {
            Self::Systemd(units) => systemd::loader(units),
            Self::OpenRc(script) => script.loader("openrc"),
            Self::SysV(script) => script.loader("sysv"),
            Self::Unknown => Loader::new(None, State::Unknown, None, None),
        }
    }
}
