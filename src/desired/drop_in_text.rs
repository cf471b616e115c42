//! The text of a drop-in while it is composed.

/// The first line of every drop-in that we write.
pub const HEADER: &str = "# Managed by audit_rules; changes made here are overwritten.";

/// Lines, one after the other.
pub(super) struct Text {
    pub bytes: Vec<u8>,
    /// Its lines, without the header.
    pub lines: usize,
    /// Where settings stand that come before the rules, in bytes and lines: after the last `-D`, which clears the rules before
    /// it, and people expect settings after it.
    pub settings: (usize, usize),
}

impl Text {
    pub fn new(has_header: bool) -> Self {
        let mut text = Self { bytes: Vec::new(), lines: 0, settings: (0, 0) };
        if has_header {
            text.push(HEADER.as_bytes());
            (text.lines, text.settings) = (0, (text.bytes.len(), 0));
        }
        text
    }

    /// Adds a line, which comes without its newline.
    pub fn push(&mut self, line: &[u8]) {
        self.bytes.extend_from_slice(line);
        self.bytes.push(b'\n');
        self.lines += 1;
        if line.trim_ascii() == b"-D" {
            self.settings = (self.bytes.len(), self.lines);
        }
    }

    pub fn into_bytes(mut self) -> Vec<u8> {
        self.bytes.shrink_to_fit();
        self.bytes
    }
}
