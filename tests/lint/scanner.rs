//! Whether the auditors' scanner accepts rules. `tests/scanner/` holds the same answers to what `oscap` says.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use audit_rules::report::Report;
use audit_rules::report::scanner::{CheckReport, CheckState, ScannerReport};
use audit_rules::scanner::content;
use serde_json::{Value as Json, json};
use tempfile::TempDir;

use crate::answer;
use CheckState::{Absent, Accepted, SameMeaning, Undecided};

const NOWHERE: &str = "/nonexistent";
const UNIT: &str = "usr/lib/systemd/system/auditd.service";
const AUGENRULES: &str = "[Service]\nExecStartPost=-/sbin/augenrules --load\n";
const AUDITCTL: &str = "[Service]\nExecStartPost=-/sbin/auditctl -R /etc/audit/audit.rules\n";
const CHAGE: &str = "-a always,exit -F path=/usr/bin/chage -F perm=x -F auid>=1000 -F auid!=unset -F key=privileged\n";
/// What is said of a file that is compared as a whole, behind its path.
const BYTES: &str = " has to hold these bytes and no others";
const OF_CHAGE: &str = "audit_rules_privileged_commands_chage";

#[allow(clippy::needless_pass_by_value, reason = "requests are written where they are asked")]
fn ask(more: Json, root: &Path) -> Report {
    let mut request = json!({"operation": "lint", "fail_on": "never"});
    request.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    answer(&request, root)
}

fn scanned(product: &str, profile: &str, files: &[(&str, &str)]) -> ScannerReport {
    let files: Vec<Json> = files.iter().map(|(name, text)| json!({"name": name, "text": text})).collect();
    let report = ask(json!({"product": product, "profile": profile, "files": files}), Path::new(NOWHERE));
    report.scanner.unwrap_or_else(|| panic!("{}", report.msg))
}

fn check<'r>(scanner: &'r ScannerReport, id: &str) -> &'r CheckReport {
    scanner.checks.iter().find(|check| check.id == id).unwrap()
}

#[test]
fn rules_are_accepted_as_the_scanner_finds_them_and_told_apart_from_those_that_mean_the_same() {
    let (passwd, chmod) = ("audit_rules_usergroup_modification_passwd", "audit_rules_dac_modification_chmod");
    let immutable = "audit_rules_immutable";
    let rows: [(&str, &str, CheckState, &[usize]); 18] = [
        (
            passwd,
            "-a always,exit -F arch=b32 -F path=/etc/passwd -F perm=wa -F key=i\n\
             -a always,exit -F arch=b64 -F path=/etc/passwd -F perm=wa -F key=i",
            Accepted,
            &[1, 2],
        ),
        // The watch is the same to the kernel, and so is another order; each word length may have its own words.
        (passwd, "-w /etc/passwd -p wa -k i", SameMeaning, &[1]),
        (passwd, "-a always,exit -F path=/etc/passwd -F perm=wa -F key=i", SameMeaning, &[1]),
        (passwd, "-w /etc/passwd -k everything", SameMeaning, &[1]),
        (
            passwd,
            "-a always,exit -F arch=b64 -F path=/etc/passwd -F perm=wa -F key=i\n-a always,exit -F perm=wa -F path=/etc/passwd -F arch=b32",
            SameMeaning,
            &[1, 2],
        ),
        (passwd, "-a always,exit -F arch=b64 -F path=/etc/passwd -F perm=wa -F key=i", Absent, &[]),
        (passwd, "-w /etc/passwd -p w -k less", Absent, &[]),
        (passwd, "-w /etc/shadow -p wa -k i", Absent, &[]),
        (passwd, "# -w /etc/passwd -p wa -k i", Absent, &[]),
        (passwd, "-a never,exit -F path=/etc/passwd -F perm=wa", Absent, &[]),
        (passwd, "-W /etc/passwd -p wa -k i", Absent, &[]),
        // Several system calls in one rule, and in several.
        (
            chmod,
            "-a always,exit -F arch=b32 -S chmod,fchmod -F auid>=1000 -F auid!=unset -F key=p\n\
             -a always,exit -F arch=b64 -S fchmod -S chmod -F auid>=1000 -F auid!=4294967295 -k p",
            Accepted,
            &[1, 2],
        ),
        // Without a key, and with conditions that the scanner wants elsewhere.
        (
            chmod,
            "-a always,exit -F arch=b32 -S chmod -F auid>=1000 -F auid!=unset\n\
             -a always,exit -F arch=b64 -F auid!=-1 -F auid>=1000 -S chmod -k p",
            SameMeaning,
            &[1, 2],
        ),
        (
            chmod,
            "-a always,exit -F arch=b64 -S chmod -k all\n-a always,exit -F arch=b32 -S chmod -k all",
            SameMeaning,
            &[1, 2],
        ),
        (
            chmod,
            "-a always,exit -F arch=b64 -S fchmod -F auid>=1000 -F auid!=unset -k p\n\
             -a always,exit -F arch=b32 -S chmod -F auid>=1000 -F auid!=unset -k p",
            Absent,
            &[],
        ),
        (immutable, "-w /etc/passwd -p wa\n-e 2", Accepted, &[2]),
        (immutable, "-e 2 -b 8192", SameMeaning, &[1]),
        (immutable, "-e 2\n-e 1", Accepted, &[1]),
    ];
    for (id, text, state, lines) in rows {
        let scanner = scanned("rhel9", "stig", &[("a.rules", &format!("{text}\n"))]);
        let found = check(&scanner, id);
        let mut at: Vec<usize> =
            found.at.line.into_iter().chain(found.related.iter().filter_map(|at| at.line)).collect();
        at.sort_unstable();
        assert_eq!((found.state, &at[..]), (state, lines), "{id} of {text}");
        assert_eq!(found.text.is_some(), state != Accepted, "{id} of {text}");
    }
}

