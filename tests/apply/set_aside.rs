//! Requests with our own comments in place of lines, as in a drop-in that somebody copied: each goes on asking for its rule.

use audit_rules::rule::Machine;
use serde_json::json;

use crate::host::Host;

const P: &str = "-w /etc/passwd -p wa -k id";
const OWN: &str = "/etc/audit/rules.d/40-own.rules";

/// Asks for these lines until nothing changes; gives how often something did, and what the drop-in then holds.
fn converged(host: &mut Host, rules: &str) -> (usize, String) {
    let request = json!({"name": "40-own", "rules": rules, "on_missing": "skip", "header": false});
    let mut changes = 0;
    loop {
        let check = host.answer(
            &json!({"name": "40-own", "rules": rules, "on_missing": "skip", "header": false, "check_mode": true}),
        );
        let report = host.answer(&request);
        assert_eq!((&report["failed"], &report["changed"]), (&json!(false), &check["changed"]), "{report:#}");
        if report["changed"] == json!(false) {
            return (changes, host.host_file(OWN));
        }
        changes += 1;
        assert!(changes < 4, "{report:#}");
    }
}

#[test]
fn a_comment_of_ours_in_a_request_asks_for_its_rule_in_one_run() {
    for (comment, line, missing) in [
        (format!("# audit_rules: the same rule stands above: {P}"), P, false),
        (format!("# audit_rules: the same rule as /etc/audit/rules.d/30-first.rules: {P}"), P, false),
        ("# audit_rules: /opt/app does not exist: -w /opt/app/x -p wa".to_owned(), "-w /opt/app/x -p wa", true),
        (
            "# audit_rules: there is no user named admin: -a always,exit -F uid=admin".to_owned(),
            "-a always,exit -F uid=admin",
            false,
        ),
    ] {
        let mut host = Host::new();
        host.tell_paths();
        let (changes, text) = converged(&mut host, &format!("# words\n{comment}\n"));
        let written = if missing { comment.clone() } else { line.to_owned() };
        assert_eq!((changes, text), (1, format!("# words\n{written}\n")), "{comment}");
        assert_eq!(host.kernel.loaded().len(), usize::from(!missing), "{comment}");
        if missing {
            host.directory("/opt/app");
            host.tell_paths();
            let (changes, text) = converged(&mut host, &format!("# words\n{comment}\n"));
            assert_eq!((changes, text, host.kernel.loaded().len()), (1, format!("# words\n{line}\n"), 1));
        }
    }
}

#[test]
fn a_comment_whose_reason_holds_stays_as_it_is() {
    let mut host = Host::new();
    host.answer(&json!({"name": "30-first", "rules": [P]}));
    host.tell_paths();
    let comment = format!("# audit_rules: the same rule as /etc/audit/rules.d/30-first.rules: {P}\n");
    assert_eq!(converged(&mut host, &comment), (1, comment.clone()));
    // Where the other goes, this one holds the rule, and the same request finds it so.
    host.answer(&json!({"state": "absent", "name": "30-first"}));
    assert_eq!(converged(&mut host, &comment), (0, format!("{P}\n")));
    assert_eq!(host.listed(), [P]);
}

#[test]
fn a_copied_drop_in_with_a_line_that_was_cut_for_another_machine_is_written_as_it_is() {
    let line = "-a always,exit -F arch=b64 -S open,unlinkat -F key=files";
    let mut other = Host::new();
    other.machine = Machine::from_uname("aarch64").unwrap();
    other.tell_paths();
    other.answer(&json!({"name": "40-own", "rules": [line], "header": false}));
    let copied = other.host_file(OWN);
    assert_eq!(copied.lines().count(), 2, "{copied}");
    assert_eq!(converged(&mut other, &copied), (0, copied.clone()));
    // Where all the calls are known, the whole line takes the place of both.
    let mut host = Host::new();
    host.tell_paths();
    assert_eq!(converged(&mut host, &copied), (1, format!("{line}\n")));
    assert_eq!(host.kernel.loaded().len(), 1);
}
