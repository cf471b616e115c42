//! What a loaded rule watches once its path leads elsewhere: the table in `docs/operations.md`, as far as the list of rules
//! and `auditctl -t` show it.

use std::fs;

use super::guest::{plain, said};

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
                std::thread::sleep(std::time::Duration::from_millis(100));
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
