//! What a guest says on its serial console.
//!
//! `LAB-BEGIN nonce`, then the lines of the script, then `LAB-END nonce rc=N`. The nonce is new for each boot, so no
//! output of a test can be taken for a marker.

/// What one line of the console means.
#[derive(Debug, PartialEq, Eq)]
pub enum Event<'a> {
    /// Said while booting, or after the end.
    Boot(&'a str),
    /// The script begins.
    Began,
    /// A line of the script.
    Line(&'a str),
    /// The script ended with this exit status; what stood before the marker on its line is a last line.
    Ended(&'a str, i32),
}

/// The state of a console.
pub struct Console {
    begin: String,
    end: String,
    running: bool,
}

impl Console {
    /// A console of a guest that was given this nonce.
    #[must_use]
    pub fn new(nonce: &str) -> Self {
        Self { begin: format!("LAB-BEGIN {nonce}"), end: format!("LAB-END {nonce} rc="), running: false }
    }

    /// Whether the script began.
    #[must_use]
    pub fn running(&self) -> bool {
        self.running
    }

    /// Takes one line without its newline and says what it means.
    pub fn read<'a>(&mut self, line: &'a str) -> Event<'a> {
        let line = line.trim_end_matches('\r');
        if !self.running {
            self.running = line.contains(&self.begin);
            return if self.running { Event::Began } else { Event::Boot(line) };
        }
        let Some((before, after)) = line.split_once(&self.end) else { return Event::Line(line) };
        let digits = after.find(|c: char| !c.is_ascii_digit()).unwrap_or(after.len());
        match after[..digits].parse() {
            Ok(status) => Event::Ended(before, status),
            Err(_) => Event::Line(line),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_between_the_markers_belong_to_the_script() {
        let mut console = Console::new("n1");
        assert_eq!(console.read("Linux version 6.1"), Event::Boot("Linux version 6.1"));
        assert_eq!(console.read("[0.1] LAB-BEGIN n1\r"), Event::Began);
        assert_eq!(console.read("ok 1\r"), Event::Line("ok 1"));
        assert_eq!(console.read("LAB-END n1 rc=3\r"), Event::Ended("", 3));
    }

    #[test]
    fn a_marker_with_another_nonce_is_a_plain_line() {
        let mut console = Console::new("n1");
        assert_eq!(console.read("LAB-BEGIN n2"), Event::Boot("LAB-BEGIN n2"));
        assert_eq!(console.read("LAB-BEGIN n1"), Event::Began);
        assert_eq!(console.read("LAB-END n2 rc=0"), Event::Line("LAB-END n2 rc=0"));
    }

    #[test]
    fn a_last_line_without_newline_is_not_lost() {
        let mut console = Console::new("n1");
        console.read("LAB-BEGIN n1");
        assert_eq!(console.read("no newlineLAB-END n1 rc=0"), Event::Ended("no newline", 0));
    }
}
