//! `gather`: which rules stand where they should not.

use serde_json::{Value as Json, json};

use crate::host::{Host, kinds};

const ALWAYS: &str = "-a always,exit -F arch=b64 -S openat -F key=open";
const NEVER: &str = "-a never,exit -F arch=b64 -S openat -F auid=1000 -F key=quiet";
const LATER: &str = "-a always,exit -F arch=b64 -S openat -F success=0 -F key=later";

fn host(files: &[&str], kernel: &[&str]) -> Host {
    let mut host = Host::new();
    host.write("/etc/audit/rules.d/30-policy.rules", files.join("\n") + "\n");
    host.load(kernel);
    host
}

fn verify(host: &mut Host, forms: &Json, ordering: &str) -> Json {
    host.answer(&json!({"operation": "gather", "ordering": ordering, "expect": forms}))
}

/// Where each wanted rule is out of place, and whether it is in sync.
fn evidence(report: &Json) -> Vec<(Vec<&'static str>, bool)> {
    let rules = report["expect"]["rules"].as_array().unwrap_or_else(|| panic!("{report:#}")).iter();
    let places = |rule: &Json| -> Vec<&'static str> {
        let found = rule.get("out_of_place").and_then(Json::as_array).map_or(&[][..], Vec::as_slice);
        ["running", "next_boot"].into_iter().filter(|place| found.contains(&json!(place))).collect()
    };
    rules.map(|rule| (places(rule), rule["in_sync"].as_bool().unwrap())).collect()
}

fn held() -> (Vec<&'static str>, bool) {
    (Vec::new(), true)
}

#[test]
fn what_is_not_loaded_puts_nothing_out_of_its_place() {
    let order = |kernel: &[&str]| {
        let report = host(&[ALWAYS, NEVER, LATER], kernel).answer(&json!({"operation": "gather"}));
        report["drift"]["order"].as_array().unwrap().len()
    };
    assert_eq!(order(&[ALWAYS, LATER]), 0);
    assert_eq!(order(&[ALWAYS, NEVER, LATER]), 0);
    assert_eq!(order(&[LATER, NEVER, ALWAYS]), 2);
}

#[test]
fn a_wanted_rules_whose_rules_run_in_the_wrong_order_is_not_held() {
    let mut host = host(&[NEVER, ALWAYS], &[ALWAYS, NEVER]);
    let report = verify(&mut host, &json!([NEVER, ALWAYS]), "relevant");
    assert_eq!(evidence(&report), [held(), (vec!["running"], false)], "{report:#}");
    assert_eq!(report["in_sync"], json!(false));
    assert!(report["msg"].as_str().unwrap().starts_with("1 of 2 expected rules held"), "{report:#}");

    // The files, too, say it the other way round: so does the next boot.
    let report = verify(&mut host, &json!([ALWAYS, NEVER]), "relevant");
    assert_eq!(evidence(&report), [held(), (vec!["next_boot"], false)], "{report:#}");

    let mut host = self::host(&[ALWAYS, NEVER], &[ALWAYS, NEVER]);
    let report = verify(&mut host, &json!([NEVER, ALWAYS]), "relevant");
    assert_eq!(evidence(&report), [held(), (vec!["running", "next_boot"], false)], "{report:#}");
    let failed = host.answer(&json!({"operation": "gather", "on_drift": "fail", "expect": [NEVER, ALWAYS]}));
    assert_eq!(kinds(&failed), ["not_in_sync"]);
    let said = failed["errors"][0]["message"].as_str().unwrap();
    assert!(said.contains("out of order in the kernel, out of order at the next boot"), "{said}");

    let report = verify(&mut host, &json!([NEVER, ALWAYS]), "ignore");
    assert_eq!((evidence(&report), &report["in_sync"]), (vec![held(), held()], &json!(true)), "{report:#}");
}

#[test]
fn rules_of_one_action_have_an_order_where_it_is_to_be_strict() {
    let mut host = host(&[ALWAYS, LATER], &[LATER, ALWAYS]);
    for (forms, ordering, in_sync) in [
        (json!([ALWAYS, LATER]), "relevant", true),
        (json!([ALWAYS, LATER]), "strict", false),
        (json!({"name": "30-policy", "rules": [ALWAYS, LATER]}), "strict", false),
        (json!({"name": "30-policy", "rules": [ALWAYS, LATER], "ordering": "strict"}), "relevant", false),
        (json!({"name": "30-policy", "rules": [ALWAYS, LATER], "ordering": "ignore"}), "strict", true),
    ] {
        let report = verify(&mut host, &forms, ordering);
        assert_eq!(report["in_sync"], json!(in_sync), "{forms}: {report:#}");
    }
}

#[test]
fn a_wanted_rules_of_several_drop_ins_is_ordered_as_the_boot_loader_reads_them() {
    let mut host = host(&[], &[NEVER, ALWAYS]);
    host.write("/etc/audit/rules.d/9-quiet.rules", format!("{NEVER}\n"));
    host.write("/etc/audit/rules.d/10-open.rules", format!("{ALWAYS}\n"));
    let forms = json!({"drop_ins": {"10-open": {"rules": [ALWAYS]}, "9-quiet": {"rules": [NEVER]}}});
    let report = verify(&mut host, &forms, "relevant");
    assert_eq!((evidence(&report), &report["in_sync"]), (vec![held(), held()], &json!(true)), "{report:#}");
}

#[test]
fn a_rule_that_is_to_be_put_before_the_others_is_wanted_there() {
    let first = NEVER.replacen("-a", "-A", 1);
    let mut host = host(&[ALWAYS, &first], &[NEVER, ALWAYS]);
    let report = verify(&mut host, &json!([ALWAYS, first]), "relevant");
    assert_eq!((evidence(&report), &report["in_sync"]), (vec![held(), held()], &json!(true)), "{report:#}");
    let report = verify(&mut host, &json!([ALWAYS, NEVER]), "relevant");
    assert_eq!(report["in_sync"], json!(false), "{report:#}");
}

#[test]
fn of_all_that_rules_d_asks_for_the_whole_order_counts() {
    let mut host = host(&["# control: cis-1", NEVER, "", ALWAYS], &[ALWAYS, NEVER]);
    for forms in [json!({"state": "loaded"}), json!({"state": "loaded", "drop_ins": {"30-policy": {"rules": [NEVER]}}})]
    {
        let report = verify(&mut host, &forms, "relevant");
        assert_eq!(report["in_sync"], json!(false), "{report:#}");
        assert!(evidence(&report).contains(&(vec!["running"], false)), "{report:#}");
    }
    // What was applied is in order again.
    assert_eq!(host.answer(&json!({"state": "loaded"}))["failed"], json!(false));
    assert_eq!(verify(&mut host, &json!({"state": "loaded"}), "relevant")["in_sync"], json!(true));
}

#[test]
fn a_control_whose_rule_runs_out_of_order_is_not_held() {
    let report = host(&[NEVER, "# control: cis-1", ALWAYS], &[ALWAYS, NEVER]).answer(&json!({"operation": "gather"}));
    assert_eq!(report["labels"]["cis-1"]["in_sync"], json!(false), "{report:#}");
    assert_eq!(report["labels"]["cis-1"]["rules"][0]["out_of_place"], json!(["running"]));
}
