//! The policies of `policies/`: whole, in order, and such that the boot loads them.
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "reads files of the project; a test may end in a panic"
)]

mod project;

use project::host::Host;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// A policy for a product.
struct Policy {
    /// Both names, for what a test says.
    name: String,
    entry: Value,
    /// The names of the drop-ins with their text, in the order of the load.
    files: Vec<(String, String)>,
}

fn value(path: &str) -> Value {
    serde_json::from_str(&project::read(path)).unwrap()
}

fn directories() -> BTreeSet<String> {
    let all = project::files("policies", "policy.json");
    all.iter()
        .filter_map(|path| path.strip_prefix("policies/")?.strip_suffix("/policy.json"))
        .map(str::to_owned)
        .collect()
}

fn policies() -> Vec<Policy> {
    let mut found = Vec::new();
    for directory in directories() {
        let policy = value(&format!("policies/{directory}/policy.json"));
        for (product, entry) in policy["products"].as_object().unwrap() {
            let files = entry["files"].as_array().unwrap().iter().map(|file| {
                let path = file.as_str().unwrap();
                let name = path.rsplit('/').next().unwrap().to_owned();
                (name, project::read(&format!("policies/{directory}/{path}")))
            });
            found.push(Policy {
                name: format!("{directory} for {product}"),
                entry: entry.clone(),
                files: files.collect(),
            });
        }
    }
    assert!(found.len() > 20, "{}", found.len());
    found
}

/// The machines that a policy is for, `x86_64` first where it is for that.
fn machines(policy: &Policy) -> Vec<&str> {
    let (_, product) = policy.name.rsplit_once(' ').unwrap();
    product.split_once('-').map_or(vec!["x86_64", "aarch64"], |(_, machine)| vec![machine])
}

/// Whether the scanner compares this file byte for byte.
fn is_exact(policy: &Policy, file: &str) -> bool {
    policy.entry["controls"].get(file).is_some()
}

#[test]
fn each_file_is_named_by_a_policy_and_each_named_one_exists() {
    let mut named: BTreeSet<String> =
        ["policies/README.md", "policies/LICENSE-ComplianceAsCode", "policies/products.json"].map(str::to_owned).into();
    for directory in directories() {
        named.insert(format!("policies/{directory}/policy.json"));
        let policy = value(&format!("policies/{directory}/policy.json"));
        for entry in policy["products"].as_object().unwrap().values() {
            let files = entry["files"].as_array().unwrap();
            named.extend(files.iter().map(|file| format!("policies/{directory}/{}", file.as_str().unwrap())));
        }
    }
    let existing: BTreeSet<String> = project::files("policies", "").into_iter().collect();
    assert_eq!(named, existing);
}

#[test]
fn the_products_of_the_policies_are_those_of_the_list() {
    let listed: BTreeSet<String> = value("policies/products.json").as_object().unwrap().keys().cloned().collect();
    let mut used = BTreeSet::new();
    for directory in directories() {
        let policy = value(&format!("policies/{directory}/policy.json"));
        used.extend(policy["products"].as_object().unwrap().keys().cloned());
    }
    assert_eq!(listed, used);
}

#[test]
fn no_two_products_are_the_same_distribution() {
    let mut seen = BTreeMap::new();
    for (product, entry) in value("policies/products.json").as_object().unwrap() {
        for os in entry["os"].as_array().unwrap() {
            let other = seen.insert((os["id"].to_string(), os["version"].to_string()), product.clone());
            assert_eq!(other, None, "{product}: {os}");
        }
    }
}

#[test]
fn the_drop_ins_of_a_policy_are_in_the_order_of_the_load() {
    for policy in policies() {
        let mut names: Vec<&str> = policy.files.iter().map(|(name, _)| name.as_str()).collect();
        let given = names.clone();
        names.sort_unstable();
        names.dedup();
        assert_eq!(given, names, "{}", policy.name);
    }
}

#[test]
fn each_rule_has_a_control() {
    for policy in policies() {
        for (file, text) in &policy.files {
            if is_exact(&policy, file) {
                let controls = policy.entry["controls"][file].as_array().unwrap();
                assert!(!controls.is_empty(), "{}: {file}", policy.name);
                continue;
            }
            let mut controls: Vec<&str> = Vec::new();
            for line in text.lines() {
                if let Some(ids) = line.strip_prefix("# control: ") {
                    controls = ids.trim_end_matches(',').split(", ").collect();
                    let benchmark = policy.name.split(' ').next().unwrap();
                    assert!(controls.iter().all(|id| id.starts_with(benchmark) && id.contains(' ')), "{line}");
                } else if line.is_empty() {
                    controls.clear();
                } else if !line.starts_with('#') {
                    assert!(!controls.is_empty(), "{}: {file}: {line}", policy.name);
                }
            }
        }
    }
}

/// Nothing to mend: neither a line that the load stops at, nor the same rule twice, nor one that never acts.
#[test]
fn lint_has_no_error_and_no_warning_about_a_policy() {
    for policy in policies() {
        let mut files = Vec::new();
        for (name, text) in &policy.files {
            files.push(json!({"name": name, "text": text}));
        }
        // A benchmark that names files byte for byte does not know renameat2, nor 32-bit programs of other machines, nor
        // which order of fields some versions of auditctl refuse there.
        let machine = machines(&policy)[0];
        let ignored: &[&str] = match (policy.name.starts_with("ospp"), machine) {
            (true, "x86_64") => &["newer_variant_missing"],
            (true, _) => &["newer_variant_missing", "b32_missing", "b64_missing", "refused_by_some"],
            (false, _) => &[],
        };
        let request = json!({"operation": "lint", "archs": [machine], "files": files, "ignore": ignored});
        let report = serde_json::to_value(Host::new().answer(&request.to_string())).unwrap();
        let severe = |finding: &&Value| finding["severity"] != "info";
        let severe: Vec<&Value> = report["findings"].as_array().unwrap().iter().filter(severe).collect();
        assert!(severe.is_empty() && report.get("errors").is_none(), "{}: {report:#}", policy.name);
    }
}

/// The engine leaves out what a machine lacks, and takes everything else.
#[test]
fn each_policy_is_applied_for_every_machine_of_its_products() {
    for policy in policies() {
        for machine in machines(&policy) {
            let drop_ins: BTreeMap<&str, Value> = policy
                .files
                .iter()
                .map(|(name, text)| (name.trim_end_matches(".rules"), json!({"rules": text})))
                .collect();
            let mut host = Host::new();
            let mut request = json!({"state": "exact", "drop_ins": drop_ins, "target": "filesystem", "arch": machine});
            request["root"] = "/srv/images/debian".into();
            // An empty root: what a rule is about may be installed later.
            request["on_missing"] = "skip".into();
            request["allow_empty"] = true.into();
            let report = serde_json::to_value(host.answer(&request.to_string())).unwrap();
            let errors = report.get("errors").cloned().unwrap_or_default();
            assert_eq!(errors, Value::Null, "{} on {machine}", policy.name);
            assert_eq!(report["changed"], true, "{} on {machine}", policy.name);
        }
    }
}
