//! What is compiled in is what lies in `policies/`; and policies as requests ask for them.
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::unwrap_used,
    clippy::panic,
    reason = "reads the project's own files; a test may end in a panic"
)]

mod project;

use std::collections::BTreeSet;
use std::fmt::Write as _;

use audit_rules::policies::{LabelledLine, Size, as_request, chosen, policies, size};
use audit_rules::report::{Outcome, Report};
use project::host::Host;
use serde_json::{Value, json};

/// The list at the end of `src/policies/compiled.rs`, as the directory has it.
fn listed() -> String {
    let mut paths = project::files("policies", "");
    paths.sort();
    let mut text = String::from("compiled! {\n");
    let about = paths.iter().filter_map(|path| path.strip_prefix("policies/")?.strip_suffix("/policy.json"));
    for name in about {
        let _ = writeln!(text, "    {name:?}:");
        let inside = format!("policies/{name}/");
        let files = paths.iter().filter_map(|path| path.strip_prefix(&inside)).filter(|path| *path != "policy.json");
        for path in files {
            let _ = writeln!(text, "        {path:?}");
        }
        text.push_str("    ;\n");
    }
    text + "}\n"
}

#[test]
fn every_file_of_the_directory_is_compiled_in() {
    let path = "src/policies/compiled.rs";
    let code = project::read(path);
    let (before, _) = code.split_once("compiled! {\n").unwrap();
    let wanted = format!("{before}{}", listed());
    if std::env::var_os("UPDATE_EXPECTED").is_some() {
        std::fs::write(path, &wanted).unwrap();
        return;
    }
    assert!(code == wanted, "UPDATE_EXPECTED=1 cargo test --test compiled_policies writes {path}");
}

#[test]
fn the_request_that_a_policy_is_printed_as_is_one() {
    for policy in policies() {
        for product in policy.products() {
            let choice = chosen(policy.name, Some(product), "x86_64", || unreachable!()).unwrap();
            let request = as_request(&choice);
            let decoded = audit_rules::request::decode(request.to_string().as_bytes());
            assert!(
                decoded.is_ok(),
                "{} for {product}: {:?}",
                policy.name,
                decoded.err().map(|refused| refused.problems)
            );
        }
    }
}

/// The answer of a host that is this product.
fn answered(os_release: &str, mut request: Value) -> (Host, Report) {
    let mut host = Host::new();
    std::fs::write(host.root().join("etc/os-release"), os_release).unwrap();
    request["on_missing"] = "skip".into();
    let report = host.answer(&request.to_string());
    (host, report)
}

fn drop_in(host: &Host, name: &str) -> Option<String> {
    std::fs::read_to_string(host.root().join("etc/audit/rules.d").join(name)).ok()
}

const RHEL: &str = "ID=rhel\nVERSION_ID=9.4\n";
/// The control of RHEL 9 by which the kernel's rules are locked.
const LOCK: &str = "RHEL-09-654275";

#[test]
fn a_policy_is_that_of_the_hosts_product_and_its_files_are_drop_ins() {
    let (host, report) = answered(RHEL, json!({"policy": {"name": "stig", "without": [LOCK]}}));
    assert_eq!(report.outcome, Outcome::Applied, "{}", report.msg);
    let told = &report.policy[0];
    assert_eq!((told.name.as_str(), told.product.as_str()), ("stig", "rhel9"));
    assert_eq!(told.left_out[0].rules, ["-e 2"]);
    for name in &told.drop_ins {
        let is_gone = name == "99-lock-stig.rules";
        assert_eq!(drop_in(&host, name).is_none(), is_gone, "{name}");
    }
    let text = drop_in(&host, "30-stig.rules").unwrap();
    assert!(text.contains("\n# control: stig-rhel9 RHEL-09-654240\n"), "{text}");
}

#[test]
fn what_is_left_out_stands_in_the_drop_in_with_its_reason() {
    let without = json!([LOCK, {"what": "RHEL-09-654240", "reason": "the directory service logs it"}]);
    let (host, report) = answered(RHEL, json!({"policy": [{"name": "stig", "without": without}]}));
    let text = drop_in(&host, "30-stig.rules").unwrap();
    assert!(text.contains("\n# Left out: RHEL-09-654240 (the directory service logs it)\n"), "{text}");
    assert!(!text.contains("path=/etc/passwd ") && !text.contains("control: stig-rhel9 RHEL-09-654240\n"), "{text}");
    let shown = report.human(false);
    assert!(shown.contains("Policy stig for rhel9\n"), "{shown}");
    assert!(shown.contains("left out  RHEL-09-654240  the directory service logs it\n"), "{shown}");
    assert!(report.policy[0].left_out[1].rules.iter().all(|rule| rule.contains("/etc/passwd")), "{report:?}");
}

