//! Who loads the rules at boot, as the files of the init system say, and what that means for the next boot.

use std::os::unix::fs::symlink;

use serde_json::{Value as Json, json};

use crate::boots::{AUDITCTL, AUGENRULES, masked, with_programs, with_unit, without_unit};
use crate::host::{Host, kinds};

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
    let host = with_programs(host());
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
fn without_any_init_system_that_is_said_and_nothing_fails() {
    assert_eq!(gathered(host()), (json!({"state": "unknown", "ignores_failure": false}), Vec::new()));
}

#[test]
fn the_unit_that_loads_the_rules_is_named_with_its_command() {
    let (loader, warnings) = gathered(debian_12(true));
    let expected = json!({"init": "systemd", "state": "enabled", "service": "auditd.service", "command": "/sbin/augenrules --load", "ignores_failure": true});
    assert_eq!((loader, warnings), (expected, Vec::new()));

    let host = debian_12(true);
    host.write(&format!("{USR}/audit-rules.service"), "[Service]\nType=oneshot\nExecStart=/sbin/augenrules --load\n");
    host.write(
        &format!("{ETC}/auditd.service.d/10-own.conf"),
        "[Unit]\nWants=audit-rules.service\n[Service]\nExecStartPost=\n",
    );
    let (loader, warnings) = gathered(host);
    assert_eq!((&loader["service"], &loader["state"]), (&json!("audit-rules.service"), &json!("enabled")), "{loader}");
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
    assert_eq!(
        loader,
        json!({"init": "systemd", "state": "masked", "service": "auditd.service", "ignores_failure": false})
    );
    assert_eq!(warnings, ["the rules are not loaded at boot: auditd.service is masked"]);

    let host = debian_12(true);
    host.write(&format!("{ETC}/auditd.service.d/50-quiet.conf"), "[Service]\nExecStartPost=\n");
    let (loader, warnings) = gathered(host);
    assert_eq!(loader, json!({"init": "systemd", "state": "none", "ignores_failure": false}));
    assert_eq!(warnings, ["the rules are not loaded at boot: no service loads them"]);
}

#[test]
fn where_auditctl_loads_a_file_the_drop_ins_count_as_far_as_they_are_in_it() {
    let loading = |is_compiled: bool| {
        let mut host = debian_12(true);
        let own = "[Service]\nExecStartPost=\nExecStartPost=/usr/local/sbin/auditctl -R /etc/audit/audit.rules\n";
        host.write(&format!("{ETC}/auditd.service.d/50-old.conf"), own);
        host.write("/etc/audit/audit.rules", "# old\n");
        if is_compiled {
            host.answer(&json!({"state": "loaded", "target": "filesystem"}));
        }
        gathered(host)
    };
    let (loader, warnings) = loading(false);
    assert_eq!((&loader["file"], &loader["state"]), (&json!("/etc/audit/audit.rules"), &json!("enabled")), "{loader}");
    let said = "at boot auditd.service loads /etc/audit/audit.rules as it stands, which lacks `-w /etc/passwd -p wa -k identity`";
    assert_eq!(warnings, [said]);
    assert_eq!(loading(true).1, [""; 0]);
}

/// The script of `OpenRC`, as Alpine has it, in its parts that matter.
const OPENRC: &str = "#!/sbin/openrc-run\nstart_post() {\n\tif [ -f \"${RULEFILE_STARTUP}\" ]; then\n\t\t\
    /sbin/auditctl -R \"${RULEFILE_STARTUP}\" >/dev/null\n\tfi\n}\n";
/// The script of System V, as Devuan has it, in its parts that matter.
const SYSV: &str = "#! /bin/sh\n        case \"$USE_AUGENRULES\" in\n                no|NO) ;;\n                *) \
    [ -d /etc/audit/rules.d ] && /sbin/augenrules >/dev/null ;;\n        esac\n        \
    /sbin/auditctl -R /etc/audit/audit.rules >/dev/null\n";

fn alpine(is_started: bool) -> Host {
    let host = host();
    host.write("/sbin/openrc", "");
    host.write("/bin/busybox", "");
    symlink("/bin/busybox", host.path("/sbin/init")).unwrap();
    host.write("/etc/inittab", "::sysinit:/sbin/openrc sysinit\n::wait:/sbin/openrc default\n");
    host.write("/etc/init.d/auditd", OPENRC);
    host.write("/etc/conf.d/auditd", "RULEFILE_STARTUP=/etc/audit/audit.rules\n");
    host.directory("/etc/runlevels/default");
    if is_started {
        symlink("/etc/init.d/auditd", host.path("/etc/runlevels/default/auditd")).unwrap();
    }
    host
}

