//! How records make events.

use audit_rules::records::{Assembler, Counters, Record, RecordType, RecordedEvent};

/// Adds lines and gives the events in the order in which they ended, each as its serial number and its types.
struct Log {
    assembler: Assembler,
    events: Vec<(u64, Vec<u32>, bool)>,
}

impl Log {
    fn new() -> Self {
        Self { assembler: Assembler::new(), events: Vec::new() }
    }

    fn add(&mut self, line: &str) -> &mut Self {
        self.assembler.add(&Record::of_line(line.as_bytes()).unwrap());
        self.take()
    }

    /// A record of a type, at a time in milliseconds.
    fn record(&mut self, kind: &str, at: u64, serial: u64) -> &mut Self {
        self.add(&format!("type={kind} msg=audit({}.{:03}:{serial}): items=1 a=b", at / 1000, at % 1000))
    }

    fn take(&mut self) -> &mut Self {
        while let Some(event) = self.assembler.next_event() {
            let kinds = event.kinds().map(|kind| kind.0).collect();
            self.events.push((event.stamp.serial, kinds, event.is_complete()));
            self.assembler.give_back(event);
        }
        self
    }

    fn finish(&mut self) -> Counters {
        self.assembler.finish();
        self.take();
        self.assembler.counters()
    }

    fn serials(&self) -> Vec<u64> {
        self.events.iter().map(|(serial, ..)| *serial).collect()
    }
}

#[test]
fn an_event_ends_at_its_end_and_not_before() {
    let mut log = Log::new();
    log.record("SYSCALL", 1000, 5).record("CWD", 1000, 5).record("PATH", 1000, 5).record("PROCTITLE", 1000, 5);
    assert!(log.events.is_empty());
    log.record("EOE", 1000, 5);
    assert_eq!(log.events, [(5, vec![1300, 1307, 1302, 1327], true)]);
    assert_eq!(log.finish(), Counters { records: 5, events: 1, ..Counters::default() });
}

#[test]
fn a_record_of_a_program_is_an_event_at_once() {
    let mut log = Log::new();
    log.record("USER_LOGIN", 1000, 5).record("DAEMON_START", 1000, 900_000).record("SERVICE_START", 1001, 6);
    assert_eq!(log.serials(), [5, 900_000, 6]);
    // auditd's own numbers are no gap in those of the kernel.
    assert_eq!(log.finish().gaps, 0);
}

#[test]
fn records_of_events_may_stand_between_each_other() {
    let mut log = Log::new();
    log.record("SYSCALL", 1000, 5).record("SYSCALL", 1000, 6).record("PATH", 1000, 5).record("PATH", 1000, 6);
    log.record("PROCTITLE", 1000, 6).record("EOE", 1000, 6).record("PROCTITLE", 1000, 5).record("EOE", 1000, 5);
    assert_eq!(log.events, [(6, vec![1300, 1302, 1327], true), (5, vec![1300, 1302, 1327], true)]);
}

/// auditd writes no end to its files, and lines of several files may be put together out of order.
#[test]
fn without_an_end_later_events_end_an_event_that_has_its_last_record() {
    let mut log = Log::new();
    log.record("PROCTITLE", 1000, 1).record("SYSCALL", 1000, 1);
    for serial in 2..=30 {
        log.record("SYSCALL", 1000, serial).record("PROCTITLE", 1000, serial);
        if serial == 3 {
            log.record("PATH", 1000, 1);
        }
    }
    assert_eq!(log.events[0], (1, vec![1327, 1300, 1302], true));
    assert_eq!(log.serials(), (1..=14).collect::<Vec<_>>());
    assert_eq!(log.finish(), Counters { records: 61, events: 30, ..Counters::default() });
    assert_eq!(log.serials(), (1..=30).collect::<Vec<_>>());
}

