//! The shapes of the report of `gather`.

use std::collections::BTreeMap;
use std::rc::Rc;

use schemars::JsonSchema;
use serde::Serialize;

use super::culprit::CulpritReport;
use super::explain;
use super::rule::RuleReport;

/// The files, as they were read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct FilesystemReport {
    /// The directory of the drop-ins.
    pub rules_dir: String,
    /// Whether it exists.
    pub exists: bool,
    /// The drop-ins, in the order of the boot load; or `audit.rules`, where there is none. Absent with `details: false`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub files: Option<Vec<RulesFileReport>>,
    /// Whether `audit.rules` is what augenrules would write now; absent where it does not exist.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compiled: Option<bool>,
    /// Lines that fail on this host, each problem once with all its places.
    pub errors: Vec<LineProblemReport>,
    /// The settings of auditd.conf, names and auditd's own words in lower case. Absent where there is no such file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auditd: Option<BTreeMap<String, String>>,
}

/// A file with rules.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct RulesFileReport {
    /// Its path, as seen from the root.
    pub path: String,
    /// Its permissions, in octal.
    pub mode: String,
    /// The number of its owner.
    pub uid: u32,
    /// The number of its group.
    pub gid: u32,
    /// Its rules.
    pub rules: Vec<FileRuleReport>,
    /// Its settings and requests.
    pub controls: Vec<ControlLineReport>,
}

/// A rule of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct FileRuleReport {
    /// The rule.
    #[serde(flatten)]
    pub rule: Rc<RuleReport>,
    /// The number of its line, from 1.
    pub line: usize,
    /// Whether the kernel holds it; absent where the kernel was not read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub running: Option<bool>,
    /// Whether the next boot loads it.
    pub next_boot: bool,
}

/// A line that sets or asks for something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ControlLineReport {
    /// The line as it stands.
    pub text: String,
    /// Its number, from 1.
    pub line: usize,
    /// What it sets.
    #[serde(skip_serializing_if = "explain::Settings::is_empty")]
    pub settings: explain::Settings,
}

/// A problem of one or several lines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct LineProblemReport {
    /// The stable name of the kind of problem.
    pub kind: String,
    /// The problem as a sentence.
    pub message: String,
    /// The line as it stands.
    pub rule: String,
    /// What may help.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// Every place where it stands: `file:line`.
    pub places: Vec<String>,
}

/// A rule of the running kernel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct RunningRuleReport {
    /// The rule.
    #[serde(flatten)]
    pub rule: Rc<RuleReport>,
    /// The line that asks for it, `file:line`, or `runtime only`; absent where the files were not read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub origin: Option<String>,
}

/// The state of the audit subsystem, in the kernel's numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct StatusReport {
    /// The kernel's version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub release: Option<String>,
    /// 0 off, 1 on, 2 locked until the next boot.
    pub enabled: u32,
    /// 0 silent, 1 printk, 2 panic.
    pub failure: u32,
    /// The process that receives records; 0 for none.
    pub pid: u32,
    /// The name of that process, where it can be seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub process: Option<String>,
    /// Who listens to the records besides, such as journald: they get what the receiver gets, and take nothing away.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub listeners: Vec<ListenerReport>,
    /// Records per second; 0 for no limit.
    pub rate_limit: u32,
    /// Records that may wait.
    pub backlog_limit: u32,
    /// Records lost since boot or the last reset.
    pub lost: u32,
    /// Records waiting now.
    pub backlog: u32,
    /// How long a task waits for room, in jiffies; since Linux 3.14.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backlog_wait_time: Option<u32>,
    /// How long tasks have waited in all, in jiffies; since Linux 5.9.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backlog_wait_time_actual: Option<u32>,
    /// Whether processes from before auditing was first switched on make system call records too: the kernel was started
    /// with `audit=1`. Absent where its command line cannot be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub covers_early_processes: Option<bool>,
    /// What the kernel's command line says of audit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command_line: Option<CommandLineReport>,
}

/// Somebody who listens to records.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ListenerReport {
    /// The port of the netlink socket: for most the number of their process.
    pub port: u32,
    /// The process with that number, where there is one that can be seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub process: Option<String>,
}

/// What the kernel's command line says of audit; what it does not mention is absent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct CommandLineReport {
    /// `audit=`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audit: Option<String>,
    /// `audit_backlog_limit=`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audit_backlog_limit: Option<String>,
}

/// What the kernel can do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct FeaturesReport {
    /// The abilities that the kernel names, since Linux 3.13.
    pub abilities: Vec<String>,
    /// Whether a login uid, once set, is fixed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub loginuid_immutable: Option<SwitchReport>,
    /// Whether a login uid can only be set where none is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub only_unset_loginuid: Option<SwitchReport>,
}

