//! Debian packages without installing them: apt with directories of its own, which needs no root and leaves the host's
//! package state alone.

use crate::cache::{self, Temporary};
use crate::command;
use crate::suite::{self, Suite};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The package lists of one suite.
pub struct Apt {
    configuration: PathBuf,
}

/// A package as the suite offers it now.
pub struct Package {
    /// Its file name, which holds name, version and architecture.
    pub file: String,
    /// What `apt-get download` takes: the name, or `name=version`.
    pub wanted: String,
}

impl Apt {
    /// Fetches the current package lists of a suite, for the first of these architectures and its packages of the others.
    ///
    /// # Errors
    /// When apt is missing or the mirror does not answer.
    pub fn update(suite: &Suite, architectures: &[&str]) -> Result<Self, String> {
        command::require(&[("apt-get", "apt"), ("dpkg-deb", "dpkg"), ("tar", "tar")])?;
        let directory = cache::directory()?.join("apt").join(format!("{}-{}", suite.name, architectures.join("-")));
        for part in ["lists/partial", "cache/archives/partial"] {
            cache::make(&directory.join(part))?;
        }
        cache::write(&directory.join("status"), b"")?;
        cache::write(&directory.join("sources.list"), suite::sources(suite, true).as_bytes())?;
        let configuration = directory.join("apt.conf");
        cache::write(&configuration, settings(&directory, architectures).as_bytes())?;
        let apt = Self { configuration };
        if suite::keyring().is_none() {
            eprintln!(
                "lab: this host has no debian-archive-keyring, so the packages for the guests are not authenticated"
            );
        }
        let Err(first) = apt.run("apt-get", &["update", "--quiet"]) else { return Ok(apt) };
        if !first.contains("NO_PUBKEY") {
            return Err(format!("no package lists for {}: {first}", suite.name));
        }
        eprintln!(
            "lab: this host's keyring is too old for {}, so the packages for its guests are not authenticated",
            suite.name
        );
        cache::write(&directory.join("sources.list"), suite::sources(suite, false).as_bytes())?;
        apt.run("apt-get", &["update", "--quiet"])?;
        Ok(apt)
    }

    /// The control fields of the newest version of a package.
    ///
    /// # Errors
    /// When the suite has no such package.
    pub fn show(&self, package: &str) -> Result<Control, String> {
        let text = self.run("apt-cache", &["show", package])?;
        // apt-cache sorts the versions of a package newest first.
        Ok(Control(text.split("\n\n").next().unwrap_or_default().to_owned()))
    }

    /// The names of packages and of all that they depend on.
    ///
    /// # Errors
    /// When one of them does not exist.
    pub fn with_dependencies(&self, packages: &[&str]) -> Result<Vec<String>, String> {
        let unwanted = [
            "--no-recommends",
            "--no-suggests",
            "--no-conflicts",
            "--no-breaks",
            "--no-replaces",
            "--no-enhances",
            "--no-pre-depends",
        ];
        let arguments: Vec<&str> = ["depends", "--recurse"].iter().chain(&unwanted).chain(packages).copied().collect();
        let text = self.run("apt-cache", &arguments)?;
        Ok(text.lines().filter(|line| !line.starts_with([' ', '<'])).map(str::to_owned).collect())
    }

    /// Which files these packages (`name`, `name:architecture` or one of them with `=version`) would be downloaded as.
    ///
    /// # Errors
    /// When one of them does not exist.
    pub fn resolve(&self, wanted: &[String]) -> Result<Vec<Package>, String> {
        let arguments = ["download", "--print-uris"].into_iter().chain(wanted.iter().map(String::as_str));
        let text = self.run("apt-get", &arguments.collect::<Vec<_>>())?;
        let files: Vec<&str> = text.lines().filter_map(|line| line.split_whitespace().nth(1)).collect();
        let package = |wanted: &String| {
            let file = files.iter().find(|file| is_file_of(file, wanted));
            file.map(|file| Package { file: (*file).to_owned(), wanted: wanted.clone() })
                .ok_or_else(|| format!("apt names no file for {wanted}"))
        };
        wanted.iter().map(package).collect()
    }

    /// Downloads packages and unpacks them over each other into a directory.
    ///
    /// # Errors
    /// When the download fails or a package is broken.
    pub fn unpack(&self, packages: &[Package], into: &Path) -> Result<(), String> {
        self.unpack_without(packages, into, &[])
    }

