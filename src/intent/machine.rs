//! For which machine rules are read.

use super::Location;
use crate::error::{Problem, RequestError};
use crate::request::{KernelChoice, Request};
use crate::rule::Machine;
use crate::tables::nearest::nearest;

/// The machine of this name, as `uname -m` gives it; the name stands at `pointer`.
///
/// # Errors
/// A name that auditctl does not know, with the nearest that it does.
pub fn machine_named(name: &str, pointer: &str) -> Result<Machine, Problem> {
    Machine::from_uname(name).ok_or_else(|| {
        let nearest = nearest(name, Machine::ALL.iter().map(|machine| machine.name)).map(str::to_owned);
        Problem::at_pointer(RequestError::UnknownMachine { name: name.to_owned(), nearest }.into(), pointer)
    })
}

/// The machine of the host that a request is about: `own`, or that of an image, by `arch`.
///
/// # Errors
/// An unknown name, and another machine than this one for the running host.
pub(super) fn machine_of(request: &Request, place: &Location, own: &Machine) -> Result<Machine, Problem> {
    let Some(name) = &request.arch else { return Ok(*own) };
    let machine = machine_named(name, "/arch")?;
    let is_running = place.is_live() || request.kernel == KernelChoice::Host;
    if is_running && !machine.is_same_as(own) {
        let error = RequestError::OtherMachine { named: machine.name, own: own.name };
        return Err(Problem::at_pointer(error.into(), "/arch"));
    }
    Ok(if is_running { *own } else { machine })
}
