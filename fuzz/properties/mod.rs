//! What holds for any bytes at all. Each module has one function, `hold`, that panics where it does not: the fuzz
//! targets call it with what they make up, `tests/fuzz_corpus.rs` with what they kept.

pub mod merge;
pub mod merge_script;
pub mod records;
pub mod request;
pub mod rule_line;
pub mod wire;
