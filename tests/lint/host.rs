//! What depends on a host: its drop-ins, their permissions, its paths and accounts.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use audit_rules::report::lint::FindingReport;
use serde_json::{Value as Json, json};
use tempfile::TempDir;

use crate::answer;

struct Root(TempDir);

impl Root {
    fn new() -> Self {
        let root = Self(TempDir::new().unwrap());
        for directory in ["etc/audit/rules.d", "etc/ssh", "usr/bin", "var", "run/app"] {
            fs::create_dir_all(root.path().join(directory)).unwrap();
        }
        fs::set_permissions(root.path(), fs::Permissions::from_mode(0o755)).unwrap();
        root.file("etc/passwd", "root:x:0:0::/root:/bin/sh\nalice:x:1000:1000::/:/bin/sh\n")
            .file("etc/group", "root:x:0:\n")
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn file(self, path: &str, text: &str) -> Self {
        fs::write(self.path().join(path), text).unwrap();
        self.mode(path, 0o640)
    }

    fn mode(self, path: &str, mode: u32) -> Self {
        fs::set_permissions(self.path().join(path), fs::Permissions::from_mode(mode)).unwrap();
        self
    }

    fn link(self, path: &str, to: &str) -> Self {
        symlink(to, self.path().join(path)).unwrap();
        self
    }

    fn rules(self, name: &str, lines: &[&str]) -> Self {
        let text: String = lines.iter().flat_map(|line| [*line, "\n"]).collect();
        self.file(&format!("etc/audit/rules.d/{name}"), &text)
    }

    fn lint(&self, more: &Json) -> Vec<FindingReport> {
        let mut request = json!({"operation": "lint"});
        request.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let report = answer(&request, self.path());
        report.findings.unwrap_or_else(|| panic!("{:?}", report.errors))
    }

    /// Code and line of every finding in the drop-ins.
    fn codes(&self) -> Vec<(String, Option<usize>)> {
        let not_of_owner = |found: &FindingReport| {
            !found.message.starts_with("the file belongs to") && found.code != "stopped_by_others"
        };
        self.lint(&json!({})).into_iter().filter(not_of_owner).map(|found| (found.code, found.line)).collect()
    }
}

fn row(code: &str, line: usize) -> (String, Option<usize>) {
    (code.to_owned(), Some(line).filter(|line| *line > 0))
}

#[test]
fn paths_and_accounts_are_those_of_the_root() {
    let root = Root::new().link("usr/bin/vi", "vim").link("var/run", "/run").link("etc/alias", "ssh").rules(
        "a.rules",
        &[
            "-a always,exit -F arch=b64 -F dir=/etc/ssh -F perm=wa -F uid=alice -F key=a",
            "-a always,exit -F arch=b32 -F dir=/etc/ssh -F perm=wa -F uid=alice -F key=a",
            "-a never,exit -F arch=b64 -F exe=/usr/bin/vi",
            "-a never,exit -F arch=b64 -S mount -F uid=bob",
            "-a never,exit -F arch=b64 -F dir=/srv -F uid=0",
            "-a never,exit -F arch=b64 -F path=/srv/x -F uid=0",
            "-a never,exit -F arch=b64 -F path=/etc/none -F uid=0",
            "-a never,exit -F arch=b64 -F dir=/etc/alias -F uid=0",
        ],
    );
    let expected = [
        row("symbolic_link", 3),
        row("never_too_late", 3),
        row("unknown_user", 4),
        row("missing_path", 5),
        row("missing_path", 6),
        row("nothing_there", 7),
        row("symbolic_link", 8),
    ];
    assert_eq!(root.codes(), expected);
    let findings = root.lint(&json!({}));
    let message = |line: usize| {
        let found = findings.iter().find(|found| found.line == Some(line)).unwrap();
        (found.file.clone().unwrap(), found.message.clone())
    };
    let file = "/etc/audit/rules.d/a.rules".to_owned();
    assert_eq!(
        message(3),
        (file.clone(), "/usr/bin/vi is a symbolic link, and the kernel does not follow it: no running program is a link, and this rule never \
             fires".to_owned())
    );
    assert!(message(8).1.contains("sees nothing of what happens inside"), "{:?}", message(8));
}

#[test]
fn a_file_or_program_that_does_not_exist_now_is_told_where_the_host_is_known() {
    let lines = [
        "-a always,exit -F arch=b64 -F path=/etc/later -F perm=wa -F key=a",
        "-a always,exit -F arch=b32 -F path=/etc/later -F perm=wa -F key=a",
        "-a never,exit -F arch=b64 -F exe=/usr/bin/later",
        "-w /etc/soon -p wa -k b",
        "-w /etc/passwd -p wa -k b",
        "-W /etc/gone -p wa -k b",
        "-a never,exit -F arch=b64 -F dir=/etc/none",
    ];
    let root = Root::new().rules("a.rules", &lines);
    let found = root.lint(&json!({}));
    let rows: Vec<_> = found.iter().filter(|found| found.code == "nothing_there").collect();
    assert_eq!(rows.iter().filter_map(|found| found.line).collect::<Vec<_>>(), [1, 2, 3, 4]);
    let says = |at: usize, words: &str| assert!(rows[at].message.contains(words), "{}", rows[at].message);
    says(0, "/etc/later does not exist now");
    says(2, "once a program is there");
    says(3, "where it becomes a directory");
    assert_eq!(found.iter().filter(|found| found.code == "missing_path").count(), 1);
    let text: String = lines.iter().flat_map(|line| [*line, "\n"]).collect();
    assert!(crate::lint(&text, &[]).iter().all(|found| found.code != "nothing_there"));
}

#[test]
fn a_directory_covers_what_lies_below_it_and_not_what_a_link_leads_away() {
    let lines = [
        "-a always,exit -F arch=b64 -F dir=/etc -F perm=wa -F key=etc",
        "-a always,exit -F arch=b32 -F dir=/etc -F perm=wa -F key=etc",
        "-a always,exit -F arch=b64 -F dir=/etc/ssh -F perm=wa -F key=ssh",
        "-a always,exit -F arch=b32 -F dir=/etc/ssh -F perm=wa -F key=ssh",
    ];
    let root = Root::new().rules("a.rules", &lines);
    assert_eq!(root.codes(), [row("covered", 3), row("covered", 4)]);
    let found = root.lint(&json!({}));
    let covered = found.iter().find(|found| found.code == "covered").unwrap();
    assert_eq!(covered.message, "never fires: line 1 comes first and matches all of it, key \"etc\" wins");

    let lines = [
        "-a always,exit -F arch=b64 -F dir=/var -F perm=wa -F key=var",
        "-a always,exit -F arch=b32 -F dir=/var -F perm=wa -F key=var",
        "-a always,exit -F arch=b64 -F path=/var/run/app/x -F perm=wa -F key=app",
        "-a always,exit -F arch=b32 -F path=/var/run/app/x -F perm=wa -F key=app",
    ];
    let root = Root::new().link("var/run", "/run").rules("a.rules", &lines);
    assert_eq!(root.codes(), [row("nothing_there", 3), row("nothing_there", 4)]);
    // Nobody knows of the link without a host, so the finding says what it rests on.
    let text: String = lines.iter().flat_map(|line| [*line, "\n"]).collect();
    let found = crate::lint(&text, &[]);
    let codes: Vec<&str> = found.iter().map(|found| found.code.as_str()).collect();
    assert_eq!(codes, ["covered", "covered"]);
    assert!(
        found[0].message.ends_with(
            "key \"var\" wins, if no directory on the way is a symbolic link and the file has no other name"
        )
    );
}

#[test]
fn a_watch_is_about_a_directory_where_there_is_one() {
    let lines = ["-a always,exit -F path=/etc/ssh -F perm=wa -k a", "-w /etc/ssh -p wa -k a"];
    let both =
        |codes: Vec<(String, Option<usize>)>| codes.into_iter().filter(|(code, _)| code == "duplicate_rule").count();
    assert_eq!(both(Root::new().rules("a.rules", &lines).codes()), 0);
    let lines = ["-a always,exit -F path=/etc/x -F perm=wa -k a", "-w /etc/x -p wa -k a"];
    assert_eq!(both(Root::new().rules("a.rules", &lines).codes()), 1);
    let found = crate::lint("-a always,exit -F path=/etc/x -F perm=wa -k a\n-w /etc/x -p wa -k a\n", &[]);
    let found = found.iter().find(|found| found.code == "duplicate_rule").unwrap();
    assert!(found.message.contains("unless /etc/x is a directory"), "{}", found.message);
}

#[test]
fn files_that_others_may_write_or_read_are_told() {
    let root = Root::new().rules("a.rules", &["-e 1"]).rules("b.rules", &["-e 1"]).rules("c.rules", &["-e 1"]);
    let root = root.mode("etc/audit/rules.d/a.rules", 0o646).mode("etc/audit/rules.d/b.rules", 0o644);
    assert_eq!(root.codes(), [row("writable_by_others", 0), row("readable_by_others", 0)]);
}

#[test]
fn names_that_the_boot_loader_passes_over_are_told() {
    let root = Root::new()
        .rules("a.rules", &["-e 1"])
        .rules("b c.rules", &["-e 1"])
        .link("etc/audit/rules.d/d.rules", "/none");
    fs::create_dir(root.path().join("etc/audit/rules.d/e.rules")).unwrap();
    fs::create_dir(root.path().join("etc/audit/rules.d/sub")).unwrap();
    let root = root.rules("sub/f.rules", &["-w /etc -p wa"]).rules("sub/g.rules", &["# nothing"]);
    let root = root.rules(".rules", &["-e 1"]).rules("50-x.conf", &["-w /etc -p wa"]).rules("README", &["How and why"]);
    let found = root.lint(&json!({}));
    let passed: Vec<&str> =
        found.iter().filter(|found| found.code == "passed_over").filter_map(|found| found.file.as_deref()).collect();
    let names = ["b c.rules", "d.rules", "e.rules", "50-x.conf", ".rules", "sub/f.rules"];
    assert_eq!(passed, names.map(|name| format!("/etc/audit/rules.d/{name}")));
}

#[test]
fn given_rules_are_held_against_a_host_where_a_root_is_given() {
    let root = Root::new();
    let rules = json!(["-a never,exit -F arch=b64 -F dir=/none -F uid=bob", "-w / -p wa -k root"]);
    let codes = |more: Json| root.lint(&more).into_iter().map(|found| found.code).collect::<Vec<_>>();
    assert_eq!(codes(json!({"rules": rules, "root": "/"})), ["unknown_user", "wide_tree", "watch_form"]);
    assert_eq!(codes(json!({"rules": rules})), ["wide_tree", "watch_form"]);
}

#[test]
fn a_comment_in_place_of_a_line_is_outdated_once_the_host_has_what_it_lacked() {
    let lines = [
        "# audit_rules: /run/app does not exist: -w /run/app/conf -p wa -k app",
        "# audit_rules: /run/other does not exist: -w /run/other/conf -p wa -k app",
        "# audit_rules: \"alice\" is no user here: -a always,exit -F arch=b64 -S execve -F uid=alice -k alice",
        "# audit_rules: \"bob\" is no user here: -a always,exit -F arch=b64 -S execve -F uid=bob -k bob",
        "# audit_rules: the same rule as /etc/audit/rules.d/39-gone.rules: -w /etc/ssh -p wa -k ssh",
    ];
    let found = Root::new().rules("41-ssh.rules", &lines).codes();
    let outdated = |line| ("outdated_comment".to_owned(), Some(line));
    assert_eq!(found, [("no_rules".to_owned(), None), outdated(1), outdated(3), outdated(5)]);
}

#[test]
fn a_root_without_the_directory_has_no_rules_and_one_that_is_not_there_is_an_error() {
    let root = Root::new();
    let found = root.lint(&json!({"rules_dir": "/etc/other"}));
    assert_eq!(
        found.iter().map(|found| (&*found.code, found.file.as_deref())).collect::<Vec<_>>(),
        [("no_rules", Some("/etc/other"))]
    );
    let report = answer(&json!({"operation": "lint", "root": "/none"}), root.path());
    assert!(report.failed && report.findings.is_none(), "{report:?}");
}

#[test]
fn lines_that_only_audit_rules_has_are_told_and_without_drop_ins_it_is_what_is_linted() {
    let compiled = "# by hand\n-e 1\n-b 64\n";
    let root = Root::new().rules("a.rules", &["-e 1"]).file("etc/audit/audit.rules", compiled);
    let found = root.lint(&json!({}));
    let only = |found: &&FindingReport| found.code == "only_in_audit_rules";
    let lines: Vec<_> = found.iter().filter(only).map(|found| (found.file.as_deref(), found.line)).collect();
    assert_eq!(lines, [(Some("/etc/audit/audit.rules"), Some(3))]);

    let root = Root::new().file("etc/audit/audit.rules", "-e 0\n");
    assert_eq!(root.codes(), [row("switches_off", 1)]);
}

#[test]
fn a_condition_on_a_file_where_there_is_a_directory_is_told_with_what_is_meant() {
    let lines = [
        "-a always,exit -F arch=b64 -F path=/etc/ssh -F perm=wa -F key=k",
        "-a always,exit -F arch=b32 -F path=/etc/ssh -F perm=wa -F key=k",
        "-a never,exit -F arch=b64 -F exe=/usr/bin -F uid=0",
        "-w /etc/ssh -p wa -k watch",
    ];
    let root = Root::new().rules("a.rules", &lines);
    let found = root.lint(&json!({}));
    let found: Vec<_> = found.iter().filter(|found| found.code == "path_is_directory").collect();
    assert_eq!(found.iter().map(|found| found.line.unwrap()).collect::<Vec<_>>(), [1, 2, 3]);
    let fix = found[0].fix.as_ref().unwrap();
    let edit = fix.edit.as_ref().unwrap();
    let (before, after) = (&lines[0][..edit.column - 1], &lines[0][edit.end_column - 1..]);
    assert_eq!(
        format!("{before}{}{after}", edit.text),
        "-a always,exit -F arch=b64 -F dir=/etc/ssh -F perm=wa -F key=k"
    );
    let root = Root::new().file("etc/x", "").rules("a.rules", &["-a never,exit -F arch=b64 -F path=/etc/x -F uid=0"]);
    assert_eq!(root.codes(), []);
}

#[test]
fn two_names_of_one_file_are_one_file() {
    let lines = ["-w /bin/su -p x -k priv_esc", "-w /usr/bin/su -p x -k su"];
    let root = Root::new().link("bin", "usr/bin").file("usr/bin/su", "").rules("a.rules", &lines);
    let found = root.lint(&json!({}));
    let same = found.iter().find(|found| found.code == "same_match").unwrap();
    assert_eq!(
        same.message,
        "never fires: same match as line 1, key \"priv_esc\" wins (/bin/su and /usr/bin/su are one file), until \
         /usr/bin/su is replaced: then the kernel asks its rules in reverse order"
    );
    // Two directories, or nobody knows.
    let two = Root::new().rules("a.rules", &lines);
    fs::create_dir_all(two.path().join("bin")).unwrap();
    for root in [two.file("usr/bin/su", "").file("bin/su", ""), Root::new()] {
        assert_eq!(root.lint(&json!({})).iter().filter(|found| found.code == "same_match").count(), 0);
    }
    let text: String = lines.iter().flat_map(|line| [*line, "\n"]).collect();
    assert_eq!(crate::lint(&text, &[]).iter().filter(|found| found.code == "same_match").count(), 0);
}

#[test]
fn a_directory_covers_what_a_link_leads_into_it() {
    let lines = [
        "-a always,exit -F arch=b64 -F dir=/usr -F perm=x -F key=usr",
        "-a always,exit -F arch=b32 -F dir=/usr -F perm=x -F key=usr",
        "-a always,exit -F arch=b64 -F path=/bin/su -F perm=x -F key=su",
        "-a always,exit -F arch=b32 -F path=/bin/su -F perm=x -F key=su",
    ];
    let root = Root::new().link("bin", "usr/bin").file("usr/bin/su", "").rules("a.rules", &lines);
    assert_eq!(root.codes(), [row("covered", 3), row("covered", 4)]);
    let found = root.lint(&json!({}));
    let covered = found.iter().find(|found| found.code == "covered").unwrap();
    assert!(
        covered.message.ends_with("key \"usr\" wins, if the file has no other name (hard link)"),
        "{}",
        covered.message
    );
}

#[test]
fn a_directory_of_others_on_the_way_is_told_where_it_can_stop_the_load() {
    let lines = [
        "-w /home/alice/.ssh/authorized_keys -p wa -k keys",
        "-w /home/alice/.profile -p wa -k profile",
        "-a always,exit -F arch=b64 -F dir=/home/alice/.ssh -F perm=wa -F key=keys",
        "-w /etc/passwd -p wa -k id",
        "-w /tmp/mine/x -p wa -k tmp",
    ];
    let root = Root::new().rules("a.rules", &lines);
    for directory in ["home/alice/.ssh", "tmp/mine"] {
        fs::create_dir_all(root.path().join(directory)).unwrap();
    }
    let root = root.mode("home/alice", 0o777).mode("tmp", 0o1777);
    let found = root.lint(&json!({}));
    let found: Vec<_> = found.iter().filter(|found| found.code == "stopped_by_others").collect();
    assert_eq!(found.len(), 1, "{found:?}");
    let lines: Vec<usize> = found[0].related.iter().filter_map(|place| place.line).collect();
    // Whoever runs the test owns the whole root.
    if std::os::unix::fs::MetadataExt::uid(&fs::metadata(root.path()).unwrap()) == 0 {
        assert!(
            found[0].message.starts_with("others than root may write /home/alice, on the way"),
            "{}",
            found[0].message
        );
        // What is missing at the end of a path, or a link there, stops nothing.
        assert_eq!((found[0].line, lines), (Some(1), vec![3]));
    } else {
        assert!(found[0].message.starts_with("others than root may write /, on the way"), "{}", found[0].message);
    }
    assert!(
        crate::lint("-w /home/alice/.ssh/authorized_keys -p wa -k keys\n", &[])
            .iter()
            .all(|f| f.code != "stopped_by_others")
    );
}

#[test]
fn a_line_that_the_installed_auditctl_is_too_old_for_is_an_error() {
    let lines = ["-a always,io_uring -S openat -F uid=0", "-a always,exit -F arch=b64 -F saddr_fam=2 -S connect -k a"];
    let with = |version: &str| {
        let root = Root::new().rules("a.rules", &lines);
        fs::create_dir_all(root.path().join("usr/sbin")).unwrap();
        let codes = root.file("usr/sbin/auditctl", &format!("\0{version}\0")).codes();
        codes.into_iter().filter(|(code, _)| code == "auditctl_too_old").collect::<Vec<_>>()
    };
    assert_eq!(with("3.0.9"), [row("auditctl_too_old", 1)]);
    assert_eq!(with("4.0.2"), []);
}
