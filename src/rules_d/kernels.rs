//! What the next kernel is told of audit, as far as boot loaders keep that in files.

use std::collections::BTreeMap;
use std::path::Path;

use super::Root;
use super::running::CommandLine;
use crate::init::{BootEntry, grub_entries, grub_environment, specified_entry};

/// Where kernels have a file each.
const ENTRIES: &str = "/boot/loader/entries";
/// The directories of GRUB: that of Debian, that of Fedora.
const GRUB: [&str; 2] = ["/boot/grub", "/boot/grub2"];
/// Most kernels that are told.
const MOST: usize = 50;

/// A kernel that the host can boot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NextKernel {
    /// What the menu of the boot loader calls it.
    pub title: String,
    /// The file that says so.
    pub file: String,
    /// What it is told of audit.
    pub said: CommandLine,
}

impl Root {
    /// The kernels that the boot loader's files name, but for those that are there to mend a host: their titles say
    /// recovery or rescue. None where there are no such files, or none that can be read.
    #[must_use]
    pub fn next_kernels(&self) -> Vec<NextKernel> {
        let text = |path: &str| {
            self.system_file(Path::new(path)).ok().flatten().map(|text| String::from_utf8_lossy(&text).into_owned())
        };
        let environment = GRUB.iter().find_map(|grub| text(&format!("{grub}/grubenv")));
        let environment = environment.map_or_else(BTreeMap::new, |text| grub_environment(&text));
        let is_entry = |name: &[u8]| name.ends_with(b".conf");
        let mut names = self.names_in(ENTRIES, &is_entry);
        names.sort_unstable();
        let mut found: Vec<(String, BootEntry)> = Vec::new();
        for name in names {
            let path = format!("{ENTRIES}/{}", name.to_string_lossy());
            found.extend(text(&path).map(|text| (path, specified_entry(&text, &environment))));
        }
        for path in GRUB.iter().map(|grub| format!("{grub}/grub.cfg")) {
            let entries = text(&path).map_or_else(Vec::new, |text| grub_entries(&text, &environment));
            found.extend(entries.into_iter().map(|entry| (path.clone(), entry)));
        }
        let mends = |title: &str| ["recovery", "rescue"].iter().any(|word| title.to_lowercase().contains(word));
        let found = found.into_iter().filter(|(file, entry)| !mends(&entry.title) && !mends(file)).take(MOST);
        let kernel = |(file, BootEntry { title, command_line })| NextKernel {
            title,
            file,
            said: CommandLine::read(command_line.as_bytes()),
        };
        found.map(kernel).collect()
    }
}