#[test]
fn what_is_said_to_be_accepted_is_accepted_for_every_product_and_profile() {
    let mut count = 0;
    for product in content().products() {
        for profile in content().profiles(product) {
            let without = scanned(product, profile, &[("a.rules", "")]);
            let mut files = vec![("60-all.rules".to_owned(), String::new())];
            for check in &without.checks {
                let text = check.text.clone().unwrap_or_default();
                // A file that is compared as a whole.
                match check.reason.as_deref().and_then(|reason| reason.strip_suffix(BYTES)) {
                    Some(path) if !files.iter().any(|(known, _)| known == path) => files.push((path.to_owned(), text)),
                    None if check.state != Undecided => files[0].1.push_str(&text),
                    _ => {}
                }
            }
            // Each line once; in this order a rule that matches less stands before one that matches more.
            let lines: BTreeSet<&str> = files[0].1.lines().collect();
            files[0].1 = lines.into_iter().flat_map(|line| [line, "\n"]).collect();
            let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (&**name, &**text)).collect();
            let with = scanned(product, profile, &files);
            for (before, after) in without.checks.iter().zip(&with.checks) {
                let is_host = before.state == Undecided && after.state == Undecided && before.reason.is_some();
                assert!(is_host || after.state == Accepted, "{product} {profile}: {after:?}");
                count += 1;
            }
        }
    }
    assert!(count > 3000, "{count} checks");
}

#[test]
fn without_rules_nothing_is_accepted_but_that_a_rule_is_missing() {
    for (product, profile) in [("rhel9", "stig"), ("ubuntu2404", "cis_level2_server"), ("debian11", "anssi_bp28_high")]
    {
        let scanner = scanned(product, profile, &[("a.rules", "")]);
        assert_eq!((scanner.counts.accepted, scanner.counts.same_meaning), (0, 0), "{product}");
        assert_eq!(scanner.counts.failing, scanner.counts.absent);
    }
    let never = "audit_rules_enable_syscall_auditing";
    for (text, state) in [("", Accepted), ("-a task,never\n", Absent)] {
        let scanner = scanned("sle15", "stig", &[("a.rules", text)]);
        assert_eq!(check(&scanner, never).state, state, "{text}");
    }
}

