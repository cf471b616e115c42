//! The policies that come with the executable, on a real kernel.

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
