//! What a plan changes, as one unified diff.

use similar::TextDiff;

use crate::auditctl::canonical_lossy;
use crate::plan::files::{Content, FileStep};
use crate::plan::rules::{Doing, RuleStep};
use crate::plan::settings::SettingStep;
use crate::plan::{KernelState, Plan};
use crate::rule::{Machine, Rule};
use crate::settings::{Name, Settings};

/// Lines around each change.
const CONTEXT: usize = 3;

/// The diff of a plan: files, then the kernel's rules, then its settings; empty where the plan is.
#[must_use]
pub fn diff(plan: &Plan, before: Option<&KernelState>, machine: &Machine) -> String {
    let mut text: String = plan.files.iter().map(file).collect();
    if let Some(before) = before {
        text += &rules(&plan.rules, &before.rules, machine);
        text += &settings(&plan.settings, &before.settings());
    }
    text
}

fn unified(name: &str, before: &str, after: &str) -> String {
    let diff = TextDiff::from_lines(before, after);
    diff.unified_diff().context_radius(CONTEXT).header(&format!("before: {name}"), &format!("after: {name}")).to_string()
}

fn file(step: &FileStep) -> String {
    let name = step.path.display().to_string();
    let text = |content: &Option<Content>| {
        content.as_ref().map_or_else(String::new, |content| String::from_utf8_lossy(&content.bytes).into_owned())
    };
    let lines = unified(&name, &text(&step.before), &text(&step.after));
    match (&step.before, &step.after) {
        (Some(before), Some(after)) if (before.mode, before.uid, before.gid) != (after.mode, after.uid, after.gid) => {
            let permit = |content: &Content| format!("mode {:04o} owner {}:{}\n", content.mode, content.uid, content.gid);
            lines + &unified(&format!("{name} (permissions)"), &permit(before), &permit(after))
        }
        _ => lines,
    }
}

fn rules(steps: &[RuleStep], before: &[Rule], machine: &Machine) -> String {
    if steps.is_empty() {
        return String::new();
    }
    let text = |rules: &[Rule]| -> String { rules.iter().map(|rule| canonical_lossy(rule, machine) + "\n").collect() };
    unified("kernel", &text(before), &text(&carried_out(steps, before)))
}

/// The lists as they are behind these steps.
fn carried_out(steps: &[RuleStep], before: &[Rule]) -> Vec<Rule> {
    let mut after = before.to_vec();
    for step in steps {
        let rule = step.rule.clone().as_listed();
        match step.doing {
            Doing::Unload => {
                if let Some(first) = after.iter().position(|held| *held == rule) {
                    after.remove(first);
                }
            }
            Doing::Append => after.insert(after.partition_point(|held| held.list <= rule.list), rule),
            Doing::Prepend => after.insert(after.partition_point(|held| held.list < rule.list), rule),
        }
    }
    after
}

fn settings(steps: &[SettingStep], before: &Settings) -> String {
    if steps.is_empty() {
        return String::new();
    }
    let text = |value: &dyn Fn(Name) -> Option<u32>| -> String {
        Name::ALL.into_iter().filter_map(|name| value(name).map(|value| format!("{} {value}\n", name.text()))).collect()
    };
    let behind = |name: Name| steps.iter().find(|step| step.name == name).map(|step| step.after).or(before.get(name));
    unified("control", &text(&|name| before.get(name)), &text(&behind))
}
