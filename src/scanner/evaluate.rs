//! What comes of a check on files.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use super::content::{Child, Content, Count, Files, Node, Piece, Search, SetId, Unknown, content};
use super::pattern::{Found, Pattern};

/// Most patterns that are built of what others match.
const MOST_BUILT: usize = 4096;

/// What a scanner looks at.
#[derive(Debug)]
pub struct Subject<'a> {
    /// Rules files, and units.
    pub files: Vec<ScannedFile<'a>>,
    /// The name of the machine.
    pub machine: &'a str,
    /// The programs of the host with setuid or setgid, where they are known.
    pub programs: Option<&'a [Vec<u8>]>,
    /// Whether the host may be made of an image.
    pub may_be_image: bool,
}

/// A file that a scanner looks into.
#[derive(Debug)]
pub struct ScannedFile<'a> {
    /// Where the scanner finds it.
    pub path: String,
    /// By which name it is told.
    pub name: Rc<str>,
    /// What it holds.
    pub bytes: &'a [u8],
}

/// A line in one of the files of a subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The number of the file.
    pub file: usize,
    /// The line, from 1.
    pub line: usize,
}

/// Why it is not told whether a check holds, or why it does not hold although something was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// Not known: which programs the host has.
    Programs,
    /// Not known: what is not in files of rules.
    Unknown(Unknown),
    /// Not known: the search takes too long.
    TooLong,
    /// Not known: the scanner reports an error for a file that is not UTF-8.
    NotUtf8(Rc<str>),
    /// Not known: the scanner takes the path of this program for a pattern, and reports an error for it.
    NoPattern(Vec<u8>),
    /// Found more than once, and the scanner wants it once.
    Repeated(Vec<Place>),
    /// The file with this path has not the bytes that the scanner wants.
    OtherBytes(Rc<str>),
    /// The scanner finds rules for so many of the privileged programs, and wants one for each.
    OfPrograms {
        /// Those without one.
        lacking: Vec<Vec<u8>>,
        /// How many rules it finds for the others.
        rules: usize,
        /// How many programs there are.
        all: usize,
    },
}

/// What came of a node.
#[derive(Debug, Clone, Default)]
pub struct Outcome {
    /// Whether it holds; none where that is not told.
    pub holds: Option<bool>,
    /// What it found.
    pub places: Vec<Place>,
    /// Why it does not hold, or is not told.
    pub why: Vec<Why>,
}

/// Evaluates the checks of one subject.
#[derive(Debug)]
pub struct Evaluation<'a> {
    subject: &'a Subject<'a>,
    content: &'static Content,
    known: HashMap<usize, Outcome>,
}

impl<'a> Evaluation<'a> {
    /// Nothing is evaluated yet.
    #[must_use]
    pub fn of(subject: &'a Subject<'a>) -> Self {
        Self { subject, content: content(), known: HashMap::new() }
    }

    /// What comes of a node.
    pub fn node(&mut self, at: usize) -> Outcome {
        if let Some(known) = self.known.get(&at) {
            return known.clone();
        }
        let outcome = match self.content.nodes.get(at) {
            Some(Node::All { all }) => self.children(all, false),
            Some(Node::Any { any }) => self.children(any, true),
            Some(Node::Machine { machine }) => Outcome::known(machine == self.subject.machine),
            Some(Node::Image { .. }) if self.subject.may_be_image => Outcome::unknown(Why::Unknown(Unknown::Image)),
            Some(Node::Image { .. }) => Outcome::known(false),
            Some(Node::Unknown { unknown }) => Outcome::unknown(Why::Unknown(*unknown)),
            Some(Node::Search(search)) => self.search(search),
            None => Outcome::default(),
        };
        self.known.insert(at, outcome.clone());
        outcome
    }

    /// Those of which each has to hold, or with `is_any` one of them: what decides is given alone.
    fn children(&mut self, children: &[Child], is_any: bool) -> Outcome {
        let mut all = Outcome::known(!is_any);
        for child in children {
            let outcome = match usize::try_from(*child) {
                Ok(at) => self.node(at),
                Err(_) => self.node(usize::try_from(-1 - child).unwrap_or(usize::MAX)).negated(),
            };
            if outcome.holds == Some(is_any) {
                return if is_any { outcome } else { all.because(outcome, Some(false)) };
            }
            let holds = all.holds.and(outcome.holds);
            all = all.because(outcome, holds);
        }
        all
    }

