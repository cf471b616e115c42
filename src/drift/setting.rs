//! Which line decides a setting, and which ones lose.

use super::NextBoot;
use crate::auditctl::Control;
use crate::boot_load::{LoadLine, Spot};
use crate::lines::Reader;
use crate::settings::{Name, Settings};

/// Something that lines of several files may set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Key {
    /// A setting of the kernel.
    Setting(Name),
    /// Whether the load goes on after a bad line and calls it success (`-i`).
    IgnoreErrors,
    /// Whether the load goes on after a bad line (`-c`).
    Continue,
    /// Whether the load begins with an empty list (`-D`).
    DeleteAll,
}

impl Key {
    /// The name in reports.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Self::Setting(name) => name.text(),
            Self::IgnoreErrors => "ignore_errors",
            Self::Continue => "continue",
            Self::DeleteAll => "delete_all",
        }
    }

    /// What a control sets, and to what.
    pub(super) fn of(control: &Control) -> Option<(Self, u32)> {
        match control {
            Control::IgnoreErrors => Some((Self::IgnoreErrors, 1)),
            Control::ContinueOnErrors => Some((Self::Continue, 1)),
            Control::DeleteAll => Some((Self::DeleteAll, 1)),
            other => {
                let mut settings = Settings::default();
                let name = settings.take(other)?;
                Some((Self::Setting(name), settings.get(name)?))
            }
        }
    }
}

/// Who says what about a setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingView {
    /// The setting.
    pub key: Key,
    /// What the files say, were they carried out to their end.
    pub on_disk: Option<u32>,
    /// What the kernel holds.
    pub running: Option<u32>,
    /// What the next boot sets; none where it leaves the kernel's own value.
    pub next_boot: Option<u32>,
    /// The line that decides.
    pub decided_by: Option<Spot>,
    /// The lines that lose, with what they say.
    pub overruled: Vec<(u32, Spot)>,
    /// Auditing is off while rules are loaded, and no line says that it is to be: nothing is recorded.
    pub is_off: bool,
}

impl SettingView {
    /// Whether files, kernel and next boot agree; what only the load itself heeds does not matter. A kernel that records
    /// nothing does not agree with files that leave that open.
    #[must_use]
    pub fn agrees(&self) -> bool {
        if !matches!(self.key, Key::Setting(_)) {
            return true;
        }
        let kernel_agrees = self.running.is_none() || self.on_disk.is_none() || self.on_disk == self.running;
        self.on_disk == self.next_boot && kernel_agrees && !self.is_off
    }
}

/// Every setting that a line or the kernel knows. `has_rules`: the kernel holds rules.
#[must_use]
pub fn setting_views(
    boot: &NextBoot,
    running: Option<&Settings>,
    has_rules: bool,
    reader: &mut Reader,
) -> Vec<SettingView> {
    let said = said(&boot.merge.lines, boot.whole.stop, reader);
    let other = boot.other.as_ref().map(|(file, load)| self::said(&file.lines, load.stop, reader));
    let at_boot = other.as_ref().unwrap_or(&said);
    let lost: Vec<(Key, u32, Spot)> = boot.merge.overridden.iter().flat_map(|line| statements(line, reader)).collect();
    let keys = Name::ALL.into_iter().map(Key::Setting).chain([Key::IgnoreErrors, Key::Continue, Key::DeleteAll]);
    let views = keys.map(|key| {
        let own: Vec<&SetBy> = said.iter().filter(|said| said.key == key).collect();
        // A switch is thrown by its first line, a value is set by its last.
        let winner = if matches!(key, Key::Setting(_)) { own.last() } else { own.first() };
        let losers = own.iter().filter(|said| matches!(key, Key::Setting(_)) && Some(*said) != winner);
        let lost = lost.iter().filter(|(other, ..)| *other == key).map(|(_, value, spot)| (*value, spot.clone()));
        let running = match key {
            Key::Setting(name) => running.and_then(|running| running.get(name)),
            _ => None,
        };
        SettingView {
            key,
            on_disk: winner.map(|said| said.value),
            running,
            is_off: has_rules && key == Key::Setting(Name::Enabled) && running == Some(0) && winner.is_none(),
            next_boot: match key {
                Key::Setting(name) => boot.real.settings.get(name),
                _ => at_boot.iter().rev().find(|said| said.key == key && said.is_reached).map(|said| said.value),
            },
            decided_by: winner.map(|said| said.spot.clone()),
            overruled: lost.chain(losers.map(|said| (said.value, said.spot.clone()))).collect(),
        }
    });
    views.filter(|view| view.on_disk.is_some() || view.running.is_some() || view.next_boot.is_some()).collect()
}

struct SetBy {
    key: Key,
    value: u32,
    spot: Spot,
    is_reached: bool,
}

impl PartialEq for SetBy {
    fn eq(&self, other: &Self) -> bool {
        self.spot == other.spot && self.value == other.value
    }
}

/// What these lines set, and whether the load comes as far.
fn said(lines: &[LoadLine], stop: Option<usize>, reader: &mut Reader) -> Vec<SetBy> {
    let reached = stop.unwrap_or(lines.len());
    let mut said = Vec::new();
    for (number, line) in lines.iter().enumerate() {
        let is_reached = number < reached;
        let all = statements(line, reader).into_iter();
        said.extend(all.map(|(key, value, spot)| SetBy { key, value, spot, is_reached }));
    }
    said
}

fn statements(line: &LoadLine, reader: &mut Reader) -> Vec<(Key, u32, Spot)> {
    let reading = reader.read(&line.text);
    let Some(spot) = line.spots.first() else { return Vec::new() };
    reading.controls_at_boot().filter_map(Key::of).map(|(key, value)| (key, value, spot.clone())).collect()
}
