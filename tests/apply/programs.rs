//! Rule objects that stand for the privileged programs of a host.

use std::fs;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

use audit_rules::rules_d::fault::{self, Fault};
use serde_json::{Value as Json, json};
use tempfile::TempDir;

use crate::host::{Host, kinds};

/// Nobody, who may read nothing of others.
const NOBODY: u32 = 65534;

fn host(programs: &[&str]) -> Host {
    let host = Host::new();
    for path in programs {
        host.write(path, "");
        host.mode(path, 0o4755);
    }
    host
}

fn objects(exclude: &Json) -> Json {
    json!([{"programs": "privileged", "key": "privileged", "labels": "cis 6.3.3.6", "exclude": exclude}])
}

fn line(path: &str) -> String {
    format!("-a always,exit -F path={path} -F perm=x -F auid>=1000 -F auid!=unset -F key=privileged")
}

#[test]
fn gather_expects_a_rule_for_each_program_and_finds_the_one_that_lacks_it() {
    for nested in [false, true] {
        let mut host = host(&["/usr/bin/su", "/usr/bin/new"]);
        host.write("/etc/audit/rules.d/31-privileged.rules", line("/usr/bin/su") + "\n");
        host.tell_paths();
        host.load(&[&line("/usr/bin/su")]);
        let rules = objects(&json!([]));
        let expect = if nested { json!({"name": "31-privileged", "rules": rules}) } else { rules };
        let report = host.answer(&json!({"operation": "gather", "expect": expect}));
        let pointer = if nested { "/expect/rules/0" } else { "/expect/0" };
        let rules = report["expect"]["rules"].as_array().unwrap_or_else(|| panic!("{report:#}"));
        let told: Vec<_> = rules.iter().map(|rule| (&rule["pointer"], &rule["in_sync"], &rule["labels"])).collect();
        assert_eq!(rules.len(), 2, "{report:#}");
        assert!(told.iter().all(|told| *told.0 == json!(pointer) && *told.2 == json!(["cis 6.3.3.6"])), "{told:?}");
        assert_eq!(report["in_sync"], json!(false), "{report:#}");
        let line = |at: usize| rules[at]["rule"].as_str().unwrap().to_owned();
        assert!(line(0).contains("/usr/bin/new") && line(1).contains("/usr/bin/su"), "{rules:#?}");
    }
}

#[test]
fn gather_that_expects_programs_where_there_are_none_is_not_green() {
    let report = host(&[]).answer(&json!({"operation": "gather", "expect": objects(&json!([]))}));
    assert_eq!(kinds(&report), ["nothing_expected"]);
}

#[test]
fn explain_and_lint_refuse_what_only_a_host_can_tell() {
    let machine = audit_rules::rule::Machine::from_uname("x86_64").unwrap();
    for operation in ["explain", "lint"] {
        let request = json!({"operation": operation, "rules": objects(&json!([]))}).to_string();
        let request = audit_rules::request::decode(request.as_bytes()).unwrap();
        let root = TempDir::new().unwrap();
        let request = audit_rules::expanded(request, &machine, root.path()).unwrap().request;
        let answer = match operation {
            "lint" => audit_rules::linted(&request, machine, root.path()),
            _ => audit_rules::explained(&request, machine, root.path()),
        };
        let problems = answer.unwrap_err();
        let told: Vec<_> = problems.iter().map(|problem| (problem.kind(), problem.place.pointer.as_deref())).collect();
        assert_eq!(told, [("bad_rule_object", Some("/rules/0"))], "{operation}");
    }
}

#[test]
fn a_problem_of_a_line_is_one_of_the_object_that_it_stands_for() {
    let mut host = host(&["/usr/bin/su"]);
    let other = json!({"programs": "privileged", "key": "k".repeat(300)});
    let report = host.answer(&json!({"name": "a", "rules": ["# a", other]}));
    let pointers: Vec<_> = report["errors"].as_array().unwrap().iter().map(|error| &error["pointer"]).collect();
    assert!(!pointers.is_empty() && pointers.iter().all(|pointer| **pointer == json!("/rules/1")), "{report:#}");
}

#[test]
fn what_else_is_wrong_is_said_before_the_host_is_searched() {
    let mut host = host(&["/usr/bin/su"]);
    fault::before(u32::MAX, || {});
    let report = host.answer(&json!({"name": "a/b", "rules": objects(&json!([]))}));
    let calls = fault::mend();
    assert_eq!((kinds(&report), calls), (vec!["bad_name"], Vec::new()));
}

