//! The audit log: which files it is in, and their lines.

use std::fs;
use std::io::Write;
use std::ops::ControlFlow;
use std::path::Path;

use audit_rules::rules_d::{LogFile, LogRead, Root};
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::Scene;

const DIRECTORY: &str = "/var/log/audit";

/// Three lines, the last one without an end, as `xz` packs them.
const XZ: &[u8] = include_bytes!("three.lines.xz");

fn scene() -> Scene {
    let scene = Scene::new();
    scene.directory(DIRECTORY);
    scene
}

fn log(scene: &Scene) -> Vec<LogFile> {
    scene.root().log_files().unwrap().1
}

/// The lines of a file, and how its reading ended.
fn read(file: LogFile) -> (Vec<String>, LogRead) {
    let mut lines = Vec::new();
    let read = file.each_line(&mut |line| {
        lines.push(String::from_utf8_lossy(line.text).into_owned());
        ControlFlow::Continue(())
    });
    (lines, read)
}

fn lines(files: Vec<LogFile>) -> Vec<String> {
    files.into_iter().flat_map(|file| read(file).0).collect()
}

fn gzip(text: &str) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::default());
    packed.write_all(text.as_bytes()).unwrap();
    packed.finish().unwrap()
}

#[test]
fn the_files_come_from_the_oldest_to_the_newest() {
    let scene = scene();
    for (name, text) in [("", "d"), (".1", "c"), (".2", "b"), (".10", "a"), (".x", "!"), (".1.bak", "!"), ("-1", "!")] {
        scene.file(&format!("{DIRECTORY}/audit.log{name}"), text);
    }
    scene.file(&format!("{DIRECTORY}/audit.log.11.gz"), gzip("0\n"));
    assert_eq!(lines(log(&scene)), ["0", "a", "b", "c", "d"]);
    scene.directory("/etc/audit").file("/etc/audit/auditd.conf", "local_events = yes\nlog_file = /srv/a.log\n");
    scene.directory("/srv").file("/srv/a.log", "other").file("/srv/a.log.1", "older");
    assert_eq!(lines(log(&scene)), ["older", "other"]);
}

#[test]
fn a_host_may_have_no_log_and_what_is_no_file_is_none() {
    let scene = scene();
    assert!(log(&scene).is_empty());
    scene.directory(&format!("{DIRECTORY}/audit.log"));
    assert!(scene.root().log_files().is_err());
    assert!(scene.root().log_file(Path::new("/var/log/other")).is_err());
}

/// auditd renames the files while they are being read: each is read once, whatever its name is by then.
#[test]
fn files_that_are_renamed_once_they_are_open_are_read_as_they_were() {
    let scene = scene();
    scene.file(&format!("{DIRECTORY}/audit.log.1"), "a\n").file(&format!("{DIRECTORY}/audit.log"), "b\n");
    let opened = log(&scene);
    let path = |name: &str| scene.path(&format!("{DIRECTORY}/audit.log{name}"));
    fs::rename(path(".1"), path(".2")).unwrap();
    fs::rename(path(""), path(".1")).unwrap();
    scene.file(&format!("{DIRECTORY}/audit.log"), "c\n");
    assert_eq!(lines(opened), ["a", "b"]);
    assert_eq!(lines(log(&scene)), ["a", "b", "c"]);
}

#[test]
fn a_file_that_grows_is_read_to_the_end_of_the_line_that_was_there() {
    let scene = scene();
    let inside = format!("{DIRECTORY}/audit.log");
    scene.file(&inside, "a\nbeg");
    let opened = log(&scene);
    let mut file = fs::OpenOptions::new().append(true).open(scene.path(&inside)).unwrap();
    file.write_all(b"un\nlater\n").unwrap();
    assert_eq!(lines(opened), ["a", "begun"]);
}

#[test]
fn a_last_line_may_have_no_end() {
    let scene = scene();
    scene.file("/log", "a\n\nb");
    let mut ends = Vec::new();
    let read = scene.root().log_file(Path::new("/log")).unwrap().each_line(&mut |line| {
        ends.push((line.number, line.text.len(), line.has_end));
        ControlFlow::Continue(())
    });
    assert_eq!(ends, [(1, 1, true), (2, 0, true), (3, 1, false)]);
    assert_eq!((read.lines, read.bytes), (3, 4));
}

#[test]
fn compressed_files_are_known_by_what_they_begin_with() {
    let scene = scene();
    // Two members, as `cat` of two packed files makes them.
    scene.file("/a", [gzip("first\nsec"), gzip("ond\nthird")].concat()).file("/b", XZ);
    for (path, compression) in [("/a", "gzip"), ("/b", "xz")] {
        let (lines, read) = read(scene.root().log_file(Path::new(path)).unwrap());
        assert_eq!(lines, ["first", "second", "third"]);
        assert_eq!((read.compression, read.damage, read.bytes), (Some(compression), None, 18));
    }
}

#[test]
fn of_a_damaged_file_what_can_be_read_is_and_the_damage_is_told() {
    let scene = scene();
    let packed = gzip(&"line\n".repeat(100_000));
    scene.file("/cut", &packed[..packed.len() / 2]).file("/b", &XZ[..XZ.len() - 20]);
    for path in ["/cut", "/b"] {
        let (_, read) = read(scene.root().log_file(Path::new(path)).unwrap());
        assert!(read.damage.is_some(), "{path}: {read:?}");
    }
    let (lines, _) = read(scene.root().log_file(Path::new("/cut")).unwrap());
    assert!(lines.len() > 100 && lines.iter().all(|line| "line".starts_with(line.as_str())));
}

#[test]
fn a_line_without_end_needs_no_memory_without_end() {
    let scene = scene();
    scene.file("/log", ["x".repeat(3 << 20).as_str(), "\nshort\n"].concat());
    let mut lengths = Vec::new();
    let file = scene.root().log_file(Path::new("/log")).unwrap();
    let _ = file.each_line(&mut |line| {
        lengths.push((line.text.len(), line.is_cut));
        ControlFlow::Continue(())
    });
    assert_eq!(lengths, [(64 << 10, true), (5, false)]);
}

#[test]
fn reading_ends_where_it_is_asked_to() {
    let scene = scene();
    scene.file("/log", "a\nb\nc\n");
    let mut count = 0;
    let file = scene.root().log_file(Path::new("/log")).unwrap();
    let read = file.each_line(&mut |_| {
        count += 1;
        if count == 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    assert_eq!((count, read.lines), (2, 2));
}

#[test]
fn a_link_inside_the_root_leads_nowhere_else() {
    let scene = scene();
    scene.directory("/srv").file("/srv/real", "a\n").link("/log", "/srv/real");
    assert_eq!(lines(vec![Root::open(scene.place.path()).unwrap().log_file(Path::new("/log")).unwrap()]), ["a"]);
}
