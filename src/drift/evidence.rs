//! What there is on a host of a rule or setting that is wanted.

use std::rc::Rc;

use super::{Key, SettingView};
use crate::boot_load::Spot;
use crate::lines::{HostRule, Unloadable};

/// What there is of one rule.
#[allow(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
#[derive(Debug, Clone)]
pub struct Evidence {
    /// The line that asks for it.
    pub text: Rc<[u8]>,
    /// The index of that line in what is expected; none where a file of the host has it.
    pub wanted: Option<usize>,
    /// Its rule; none where the line cannot be read here.
    pub rule: Option<Rc<HostRule>>,
    /// The line of a file that asks for it.
    pub on_disk: Option<Spot>,
    /// Whether the kernel holds it; none where the kernel was not read.
    pub running: Option<bool>,
    /// Whether the kernel records anything at all; none where it was not read.
    pub is_recording: Option<bool>,
    /// Whether the next boot loads it.
    pub next_boot: bool,
    /// Why it cannot be here, wholly or in part.
    pub obstacle: Option<Unloadable>,
    /// The request lets it, or a part of it, be left out.
    pub is_skipped: bool,
    /// Whether it is running and watches something else than what its path names now.
    pub is_silent: bool,
    /// Whether it is running and another rule keeps it from recording.
    pub is_suppressed: bool,
    /// Where it stands among the others as it should not.
    pub out_of_place: OutOfPlace,
    /// Its labels, such as the controls of a benchmark that it is there for.
    pub labels: Vec<String>,
}

/// Where a rule stands as it should not: in front of one that is wanted in front of it, or after one that is wanted
/// after it, as far as that matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OutOfPlace {
    /// In the kernel.
    pub running: bool,
    /// In what the next boot loads.
    pub next_boot: bool,
}

impl Evidence {
    /// Whether nothing of it can be here, and the request lets it be left out.
    #[must_use]
    pub fn is_left_out(&self) -> bool {
        self.is_skipped && self.rule.is_none()
    }

    /// Whether the host holds it; none where that cannot be told.
    #[must_use]
    pub fn in_sync(&self) -> Option<bool> {
        if self.is_left_out() {
            return Some(true);
        }
        if !self.is_skipped && self.obstacle.is_some() || self.on_disk.is_none() || !self.next_boot {
            return Some(false);
        }
        if self.out_of_place != OutOfPlace::default() || self.is_silent || self.is_suppressed {
            return Some(false);
        }
        // A loaded rule that records nothing is no evidence.
        self.running.map(|is_running| is_running && self.is_recording != Some(false))
    }
}

/// What there is of a wanted setting.
#[derive(Debug, Clone)]
pub struct SettingEvidence {
    /// Its name.
    pub name: &'static str,
    /// What is wanted.
    pub wanted: u32,
    /// Who says what about it; none where nobody does.
    pub view: Option<SettingView>,
    /// Whether the kernel was read.
    pub is_kernel_read: bool,
    /// Its labels.
    pub labels: Vec<String>,
}

impl SettingEvidence {
    /// Whether the host holds it; none where that cannot be told.
    #[must_use]
    pub fn in_sync(&self) -> Option<bool> {
        let view = self.view.as_ref();
        let is_of_load = view.is_some_and(|view| !matches!(view.key, Key::Setting(_)));
        let wanted = Some(self.wanted);
        if view.and_then(|view| view.on_disk) != wanted || view.and_then(|view| view.next_boot) != wanted {
            return Some(false);
        }
        if is_of_load {
            return Some(true);
        }
        self.is_kernel_read.then(|| view.and_then(|view| view.running) == wanted)
    }
}

/// Whether nothing of these can be here: there is no setting among them, and each rule is left out.
#[must_use]
pub fn is_all_left_out<'e>(
    mut rules: impl Iterator<Item = &'e Evidence>,
    mut settings: impl Iterator<Item = &'e SettingEvidence>,
) -> bool {
    settings.next().is_none() && rules.all(Evidence::is_left_out)
}

/// Whether the host holds all of these; none where that cannot be told.
#[must_use]
pub fn all_in_sync<'e>(
    rules: impl Iterator<Item = &'e Evidence>,
    settings: impl Iterator<Item = &'e SettingEvidence>,
) -> Option<bool> {
    let found: Vec<Option<bool>> = rules.map(Evidence::in_sync).chain(settings.map(SettingEvidence::in_sync)).collect();
    if found.contains(&Some(false)) { Some(false) } else { (!found.contains(&None)).then_some(true) }
}
