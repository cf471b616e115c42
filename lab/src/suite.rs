//! Debian's suites: which kernel and which userland a name stands for.

use std::path::Path;
use std::{env, fs};

/// A name that `--kernel` takes.
#[derive(Debug, PartialEq)]
pub struct Suite {
    /// The name itself.
    pub name: &'static str,
    /// The suites on the main mirror to look in.
    pub main: &'static [&'static str],
    /// The suite on the security mirror, where it has one.
    pub security: Option<&'static str>,
    /// The kernel series, for people.
    pub series: &'static str,
}

impl Suite {
    /// The same, as it was when it was released.
    #[must_use]
    pub fn without_security(&self) -> Self {
        Self { security: None, ..*self }
    }
}

/// All of them, oldest kernel first.
pub const SUITES: [Suite; 6] = [
    Suite { name: "bullseye", main: &["bullseye"], security: Some("bullseye-security"), series: "5.10" },
    Suite { name: "bookworm", main: &["bookworm"], security: Some("bookworm-security"), series: "6.1" },
    Suite { name: "trixie", main: &["trixie"], security: Some("trixie-security"), series: "6.12" },
    Suite {
        name: "trixie-backports",
        main: &["trixie", "trixie-backports"],
        security: Some("trixie-security"),
        series: "newer",
    },
    Suite { name: "sid", main: &["sid"], security: None, series: "newer" },
    Suite { name: "experimental", main: &["sid", "experimental"], security: None, series: "newest" },
];

/// Finds a suite by its name.
///
/// # Errors
/// With the names that exist.
pub fn named(name: &str) -> Result<&'static Suite, String> {
    SUITES.iter().find(|suite| suite.name == name).ok_or_else(|| {
        let known: Vec<String> = SUITES.iter().map(|suite| format!("{} ({})", suite.name, suite.series)).collect();
        format!("no kernel is named {name}: {}", known.join(", "))
    })
}

const MAIN_MIRROR: &str = "http://deb.debian.org/debian";
const SECURITY_MIRROR: &str = "http://deb.debian.org/debian-security";
const KEYRINGS: [&str; 2] =
    ["/usr/share/keyrings/debian-archive-keyring.pgp", "/usr/share/keyrings/debian-archive-keyring.gpg"];

/// The content of a `sources.list` for a suite, with the mirrors that this host itself uses.
#[must_use]
pub fn sources(suite: &Suite, authenticated: bool) -> String {
    let (main, security) = mirrors(&host_sources());
    let option = match keyring().filter(|_| authenticated) {
        Some(keyring) => format!("signed-by={keyring}"),
        None => "trusted=yes".to_owned(),
    };
    let main = suite.main.iter().map(|name| format!("deb [{option}] {main} {name} main\n"));
    let security = suite.security.iter().map(|name| format!("deb [{option}] {security} {name} main\n"));
    main.chain(security).collect()
}

/// The keyring with Debian's archive keys, where this host has one.
#[must_use]
pub fn keyring() -> Option<&'static str> {
    KEYRINGS.into_iter().find(|path| Path::new(path).is_file())
}

/// The text of all package sources of this host.
fn host_sources() -> String {
    let directory = fs::read_dir("/etc/apt/sources.list.d").into_iter().flatten().flatten();
    let mut paths: Vec<_> = directory.map(|entry| entry.path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "list" || extension == "sources"));
    paths.sort();
    paths.insert(0, "/etc/apt/sources.list".into());
    paths.iter().filter_map(|path| fs::read_to_string(path).ok()).collect::<Vec<_>>().join("\n\n")
}

