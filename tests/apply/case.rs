//! The folders of `tests/scenarios`.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use audit_rules::kernel::Features;
use audit_rules::kernel::access::Absence;
use audit_rules::kernel::model::Foreign;
use audit_rules::rule::Machine;
use audit_rules::rules_d::Elsewhere;
use serde::Deserialize;
use serde_json::{Map, Value as Json, json};

use crate::event::Event;
use crate::host::{Host, Reach};
use crate::tree::Tree;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/scenarios");

/// What is not usual about a host.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Unusual {
    /// As `uname -m` says it.
    machine: Option<String>,
    /// `no_audit`, `container` or `denied`.
    access: Option<String>,
    /// What speaks against that the files are those of the kernel's host: `root`, `mount_namespace` or `unknown`.
    standing: Option<String>,
    /// Values of the kernel's settings.
    status: BTreeMap<String, u32>,
    /// The feature `loginuid_immutable` is on and locked.
    loginuid_immutable: bool,
    /// Which of the masks that auditctl's versions make of a line its rule in `kernel.rules` has; 0 is the full one.
    mask: usize,
    /// What happened to the host before the first request.
    event: Event,
}

/// A folder: a host, and what is asked of it.
pub struct Case {
    pub name: String,
    pub folder: PathBuf,
    steps: Vec<Step>,
}

struct Step {
    event: Option<Event>,
    request: Json,
}

impl Case {
    /// Every folder, sorted by name.
    pub fn all() -> Vec<Self> {
        let entries = fs::read_dir(FOLDER).unwrap().map(|entry| entry.unwrap().path());
        let mut folders: Vec<PathBuf> = entries.filter(|path| path.is_dir()).collect();
        folders.sort();
        folders.into_iter().map(Self::read).collect()
    }

    fn read(folder: PathBuf) -> Self {
        let json = |name: &str| -> Option<Json> {
            let bytes = fs::read(folder.join(name)).ok()?;
            Some(serde_json::from_slice(&bytes).unwrap_or_else(|error| panic!("{}/{name}: {error}", folder.display())))
        };
        let mut steps: Vec<Step> =
            json("request.json").into_iter().map(|request| Step { event: None, request }).collect();
        while let Some(request) = json(&format!("request.{}.json", steps.len() + 1)) {
            let event = json(&format!("before.{}.json", steps.len() + 1));
            steps.push(Step { event: event.map(|event| serde_json::from_value(event).unwrap()), request });
        }
        let name = folder.file_name().unwrap().to_str().unwrap().to_owned();
        assert!(!steps.is_empty(), "{name} has no request.json or request.1.json");
        Self { name, folder, steps }
    }

    /// The host as the folder describes it.
    pub fn host(&self) -> Host {
        let mut host = Host::new();
        let unusual: Unusual = fs::read(self.folder.join("host.json"))
            .map_or_else(|_| Unusual::default(), |bytes| serde_json::from_slice(&bytes).unwrap());
        if self.folder.join("root").is_dir() {
            for (path, bytes, _) in Tree::of(&self.folder.join("root")).files("/") {
                host.write(path, bytes);
            }
        }
        if let Some(machine) = &unusual.machine {
            host.machine = Machine::from_uname(machine).unwrap();
        }
        host.reach = match unusual.access.as_deref() {
            None => Reach::Managed,
            Some("no_audit") => Reach::Absent(Absence::NoAuditInKernel),
            Some("container") => Reach::Absent(Absence::ContainerPidNamespace),
            Some("denied") => Reach::Denied,
            Some(other) => panic!("{}: access {other}", self.name),
        };
        host.standing.elsewhere = unusual.standing.as_deref().map(|standing| match standing {
            "root" => Elsewhere::Root,
            "mount_namespace" => Elsewhere::MountNamespace,
            "unknown" => Elsewhere::Unknown,
            other => panic!("{}: standing {other}", self.name),
        });
        host.undergo(&unusual.event);
        let rules = fs::read_to_string(self.folder.join("kernel.rules")).unwrap_or_default();
        for line in rules.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let line = host.rule_line(line);
            let mut rule = line.rule.clone();
            if let Some(mask) = line.masks().get(unusual.mask) {
                rule.syscalls = mask.clone();
            }
            host.kernel.suffer(&Foreign::Append(rule));
        }
        host.kernel = host.kernel.clone().with_status(|status| {
            for (name, value) in &unusual.status {
                match name.as_str() {
                    "enabled" => status.enabled = *value,
                    "failure" => status.failure = *value,
                    "backlog_limit" => status.backlog_limit = *value,
                    "rate_limit" => status.rate_limit = *value,
                    "backlog_wait_time" => status.backlog_wait_time = Some(*value),
                    "pid" => status.pid = *value,
                    "lost" => status.lost = *value,
                    "backlog" => status.backlog = *value,
                    other => panic!("{}: no setting {other}", self.name),
                }
            }
        });
        if unusual.loginuid_immutable {
            let bit = Features::LOGINUID_IMMUTABLE;
            host.kernel = host.kernel.clone().with_features(Features { features: bit, lock: bit });
        }
        host
    }

    /// Goes through the requests. `ask` gets the host as it is before each, and answers it.
    pub fn walk(&self, mut ask: impl FnMut(&mut Host, &Json) -> Json) -> (Host, Vec<Json>) {
        let mut host = self.host();
        let mut reports: Vec<Json> = Vec::new();
        for step in &self.steps {
            if let Some(event) = &step.event {
                host.undergo(event);
            }
            let request = with_undo(&step.request, &reports);
            reports.push(ask(&mut host, &request));
        }
        (host, reports)
    }

    /// A place for what is expected of the report of each request.
    pub fn expected_report(&self, at: usize) -> PathBuf {
        let name = if self.steps.len() == 1 { "expected.json".to_owned() } else { format!("expected.{}.json", at + 1) };
        self.folder.join(name)
    }
}

/// A request `{"undo of": 1, ...}` is what the first report gave to take its change back, with the other keys added.
fn with_undo(request: &Json, reports: &[Json]) -> Json {
    let Some(at) = request.get("undo of").and_then(Json::as_u64) else { return request.clone() };
    let report = &reports[usize::try_from(at).unwrap() - 1];
    let mut undo: Map<String, Json> =
        report["undo"].as_object().unwrap_or_else(|| panic!("no undo: {report:#}")).clone();
    let more = request.as_object().unwrap().iter().filter(|(key, _)| *key != "undo of");
    undo.extend(more.map(|(key, value)| (key.clone(), value.clone())));
    json!(undo)
}
