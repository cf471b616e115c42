//! The standard requests: a bit of everything that needs no kernel.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use serde_json::{Value as Json, json};

/// A request that stands for many.
pub struct Standard {
    /// What it is, in the file of counts.
    pub name: &'static str,
    /// Makes the files below a root directory and gives the request; none for `--version`.
    pub lay_out: Option<fn(&Path) -> Json>,
}

/// All of them.
pub const STANDARD: [Standard; 10] = [
    Standard { name: "version", lay_out: None },
    Standard { name: "first drop-in of 200 rules", lay_out: Some(first) },
    Standard { name: "nothing to do on 200 rules", lay_out: Some(nothing_to_do) },
    Standard { name: "check mode and diff of one change among 200 rules", lay_out: Some(one_change) },
    Standard { name: "plan of a policy", lay_out: Some(policy) },
    Standard { name: "explain 50 rules", lay_out: Some(explain) },
    Standard { name: "lint 50 rules", lay_out: Some(lint) },
    Standard { name: "gather of 200 rules in 20 drop-ins", lay_out: Some(gather) },
    Standard { name: "events of 500 logins", lay_out: Some(events) },
    Standard { name: "import of 50 rules", lay_out: Some(import) },
];

/// Rules like those of policies: system calls for two word lengths, and watches.
fn rules(count: usize) -> Vec<String> {
    let rule = |number: usize| match number % 3 {
        0 => format!("-a always,exit -F arch=b64 -S openat,truncate -F exit=-EACCES -F auid>={number} -F key=access"),
        1 => format!("-a always,exit -F arch=b32 -S settimeofday -F auid={number} -F key=time-change"),
        _ => format!("-w /etc/service-{number}.conf -p wa -k service"),
    };
    (0..count).map(rule).collect()
}

fn write(root: &Path, path: &str, text: &str) {
    let path = root.join(path);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, text).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
}

/// A drop-in as the program writes it.
fn drop_in(root: &Path, name: &str, rules: &[String]) {
    let header = "# Managed by audit_rules; changes made here are overwritten.";
    write(root, &format!("etc/audit/rules.d/{name}.rules"), &format!("{header}\n{}\n", rules.join("\n")));
}

fn present(root: &Path, rules: &[String]) -> Json {
    std::fs::create_dir_all(root.join("etc/audit/rules.d")).unwrap();
    json!({"root": root, "target": "filesystem", "name": "30-site", "rules": rules})
}

fn first(root: &Path) -> Json {
    present(root, &rules(200))
}

fn nothing_to_do(root: &Path) -> Json {
    let rules = rules(200);
    drop_in(root, "30-site", &rules);
    present(root, &rules)
}

fn one_change(root: &Path) -> Json {
    let mut rules = rules(200);
    drop_in(root, "30-site", &rules);
    "-w /etc/other -p wa -k other".clone_into(&mut rules[100]);
    let mut request = present(root, &rules);
    request["check_mode"] = json!(true);
    request["diff"] = json!(true);
    request
}

fn policy(root: &Path) -> Json {
    write(root, "etc/os-release", "ID=rhel\nVERSION_ID=9.4\n");
    json!({"root": root, "target": "filesystem", "policy": "stig", "on_missing": "skip", "check_mode": true})
}

fn explain(_: &Path) -> Json {
    json!({"operation": "explain", "arch": "x86_64", "rules": rules(50)})
}

fn lint(_: &Path) -> Json {
    json!({"operation": "lint", "rules": rules(50)})
}

fn gather(root: &Path) -> Json {
    for (number, rules) in rules(200).chunks(10).enumerate() {
        drop_in(root, &format!("{number:02}-part"), rules);
    }
    json!({"operation": "gather", "root": root, "source": "filesystem"})
}

fn events(root: &Path) -> Json {
    let login = |serial: usize| {
        format!(
            "type=USER_LOGIN msg=audit(1795946400.100:{serial}): pid=640 uid=0 auid=1000 ses=7 subj=unconfined \
             msg='op=login acct=\"ada\" exe=\"/usr/sbin/sshd\" hostname=192.0.2.9 terminal=/dev/pts/0 res=success'\n"
        )
    };
    write(root, "var/log/audit/audit.log", &(1..=500).map(login).collect::<String>());
    json!({"operation": "events", "root": root})
}

fn import(_: &Path) -> Json {
    let entry = |number: usize| json!({"path": format!("/etc/{number}.conf"), "permission": "wa", "key": "config"});
    let entries: Vec<Json> = (0..50).map(entry).collect();
    json!({"operation": "import", "dialect": "libaudit-go", "name": "30-site", "document": {"audit_rules": entries}})
}
