//! Text for a terminal: aligned, in colours or without, and with nothing in it that a terminal would obey.

use super::super::visible::visible;
use super::super::words::State;
use std::fmt::Write;

/// How a piece of text looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    Plain,
    Bold,
    Faint,
    Good,
    Bad,
    Doubtful,
    Told,
}

impl From<State> for Look {
    fn from(state: State) -> Self {
        match state {
            State::Ok => Self::Good,
            State::Drift | State::Failed => Self::Bad,
            State::Unknown | State::Note => Self::Doubtful,
        }
    }
}

impl Look {
    fn code(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Bold => "1",
            Self::Faint => "2",
            Self::Good => "32",
            Self::Bad => "31",
            Self::Doubtful => "33",
            Self::Told => "36",
        }
    }
}

/// The widest cell that others are aligned with, in characters.
const WIDEST: usize = 100;

/// A piece of text with its look.
pub type Piece = (Look, String);

/// The text so far.
#[derive(Debug)]
pub struct Page {
    text: String,
    has_colours: bool,
}

impl Page {
    pub fn new(has_colours: bool) -> Self {
        Self { text: String::new(), has_colours }
    }

    pub fn into_text(self) -> String {
        self.text
    }

    /// One line of these pieces.
    #[inline(never)]
    pub fn line(&mut self, pieces: &[(Look, &str)]) {
        for (look, text) in pieces {
            self.piece(*look, &visible(text));
        }
        self.text.push('\n');
    }

    /// A heading, with an empty line in front of it.
    #[inline(never)]
    pub fn heading(&mut self, text: &str) {
        self.text.push('\n');
        self.line(&[(Look::Bold, text)]);
    }

    /// Rows with their columns below each other; the last column has any width, and so has a cell that is wider than most
    /// terminals: it does not push those of other rows to the right.
    #[inline(never)]
    pub fn table(&mut self, rows: &[Vec<Piece>]) {
        let rows: Vec<Vec<(Look, String)>> =
            rows.iter().map(|row| row.iter().map(|(look, text)| (*look, visible(text))).collect()).collect();
        let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
        let width = |column: usize| {
            let cells = rows.iter().filter_map(|row| row.get(column));
            cells.map(|(_, text)| text.chars().count()).filter(|width| *width <= WIDEST).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..columns).map(width).collect();
        for row in &rows {
            let last = row.iter().rposition(|(_, text)| !text.is_empty()).unwrap_or(0);
            for (at, (look, text)) in row.iter().enumerate().take(last + 1) {
                self.text.push_str("  ");
                self.piece(*look, text);
                if at < last {
                    let missing = widths.get(at).map_or(0, |width| width.saturating_sub(text.chars().count()));
                    self.text.extend(std::iter::repeat_n(' ', missing));
                }
            }
            self.text.push('\n');
        }
    }

    #[inline(never)]
    fn piece(&mut self, look: Look, text: &str) {
        let code = look.code();
        if self.has_colours && !code.is_empty() && !text.is_empty() {
            // Writing to a String cannot fail.
            let _ = write!(self.text, "\u{1b}[{code}m{text}\u{1b}[0m");
        } else {
            self.text.push_str(text);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_obey_is_spelled_out() {
        let rows = [
            ("-w /etc/passwd", "-w /etc/passwd"),
            ("a\u{1b}[2Jb\r\n\t\u{7}", "a\\u{1b}[2Jb\\r\\n\\t\\u{7}"),
            ("\u{9b}31m", "\\u{9b}31m"),
            ("/etc/\u{202e}dwssap", "/etc/\\u{202e}dwssap"),
            ("/srv/über", "/srv/über"),
        ];
        for (text, expected) in rows {
            assert_eq!(visible(text), expected);
        }
    }

    #[test]
    fn columns_stand_below_each_other_and_no_line_ends_in_blanks() {
        let cell = |text: &str| (Look::Bad, text.to_owned());
        let mut page = Page::new(false);
        page.table(&[vec![cell("a"), cell("b")], vec![cell("ccc"), cell("")], vec![cell("é"), cell("d")]]);
        assert_eq!(page.into_text(), "  a    b\n  ccc\n  é    d\n");
    }

    #[test]
    fn a_cell_that_no_terminal_has_room_for_moves_nothing_else() {
        let cell = |text: &str| (Look::Plain, text.to_owned());
        let long = "x".repeat(WIDEST + 1);
        let mut page = Page::new(false);
        page.table(&[vec![cell("a"), cell("b")], vec![cell(&long), cell("c")], vec![cell("dd"), cell("e")]]);
        assert_eq!(page.into_text(), format!("  a   b\n  {long}  c\n  dd  e\n"));
    }

    #[test]
    fn colours_are_there_only_where_they_are_asked_for() {
        for (has_colours, expected) in [(true, "\u{1b}[31mno\u{1b}[0m yes\n"), (false, "no yes\n")] {
            let mut page = Page::new(has_colours);
            page.line(&[(Look::Bad, "no"), (Look::Plain, " yes")]);
            assert_eq!(page.into_text(), expected);
        }
    }
}
