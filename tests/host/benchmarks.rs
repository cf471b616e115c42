//! The policies that come with the executable, on a real kernel.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use audit_rules::policies::{self, BenchmarkPolicy, LabelledLine, ProductPolicy};
use serde_json::{Value as Json, json};

use super::guest::{Guest, is_thorough, plain, said};

/// One product for each policy: its rules are also loaded as a boot loads them, and elsewhere than on the kernel on which
/// everything is tried they stand for all products.
const AS_AT_BOOT: [(&str, &str); 5] =
    [("anssi", "debian12"), ("cis", "debian12"), ("ospp", "rhel9"), ("pci-dss", "rhel9"), ("stig", "rhel9")];

/// What would change the guest for the tests after this one: the lock, a panic where a record is lost, the locked feature.
fn for_good(policy: &BenchmarkPolicy, of: &ProductPolicy) -> Vec<String> {
    let is_for_good = |line: &LabelledLine<'_>| ["-e 2", "-f 2", "--loginuid-immutable"].contains(&line.text.trim());
    let mut found: Vec<String> = policy.lines(of).filter(is_for_good).map(|line| line.text.trim().to_owned()).collect();
    found.dedup();
    found
}

/// The whole host held by a policy, but for what would change it for good.
fn whole(name: &str, product: &str) -> Json {
    let policy = policies::policy(name).unwrap();
    let without = for_good(policy, policy.on(product).unwrap());
    json!({
        "state": "exact", "policy": {"name": name, "product": product, "without": without},
        "on_missing": "skip", "compile": "always", "expedite": "always",
    })
}

/// Whether augenrules puts the files of a policy in the same order here as on hosts, which have the `ls -v` of coreutils. The
/// guests have busybox, which puts `30-ospp-v42.rules` elsewhere among `30-ospp-v42-1-create-failed.rules` and so on.
fn is_ordered_as_on_hosts(policy: &str) -> bool {
    policy != "ospp" || said("ls", &["--version"]).contains("GNU coreutils")
}

/// Applies a policy; the report.
fn applied(guest: &Guest, name: &str, product: &str) -> Json {
    let request = whole(name, product);
    let report = guest.request(&request);
    // Two products may have the same files.
    let outcomes = [json!("applied"), json!("unchanged")];
    assert!(outcomes.contains(&report["outcome"]), "{name} of {product}: {report:#}");
    assert_eq!(report["rules"]["desired"], report["rules"]["loaded"], "{name} of {product}");
    for skipped in report["rules"]["skipped"].as_array().unwrap() {
        let kind = skipped["kind"].as_str().unwrap();
        assert!(["missing_path", "unknown_syscall", "no_such_arch"].contains(&kind), "{name} of {product}: {skipped}");
    }
    if is_ordered_as_on_hosts(name) {
        assert!(guest.boot_is_current(), "{name} of {product}: augenrules would write another audit.rules");
    }
    guest.nothing_to_do(&request);
    report
}

#[test]
#[ignore = "needs a guest: make test"]
fn every_policy_of_every_product_is_loaded_whole_and_a_second_run_finds_nothing_to_do() {
    let guest = plain();
    let is_all = is_thorough();
    for policy in policies::policies() {
        let mut tried: Vec<Vec<(&str, &str)>> = Vec::new();
        for product in policy.products() {
            // Several products have the same files.
            let files: Vec<(&str, &str)> = policy.drop_ins(policy.on(product).unwrap()).collect();
            let is_left_out = !is_all && !AS_AT_BOOT.contains(&(policy.name, product));
            if is_left_out || tried.contains(&files) {
                continue;
            }
            tried.push(files);
            let report = applied(&guest, policy.name, product);
            let listed = guest.listed().len();
            assert_eq!(json!(listed), report["rules"]["loaded"], "{} of {product}", policy.name);
        }
    }
}

/// The rules of the kernel, in their order. Newer versions of auditctl narrow the system calls of a rule with `perm=` to a
/// table of their own, so these are left out.
fn listed_but_for_narrowing(guest: &Guest) -> Vec<String> {
    let is_narrowed = |line: &str| line.contains("-F arch=") && line.contains("-F perm=");
    let shown = |line: String| match line.split_once(" -S ") {
        Some((before, after)) if is_narrowed(&line) => {
            format!("{before} {}", after.split_once(' ').map_or("", |(_, rest)| rest))
        }
        _ => line,
    };
    guest.listed().into_iter().map(shown).collect()
}