    fn search(&self, search: &Search) -> Outcome {
        let matches = match self.matches(search) {
            Ok(matches) => matches,
            Err(why) => return Outcome::unknown(why),
        };
        if let Some(programs) = &search.programs {
            return self.of_programs(programs, &matches);
        }
        let places: Vec<Place> = matches.iter().map(|found| self.place(found)).collect();
        let exists = match search.count {
            None => !matches.is_empty(),
            Some(Count::One) => matches.len() == 1,
            Some(Count::None) => matches.is_empty(),
        };
        if !exists {
            let is_repeated = search.count == Some(Count::One) && matches.len() > 1;
            let why = if is_repeated { Some(Why::Repeated(places)) } else { self.other_bytes(search) };
            return Outcome { holds: Some(false), why: why.into_iter().collect(), ..Outcome::default() };
        }
        let mut fits = matches.iter().map(|found| self.fits(search, found));
        let holds = if search.some { fits.any(|fits| fits) } else { fits.all(|fits| fits) };
        if holds {
            return Outcome { holds: Some(true), places, why: Vec::new() };
        }
        Outcome { holds: Some(false), places: Vec::new(), why: self.other_bytes(search).into_iter().collect() }
    }

    /// That a file has not the bytes that it is compared with.
    fn other_bytes(&self, search: &Search) -> Option<Why> {
        match self.content.files.get(search.files)? {
            Files::Is(path) if search.text.is_some() => Some(Why::OtherBytes(path.as_str().into())),
            _ => None,
        }
    }

    fn fits(&self, search: &Search, (file, found): &(usize, Found)) -> bool {
        let text = &self.subject.files[*file].bytes[found.start..found.end];
        let is_text = search.text.is_none_or(|at| self.content.text(at).as_bytes() == text);
        let is_group = |wanted: &String| found.groups.iter().all(|group| group == wanted.as_bytes());
        is_text && search.group.as_ref().is_none_or(is_group)
    }

    /// The matches with the numbers of their files.
    fn matches(&self, search: &Search) -> Result<Vec<(usize, Found)>, Why> {
        let mut matches = Vec::new();
        let built: Vec<Pattern>;
        let patterns: Vec<&Pattern> = if let Some(at) = search.find {
            self.content.patterns.get(at).into_iter().collect()
        } else {
            built = self.built(&search.built)?;
            built.iter().collect()
        };
        let Some(files) = self.content.files.get(search.files) else { return Ok(matches) };
        for (at, file) in self.subject.files.iter().enumerate() {
            let is_meant = match files {
                Files::Is(meant) => *meant == file.path,
                Files::Like(pattern) => pattern.is_in(file.path.as_bytes()).ok_or(Why::TooLong)?,
            };
            if !is_meant {
                continue;
            }
            // The text is a string of C to it, which ends at a NUL.
            let text = file.bytes.split(|byte| *byte == 0).next().unwrap_or_default();
            if !patterns.is_empty() && std::str::from_utf8(text).is_err() {
                return Err(Why::NotUtf8(Rc::clone(&file.name)));
            }
            for pattern in &patterns {
                let found = pattern.find(text, !search.each, search.whole).ok_or(Why::TooLong)?;
                matches.extend(found.into_iter().map(|found| (at, found)));
                // Of many patterns the rest changes nothing.
                if search.find.is_none() && search.count == Some(Count::One) && matches.len() > 1 {
                    return Ok(matches);
                }
            }
        }
        Ok(matches)
    }

