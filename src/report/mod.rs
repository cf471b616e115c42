//! Reports: the shapes of the JSON that goes out.

pub mod explain;
