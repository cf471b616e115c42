//! One run over recorded events: records in, counts and the first events out.

use std::ops::ControlFlow;

use super::{Each, place_in_file};
use crate::auditctl::Accounts;
use crate::desired::Warning;
use crate::error::Place;
use crate::events::{Attribution, DecidingRules, Facts, Filter, Replay, Replayed, Tally};
use crate::explain::{Placed, Policy};
use crate::gather::logs::{Content, Log};
use crate::intent::{EventsIntent, GivenPolicy, RequestLine};
use crate::records::{Assembler, Defect, Malformed, Record, RecordedEvent};
use crate::report::Report;
use crate::report::event::DecidingRule;
use crate::report::recorded::{
    AccountNames, LogReport, MalformedReport, PauditdEvent, Recorded, RecordedEventReport, line_of_output,
};
use crate::request::Format;
use crate::rules_d::{FileError, LogLine, LogRead, OutputFile, lines_of_text};

/// How many lines that are no record are told.
const MOST_MALFORMED: usize = 10;
/// How much of each is told, in bytes.
const MOST_TEXT: usize = 500;
/// How many events of each kind are examples of what a policy would change.
const MOST_EXAMPLES: u64 = 5;
/// How many lines are read before it is asked whether to stop.
const LINES_BETWEEN: u64 = 4096;

/// One run over recorded events.
pub struct Run<'a, 'e> {
    intent: &'a EventsIntent,
    filter: Filter,
    names: AccountNames,
    policy: Option<Policy>,
    /// The host's rules, to which events are attributed.
    deciding: Option<DecidingRules>,
    /// The policy of the request.
    replay: Option<Replay>,
    assembler: Assembler,
    pub(super) recorded: Recorded,
    output: Option<OutputFile<'a>>,
    each: Option<Each<'e>>,
    /// Nobody wants more events.
    is_enough: bool,
    /// This process, where what it does itself is left out.
    pub(super) own_pid: Option<u32>,
    pub(super) own_events: u64,
    pub(super) own_records: u64,
    /// Why the output cannot be written.
    failed: Option<FileError>,
    lines: u64,
    /// The signal that asked to stop.
    pub(super) stopped: Option<&'static str>,
}

impl<'a, 'e> Run<'a, 'e> {
    /// Over the events that the filter keeps, by the rules of the policy.
    pub fn new(
        intent: &'a EventsIntent,
        filter: Filter,
        accounts: &Accounts,
        policy: Option<Policy>,
        output: Option<OutputFile<'a>>,
        each: Option<Each<'e>>,
    ) -> Self {
        let rules = policy.as_ref().map(|policy| policy.rules.iter().map(|placed| placed.rule.clone()).collect());
        let rules = rules.map(DecidingRules::new);
        let is_replay = intent.policy.is_some();
        let has_rules = rules.is_some() && !is_replay;
        let (deciding, replay) = if is_replay { (None, rules.map(|rules| Replay { rules })) } else { (rules, None) };
        Self {
            intent,
            filter,
            names: AccountNames::of_host(accounts),
            policy,
            deciding,
            replay,
            assembler: Assembler::new(),
            recorded: Recorded {
                is_replay,
                has_rules,
                extra_attributes: intent.extra_attributes.clone(),
                ..Recorded::default()
            },
            output,
            each,
            is_enough: false,
            own_pid: None,
            own_events: 0,
            own_records: 0,
            failed: None,
            lines: 0,
            stopped: None,
        }
    }

