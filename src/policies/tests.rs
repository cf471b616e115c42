#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may end in a panic")]

use super::left_out::{WithoutEntry, without};
use super::*;

const FILE: &str = "## Files that say who may log in

# control: stig-x A-1, stig-x A-2
-w /etc/passwd -p wa -k identity
-w /etc/group -p wa -k identity
# control: stig-x A-3
-w /etc/shadow -p wa -k identity

# control: stig-x A-4
-e 2
";

fn left(what: &[&str]) -> (String, Vec<LeftOut>) {
    let entries: Vec<WithoutEntry<'_>> =
        what.iter().map(|what| WithoutEntry { what, reason: Some("agreed\nwith the auditors") }).collect();
    let mut came: Vec<LeftOut> = entries.iter().map(LeftOut::of).collect();
    let text = without(&labelled(FILE), &entries, &mut came);
    (text, came)
}

#[test]
fn a_control_leaves_with_its_rules_and_a_comment_says_why() {
    let (text, came) = left(&["A-3"]);
    let expected = FILE.replace(
        "# control: stig-x A-3\n-w /etc/shadow -p wa -k identity\n",
        "# Left out: A-3 (agreed with the auditors)\n",
    );
    assert_eq!(text, expected);
    assert_eq!(came[0].rules, ["-w /etc/shadow -p wa -k identity"]);
    assert_eq!(left(&["stig-x A-3"]).1[0].rules, came[0].rules);
}

#[test]
fn a_rule_of_two_controls_stays_until_both_are_left_out() {
    let (text, came) = left(&["A-1"]);
    assert_eq!(text, FILE);
    assert_eq!((came[0].rules.len(), came[0].kept.len()), (0, 2));
    let (text, came) = left(&["A-1", "A-2"]);
    assert!(!text.contains("/etc/passwd") && !text.contains("A-1, stig-x"), "{text}");
    assert_eq!((came[0].rules.len(), came[1].rules.len()), (2, 2));
    let labels = labelled(&text).into_iter().find(|line| line.text.contains("shadow")).unwrap().labels;
    assert_eq!(labels, ["stig-x A-3"], "{text}");
}

#[test]
fn one_rule_leaves_by_its_text_and_the_others_of_its_control_stay() {
    let (text, came) = left(&["-w /etc/group  -p wa -k identity"]);
    assert!(text.contains("# control: stig-x A-1, stig-x A-2\n-w /etc/passwd"), "{text}");
    assert!(!text.contains("\n-w /etc/group"), "{text}");
    assert_eq!(came[0].rules.len(), 1);
    assert!(!left(&["A-4"]).0.contains("-e 2"));
}

#[test]
fn what_names_nothing_is_told() {
    let (text, came) = left(&["A-9"]);
    assert_eq!(text, FILE);
    assert!(came[0].is_idle());
}

#[test]
fn every_policy_and_the_products_can_be_read() {
    assert_eq!(policies().len(), compiled::POLICIES.len());
    assert!(!policies().is_empty() && !products().is_empty());
    for policy in policies() {
        for name in policy.products() {
            assert!(products().contains_key(name), "{}: the product {name} is not in products.json", policy.name);
            let of = policy.on(name).unwrap();
            assert_eq!(policy.drop_ins(of).count(), of.files.len(), "{} of {name} lacks a file", policy.name);
        }
    }
}

#[test]
fn a_host_is_the_product_that_its_os_release_names() {
    assert_eq!(named_by(b"NAME=\"Rocky Linux\"\nID=\"rocky\"\nVERSION_ID=\"9.4\"\n"), Ok("rhel9"));
    assert_eq!(named_by(b"ID=rhel\nVERSION_ID='9'\n"), Ok("rhel9"));
    assert_eq!(named_by(b"ID=rhel\nVERSION_ID=90\n"), Err("ID=rhel VERSION_ID=90".to_owned()));
    assert_eq!(named_by(b""), Err(String::new()));
}
