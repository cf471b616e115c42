//! Showing the product's JSON reports to people, in a guest that has no other JSON tool.

use serde_json::Value;
use std::fmt::Write;

/// What a person wants to know of a report: its message, what it changed, every error, the diff.
#[must_use]
pub fn shown(report: &Value) -> String {
    let mut text = String::new();
    let word = |name: &str| match &report[name] {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    // Writing to a String cannot fail.
    let _ =
        writeln!(text, "  changed: {}   failed: {}   outcome: {}", word("changed"), word("failed"), word("outcome"));
    let _ = writeln!(text, "  msg: {}", word("msg"));
    for (name, mark) in [("errors", "error"), ("warnings", "warning")] {
        for problem in report[name].as_array().into_iter().flatten() {
            let _ = writeln!(text, "  {mark}: {}", problem_line(problem));
        }
    }
    if report["reboot_required"] == Value::Bool(true) {
        let _ = writeln!(text, "  reboot required, pending: {}", report["pending"]);
    }
    if let Some(diff) = report["diff"]["prepared"].as_str() {
        let _ = writeln!(text, "  diff:");
        for line in diff.lines() {
            let _ = writeln!(text, "    {line}");
        }
    }
    text
}

fn problem_line(problem: &Value) -> String {
    let Some(sentence) = problem["sentence"].as_str() else {
        return problem.as_str().map_or_else(|| problem.to_string(), str::to_owned);
    };
    let kind = problem["kind"].as_str().unwrap_or_default();
    let place = problem["pointer"].as_str().unwrap_or_default();
    format!("[{kind}] {place} {sentence}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn message_outcome_and_diff_are_shown() {
        let report = json!({"changed": true, "failed": false, "outcome": "applied", "msg": "1 rule loaded",
            "diff": {"prepared": "--- a\n+++ b\n"}});
        assert_eq!(
            shown(&report),
            "  changed: true   failed: false   outcome: applied\n  msg: 1 rule loaded\n  diff:\n    --- a\n    +++ b\n"
        );
    }

    #[test]
    fn every_error_is_shown_with_place_and_hint() {
        let report = json!({"changed": false, "failed": true, "outcome": "failed", "msg": "2 problems", "errors": [
            {"kind": "unknown_syscall", "sentence": "no system call opne (did you mean open?)", "pointer": "/rules/0"},
            {"kind": "bad_path", "sentence": "not absolute", "pointer": "/rules/1"}]});
        let text = shown(&report);
        assert!(
            text.contains("error: [unknown_syscall] /rules/0 no system call opne (did you mean open?)\n"),
            "{text}"
        );
        assert!(text.contains("error: [bad_path] /rules/1 not absolute\n"), "{text}");
    }
}
