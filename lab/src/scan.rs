//! The auditors' scanner on a guest that was booted: `OpenSCAP` with the newest content of the SCAP Security Guide that Debian
//! has.

use crate::apt::Apt;
use crate::cache::{self, Temporary};
use crate::{machine, suite};
use serde_json::{Map, Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The file of a case: a line for each suite, with the product of the content and its profile, such as `trixie debian13
/// anssi_bp28_high`.
const MEANT: &str = "scan";
/// What a guest is given in its place.
const ORDER: &str = "scan.json";
const CONTENT: &str = "content.xml";
/// The suite whose content is taken.
const NEWEST: &str = "sid";
const PACKAGE: &str = "ssg-debian";
const PREFIX: &str = "xccdf_org.ssgproject.content_";

/// Gives each of these cases that is to be scanned in a suite the content and the checks of audit rules that its profile
/// selects.
///
/// # Errors
/// When the content cannot be had, or lacks the profile.
pub fn pack(cases: &Path, suite: &str) -> Result<(), String> {
    let entries = fs::read_dir(cases).map_err(|error| format!("cannot list {}: {error}", cases.display()))?;
    for case in entries.flatten().map(|entry| entry.path()) {
        let Ok(text) = fs::read_to_string(case.join(MEANT)) else { continue };
        let meant = text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
        for words in meant.filter(|words| words.first() == Some(&suite)) {
            let [_, product, profile] = words[..] else {
                return Err(format!("{} is not suite, product and profile", case.join(MEANT).display()));
            };
            let content = cache::read(&taken(product)?)?;
            let text = String::from_utf8_lossy(&content);
            let rules = selected(&text, profile);
            if rules.is_empty() {
                return Err(format!("no profile {profile} with audit rules in the content of {product}"));
            }
            cache::write(&case.join(CONTENT), &content)?;
            cache::write(&case.join(ORDER), json!({"profile": profile, "rules": rules}).to_string().as_bytes())?;
        }
    }
    Ok(())
}

/// The content of a product, of the version that the suite has now.
fn taken(product: &str) -> Result<PathBuf, String> {
    let apt = Apt::update(suite::named(NEWEST)?, &[machine::of_this_host()?.debian])?;
    let packages = apt.resolve(&[PACKAGE.to_owned()])?;
    let version = packages.first().map_or(PACKAGE, |package| package.file.trim_end_matches(".deb"));
    let directory = cache::directory()?.join("contents").join(version);
    if !directory.is_dir() {
        let tree = Temporary::directory()?;
        apt.unpack(&packages, &tree.0)?;
        cache::make(&cache::directory()?.join("contents"))?;
        let unpacked = tree.0.join("usr/share/xml/scap/ssg/content");
        fs::rename(&unpacked, &directory)
            .map_err(|error| format!("cannot put {} in place: {error}", directory.display()))?;
    }
    Ok(directory.join(format!("ssg-{product}-ds.xml")))
}

/// The checks of audit rules that a profile of a content selects.
fn selected<'a>(content: &'a str, profile: &str) -> Vec<&'a str> {
    let begin = format!("Profile id=\"{PREFIX}profile_{profile}\"");
    let Some((_, from)) = content.split_once(&begin) else { return Vec::new() };
    let profile = from.split("Profile>").next().unwrap_or_default();
    let selects = profile.split("select idref=\"").skip(1).filter(|select| {
        let element = select.split('>').next().unwrap_or_default();
        select.starts_with(&format!("{PREFIX}rule_audit_rules_")) && element.contains("selected=\"true\"")
    });
    selects.filter_map(|select| select.split('"').next()).collect()
}

/// What the scanner says of each check of a case, on the host that it runs on; null where the case is not to be scanned.
///
/// # Errors
/// When the scanner cannot be run, or does not tell of every check.
pub fn scanned(case: &Path) -> Result<Value, String> {
    let order = case.join(ORDER);
    if !order.is_file() {
        return Ok(Value::Null);
    }
    let order: Value = serde_json::from_slice(&cache::read(&order)?).map_err(|error| format!("{ORDER}: {error}"))?;
    let rules: Vec<&str> = order["rules"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let profile = format!("{PREFIX}profile_{}", order["profile"].as_str().unwrap_or_default());
    // It exits with 2 where a check fails.
    let output = Command::new("oscap")
        .args(["xccdf", "eval", "--profile", &profile])
        .args(rules.iter().flat_map(|rule| ["--rule", rule]))
        .arg(case.join(CONTENT))
        .output()
        .map_err(|error| format!("cannot run oscap: {error}"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let mut said = Map::new();
    let mut rule = "";
    for line in text.lines() {
        // The names of the lines end with a carriage return.
        match line.split_once('\t').map(|(name, value)| (name.trim_end(), value)) {
            Some(("Rule", name)) => rule = name,
            Some(("Result", result)) => drop(said.insert(rule.trim_start_matches(PREFIX).to_owned(), json!(result))),
            _ => {}
        }
    }
    if said.len() == rules.len() {
        return Ok(Value::Object(said));
    }
    let errors = String::from_utf8_lossy(&output.stderr);
    Err(format!("the scanner told of {} of {} checks, {}: {}", said.len(), rules.len(), output.status, errors.trim()))
}

/// What the scanner found wrong.
pub fn troubles(scan: &Value) -> impl Iterator<Item = String> {
    let results = scan.as_object().into_iter().flatten();
    results.filter(|(_, result)| *result != "pass").map(|(rule, result)| format!("the scanner says {result} of {rule}"))
}

/// How many checks the scanner passed, for people; empty where nothing was scanned.
pub fn passed(scan: &Value) -> String {
    scan.as_object().map_or_else(String::new, |results| format!(", {} checks of the scanner passed", results.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checks_of_one_profile_are_those_of_audit_rules_that_it_selects() {
        let select =
            |rule: &str, selected: bool| format!("<x:select idref=\"{PREFIX}rule_{rule}\" selected=\"{selected}\"/>\n");
        let profile = |name: &str, selects: &[String]| {
            format!("<x:Profile id=\"{PREFIX}profile_{name}\">{}</x:Profile>", selects.concat())
        };
        let content = profile("cis", &[select("audit_rules_a", true), select("audit_rules_b", false)])
            + &profile(
                "cis_2",
                &[select("audit_rules_c", true), select("auditd_d", true), select("audit_rules_e", true)],
            );
        let named = |names: [&str; 2]| names.map(|name| format!("{PREFIX}rule_audit_rules_{name}"));
        assert_eq!(selected(&content, "cis_2"), named(["c", "e"]));
        assert_eq!(selected(&content, "cis"), named(["a", ""])[..1]);
        assert!(selected(&content, "none").is_empty());
    }
}
