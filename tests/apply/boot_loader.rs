//! `gather`: who loads the rules at boot, as the units of the host say.

use std::os::unix::fs::symlink;

use serde_json::{Value as Json, json};

use crate::host::Host;

const RULE: &str = "-w /etc/passwd -p wa -k identity";
const ETC: &str = "/etc/systemd/system";
const USR: &str = "/usr/lib/systemd/system";

fn host() -> Host {
    let mut host = Host::new();
    host.write("/etc/audit/rules.d/30-policy.rules", format!("{RULE}\n"));
    host.load(&[RULE]);
    host
}

/// With `auditd.service` as Debian 12 has it, started or not.
fn debian_12(is_enabled: bool) -> Host {
    let host = host();
    let unit = "[Service]\nExecStart=/sbin/auditd\nExecStartPost=-/sbin/augenrules --load\n";
    host.write(&format!("{USR}/auditd.service"), unit);
    std::fs::create_dir_all(host.path(&format!("{ETC}/multi-user.target.wants"))).unwrap();
    if is_enabled {
        let link = host.path(&format!("{ETC}/multi-user.target.wants/auditd.service"));
        symlink("/usr/lib/systemd/system/auditd.service", link).unwrap();
    }
    host
}

fn gathered(mut host: Host) -> (Json, Vec<String>) {
    let report = host.answer(&json!({"operation": "gather"}));
    let warnings = report["warnings"].as_array().unwrap().iter().map(|said| said.as_str().unwrap().to_owned());
    (report.get("boot_loader").cloned().unwrap_or_default(), warnings.collect())
}

#[test]
fn without_systemd_nothing_is_said_of_it() {
    assert_eq!(gathered(host()), (Json::Null, Vec::new()));
}

#[test]
fn the_unit_that_loads_the_rules_is_named_with_its_command() {
    let (loader, warnings) = gathered(debian_12(true));
    let expected = json!({"state": "enabled", "unit": "auditd.service", "command": "/sbin/augenrules --load", "ignores_failure": true});
    assert_eq!((loader, warnings), (expected, Vec::new()));

    let host = debian_12(true);
    host.write(&format!("{USR}/audit-rules.service"), "[Service]\nType=oneshot\nExecStart=/sbin/augenrules --load\n");
    host.write(
        &format!("{ETC}/auditd.service.d/10-own.conf"),
        "[Unit]\nWants=audit-rules.service\n[Service]\nExecStartPost=\n",
    );
    let (loader, warnings) = gathered(host);
    assert_eq!((&loader["unit"], &loader["state"]), (&json!("audit-rules.service"), &json!("enabled")), "{loader}");
    assert_eq!((&loader["ignores_failure"], warnings), (&json!(false), Vec::new()));
}

#[test]
fn rules_that_nobody_loads_at_boot_are_worth_a_warning() {
    let (loader, warnings) = gathered(debian_12(false));
    assert_eq!(loader["state"], json!("disabled"));
    assert_eq!(warnings, ["the rules are not loaded at boot: auditd.service is disabled"]);

    let host = debian_12(true);
    symlink("/dev/null", host.path(&format!("{ETC}/auditd.service"))).unwrap();
    let (loader, warnings) = gathered(host);
    assert_eq!(loader, json!({"state": "masked", "unit": "auditd.service", "ignores_failure": false}));
    assert_eq!(warnings, ["the rules are not loaded at boot: auditd.service is masked"]);

    let host = debian_12(true);
    host.write(&format!("{ETC}/auditd.service.d/50-quiet.conf"), "[Service]\nExecStartPost=\n");
    let (loader, warnings) = gathered(host);
    assert_eq!(loader, json!({"state": "none", "ignores_failure": false}));
    assert_eq!(warnings, ["the rules are not loaded at boot: no unit loads them"]);
}

#[test]
fn where_auditctl_loads_a_file_the_drop_ins_count_as_far_as_they_are_in_it() {
    let loading = |is_compiled: bool| {
        let mut host = debian_12(true);
        let own = "[Service]\nExecStartPost=\nExecStartPost=/sbin/auditctl -R /etc/audit/audit.rules\n";
        host.write(&format!("{ETC}/auditd.service.d/50-old.conf"), own);
        host.write("/etc/audit/audit.rules", "-D\n");
        if is_compiled {
            host.answer(&json!({"state": "loaded", "target": "filesystem"}));
        }
        gathered(host)
    };
    let (loader, warnings) = loading(false);
    assert_eq!((&loader["file"], &loader["state"]), (&json!("/etc/audit/audit.rules"), &json!("enabled")), "{loader}");
    let said =
        "at boot auditd.service loads /etc/audit/audit.rules as it stands, and that is not what the drop-ins say";
    assert_eq!(warnings, [said]);
    assert_eq!(loading(true).1, [""; 0]);
}