#[test]
fn a_drop_in_of_the_request_replaces_that_of_a_policy() {
    let own = json!({"99-lock-stig": {"rules": ["# The lock comes with the next release"]}});
    let (host, report) = answered(RHEL, json!({"policy": "stig", "drop_ins": own, "allow_empty": true}));
    assert_eq!(report.policy[0].replaced, ["99-lock-stig.rules"], "{}", report.msg);
    assert!(drop_in(&host, "99-lock-stig.rules").unwrap().contains("next release"));
    let told = report.warnings.iter().find(|warning| warning.contains("stands in place of")).unwrap();
    assert!(told.contains("stig-rhel9 RHEL-09-654275"), "{told}");
}

#[test]
fn what_is_no_policy_or_no_part_of_it_fails_with_its_place_and_the_nearest_name() {
    let rows = [
        (json!({"policy": "stigg"}), "/policy/name", Some("did you mean stig?")),
        (json!({"policy": [{"name": "stig", "product": "rhel99"}]}), "/policy/0/product", Some("did you mean rhel9?")),
        (json!({"policy": {"name": "stig", "without": ["RHEL-09-654241"]}}), "/policy/without/0", None),
        (json!({"policy": "stig", "rules": ["-e 1"]}), "/rules", None),
        (json!({"policy": "stig", "state": "absent", "name": "x"}), "/policy", None),
    ];
    for (request, pointer, hint) in rows {
        let (host, report) = answered(RHEL, request.clone());
        let error = &report.errors[0];
        assert_eq!(error.pointer.as_deref(), Some(pointer), "{request}: {report:?}");
        assert!(hint.is_none() || error.hint.as_deref() == hint, "{request}: {error:?}");
        assert_eq!(drop_in(&host, "30-stig.rules"), None);
    }
    let (_, report) = answered("ID=arch\n", json!({"policy": "stig"}));
    assert!(report.msg.contains("the host is ID=arch VERSION_ID="), "{}", report.msg);
    let (_, report) = answered("", json!({"policy": "stig"}));
    assert_eq!((report.errors[0].kind.as_str(), report.msg.contains("has no os-release")), ("unknown_product", true));
}

#[test]
fn what_a_host_lacks_is_told_with_the_file_of_the_policy() {
    let mut host = Host::new();
    std::fs::write(host.root().join("etc/os-release"), RHEL).unwrap();
    let report = host.answer(&json!({"policy": "stig", "on_missing": "fail"}).to_string());
    let error = report.errors.iter().find(|error| error.kind == "missing_path").unwrap_or_else(|| panic!("{report:?}"));
    assert_eq!((error.pointer.as_deref(), error.file.as_deref()), (Some("/policy"), Some("30-stig.rules")));
    assert!(error.line.is_some());
}

#[test]
fn an_expected_policy_is_evidence_for_each_control() {
    let policy = json!({"name": "stig", "without": [LOCK]});
    let (mut host, _) = answered(RHEL, json!({"policy": policy.clone()}));
    let expect = json!({"policy": policy, "on_missing": "skip"});
    let report = host.answer(&json!({"operation": "gather", "expect": expect}).to_string());
    assert_eq!(report.policy[0].product, "rhel9", "{report:?}");
    let labels = report.labels.unwrap();
    assert_eq!(labels["stig-rhel9 RHEL-09-654240"].in_sync, Some(true), "{labels:?}");
}

/// The controls for which there is evidence, and those that are not held.
fn evidence(host: &mut Host, policy: &Value) -> (BTreeSet<String>, Vec<String>) {
    let expect = json!({"policy": policy, "on_missing": "skip"});
    let report = host.answer(&json!({"operation": "gather", "expect": expect}).to_string());
    let labels = report.labels.unwrap_or_default();
    let not_held = labels.iter().filter(|(_, label)| label.in_sync == Some(false)).map(|(name, _)| name.clone());
    (labels.keys().cloned().collect(), not_held.collect())
}

