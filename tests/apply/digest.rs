//! `digest`: one string, equal on hosts that do the same; and the short report.

use audit_rules::kernel::access::Absence;
use serde_json::{Value as Json, json};

use crate::boots::{AUDITCTL, AUGENRULES, masked, with_unit};
use crate::host::{Host, Reach};

const A: &str = "-w /etc/passwd -p wa -k identity";
const B: &str = "-a always,exit -F arch=b64 -S adjtimex,settimeofday -F key=time-change";
const C: &str = "-a never,exclude -F msgtype=CWD";
const FILE: &str = "/etc/audit/rules.d/30-policy.rules";

/// A host whose kernel and drop-in of that name hold these lines.
fn host(file: &str, lines: &[&str]) -> Host {
    let mut host = Host::new();
    host.write(file, lines.join("\n") + "\n");
    host.tell_paths();
    let rules: Vec<&str> =
        lines.iter().copied().filter(|line| line.contains(" -k ") || line.contains(" -F ")).collect();
    host.load(&rules);
    host
}

fn digest(host: &mut Host, more: &Json) -> String {
    let mut request = json!({"operation": "gather"});
    request.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    host.answer(&request)["digest"].as_str().unwrap().to_owned()
}

#[test]
fn hosts_that_do_the_same_have_the_same_digest_however_they_say_it() {
    let one = digest(&mut host(FILE, &[A, B, C]), &json!({}));
    assert_eq!(one.len(), 32);
    let spelling = ["-a exclude,never -F msgtype=1307", "-w /etc/passwd -k identity -p aw", B];
    assert_eq!(
        digest(&mut host("/etc/audit/rules.d/99-other.rules", &spelling), &json!({})),
        one,
        "lists have no order"
    );
    let mut twice = host(FILE, &[A, B, C]);
    let answer = twice.answer(&json!({"state": "loaded", "compile": "never"}));
    assert_eq!(answer["digest"], json!(one), "apply says the same");
    let answer = twice.answer(&json!({"name": "30-policy", "rules": [A, B], "check_mode": true}));
    assert_eq!(answer["digest"], json!(one), "in check mode it is that of now");
    let answer = twice.answer(&json!({"name": "30-policy", "rules": [A, B]}));
    assert_ne!(answer["digest"], json!(one));
    assert_eq!(answer["digest"], json!(digest(&mut host(FILE, &[A, B]), &json!({}))));
}

#[test]
fn hosts_that_differ_in_a_rule_its_order_or_a_setting_have_other_digests() {
    let mut all: Vec<String> = [&[A, B][..], &[B, A], &[A], &[A, B, C], &[]]
        .into_iter()
        .map(|lines| digest(&mut host(FILE, lines), &json!({})))
        .collect();
    let mut set = host(FILE, &[A, B]);
    set.kernel = set.kernel.clone().with_status(|status| status.backlog_limit = 8192);
    all.push(digest(&mut set, &json!({})));
    let count = all.len();
    all.sort();
    all.dedup();
    assert_eq!(all.len(), count);
}

#[test]
fn the_mask_that_a_version_of_auditctl_makes_is_no_difference() {
    let watch = "-a always,exit -F arch=b64 -F path=/etc/shadow -F perm=wa -F key=shadow";
    let one = digest(&mut host(FILE, &[watch]), &json!({}));
    let mut other = Host::new();
    other.write(FILE, format!("{watch}\n"));
    let report = other.answer(&json!({"state": "loaded", "perm_syscalls": "4.2"}));
    assert_eq!(report["outcome"], json!("applied"));
    assert_eq!((report["digest"].as_str().unwrap(), digest(&mut other, &json!({}))), (one.as_str(), one.clone()));
}

