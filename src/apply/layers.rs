//! Which layers a run converges on this host.

use crate::desired::Warning;
use crate::error::{PolicyError, Problem};
use crate::intent::ApplyIntent;
use crate::kernel::Access;
use crate::request::{KernelChoice, Target as Layer};
use crate::rules_d::Elsewhere;
use crate::world::World;

/// Which layers a run converges.
pub(super) struct Layers {
    /// The files.
    pub files: bool,
    /// The kernel.
    pub kernel: bool,
    /// Why the kernel is not.
    pub unmanaged: Option<String>,
    /// What is worth a sentence of that.
    pub warning: Option<Warning>,
}

/// Which layers the request can and should converge on this host.
pub(super) fn of(intent: &ApplyIntent, world: &World<'_>) -> Result<Layers, Vec<Problem>> {
    let files = intent.target != Layer::Runtime;
    let only_files =
        |why: &str| Ok(Layers { files: true, kernel: false, unmanaged: Some(why.to_owned()), warning: None });
    if intent.target == Layer::Filesystem {
        return only_files("target: filesystem");
    }
    if !intent.place.is_live() {
        return only_files("another root directory: files only");
    }
    match &world.access {
        Some(Ok(Access::Managed(_))) => match world.standing.elsewhere {
            Some(why) if intent.kernel == KernelChoice::Auto => elsewhere(intent, why),
            _ => Ok(Layers { files, kernel: true, unmanaged: None, warning: None }),
        },
        Some(Ok(Access::Absent(why, _))) if intent.target == Layer::Auto => only_files(&why.message()),
        Some(Ok(Access::Absent(why, _))) => {
            Err(vec![PolicyError::NoKernel { why: why.message(), remedy: None }.into_problem()])
        }
        Some(Ok(Access::Denied(why, _))) => {
            Err(vec![PolicyError::Denied { why: why.message(), remedy: why.hint() }.into_problem()])
        }
        Some(Err(error)) => Err(vec![error.clone().into()]),
        None => only_files("the kernel was not asked"),
    }
}

/// The kernel answers, and the files that we see may not be those of its host.
fn elsewhere(intent: &ApplyIntent, why: Elsewhere) -> Result<Layers, Vec<Problem>> {
    let problem = PolicyError::NoKernel { why: why.message(), remedy: why.hint() }.into_problem();
    if intent.target != Layer::Auto {
        return Err(vec![problem]);
    }
    let unmanaged = Some(problem.sentence());
    Ok(Layers { files: true, kernel: false, unmanaged, warning: Some(Warning::Tolerated(Box::new(problem))) })
}
