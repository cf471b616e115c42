//! Errors in words: the one place where prose is made of the data that errors hold.

pub mod file;