#[test]
fn objects_with_the_same_globs_are_one_search() {
    let searches = |rules: Json| {
        let mut host = host(&["/usr/bin/su"]);
        fault::before(u32::MAX, || {});
        let report = host.answer(&json!({"name": "a", "rules": rules, "check_mode": true}));
        let calls = fault::mend();
        assert_eq!(report["failed"], json!(false), "{report:#}");
        calls.iter().filter(|call| **call == "lgetxattr" || **call == "getdents").count()
    };
    let one = searches(json!([{"programs": "privileged", "key": "a"}]));
    let two = searches(json!([{"programs": "privileged", "key": "a"}, {"programs": "privileged", "key": "b"}]));
    let other = searches(
        json!([{"programs": "privileged", "key": "a"}, {"programs": "privileged", "key": "b", "exclude": ["/srv"]}]),
    );
    assert!(one == two && other > two, "{one}, {two}, {other}");
}

#[test]
fn more_lines_than_a_request_may_have_are_refused() {
    let programs: Vec<String> = (0..300).map(|at| format!("/usr/bin/{at}")).collect();
    let mut host = host(&programs.iter().map(String::as_str).collect::<Vec<_>>());
    let rules: Vec<Json> = (0..300).map(|at| json!({"programs": "privileged", "key": at.to_string()})).collect();
    let report = host.answer(&json!({"name": "a", "rules": rules}));
    assert_eq!(kinds(&report), ["too_many_lines"]);
}

#[test]
fn a_search_that_fails_changes_nothing() {
    let mut host = host(&["/usr/bin/su"]);
    fault::from(1, &["lgetxattr", "getdents"], Fault::Fail(rustix::io::Errno::IO));
    let report = host.answer(&json!({"name": "a", "rules": objects(&json!([]))}));
    fault::mend();
    assert!(kinds(&report).iter().all(|kind| *kind == "unreadable") && !kinds(&report).is_empty(), "{report:#}");
    assert!(!host.path("/etc/audit/rules.d/a.rules").exists());
}

#[test]
fn each_directory_that_the_user_may_not_read_is_named_unless_it_is_left_out() {
    let image = TempDir::new().unwrap();
    fs::set_permissions(image.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let tree = |inside: &str, mode: u32| {
        fs::DirBuilder::new().recursive(true).mode(0o755).create(image.path().join(inside)).unwrap();
        fs::set_permissions(image.path().join(inside), fs::Permissions::from_mode(mode)).unwrap();
    };
    for inside in ["usr/bin", "etc/audit/rules.d", "run"] {
        tree(inside, 0o755);
    }
    tree("root", 0o0);
    tree("srv/private", 0o0);
    fs::write(image.path().join("usr/bin/su"), "").unwrap();
    fs::set_permissions(image.path().join("usr/bin/su"), fs::Permissions::from_mode(0o4755)).unwrap();
    let program = image.path().join("audit_rules");
    fs::copy(env!("CARGO_BIN_EXE_audit_rules"), &program).unwrap();
    let failed = answer_of_nobody(&program, &request(image.path(), &json!([])));
    let told: Vec<_> = failed["errors"].as_array().unwrap().iter().collect();
    for (error, inside) in told.iter().zip(["root", "srv/private"]) {
        let expected =
            format!("{} cannot be read: openat: Permission denied (EACCES)", image.path().join(inside).display());
        assert_eq!((&error["message"], &error["pointer"]), (&json!(expected), &json!("/rules/0")));
    }
    assert_eq!(kinds(&failed), ["unreadable", "unreadable"]);
    let sound = answer_of_nobody(&program, &request(image.path(), &json!(["/root", "/srv/*"])));
    let diff = sound["diff"].to_string();
    assert!(diff.contains("path=/usr/bin/su ") && sound["changed"] == json!(true), "{sound:#}");
    for inside in ["root", "srv/private"] {
        tree(inside, 0o755);
    }
}

fn request(root: &Path, exclude: &Json) -> Json {
    json!({"root": root, "name": "a", "rules": objects(exclude), "check_mode": true, "diff": true})
}

/// What the executable answers to somebody who is not root.
fn answer_of_nobody(program: &Path, request: &Json) -> Json {
    let mut command = Command::new(program);
    if nix::unistd::geteuid().is_root() {
        command.uid(NOBODY).gid(NOBODY);
    }
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), request.to_string().as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "", "no line of progress where there is no terminal");
    serde_json::from_slice(&output.stdout).unwrap()
}
