//! What a request to gather means: checked, without the spelling of JSON.

use super::{ExpectIntent, Location, machine_of};
use crate::error::{Problem, RequestError};
use crate::request::keys::{not_used, unused};
use crate::request::{KernelChoice, OnDrift, Ordering, Request, RulesFile, Source};
use crate::rule::Machine;

/// A question about a host.
#[derive(Debug, Clone)]
pub struct GatherIntent {
    /// Which sources to read.
    pub source: Source,
    /// Where the files are.
    pub place: Location,
    /// Which kernel is meant.
    pub kernel: KernelChoice,
    /// Whose rules they are: this machine, or that of an image.
    pub machine: Machine,
    /// How much of the order in the kernel matters.
    pub ordering: Ordering,
    /// What to do with a difference.
    pub on_drift: OnDrift,
    /// Whether the report has the rules one by one.
    pub details: bool,
    /// What the host is held against.
    pub expect: Option<ExpectIntent>,
    /// Whether to say who made the differences.
    pub culprit: bool,
    /// What is given as a request to apply.
    pub export: Exported,
    /// The files of the audit log; none: that of the host.
    pub log_files: Vec<RulesFile>,
}

/// What of a host is given as a request to apply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exported {
    /// Nothing.
    Nothing,
    /// Its drop-ins.
    DropIns,
    /// These, and one more of what stands in none.
    WithAdopted,
}

impl GatherIntent {
    /// What a request to gather means.
    ///
    /// # Errors
    /// Every problem found.
    pub fn of(request: &Request, own: &Machine) -> Result<Self, Vec<Problem>> {
        let mut problems = unused(request);
        let place = Location::of(request).map_err(|more| problems.extend(more)).ok();
        let machine = match place.as_ref().map(|place| machine_of(request, place, own)) {
            Some(Ok(machine)) => machine,
            Some(Err(problem)) => {
                problems.push(problem);
                *own
            }
            None => *own,
        };
        let expect = request.expect.as_ref().map(|said| {
            ExpectIntent::of(said, request.ordering, place.as_ref(), &machine)
                .map_err(|more| problems.extend(more))
                .ok()
        });
        if request.expect.is_some() && request.source == Source::Runtime {
            problems.push(not_used("expect", "source: runtime"));
        }
        if request.kernel == KernelChoice::Host && request.source == Source::Filesystem {
            problems.push(not_used("kernel", "source: filesystem"));
        }
        if request.culprit && request.source != Source::Both {
            problems.push(not_used("culprit", &format!("source: {}", request.source.text())));
        }
        if request.export && request.source == Source::Runtime {
            problems.push(not_used("export", "source: runtime"));
        }
        if request.adopt && !request.export {
            problems.push(not_used("adopt", "export: false"));
        }
        if !request.files.is_empty() && !request.culprit {
            problems.push(Problem::at_pointer(RequestError::Needed { key: "culprit", by: "files" }.into(), ""));
        }
        problems.extend(super::lint::of_files(&request.files));
        match place {
            Some(place) if problems.is_empty() => Ok(Self {
                source: request.source,
                place,
                machine,
                kernel: request.kernel,
                ordering: request.ordering,
                on_drift: request.on_drift,
                details: request.details.0,
                expect: expect.flatten(),
                culprit: request.culprit,
                export: match (request.export, request.adopt) {
                    (false, _) => Exported::Nothing,
                    (true, false) => Exported::DropIns,
                    (true, true) => Exported::WithAdopted,
                },
                log_files: request.files.clone(),
            }),
            _ => Err(problems),
        }
    }

    /// All that a host holds, of which no more is asked.
    #[must_use]
    pub fn of_host(place: Location, machine: Machine) -> Self {
        Self {
            source: Source::Both,
            place,
            kernel: KernelChoice::Auto,
            machine,
            ordering: Ordering::Ignore,
            on_drift: OnDrift::Report,
            details: true,
            expect: None,
            culprit: false,
            export: Exported::Nothing,
            log_files: Vec::new(),
        }
    }

    /// What is asked of the host by a request to explain events by what it holds.
    ///
    /// # Errors
    /// A place that is none.
    pub fn of_events(request: &Request, own: &Machine) -> Result<Self, Vec<Problem>> {
        let place = Location::of(request)?;
        let machine = machine_of(request, &place, own).map_err(|problem| vec![problem])?;
        Ok(Self { source: request.source, kernel: request.kernel, ..Self::of_host(place, machine) })
    }

    /// Whether the running kernel is to be asked.
    #[must_use]
    pub fn asks_kernel(&self) -> bool {
        self.source != Source::Filesystem && (self.place.is_live() || self.kernel == KernelChoice::Host)
    }
}
