//! The users and groups that names in rules stand for.

use std::collections::BTreeMap;

/// Users and groups by name, as plain data: where they were read is the caller's business.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Accounts {
    /// User numbers by name.
    pub users: BTreeMap<String, u32>,
    /// Group numbers by name.
    pub groups: BTreeMap<String, u32>,
}

impl Accounts {
    /// The accounts of these two files; what is no entry of such a file is left out.
    #[must_use]
    pub fn from_files(passwd: &[u8], group: &[u8]) -> Self {
        Self { users: parse_passwd(passwd), groups: parse_group(group) }
    }
}

/// The users of a `passwd` file (passwd(5)): name to uid. Of two entries with one name the first counts.
#[must_use]
pub fn parse_passwd(file: &[u8]) -> BTreeMap<String, u32> {
    parse(file)
}

/// The groups of a `group` file (group(5)): name to gid. Of two entries with one name the first counts.
#[must_use]
pub fn parse_group(file: &[u8]) -> BTreeMap<String, u32> {
    parse(file)
}

/// Both files hold the name first and the number third.
fn parse(file: &[u8]) -> BTreeMap<String, u32> {
    let mut numbers = BTreeMap::new();
    for line in String::from_utf8_lossy(file).lines() {
        let mut columns = line.split(':');
        let (name, number) = (columns.next().unwrap_or_default(), columns.nth(1));
        let is_name = !name.is_empty() && !name.starts_with(['#', '+', '-']);
        if let (true, Some(number)) = (is_name, number.and_then(|number| number.parse().ok())) {
            numbers.entry(name.to_owned()).or_insert(number);
        }
    }
    numbers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_read_and_noise_is_left_out() {
        let users =
            parse_passwd(b"root:x:0:0:root:/root:/bin/bash\n# c\n+::::::\nx\nroot:x:5:5::/:/\nbin:x:two:2::/:\n");
        assert_eq!(users, BTreeMap::from([("root".to_owned(), 0)]));
        assert_eq!(parse_group(b"adm:x:4:syslog\n"), BTreeMap::from([("adm".to_owned(), 4)]));
    }
}
