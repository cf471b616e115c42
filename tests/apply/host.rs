//! A host to try requests on: a temporary root directory and the model of a kernel.

use std::cell::RefCell;
use std::collections::HashSet;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use audit_rules::auditctl::{self, Accounts, Context, Line, RuleLine, Statement, UnknownSyscalls};
use audit_rules::error::Problem;
use audit_rules::intent::{ApplyIntent, GatherIntent};
use audit_rules::kernel::access::{Absence, Denial};
use audit_rules::kernel::model::{Foreign, Model};
use audit_rules::kernel::{Access, Errno, Kernel};
use audit_rules::report::Report;
use audit_rules::request::{self, Operation, Request};
use audit_rules::rule::{Machine, Rule};
use audit_rules::rules_d::Standing;
use audit_rules::world::World;
use audit_rules::{Expanded, expanded, gather_on, run_on};
use serde_json::Value as Json;
use tempfile::TempDir;

use crate::fingerprint::Fingerprint;
use crate::mortal::Mortal;
use crate::schemas;
use crate::tree::Tree;

/// What every host has; `/etc/audit/rules.d` is empty.
const DIRECTORIES: [&str; 8] =
    ["/etc", "/etc/audit", "/etc/audit/rules.d", "/etc/ssh", "/run", "/usr", "/usr/bin", "/var"];
const FILES: [(&str, &str); 9] = [
    (
        "/etc/passwd",
        "root:x:0:0::/root:/bin/sh\nsshd:x:74:74::/:/sbin/nologin\nadmin:x:1000:1000::/home/admin:/bin/sh\n",
    ),
    ("/etc/group", "root:x:0:\nsshd:x:74:\nadmin:x:1000:\n"),
    ("/etc/shadow", "root:*:20000::::::\n"),
    ("/etc/sudoers", "root ALL=(ALL) ALL\n"),
    ("/etc/hosts", "127.0.0.1 localhost\n"),
    ("/etc/ssh/sshd_config", "PermitRootLogin no\n"),
    ("/usr/bin/su", ""),
    ("/usr/bin/sudo", ""),
    ("/usr/bin/passwd", ""),
];

/// What the host's kernel lets us do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Reach {
    #[default]
    Managed,
    Absent(Absence),
    Denied,
}

/// A host.
pub struct Host {
    place: TempDir,
    pub kernel: Model,
    pub machine: Machine,
    pub reach: Reach,
    pub standing: Standing,
    /// At which look for a signal one is there, counted from 1.
    pub interrupted_at: Option<u32>,
    /// The call of the kernel at which the run is killed, counted from 1: just before it is carried out.
    pub dies_at: Option<u32>,
    /// What somebody does to the files below the root when the first change of the kernel is about to be made.
    pub sabotage: Option<fn(&Path)>,
}

impl Host {
    pub fn new() -> Self {
        let host = Self::empty();
        for directory in DIRECTORIES {
            fs::create_dir(host.path(directory)).unwrap();
            host.mode(directory, 0o755);
        }
        for (path, text) in FILES {
            host.write(path, text);
        }
        host
    }

    fn empty() -> Self {
        // Every file that is written is also synced, which costs nothing in memory.
        let memory = Path::new("/dev/shm");
        let place = tempfile::Builder::new().tempdir_in(memory).or_else(|_| TempDir::new()).unwrap();
        let machine = Machine::from_uname("x86_64").unwrap();
        Self {
            place,
            kernel: Model::new(),
            machine,
            reach: Reach::Managed,
            standing: Standing::default(),
            interrupted_at: None,
            dies_at: None,
            sabotage: None,
        }
    }

    /// The same host once more; nothing is counted yet, and no fault is to come.
    pub fn twin(&self) -> Self {
        self.twin_with(&self.tree())
    }

    /// As [`Host::twin`], for tests that make thousands: with the tree of this host, read once.
    pub fn twin_with(&self, tree: &Tree) -> Self {
        /// Its directories are others than those that were noted.
        const NOTED: &str = "/run/audit_rules/watched";
        let mut twin = Self::empty();
        tree.lay_out(twin.root());
        if tree.0.contains_key(NOTED) {
            fs::remove_file(twin.path(NOTED)).unwrap();
        }
        twin.machine = self.machine;
        twin.reach = self.reach;
        twin.standing = self.standing;
        let (status, features, rcu) = (self.kernel.state(), self.kernel.feature_state(), self.kernel.rcu_state());
        twin.kernel = Model::new().with_status(|new| *new = status).with_features(features).with_rcu(rcu);
        for rule in self.kernel.loaded() {
            twin.kernel.suffer(&Foreign::Append(rule));
        }
        let paths = tree.0.keys().filter(|path| *path != NOTED).cloned();
        twin.kernel = twin.kernel.clone().with_paths(paths.collect::<Vec<String>>());
        twin
    }