#[test]
#[ignore = "needs a guest: make test"]
fn the_boot_load_of_a_policy_makes_a_kernel_without_rules_hold_the_same_rules_in_the_same_order() {
    let guest = plain();
    for (name, product) in AS_AT_BOOT.into_iter().filter(|(name, _)| is_ordered_as_on_hosts(name)) {
        // What another policy has too would stay where it is in the list.
        said("auditctl", &["-D"]);
        applied(&guest, name, product);
        let listed = listed_but_for_narrowing(&guest);
        said("auditctl", &["-D"]);
        assert!(guest.listed().is_empty(), "{name} of {product}: auditctl -D left rules");
        let errors = said("augenrules", &["--load"]);
        assert_eq!(listed_but_for_narrowing(&guest), listed, "{name} of {product}: {errors}");
        guest.nothing_to_do(&whole(name, product));
    }
}

/// Makes the files and directories that a policy is about and the guest lacks; those that were made.
fn files_of(name: &str, product: &str) -> Vec<PathBuf> {
    let policy = policies::policy(name).unwrap();
    let mut made = Vec::new();
    for line in policy.lines(policy.on(product).unwrap()) {
        let words: Vec<&str> = line.text.split_whitespace().collect();
        let of_watch = words.windows(2).find(|pair| pair[0] == "-w").map(|pair| pair[1]);
        let of_field = words.iter().find_map(|word| word.strip_prefix("path=").or(word.strip_prefix("dir=")));
        let Some(path) = of_watch.or(of_field).map(Path::new) else { continue };
        for missing in path.ancestors().collect::<Vec<_>>().into_iter().rev().filter(|path| !path.exists()) {
            let is_directory = missing != path || line.text.contains("dir=") || path.to_string_lossy().ends_with('/');
            let done = if is_directory { fs::create_dir(missing) } else { fs::write(missing, "#!/bin/sh\n") };
            // A link may lead nowhere.
            if done.and_then(|()| fs::set_permissions(missing, fs::Permissions::from_mode(0o755))).is_ok() {
                made.push(missing.to_owned());
            }
        }
    }
    made
}

/// Why a rule of a policy is not tried.
const NOT_TRIED: [&str; 3] = [
    "it asks for a label that the process did not have: subj_type",
    "it keeps events from being recorded, and records none",
    "what this list is about cannot be done at will",
];

#[test]
#[ignore = "needs a guest: make test"]
fn every_rule_of_cis_and_stig_records_under_its_own_key_or_says_why_it_was_not_tried() {
    let all = [("stig", "rhel9"), ("cis", "debian12")];
    for (name, product) in all.into_iter().take(if is_thorough() { all.len() } else { 1 }) {
        let guest = plain();
        let made = files_of(name, product);
        applied(&guest, name, product);
        said("auditctl", &["-e", "1"]);
        let report = guest.request(&json!({"operation": "prove"}));
        made.iter().rev().for_each(|path| drop(fs::remove_file(path).or_else(|_| fs::remove_dir(path))));
        let mut others = Vec::new();
        for proof in report["proofs"].as_array().unwrap() {
            match proof["verdict"].as_str() {
                Some("records") => assert_eq!(proof["record"]["keys"], proof["keys"], "{proof:#}"),
                // The same is asked for in two spellings.
                Some("shadowed") if proof["by"]["keys"] == proof["keys"] => {}
                // Nobody is refused so without a file that lies in the way.
                Some("not_provoked") if proof["rule"].as_str().unwrap().contains("exit=-EPERM") => {}
                _ if NOT_TRIED.contains(&proof["why"].as_str().unwrap_or_default()) => {}
                _ => others.push((&proof["verdict"], &proof["rule"], &proof["why"], &proof["by"]["rule"])),
            }
        }
        assert!(others.is_empty(), "{name} of {product}: {others:#?} {}", report["verdicts"]);
        assert!(report["verdicts"]["records"].as_u64().unwrap() > 20, "{}", report["verdicts"]);
    }
}