/// The main and the security mirror among package sources in either of apt's two forms (sources.list(5)); Debian's
/// own where none is named. `AUDIT_RULES_LAB_MIRROR` beats the main one.
fn mirrors(text: &str) -> (String, String) {
    let mut found: Vec<(String, String)> = one_line_sources(text).chain(stanza_sources(text)).collect();
    found.retain(|(_, suite)| {
        let release = suite.split(['-', '/']).next().unwrap_or_default();
        RELEASES.contains(&release)
    });
    let first = |security: bool| {
        let mut matching =
            found.iter().filter(|(_, suite)| (suite.contains("-security") || suite.contains("/updates")) == security);
        matching.next().map(|(address, _)| address.trim_end_matches('/').to_owned())
    };
    let main = env::var("AUDIT_RULES_LAB_MIRROR").ok().or_else(|| first(false));
    (main.unwrap_or_else(|| MAIN_MIRROR.to_owned()), first(true).unwrap_or_else(|| SECURITY_MIRROR.to_owned()))
}

const RELEASES: [&str; 11] = [
    "bullseye",
    "bookworm",
    "trixie",
    "forky",
    "duke",
    "sid",
    "oldoldstable",
    "oldstable",
    "stable",
    "testing",
    "unstable",
];

fn one_line_sources(text: &str) -> impl Iterator<Item = (String, String)> {
    text.lines().filter_map(|line| {
        let rest = line.trim().strip_prefix("deb ")?.trim_start();
        let rest = match rest.strip_prefix('[') {
            Some(options) => options.split_once(']')?.1,
            None => rest,
        };
        let mut words = rest.split_whitespace();
        Some((words.next()?.to_owned(), words.next()?.to_owned()))
    })
}

fn stanza_sources(text: &str) -> impl Iterator<Item = (String, String)> {
    text.split("\n\n").flat_map(|stanza| {
        let value = |name: &str| {
            let lines = stanza.lines().filter(|line| !line.starts_with('#'));
            let mut fields = lines.filter_map(|line| line.split_once(':'));
            fields.find(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim().to_owned())
        };
        let enabled = value("Enabled").is_none_or(|enabled| enabled != "no");
        let types = value("Types").unwrap_or_default();
        let suites = value("Suites").unwrap_or_default();
        let address = value("URIs").and_then(|addresses| addresses.split_whitespace().next().map(str::to_owned));
        let usable = enabled && types.split_whitespace().any(|kind| kind == "deb");
        let address = address.filter(|_| usable);
        suites.split_whitespace().filter_map(|suite| Some((address.clone()?, suite.to_owned()))).collect::<Vec<_>>()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hosts_mirrors_are_taken_from_either_form() {
        let cases = [
            (
                "deb http://m/debian bookworm main\ndeb http://s/sec bookworm-security main",
                ("http://m/debian", "http://s/sec"),
            ),
            ("deb [signed-by=/k arch=amd64] http://m/debian/ stable main", ("http://m/debian", SECURITY_MIRROR)),
            ("# deb http://no/ bookworm main", (MAIN_MIRROR, SECURITY_MIRROR)),
            (
                "Types: deb\nURIs: https://deb.nodesource.com/node_20.x\nSuites: nodistro",
                (MAIN_MIRROR, SECURITY_MIRROR),
            ),
            (
                "Types: deb\n# a comment: here\nURIs: http://m/debian\nSuites: trixie trixie-updates\n\nTypes: deb\nURIs: http://s/x\nSuites: trixie-security",
                ("http://m/debian", "http://s/x"),
            ),
            ("Enabled: no\nTypes: deb\nURIs: http://m/debian\nSuites: trixie", (MAIN_MIRROR, SECURITY_MIRROR)),
            ("Types: deb-src\nURIs: http://m/debian\nSuites: trixie", (MAIN_MIRROR, SECURITY_MIRROR)),
        ];
        for (text, (main, security)) in cases {
            assert_eq!(mirrors(text), (main.to_owned(), security.to_owned()), "{text}");
        }
    }

    #[test]
    fn an_unknown_kernel_is_answered_with_the_known_ones() {
        assert!(named("trixie").is_ok());
        assert!(named("potato").unwrap_err().contains("bookworm (6.1)"));
    }
}
