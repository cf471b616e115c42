//! What a request to prove rules means.

use std::time::Duration;

use super::goal::checked_name;
use super::{GatherIntent, Location, RequestLine, bad_lines, request_lines};
use crate::error::Problem;
use crate::request::Request;
use crate::request::keys::{not_used, unused};
use crate::rule::Machine;

/// How long is waited for the last record where the request does not say, in seconds.
const SECONDS: u32 = 2;

/// A question whether rules record.
#[derive(Debug, Clone)]
pub struct ProveIntent {
    /// What is asked of the host before.
    pub host: GatherIntent,
    /// Which rules are meant.
    pub meant: Meant,
    /// How long is waited for the last record.
    pub wait: Duration,
    /// Whether the records of each proof are told too.
    pub records: bool,
    /// Nothing is done: it is told what would be.
    pub check_mode: bool,
}

/// Which rules are meant.
#[derive(Debug, Clone)]
pub enum Meant {
    /// All that are loaded.
    Loaded,
    /// Those of these lines.
    Lines(Vec<RequestLine>),
    /// Those of the drop-in with this file name.
    DropIn(String),
    /// Those with these keys.
    Keys(Vec<String>),
}

impl ProveIntent {
    /// What a request to prove rules means.
    ///
    /// # Errors
    /// Every problem found.
    pub fn of(request: &Request, machine: &Machine) -> Result<Self, Vec<Problem>> {
        let mut problems = unused(request);
        let place = Location::of(request).map_err(|more| problems.extend(more)).ok();
        let meant = if request.rules.is_some() {
            let lines = request_lines(request.rules.as_ref(), "/rules", machine, &mut problems);
            problems.extend(bad_lines(&lines.iter().collect::<Vec<_>>(), machine));
            problems.extend(request.name.as_ref().map(|_| not_used("name", "rules")));
            problems.extend((!request.keys.is_empty()).then(|| not_used("keys", "rules")));
            Meant::Lines(lines)
        } else if let Some(name) = &request.name {
            problems.extend((!request.keys.is_empty()).then(|| not_used("keys", "name")));
            let name = checked_name(name, "/name", &mut problems);
            Meant::DropIn(name.map(|name| name.file_name().to_string_lossy().into_owned()).unwrap_or_default())
        } else if request.keys.is_empty() {
            Meant::Loaded
        } else {
            Meant::Keys(request.keys.clone())
        };
        match place {
            Some(place) if problems.is_empty() => Ok(Self {
                host: GatherIntent::of_host(place, *machine),
                meant,
                wait: Duration::from_secs(request.seconds.unwrap_or(SECONDS).into()),
                records: request.records,
                check_mode: request.check_mode,
            }),
            _ => Err(problems),
        }
    }
}