#[test]
fn there_is_evidence_for_each_control_also_for_settings_and_for_files_of_fixed_bytes() {
    for policy in policies() {
        for product in policy.products() {
            let choice = chosen(policy.name, Some(product), "x86_64", || unreachable!()).unwrap();
            let is_evidence = |line: &LabelledLine<'_>| line.is_statement() && line.text.trim() != "-D";
            let controls: BTreeSet<String> =
                policy.lines(choice.of).filter(is_evidence).flat_map(|line| line.labels).collect();
            let (found, _) = evidence(&mut Host::new(), &json!({"name": policy.name, "product": product}));
            let missing: Vec<&String> = controls.difference(&found).collect();
            assert!(missing.is_empty(), "{} for {product}: no evidence for {missing:?}", policy.name);
        }
    }
}

#[test]
fn a_control_is_not_held_where_its_setting_is_left_out_or_all_of_its_rules_are() {
    let (mut host, report) = answered(RHEL, json!({"policy": {"name": "stig", "without": [LOCK]}}));
    let skipped: BTreeSet<&str> = report.rules.iter().flat_map(|of| &of.skipped).map(|one| one.rule.as_str()).collect();
    assert!(!skipped.is_empty(), "{report:?}");
    let (_, not_held) = evidence(&mut host, &json!("stig"));
    assert!(not_held.contains(&format!("stig-rhel9 {LOCK}")), "{not_held:?}");
    std::fs::remove_dir_all(host.root().join("etc/audit/rules.d")).unwrap();
    let expect = json!({"policy": {"name": "stig", "product": "rhel9"}, "on_missing": "skip"});
    let report = host.answer(&json!({"operation": "gather", "expect": expect}).to_string());
    let labels = report.labels.unwrap();
    let is_left_out = |label: &audit_rules::report::expected::LabelReport| {
        !label.rules.is_empty() && label.rules.iter().all(|rule| rule.skipped.is_some())
    };
    let left_out: Vec<_> = labels.iter().filter(|(_, label)| is_left_out(label)).collect();
    assert!(!left_out.is_empty());
    assert!(left_out.iter().all(|(_, label)| label.in_sync == Some(false)), "{left_out:?}");
}

#[test]
fn settings_of_the_request_go_into_the_drop_in_of_a_policy() {
    let own = json!({"99-lock-stig": {"control": {"backlog_limit": 8192}}});
    let (host, report) = answered(RHEL, json!({"policy": "stig", "drop_ins": own}));
    assert_eq!(report.policy[0].replaced, Vec::<String>::new(), "{}", report.msg);
    let text = drop_in(&host, "99-lock-stig.rules").unwrap();
    assert!(text.contains("-e 2\n") && text.contains("-b 8192\n"), "{text}");
}

#[test]
fn policies_go_together_on_every_product_that_has_several() {
    let names: BTreeSet<&str> = policies().iter().flat_map(audit_rules::policies::BenchmarkPolicy::products).collect();
    for product in names {
        let those = policies().iter().filter(|policy| policy.on(product).is_some());
        let several: Vec<Value> = those.map(|policy| json!({"name": policy.name, "product": product})).collect();
        let (_, report) = answered(RHEL, json!({"policy": several, "lock_anyway": true, "check_mode": true}));
        assert!(!report.failed, "{product}: {}", report.msg);
    }
}

#[test]
fn the_product_is_that_of_the_machine_and_another_one_is_told() {
    let mut host = Host::new();
    std::fs::create_dir_all(host.root().join("image/etc/audit/rules.d")).unwrap();
    std::fs::write(host.root().join("image/etc/os-release"), RHEL).unwrap();
    let request = json!({"policy": "ospp", "arch": "aarch64", "root": "/image", "on_missing": "skip"});
    let report = host.answer(&request.to_string());
    assert_eq!(report.policy.first().map(|policy| policy.product.as_str()), Some("rhel9-aarch64"), "{}", report.msg);
    let (_, report) = answered("ID=debian\nVERSION_ID=12\n", json!({"policy": {"name": "stig", "product": "rhel9"}}));
    assert!(report.warnings.iter().any(|warning| warning.contains("says debian12")), "{:?}", report.warnings);
}

