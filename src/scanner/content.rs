//! The checks of the SCAP Security Guide, compiled in: `tests/scanner/write_checks.py` writes them, and says what a node is.

use std::collections::BTreeMap;
use std::io::Read;
use std::sync::LazyLock;

use flate2::read::GzDecoder;
use serde::Deserialize;

use super::pattern::Pattern;
use crate::rule::Machine;

/// `checks.json`, packed by gzip: it is much repetition.
const CHECKS: &[u8] = include_bytes!("checks.json.gz");

/// What the guide looks for, of every product.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Content {
    pub(super) patterns: Vec<Pattern>,
    pub(super) files: Vec<Files>,
    texts: Vec<String>,
    pub(super) nodes: Vec<Node>,
    products: BTreeMap<String, ProductChecks>,
    /// Products that the guide does not know, and those whose checks fit.
    borrowed: BTreeMap<String, String>,
}

/// The files that are looked into.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Files {
    /// The one with this path.
    Is(String),
    /// Those whose paths have this pattern in them.
    Like(Pattern),
}

/// A child of a node: its number, or -1 less its number where it is negated.
pub type Child = i32;

/// A part of a check.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub enum Node {
    /// Each of these holds.
    All { all: Vec<Child> },
    /// One of these holds.
    Any { any: Vec<Child> },
    /// The machine is this one.
    Machine { machine: String },
    /// The host is made of an image.
    Image {
        #[allow(dead_code, reason = "says which kind of node it is")]
        image: bool,
    },
    /// Files of rules do not tell.
    Unknown { unknown: Unknown },
    /// Something is found in files.
    Search(Search),
}

/// Why files of rules do not tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unknown {
    /// They are compared with files of the documentation.
    Documentation,
    /// It depends on which packages the image has.
    Image,
}

/// Something that is looked for in files.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Search {
    #[serde(rename = "in")]
    pub files: usize,
    pub find: Option<usize>,
    #[serde(default)]
    pub built: Vec<Piece>,
    #[serde(default)]
    pub each: bool,
    pub count: Option<Count>,
    #[serde(default)]
    pub whole: bool,
    pub text: Option<usize>,
    pub group: Option<String>,
    #[serde(default)]
    pub some: bool,
    pub programs: Option<SetId>,
}

/// A piece of a pattern that is built of what others match.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub enum Piece {
    /// This text.
    Literal(String),
    /// Each match of this node.
    Matches(usize),
}

/// How many matches there have to be, where one is not enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Count {
    /// Exactly one.
    One,
    /// None.
    None,
}

/// The programs with setuid or setgid that are meant.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetId {
    /// The pattern of their names.
    pub like: Option<usize>,
    /// The patterns of paths that are not meant.
    #[serde(default)]
    pub not: Vec<usize>,
}

/// The checks of one product.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProductChecks {
    /// The version of the guide.
    pub ssg: String,
    /// The unit that loads the rules there.
    pub unit: Unit,
    checks: Vec<Check>,
    profiles: BTreeMap<String, Profile>,
}

/// A unit of systemd.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unit {
    /// Its path.
    pub path: String,
    /// What it holds.
    pub text: String,
}

/// A profile: which checks it selects.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// Its title.
    pub title: String,
    checks: Vec<usize>,
}

/// One check, with the values that profiles give it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Check {
    /// The rule of the guide, without what all begin with.
    pub id: String,
    pub(super) node: usize,
    accepts: Option<usize>,
    cce: Option<String>,
    #[serde(default)]
    controls: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    machines: Machines,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Machines {
    only: Vec<String>,
    not: Vec<String>,
}

/// A profile of a product.
#[derive(Debug, Clone, Copy)]
pub struct Chosen {
    /// The product.
    pub product: &'static str,
    /// Its checks.
    pub of: &'static ProductChecks,
    /// The name of the profile.
    pub name: &'static str,
    /// The profile.
    pub profile: &'static Profile,
}

fn unpacked() -> Vec<u8> {
    let mut text = Vec::new();
    // A test reads it whole.
    let _ = GzDecoder::new(CHECKS).read_to_end(&mut text);
    text
}

/// All of it.
#[must_use]
pub fn content() -> &'static Content {
    static CONTENT: LazyLock<Content> = LazyLock::new(|| serde_json::from_slice(&unpacked()).unwrap_or_default());
    &CONTENT
}

impl Content {
    /// The products that there are checks for.
    pub fn products(&'static self) -> impl Iterator<Item = &'static str> + Clone {
        self.products.keys().chain(self.borrowed.keys()).map(String::as_str)
    }

    fn of(&'static self, product: &str) -> Option<(&'static str, &'static ProductChecks)> {
        if let Some((name, source)) = self.borrowed.get_key_value(product) {
            return Some((name, self.products.get(source)?));
        }
        self.products.get_key_value(product).map(|(name, of)| (name.as_str(), of))
    }

    /// The profiles of a product that select a check of audit rules.
    pub fn profiles(&'static self, product: &str) -> impl Iterator<Item = &'static str> + Clone + use<> {
        self.of(product).into_iter().flat_map(|(_, of)| of.profiles.keys().map(String::as_str))
    }

    /// A profile of a product.
    #[must_use]
    pub fn chosen(&'static self, product: &str, profile: &str) -> Option<Chosen> {
        let (product, of) = self.of(product)?;
        let (name, profile) = of.profiles.get_key_value(profile)?;
        Some(Chosen { product, of, name, profile })
    }

    pub(super) fn text(&self, at: usize) -> &str {
        self.texts.get(at).map_or("", String::as_str)
    }
}

impl Chosen {
    /// The checks that it selects for a machine.
    pub fn checks(self, machine: &Machine) -> impl Iterator<Item = &'static Check> + use<> {
        let name = machine.name;
        let all = self.profile.checks.iter().filter_map(move |at| self.of.checks.get(*at));
        all.filter(move |check| check.machines.include(name))
    }
}

impl Machines {
    fn include(&self, name: &str) -> bool {
        let is = |named: &String| named == name;
        (self.only.is_empty() || self.only.iter().any(is)) && !self.not.iter().any(is)
    }
}

impl Check {
    /// The rules that it accepts, with `{}` in place of a privileged program; empty where it accepts that there are none.
    #[must_use]
    pub fn accepts(&self) -> &'static str {
        self.accepts.map_or("", |at| content().text(at))
    }

    /// Its numbers in the benchmark that a profile is of, and that of the guide.
    #[must_use]
    pub fn controls(&self, profile: &str) -> Vec<String> {
        let of = self.controls.iter().filter(|(benchmark, _)| is_of(profile, benchmark));
        of.flat_map(|(_, numbers)| numbers).chain(&self.cce).cloned().collect()
    }
}

/// Whether a profile is one of this benchmark.
fn is_of(profile: &str, benchmark: &str) -> bool {
    profile.starts_with(benchmark) || benchmark == "stig" && profile.contains("stig")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checks_are_those_that_can_be_read_beside_them() {
        assert!(unpacked() == include_bytes!("checks.json"), "tests/scanner/write_checks.py writes both");
        assert!(content().products().count() > 10);
    }
}
