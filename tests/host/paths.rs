//! Kinds of paths: what is said of the next boot, and what the kernel and auditctl make of them.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use serde_json::{Value as Json, json};

use super::guest::{RULES_D, is_thorough, plain, present, said};

const PLACE: &str = "/srv/paths";

/// What rules are made of with a path.
const FORMS: [(&str, &str); 4] = [
    ("-w ", " -p wa -k paths"),
    ("-a always,exit -F path=", " -F perm=wa -k paths"),
    ("-a always,exit -F dir=", " -F perm=wa -k paths"),
    ("-a always,exit -F arch=b64 -S execve -F exe=", " -k paths"),
];

const PATHS: [&str; 36] = [
    "file",
    "dir",
    "dir/",
    "new",
    "nodir/x",
    "nodir/x/y",
    "file/x",
    "file/x/y",
    "file/",
    "to-file",
    "to-file/x",
    "to-dir",
    "to-dir/",
    "to-dir/new",
    "to-dir/sub/",
    "to-nothing",
    "to-nothing/",
    "to-nothing/x",
    "to-file-x",
    "to-file-x/y",
    "loop",
    "loop/",
    "loop/x",
    "loop/x/y",
    "a/x",
    "link-40/new",
    "link-41/new",
    "link-41",
    "dir/../file",
    "dir/..",
    "dir/.",
    "/dir//new",
    "fifo",
    "fifo/x",
    "to-long/x",
    "to-long",
];

fn lay_out() {
    let _ = fs::remove_dir_all(PLACE);
    fs::create_dir_all(format!("{PLACE}/dir/sub")).unwrap();
    fs::write(format!("{PLACE}/file"), "").unwrap();
    said("mkfifo", &[&format!("{PLACE}/fifo")]);
    let long = "n".repeat(256);
    let links = [
        ("to-file", "file"),
        ("to-dir", "dir"),
        ("to-nothing", "nope"),
        ("to-file-x", "file/x"),
        ("loop", "loop"),
        ("a", "b"),
        ("b", "a"),
        ("to-long", &long),
        ("link-1", "dir"),
    ];
    for (name, target) in links {
        symlink(target, Path::new(PLACE).join(name)).unwrap();
    }
    for number in 2..=41 {
        symlink(format!("link-{}", number - 1), format!("{PLACE}/link-{number}")).unwrap();
    }
}

#[test]
#[ignore = "needs a guest: make test"]
fn of_every_kind_of_path_the_boot_is_predicted_as_auditctl_and_the_kernel_have_it() {
    let guest = plain();
    lay_out();
    let file = format!("{RULES_D}/30-paths.rules");
    let mut wrong = Vec::new();
    let mut refused = 0;
    let is_all = is_thorough();
    for (at, path) in PATHS.into_iter().enumerate() {
        let forms = FORMS.into_iter().skip(if is_all { 0 } else { at % FORMS.len() });
        for (before, after) in forms.take(if is_all { FORMS.len() } else { 1 }) {
            let line = format!("{before}{PLACE}/{path}{after}");
            fs::write(&file, format!("{line}\n")).unwrap();
            said("auditctl", &["-D"]);
            said("auditctl", &["-R", &file]);
            let is_loaded = !guest.listed().is_empty();
            refused += usize::from(!is_loaded);
            let report = guest.request(&json!({"operation": "gather"}));
            let stops =
                report["warnings"].as_array().unwrap().iter().any(|w| w.as_str().unwrap().contains("boot load stops"));
            if stops == is_loaded {
                wrong.push(format!("{line}: loaded {is_loaded}, {:#}", report["warnings"]));
            }
        }
    }
    said("auditctl", &["-D"]);
    fs::remove_file(&file).unwrap();
    assert!(refused > if is_all { 40 } else { 10 }, "{refused}");
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
#[ignore = "needs a guest: make test"]
fn who_makes_a_loop_of_links_in_a_home_stops_neither_run_nor_boot() {
    let guest = plain();
    lay_out();
    let line = format!("-w {PLACE}/loop/authorized_keys -p wa -k keys");
    let mut request = present("30-keys", &[line.as_str(), "-w /etc/passwd -p wa -k identity"]);
    request["on_missing"] = json!("skip");
    let report: Json = guest.request(&request);
    assert_eq!(report["outcome"], json!("applied"), "{report:#}");
    assert_eq!(report["rules"]["skipped"][0]["kind"], json!("missing_path"), "{report:#}");
    said("auditctl", &["-D"]);
    said("auditctl", &["-R", &format!("{RULES_D}/30-keys.rules")]);
    assert_eq!(guest.listed(), ["-w /etc/passwd -p wa -k identity"]);
}