#[test]
fn checks_that_fail_make_the_report_a_failed_one_unless_it_never_fails() {
    let request = |fail_on: &str| json!({"product": "rhel9", "profile": "stig", "rules": ["-e 2"], "fail_on": fail_on});
    let report = ask(request("error"), Path::new(NOWHERE));
    let counts = report.counts.unwrap();
    assert!(
        report.failed && counts.error == 0 && report.msg.starts_with("1 of 73 checks accepted, 72 absent; 0 errors")
    );
    assert!(!ask(request("never"), Path::new(NOWHERE)).failed);
    let scanner = report.scanner.unwrap();
    assert_eq!(check(&scanner, "audit_rules_immutable").at.pointer.as_deref(), Some("/rules/0"));
}

#[test]
fn a_product_or_profile_that_is_not_known_is_told_with_the_nearest() {
    let rows = [
        (json!({"product": "rhel99", "profile": "stig", "rules": []}), "/product", "bad_value", "did you mean rhel9?"),
        (json!({"product": "rhel9", "profile": "stigs", "rules": []}), "/profile", "bad_value", "did you mean stig?"),
        (json!({"product": "rhel9", "rules": []}), "", "missing_key", ""),
        (json!({"profile": "stig", "rules": []}), "", "missing_key", ""),
        (json!({"profile": "stig", "root": "/"}), "/product", "unknown_product", "name it as product"),
    ];
    for (request, pointer, kind, hint) in rows {
        let root = TempDir::new().unwrap();
        let report = ask(request.clone(), root.path());
        let error = report.errors.first().unwrap_or_else(|| panic!("{request}"));
        assert_eq!((error.pointer.as_deref().unwrap_or_default(), &*error.kind), (pointer, kind), "{request}");
        assert!(error.hint.as_deref().unwrap_or_default().contains(hint), "{request}: {error:?}");
    }
}

/// Paths inside a root directory, and what is there.
type Files<'f> = &'f [(&'f str, &'f str)];

struct Root(TempDir);

impl Root {
    fn of(files: Files<'_>) -> Self {
        let root = Self(TempDir::new().unwrap());
        fs::set_permissions(root.0.path(), fs::Permissions::from_mode(0o755)).unwrap();
        root.put("etc/os-release", b"ID=rocky\nVERSION_ID=9.4\n");
        for path in ["etc/passwd", "etc/group", "usr/bin/ls"] {
            root.put(path, b"");
        }
        for (path, text) in files {
            root.put(path, text.as_bytes());
        }
        root
    }

