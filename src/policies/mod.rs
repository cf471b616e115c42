//! Policies for whole benchmarks, which come with this program: the files of `policies/`, compiled in.

mod compiled;
mod left_out;
mod product;
mod spelled_out;
mod told;

/// The licence of those files that scanners compare byte for byte, which are `ComplianceAsCode`'s own.
pub use compiled::LICENCE;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

pub use left_out::{LabelledLine, LeftOut, labelled};
pub use product::{Product, named_by, products};
pub use spelled_out::{Choice, SpelledOut, chosen, spelled_out};
pub use told::{Size, as_request, as_text, list, list_as_json, size};

/// A policy for a benchmark.
#[derive(Debug)]
pub struct BenchmarkPolicy {
    /// Its name, such as `stig`.
    pub name: &'static str,
    about: About,
    files: BTreeMap<&'static str, &'static str>,
}

/// What `policy.json` says.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct About {
    title: String,
    products: BTreeMap<String, ProductPolicy>,
}

/// What a policy is on one product.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProductPolicy {
    /// The benchmark and its version.
    pub benchmark: String,
    files: Vec<String>,
    /// The controls of drop-ins whose bytes are fixed, so that no comment can name them.
    #[serde(default)]
    controls: BTreeMap<String, Vec<String>>,
    /// The drop-in for the privileged programs of the host, where the benchmark asks for them.
    pub privileged: Option<Privileged>,
    /// False where the scanner compares files byte for byte, so that they may begin with no comment of ours.
    #[serde(default = "yes")]
    pub header: bool,
}

fn yes() -> bool {
    true
}

/// A drop-in with a rule for each privileged program of a host.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Privileged {
    /// The name of the drop-in.
    pub name: String,
    /// The key of its rules.
    pub key: String,
    /// Its controls.
    pub labels: Vec<String>,
    /// The forms in which scanners look for the rules: one rule for each program and form.
    #[serde(default = "usual_forms")]
    pub forms: Vec<Form>,
}

/// A form of the rules for privileged programs.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Form {
    /// The architectures that the rules name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub arch: Vec<String>,
    /// What is done with the program.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub permissions: Option<String>,
}

fn usual_forms() -> Vec<Form> {
    vec![Form::default()]
}

impl Privileged {
    /// The comment that names its controls.
    #[must_use]
    pub fn comment(&self) -> String {
        format!("# control: {}", self.labels.join(", "))
    }
}

impl BenchmarkPolicy {
    /// Its title.
    #[must_use]
    pub fn title(&self) -> &str {
        &self.about.title
    }

    /// The products that it is for.
    pub fn products(&self) -> impl Iterator<Item = &str> + Clone {
        self.about.products.keys().map(String::as_str)
    }

    /// What it is on a product.
    #[must_use]
    pub fn on(&self, product: &str) -> Option<&ProductPolicy> {
        self.about.products.get(product)
    }

    /// All its lines on a product, with their controls.
    pub fn lines<'a>(&'a self, of: &'a ProductPolicy) -> impl Iterator<Item = LabelledLine<'static>> + 'a {
        self.drop_ins(of).flat_map(|(name, text)| self.lines_of(of, name, text))
    }

    /// The lines of one of its drop-ins, with their controls.
    #[must_use]
    pub fn lines_of<'a>(&self, of: &ProductPolicy, drop_in: &str, text: &'a str) -> Vec<LabelledLine<'a>> {
        let mut lines = labelled(text);
        if let Some(controls) = of.controls.get(drop_in) {
            for line in &mut lines {
                line.labels.clone_from(controls);
            }
        }
        lines
    }

    /// Its drop-ins on a product: their file names, and what they hold.
    pub fn drop_ins<'a>(&'a self, of: &'a ProductPolicy) -> impl Iterator<Item = (&'a str, &'static str)> {
        let named = |path: &'a String| {
            let name = path.rsplit('/').next().unwrap_or(path);
            Some((name, *self.files.get(path.as_str())?))
        };
        of.files.iter().filter_map(named)
    }
}

/// All policies, by their names.
#[must_use]
pub fn policies() -> &'static [BenchmarkPolicy] {
    static POLICIES: LazyLock<Vec<BenchmarkPolicy>> = LazyLock::new(|| {
        let read = |compiled: &compiled::Compiled| {
            let about = serde_json::from_str(compiled.about).ok()?;
            let mut files = BTreeMap::new();
            files.extend(compiled.files.iter().copied());
            Some(BenchmarkPolicy { name: compiled.name, about, files })
        };
        compiled::POLICIES.iter().filter_map(read).collect()
    });
    &POLICIES
}

/// The policy of this name.
#[must_use]
pub fn policy(name: &str) -> Option<&'static BenchmarkPolicy> {
    policies().iter().find(|policy| policy.name == name)
}

#[cfg(test)]
mod tests;