#[test]
fn without_a_kernel_it_is_that_of_the_next_boot() {
    let files = |host: &mut Host| digest(host, &json!({"source": "filesystem"}));
    let one = files(&mut host(FILE, &["-D", "-b 64", A, B]));
    assert_eq!(files(&mut host(FILE, &["-b 64", "-D", "# c", A, B])), one);
    assert_eq!(files(&mut with_unit(host(FILE, &["-b 64", A, B]), AUGENRULES)), one);
    let request = json!({"name": "30-policy", "rules": ["-b 64", A, B]});
    for mut image in [Host::new(), with_unit(Host::new(), AUGENRULES), with_unit(Host::new(), AUDITCTL)] {
        image.reach = Reach::Absent(Absence::NoAuditInKernel);
        assert_eq!(image.answer(&request)["digest"], json!(one));
        assert_eq!(files(&mut image), one);
    }
    // What stops the load, or nobody loads, is not what the others do.
    for mut other in [host(FILE, &["-b 64", "-w bad", A, B]), masked(host(FILE, &["-b 64", A, B]))] {
        assert_ne!(files(&mut other), one);
    }
    let mut nobody = masked(Host::new());
    nobody.reach = Reach::Absent(Absence::NoAuditInKernel);
    let report = nobody.answer(&request);
    assert_eq!(report["digest"], json!(files(&mut nobody)));
    assert_ne!(report["digest"], json!(one));
}

#[test]
fn a_short_report_leaves_out_what_is_as_it_should_be() {
    let mut host = host(FILE, &[A, B]);
    let request = |details: bool| json!({"operation": "gather", "expect": [A, C], "details": details});
    let (long, short) = (host.answer(&request(true)), host.answer(&request(false)));
    for (part, key) in [("filesystem", "files"), ("runtime", "rules"), ("next_boot", "rules")] {
        assert!(long[part].get(key).is_some() && short[part].get(key).is_none(), "{part}.{key}: {short:#}");
    }
    let expected = |report: &Json| report["expect"]["rules"].as_array().unwrap().len();
    assert_eq!((expected(&long), expected(&short)), (2, 1));
    for key in ["in_sync", "msg", "digest", "drift", "warnings", "boot_loader", "settings", "status"] {
        assert_eq!(long[key], short[key], "{key}");
    }
    let report = host.answer(&json!({"name": "30-policy", "rules": [A], "details": false}));
    assert_eq!(report["errors"][0]["kind"], json!("key_not_used"), "{report:#}");
}

#[test]
fn whether_a_label_is_held_is_always_said_and_null_where_it_cannot_be_told() {
    let rules = json!(["# control: one", A]);
    let mut host = Host::new();
    let report = host.answer(&json!({"name": "30-policy", "rules": rules}));
    assert_eq!(report["failed"], json!(false), "{report:#}");
    let mut held =
        |source: &str| host.answer(&json!({"operation": "gather", "source": source}))["labels"]["one"].clone();
    assert_eq!(held("both")["in_sync"], json!(true));
    let files_only = held("filesystem");
    assert_eq!(files_only.get("in_sync"), Some(&Json::Null), "{files_only:#}");
    assert_eq!(files_only["rules"][0].get("in_sync"), Some(&Json::Null), "{files_only:#}");
}

#[test]
fn warnings_about_other_drop_ins_are_a_few_of_each_kind_and_a_count() {
    let mut host = Host::new();
    let lines: Vec<String> = (0..30).map(|at| format!("-w /nope/{at}/x -p wa -k k")).collect();
    host.write("/etc/audit/rules.d/10-other.rules", format!("-c\n{}\n", lines.join("\n")));
    let count = |report: &Json| report["warnings"].as_array().unwrap().len();
    let report = host.answer(&json!({"name": "30-policy", "rules": [A]}));
    assert_eq!(count(&report), 6, "{report:#}");
    let last = "25 more of other drop-ins, from /etc/audit/rules.d/10-other.rules:7 on: lines that fail and that the boot load passes over; gather names each";
    assert_eq!(report["warnings"][5], json!(last));
    assert_eq!(count(&host.answer(&json!({"operation": "gather"}))), 30);
    assert_eq!(count(&host.answer(&json!({"state": "loaded"}))), 30, "it is about all drop-ins");
}
