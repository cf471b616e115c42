//! What `/proc` of a host says.

use std::time::{SystemTime, UNIX_EPOCH};

use audit_rules::rules_d::{Process, Root};

use crate::Scene;

#[test]
fn processes_have_the_names_that_the_kernel_shows() {
    let scene = Scene::new();
    assert_eq!(scene.root().processes(), [], "there is no /proc");
    scene.directory("proc/612").directory("proc/7").directory("proc/self").directory("proc/99");
    scene.file("proc/612/comm", "auditd\n").file("proc/7/comm", "(sd-pam)\n").file("proc/self/comm", "x\n");
    scene.file("proc/cmdline", "quiet audit=1\n").file("proc/99/other", "");
    let expected = [(7, "(sd-pam)"), (612, "auditd")].map(|(pid, name)| Process { pid, name: name.to_owned() });
    assert_eq!(scene.root().processes(), expected);
    let said = scene.root().kernel_command_line().unwrap();
    assert_eq!((said.audit.as_deref(), said.starts_audit()), (Some("1"), true));
}

#[test]
fn this_process_is_among_those_of_the_running_host() {
    let own = std::process::id();
    let processes = Root::open("/".as_ref()).unwrap().processes();
    assert!(processes.iter().any(|process| process.pid == own), "{processes:?}");
}

#[test]
fn a_directory_is_young_where_it_was_made_after_the_boot() {
    let scene = Scene::new();
    scene.directory("srv/data").directory("proc");
    let asked = || vec![b"/srv/data".to_vec(), b"/srv/gone".to_vec()];
    let young = |boot: u64| {
        scene.file("proc/stat", format!("cpu  1\nbtime {boot}\n"));
        scene.root().made_since_boot(asked())
    };
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let tells = std::fs::metadata(scene.path("srv/data")).unwrap().created().is_ok();
    let expected = if tells { vec![b"/srv/data".to_vec()] } else { Vec::new() };
    assert_eq!(young(now - 1000), expected);
    assert_eq!(young(now - 60), [[0; 0]; 0], "the boot itself may have made it");
    assert_eq!(young(now + 1000), [[0; 0]; 0]);
    scene.file("proc/stat", "cpu  1\n");
    assert_eq!(scene.root().made_since_boot(asked()), [[0; 0]; 0], "nobody knows when the boot was");
}

#[test]
fn a_link_in_place_of_a_drop_in_is_followed_only_for_those_who_never_write() {
    use audit_rules::rules_d::Links;
    let scene = Scene::new();
    scene.directory("usr/share").file("usr/share/site.rules", "-w /a\n");
    scene.link("etc/audit/rules.d/a.rules", "/usr/share/site.rules");
    assert!(scene.rules_d().read(&scene.root(), Links::Refused).is_err());
    let listing = scene.rules_d().read(&scene.root(), Links::Followed).unwrap();
    assert_eq!(listing.drop_ins[0].state.bytes, b"-w /a\n");
}
