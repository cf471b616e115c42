//! Searches text as PCRE does, by stepping back, for the syntax that the guide's patterns have and no other.

/// A part of a pattern.
#[derive(Debug)]
enum Part {
    /// One byte of this set.
    One(Box<[bool; 256]>),
    /// The beginning of a line, or of the text.
    Start,
    /// The end of a line, or of the text.
    End,
    /// Between a byte of a word and another one.
    Border,
    /// One of these; with the number of the group that keeps what it matches.
    Group(Vec<Vec<Part>>, Option<usize>),
    /// None of these may follow.
    Not(Vec<Vec<Part>>),
    /// A part at least so often, and at most so often.
    Repeated(Box<Part>, usize, usize),
}

/// A pattern, taken apart.
#[derive(Debug)]
pub struct Matcher {
    parts: Vec<Part>,
    groups: usize,
    is_whole: bool,
}

/// What is left to match.
#[derive(Clone, Copy)]
enum Rest<'r> {
    Nothing,
    Parts(&'r [Part], &'r Rest<'r>),
    /// A group ends that began here.
    Close(usize, usize, &'r Rest<'r>),
    /// A part once more, that was there so often, and began here.
    Again(&'r Part, usize, usize, usize, usize, &'r Rest<'r>),
}

/// A search at one place.
struct Search<'s> {
    text: &'s [u8],
    is_whole: bool,
    groups: Vec<Option<(usize, usize)>>,
    end: usize,
    steps: &'s mut usize,
    depth: usize,
}

/// Too many steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooLong;

/// How deep a search may nest; more is as much as too many steps.
const DEEPEST: usize = 3000;

/// Where a match is, and where its groups are.
pub type Places = ((usize, usize), Vec<Option<(usize, usize)>>);

impl Matcher {
    /// Takes a pattern apart; none where it has other syntax.
    pub fn of(text: &str, is_whole: bool) -> Option<Self> {
        let mut parser = Parser { text: text.as_bytes(), at: 0, groups: 0, is_whole };
        let mut branches = parser.branches()?;
        if parser.at < parser.text.len() {
            return None;
        }
        let parts = if branches.len() == 1 { branches.pop()? } else { vec![Part::Group(branches, None)] };
        Some(Self { parts, groups: parser.groups, is_whole })
    }

    /// The first match from a place on.
    ///
    /// # Errors
    /// After so many steps, which are counted down.
    pub fn find(&self, text: &[u8], from: usize, steps: &mut usize) -> Result<Option<Places>, TooLong> {
        for start in from..=text.len() {
            let is_line = self.is_whole || start == 0 || text[start - 1] == b'\n';
            if matches!(self.parts.first(), Some(Part::Start)) && !is_line {
                continue;
            }
            let groups = vec![None; self.groups];
            let mut search = Search { text, is_whole: self.is_whole, groups, end: start, steps, depth: 0 };
            if search.rest(start, Rest::Parts(&self.parts, &Rest::Nothing))? {
                return Ok(Some(((start, search.end), search.groups)));
            }
        }
        Ok(None)
    }
}

impl Search<'_> {
    /// Whether what is left matches here.
    fn rest(&mut self, at: usize, rest: Rest<'_>) -> Result<bool, TooLong> {
        if *self.steps == 0 || self.depth > DEEPEST {
            return Err(TooLong);
        }
        *self.steps -= 1;
        self.depth += 1;
        let found = self.step(at, rest);
        self.depth -= 1;
        found
    }

    fn step(&mut self, at: usize, rest: Rest<'_>) -> Result<bool, TooLong> {
        match rest {
            Rest::Nothing => {
                self.end = at;
                Ok(true)
            }
            Rest::Parts([], rest) => self.rest(at, *rest),
            Rest::Parts([part, more @ ..], rest) => self.part(at, part, &Rest::Parts(more, rest)),
            Rest::Close(group, start, rest) => {
                let before = self.groups[group].replace((start, at));
                if self.rest(at, *rest)? {
                    return Ok(true);
                }
                self.groups[group] = before;
                Ok(false)
            }
            // Once more of nothing would never end.
            Rest::Again(_, _, _, start, _, rest) if start == at => self.rest(at, *rest),
            Rest::Again(part, least, most, _, count, rest) => self.repeated(at, part, (least, most), count, rest),
        }
    }

    fn part(&mut self, at: usize, part: &Part, rest: &Rest<'_>) -> Result<bool, TooLong> {
        let (before, after) = (at.checked_sub(1).map(|at| self.text[at]), self.text.get(at).copied());
        let is_word = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        let goes_on = match part {
            Part::One(set) => return if self.is_one(at, set) { self.rest(at + 1, *rest) } else { Ok(false) },
            Part::Start => before.is_none() || !self.is_whole && before == Some(b'\n'),
            Part::End => after.is_none() || !self.is_whole && after == Some(b'\n'),
            Part::Border => is_word(before) != is_word(after),
            Part::Not(branches) => {
                let (groups, end) = (self.groups.clone(), self.end);
                for branch in branches {
                    if self.rest(at, Rest::Parts(branch, &Rest::Nothing))? {
                        (self.groups, self.end) = (groups, end);
                        return Ok(false);
                    }
                }
                true
            }
            Part::Group(branches, group) => {
                let close = group.map_or(*rest, |group| Rest::Close(group, at, rest));
                for branch in branches {
                    if self.rest(at, Rest::Parts(branch, &close))? {
                        return Ok(true);
                    }
                }
                return Ok(false);
            }
            Part::Repeated(part, least, most) => return self.repeated(at, part, (*least, *most), 0, rest),
        };
        if goes_on { self.rest(at, *rest) } else { Ok(false) }
    }

    fn is_one(&self, at: usize, set: &[bool; 256]) -> bool {
        self.text.get(at).is_some_and(|byte| set[usize::from(*byte)])
    }

    /// A part as often as there is, and then less often.
    fn repeated(
        &mut self,
        at: usize,
        part: &Part,
        (least, most): (usize, usize),
        count: usize,
        rest: &Rest<'_>,
    ) -> Result<bool, TooLong> {
        if let Part::One(set) = part {
            let mut end = at;
            while end - at < most && self.is_one(end, set) {
                end += 1;
            }
            while end >= at + least {
                if self.rest(end, *rest)? {
                    return Ok(true);
                }
                if end == at {
                    break;
                }
                end -= 1;
            }
            return Ok(false);
        }
        if count < most && self.part(at, part, &Rest::Again(part, least, most, at, count + 1, rest))? {
            return Ok(true);
        }
        if count >= least { self.rest(at, *rest) } else { Ok(false) }
    }
}

