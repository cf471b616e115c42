//! The story of `events` from the kernel: its records, heard for as long as the request says.

use std::time::Duration;

use super::run::Run;
use crate::error::{PolicyError, Problem};
use crate::kernel::listener::RECEIVE_BUFFER;
use crate::kernel::{Access, Errno, Heard, KernelError, Listener, ReadLog, Trace, Traced};
use crate::records::{MOST_WAIT, Record, RecordType};
use crate::report::recorded::{LatencyReport, ListeningReport, LostReport};
use crate::rules_d::{Root, is_initial_network};
use crate::world::World;

/// How long is waited for a record before a look for signals.
const LOOK: Duration = Duration::from_millis(100);
/// How many records are heard before one.
const RECORDS_BETWEEN: u64 = 1024;
/// Without a record for so long, no more records of an event come.
const QUIET: Duration = Duration::from_millis(MOST_WAIT);
/// Latencies of so many milliseconds, and more, are counted alike.
const MOST_LATENCY: usize = 10_000;

/// Begins to listen; `trace` gets every datagram that comes.
///
/// # Errors
/// Where the kernel sends no records to this process, with the remedy.
pub fn listener(trace: Option<Trace<'_>>) -> Result<ReadLog<Traced<'_>>, Vec<Problem>> {
    let refused = |error: PolicyError| vec![Problem::at_pointer(error.into(), "/source")];
    if is_initial_network() == Some(false) {
        return Err(refused(PolicyError::NoKernel {
            why: "the kernel sends records in the network namespace of the host's first process alone, and this process is \
                  in another one"
                .to_owned(),
            remedy: Some("run it there: nsenter --net --target 1".to_owned()),
        }));
    }
    ReadLog::open(trace).map_err(|error| match error {
        KernelError::Transport { call: "bind", errno: Errno::EPERM | Errno::EACCES } => refused(PolicyError::Denied {
            why: "the kernel does not send records to this process".to_owned(),
            remedy: Some("it takes CAP_AUDIT_READ in the user namespace of the host: run it as root".to_owned()),
        }),
        other => vec![Problem::from(other)],
    })
}

/// What was heard besides events.
struct Heeded {
    latencies: Vec<u64>,
    overruns: u64,
    records: u64,
}

impl Run<'_, '_> {
    /// Listens for so long, or until enough was kept, or a signal came. What was heard until then is told.
    ///
    /// # Errors
    /// What keeps the kernel from being heard.
    pub(super) fn listen(
        &mut self,
        listener: &mut dyn Listener,
        longest: Duration,
        world: &mut World<'_>,
    ) -> Result<(), Problem> {
        self.own_pid = Some(std::process::id());
        let before = match &world.access {
            Some(Ok(Access::Managed(status))) => Some(*status),
            _ => None,
        };
        let mut heeded = Heeded { latencies: vec![0; MOST_LATENCY + 1], overruns: 0, records: 0 };
        let begin = listener.now();
        let (mut now, mut last) = (begin, begin);
        while now < begin + longest && !self.is_done() {
            let wait = LOOK.min((begin + longest).saturating_sub(now));
            let heard = listener.next(wait)?;
            let is_silent = heard == Heard::Silence;
            match heard {
                Heard::Record { number, text, came } => {
                    heeded.records += 1;
                    match Record::of_kernel(RecordType(number.into()), text) {
                        Ok(record) => {
                            heeded.add_latency(came, &record);
                            let _ = self.take_record(&record);
                        }
                        Err(malformed) => self.take_malformed("kernel", heeded.records, &malformed),
                    }
                }
                Heard::Loss => heeded.overruns += 1,
                Heard::Silence if now.saturating_sub(last) >= QUIET => self.take_rest(),
                Heard::Silence => {}
            }
            now = listener.now();
            if is_silent || heeded.records % RECORDS_BETWEEN == 0 {
                self.stopped = self.stopped.or_else(|| (world.interrupted)());
            }
            if !is_silent {
                last = now;
            }
        }
        self.take_rest();
        let after = world.kernel.as_mut().and_then(|kernel| kernel.status().ok());
        let root = Root::open(&world.root).ok();
        let pid = after.map(|status| status.pid).filter(|pid| *pid != 0);
        let processes = root.as_ref().filter(|_| pid.is_some()).map(Root::processes).unwrap_or_default();
        let dropped = root.and_then(|root| root.dropped_datagrams(listener.port()));
        self.recorded.listening = Some(ListeningReport {
            milliseconds: u64::try_from(now.saturating_sub(begin).as_millis()).unwrap_or(u64::MAX),
            own_events: self.own_events,
            own_records: self.own_records,
            socket_drops: dropped.unwrap_or(heeded.overruns),
            kernel_lost: before.zip(after).map(|(before, after)| LostReport { before: before.lost, after: after.lost }),
            receive_buffer_asked: RECEIVE_BUFFER,
            receive_buffer: listener.receive_buffer(),
            latency: heeded.latency(),
            enabled: after.map(|status| status.enabled),
            rate_limit: after.map(|status| status.rate_limit),
            pid,
            process: processes.into_iter().find(|process| Some(process.pid) == pid).map(|process| process.name),
        });
        Ok(())
    }
}

impl Heeded {
    fn add_latency(&mut self, came: Duration, record: &Record<'_>) {
        let made = Duration::from_millis(record.stamp.in_milliseconds());
        let late = usize::try_from(came.saturating_sub(made).as_millis()).unwrap_or(MOST_LATENCY);
        if let Some(count) = self.latencies.get_mut(late.min(MOST_LATENCY)) {
            *count += 1;
        }
    }

    /// The median, and what 99 of 100 records stayed below.
    fn latency(&self) -> Option<LatencyReport> {
        let all: u64 = self.latencies.iter().sum();
        let within = |percent: u64| {
            let wanted = (all * percent).div_ceil(100);
            let mut seen = 0;
            self.latencies.iter().position(|count| {
                seen += count;
                seen >= wanted
            })
        };
        (all > 0).then(|| LatencyReport { p50_ms: within(50).unwrap_or(0), p99_ms: within(99).unwrap_or(0) })
    }
}