    pub fn root(&self) -> &Path {
        self.place.path()
    }

    pub fn path(&self, inside: &str) -> PathBuf {
        self.root().join(inside.trim_start_matches('/'))
    }

    /// Writes a file as packages and people do: mode 0640, in directories of mode 0755.
    pub fn write(&self, inside: &str, bytes: impl AsRef<[u8]>) {
        let path = self.path(inside);
        if let Some(parent) = Path::new(inside).parent() {
            self.directory(parent.to_str().unwrap());
        }
        let fresh = !path.exists();
        fs::write(path, bytes).unwrap();
        if fresh {
            self.mode(inside, 0o640);
        }
    }

    /// What a file holds; nothing where there is none.
    pub fn host_file(&self, inside: &str) -> String {
        fs::read_to_string(self.path(inside)).unwrap_or_default()
    }

    pub fn directory(&self, inside: &str) {
        let missing: Vec<_> =
            Path::new(inside).ancestors().filter(|path| !self.path(path.to_str().unwrap()).exists()).collect();
        for path in missing.iter().rev() {
            fs::create_dir(self.path(path.to_str().unwrap())).unwrap();
            self.mode(path.to_str().unwrap(), 0o755);
        }
    }

    pub fn mode(&self, inside: &str, mode: u32) {
        fs::set_permissions(self.path(inside), fs::Permissions::from_mode(mode)).unwrap();
    }

    pub fn tree(&self) -> Tree {
        Tree::of(self.root())
    }

    /// Lets the kernel find what stands in the root directory, and nothing else.
    pub fn tell_paths(&mut self) {
        let paths: Vec<String> = self.tree().0.into_keys().collect();
        self.kernel = self.kernel.clone().with_paths(paths);
    }

    pub fn accounts(&self) -> Accounts {
        let file = |path| fs::read(self.path(path)).unwrap_or_default();
        Accounts::from_files(&file("/etc/passwd"), &file("/etc/group"))
    }

    /// What a line means here, as the auditctl of this host would have it; none where it would refuse it.
    pub fn statement(&self, line: &[u8]) -> Option<Statement> {
        let accounts = self.accounts();
        let context = Context {
            machine: &self.machine,
            accounts: &accounts,
            unknown_syscalls: UnknownSyscalls::Fail,
            installed: None,
        };
        match auditctl::parse(line, &context).ok()? {
            Line::Statement(statement) => Some(statement),
            Line::Blank | Line::Comment => Some(Statement::default()),
        }
    }

    /// The rule of a line as this host has it.
    pub fn rule_line(&self, line: &str) -> RuleLine {
        let rule = self.statement(line.as_bytes()).and_then(|statement| statement.rule);
        self.settled(rule.unwrap_or_else(|| panic!("no rule: {line}")))
    }

    pub fn settled(&self, rule: RuleLine) -> RuleLine {
        let path = rule.watched_path().map(|path| String::from_utf8(path.to_vec()).unwrap());
        rule.with_watch_kind(path.is_some_and(|path| self.path(&path).is_dir()))
    }

    /// Another process loads these lines.
    pub fn load(&mut self, lines: &[&str]) {
        let rules: Vec<Rule> = lines.iter().map(|line| self.rule_line(line).rule).collect();
        for rule in rules {
            self.kernel.suffer(&Foreign::Append(rule));
        }
    }

    /// Another process loads this line, with `-A` before the others.
    pub fn put(&mut self, line: &str) {
        let rule = self.rule_line(line).rule;
        let mut rules = self.kernel.loaded().clone();
        rules.insert(if line.starts_with("-A ") { 0 } else { rules.len() }, rule);
        self.kernel.suffer(&Foreign::Flush);
        for rule in rules {
            self.kernel.suffer(&Foreign::Append(rule));
        }
    }

    /// The loaded rules as text.
    pub fn listed(&self) -> Vec<String> {
        self.kernel.loaded().iter().map(|rule| auditctl::canonical_lossy(rule, &self.machine)).collect()
    }