    /// The patterns that these pieces make, one for each combination of matches.
    fn built(&self, pieces: &[Piece]) -> Result<Vec<Pattern>, Why> {
        let mut texts = vec![String::new()];
        for piece in pieces {
            let ends: Vec<String> = match piece {
                Piece::Literal(text) => vec![text.clone()],
                Piece::Matches(node) => {
                    let Some(Node::Search(search)) = self.content.nodes.get(*node) else { return Ok(Vec::new()) };
                    let text = |(file, found): (usize, Found)| {
                        String::from_utf8_lossy(&self.subject.files[file].bytes[found.start..found.end]).into_owned()
                    };
                    match self.matches(search) {
                        Ok(matches) => matches.into_iter().map(text).collect(),
                        // What is an error there leaves nothing to look for here.
                        Err(Why::NotUtf8(_)) => Vec::new(),
                        Err(why) => return Err(why),
                    }
                }
            };
            if texts.len() * ends.len() > MOST_BUILT {
                return Err(Why::TooLong);
            }
            texts = texts.iter().flat_map(|text| ends.iter().map(move |end| format!("{text}{end}"))).collect();
        }
        Ok(texts.into_iter().map(Pattern::from).collect())
    }

    /// Whether as many rules are found for the privileged programs as there are programs.
    fn of_programs(&self, meant: &SetId, matches: &[(usize, Found)]) -> Outcome {
        let Some(programs) = self.subject.programs else { return Outcome::unknown(Why::Programs) };
        let Some(programs) = self.meant(meant, programs) else { return Outcome::unknown(Why::TooLong) };
        // The scanner takes a path for a pattern, which has to match the path itself.
        let mut named: HashSet<&[u8]> = HashSet::new();
        for path in &programs {
            let pattern = Pattern::from(String::from_utf8_lossy(path).into_owned());
            match pattern.is_in(path) {
                None => return Outcome::unknown(Why::NoPattern(path.to_vec())),
                Some(true) => drop(named.insert(path)),
                Some(false) => {}
            }
        }
        let is_one = |(_, found): &&(usize, Found)| found.groups.iter().all(|group| named.contains(&group[..]));
        let of_programs: Vec<&(usize, Found)> = matches.iter().filter(is_one).collect();
        let holds = !of_programs.is_empty() && of_programs.len() == programs.len();
        if holds {
            let places = of_programs.iter().map(|found| self.place(found)).collect();
            return Outcome { holds: Some(true), places, why: Vec::new() };
        }
        let has_rule =
            |path: &&&[u8]| of_programs.iter().any(|(_, found)| found.groups.iter().any(|group| group == *path));
        let lacking = programs.iter().filter(|path| !has_rule(path)).map(|path| path.to_vec()).collect();
        let why = Why::OfPrograms { lacking, rules: of_programs.len(), all: programs.len() };
        Outcome { holds: Some(false), why: vec![why], places: Vec::new() }
    }

    /// Which of the programs are meant; none where telling that takes too long.
    fn meant<'p>(&self, meant: &SetId, programs: &'p [Vec<u8>]) -> Option<Vec<&'p [u8]>> {
        let mut found = Vec::new();
        for path in programs {
            let name = path.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
            let mut is_meant = meant.like.map_or(Some(true), |at| self.content.patterns.get(at)?.is_in(name))?;
            for at in &meant.not {
                is_meant &= !self.content.patterns.get(*at)?.is_in(path)?;
            }
            if is_meant {
                found.push(&path[..]);
            }
        }
        Some(found)
    }

    /// The line of a match; blanks in front of it, and the ends of lines among them, are no part of what is meant.
    fn place(&self, (file, found): &(usize, Found)) -> Place {
        let text = self.subject.files[*file].bytes;
        let blanks = text[found.start..found.end].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        let before = &text[..(found.start + blanks).min(text.len())];
        Place { file: *file, line: before.split(|byte| *byte == b'\n').count() }
    }
}

impl Outcome {
    fn known(holds: bool) -> Self {
        Self { holds: Some(holds), ..Self::default() }
    }

    fn unknown(why: Why) -> Self {
        Self { why: vec![why], ..Self::default() }
    }

    fn negated(self) -> Self {
        let why = if self.holds.is_none() { self.why } else { Vec::new() };
        Self { holds: self.holds.map(|holds| !holds), places: Vec::new(), why }
    }

    /// Both, where this is what is known then.
    fn because(mut self, other: Self, holds: Option<bool>) -> Self {
        self.holds = holds;
        self.places.extend(other.places);
        self.why.extend(other.why);
        self
    }
}
