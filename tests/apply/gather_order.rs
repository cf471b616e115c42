//! `gather`: which rules stand where they should not.

use serde_json::json;

use crate::host::Host;

const ALWAYS: &str = "-a always,exit -F arch=b64 -S openat -F key=open";
const NEVER: &str = "-a never,exit -F arch=b64 -S openat -F auid=1000 -F key=quiet";
const LATER: &str = "-a always,exit -F arch=b64 -S openat -F success=0 -F key=later";

fn host(files: &[&str], kernel: &[&str]) -> Host {
    let mut host = Host::new();
    host.write("/etc/audit/rules.d/30-policy.rules", files.join("\n") + "\n");
    host.load(kernel);
    host
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
