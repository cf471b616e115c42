use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use audit_rules::augenrules::{Awk, Script, merge};
use audit_rules::rules_d::{FileError, Links, Listing, SkipReason};

use crate::Scene;

fn read(scene: &Scene) -> Result<Listing, Vec<FileError>> {
    scene.rules_d().read(&scene.root(), Links::Refused)
}

fn names(listing: &Listing) -> Vec<String> {
    listing.drop_ins.iter().map(|drop_in| drop_in.name.to_string_lossy().into_owned()).collect()
}

#[test]
fn drop_ins_come_in_natural_order_and_nothing_else_is_read() {
    let scene = Scene::new();
    for name in ["100-c.rules", "9-a.rules", "10-b.rules", "a b.rules", ".hidden.rules", "x.rules~", "y.RULES", "rules"]
    {
        scene.file(&format!("etc/audit/rules.d/{name}"), name);
    }
    scene.directory("etc/audit/rules.d/below").file("etc/audit/rules.d/below/z.rules", "");
    let listing = read(&scene).unwrap();
    assert_eq!(names(&listing), ["9-a.rules", "10-b.rules", "100-c.rules", "a b.rules"]);
    assert_eq!(listing.skipped, []);
}

#[test]
fn a_drop_in_comes_with_its_raw_bytes_and_its_mode() {
    let scene = Scene::new();
    let bytes = b"-w /\xff\0 -k x\r\nno newline";
    scene.file("etc/audit/rules.d/a.rules", bytes).mode("etc/audit/rules.d/a.rules", 0o604);
    let listing = read(&scene).unwrap();
    let drop_in = &listing.drop_ins[0];
    assert_eq!(drop_in.state.bytes, bytes);
    assert_eq!(drop_in.state.mode, 0o604);
    assert_eq!((drop_in.state.uid, drop_in.state.gid), crate::owner());
    assert_eq!(drop_in.path, scene.path("etc/audit/rules.d/a.rules"));
}

#[test]
fn a_directory_and_a_dangling_link_are_passed_over_and_named() {
    let scene = Scene::new();
    scene.directory("etc/audit/rules.d/d.rules").link("etc/audit/rules.d/l.rules", "/gone/away");
    scene.file("etc/audit/rules.d/a.rules", "-w /a\n");
    let listing = read(&scene).unwrap();
    assert_eq!(names(&listing), ["a.rules"]);
    let skipped: Vec<_> = listing.skipped.iter().map(|skipped| (skipped.name.to_str(), skipped.reason)).collect();
    assert_eq!(skipped, [(Some("d.rules"), SkipReason::Directory), (Some("l.rules"), SkipReason::DanglingLink)]);
}

#[test]
fn a_link_in_an_image_is_looked_up_in_the_image() {
    let scene = Scene::new();
    // On the host this path exists, in the image it does not.
    scene.link("etc/audit/rules.d/l.rules", "/proc/self/status");
    assert_eq!(read(&scene).unwrap().skipped[0].reason, SkipReason::DanglingLink);
}

#[test]
fn a_missing_directory_has_no_drop_ins() {
    let scene = Scene::new();
    let directory = scene.root().directory("/etc/audit/other.d".as_ref()).unwrap();
    assert_eq!(directory.read(&scene.root(), Links::Refused), Ok(Listing::default()));
    assert_eq!(directory.missing(), [scene.path("etc/audit/other.d")]);
}

#[test]
fn names_that_are_not_text_survive() {
    let scene = Scene::new();
    let name = OsStr::from_bytes(b"\xff\xfe.rules");
    std::fs::write(scene.path("etc/audit/rules.d").join(name), "-w /a\n").unwrap();
    assert_eq!(read(&scene).unwrap().drop_ins[0].name, name);
}

#[test]
fn ten_thousand_drop_ins_are_read_and_merged() {
    let scene = Scene::new();
    for number in 0..10_000 {
        scene.file(&format!("etc/audit/rules.d/{number}-x.rules"), format!("-w /{number}\n"));
    }
    let listing = read(&scene).unwrap();
    let sources: Vec<_> = listing.drop_ins.iter().map(audit_rules::rules_d::DropIn::as_source).collect();
    let merged = merge(&sources, Script::newest(Awk::Gawk));
    let expected: Vec<_> = (0..10_000).map(|number| format!("-w /{number}").into_bytes()).collect();
    assert!(merged.lines().map(|line| &line.text).eq(&expected));
}
