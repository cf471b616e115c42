//! The published schemas, as an independent validator reads them.

use std::sync::OnceLock;

use audit_rules::{report, request};
use jsonschema::Validator;
use serde_json::Value as Json;

fn refusals(validator: &Validator, document: &Json) -> Vec<String> {
    validator.iter_errors(document).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

/// Every way in which a request is not as its schema says.
pub fn refusals_of_request(document: &Json) -> Vec<String> {
    static VALIDATOR: OnceLock<Validator> = OnceLock::new();
    refusals(VALIDATOR.get_or_init(|| jsonschema::validator_for(request::schema()).unwrap()), document)
}

/// Every way in which a report is not as its schema says.
pub fn refusals_of_report(document: &Json) -> Vec<String> {
    static VALIDATOR: OnceLock<Validator> = OnceLock::new();
    refusals(VALIDATOR.get_or_init(|| jsonschema::validator_for(&report::derived_schema()).unwrap()), document)
}
