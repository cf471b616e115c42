//! The form of SARIF 2.1.0, as far as it is used: `sarif-subset.schema.json` is that part, closed to all else.

use std::path::Path;

use jsonschema::Validator;
use serde_json::{Value as Json, json};

use crate::answer;

fn schema() -> Validator {
    jsonschema::validator_for(&serde_json::from_str(include_str!("sarif-subset.schema.json")).unwrap()).unwrap()
}

fn sarif(files: &Json) -> Json {
    let request = json!({"operation": "lint", "format": "sarif", "archs": ["x86_64", "aarch64"], "files": files});
    Json::Object(answer(&request, Path::new("/nonexistent")).sarif.unwrap())
}

const TEXT: &str = "# ü\n-w /etc/ü -p wa -k ü\n-w /etc/ü -p wa -k ä\n-a always,exit -F arch=b64 -S mount -F auid>=1000 -k ü\n\
                    -a always,exit -F dir=/ü -F path=/é/ -F perm=wa\n-a always,exit -F arch=b64 -S pwrite64 -k é\n-e 2\n-e 1";

#[test]
fn a_log_has_the_form_of_the_standard() {
    let schema = schema();
    let folders = ["rules/ü ä.rules", "a.rules"];
    let files = json!([{"name": folders[0], "text": TEXT}, {"name": folders[1], "text": "-e 0"}]);
    for files in [files, json!([{"name": "empty", "text": ""}])] {
        let log = sarif(&files);
        let complaints: Vec<String> =
            schema.iter_errors(&log).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert_eq!(complaints, Vec::<String>::new(), "{log:#}");
    }
}

#[test]
fn every_result_names_its_rule_and_columns_count_characters() {
    let log = sarif(&json!([{"name": "rules/ü ä.rules", "text": TEXT}]));
    let run = &log["runs"][0];
    let results = run["results"].as_array().unwrap();
    assert!(results.len() > 8, "{}", results.len());
    for result in results {
        let at = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(run["tool"]["driver"]["rules"][at]["id"], result["ruleId"]);
        let place = &result["locations"][0]["physicalLocation"];
        assert_eq!(place["artifactLocation"]["uri"], "rules/%C3%BC%20%C3%A4.rules");
    }
    let slash = results.iter().find(|result| result["ruleId"] == "no_key").unwrap();
    assert_eq!(slash["locations"][0]["physicalLocation"]["region"], json!({"startLine": 5}));
    let lines: Vec<Vec<char>> = TEXT.lines().map(|line| line.chars().collect()).collect();
    let region = |result: &Json| {
        let region = &result["locations"][0]["physicalLocation"]["region"];
        let number = |key: &str| usize::try_from(region[key].as_u64().unwrap()).unwrap();
        let line = &lines[number("startLine") - 1];
        line[number("startColumn") - 1..number("endColumn") - 1].iter().collect::<String>()
    };
    let text_of = |code: &str| region(results.iter().find(|result| result["ruleId"] == code).unwrap());
    assert_eq!(text_of("auid_includes_unset"), "auid>=1000");
    assert_eq!(text_of("kernel_refuses"), "path=/é/");
    assert_eq!(text_of("unknown_syscall"), "pwrite64");
}

#[test]
fn a_certain_fix_is_a_replacement() {
    let log = sarif(&json!([{"name": "f", "text": TEXT}]));
    let results = log["runs"][0]["results"].as_array().unwrap();
    let fix = |code: &str| {
        let result = results.iter().find(|result| result["ruleId"] == code).unwrap();
        result["fixes"][0]["artifactChanges"][0]["replacements"][0].clone()
    };
    let insert = json!({
        "deletedRegion": {"startLine": 4, "startColumn": 50, "endLine": 4, "endColumn": 50},
        "insertedContent": {"text": " -F auid!=unset"}
    });
    assert_eq!(fix("auid_includes_unset"), insert);
    let newline = json!({
        "deletedRegion": {"startLine": 8, "startColumn": 5, "endLine": 8, "endColumn": 5},
        "insertedContent": {"text": "\n"}
    });
    assert_eq!(fix("no_final_newline"), newline);
}

#[test]
fn rules_of_the_request_are_placed_by_their_pointer() {
    let request = json!({"operation": "lint", "format": "sarif", "rules": ["-e 1", "-e 0"]});
    let report = answer(&request, Path::new("/nonexistent"));
    let log = Json::Object(report.sarif.unwrap());
    assert!(schema().is_valid(&log));
    let location = &log["runs"][0]["results"][0]["locations"][0];
    assert_eq!(location["logicalLocations"][0]["fullyQualifiedName"], "/rules/0");
    assert_eq!(location["physicalLocation"]["artifactLocation"]["uri"], "request");
}
