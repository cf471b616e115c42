//! The settings of auditd, as `auditd.conf` has them.

use std::collections::BTreeMap;

/// The settings whose values are words, which auditd takes in any case (`auditd-config.c`).
const OF_WORDS: [&str; 17] = [
    "admin_space_left_action",
    "disk_error_action",
    "disk_full_action",
    "distribute_network",
    "enable_krb5",
    "flush",
    "local_events",
    "log_format",
    "max_log_file_action",
    "name_format",
    "overflow_action",
    "report_interval",
    "space_left_action",
    "transport",
    "use_libwrap",
    "verify_email",
    "write_logs",
];

/// The settings of `auditd.conf`, by their names in lower case; of several lines the last. Words are in lower case too, and
/// everything else, such as a path, is as it stands.
#[must_use]
pub fn auditd_settings(text: &str) -> BTreeMap<String, String> {
    let lines = text.lines().map(str::trim).filter(|line| !line.starts_with('#'));
    let said = lines.filter_map(|line| line.split_once('=')).map(|(name, value)| {
        let (name, value) = (name.trim().to_ascii_lowercase(), value.trim());
        // What follows an action, `exec /path`, is no word of auditd's.
        let (word, rest) = value.split_once(' ').unwrap_or((value, ""));
        let value = match OF_WORDS.contains(&name.as_str()) {
            true if rest.is_empty() => word.to_ascii_lowercase(),
            true => format!("{} {rest}", word.to_ascii_lowercase()),
            false => value.to_owned(),
        };
        (name, value)
    });
    let mut settings = BTreeMap::new();
    settings.extend(said.filter(|(name, _)| !name.is_empty()));
    settings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_words_are_in_lower_case_and_paths_are_as_they_stand() {
        let text = "# log_file = /no\nLog_File = /var/log/Audit/audit.log\nlog_format = ENRICHED\nFlush=INCREMENTAL_ASYNC\n\
                    space_left_action = EXEC /usr/bin/Page me\nname = Host-A\nmax_log_file = 8\nmax_log_file = 16\nnonsense\n = x\n";
        let settings = auditd_settings(text);
        let told: Vec<(&str, &str)> = settings.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(
            told,
            [
                ("flush", "incremental_async"),
                ("log_file", "/var/log/Audit/audit.log"),
                ("log_format", "enriched"),
                ("max_log_file", "16"),
                ("name", "Host-A"),
                ("space_left_action", "exec /usr/bin/Page me"),
            ]
        );
    }
}
