//! A change as a snapshot, and the files of one.

use crate::plan::files::{Content, FileStep};
use crate::plan::settings::SettingStep;
use crate::rule::Rule;
use crate::snapshot::{
    SavedContent, SavedFile, SavedRules, SavedSetting, SavedText, Snapshot, Unusable, VERSION, hex, unhex,
};

impl Snapshot {
    /// What takes a change back. `rules` has the kernel's list before and after, where it was touched.
    #[must_use]
    pub fn of_change(files: &[FileStep], rules: Option<(&[Rule], &[Rule])>, settings: &[SettingStep]) -> Self {
        Self::of(files, rules.map(|(before, after)| SavedRules::of(before, after)), settings)
    }

    /// As [`Snapshot::of_change`] and as long, with zeros in the place of the ids of rules.
    #[must_use]
    pub fn outline_of_change(files: &[FileStep], rules: Option<(&[Rule], &[Rule])>, settings: &[SettingStep]) -> Self {
        Self::of(files, rules.map(|(before, after)| SavedRules::outline(before, after)), settings)
    }

    fn of(files: &[FileStep], rules: Option<SavedRules>, settings: &[SettingStep]) -> Self {
        Self {
            version: VERSION,
            files: files.iter().map(SavedFile::from).collect(),
            rules,
            control: settings
                .iter()
                .map(|step| SavedSetting {
                    setting: step.name.text().to_owned(),
                    before: step.before,
                    after: step.after,
                })
                .collect(),
        }
    }
}

impl From<&FileStep> for SavedFile {
    fn from(step: &FileStep) -> Self {
        let saved = |content: &Content| {
            let text = SavedText::of(&content.bytes);
            let hex = text.is_none().then(|| hex(&content.bytes));
            SavedContent { hex, text, mode: content.mode, uid: content.uid, gid: content.gid }
        };
        Self {
            path: step.path.to_string_lossy().into_owned(),
            before: step.before.as_ref().map(saved),
            after: step.after.as_ref().map(saved),
        }
    }
}

impl SavedContent {
    /// The content.
    ///
    /// # Errors
    /// The snapshot is not of our making.
    pub fn content(&self) -> Result<Content, Unusable> {
        let bytes = match (&self.text, &self.hex) {
            (Some(text), None) => text.bytes(),
            (None, Some(digits)) => unhex(digits).ok_or(Unusable::Broken("hex"))?.into(),
            _ => return Err(Unusable::Broken("file content")),
        };
        Ok(Content { bytes, mode: self.mode, uid: self.uid, gid: self.gid })
    }
}
