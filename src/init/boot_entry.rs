//! What boot loaders tell the kernels that they can boot: GRUB in `grub.cfg`, and the Boot Loader Specification in a file for
//! each kernel.

use std::collections::BTreeMap;

/// A kernel that can be booted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BootEntry {
    /// What the menu calls it.
    pub title: String,
    /// What it is told, but for variables that nobody sets.
    pub command_line: String,
}

/// The variables that GRUB keeps between boots (`grubenv`): `NAME=VALUE`, a line each.
#[must_use]
pub fn grub_environment(text: &str) -> BTreeMap<String, String> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let said = lines.filter_map(|line| line.split_once('='));
    let mut variables = BTreeMap::new();
    variables.extend(said.map(|(name, value)| (name.to_owned(), value.to_owned())));
    variables
}

/// The entries of `grub.cfg`: the `linux` command of each `menuentry`. Entries in other languages of GRUB are not run.
#[must_use]
pub fn grub_entries(text: &str, environment: &BTreeMap<String, String>) -> Vec<BootEntry> {
    let mut entries = Vec::new();
    let mut title = String::new();
    for line in text.lines().map(str::trim) {
        let (command, rest) = line.split_once([' ', '\t']).unwrap_or((line, ""));
        match command {
            "menuentry" => title = first_word(rest),
            "linux" | "linux16" | "linuxefi" => {
                let arguments = rest.trim_start().split_once([' ', '\t']).map_or("", |(_, arguments)| arguments);
                let command_line = expanded(arguments, environment);
                entries.push(BootEntry { title: title.clone(), command_line });
            }
            _ => {}
        }
    }
    entries
}

/// The entry of one file of the Boot Loader Specification: `title` and `options`, each as often as it is there.
#[must_use]
pub fn specified_entry(text: &str, environment: &BTreeMap<String, String>) -> BootEntry {
    let of = |wanted: &str| {
        let lines = text.lines().filter_map(|line| line.trim().split_once([' ', '\t']));
        let values = lines.filter(|(key, _)| *key == wanted).map(|(_, value)| value.trim());
        values.collect::<Vec<_>>().join(" ")
    };
    BootEntry { title: of("title"), command_line: expanded(&of("options"), environment) }
}

/// The first word of a command of GRUB, without its quotes.
fn first_word(text: &str) -> String {
    let text = text.trim_start();
    match text.chars().next() {
        Some(quote @ ('\'' | '"')) => text[1..].split(quote).next().unwrap_or_default().to_owned(),
        _ => text.split_whitespace().next().unwrap_or_default().to_owned(),
    }
}

/// The text with `$NAME` and `${NAME}` replaced; a variable that is not set is nothing.
fn expanded(text: &str, environment: &BTreeMap<String, String>) -> String {
    let mut parts = text.split('$');
    let mut done = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (name, rest) = match part.strip_prefix('{') {
            Some(braced) => braced.split_once('}').unwrap_or((braced, "")),
            None => part.split_at(part.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(part.len())),
        };
        done.push_str(environment.get(name).map_or("", String::as_str));
        done.push_str(rest);
    }
    done
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(title: &str, command_line: &str) -> BootEntry {
        BootEntry { title: title.to_owned(), command_line: command_line.to_owned() }
    }

    #[test]
    fn each_entry_of_grub_has_the_words_after_its_kernel() {
        let text = "set default=\"0\"\nmenuentry 'Debian GNU/Linux' --class debian $menuentry_id_option 'x' {\n\
                    \tlinux\t/vmlinuz-6.12 root=/dev/vda1 ro quiet audit=1\n\tinitrd /initrd\n}\n\
                    submenu 'Advanced' {\n  menuentry \"Older\" {\n    linux16 /vmlinuz-6.1 ${kernelopts} $extra splash\n  }\n}\n\
                    # linux /commented audit=0\nmenuentry Bare {\nlinuxefi /vmlinuz\n}\n";
        let environment = grub_environment("# GRUB Environment Block\nkernelopts=root=UUID=1 audit=0\n######");
        assert_eq!(
            grub_entries(text, &environment),
            [
                entry("Debian GNU/Linux", "root=/dev/vda1 ro quiet audit=1"),
                entry("Older", "root=UUID=1 audit=0  splash"),
                entry("Bare", ""),
            ]
        );
    }

    #[test]
    fn a_specified_entry_has_all_its_options() {
        let text = "title Red Hat Enterprise Linux (5.14.0)\nversion 5.14.0\nlinux /vmlinuz\noptions root=/dev/vda1 ro\n\
                    options $kernelopts audit=1\ngrub_users $grub_users\n";
        let environment = grub_environment("kernelopts=audit_backlog_limit=8192\n");
        let expected = entry("Red Hat Enterprise Linux (5.14.0)", "root=/dev/vda1 ro audit_backlog_limit=8192 audit=1");
        assert_eq!(specified_entry(text, &environment), expected);
        assert_eq!(specified_entry("", &environment), entry("", ""));
    }
}
