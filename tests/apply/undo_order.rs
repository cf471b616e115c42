//! An undo on a host whose rules stand in another order than the change left them in.

use audit_rules::kernel::model::Foreign;
use serde_json::{Value as Json, json};

use crate::host::{Host, kinds};

const RULES: [&str; 2] = ["-w /etc/passwd -p wa -k identity", "-w /etc/group -p wa -k identity"];
const HOSTS: &str = "-w /etc/hosts -p wa -k hosts";
const SAID: &str =
    "the loaded rules stand in another order than the change left them in; they get the order that they had before it";

/// A host after a change, with the change's undo.
fn changed() -> (Host, Json) {
    let mut host = Host::new();
    host.write("/etc/audit/rules.d/20-own.rules", format!("{}\n", RULES.join("\n")));
    host.tell_paths();
    host.load(&RULES);
    let report = host.answer(&json!({"name": "30-hosts", "rules": [HOSTS]}));
    assert_eq!((&report["outcome"], host.listed().len()), (&json!("applied"), 3), "{report:#}");
    (host, report["undo"].clone())
}

/// Somebody unloads a rule, and `loaded` brings it back.
fn repair(host: &mut Host) {
    let rule = host.kernel.loaded()[0].clone();
    host.kernel.suffer(&Foreign::Unload(rule));
    let repair = host.answer(&json!({"state": "loaded"}));
    assert_eq!((&repair["outcome"], host.listed()[2].as_str()), (&json!("applied"), RULES[0]), "{repair:#}");
}

#[test]
fn an_undo_takes_a_change_back_after_a_repair_that_left_another_order_and_says_so() {
    let (mut host, undo) = changed();
    repair(&mut host);
    let back = host.answer(&undo);
    assert_eq!((&back["outcome"], &back["warnings"]), (&json!("applied"), &json!([SAID])), "{back:#}");
    assert_eq!(host.listed(), RULES, "as before the change");
    assert!(!host.path("/etc/audit/rules.d/30-hosts.rules").exists());
    let again = host.answer(&undo);
    assert_eq!((&again["outcome"], &again["warnings"]), (&json!("unchanged"), &json!([])), "{again:#}");
}

#[test]
fn an_undo_says_nothing_of_an_order_that_the_change_left() {
    let (mut host, undo) = changed();
    let back = host.answer(&undo);
    assert_eq!((&back["outcome"], &back["warnings"]), (&json!("applied"), &json!([])), "{back:#}");
}

#[test]
fn an_undo_fails_where_the_kernel_holds_other_rules_in_whatever_order() {
    let (mut host, undo) = changed();
    repair(&mut host);
    host.load(&["-w /etc/group -p wa -k group"]);
    let before = host.listed();
    assert_eq!(kinds(&host.answer(&undo)), ["host_changed"]);
    assert_eq!(host.listed(), before);
}
