//! Lines that a missing newline has made of two.

use crate::boot_load::{Failing, LoadLine};
use crate::error::{PolicyError, Problem, What};
use crate::lines::Obstacle;

/// What is wrong with a failing line that a missing newline has made of two: that comes before what is wrong with it as
/// one line.
pub fn error(lines: &[LoadLine], failing: &Failing, why: &Obstacle) -> Option<What> {
    let line = lines.iter().find(|line| line.spots.first() == Some(&failing.spot) && line.text == failing.text)?;
    let [_, second, ..] = line.spots.as_slice() else { return None };
    let why = Problem::from(why.what()).message();
    Some(PolicyError::RunTogether { second: second.to_string(), why }.into())
}
