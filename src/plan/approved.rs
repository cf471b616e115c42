//! What a plan is known by again, so that only the plan is carried out that somebody has seen.

use std::fmt;

use super::Plan;
use super::rules::Doing;
use crate::rule::id::{Id, Ids};

/// A plan and what it starts from, told apart: what the files hold and the boot makes of them, what the kernel holds, and the
/// steps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanId([String; 3]);

/// What each part is about.
const PARTS: [&str; 3] = ["the files", "the kernel", "what the request asks for"];

impl PlanId {
    /// Of this plan, with the steps that wait for the next boot, from what the kernel holds and what the boot would load, each as
    /// a digest.
    #[must_use]
    pub fn of(plan: &Plan, pending: &Plan, kernel: Option<&str>, at_boot: Option<&str>) -> Self {
        let (mut files, mut steps) = (Vec::new(), Vec::new());
        add(&mut files, at_boot.unwrap_or_default().as_bytes());
        let kernel = kernel.unwrap_or_default().as_bytes().to_vec();
        let mut ids = Ids::default();
        for step in plan.files.iter().chain(&pending.files) {
            for (part, content) in [(&mut files, &step.before), (&mut steps, &step.after)] {
                add(part, step.path.as_os_str().as_encoded_bytes());
                let content = content.as_ref();
                add(part, content.map_or(&[][..], |content| &content.bytes));
                let bits = content.map(|content| (content.mode, content.uid, content.gid));
                add(part, format!("{bits:?}").as_bytes());
            }
        }
        for (waits, plan) in [(false, plan), (true, pending)] {
            for step in &plan.rules {
                let doing = match step.doing {
                    Doing::Append => "append",
                    Doing::Prepend => "prepend",
                    Doing::Unload => "unload",
                };
                add(&mut steps, format!("{waits} {doing} {}", ids.of(&step.rule)).as_bytes());
            }
            for step in &plan.settings {
                add(&mut steps, format!("{waits} {:?} {}", step.name, step.after).as_bytes());
            }
        }
        Self([files, kernel, steps].map(|part| Id::of_bytes(&part).to_string()))
    }

    /// What a report had as `plan_id`, where it is that.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let mut parts = text.split('-').map(str::to_owned);
        let id = Self([parts.next()?, parts.next()?, parts.next()?]);
        let is_id = |part: &String| part.len() == Id::DIGITS && part.bytes().all(|byte| byte.is_ascii_hexdigit());
        (parts.next().is_none() && id.0.iter().all(is_id)).then_some(id)
    }

    /// In what another plan differs from this one; nothing where it is the same.
    #[must_use]
    pub fn changed_in(&self, other: &Self) -> Vec<&'static str> {
        let parts = self.0.iter().zip(&other.0).zip(PARTS);
        parts.filter(|((one, other), _)| one != other).map(|(_, what)| what).collect()
    }
}

/// Adds bytes so that no other bytes give the same.
fn add(part: &mut Vec<u8>, bytes: &[u8]) {
    part.extend_from_slice(&(bytes.len() as u64).to_le_bytes());
    part.extend_from_slice(bytes);
}

impl fmt::Display for PlanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("-"))
    }
}