    /// Everything that a request could have changed.
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(self)
    }

    /// The report on a request, with the temporary root directory taken out of its texts. Both are held to their
    /// schemas.
    pub fn answer(&mut self, request: &Json) -> Json {
        let bytes = serde_json::to_vec(request).unwrap();
        let report = self.answer_bytes(&bytes);
        let kinds: Vec<&str> = kinds(&report);
        let says = schemas::refusals_of_request(request);
        let form = ["unknown_key", "wrong_type", "bad_value", "missing_key", "duplicate_key"];
        if !kinds.iter().any(|kind| form.contains(kind)) {
            assert!(says.is_empty(), "the schema refuses what was answered: {says:?}\n{request:#}");
        }
        report
    }

    /// As [`Host::answer`], for any bytes.
    pub fn answer_bytes(&mut self, bytes: &[u8]) -> Json {
        let report = self.report(bytes).unwrap_or_else(|problems| Report::failed(&problems));
        let text = serde_json::to_string(&report).unwrap();
        let text = text.replace(self.root().to_str().unwrap(), "");
        let report = serde_json::from_str(&text).unwrap();
        if !is_known(&text) {
            let says = schemas::refusals_of_report(&report);
            assert!(says.is_empty(), "the schema refuses the report: {says:?}\n{report:#}");
        }
        report
    }

    fn report(&mut self, bytes: &[u8]) -> Result<Report, Vec<Problem>> {
        let Expanded { request, origin } = expanded(decoded(bytes)?, &self.machine, self.root())?;
        let machine = self.machine;
        if request.operation == Operation::Gather {
            let mut inquiry = GatherIntent::of(&request, &self.machine)?;
            let entered = inquiry.place.enter(inquiry.kernel);
            let report = self.with_world(entered.as_deref(), inquiry.asks_kernel(), |world| gather_on(&inquiry, world));
            return Ok(origin.tell(report));
        }
        let mut intent = ApplyIntent::of(&request, &machine).map_err(|problems| origin.place(problems))?;
        let entered = intent.place.enter(intent.kernel);
        let report = self.with_world(entered.as_deref(), intent.asks_kernel(), |world| run_on(&intent, world));
        report.map_err(|problems| origin.place(problems)).map(|report| origin.tell(report))
    }

    /// `entered` is the root directory of the request where the program changes its own to it.
    fn with_world<T>(&mut self, entered: Option<&Path>, asks_kernel: bool, work: impl FnOnce(World<'_>) -> T) -> T {
        let access = match self.reach {
            Reach::Managed => Access::Managed(self.kernel.state()),
            Reach::Absent(why @ Absence::NoAuditInKernel) => Access::Absent(why, Errno::EPROTONOSUPPORT),
            Reach::Absent(why @ Absence::ContainerPidNamespace) => Access::Absent(why, Errno::EPERM),
            Reach::Absent(why) => Access::Absent(why, Errno::ECONNREFUSED),
            Reach::Denied => Access::Denied(Denial::MissingCapability, Errno::EPERM),
        };
        let mut mortal = Mortal::new(&mut self.kernel, self.dies_at);
        let managed = asks_kernel && self.reach == Reach::Managed;
        let (mut looks, interrupted_at) = (0, self.interrupted_at);
        let (root, mut sabotage) = (self.place.path().to_owned(), self.sabotage);
        let root = entered.map_or(root.clone(), |entered| root.join(entered.strip_prefix("/").unwrap()));
        let world = World {
            root: root.clone(),
            access: asks_kernel.then_some(Ok(access)),
            kernel: if managed { Some(&mut mortal as &mut dyn Kernel) } else { None },
            standing: self.standing,
            machine: self.machine,
            executable: Some("/usr/libexec/audit_rules".into()),
            interrupted: &mut || {
                looks += 1;
                if let Some(sabotage) = sabotage.take() {
                    sabotage(&root);
                }
                (Some(looks) == interrupted_at).then_some("SIGTERM")
            },
        };
        work(world)
    }

    /// The owner of what this process makes.
    pub fn own_ids(&self) -> (u32, u32) {
        let found = fs::metadata(self.root()).unwrap();
        (found.uid(), found.gid())
    }
}

/// What bytes decode to. A test with faults puts the same ones a thousand times.
fn decoded(bytes: &[u8]) -> Result<Request, Vec<Problem>> {
    thread_local! {
        static LAST: RefCell<Option<(Vec<u8>, Request)>> = const { RefCell::new(None) };
    }
    LAST.with_borrow_mut(|last| {
        if last.as_ref().is_none_or(|(known, _)| known != bytes) {
            *last = Some((bytes.to_vec(), request::decode(bytes)?));
        }
        last.as_ref().map(|(_, request)| request.clone()).ok_or_else(Vec::new)
    })
}

/// Whether a report with this text was held to the schema before. A test with faults makes the same one a thousand times.
fn is_known(text: &str) -> bool {
    thread_local! {
        static KNOWN: RefCell<HashSet<u64>> = RefCell::default();
    }
    let mut state = DefaultHasher::new();
    text.hash(&mut state);
    !KNOWN.with_borrow_mut(|known| known.insert(state.finish()))
}

/// The kinds of the problems in a report.
pub fn kinds(report: &Json) -> Vec<&str> {
    let errors = report["errors"].as_array();
    errors.into_iter().flatten().filter_map(|error| error["kind"].as_str()).collect()
}