fn devuan(is_started: bool) -> Host {
    let host = host();
    host.write("/sbin/init", "");
    host.write("/etc/inittab", "# id:5:initdefault:\nid:2:initdefault:\nl2:2:wait:/etc/init.d/rc 2\n");
    host.write("/etc/init.d/auditd", SYSV);
    // The package brings its unit along.
    host.write("/lib/systemd/system/auditd.service", AUGENRULES);
    host.write("/etc/default/auditd", "USE_AUGENRULES=\"yes\"\n");
    host.directory("/etc/rc2.d");
    let name = if is_started { "S20auditd" } else { "K01auditd" };
    symlink("../init.d/auditd", host.path(&format!("/etc/rc2.d/{name}"))).unwrap();
    host
}

#[test]
fn the_scripts_of_openrc_and_system_v_are_read() {
    let service = "/etc/init.d/auditd";
    let augenrules = json!({"init": "sysv", "state": "enabled", "service": service, "command": "augenrules", "ignores_failure": true});
    assert_eq!(gathered(devuan(true)), (augenrules, Vec::new()));
    assert_eq!(gathered(devuan(false)).1, ["the rules are not loaded at boot: /etc/init.d/auditd is disabled"]);
    let host = devuan(true);
    host.write("/etc/default/auditd", "USE_AUGENRULES=no\n");
    assert_eq!(gathered(host).0["file"], json!("/etc/audit/audit.rules"));

    let (loader, warnings) = gathered(alpine(true));
    let file = "/etc/audit/audit.rules";
    let auditctl = json!({"init": "openrc", "state": "enabled", "service": service, "command": format!("auditctl -R {file}"), "file": file, "ignores_failure": false});
    assert_eq!(loader, auditctl);
    assert_eq!(warnings, [format!("at boot {service} loads {file} as it stands, which lacks `{RULE}`")]);
    assert_eq!(gathered(alpine(false)).0["state"], json!("disabled"));
    // The file may be a drop-in itself.
    let host = alpine(true);
    host.write("/etc/conf.d/auditd", "RULEFILE_STARTUP=\"/etc/audit/rules.d/30-policy.rules\"\n");
    assert_eq!(gathered(host).1, [""; 0]);
}

#[test]
fn another_init_system_than_those_is_not_taken_for_one_of_them() {
    let host = with_unit(host(), AUGENRULES);
    host.write("/usr/bin/tini", "");
    host.directory("/sbin");
    symlink("/usr/bin/tini", host.path("/sbin/init")).unwrap();
    assert_eq!(gathered(host), (json!({"state": "unknown", "ignores_failure": false}), Vec::new()));
}

#[test]
fn presets_count_before_the_first_boot() {
    let image = |id: Option<&str>| {
        let host = with_programs(host());
        host.write(&format!("{USR}/auditd.service"), format!("{AUGENRULES}[Install]\nWantedBy=multi-user.target\n"));
        host.write("/usr/lib/systemd/system-preset/99-default.preset", "disable *\n");
        host.write("/etc/systemd/system-preset/50-own.preset", "enable auditd.service\n");
        if let Some(id) = id {
            host.write("/etc/machine-id", id);
        }
        host
    };
    assert_eq!(gathered(image(None)).0["state"], json!("enabled"));
    assert_eq!(gathered(image(Some("uninitialized\n"))).0["state"], json!("enabled"));
    assert_eq!(gathered(image(Some("0123456789abcdef0123456789abcdef\n"))).0["state"], json!("disabled"));
    let host = image(None);
    host.write("/etc/systemd/system-preset/50-own.preset", "");
    assert_eq!(gathered(host).0["state"], json!("disabled"));
}

/// Hosts whose files and kernel hold the rule, and whose next boot does not, with the cause.
fn without_next_boot() -> Vec<(Host, &'static str)> {
    let lacking = with_unit(host(), AUDITCTL);
    lacking.write("/etc/audit/audit.rules", "-D\n");
    vec![
        (masked(host()), "nobody_loads"),
        (without_unit(host()), "nobody_loads"),
        (debian_12(false), "nobody_loads"),
        (alpine(false), "nobody_loads"),
        (devuan(false), "nobody_loads"),
        (with_unit(host(), AUDITCTL), "not_in_boot_file"),
        (lacking, "not_in_boot_file"),
        (alpine(true), "not_in_boot_file"),
    ]
}