/// Who loads the rules at boot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct BootLoaderReport {
    /// `enabled`, `disabled` or `masked`; `prevented` where the service is started and loads nothing; `none` where no
    /// service loads them; `unknown` where nothing tells.
    pub state: &'static str,
    /// The init system: `systemd`, `openrc` or `sysv`; absent where nothing tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub init: Option<&'static str>,
    /// The service: a unit, or the path of a script.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<&'static str>,
    /// Its command.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    /// The file that the command loads as it stands; absent where it is augenrules, which merges the drop-ins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// Whether nobody notices that the load failed.
    pub ignores_failure: bool,
    /// Why the service loads nothing though it is started.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prevented_by: Option<String>,
    /// What decides whether the service loads the rules, and cannot be judged from files: each directive with its file.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<String>,
    /// The auditctl that is installed; absent where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auditctl: Option<AuditctlReport>,
}

/// The installed auditctl, as far as its files say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct AuditctlReport {
    /// Its version; absent where neither it nor the package says so, and the newest is assumed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Whether the names that it knows could be read from its library; else it is assumed to know all.
    pub names_known: bool,
}

/// A feature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct SwitchReport {
    /// Whether it is on.
    pub on: bool,
    /// Whether it stays so until the next boot.
    pub locked: bool,
}

/// A program that has to do with the host's audit rules.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ManagerReport {
    /// The program.
    pub name: String,
    /// Its processes.
    pub pids: Vec<u32>,
    /// Whether one of them receives the kernel's records.
    pub receives_records: bool,
    /// How many loaded rules have a key of its own.
    pub rules: usize,
}

/// Who says what about a setting, in the kernel's numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct SettingReport {
    /// What the files say, were they carried out to their end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_disk: Option<u32>,
    /// What the kernel holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub running: Option<u32>,
    /// What the next boot sets; absent where it leaves the kernel's own value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_boot: Option<u32>,
    /// The line that decides: `file:line`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decided_by: Option<String>,
    /// The lines that lose.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub overruled: Vec<OverruledReport>,
    /// Who changed it in the kernel to something else than the files say. With `culprit`, where the audit log tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub culprit: Option<CulpritReport>,
}

/// A line that loses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct OverruledReport {
    /// What it says.
    pub value: u32,
    /// Where it stands: `file:line`.
    pub at: String,
}

/// Settings by their names.
pub type SettingsReport = BTreeMap<String, SettingReport>;

/// How the files, the running kernel and the next boot differ.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct DriftReport {
    /// Rules that a file asks for and the kernel does not hold.
    pub missing_in_runtime: Vec<DifferenceReport>,
    /// Rules that the kernel holds and no file asks for.
    pub missing_in_filesystem: Vec<DifferenceReport>,
    /// Rules that a file asks for and the kernel holds, and that the next boot does not load.
    pub missing_at_boot: Vec<DifferenceReport>,
    /// Rules that are loaded in the wrong place, as far as `ordering` says that it matters.
    pub order: Vec<DifferenceReport>,
    /// Rules that the kernel holds and that watch something else than what their paths name now.
    pub silent: Vec<DifferenceReport>,
    /// The settings that are not the same in all three.
    pub settings: Vec<String>,
}

/// A rule that is not where it should be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct DifferenceReport {
    /// The rule, as `auditctl -l` prints it; or the line as it stands, where it cannot be read here.
    pub rule: String,
    /// Its short name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The file that asks for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// The line there, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// The stable name of the cause.
    pub cause: String,
    /// The cause as a sentence.
    pub why: String,
    /// Whether the next boot loads it.
    pub next_boot: bool,
    /// Who loaded or unloaded it. With `culprit`, where the audit log tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub culprit: Option<CulpritReport>,
}

/// What the next boot would load.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct NextBootReport {
    /// The rules, in the order in which the kernel would list them. Absent with `details: false`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rules: Option<Vec<String>>,
    /// The line at which the load would stop; absent where it reaches its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stops_at: Option<StopReport>,
    /// The kernels that the boot loader's files name, without those for recovery.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub kernels: Vec<NextKernelReport>,
}

/// A kernel that the host can boot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct NextKernelReport {
    /// What the boot menu calls it.
    pub title: String,
    /// The file that says what it is told.
    pub file: String,
    /// What it is told of audit.
    pub command_line: CommandLineReport,
    /// Whether it audits from its start, so that processes make records whenever they began.
    pub covers_early_processes: bool,
}

/// The line at which the boot load would stop.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct StopReport {
    /// Its file.
    pub file: String,
    /// Its number, from 1.
    pub line: usize,
    /// What it says.
    pub rule: String,
    /// Why it fails.
    pub why: String,
    /// How many lines after it would not be read.
    pub unread: usize,
}
