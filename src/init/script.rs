//! What an init script of auditd, and the file of its settings, say about who loads the audit rules.
//!
//! Scripts are not run, so only what they have in common is read: Debian's and Red Hat's call augenrules unless
//! `USE_AUGENRULES` says no, and then `auditctl -R /etc/audit/audit.rules`; Alpine's and Gentoo's give `auditctl -R` the
//! file in `RULEFILE_STARTUP`.

use super::{LoadCommand, Loader, State};

/// Where the script lies.
const SCRIPT: &str = "/etc/init.d/auditd";

/// An init script, and what goes with it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Script {
    /// The script; none where there is none.
    pub text: Option<Vec<u8>>,
    /// Its settings: `/etc/conf.d/auditd`, `/etc/default/auditd` or `/etc/sysconfig/auditd`.
    pub settings: Vec<u8>,
    /// A runlevel of the boot starts it.
    pub is_started: bool,
}

impl Script {
    pub(super) fn loader(&self, init: &'static str) -> Loader {
        let command = self.text.as_deref().and_then(|text| {
            let text = String::from_utf8_lossy(text);
            command(&text, &String::from_utf8_lossy(&self.settings))
        });
        let state = match &command {
            None => State::Missing,
            Some(_) if self.is_started => State::Enabled,
            Some(_) => State::Disabled,
        };
        // openrc-run looks at what its functions return; the others take the script's own word.
        let command = command.map(|command| LoadCommand { ignores_failure: init != "openrc", ..command });
        Loader::new(Some(init), state, (state != State::Missing).then_some(SCRIPT), command)
    }
}

fn command(script: &str, settings: &str) -> Option<LoadCommand> {
    let lines = || script.lines().map(str::trim_start).filter(|line| !line.starts_with('#'));
    let value = |name: &str| assigned(settings, name).or_else(|| assigned(script, name));
    let calls_augenrules = lines().any(|line| line.contains("augenrules"));
    let is_off = script.contains("USE_AUGENRULES")
        && value("USE_AUGENRULES").is_some_and(|value| value.eq_ignore_ascii_case("no"));
    if calls_augenrules && !is_off {
        return Some(LoadCommand { text: "augenrules".to_owned(), file: None, ignores_failure: false });
    }
    let file = if script.contains("RULEFILE_STARTUP") {
        value("RULEFILE_STARTUP").filter(|file| !file.is_empty())?
    } else {
        // Another file is loaded when the service stops.
        let files = lines().filter_map(|line| {
            let (_, after) = line.split_once("auditctl -R ")?;
            after.split_whitespace().next().map(bare)
        });
        files.into_iter().find(|file| file.starts_with('/') && !file.contains("stop"))?
    };
    Some(LoadCommand { text: format!("auditctl -R {file}"), file: Some(file), ignores_failure: false })
}

/// What a line of a shell script gives a variable; the last one counts.
fn assigned(text: &str, name: &str) -> Option<String> {
    let lines = text.lines().map(str::trim_start).rev();
    lines.into_iter().find_map(|line| line.strip_prefix(name)?.strip_prefix('=')).map(|value| {
        let value = value.split(" #").next().unwrap_or_default();
        bare(value)
    })
}

/// A word without its quotes.
fn bare(word: &str) -> String {
    word.trim().trim_end_matches(';').trim_matches(['"', '\'']).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As Debian and Devuan have it, in its parts that matter.
    const DEBIAN: &str = "do_start()\n{\n\tcase \"$USE_AUGENRULES\" in\n\t\tno|NO) ;;\n\t\t*) [ -d /etc/audit/rules.d ] && \
        /sbin/augenrules >/dev/null ;;\n\tesac\n\tif [ -f /etc/audit/audit.rules ]\n\tthen\n\t\t/sbin/auditctl -R \
        /etc/audit/audit.rules >/dev/null\n\tfi\n}\n";
    /// As Alpine and Gentoo have it, in its parts that matter.
    const ALPINE: &str = "loadfile() {\n\tlocal rules=\"$1\"\n\t/sbin/auditctl -R \"${rules}\" >/dev/null\n}\n\
        start_post() {\n\tif [ -f \"${RULEFILE_STARTUP}\" ]; then\n\t\tloadfile \"${RULEFILE_STARTUP}\"\n\tfi\n}\n\
        stop() {\n\tloadfile \"${RULEFILE_STOP_PRE}\"\n}\n";

    fn found(text: &str, settings: &str) -> (State, Option<String>, Option<String>) {
        let script =
            Script { text: Some(text.as_bytes().to_vec()), settings: settings.as_bytes().to_vec(), is_started: true };
        let loader = script.loader("sysv");
        let command = loader.command;
        (loader.state, command.as_ref().map(|command| command.text.clone()), command.and_then(|command| command.file))
    }

    #[test]
    fn debians_script_merges_the_drop_ins_unless_its_settings_say_no() {
        let merges = (State::Enabled, Some("augenrules".to_owned()), None);
        for settings in ["", "USE_AUGENRULES=\"yes\"\n", "# USE_AUGENRULES=no\n"] {
            assert_eq!(found(DEBIAN, settings), merges, "{settings}");
        }
        let file = "/etc/audit/audit.rules".to_owned();
        let loads = (State::Enabled, Some(format!("auditctl -R {file}")), Some(file));
        for settings in ["USE_AUGENRULES=\"no\"\n", "USE_AUGENRULES=yes\nUSE_AUGENRULES=NO # later\n"] {
            assert_eq!(found(DEBIAN, settings), loads, "{settings}");
        }
    }

    #[test]
    fn alpines_script_loads_the_file_that_its_settings_name() {
        let loads = |file: &str| (State::Enabled, Some(format!("auditctl -R {file}")), Some(file.to_owned()));
        let settings = "RULEFILE_STARTUP=/etc/audit/audit.rules\nRULEFILE_STOP_PRE=/etc/audit/audit.rules.stop.pre\n";
        assert_eq!(found(ALPINE, settings), loads("/etc/audit/audit.rules"));
        let own = "RULEFILE_STARTUP='/etc/audit/rules.d/50-own.rules'\n";
        assert_eq!(found(ALPINE, own), loads("/etc/audit/rules.d/50-own.rules"));
        assert_eq!(found(ALPINE, "RULEFILE_STARTUP=\n").0, State::Missing);
        assert_eq!(found(ALPINE, "").0, State::Missing);
    }

    #[test]
    fn a_script_that_no_runlevel_starts_loads_nothing() {
        let script = Script { text: Some(DEBIAN.as_bytes().to_vec()), ..Script::default() };
        assert_eq!(script.loader("sysv").state, State::Disabled);
        assert_eq!(Script::default().loader("sysv").state, State::Missing);
        assert_eq!(found("start() { /usr/sbin/auditd; }\n", "").0, State::Missing);
    }
}
