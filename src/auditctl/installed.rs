//! The auditctl that a host has installed, as far as its own files say: its version, and the words that it knows.

use std::cell::RefCell;
use std::sync::OnceLock;

use rustc_hash::FxHashSet as HashSet;

use crate::rule::Arch;
use crate::tables::syscalls;

/// A version of audit-userspace: 4.0.2 is `[4, 0, 2]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(pub [u16; 3]);

impl Version {
    /// Reads `4.2`, `3.0.9`, and the version of a package of it (`1:3.0.9-1`); a letter after a number is left out.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let text = text.split_once(':').map_or(text, |(_, rest)| rest);
        let text = text.split(['-', '+', '~']).next()?;
        let mut numbers = [0; 3];
        let mut parts = 0;
        for part in text.split('.') {
            let digits = part.trim_end_matches(|c: char| c.is_ascii_lowercase());
            *numbers.get_mut(parts)? = digits.parse().ok()?;
            parts += 1;
        }
        (parts >= 2).then_some(Self(numbers))
    }
}

impl std::fmt::Display for Version {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let [major, minor, patch] = self.0;
        write!(f, "{major}.{minor}")?;
        if patch > 0 { write!(f, ".{patch}") } else { Ok(()) }
    }
}

/// What is known of the installed auditctl. What is not known is taken to be as in the newest version.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Installed {
    /// Its version.
    pub version: Option<Version>,
    /// Whether an auditctl was found.
    pub is_there: bool,
    library: Option<Vec<u8>>,
    /// Read when a name is first asked for: many policies have none that it decides about.
    words: OnceLock<Words>,
}

/// The words in `libaudit.so.1`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Words {
    all: HashSet<String>,
    /// The tables of system calls: lists of names that stand after each other in alphabetical order.
    tables: Vec<HashSet<String>>,
    /// Which table is that of an architecture, found out when it is first asked.
    of_arch: RefCell<Vec<(Arch, Option<usize>)>>,
}

/// A sorted list of names shorter than this is no table of system calls.
const SMALLEST_TABLE: usize = 100;

impl Installed {
    /// What stands in the executable and in its library as text that ends in a NUL.
    #[must_use]
    pub fn from_files(auditctl: Option<&[u8]>, libaudit: Option<Vec<u8>>) -> Self {
        let version = auditctl.and_then(version_in);
        Self { version, is_there: auditctl.is_some(), library: libaudit, words: OnceLock::new() }
    }

    /// The same with the version of its package, for an executable that does not say its own.
    #[must_use]
    pub fn of_package(mut self, version: &str) -> Self {
        self.version = self.version.or_else(|| Version::read(version));
        self
    }

    fn words(&self) -> Option<&Words> {
        self.library.as_ref().map(|library| self.words.get_or_init(|| Words::of(library)))
    }

    /// Whether its version is at least this one.
    #[must_use]
    pub fn is_since(&self, version: [u16; 3]) -> bool {
        self.version.is_none_or(|own| own >= Version(version))
    }

    /// Whether its words are known, so that it can be said what it lacks.
    #[must_use]
    pub fn has_words(&self) -> bool {
        self.library.is_some()
    }

    /// Whether it has this word in a table of names.
    #[must_use]
    pub fn knows(&self, word: &str) -> bool {
        self.words().is_none_or(|words| words.all.contains(word))
    }

    /// Whether its table for the architecture has this system call, a lower-case name as auditctl spells it.
    ///
    /// Which table is that of the architecture is not written in the file: it is the one that has most in common with ours.
    #[must_use]
    pub fn knows_syscall(&self, arch: Arch, name: &str) -> bool {
        let Some(words) = self.words() else { return true };
        match words.table_of(arch) {
            Some(table) => table.contains(name),
            None => words.all.contains(name),
        }
    }
}

impl Words {
    fn of(library: &[u8]) -> Self {
        let mut words = Self::default();
        let mut table: Vec<&str> = Vec::new();
        for word in library.split(|byte| *byte == 0) {
            let word = Some(word).filter(|word| is_word(word)).and_then(|word| std::str::from_utf8(word).ok());
            if let Some(word) = word {
                words.all.insert(word.to_owned());
            }
            // The names of system calls are lower case; other tables may stand right before theirs.
            match word.filter(|word| !word.bytes().any(|byte| byte.is_ascii_uppercase())) {
                Some(word) if table.last().is_none_or(|last| *last < word) => table.push(word),
                _ => {
                    words.finish(&table);
                    table = word.into_iter().collect();
                }
            }
        }
        words.finish(&table);
        words
    }

