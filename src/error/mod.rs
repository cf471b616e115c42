//! Problems as data, and the one place where they become sentences.

mod by_cause;
pub mod file;
mod hint;
pub mod kernel;
pub mod line;
pub mod note;
mod policy;
mod request;
mod rule_object;
pub mod verdict;

pub use by_cause::{by_cause, same_in};
pub use hint::Hint;
pub use policy::PolicyError;
pub use request::{ProductOf, RequestError};
pub use rule_object::BadRuleObject;

use std::rc::Rc;

use crate::auditctl::LineError;
use crate::kernel::KernelError;
use crate::rules_d::{FileError, NameError};

/// One problem with its place.
#[derive(Debug, Clone, PartialEq)]
pub struct Problem {
    /// What is wrong.
    pub what: What,
    /// Where.
    pub place: Box<Place>,
    /// A check mode has found it, where the request could say that earlier tasks make what is missing.
    pub is_of_check: bool,
}

/// What is wrong, by the layer that found it.
#[derive(Debug, Clone, PartialEq)]
pub enum What {
    /// The request is not of the form that the schema gives.
    Request(RequestError),
    /// A rule line is not what auditctl takes.
    Line(Rc<LineError>),
    /// The request is well formed but cannot be done on this host.
    Policy(PolicyError),
    /// A file or directory.
    File(FileError),
    /// The name of a drop-in.
    Name(NameError),
    /// The kernel.
    Kernel(KernelError),
}

/// Where a problem is. Every part that is known is given.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Place {
    /// JSON pointer into the request (RFC 6901).
    pub pointer: Option<Rc<str>>,
    /// The rule's text.
    pub rule: Option<Rc<str>>,
    /// The file.
    pub file: Option<Rc<str>>,
    /// The line in the file or in the given text, from 1.
    pub line: Option<usize>,
    /// How many other lines have the same problem for the same cause.
    pub more: usize,
}

impl<T: Into<What>> From<T> for Problem {
    fn from(what: T) -> Self {
        Self { what: what.into(), place: Box::default(), is_of_check: false }
    }
}

/// Lets each layer's errors become a [`What`].
macro_rules! from_layer {
    ($($layer:ty => $variant:ident,)+) => {
        $(impl From<$layer> for What {
            fn from(error: $layer) -> Self {
                Self::$variant(error)
            }
        })+
    };
}

from_layer! {
    RequestError => Request,
    PolicyError => Policy,
    FileError => File,
    NameError => Name,
    KernelError => Kernel,
}

impl From<LineError> for What {
    fn from(error: LineError) -> Self {
        Self::Line(Rc::new(error))
    }
}

impl From<Rc<LineError>> for What {
    fn from(error: Rc<LineError>) -> Self {
        Self::Line(error)
    }
}

impl Problem {
    /// A problem at a place of the request.
    #[must_use]
    pub fn at_pointer(what: What, pointer: &str) -> Self {
        let place = Place { pointer: Some(pointer.into()), ..Place::default() };
        Self { what, place: Box::new(place), is_of_check: false }
    }

    /// A problem at a place.
    #[must_use]
    pub fn at(what: impl Into<What>, place: Place) -> Self {
        Self { what: what.into(), place: Box::new(place), is_of_check: false }
    }

    /// The same, where the part of the request that it was found in stands at `pointer`.
    #[must_use]
    pub fn inside(mut self, pointer: &str) -> Self {
        self.place.pointer = self.place.pointer.map(|inner| format!("{pointer}{inner}").into());
        self
    }

    /// The stable name of this kind of problem.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match &self.what {
            What::Request(error) => error.kind(),
            What::Line(error) => error.kind(),
            What::Policy(error) => error.kind(),
            What::File(error) => error.kind(),
            What::Name(error) => error.kind(),
            What::Kernel(error) => error.kind(),
        }
    }

    /// The problem as a sentence, without its place.
    #[must_use]
    pub fn message(&self) -> String {
        match &self.what {
            What::Request(error) => error.message(),
            What::Line(error) => error.what.message(),
            What::Policy(error) => error.message(),
            What::File(error) => error.message(),
            What::Name(error) => error.message(),
            What::Kernel(error) => error.message(),
        }
    }

    /// The same, where a check mode has found it and the request could say that earlier tasks make what is missing.
    #[must_use]
    pub fn of_check(self) -> Self {
        Self { is_of_check: true, ..self }
    }

    /// What may help.
    #[must_use]
    pub fn hint(&self) -> Option<Hint> {
        let hint = self.hint_by_itself();
        match hint {
            Some(Hint::UntilThere { what, .. }) => Some(Hint::UntilThere { what, is_check: self.is_of_check }),
            hint => hint,
        }
    }

    fn hint_by_itself(&self) -> Option<Hint> {
        match &self.what {
            What::Request(error) => error.hint(),
            What::Line(error) => error.hint(),
            What::Policy(error) => error.hint(),
            What::File(error) => error.hint(),
            What::Name(error) => error.hint(),
            What::Kernel(error) => error.hint().map(Hint::Say),
        }
    }

    /// The kernel's or operating system's name of the error, where there is one: `EPERM`.
    #[must_use]
    pub fn errno(&self) -> Option<String> {
        match &self.what {
            What::Policy(error) => error.errno(),
            What::File(error) => error.errno().map(|errno| format!("{errno:?}")),
            What::Kernel(error) => error.errno().map(|errno| format!("{errno:?}")),
            What::Request(_) | What::Line(_) | What::Name(_) => None,
        }
    }

    /// The byte column of the word at fault, from 1, where it is known.
    #[must_use]
    pub fn column(&self) -> Option<usize> {
        match &self.what {
            What::Line(error) => Some(error.column + 1),
            _ => None,
        }
    }

    /// The problem with its place, on one line, for people.
    #[must_use]
    pub fn sentence(&self) -> String {
        let place = &self.place;
        let at = match (&place.file, place.line, &place.pointer) {
            (Some(file), Some(line), _) => format!("{file}:{line}: "),
            (Some(file), None, _) => format!("{file}: "),
            (None, Some(line), Some(pointer)) => format!("{pointer} line {line}: "),
            (None, _, Some(pointer)) if !pointer.is_empty() => format!("{pointer}: "),
            _ => String::new(),
        };
        format!("{at}{}", self.words())
    }

    /// The problem without its place: message, rule and hint.
    #[must_use]
    pub fn words(&self) -> String {
        let rule = self.place.rule.as_ref().map_or_else(String::new, |rule| format!(" in `{rule}`"));
        let hint = self.hint().map_or_else(String::new, |hint| format!(" ({hint})"));
        format!("{}{}{rule}{hint}", self.message(), same_in(self.place.more))
    }
}
