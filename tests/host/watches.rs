//! What a loaded rule watches once its path leads elsewhere: the table in `docs/operations.md`, by the list of rules and the
//! records of the kernel; and that `gather` and `loaded` know it.

use std::fs;
use std::time::Duration;

use serde_json::{Value as Json, json};

use super::guest::{Guest, plain, present, said};
use super::records::Records;

const PLACE: &str = "/srv/watches";

fn shell(line: &str) {
    let output = said("sh", &["-c", &format!("cd {PLACE} && {line} && echo done")]);
    assert!(output.ends_with("done\n"), "{line}: {output}");
}

#[test]
#[ignore = "needs a guest: make test"]
fn a_rule_whose_path_leads_elsewhere_stays_in_the_list_or_is_dropped_as_the_page_says() {
    let guest = plain();
    // What happens, and whether the rule on the file and on the directory is listed after it, and after `auditctl -t`.
    let rows = [
        ("true", [true, true], [true, true]),
        ("mv w w.old && cp -r other w", [false, true], [false, false]),
        ("rm -r w && cp -r other w", [false, false], [false, false]),
        ("mount -t tmpfs none w && touch w/f", [true, true], [true, false]),
        ("mount --bind other w", [true, true], [true, false]),
        ("mount --bind w w", [true, true], [true, true]),
    ];
    for (what, listed, trimmed) in rows {
        said("auditctl", &["-D"]);
        said("umount", &["-l", &format!("{PLACE}/w")]);
        let _ = fs::remove_dir_all(PLACE);
        fs::create_dir_all(PLACE).unwrap();
        shell("mkdir w other && touch w/f other/f");
        said("auditctl", &["-w", &format!("{PLACE}/w/f"), "-p", "wa", "-k", "file"]);
        said("auditctl", &["-w", &format!("{PLACE}/w"), "-p", "wa", "-k", "directory"]);
        assert_eq!(guest.listed().len(), 2, "{what}");
        shell(what);
        let held = || ["-k file", "-k directory"].map(|key| guest.listed().iter().any(|rule| rule.ends_with(key)));
        // The kernel drops a rule on a directory once nothing holds the directory any more.
        let settled = |expected| {
            for _ in 0..50 {
                if held() == expected {
                    return;
                }
                std::thread::sleep(Duration::from_millis(100));
            }
            assert_eq!(held(), expected, "{what}");
        };
        settled(listed);
        said("auditctl", &["-t"]);
        settled(trimmed);
    }
    said("auditctl", &["-D"]);
    said("umount", &["-l", &format!("{PLACE}/w")]);
}

/// The rules of the tests of records: of which a record says that what came before it has been seen, and those that are tried.
const KEYS: [&str; 3] = ["directory", "file", "program"];

fn rules() -> [String; 4] {
    [
        format!("-w {PLACE}/last -p wa -k last"),
        format!("-w {PLACE}/p/w/f -p wa -k file"),
        format!("-a always,exit -F dir={PLACE}/p/w -F perm=wa -F key=directory"),
        format!("-a always,exit -F arch=b64 -S execve -F exe={PLACE}/p/w/rm -F key=program"),
    ]
}

/// The keys of which records come when all is done that the rules are about.
fn recorded() -> Vec<&'static str> {
    let records = Records::listen();
    // Of processes from before auditing was first switched on there are no records.
    let write = |path: &str| shell(&format!("printf '' >> {path}"));
    write("p/w/f");
    write("p/w/sub/x");
    said(&format!("{PLACE}/p/w/rm"), &["-f", "/no/such/file"]);
    write("last");
    let has = |text: &str, key: &str| text.contains(&format!("key=\"{key}\""));
    let all = records.until(|_, text| has(text, "last"));
    KEYS.into_iter().filter(|key| all.iter().any(|(_, text)| has(text, key))).collect()
}

fn keys_of(entries: &Json) -> Vec<&'static str> {
    let rules: Vec<&str> = entries.as_array().unwrap().iter().map(|entry| entry["rule"].as_str().unwrap()).collect();
    KEYS.into_iter().filter(|key| rules.iter().any(|rule| rule.ends_with(key))).collect()
}