    /// Reads the logs. A signal ends that: what was read until then is told.
    pub fn read(&mut self, logs: Vec<Log<'_>>, interrupted: &mut dyn FnMut() -> Option<&'static str>) {
        for Log { name, content } in logs {
            let mut each = |line: LogLine<'_>| {
                self.lines += 1;
                if self.lines % LINES_BETWEEN == 0 {
                    self.stopped = interrupted();
                }
                if self.stopped.is_some() { ControlFlow::Break(()) } else { self.take_line(&name, line) }
            };
            let LogRead { bytes, lines, compression, damage } = match content {
                Content::Text(text) => lines_of_text(text.as_bytes(), &mut each),
                Content::File(file) => file.each_line(&mut each),
            };
            self.recorded.logs.push(LogReport { file: name, lines, bytes, compression, damage });
            if self.is_done() {
                return;
            }
        }
        self.take_rest();
    }

    /// Whether enough was read.
    pub(super) fn is_done(&self) -> bool {
        let kept = self.recorded.tally.kept.events;
        self.failed.is_some()
            || self.stopped.is_some()
            || self.is_enough
            || self.intent.count.is_some_and(|count| kept >= count)
    }

    fn take_line(&mut self, file: &str, line: LogLine<'_>) -> ControlFlow<()> {
        let read = if line.is_cut {
            Err(Malformed { text: line.text, defect: Defect::TooLong })
        } else {
            Record::of_line(line.text)
        };
        match read {
            Ok(record) => self.take_record(&record),
            // Such a line of a file that is being written goes on later.
            Err(_) if !line.has_end || line.text.trim_ascii().is_empty() => ControlFlow::Continue(()),
            Err(malformed) => {
                self.take_malformed(file, line.number, &malformed);
                ControlFlow::Continue(())
            }
        }
    }

    pub(super) fn take_record(&mut self, record: &Record<'_>) -> ControlFlow<()> {
        self.assembler.add(record);
        self.take_events()
    }

    /// Counts what is no record, and tells the first.
    pub(super) fn take_malformed(&mut self, source: &str, number: u64, Malformed { text, defect }: &Malformed<'_>) {
        self.recorded.malformed += 1;
        if self.recorded.malformed_lines.len() < MOST_MALFORMED {
            let text = String::from_utf8_lossy(text.get(..MOST_TEXT).unwrap_or(text)).into_owned();
            let (file, defect) = (source.to_owned(), defect.name());
            self.recorded.malformed_lines.push(MalformedReport { file, line: number, defect, text });
        }
    }

    /// Takes the events that wait for records: no more will come.
    pub(super) fn take_rest(&mut self) {
        self.assembler.finish();
        let _ = self.take_events();
    }

    fn take_events(&mut self) -> ControlFlow<()> {
        while let Some(event) = self.assembler.next_event() {
            self.take_event(&event);
            self.assembler.give_back(event);
            if self.is_done() {
                return ControlFlow::Break(());
            }
        }
        ControlFlow::Continue(())
    }

    fn take_event(&mut self, event: &RecordedEvent) {
        let at = event.stamp.in_milliseconds();
        let (since, until) = self.intent.times;
        if since.is_some_and(|since| at < since) || until.is_some_and(|until| at > until) {
            return;
        }
        let facts = Facts::of(event);
        if self.own_pid.is_some() && facts.process.pid == self.own_pid {
            self.own_events += 1;
            self.own_records += event.came_as();
            return;
        }
        if !self.filter.keeps(&facts) {
            return;
        }
        let attribution = self.deciding.as_mut().map(|rules| rules.attribute(&facts));
        let would_be = self.replay.as_mut().and_then(|replay| replay.of(&facts));
        let rule = match attribution {
            Some(Attribution::Rule(at)) => Some(at),
            _ => would_be.as_ref().and_then(|would_be| would_be.rule),
        };
        self.recorded.tally.add(&facts, attribution, would_be.as_ref());
        let is_told = self.recorded.events.len() < self.intent.limit;
        let is_example = would_be.as_ref().is_some_and(|would_be| is_example(&self.recorded.tally, would_be.what));
        let said = &self.intent.extra_attributes;
        let is_written = self.output.is_some() && self.intent.format != Format::Pauditd;
        if is_told || is_example || is_written || self.each.is_some() {
            let mut report = RecordedEventReport::of(&facts, &self.names);
            if self.intent.records {
                report = report.with_records(&facts);
            }
            report.rule = rule.and_then(|at| self.rule(at));
            report.replayed = would_be.as_ref().map(|would_be| word(would_be.what));
            if is_written {
                self.write(line_of_output(&report, said));
            }
            if let Some(each) = &mut self.each {
                self.is_enough = !each(&report);
            }
            if is_example {
                self.recorded.examples.push(report.clone());
            }
            if is_told {
                self.recorded.events.push(report);
            }
        }
        if self.output.is_some() && !is_written {
            self.write(line_of_output(&PauditdEvent::of(&facts, &self.names), said));
        }
    }

    fn write(&mut self, line: Option<Vec<u8>>) {
        if let (Some(output), Some(line)) = (&mut self.output, line) {
            self.failed = output.write(&line).err();
        }
    }

    /// A rule by its index, with its place.
    fn rule(&self, at: usize) -> Option<DecidingRule> {
        let placed = self.policy.as_ref()?.rules.get(at)?;
        Some(DecidingRule::of(placed, &self.place(placed), &self.intent.machine))
    }

    fn place(&self, placed: &Placed) -> Place {
        let Some(GivenPolicy::Lines(lines)) = &self.intent.policy else { return place_in_file(placed) };
        let line = placed.spot.as_ref().and_then(|spot| lines.get(spot.line.checked_sub(1)?));
        line.map_or_else(Place::default, RequestLine::place)
    }

    /// The output, where there is one and all that was asked for is in it; of the kernel, all that was heard.
    ///
    /// # Errors
    /// Why it cannot be written.
    pub fn ended(&mut self) -> Result<Option<OutputFile<'a>>, FileError> {
        let is_whole = self.stopped.is_none() || self.recorded.listening.is_some();
        let output = self.output.take().filter(|_| is_whole);
        self.failed.take().map_or(Ok(output), Err)
    }

    /// What it came to.
    pub fn report(mut self, mut warnings: Vec<String>) -> Report {
        self.recorded.counters = self.assembler.counters();
        let is_unwritten = self.intent.output.is_some() && self.recorded.listening.is_none();
        let unwritten = if is_unwritten { ", and no output is written" } else { "" };
        // Who looks on ends it so.
        let stopped = self
            .stopped
            .filter(|_| self.each.is_none())
            .map(|signal| format!("stopped by {signal}: what was read until then is told{unwritten}"));
        warnings.extend(stopped);
        let is_off = self.recorded.listening.as_ref().is_some_and(|listening| listening.enabled == Some(0));
        warnings.extend(is_off.then(|| Warning::NotRecording.sentence()));
        let damaged = self.recorded.logs.iter().filter_map(|log| Some((&log.file, log.damage.as_ref()?)));
        warnings.extend(damaged.map(|(file, why)| format!("{file} cannot be read to its end: {why}")));
        let failing = self.policy.iter().flat_map(|policy| &policy.failing);
        warnings.extend(failing.map(|spot| format!("{spot} cannot be loaded: the events are answered without it")));
        let recorded = std::mem::take(&mut self.recorded);
        let rule = |at: usize| {
            let matched = self.policy.as_ref()?.rules.get(at)?.rule.clone();
            Some((self.rule(at)?, matched))
        };
        Report::recorded(recorded, &rule, warnings)
    }
}

fn is_example(tally: &Tally, what: Replayed) -> bool {
    what != Replayed::Kept && tally.replayed.get(&what).is_some_and(|count| count.events <= MOST_EXAMPLES)
}

fn word(what: Replayed) -> &'static str {
    match what {
        Replayed::Kept => "kept",
        Replayed::OtherKey => "other_key",
        Replayed::Lost => "lost",
        Replayed::Undecided => "undecided",
    }
}
