//! The kernel's count of lost records, and setting it back to zero.

use super::layers::Layers;
use super::{Applied, End};
use crate::desired::Warning;
use crate::error::{PolicyError, Problem};
use crate::intent::ApplyIntent;
use crate::plan::KernelState;
use crate::world::World;

/// Where a request resets the count: that there is a kernel that can.
pub(super) fn check(intent: &ApplyIntent, layers: &Layers, kernel: Option<&KernelState>) -> Result<(), Vec<Problem>> {
    let error = match kernel {
        _ if !intent.reset_lost => return Ok(()),
        Some(kernel) if kernel.status.resets_lost() => return Ok(()),
        Some(_) => PolicyError::Unsupported { what: "reset its count of lost records" },
        None => PolicyError::NoKernel { why: layers.unmanaged.clone().unwrap_or_default(), remedy: None },
    };
    Err(vec![Problem::at_pointer(error.into(), "/reset_lost")])
}

impl Applied {
    /// Resets the count, where the request says so and what it asks for is there; a locked kernel does that too. Where the
    /// kernel refuses, that is a warning: all else is as declared.
    pub(super) fn reset_lost(&mut self, intent: &ApplyIntent, world: &mut World<'_>) {
        let is_good = matches!(self.end, End::Unchanged(_) | End::Applied(_)) && !intent.check_mode;
        let Some(kernel) = world.kernel.as_mut().filter(|_| intent.reset_lost && is_good) else { return };
        match kernel.reset_lost() {
            Ok(lost) => self.lost = Some(lost),
            Err(error) => self.warnings.push(Warning::LostNotReset { problem: error.into() }),
        }
    }
}
