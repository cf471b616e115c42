//! What a request to gather means: checked, without the spelling of JSON.

use super::lint::lint_only;
use super::{Location, WishIntent, not_used};
use crate::error::Problem;
use crate::request::{Control, Details, KernelChoice, OnDrift, Ordering, Request, Source, State, Target};
use crate::rule::Machine;

/// A question about a host.
#[derive(Debug, Clone)]
pub struct Inquiry {
    /// Which sources to read.
    pub source: Source,
    /// Where the files are.
    pub place: Location,
    /// Which kernel is meant.
    pub kernel: KernelChoice,
    /// How much of the order in the kernel matters.
    pub ordering: Ordering,
    /// What to do with a difference.
    pub on_drift: OnDrift,
    /// Whether the report has the rules one by one.
    pub details: bool,
    /// What the host is held against.
    pub wish: Option<WishIntent>,
}

impl Inquiry {
    /// What a request to gather means.
    ///
    /// # Errors
    /// Every problem found.
    pub fn of(request: &Request, machine: &Machine) -> Result<Self, Vec<Problem>> {
        let mut problems = unused(request);
        let wish = request.expect.as_ref().map(|said| WishIntent::of(said, request.ordering, machine)).transpose();
        let wish = wish.unwrap_or_else(|more| {
            problems.extend(more);
            None
        });
        if wish.is_some() && request.source == Source::Runtime {
            problems.push(Problem::at_pointer(not_used("expect", "source: runtime"), "/expect"));
        }
        if request.kernel == KernelChoice::Host && request.source == Source::Filesystem {
            problems.push(Problem::at_pointer(not_used("kernel", "source: filesystem"), "/kernel"));
        }
        let (source, kernel) = (request.source, request.kernel);
        match Location::of(request) {
            Ok(place) if problems.is_empty() => Ok(Self {
                source,
                place,
                kernel,
                ordering: request.ordering,
                on_drift: request.on_drift,
                details: request.details.0,
                wish,
            }),
            place => {
                problems.extend(place.err().into_iter().flatten());
                Err(problems)
            }
        }
    }

    /// What is asked of the host by a request to explain events by what it holds.
    ///
    /// # Errors
    /// A place that is none.
    pub fn of_events(request: &Request) -> Result<Self, Vec<Problem>> {
        let place = Location::of(request)?;
        let (source, kernel) = (request.source, request.kernel);
        Ok(Self {
            source,
            place,
            kernel,
            ordering: Ordering::Ignore,
            on_drift: OnDrift::Report,
            details: true,
            wish: None,
        })
    }

    /// Whether the running kernel is to be asked.
    #[must_use]
    pub fn asks_kernel(&self) -> bool {
        self.source != Source::Filesystem && (self.place.is_live() || self.kernel == KernelChoice::Host)
    }
}

/// Keys of other operations.
fn unused(request: &Request) -> Vec<Problem> {
    let given = [
        ("state", request.state != State::default()),
        ("name", request.name.is_some()),
        ("rules", request.rules.is_some()),
        ("control", request.control != Control::default()),
        ("drop_ins", request.drop_ins.is_some()),
        ("target", request.target != Target::default()),
        ("purge", request.purge),
        ("keep", !request.keep.is_empty()),
        ("snapshot", request.snapshot.is_some()),
        ("force", request.force),
        ("adopt", request.adopt),
        ("arch", request.arch.is_some()),
        ("event", request.event.is_some()),
    ];
    let superfluous = given.into_iter().chain(lint_only(request)).filter(|(_, given)| *given);
    superfluous.map(|(key, _)| Problem::at_pointer(not_used(key, "operation: gather"), &format!("/{key}"))).collect()
}

/// Keys of `gather` alone, for the operations that have no use for them.
pub(super) fn gather_only(request: &Request) -> [(&'static str, bool); 4] {
    [
        ("details", request.details != Details::default()),
        ("source", request.source != Source::default()),
        ("on_drift", request.on_drift != OnDrift::default()),
        ("expect", request.expect.is_some()),
    ]
}
