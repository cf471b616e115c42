//! Rules that are loaded and do not act as they were meant: the link in place of a file above all.

use std::os::unix::fs::symlink;

use serde_json::{Value as Json, json};

use crate::host::Host;

const LINES: &str = "-w /etc/alias -p wa -k a\n-w /etc/dir -p wa -k d\n-a always,exit -F arch=b64 -S execve -F exe=/usr/bin/vi -k v\n\
                     -w /etc/dir/sshd_config -p wa -k m\n-a always,exclude -F exe=/usr/bin/sudo -k x\n";

/// What is said of each of the lines, but for the one that a link in the middle of its path leaves as it is.
const SAID: [&str; 4] = [
    "`-w /etc/alias -p wa -k a` (/etc/audit/rules.d/50-links.rules:1): /etc/alias is a symbolic link, and the kernel does not \
     follow it: this rule sees when the link itself is removed or replaced, and nothing of what is done to the file",
    "`-w /etc/dir -p wa -k d` (/etc/audit/rules.d/50-links.rules:2): /etc/dir is a symbolic link, and the kernel does not \
     follow it: this rule sees nothing of what happens inside",
    "`-a always,exit -F arch=b64 -S execve -F exe=/usr/bin/vi -k v` (/etc/audit/rules.d/50-links.rules:3): /usr/bin/vi is a \
     symbolic link, and the kernel does not follow it: no running program is a link, and this rule never fires",
    "`-a always,exclude -F exe=/usr/bin/sudo -k x` (/etc/audit/rules.d/50-links.rules:5): a key stops the evaluation of the \
     exclude list here: this rule never acts, and rules after it are not tried",
];

fn host() -> Host {
    let mut host = Host::new();
    symlink("passwd", host.path("/etc/alias")).unwrap();
    symlink("ssh", host.path("/etc/dir")).unwrap();
    symlink("sudo", host.path("/usr/bin/vi")).unwrap();
    host.write("/etc/audit/rules.d/50-links.rules", LINES);
    host.tell_paths();
    host
}

fn about_lines(report: &Json) -> Vec<&str> {
    let said = report["warnings"].as_array().unwrap().iter().filter_map(Json::as_str);
    said.filter(|said| said.starts_with("`-")).collect()
}

#[test]
fn gather_and_loaded_name_each_rule_that_does_not_act_as_it_was_meant() {
    let mut host = host();
    assert_eq!(about_lines(&host.answer(&json!({"operation": "gather", "source": "filesystem"}))), SAID);
    assert_eq!(about_lines(&host.answer(&json!({"state": "loaded"}))), SAID);
    let gathered = host.answer(&json!({"operation": "gather"}));
    assert_eq!(
        (about_lines(&gathered), &gathered["in_sync"]),
        (SAID.to_vec(), &json!(true)),
        "loaded as it is asked for"
    );
}

#[test]
fn a_request_for_one_drop_in_says_it_of_its_own_lines_alone_and_once() {
    let mut host = host();
    let request = json!({"name": "40-own", "rules": ["-w /etc/alias -p r -k own"]});
    let said = [
        "`-w /etc/alias -p r -k own`: /etc/alias is a symbolic link, and the kernel does not follow it: this rule sees \
                 when the link itself is removed or replaced, and nothing of what is done to the file",
    ];
    assert_eq!(about_lines(&host.answer(&request)), said);
    let exact = json!({"state": "exact", "name": "40-own", "rules": ["-w /etc/alias -p r -k own"], "keep": ["50-*"]});
    let report = host.answer(&exact);
    let mut both = said.to_vec();
    both.extend(SAID);
    assert_eq!(about_lines(&report), both, "{report:#}");
}
