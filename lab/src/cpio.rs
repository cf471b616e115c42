//! The archive that a kernel unpacks as its first file system: cpio in its "newc" form
//! (Linux `Documentation/driver-api/early-userspace/buffer-format.rst`).

use std::collections::BTreeSet;

const FILE: u32 = 0o100_000;
const DIRECTORY: u32 = 0o040_000;
const SYMLINK: u32 = 0o120_000;
const CHARACTER_DEVICE: u32 = 0o020_000;

/// An archive in the making. Everything belongs to root and has no date, so that equal content gives equal bytes.
#[derive(Default)]
pub struct Archive {
    bytes: Vec<u8>,
    entries: u32,
    directories: BTreeSet<String>,
}

impl Archive {
    /// Adds a directory and those above it; mode 0755 unless given with [`Archive::directory_with_mode`].
    pub fn directory(&mut self, path: &str) {
        self.directory_with_mode(path, 0o755);
    }

    /// Adds a directory with its permission bits.
    pub fn directory_with_mode(&mut self, path: &str, mode: u32) {
        let path = on_merged_usr(path);
        if path.is_empty() || !self.directories.insert(path.clone()) {
            return;
        }
        self.parents(&path);
        self.entry(&path, DIRECTORY | mode, &[], (0, 0));
    }

    /// Adds a file with its permission bits.
    pub fn file(&mut self, path: &str, mode: u32, content: &[u8]) {
        let path = on_merged_usr(path);
        self.parents(&path);
        self.entry(&path, FILE | mode, content, (0, 0));
    }

    /// Adds a symbolic link.
    pub fn symlink(&mut self, path: &str, target: &str) {
        let path = on_merged_usr(path);
        self.parents(&path);
        self.entry(&path, SYMLINK | 0o777, target.as_bytes(), (0, 0));
    }

    /// Adds the four links that make `/bin`, `/sbin`, `/lib` and `/lib64` parts of `/usr`.
    pub fn merged_usr(&mut self) {
        for name in MERGED {
            self.directory(&format!("usr/{name}"));
            self.entry(name, SYMLINK | 0o777, format!("usr/{name}").as_bytes(), (0, 0));
        }
    }

    /// Adds a character device.
    pub fn character_device(&mut self, path: &str, mode: u32, number: (u32, u32)) {
        self.parents(path);
        self.entry(path, CHARACTER_DEVICE | mode, &[], number);
    }

    /// The finished archive. Several may follow each other in one file.
    #[must_use]
    pub fn finish(mut self) -> Vec<u8> {
        self.entry("TRAILER!!!", 0, &[], (0, 0));
        self.bytes
    }

    fn parents(&mut self, path: &str) {
        if let Some((parent, _)) = path.rsplit_once('/') {
            self.directory(parent);
        }
    }

    fn entry(&mut self, path: &str, mode: u32, content: &[u8], device: (u32, u32)) {
        self.entries += 1;
        let size = u32::try_from(content.len()).unwrap_or(u32::MAX);
        let name_size = u32::try_from(path.len() + 1).unwrap_or(u32::MAX);
        let links = 1;
        let numbers = [self.entries, mode, 0, 0, links, 0, size, 0, 0, device.0, device.1, name_size, 0];
        self.bytes.extend_from_slice(b"070701");
        for number in numbers {
            self.bytes.extend_from_slice(format!("{number:08X}").as_bytes());
        }
        self.bytes.extend_from_slice(path.as_bytes());
        self.bytes.push(0);
        self.align();
        self.bytes.extend_from_slice(content);
        self.align();
    }

    fn align(&mut self) {
        self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
    }
}

const MERGED: [&str; 4] = ["bin", "sbin", "lib", "lib64"];

/// The kernel replaces a link by a directory of the same name, so nothing may be written through those links.
fn on_merged_usr(path: &str) -> String {
    let path = path.trim_matches('/');
    let first = path.split('/').next().unwrap_or_default();
    if MERGED.contains(&first) { format!("usr/{path}") } else { path.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(archive: &[u8]) -> Vec<String> {
        let text = String::from_utf8_lossy(archive);
        text.split("070701").skip(1).map(|entry| entry[104..].split('\0').next().unwrap().to_owned()).collect()
    }

    #[test]
    fn directories_above_a_file_come_before_it_and_only_once() {
        let mut archive = Archive::default();
        archive.file("/etc/audit/a", 0o640, b"x");
        archive.file("/etc/audit/b", 0o640, b"yy");
        assert_eq!(names(&archive.finish()), ["etc", "etc/audit", "etc/audit/a", "etc/audit/b", "TRAILER!!!"]);
    }

    #[test]
    fn a_file_below_bin_is_stored_below_usr() {
        let mut archive = Archive::default();
        archive.file("/bin/true", 0o755, b"");
        assert_eq!(names(&archive.finish()), ["usr", "usr/bin", "usr/bin/true", "TRAILER!!!"]);
    }

    #[test]
    fn every_entry_starts_on_a_multiple_of_four() {
        let mut archive = Archive::default();
        for length in 0..5 {
            archive.file("f", 0o644, &vec![b'.'; length]);
        }
        let bytes = archive.finish();
        assert_eq!(bytes.len() % 4, 0);
        let starts = bytes.windows(6).enumerate().filter(|(_, window)| *window == b"070701").map(|(at, _)| at);
        assert!(starts.into_iter().all(|at| at % 4 == 0));
    }
}