    fn put(&self, path: &str, bytes: &[u8]) {
        let path = self.0.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    fn scanned(&self, profile: &str) -> (ScannerReport, Vec<String>) {
        let report = ask(json!({"profile": profile}), self.0.path());
        (report.scanner.unwrap_or_else(|| panic!("{}", report.msg)), report.warnings)
    }
}

#[test]
fn a_host_is_looked_at_as_the_scanner_looks_at_it() {
    let rows: [(Files<'_>, CheckState, Option<&str>); 9] = [
        (&[(UNIT, AUGENRULES), ("etc/audit/rules.d/a.rules", CHAGE)], Accepted, Some("/etc/audit/rules.d/a.rules")),
        // What augenrules does not read the scanner reads all the same.
        (&[(UNIT, AUGENRULES), ("etc/audit/rules.d/.a.rules", CHAGE)], Accepted, Some("/etc/audit/rules.d/.a.rules")),
        (&[(UNIT, AUGENRULES), ("etc/audit/rules.d/b/a.rules", CHAGE)], Accepted, Some("/etc/audit/rules.d/b/a.rules")),
        (
            &[(UNIT, AUGENRULES), ("etc/audit/audit.rules", CHAGE), ("etc/audit/rules.d/a.rules", "-b 8192\n")],
            Absent,
            None,
        ),
        (&[(UNIT, AUDITCTL), ("etc/audit/audit.rules", CHAGE)], Accepted, Some("/etc/audit/audit.rules")),
        (&[(UNIT, AUDITCTL), ("etc/audit/audit.rules.prev", CHAGE)], Accepted, Some("/etc/audit/audit.rules.prev")),
        (&[(UNIT, AUDITCTL), ("etc/audit/rules.d/a.rules", CHAGE)], SameMeaning, Some("/etc/audit/rules.d/a.rules")),
        // It wants some lines once, and has them twice.
        (
            &[(UNIT, AUGENRULES), ("etc/audit/rules.d/a.rules", CHAGE), ("etc/audit/rules.d/b.rules", CHAGE)],
            SameMeaning,
            Some("/etc/audit/rules.d/a.rules"),
        ),
        (&[("etc/audit/rules.d/a.rules", CHAGE)], SameMeaning, Some("/etc/audit/rules.d/a.rules")),
    ];
    for (files, state, file) in rows {
        let (scanner, warnings) = Root::of(files).scanned("hipaa");
        let found = check(&scanner, OF_CHAGE);
        assert_eq!((found.state, found.at.file.as_deref()), (state, file), "{files:?}");
        let is_warned = warnings.iter().any(|warning| warning.contains("no unit loads the rules"));
        assert_eq!(is_warned, !files.iter().any(|(path, _)| *path == UNIT), "{files:?}: {warnings:?}");
    }
    let twice = Root::of(rows[7].0).scanned("hipaa").0;
    assert_eq!(check(&twice, OF_CHAGE).reason.as_deref(), Some("found 2 times, and the scanner wants it once"));
}

#[test]
fn a_file_that_is_not_utf8_leaves_every_check_of_it_undecided() {
    let root = Root::of(&[(UNIT, AUGENRULES), ("etc/audit/rules.d/a.rules", CHAGE)]);
    root.put("etc/audit/rules.d/b.rules", b"# \xe4\n");
    let (scanner, _) = root.scanned("hipaa");
    let found = check(&scanner, OF_CHAGE);
    assert_eq!(found.state, Undecided);
    assert!(found.reason.as_deref().unwrap().starts_with("/etc/audit/rules.d/b.rules is not UTF-8"), "{found:?}");
}

#[test]
fn each_program_with_setuid_or_setgid_needs_a_rule() {
    let id = "audit_rules_privileged_commands";
    let line = |path: &str| CHAGE.replace("/usr/bin/chage", path);
    let rows: [(&[&str], CheckState, &str); 4] = [
        (&["/usr/bin/su", "/usr/bin/write"], Accepted, ""),
        (&["/usr/bin/su"], Absent, "1 of 2 privileged programs have no rule: /usr/bin/write"),
        (&[], Absent, "2 of 2 privileged programs have no rule: /usr/bin/su, /usr/bin/write"),
        (
            &["/usr/bin/su", "/usr/bin/write", "/usr/bin/su"],
            SameMeaning,
            "the scanner finds 3 rules for 2 programs, and wants one for each",
        ),
    ];
    for (programs, state, reason) in rows {
        let text: String = programs.iter().map(|path| line(path)).collect();
        let root = Root::of(&[(UNIT, AUGENRULES), ("etc/audit/rules.d/a.rules", &text)]);
        for (path, mode) in [("usr/bin/su", 0o4755), ("usr/bin/write", 0o2755), ("usr/bin/ls", 0o755)] {
            root.put(path, b"");
            fs::set_permissions(root.0.path().join(path), fs::Permissions::from_mode(mode)).unwrap();
        }
        let (scanner, _) = root.scanned("cis");
        let found = check(&scanner, id);
        assert_eq!((found.state, found.reason.as_deref().unwrap_or_default()), (state, reason), "{programs:?}");
    }
    let without = scanned("rhel9", "cis", &[("a.rules", "")]);
    let found = check(&without, id);
    assert_eq!(found.state, Undecided);
    assert!(found.text.as_deref().unwrap().contains("path=PROGRAM"), "{found:?}");
}

#[test]
fn programs_are_counted_and_compared_as_the_scanner_does() {
    let line = |path: &str| CHAGE.replace("/usr/bin/chage", path);
    let no_pattern = "the scanner takes /usr/bin/[ for a pattern, and reports an error in place of an answer";
    let rows: [(&str, bool, CheckState, &str); 3] = [
        // The scanner takes paths for patterns.
        (
            "/usr/bin/a+b",
            true,
            SameMeaning,
            "1 of 2 privileged programs have no rule in words that the scanner finds: /usr/bin/a+b",
        ),
        ("/usr/bin/[", true, Undecided, no_pattern),
        // It knows nothing of containers, whose programs are left out of a policy.
        (
            "/var/lib/containers/storage/overlay/1/diff/bin/su",
            false,
            Absent,
            "1 of 2 privileged programs have no rule: /var/lib/containers/storage/overlay/1/diff/bin/su",
        ),
    ];
    for (other, has_rule, state, reason) in rows {
        let text = line("/usr/bin/su") + &if has_rule { line(other) } else { String::new() };
        let root = Root::of(&[(UNIT, AUGENRULES), ("etc/audit/rules.d/a.rules", &text)]);
        for path in ["usr/bin/su", &other[1..]] {
            root.put(path, b"");
            fs::set_permissions(root.0.path().join(path), fs::Permissions::from_mode(0o4755)).unwrap();
        }
        let (scanner, _) = root.scanned("cis");
        let found = check(&scanner, "audit_rules_privileged_commands");
        assert_eq!((found.state, found.reason.as_deref().unwrap_or_default()), (state, reason), "{other}");
    }
}

#[test]
fn rules_that_the_boot_does_not_load_mean_nothing() {
    let rule = "-w /etc/passwd -p wa -k i\n";
    let rows: [(&[(&str, &str)], CheckState); 5] = [
        (&[("a.rules", rule)], SameMeaning),
        (&[("a.rules", rule), ("b.rules", "-W /etc/passwd -p wa -k i\n")], Absent),
        (&[("a.rules", "-w /etc/group -p wa\n-w /etc/group -p wa\n"), ("b.rules", rule)], Absent),
        (&[("a.rules", "-a foo,bar -S open\n"), ("b.rules", rule)], Absent),
        // augenrules puts the lock at the end.
        (&[("a.rules", "-e 2\n"), ("b.rules", rule)], SameMeaning),
    ];
    for (files, state) in rows {
        let scanner = scanned("rhel9", "stig", files);
        assert_eq!(check(&scanner, "audit_rules_usergroup_modification_passwd").state, state, "{files:?}");
    }
}

#[test]
fn an_error_of_the_scanner_fails_the_report() {
    let root = Root::of(&[(UNIT, AUGENRULES), ("etc/audit/rules.d/a.rules", CHAGE)]);
    root.put("etc/audit/rules.d/b.rules", b"# \xe4\n");
    let report = ask(json!({"profile": "hipaa", "fail_on": "error"}), root.0.path());
    let counts = report.scanner.unwrap().counts;
    assert!(report.failed && counts.undecided > 0 && counts.failing == counts.undecided, "{counts:?}");
}

#[test]
fn no_unit_is_missed_where_no_check_asks_for_one() {
    let report = ask(json!({"product": "rhel9", "profile": "ospp", "rules": ["-e 2"]}), Path::new(NOWHERE));
    assert_eq!(report.warnings, Vec::<String>::new());
}

#[test]
fn the_page_names_every_product_with_its_profiles() {
    let row = |product: &str| {
        let profiles: Vec<String> = content().profiles(product).map(|name| format!("`{name}`")).collect();
        let first = content().profiles(product).next().unwrap();
        let ssg = &content().chosen(product, first).unwrap().of.ssg;
        format!("| `{product}` | {ssg} | {} |\n", profiles.join(", "))
    };
    let mut products: Vec<&str> = content().products().collect();
    products.sort_unstable();
    let rows: String = products.into_iter().map(row).collect();
    let table = format!("| product | SSG | profiles |\n|---|---|---|\n{rows}");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/lint.md");
    let page = fs::read_to_string(&path).unwrap();
    let (begin, end) = ("<!-- scanner -->\n\n", "\n<!-- /scanner -->");
    let (before, rest) = page.split_once(begin).unwrap();
    let (held, after) = rest.split_once(end).unwrap();
    if std::env::var_os("UPDATE_DOCUMENTS").is_some() {
        fs::write(&path, format!("{before}{begin}{table}{end}{after}")).unwrap();
    } else {
        assert_eq!(held, table, "UPDATE_DOCUMENTS=1 cargo test --test lint writes it");
    }
}