    /// The same, without the files that these patterns of tar match.
    ///
    /// # Errors
    /// As [`Apt::unpack`].
    pub fn unpack_without(&self, packages: &[Package], into: &Path, left_out: &[&str]) -> Result<(), String> {
        let download = Temporary::directory()?;
        let mut command = self.command("apt-get");
        command.arg("download").arg("--quiet").current_dir(&download.0);
        command::output(command.args(packages.iter().map(|package| &package.wanted)))?;
        for package in packages {
            // `dpkg-deb -x` would put a directory in the place of the link from /lib to /usr/lib.
            command::pipe(
                Command::new("dpkg-deb").arg("--fsys-tarfile").arg(download.0.join(&package.file)),
                Command::new("tar")
                    .args(["x", "--keep-directory-symlink", "--no-same-owner", "--no-same-permissions"])
                    .args(left_out.iter().map(|pattern| format!("--exclude={pattern}")))
                    .arg("-C")
                    .arg(into),
            )?;
        }
        Ok(())
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.arg("-c").arg(&self.configuration).env("LC_ALL", "C");
        command
    }

    fn run(&self, program: &str, arguments: &[&str]) -> Result<String, String> {
        command::text(self.command(program).args(arguments))
    }
}

/// Whether a package's file is the one that was asked for.
fn is_file_of(file: &str, wanted: &str) -> bool {
    let name = wanted.split('=').next().unwrap_or_default();
    let (name, architecture) = name.split_once(':').unwrap_or((name, ""));
    file.split('_').next() == Some(name) && file.ends_with(&format!("{architecture}.deb"))
}

/// The control fields of a package.
pub struct Control(String);

impl Control {
    /// The value of a field, empty where there is none.
    #[must_use]
    pub fn field(&self, name: &str) -> &str {
        let mut fields = self.0.lines().filter_map(|line| line.split_once(": "));
        fields.find(|(field, _)| *field == name).map_or("", |(_, value)| value)
    }

    /// The first dependency whose name begins so, as name and version.
    #[must_use]
    pub fn dependency(&self, prefix: &str) -> Option<(&str, &str)> {
        self.field("Depends").split([',', '|']).map(str::trim).find(|name| name.starts_with(prefix)).map(|text| {
            let (name, rest) = text.split_once(' ').unwrap_or((text, ""));
            (name, rest.trim_matches(['(', ')', '=', ' ']))
        })
    }
}

/// The host's own settings (a proxy, say) stay in force; its hooks, pins and sources do not.
fn settings(directory: &Path, architectures: &[&str]) -> String {
    let directory = directory.display();
    let native = architectures.first().copied().unwrap_or_default();
    let all = architectures.join("\"; \"");
    format!(
        r#"Dir::Etc::sourcelist "{directory}/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
Dir::State::lists "{directory}/lists";
Dir::State::status "{directory}/status";
Dir::Cache "{directory}/cache";
APT::Architecture "{native}";
APT::Sandbox::User "";
Acquire::Languages "none";
Acquire::Retries "3";
#clear APT::Architectures;
APT::Architectures {{ "{all}"; }};
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear Acquire::IndexTargets::deb::DEP-11;
#clear Acquire::IndexTargets::deb::DEP-11-icons;
#clear Acquire::IndexTargets::deb::DEP-11-icons-small;
#clear Acquire::IndexTargets::deb::DEP-11-icons-hidpi;
#clear Acquire::IndexTargets::deb::DEP-11-icons-large;
#clear Acquire::IndexTargets::deb::DEP-11-icons-large-hidpi;
"#
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_of_a_package_has_its_name_and_architecture() {
        assert!(is_file_of("libc6_2.36-9_arm64.deb", "libc6:arm64=2.36-9"));
        assert!(is_file_of("libc6_2.36-9_amd64.deb", "libc6"));
        assert!(!is_file_of("libc6_2.36-9_amd64.deb", "libc6:arm64"));
        assert!(!is_file_of("libc6-dev_2.36-9_amd64.deb", "libc6"));
    }

    #[test]
    fn a_dependency_is_found_by_the_start_of_its_name() {
        let text = "Package: linux-image-cloud-amd64\nDepends: linux-base-cloud-amd64 (= 7.2), linux-image-7.2-cloud-amd64 (= 7.2-1)";
        let control = Control(text.to_owned());
        assert_eq!(control.dependency("linux-image-"), Some(("linux-image-7.2-cloud-amd64", "7.2-1")));
        assert_eq!(control.dependency("linux-binary-"), None);
        assert_eq!(control.field("Package"), "linux-image-cloud-amd64");
    }
}