/// Which rules are silent by what the kernel records, and that `gather` says just that.
fn silent(guest: &Guest, what: &str) -> Vec<&'static str> {
    let listed = guest.listed();
    let is_listed = |key: &&str| listed.iter().any(|rule| rule.ends_with(*key));
    let recorded = recorded();
    let silent: Vec<&str> = KEYS.into_iter().filter(is_listed).filter(|key| !recorded.contains(key)).collect();
    let gathered = guest.request(&json!({"operation": "gather"}));
    assert_eq!(keys_of(&gathered["drift"]["silent"]), silent, "{what}: {gathered:#}");
    assert_eq!(keys_of(&gathered["drift"]["missing_in_runtime"]).len() + listed.len(), 4, "{what}: {gathered:#}");
    assert_eq!(gathered["in_sync"], json!(recorded.len() == 3), "{what}: {gathered:#}");
    silent
}

#[test]
#[ignore = "needs a guest: make test"]
fn gather_calls_silent_what_the_kernel_no_longer_records_and_loaded_makes_it_record_again() {
    let guest = plain();
    for setting in [["-e", "1"], ["-r", "0"], ["-b", "8192"]] {
        said("auditctl", &setting);
    }
    let all = &KEYS[..];
    // What happens, what is silent after it; and how it is taken back, and what is silent after that.
    let rows: [(&str, &[&str], &str, &[&str]); 10] = [
        ("echo > p/w/n && mv p/w/n p/w/f", &[], "true", &[]),
        ("mv p/w p/old && cp -r other p/w", &["directory"], "true", &[]),
        ("rm -r p/w && cp -r other p/w", &[], "true", &[]),
        ("mv p old && mkdir p && cp -r other p/w", all, "true", &[]),
        ("mount -t tmpfs none p/w && cp -r other/. p/w", all, "umount p/w", &["program"]),
        ("mount --bind other p/w", all, "umount p/w", all),
        ("mount --bind p/w p/w", &[], "umount p/w", &[]),
        ("mount --bind above p", all, "umount p", all),
        ("mount -t tmpfs none p/w/sub && touch p/w/sub/x", &["directory"], "umount p/w/sub", &[]),
        ("mkdir p/w/more && touch p/w/more/x && mount --bind p/w/more p/w/sub", &[], "umount p/w/sub", &[]),
    ];
    for (what, silent_after, back, silent_back) in rows {
        clear();
        shell("mkdir -p p/w/sub other/sub above && touch last p/w/f other/f p/w/sub/x other/sub/x");
        shell("cp $(readlink -f $(command -v rm)) other/rm && cp other/rm p/w/rm && cp -r other above/w");
        let request = present("30-watches", &rules());
        guest.change(&request);
        assert_eq!(silent(&guest, "before"), [""; 0]);
        shell(what);
        assert_eq!(silent(&guest, what), silent_after, "{what}");
        let is_changed = guest.listed().len() < 4 || !silent_after.is_empty();
        let loaded = json!({"state": "loaded"});
        assert_eq!(
            guest.request(&json!({"state": "loaded", "check_mode": true}))["changed"],
            json!(is_changed),
            "{what}"
        );
        assert_eq!(guest.request(&loaded)["changed"], json!(is_changed), "{what}");
        assert_eq!((silent(&guest, what).as_slice(), guest.listed().len()), (&[][..], 4), "{what}");
        guest.nothing_to_do(&loaded);
        shell(back);
        assert_eq!(silent(&guest, back), silent_back, "{back} after {what}");
        guest.request(&loaded);
        assert_eq!((silent(&guest, back).as_slice(), guest.listed().len()), (&[][..], 4), "{back} after {what}");
    }
    clear();
}

/// Takes all away that a test made.
fn clear() {
    said("auditctl", &["-D"]);
    for mounted in ["p/w/sub", "p/w", "p"] {
        said("umount", &[&format!("{PLACE}/{mounted}")]);
    }
    let _ = fs::remove_dir_all(PLACE);
    fs::create_dir_all(PLACE).unwrap();
}
