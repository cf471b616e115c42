//! Text that shows what there is.

use serde::{Serialize, Serializer};

/// Text in which characters that a terminal obeys, or that make it show something else than there is, are spelled out.
pub fn visible(text: &str) -> String {
    let hides = |c: char| {
        c.is_control()
            || matches!(c, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}')
            || matches!(c, '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{fffe}' | '\u{ffff}' | '\u{e0000}'..='\u{e007f}')
    };
    if !text.contains(hides) {
        return text.to_owned();
    }
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if hides(c) {
            shown.extend(c.escape_default());
        } else {
            shown.push(c);
        }
    }
    shown
}

/// The same for a text of several lines, whose line ends and tabs stay.
fn visible_lines(text: &str) -> String {
    let lines = text.split('\n').map(|line| line.split('\t').map(visible).collect::<Vec<_>>().join("\t"));
    lines.collect::<Vec<_>>().join("\n")
}

/// Writes a text with [`visible_lines`].
///
/// # Errors
/// Those of the serializer.
pub fn text<S: Serializer>(text: &str, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&visible_lines(text))
}

/// Writes a text that may be absent.
///
/// # Errors
/// Those of the serializer.
#[allow(clippy::ref_option, reason = "serde hands a reference to the field")]
pub fn option<S: Serializer>(text: &Option<String>, serializer: S) -> Result<S::Ok, S::Error> {
    text.as_deref().map(visible_lines).serialize(serializer)
}

/// Writes several texts.
///
/// # Errors
/// Those of the serializer.
pub fn texts<S: Serializer>(texts: &[String], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(texts.iter().map(|text| visible_lines(text)))
}
