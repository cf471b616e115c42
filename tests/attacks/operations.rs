//! Random operations, one after the other, each looked at from outside.

use std::collections::BTreeMap;
use std::fs;

use serde_json::json;

use crate::image::{Image, Numbers, answer, rule, say, settled};

/// How many operations are tried.
const OPERATIONS: u32 = 200;
const NAMES: [&str; 5] = ["05-a", "15-b", "25-c", "35-d", "99-e"];

#[test]
#[ignore = "takes minutes: make test-attacks"]
fn random_operations_leave_what_they_say_and_can_be_taken_back() {
    let image = Image::new();
    let others = settled(&image.held());
    let mut model: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut numbers = Numbers::of(3);
    let (mut applied, mut taken_back) = (0, 0);
    for operation in 0..OPERATIONS {
        let name = NAMES[usize::try_from(numbers.below(5)).unwrap()];
        let rules: Vec<String> = (0..numbers.below(4)).map(|_| rule(&format!("k{}", numbers.below(30)))).collect();
        let mut after = model.clone();
        let request = if rules.is_empty() {
            after.remove(name);
            json!({"state": "absent", "name": name})
        } else {
            after.insert(name.to_owned(), rules.clone());
            json!({"name": name, "rules": rules})
        };
        let mut request = image.request(request);
        request["compile"] = json!("always");
        request["on_duplicate"] = json!("skip");
        let before = settled(&image.held());
        let mut checked = request.clone();
        checked["check_mode"] = json!(true);
        let planned = answer(&checked);
        assert_eq!(settled(&image.held()), before, "{operation}: check mode changed something");
        let report = answer(&request);
        assert_eq!(report["failed"], json!(false), "{operation}: {request} {report:#}");
        assert_eq!(report["changed"], planned["changed"], "{operation}: {request} {report:#} {planned:#}");
        asked_for(&image, &after, &format!("{operation}: {request}"));
        assert_eq!(answer(&request)["changed"], json!(false), "{operation}: {request}");
        for (path, content) in &others {
            let is_compiled = path.ends_with("audit.rules");
            assert!(
                is_compiled || settled(&image.held()).get(path) == Some(content),
                "{operation}: {}",
                path.display()
            );
        }
        applied += u32::from(report["changed"] == json!(true));
        model = after;
        if let Some(undo) = report.get("undo").filter(|_| numbers.below(3) == 0) {
            let back = answer(undo);
            assert_eq!(back["outcome"], json!("applied"), "{operation}: {back:#}");
            assert_eq!(settled(&image.held()), before, "{operation}: {request}");
            let again = answer(&request);
            assert_eq!(again["failed"], json!(false), "{operation}: {again:#}");
            taken_back += 1;
        }
    }
    say(&format!(
        "{OPERATIONS} random operations, {applied} changed something, {taken_back} were taken back and done again"
    ));
    assert!(applied > OPERATIONS / 2 && taken_back > 10);
}

/// `audit.rules` has each rule that any drop-in asks for, once, and no other.
fn asked_for(image: &Image, model: &BTreeMap<String, Vec<String>>, what: &str) {
    let compiled = fs::read_to_string(image.root().join("etc/audit/audit.rules")).unwrap();
    let mut held: Vec<&str> = compiled.lines().filter(|line| line.starts_with("-a ")).collect();
    let others: Vec<String> = (0..8).map(|number| rule(&format!("others-{number}"))).collect();
    let mut wanted: Vec<&str> = model.values().flatten().chain(&others).map(String::as_str).collect();
    held.sort_unstable();
    wanted.sort_unstable();
    wanted.dedup();
    assert_eq!(held, wanted, "{what}\n{compiled}");
}