#[test]
fn a_policy_of_which_nothing_is_left_declares_nothing() {
    let choice = chosen("ospp", Some("rhel9"), "x86_64", || unreachable!()).unwrap();
    let all: BTreeSet<String> = choice.policy.lines(choice.of).flat_map(|line| line.labels).collect();
    let policy = json!({"name": "ospp", "without": all});
    let (_, report) = answered(RHEL, json!({"policy": policy.clone()}));
    assert_eq!(report.errors[0].kind, "nothing_declared", "{}", report.msg);
    assert!(!answered(RHEL, json!({"policy": policy, "allow_empty": true})).1.failed);
}

#[test]
fn a_policy_has_a_rule_for_each_privileged_program_of_the_host() {
    let mut host = Host::new();
    std::fs::write(host.root().join("etc/os-release"), RHEL).unwrap();
    let program = host.root().join("usr/bin/su");
    std::fs::write(&program, "").unwrap();
    std::fs::set_permissions(&program, std::os::unix::fs::PermissionsExt::from_mode(0o4755)).unwrap();
    let request = json!({"policy": "cis", "on_missing": "skip", "lock_anyway": true});
    let report = host.answer(&request.to_string());
    assert!(!report.failed, "{}", report.msg);
    let text = drop_in(&host, "50-privileged-cis.rules").unwrap();
    let line = "-a always,exit -F path=/usr/bin/su -F perm=x -F auid>=1000 -F auid!=unset -F key=privileged\n";
    assert!(text.contains(&format!("# control: cis-rhel9 6.3.3.6\n{line}")), "{text}");
    std::fs::set_permissions(&program, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let report = host.answer(&request.to_string());
    let told: Vec<_> = report.errors.iter().map(|error| (error.kind.as_str(), error.pointer.as_deref())).collect();
    assert_eq!(told, [("no_programs", Some("/policy"))], "{}", report.msg);
}

/// What `docs/policies.md` says of the policies.
fn told() -> String {
    let mut text = String::new();
    for policy in policies() {
        let _ = write!(text, "\n### {}\n\n{}.\n\n", policy.name, policy.title());
        text.push_str("| product | benchmark | lines | controls | programs |\n|---|---|--:|--:|---|\n");
        let mut topics: Vec<(String, BTreeSet<String>)> = Vec::new();
        for product in policy.products() {
            let of = policy.on(product).unwrap();
            let Size { rules, controls } = size(policy, of);
            let programs = if of.privileged.is_some() { "yes" } else { "" };
            let _ = writeln!(text, "| `{product}` | {} | {rules} | {controls} | {programs} |", of.benchmark);
            for (_, file) in policy.drop_ins(of) {
                keys_by_topic(file, &mut topics);
            }
        }
        text.push_str("\n| what | keys |\n|---|---|\n");
        for (topic, keys) in topics.iter().filter(|(_, keys)| !keys.is_empty()) {
            let keys: Vec<String> = keys.iter().map(|key| format!("`{key}`")).collect();
            let _ = writeln!(text, "| {topic} | {} |", keys.join(", "));
        }
    }
    text
}

/// Adds the keys of a file's rules to the topics that its comments name.
fn keys_by_topic(file: &str, topics: &mut Vec<(String, BTreeSet<String>)>) {
    let mut topic = None;
    let mut after_blank = false;
    for line in file.lines() {
        let comment = line.strip_prefix("# ").filter(|comment| !comment.starts_with("control:"));
        if let Some(comment) = comment.filter(|_| after_blank) {
            topic = Some(topics.iter().position(|(known, _)| known == comment).unwrap_or_else(|| {
                topics.push((comment.to_owned(), BTreeSet::new()));
                topics.len() - 1
            }));
        }
        after_blank = line.is_empty();
        let key = line.split_once("-k ").or_else(|| line.split_once("key=")).map(|(_, key)| key.trim().to_owned());
        if let (Some(at), Some(key), false) = (topic, key, line.starts_with('#')) {
            topics[at].1.insert(key);
        }
    }
}

#[test]
fn the_page_of_the_policies_says_what_they_hold() {
    let path = "docs/policies.md";
    let page = project::read(path);
    let (begin, end) = ("<!-- policies -->\n", "<!-- /policies -->\n");
    let (before, rest) = page.split_once(begin).unwrap();
    let (_, after) = rest.split_once(end).unwrap();
    let wanted = format!("{before}{begin}{}{end}{after}", told());
    if std::env::var_os("UPDATE_DOCUMENTS").is_some() {
        std::fs::write(path, &wanted).unwrap();
        return;
    }
    assert!(page == wanted, "UPDATE_DOCUMENTS=1 cargo test --test compiled_policies writes {path}");
}