#[test]
fn who_loads_the_rules_decides_what_the_next_boot_is() {
    for (mut host, cause) in without_next_boot() {
        let report = host.answer(&json!({"operation": "gather", "on_drift": "fail"}));
        assert_eq!((&report["failed"], &report["in_sync"]), (&json!(true), &json!(false)), "{report:#}");
        assert_eq!(report["drift"]["missing_at_boot"][0]["cause"], json!(cause), "{report:#}");
        assert_eq!(report["filesystem"]["files"][0]["rules"][0]["next_boot"], json!(false));
        assert_eq!((&report["next_boot"]["rules"], kinds(&report)), (&json!([]), vec!["not_in_sync"]));

        let report = host.answer(&json!({"operation": "gather", "on_drift": "fail", "expect": [RULE]}));
        assert_eq!((&report["failed"], &report["in_sync"]), (&json!(true), &json!(false)), "{report:#}");
        let evidence = &report["expect"]["rules"][0];
        assert_eq!((&evidence["running"], &evidence["next_boot"]), (&json!(true), &json!(false)), "{report:#}");

        // The files alone are enough to say no.
        let report = host.answer(&json!({"operation": "gather", "on_drift": "fail", "source": "filesystem"}));
        assert_eq!((&report["failed"], &report["in_sync"]), (&json!(true), &json!(false)), "{report:#}");
    }
}

#[test]
fn a_setting_that_the_boot_does_not_make_is_drift_too() {
    let settings = |host: Host| {
        let mut host = host;
        host.write("/etc/audit/rules.d/30-policy.rules", "-b 64\n");
        let request = json!({"operation": "gather", "source": "filesystem", "expect": {"state": "present", "name": "x", "control": {"backlog_limit": 64}}});
        let report = host.answer(&request);
        (report["in_sync"].clone(), report["settings"]["backlog_limit"]["next_boot"].clone())
    };
    assert_eq!(settings(with_unit(host(), AUGENRULES)).1, json!(64));
    assert_eq!(settings(masked(host())), (json!(false), Json::Null));
}

#[test]
fn apply_warns_where_the_boot_does_not_load_what_it_brings() {
    let request = json!({"name": "40-new", "rules": ["-w /etc/group -p wa -k group"], "compile": "never"});
    for (mut host, cause) in without_next_boot() {
        let mut at_runtime = request.clone();
        at_runtime["target"] = json!("runtime");
        at_runtime.as_object_mut().unwrap().remove("compile");
        assert_eq!(host.answer(&at_runtime)["warnings"], json!([]), "the kernel alone was asked for");
        let report = host.answer(&request);
        let said = report["warnings"].to_string();
        let expected =
            if cause == "nobody_loads" { "the rules are not loaded at boot" } else { "as it stands, which lacks" };
        assert_eq!((&report["failed"], said.contains(expected)), (&json!(false), true), "{report:#}");
    }
}

#[test]
fn a_host_with_nothing_to_load_needs_nobody_to_load_it() {
    for mut host in [masked(Host::new()), without_unit(Host::new()), with_unit(Host::new(), AUDITCTL)] {
        let report = host.answer(&json!({"operation": "gather", "on_drift": "fail"}));
        assert_eq!((&report["failed"], &report["warnings"]), (&json!(false), &json!([])), "{report:#}");
        let report = host.answer(&json!({"state": "absent", "name": "30-none"}));
        assert_eq!((&report["outcome"], &report["warnings"]), (&json!("unchanged"), &json!([])), "{report:#}");
    }
}

#[test]
fn an_auditctl_whose_names_cannot_be_read_is_said_and_one_whose_names_can_be_is_named() {
    let files = "tests/scenarios/too_new_names_are_written_as_numbers/root";
    let of_case = |path: &str| std::fs::read(format!("{files}{path}")).unwrap();
    let mut alone = debian_12(true);
    alone.write("/usr/sbin/auditctl", of_case("/usr/sbin/auditctl"));
    let applied = alone.answer(&json!({"name": "30-policy", "rules": [RULE]}));
    let (loader, warnings) = gathered(alone);
    assert_eq!(loader["auditctl"], json!({"version": "3.0.9", "names_known": false}));
    let said =
        "libaudit.so.1 of the installed auditctl 3.0.9 was not found: that it takes every name at boot is assumed";
    assert_eq!(warnings, [said]);
    assert!(applied["warnings"].as_array().unwrap().contains(&json!(said)), "{applied:#}");

    let nameless = debian_12(true);
    nameless.write("/usr/sbin/auditctl", "\x7fELF\0");
    assert_eq!(gathered(nameless).0["auditctl"], json!({"names_known": false}));

    let whole = debian_12(true);
    for path in ["/usr/sbin/auditctl", "/usr/lib64/libaudit.so.1"] {
        whole.write(path, of_case(path));
    }
    let (loader, warnings) = gathered(whole);
    assert_eq!((&loader["auditctl"], warnings), (&json!({"version": "3.0.9", "names_known": true}), Vec::new()));
}

