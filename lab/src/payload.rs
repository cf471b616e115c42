//! What the guests of one machine get: the project's tests, built for it, and `audit_rules`.

use crate::cache::{self, Temporary};
use crate::cross;
use crate::executables::{self, Cargo, Executable};
use crate::guest::GuestFile;
use crate::images::Choice;
use crate::machine::{self, Machine};
use crate::toolchain::{self, Toolchain};
use std::fs;
use std::path::PathBuf;

/// Executables for a machine, as files of its guests.
#[derive(Debug)]
pub struct Payload {
    /// Which machine.
    pub machine: &'static Machine,
    /// The test executables, below `/lab/tests`.
    pub tests: Vec<GuestFile>,
    /// What they call, in `/usr/bin`.
    pub programs: Vec<GuestFile>,
    /// The paths by which the tests know what they call.
    pub links: Vec<(String, String)>,
    /// What built it.
    pub builder: String,
    /// The size of `audit_rules` in bytes.
    pub size: u64,
}

/// What shall be tried.
#[derive(Clone, Debug, Default)]
pub struct Order {
    /// The names of integration tests.
    pub tests: Vec<String>,
    /// The executable for this host's own machine; without it, that which was built together with the lab.
    pub program: Option<PathBuf>,
}

/// Builds everything for this host's own machine, but for the executable itself.
fn own(machine: &'static Machine, order: &Order, directory: &Temporary) -> Result<Payload, String> {
    let lab = executables::beside_this_one("lab")?;
    let cargo = Cargo::of_this_host()?;
    let product = match &order.program {
        Some(path) => path.clone(),
        None => executables::beside_this_one("audit_rules")?,
    };
    let mut payload = Payload::new(machine, executables::compiler()?);
    for executable in executables::tests(&cargo, &order.tests)? {
        let host = directory.0.join(&executable.name);
        let given = if executable.test {
            executables::light_copy(&executable.path, &host)?;
            Executable { path: host, ..executable.clone() }
        } else {
            Executable { path: product.clone(), ..executable.clone() }
        };
        payload.add(&executable, given);
    }
    payload.programs.push(program("lab", lab));
    payload.complete()
}

/// Builds everything for another machine: the release executable stands in the place of the one that cargo builds beside
/// the tests.
fn foreign(machine: &'static Machine, tests: &[String], toolchain: &Toolchain) -> Result<Payload, String> {
    let mut payload = Payload::new(machine, toolchain.version.clone());
    let released = cross::release(toolchain, machine)?;
    for executable in cross::tests(toolchain, machine, tests)? {
        let given = if executable.test { executable.clone() } else { released.clone() };
        payload.add(&executable, given);
    }
    payload.programs.push(program("lab", cross::lab(toolchain, machine)?));
    payload.complete()
}

fn program(name: &str, host: PathBuf) -> GuestFile {
    GuestFile { host, guest: format!("/usr/bin/{name}"), mode: Some(0o755) }
}

impl Payload {
    fn new(machine: &'static Machine, builder: String) -> Self {
        Self { machine, tests: Vec::new(), programs: Vec::new(), links: Vec::new(), builder, size: 0 }
    }

    /// Takes what cargo built, in the form in which the guests shall have it.
    fn add(&mut self, built: &Executable, given: Executable) {
        if given.test {
            let guest = format!("/lab/tests/{}", given.name);
            self.tests.push(GuestFile { host: given.path, guest, mode: Some(0o755) });
        } else {
            let file = program(&given.name, given.path);
            // Tests know the executables by the path that cargo built them at.
            self.links.push((built.path.display().to_string(), file.guest.clone()));
            self.programs.push(file);
        }
    }

    fn complete(mut self) -> Result<Self, String> {
        let product = self.programs.iter().find(|file| file.guest.ends_with("/audit_rules"));
        let product = product.ok_or("cargo built no audit_rules beside the tests")?;
        self.size = fs::metadata(&product.host).map_or(0, |data| data.len());
        Ok(self)
    }
}

/// The demonstration's steps and requests, for a guest.
#[must_use]
pub fn demonstration() -> GuestFile {
    GuestFile { host: cache::project().join("lab/demo"), guest: "/demo".to_owned(), mode: None }
}

/// The payload for each of these kernels' machines, built one after the other.
///
/// # Errors
/// When a toolchain cannot be had, or a build fails.
pub fn for_kernels(kernels: &[Choice], order: &Order, directory: &Temporary) -> Result<Vec<Payload>, String> {
    let host = machine::of_this_host()?;
    let mut machines: Vec<&'static Machine> = kernels.iter().map(|kernel| kernel.machine).collect();
    machines.sort_by_key(|machine| machine.name);
    machines.dedup();
    let others: Vec<&Machine> = machines.iter().filter(|machine| machine.name != host.name).copied().collect();
    let toolchain = if others.is_empty() { None } else { Some(toolchain::take(host, &others)?) };
    let mut packed = Vec::new();
    for machine in machines {
        packed.push(match &toolchain {
            Some(toolchain) if machine.name != host.name => foreign(machine, &order.tests, toolchain)?,
            _ => own(machine, order, directory)?,
        });
    }
    Ok(packed)
}