/// Takes a pattern apart.
struct Parser<'p> {
    text: &'p [u8],
    at: usize,
    groups: usize,
    is_whole: bool,
}

impl Parser<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn takes(&mut self, text: &[u8]) -> bool {
        let is_next = self.text[self.at..].starts_with(text);
        self.at += if is_next { text.len() } else { 0 };
        is_next
    }

    fn branches(&mut self) -> Option<Vec<Vec<Part>>> {
        let mut branches = vec![Vec::new()];
        while let Some(byte) = self.peek() {
            match byte {
                b')' => break,
                b'|' => {
                    self.at += 1;
                    branches.push(Vec::new());
                }
                _ => {
                    let part = self.part()?;
                    let part = self.repeated(part)?;
                    branches.last_mut()?.push(part);
                }
            }
        }
        Some(branches)
    }

    fn repeated(&mut self, part: Part) -> Option<Part> {
        let (least, most) = match self.peek() {
            Some(b'*') => (0, usize::MAX),
            Some(b'+') => (1, usize::MAX),
            Some(b'?') => (0, 1),
            Some(b'{') => return None,
            _ => return Some(part),
        };
        self.at += 1;
        // Neither lazy nor possessive.
        let is_other = matches!(self.peek(), Some(b'?' | b'+' | b'*' | b'{'));
        (!is_other).then(|| Part::Repeated(Box::new(part), least, most))
    }

    fn part(&mut self) -> Option<Part> {
        let byte = self.peek()?;
        self.at += 1;
        Some(match byte {
            b'^' => Part::Start,
            b'$' => Part::End,
            b'.' => {
                let mut set = [true; 256];
                set[usize::from(b'\n')] = self.is_whole;
                Part::One(Box::new(set))
            }
            b'[' => self.set()?,
            b'(' => self.group()?,
            b'\\' if self.peek() == Some(b'b') => {
                self.at += 1;
                Part::Border
            }
            b'\\' => Part::One(Box::new(self.escaped()?)),
            b'*' | b'+' | b'?' | b'{' => return None,
            byte => Part::One(Box::new(only(byte))),
        })
    }

    fn group(&mut self) -> Option<Part> {
        let group = if self.takes(b"?:") || self.takes(b"?!") {
            None
        } else if matches!(self.peek(), Some(b'?' | b'*')) {
            return None;
        } else {
            self.groups += 1;
            Some(self.groups - 1)
        };
        let is_not = self.text[..self.at].ends_with(b"(?!");
        let branches = self.branches()?;
        if !self.takes(b")") {
            return None;
        }
        Some(if is_not { Part::Not(branches) } else { Part::Group(branches, group) })
    }

    /// What a backslash makes of the next byte.
    fn escaped(&mut self) -> Option<[bool; 256]> {
        let byte = self.peek()?;
        self.at += 1;
        let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        let is_space = |byte: u8| matches!(byte, b'\t'..=b'\r' | b' ');
        Some(match byte {
            b's' => set_of(is_space),
            b'S' => set_of(|byte| !is_space(byte)),
            b'w' => set_of(is_word),
            b'd' => set_of(|byte| byte.is_ascii_digit()),
            b'n' => only(b'\n'),
            byte if byte.is_ascii_punctuation() => only(byte),
            _ => return None,
        })
    }

    /// The rest of a set in brackets.
    fn set(&mut self) -> Option<Part> {
        let is_negated = self.takes(b"^");
        let mut set = [false; 256];
        while !self.takes(b"]") {
            let first = self.peek()?;
            self.at += 1;
            if first == b'\\' {
                let more = self.escaped()?;
                set.iter_mut().zip(more).for_each(|(one, more)| *one |= more);
                continue;
            }
            let is_range = self.peek() == Some(b'-') && self.text.get(self.at + 1).is_some_and(|byte| *byte != b']');
            let last = if is_range { *self.text.get(self.at + 1)? } else { first };
            self.at += if is_range { 2 } else { 0 };
            (first..=last).for_each(|byte| set[usize::from(byte)] = true);
        }
        if is_negated {
            for one in &mut set {
                *one = !*one;
            }
        }
        Some(Part::One(Box::new(set)))
    }
}

fn set_of(holds: impl Fn(u8) -> bool) -> [bool; 256] {
    let mut set = [false; 256];
    (0..=u8::MAX).filter(|byte| holds(*byte)).for_each(|byte| set[usize::from(byte)] = true);
    set
}

fn only(byte: u8) -> [bool; 256] {
    set_of(|other| other == byte)
}