#[test]
fn the_next_boot_has_its_rules_in_the_order_in_which_the_kernel_lists_them() {
    let mut host = debian_12(true);
    let (io_uring, exclude) = ("-a always,io_uring -S openat -F uid=0 -F key=uring", "-a never,exclude -F msgtype=CWD");
    host.write("/etc/audit/rules.d/30-policy.rules", format!("{io_uring}\n{exclude}\n{RULE}\n"));
    let report = host.answer(&json!({"operation": "gather"}));
    assert_eq!(report["next_boot"]["rules"], json!([RULE, exclude, io_uring]));
}

/// Debian 12 with a drop-in of its auditd.service.
fn with_drop_in(lines: &str) -> Host {
    let host = debian_12(true);
    host.write(&format!("{ETC}/auditd.service.d/50-own.conf"), lines);
    host
}

fn relink(host: &Host, path: &str, target: &str) {
    let link = host.path(path);
    let _ = std::fs::remove_file(&link);
    host.directory(std::path::Path::new(path).parent().unwrap().to_str().unwrap());
    symlink(target, link).unwrap();
}

#[test]
fn a_service_that_is_started_and_loads_nothing_is_no_good_boot() {
    let own = format!("{ETC}/auditd.service.d/50-own.conf");
    let clears = with_drop_in("[Service]\nExecStartPost=-/usr/local/sbin/auditctl -D\n");
    let all = debian_12(true);
    all.write(&format!("{ETC}/service.d/o.conf"), "[Service]\nExecStartPost=\n");
    let without_program = debian_12(true);
    std::fs::remove_file(without_program.path("/sbin/augenrules")).unwrap();
    let unlinked = debian_12(true);
    relink(&unlinked, &format!("{ETC}/multi-user.target.wants/auditd.service"), "/dev/null");
    let aside = debian_12(false);
    relink(&aside, &format!("{ETC}/foo.target.wants/auditd.service"), "/usr/lib/systemd/system/auditd.service");
    let rescue = debian_12(true);
    relink(&rescue, &format!("{ETC}/default.target"), "/usr/lib/systemd/system/rescue.target");
    let rows = [
        (
            with_drop_in("[Unit]\nConditionPathExists=/nope\n"),
            "prevented",
            format!(
                "auditd.service is started and does not load them: `ConditionPathExists=/nope` ({own}) does not hold"
            ),
        ),
        (
            with_drop_in("[Unit]\nAssertPathExists=!/etc/audit\n"),
            "prevented",
            format!(
                "auditd.service is started and does not load them: `AssertPathExists=!/etc/audit` ({own}) does not hold"
            ),
        ),
        (
            clears,
            "prevented",
            format!(
                "auditd.service is started and does not load them: `ExecStartPost=-/usr/local/sbin/auditctl -D` ({own}) deletes them again"
            ),
        ),
        (
            without_program,
            "prevented",
            format!(
                "auditd.service is started and does not load them: `ExecStartPost=-/sbin/augenrules --load` ({USR}/auditd.service): /sbin/augenrules cannot be executed"
            ),
        ),
        (all, "none", "no service loads them".to_owned()),
        (unlinked, "disabled", "auditd.service is disabled".to_owned()),
        (aside, "disabled", "auditd.service is disabled".to_owned()),
        (rescue, "disabled", "auditd.service is disabled".to_owned()),
    ];
    for (mut host, state, why) in rows {
        let report = host.answer(&json!({"operation": "gather", "on_drift": "fail"}));
        assert_eq!((&report["boot_loader"]["state"], &report["failed"]), (&json!(state), &json!(true)), "{report:#}");
        assert_eq!(report["warnings"], json!([format!("the rules are not loaded at boot: {why}")]));
        assert_eq!(report["drift"]["missing_at_boot"][0]["cause"], json!("nobody_loads"));
        let prevented_by = report["boot_loader"].get("prevented_by").map(|said| said.as_str().unwrap());
        assert_eq!(prevented_by.is_some(), state == "prevented");
        assert!(prevented_by.is_none_or(|said| why.ends_with(said)), "{report:#}");
    }
}

