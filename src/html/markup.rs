//! HTML as text. What a page is made of stands in this program, and everything else gets in escaped: markup has to live as
//! long as the program does, which no text of a report does.
//!
//! The markup is XML too, so that a strict parser can read a page.

use crate::report::visible::visible;
use crate::report::words::State;

/// The HTML so far.
#[derive(Debug, Default)]
pub struct Html {
    text: String,
    filters: usize,
}

/// A cell of a table.
#[derive(Debug, Clone, Copy)]
pub enum Cell<'a> {
    /// What the row is about.
    Head(&'a str),
    /// The same, where it is a rule.
    HeadCode(&'a str),
    Text(&'a str),
    /// A time or a name, on one line.
    Unbroken(&'a str),
    /// A rule, a line, a path.
    Code(&'a str),
    Number(u64),
    State(State, &'a str),
}

/// The class of a state, which is its value in filters too.
fn class(state: State) -> &'static str {
    match state {
        State::Ok => "ok",
        State::Drift => "drift",
        State::Failed => "failed",
        State::Unknown => "unknown",
        State::Note => "note",
    }
}

impl Html {
    pub fn into_text(self) -> String {
        self.text
    }

    /// Markup, as it stands.
    #[inline(never)]
    pub fn markup(&mut self, markup: &'static str) -> &mut Self {
        self.text.push_str(markup);
        self
    }

    /// Text, with nothing in it that a browser obeys or that makes it show something else than there is.
    #[inline(never)]
    pub fn text(&mut self, text: &str) -> &mut Self {
        for c in visible(text).chars() {
            match c {
                '&' => self.text.push_str("&amp;"),
                '<' => self.text.push_str("&lt;"),
                '>' => self.text.push_str("&gt;"),
                '"' => self.text.push_str("&quot;"),
                '\'' => self.text.push_str("&#39;"),
                c => self.text.push(c),
            }
        }
        self
    }

    #[inline(never)]
    pub fn number(&mut self, number: u64) -> &mut Self {
        self.text.push_str(&number.to_string());
        self
    }

    /// An element that holds text alone; nothing where that is empty.
    #[inline(never)]
    pub fn element(&mut self, open: &'static str, text: &str, close: &'static str) -> &mut Self {
        if text.is_empty() {
            return self;
        }
        self.markup(open).text(text).markup(close)
    }

    #[inline(never)]
    pub fn heading(&mut self, text: &str) -> &mut Self {
        self.element("<h2>", text, "</h2>\n")
    }

    #[inline(never)]
    pub fn paragraph(&mut self, text: &str) -> &mut Self {
        self.element("<p>", text, "</p>\n")
    }

    #[inline(never)]
    pub fn code(&mut self, text: &str) -> &mut Self {
        self.element("<code>", text, "</code>")
    }

    /// A word with the colour and the sign of its state.
    #[inline(never)]
    pub fn state(&mut self, state: State, word: &str) -> &mut Self {
        self.markup("<span class=\"state ").markup(class(state)).markup("\">").text(word).markup("</span>")
    }

    /// One of the large numbers at the top.
    #[inline(never)]
    pub fn tile(&mut self, state: Option<State>, value: &str, label: &str) {
        match state {
            Some(state) => self.markup("<li class=\"tile state ").markup(class(state)).markup("\">"),
            None => self.markup("<li class=\"tile\">"),
        };
        self.element("<b>", value, "</b> ").text(label).markup("</li>\n");
    }

    /// Begins a table with these columns, with `|` between them; `#` begins one of numbers, which stand at its right. Rows
    /// follow, and [`Self::end_table`].
    #[inline(never)]
    pub fn table(&mut self, caption: &str, columns: &'static str) {
        self.markup("<div class=\"scroll\"><table class=\"wide\">");
        self.element("<caption>", caption, "</caption>").markup("<thead><tr>");
        for column in columns.split('|') {
            match column.strip_prefix('#') {
                Some(name) => self.markup("<th scope=\"col\" class=\"number\">").markup(name),
                None => self.markup("<th scope=\"col\">").markup(column),
            };
            self.markup("</th>");
        }
        self.markup("</tr></thead><tbody>\n");
    }

    /// Begins a row, which a filter may hide by its state.
    #[inline(never)]
    pub fn begin_row(&mut self, state: Option<State>) {
        match state {
            Some(state) => self.markup("<tr data-state=\"").markup(class(state)).markup("\">"),
            None => self.markup("<tr>"),
        };
    }

    /// Cells of the row that was begun.
    #[inline(never)]
    pub fn cells(&mut self, cells: &[Cell<'_>]) {
        for cell in cells {
            match *cell {
                Cell::Head(text) => self.markup("<th scope=\"row\">").text(text).markup("</th>"),
                Cell::HeadCode(text) => self.markup("<th scope=\"row\">").code(text).markup("</th>"),
                Cell::Text(text) => self.markup("<td>").text(text).markup("</td>"),
                Cell::Unbroken(text) => self.markup("<td class=\"unbroken\">").text(text).markup("</td>"),
                Cell::Code(text) => self.markup("<td>").code(text).markup("</td>"),
                Cell::Number(number) => self.markup("<td class=\"number\">").number(number).markup("</td>"),
                Cell::State(state, word) => self.markup("<td>").state(state, word).markup("</td>"),
            };
        }
    }

    #[inline(never)]
    pub fn end_row(&mut self) {
        self.markup("</tr>\n");
    }

    /// A whole row.
    #[inline(never)]
    pub fn row(&mut self, state: Option<State>, cells: &[Cell<'_>]) {
        self.begin_row(state);
        self.cells(cells);
        self.end_row();
    }

    #[inline(never)]
    pub fn end_table(&mut self) {
        self.markup("</tbody></table></div>\n");
    }

    /// Begins a section whose rows can be filtered, by the states of them that there are; each with its word and how many rows
    /// have it. [`Self::end_filtered`] ends it.
    #[inline(never)]
    pub fn filtered(&mut self, what: &'static str, states: &[(State, &'static str, usize)]) {
        self.filters += 1;
        let (filter, all) = (self.filters as u64, states.iter().map(|(_, _, count)| *count as u64).sum());
        self.markup("<section class=\"filtered\">\n<fieldset class=\"filter\"><legend>Show ").markup(what);
        self.markup("</legend><label><input type=\"radio\" value=\"all\" checked=\"checked\" name=\"f");
        self.number(filter).markup("\"/> all (").number(all).markup(")</label>");
        for (state, word, count) in states.iter().filter(|(_, _, count)| *count > 0) {
            self.markup("\n<label><input type=\"radio\" value=\"").markup(class(*state)).markup("\" name=\"f");
            self.number(filter).markup("\"/> ").markup(word).markup(" (").number(*count as u64).markup(")</label>");
        }
        self.markup("</fieldset>\n");
    }

    #[inline(never)]
    pub fn end_filtered(&mut self) {
        self.markup("</section>\n");
    }

    /// A bar of a chart, of so many thousandths of the longest.
    #[inline(never)]
    pub fn bar(&mut self, label: &str, thousandths: u64, value: u64) {
        self.markup("<li><span class=\"label\">").text(label).markup("</span><span class=\"bar\" style=\"--share: ");
        self.text(&format!("{}.{:03}", thousandths / 1000, thousandths % 1000)).markup("\"></span>");
        self.markup("<span class=\"number\">").number(value).markup("</span></li>\n");
    }
}

/// How many rows there are of each state, with the words for them: what a filter offers.
pub fn tally(
    words: [(State, &'static str); 5],
    states: &mut dyn Iterator<Item = State>,
) -> [(State, &'static str, usize); 5] {
    let mut counts = words.map(|(state, word)| (state, word, 0));
    for state in states {
        counts.iter_mut().filter(|(of, _, _)| *of == state).for_each(|(_, _, count)| *count += 1);
    }
    counts
}
