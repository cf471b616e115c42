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

impl fmt::Display for Pointer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => Ok(()),
            Self::Key(parent, key) => write!(f, "{parent}/{}", key.replace('~', "~0").replace('/', "~1")),
            Self::Entry(parent, at) => write!(f, "{parent}/{at}"),
        }
    }
}
