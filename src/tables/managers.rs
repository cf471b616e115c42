//! Programs that load rules or receive records, by the names of their processes and by their keys.

use std::sync::OnceLock;

use super::rows;

/// The program of a process, by the name that the kernel shows of it (15 bytes at most).
#[must_use]
pub fn by_process(process: &str) -> Option<&'static str> {
    entries("process").find(|(_, name)| *name == process).map(|(manager, _)| manager)
}

/// The program that marks its rules with this key.
#[must_use]
pub fn by_key(key: &[u8]) -> Option<&'static str> {
    entries("key").find(|(_, name)| name.as_bytes() == key).map(|(manager, _)| manager)
}

/// Programs and their words of a kind.
fn entries(kind: &'static str) -> impl Iterator<Item = (&'static str, &'static str)> {
    static TABLE: OnceLock<Vec<[&'static str; 3]>> = OnceLock::new();
    let read = || {
        let split = |(manager, rest): (&'static str, &'static str)| {
            rest.split_once(' ').map(|(kind, word)| [manager, kind, word])
        };
        rows(include_str!("data/managers.txt")).filter_map(split).collect()
    };
    let table = TABLE.get_or_init(read).iter();
    table.filter(move |[_, found, _]| *found == kind).map(|[manager, _, word]| (*manager, *word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_known_by_its_process_or_by_its_key() {
        assert_eq!(by_process("osqueryd"), Some("osquery"));
        assert_eq!(by_process("wazuh-syscheckd"), Some("wazuh"));
        assert_eq!(by_process("sshd"), None);
        assert_eq!(by_key(b"wazuh_fim"), Some("wazuh"));
        assert_eq!(by_key(b"identity"), None);
        assert_eq!(by_key(b"osqueryd"), None);
    }

    #[test]
    fn no_name_of_a_process_is_longer_than_the_kernel_shows() {
        assert!(entries("process").all(|(_, name)| name.len() <= 15));
    }
}
