//! A place in a JSON document.

use std::fmt;

/// A place in a JSON document, as the way to it; written out as a JSON pointer (RFC 6901) only where it is needed.
#[derive(Debug, Clone, Copy)]
pub enum Pointer<'a> {
    /// The whole document.
    Root,
    /// A key of an object.
    Key(&'a Pointer<'a>, &'a str),
    /// An entry of an array, from 0.
    Entry(&'a Pointer<'a>, usize),
}

/// A key as it stands in a pointer.
#[must_use]
pub fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

impl fmt::Display for Pointer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => Ok(()),
            Self::Key(parent, key) => write!(f, "{parent}/{}", escaped(key)),
            Self::Entry(parent, at) => write!(f, "{parent}/{at}"),
        }
    }
}
