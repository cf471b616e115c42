//! Policies as a list, as the files they are, and as a request.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use super::{BenchmarkPolicy, Choice, Form, LabelledLine, ProductPolicy, policies};

/// How much there is of a policy on one product.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// Rules and settings.
    pub rules: usize,
    /// Controls that they are there for.
    pub controls: usize,
}

/// How much there is of it.
#[must_use]
pub fn size(policy: &BenchmarkPolicy, of: &ProductPolicy) -> Size {
    let mut controls: BTreeSet<String> = of.privileged.iter().flat_map(|drop_in| drop_in.labels.clone()).collect();
    let mut rules = 0;
    for line in policy.lines(of).filter(LabelledLine::is_statement) {
        rules += 1;
        controls.extend(line.labels);
    }
    Size { rules, controls: controls.len() }
}

/// All policies, for people.
#[must_use]
pub fn list() -> String {
    let mut text = String::new();
    for policy in policies() {
        let _ = writeln!(text, "{}: {}", policy.name, policy.title());
        for name in policy.products() {
            let Some(of) = policy.on(name) else { continue };
            let Size { rules, controls } = size(policy, of);
            let programs = of.privileged.as_ref().map_or("", |_| ", and those of the privileged programs");
            let _ = writeln!(text, "  {name:<12} {rules:>4} lines, {controls:>3} controls{programs}; {}", of.benchmark);
        }
    }
    text
}

/// The same for programs.
#[must_use]
pub fn list_as_json() -> Value {
    let of_product = |policy: &BenchmarkPolicy, name: &str| {
        let of = policy.on(name)?;
        let Size { rules, controls } = size(policy, of);
        let files: Vec<&str> = policy.drop_ins(of).map(|(name, _)| name).collect();
        let privileged = of.privileged.as_ref().map(|drop_in| &drop_in.name);
        Some(json!({
            "product": name, "benchmark": of.benchmark, "files": files, "privileged": privileged,
            "rules": rules, "controls": controls,
        }))
    };
    let of_policy = |policy: &BenchmarkPolicy| {
        let products: Vec<Value> = policy.products().filter_map(|name| of_product(policy, name)).collect();
        json!({"name": policy.name, "title": policy.title(), "products": products})
    };
    policies().iter().map(of_policy).collect()
}

/// The files of a policy one after the other, each under a comment with its name.
#[must_use]
pub fn as_text(choice: &Choice) -> String {
    let Choice { policy, of, .. } = choice;
    let mut text = String::new();
    for (name, held) in policy.drop_ins(of) {
        let _ = writeln!(text, "# {name}\n\n{held}");
    }
    if let Some(drop_in) = &of.privileged {
        let _ = writeln!(
            text,
            "# {}.rules: a rule for each privileged program of the host, under the key {}",
            drop_in.name, drop_in.key
        );
    }
    text
}

/// A policy as the `drop_ins` of a request.
#[must_use]
pub fn as_request(choice: &Choice) -> Value {
    let Choice { policy, of, .. } = choice;
    let mut drop_ins = Map::new();
    drop_ins.extend(policy.drop_ins(of).map(|(name, text)| (name.to_owned(), json!({"rules": text}))));
    if let Some(drop_in) = &of.privileged {
        let object = |form: &Form| {
            let mut object = json!(form);
            object["programs"] = "privileged".into();
            object["key"] = drop_in.key.clone().into();
            object
        };
        let rules: Vec<Value> =
            std::iter::once(json!(drop_in.comment())).chain(drop_in.forms.iter().map(object)).collect();
        drop_ins.insert(format!("{}.rules", drop_in.name), json!({"rules": rules}));
    }
    let mut request = json!({"state": "present", "drop_ins": drop_ins});
    if !of.header {
        request["header"] = false.into();
    }
    request
}