#[test]
fn what_has_no_end_waits_two_seconds_by_the_time_of_the_records() {
    let mut log = Log::new();
    log.record("SYSCALL", 1000, 1).record("AVC", 1500, 2);
    log.record("SYSCALL", 2999, 3);
    assert!(log.serials().is_empty());
    log.record("SYSCALL", 3000, 4);
    assert_eq!(log.serials(), [1]);
    log.record("PATH", 2999, 3).record("SYSCALL", 4000, 5);
    assert_eq!(log.serials(), [1, 2]);
    assert_eq!(log.finish().incomplete, 3, "{:?}", log.events);
    assert_eq!(log.events[1..3], [(2, vec![1400], true), (3, vec![1300, 1302], true)]);
}

#[test]
fn a_damaged_time_far_ahead_does_not_take_the_others_apart() {
    let mut log = Log::new();
    log.record("SYSCALL", 4_102_444_800_000, 1);
    for serial in 2..10 {
        let at = 1000 * serial;
        log.record("SYSCALL", at, serial).record("PATH", at, serial).record("PROCTITLE", at, serial);
    }
    log.finish();
    assert!(
        log.events.iter().filter(|(serial, ..)| *serial > 1).all(|(_, kinds, _)| kinds.len() == 3),
        "{:?}",
        log.events
    );
}

#[test]
fn an_event_knows_what_is_missing_of_it() {
    for (kinds, is_complete) in [
        (&["SYSCALL", "PATH"][..], true),
        (&["SYSCALL"], false),
        (&["SYSCALL", "PROCTITLE"], true),
        (&["PATH", "PROCTITLE"], false),
        (&["CWD"], false),
        (&["AVC"], true),
        (&["LOGIN", "SYSCALL", "PATH"], true),
        (&["URINGOP", "PATH"], true),
        (&["UNKNOWN[1399]"], true),
    ] {
        let mut log = Log::new();
        for kind in kinds {
            log.record(kind, 1000, 1);
        }
        assert_eq!(log.finish().incomplete, u64::from(!is_complete), "{kinds:?}");
    }
}

#[test]
fn the_same_stamp_on_two_hosts_is_two_events() {
    let mut log = Log::new();
    for kind in ["SYSCALL", "PATH", "EOE"] {
        for node in ["a", "b"] {
            log.add(&format!("node={node} type={kind} msg=audit(1.000:1): items=1"));
        }
    }
    assert_eq!(log.events, [(1, vec![1300, 1302], true), (1, vec![1300, 1302], true)]);
}

#[test]
fn the_clock_of_one_host_does_not_end_events_of_another() {
    let mut log = Log::new();
    log.add("node=a type=SYSCALL msg=audit(10.000:1): items=1").add("node=b type=SYSCALL msg=audit(90.000:1): items=1");
    log.add("node=a type=PATH msg=audit(10.000:1): item=0");
    log.finish();
    assert_eq!(log.events[0], (1, vec![1300, 1302], true));
}

/// Nothing but their own records would ever end these, and those never come.
#[test]
fn a_million_orphans_need_no_more_memory_than_a_thousand() {
    let mut log = Log::new();
    let mut most = 0;
    for serial in 1..=1_000_000 {
        log.record("PATH", 1000, serial);
        log.events.clear();
        if serial == 1000 {
            most = log.assembler.held();
        }
    }
    assert!(most > 0 && log.assembler.held() <= most, "{} {most}", log.assembler.held());
    let counters = log.finish();
    assert_eq!((counters.events, counters.incomplete, counters.gaps), (1_000_000, 1_000_000, 0));
}

#[test]
fn an_event_of_too_many_records_is_cut_and_says_so() {
    let mut assembler = Assembler::new();
    let argument = format!("type=EXECVE msg=audit(1.000:1): a0[0]={}", "41".repeat(3000));
    for _ in 0..10_000 {
        assembler.add(&Record::of_line(argument.as_bytes()).unwrap());
    }
    assembler.add(&Record::of_line(b"type=EOE msg=audit(1.000:1): ").unwrap());
    let event: RecordedEvent = assembler.next_event().unwrap();
    assert!(event.is_cut && !event.is_complete() && event.first(RecordType::EXECVE).is_some());
    assert!(assembler.held() < 4 << 20);
}