    fn table_of(&self, arch: Arch) -> Option<&HashSet<String>> {
        let known = self.of_arch.borrow().iter().find(|(known, _)| *known == arch).map(|(_, at)| *at);
        let at = known.unwrap_or_else(|| {
            let is_named = Arch::NAMED.iter().any(|(named, _)| *named == arch);
            let likeness = |at: &usize| syscalls::likeness(arch, &self.tables[*at]);
            let likest = (0..self.tables.len()).filter(|_| is_named).max_by_key(likeness);
            self.of_arch.borrow_mut().push((arch, likest));
            likest
        });
        self.tables.get(at?)
    }

    fn finish(&mut self, table: &[&str]) {
        if table.len() >= SMALLEST_TABLE && table.contains(&"read") {
            self.tables.push(table.iter().map(|name| (*name).to_owned()).collect());
        }
    }
}

/// The bytes of words.
const OF_WORDS: [bool; 256] = {
    let mut bytes = [false; 256];
    let mut byte: u8 = 0;
    while byte < 128 {
        bytes[byte as usize] = byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
        byte += 1;
    }
    bytes
};

fn is_word(text: &[u8]) -> bool {
    (1..64).contains(&text.len()) && text.iter().all(|byte| OF_WORDS[usize::from(*byte)])
}

/// The version that `auditctl -v` prints.
fn version_in(executable: &[u8]) -> Option<Version> {
    executable.split(|byte| *byte == 0).find_map(|text| {
        let is_version = text.len() < 16 && text.first().is_some_and(u8::is_ascii_digit) && text.contains(&b'.');
        let text = Some(text).filter(|text| is_version && !text.contains(&b':') && !text.contains(&b'-'))?;
        Version::read(std::str::from_utf8(text).ok()?)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn library(tables: &[&[&str]]) -> Vec<u8> {
        let words = tables.iter().flat_map(|table| table.iter());
        words.flat_map(|word| [word.as_bytes(), b"\0"].concat()).collect()
    }

    #[test]
    fn a_version_is_read_from_an_executable_and_from_a_package() {
        let cases = [
            ("3.0.9", Some([3, 0, 9])),
            ("1:4.0.2-2+deb13u1", Some([4, 0, 2])),
            ("4.0.4b", Some([4, 0, 4])),
            ("4.2", Some([4, 2, 0])),
            ("4", None),
            ("x.y", None),
            ("1.2.3.4", None),
        ];
        for (text, expected) in cases {
            assert_eq!(Version::read(text), expected.map(Version), "{text}");
        }
        let executable = b"\x7fELF\0GLIBC_2.34\0auditctl version %s\n\x003.0.9\0";
        let installed = Installed::from_files(Some(executable), None).of_package("1:4.2-1");
        assert_eq!(installed.version, Some(Version([3, 0, 9])));
        let nameless = Installed::from_files(Some(b"\x7fELF\0"), None).of_package("1:4.2-1");
        assert_eq!(nameless.version, Some(Version([4, 2, 0])));
    }

    #[test]
    fn words_that_the_library_lacks_are_not_known_and_without_a_library_all_are() {
        let installed = Installed::from_files(None, Some(library(&[&["fchmod", "io_uring", "open"]])));
        assert!(installed.knows("io_uring") && !installed.knows("uring") && !installed.knows("fchmodat2"));
        assert!(installed.knows_syscall(Arch::X86_64, "open") && !installed.knows_syscall(Arch::X86_64, "fchmodat2"));
        assert!(Installed::default().knows_syscall(Arch::X86_64, "fchmodat2") && Installed::default().knows("x"));
    }

    #[test]
    fn a_call_is_looked_up_in_the_table_of_its_architecture() {
        let without = |arch, lacking: &str| {
            let names = syscalls::names(arch).into_iter().filter(|name| *name != lacking);
            names.collect::<Vec<_>>()
        };
        let (wide, narrow) = (without(Arch::X86_64, "mseal"), without(Arch::I386, "fchmodat2"));
        let installed = Installed::from_files(None, Some(library(&[&wide, &narrow])));
        let knows = |arch, name| installed.knows_syscall(arch, name);
        assert!(knows(Arch::X86_64, "fchmodat2") && !knows(Arch::X86_64, "mseal"));
        assert!(!knows(Arch::I386, "fchmodat2") && knows(Arch::I386, "mseal"));
    }
}