#[test]
fn what_cannot_be_judged_makes_a_boot_uncertain() {
    let own = format!("{ETC}/auditd.service.d/50-own.conf");
    let beside = debian_12(true);
    beside.write(&format!("{ETC}/mine.service"), "[Service]\nExecStart=/usr/local/sbin/auditctl -D\n");
    relink(&beside, &format!("{ETC}/sysinit.target.wants/mine.service"), "../mine.service");
    let rows = [
        (with_drop_in("[Service]\nExecCondition=/bin/false\n"), format!("`ExecCondition=/bin/false` ({own})")),
        (with_drop_in("[Service]\nExecStartPre=/usr/bin/x\n"), format!("`ExecStartPre=/usr/bin/x` ({own})")),
        (with_drop_in("[Unit]\nConditionPathExists=/run/x\n"), format!("`ConditionPathExists=/run/x` ({own})")),
        (
            with_drop_in("[Unit]\nConditionKernelCommandLine=!audit\n"),
            format!("`ConditionKernelCommandLine=!audit` ({own})"),
        ),
        (beside, format!("`ExecStart=/usr/local/sbin/auditctl -D` ({ETC}/mine.service)")),
    ];
    for (mut host, on) in rows {
        // Of these programs only what comes before the load without fail has to be there.
        host.write("/usr/bin/x", "");
        host.mode("/usr/bin/x", 0o755);
        host.write("/bin/false", "");
        host.mode("/bin/false", 0o755);
        let warning = json!(format!("whether auditd.service loads the rules at boot depends on {on}"));
        let report = host.answer(&json!({"operation": "gather", "on_drift": "fail"}));
        assert_eq!(report["boot_loader"]["state"], json!("enabled"), "{report:#}");
        assert_eq!(report["boot_loader"]["conditions"], json!([on]), "{report:#}");
        assert_eq!((&report["warnings"], report.get("in_sync")), (&json!([warning]), None), "{report:#}");
        assert_eq!(report["failed"], json!(false), "what cannot be told is no failure");
        let report = host.answer(&json!({"operation": "gather", "expect": [RULE]}));
        assert_eq!(report.get("in_sync"), None, "{report:#}");
        let applied = host.answer(&json!({"name": "40-new", "rules": ["-w /etc/group -p wa -k group"]}));
        assert!(applied["warnings"].as_array().unwrap().contains(&warning), "{applied:#}");
    }
}

/// What the unit of Debian 12 says, in its parts that matter; and the pair of Debian 13 and of upstream 4.
const DEBIAN_12: &str = "[Unit]\nDefaultDependencies=no\nConditionKernelCommandLine=!audit=0\n\
    ConditionKernelCommandLine=!audit=off\n[Service]\nType=forking\nPIDFile=/run/auditd.pid\nExecStart=/sbin/auditd\n\
    ExecStartPost=-/sbin/augenrules --load\n# ExecStartPost=-/sbin/auditctl -R /etc/audit/audit.rules\n\
    [Install]\nWantedBy=multi-user.target\n";
const AUDITD_4: &str = "[Unit]\nConditionKernelCommandLine=!audit=0\nConditionKernelCommandLine=!audit=off\n\
    RefuseManualStop=yes\nWants=audit-rules.service\n[Service]\nExecStart=/sbin/auditd\n";
const AUDIT_RULES_4: &str = "[Unit]\nConditionKernelCommandLine=!audit=0\nConditionKernelCommandLine=!audit=off\n\
    [Service]\nType=oneshot\nExecStart=/sbin/augenrules --load\n#ExecStopPost=/sbin/auditctl -R /etc/audit/audit-stop.rules\n";

#[test]
fn the_units_of_distributions_are_no_cause_for_alarm() {
    for command_line in [None, Some("quiet audit=1")] {
        let two = with_unit(host(), AUDITD_4);
        two.write(&format!("{USR}/audit-rules.service"), AUDIT_RULES_4);
        for mut host in [with_unit(host(), DEBIAN_12), two] {
            // As systemd itself brings them.
            relink(&host, &format!("{USR}/default.target"), "graphical.target");
            host.write(&format!("{USR}/graphical.target"), "[Unit]\nRequires=multi-user.target\n");
            host.write(&format!("{USR}/multi-user.target"), "[Unit]\nRequires=basic.target\n");
            if let Some(line) = command_line {
                host.write("/proc/cmdline", line);
            }
            let report = host.answer(&json!({"operation": "gather", "on_drift": "fail"}));
            assert_eq!(report["boot_loader"]["state"], json!("enabled"), "{report:#}");
            assert_eq!((&report["warnings"], &report["in_sync"]), (&json!([]), &json!(true)), "{report:#}");
        }
    }
    let mut off = with_unit(host(), DEBIAN_12);
    off.write("/proc/cmdline", "quiet audit=0");
    assert_eq!(off.answer(&json!({"operation": "gather"}))["boot_loader"]["state"], json!("prevented"));
}
