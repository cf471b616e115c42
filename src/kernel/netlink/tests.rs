//! What kernels and strangers send at their worst, played to the client.

use std::collections::VecDeque;

use super::*;
use crate::rule::{Action, Field, FieldNumber, List, Mask, Op};

const ACK: u16 = message::ACKNOWLEDGEMENT;
const STATUS: u16 = 1000;
const RULE: u16 = 1013;

/// What happens on the receiving side, in order.
#[derive(Clone)]
enum Play {
    /// A message with the sequence number of the n-th request, counted from 0.
    Reply(u32, u16, Vec<u8>),
    /// A message with this sequence number.
    Raw(u32, u16, Vec<u8>),
    /// A datagram of these bytes from this port.
    From(u32, Vec<u8>),
    Overrun,
    Silence,
}

struct Script {
    plays: VecDeque<Play>,
    sent: Vec<Vec<u8>>,
    longest: usize,
    enlarged: u32,
    flood: bool,
}

impl Datagrams for Script {
    fn send(&mut self, datagram: &[u8], _: Instant) -> Result<(), KernelError> {
        if datagram.len() > self.longest {
            return Err(KernelError::Transport { call: "sendto", errno: Errno::EMSGSIZE });
        }
        self.sent.push(datagram.to_vec());
        Ok(())
    }

    fn receive(&mut self, buffer: &mut [u8], _: Instant) -> Result<Received, KernelError> {
        let (sender, bytes) = match self.plays.pop_front() {
            Some(Play::Reply(request, kind, payload)) => (0, datagram(request + 1, kind, &payload)),
            Some(Play::Raw(sequence, kind, payload)) => (0, datagram(sequence, kind, &payload)),
            Some(Play::From(sender, bytes)) => (sender, bytes),
            Some(Play::Overrun) => return Ok(Received::Overrun),
            None if self.flood => (0, datagram(0, 1305, &[0; 40])),
            Some(Play::Silence) | None => return Ok(Received::Silence),
        };
        let fits = bytes.len().min(buffer.len());
        buffer[..fits].copy_from_slice(&bytes[..fits]);
        Ok(Received::Datagram { length: bytes.len(), sender })
    }

    fn longest(&self) -> usize {
        self.longest
    }

    fn enlarge(&mut self) {
        self.enlarged += 1;
    }
}

fn datagram(sequence: u32, kind: u16, payload: &[u8]) -> Vec<u8> {
    let mut all = vec![0; 4];
    all.extend_from_slice(&kind.to_ne_bytes());
    all.extend_from_slice(&[0, 0]);
    all.extend_from_slice(&sequence.to_ne_bytes());
    all.extend_from_slice(&[0; 4]);
    all.extend_from_slice(payload);
    all
}

fn kernel(plays: &[Play]) -> Netlink<Script> {
    let plays = plays.iter().cloned().collect();
    Netlink::over(Script { plays, sent: Vec::new(), longest: 1 << 20, enlarged: 0, flood: false })
}

fn ack(request: u32, errno: i32) -> Play {
    let mut payload = (-errno).to_ne_bytes().to_vec();
    payload.extend_from_slice(&[0; 16]);
    Play::Reply(request, ACK, payload)
}

fn status(request: u32) -> Play {
    Play::Reply(request, STATUS, (0u32..11).flat_map(u32::to_ne_bytes).collect())
}

fn rule(number: u32) -> Rule {
    let mut rule = Rule::new(List::EXIT, Action::ALWAYS, Mask::from_iter([number]));
    rule.fields.push(Field::with_text(FieldNumber::KEY, Op::EQUAL, format!("k{number}")));
    rule
}

fn listed(request: u32, number: u32) -> Play {
    Play::Reply(request, RULE, wire::encode(&rule(number), false))
}

fn done(request: u32) -> Play {
    Play::Reply(request, message::DONE, Vec::new())
}

#[test]
fn a_reply_is_found_among_events_stale_answers_and_strangers() {
    let stranger = Play::From(4711, datagram(1, STATUS, &[0xff; 44]));
    let event = Play::Raw(0, 1305, b"audit(1.1:1): op=add_rule".to_vec());
    let stale = Play::Raw(4_000_000, STATUS, vec![0xff; 44]);
    let short = Play::From(0, vec![1, 2, 3]);
    let case = |name, plays: &[Play], strangers| {
        let mut kernel = kernel(plays);
        let status = kernel.status();
        assert_eq!(status.map(|status| (status.enabled, status.backlog_wait_time)), Ok((1, Some(9))), "{name}");
        assert_eq!(kernel.strangers(), strangers, "{name}");
    };
    case("acknowledgement first", &[ack(0, 0), status(0)], 0);
    case("reply first", &[status(0), ack(0, 0)], 0);
    case("no acknowledgement", &[status(0)], 0);
    case("an event between", &[ack(0, 0), event, status(0)], 0);
    case("a stale answer between", &[stale.clone(), ack(0, 0), stale, status(0)], 0);
    case("forged replies", &[stranger.clone(), ack(0, 0), stranger, status(0)], 2);
    case("less than a header", &[short, status(0)], 0);
    case("a loss of something else", &[Play::Overrun, status(0)], 0);
}

#[test]
fn an_answer_that_is_none_is_an_error() {
    let case = |plays: &[Play], expected: KernelError| assert_eq!(kernel(plays).status(), Err(expected));
    let timeout = || KernelError::Timeout { request: "AUDIT_GET", milliseconds: 2000 };
    let refused = |errno| KernelError::Refused { request: "AUDIT_GET", errno };
    case(&[], timeout());
    case(&[ack(0, 0)], timeout());
    case(&[ack(0, 0), Play::Silence, status(0)], timeout());
    case(&[ack(0, 1)], refused(Errno::EPERM));
    case(&[ack(0, 111)], refused(Errno::ECONNREFUSED));
    case(
        &[Play::Reply(0, STATUS, vec![0; 31])],
        KernelError::Malformed { request: "AUDIT_GET", what: "the status", length: 31 },
    );
    case(
        &[Play::Reply(0, ACK, vec![0; 3])],
        KernelError::Malformed { request: "AUDIT_GET", what: "an acknowledgement", length: 3 },
    );
}

#[test]
fn a_late_answer_to_one_request_is_not_taken_for_the_answer_to_the_next() {
    let mut kernel = kernel(&[Play::Silence, ack(0, 0), status(0), ack(1, 1)]);
    assert!(matches!(kernel.status(), Err(KernelError::Timeout { .. })));
    assert_eq!(kernel.status(), Err(KernelError::Refused { request: "AUDIT_GET", errno: Errno::EPERM }));
}

#[test]
fn a_counter_that_a_reset_gives_back_is_no_error() {
    assert_eq!(kernel(&[ack(0, -17)]).set(Setting::RateLimit(0)), Ok(()));
}

#[test]
fn a_list_is_whole_or_read_again() {
    let event = Play::Raw(0, 1305, b"audit(1.1:1): op=add_rule".to_vec());
    let case = |name, plays: &[Play], expected: &[u32], again| {
        let mut kernel = kernel(plays);
        let rules: Vec<Rule> = expected.iter().copied().map(rule).collect();
        assert_eq!(kernel.rules(), Ok(rules), "{name}");
        assert_eq!(kernel.socket.enlarged, again, "{name}");
    };
    case("empty", &[ack(0, 0), done(0)], &[], 0);
    case("whole", &[ack(0, 0), listed(0, 1), event, listed(0, 2), done(0)], &[1, 2], 0);
    case("the end before the acknowledgement", &[listed(0, 1), done(0), ack(0, 0)], &[1], 0);
    let overrun = [ack(0, 0), listed(0, 1), Play::Overrun, done(0), ack(1, 0), listed(1, 1), listed(1, 2), done(1)];
    case("lost one", &overrun, &[1, 2], 1);
    let endless = [ack(0, 0), listed(0, 1), Play::Silence, listed(1, 1), listed(1, 2), done(1)];
    case("lost the end", &endless, &[1, 2], 1);
    let stale = [listed(0, 1), Play::Overrun, Play::Silence, listed(0, 9), done(0), listed(1, 1), done(1)];
    case("the rest of the first list comes late", &stale, &[1], 1);
    let cut = [Play::From(0, datagram(1, RULE, &vec![0; LARGEST])), done(0), listed(1, 3), done(1)];
    case("a datagram longer than the buffer", &cut, &[3], 1);
}

#[test]
fn a_list_that_stays_short_is_an_error_and_never_a_short_list() {
    let attempt = |request| [listed(request, 1), Play::Overrun, done(request)];
    let plays: Vec<Play> = (0..LIST_ATTEMPTS).flat_map(attempt).collect();
    assert_eq!(kernel(&plays).rules(), Err(KernelError::ListLost { attempts: LIST_ATTEMPTS }));

    let request = "AUDIT_LIST_RULES";
    assert_eq!(kernel(&[]).rules(), Err(KernelError::Timeout { request, milliseconds: 2000 }));
    assert_eq!(kernel(&[ack(0, 1)]).rules(), Err(KernelError::Refused { request, errno: Errno::EPERM }));
    let hostile = Play::Reply(0, RULE, vec![0xff; 1040]);
    let malformed = KernelError::Malformed { request, what: "a rule", length: 1040 };
    assert_eq!(kernel(&[hostile, done(0)]).rules(), Err(malformed));
}

#[test]
fn each_answer_goes_to_its_own_change() {
    let rules: Vec<Rule> = (0..4).map(rule).collect();
    let changes: Vec<Change<'_>> = rules.iter().map(Change::Append).collect();
    let event = Play::Raw(0, 1305, vec![0; 40]);
    let case = |name, plays: &[Play]| {
        let expected = vec![Ok(()), Err(Errno::EEXIST), Ok(()), Err(Errno::ENOENT)];
        assert_eq!(kernel(plays).change(&changes), Ok(expected), "{name}");
    };
    case("in order", &[ack(0, 0), ack(1, 17), ack(2, 0), ack(3, 2)]);
    case("backwards", &[ack(3, 2), ack(2, 0), ack(1, 17), ack(0, 0)]);
    case("twice", &[ack(0, 0), ack(0, 0), ack(1, 17), ack(2, 0), ack(3, 2)]);
    case("with others between", &[ack(0, 0), event, ack(900, 1), ack(1, 17), ack(2, 0), ack(3, 2)]);
}

#[test]
fn missing_answers_are_an_error() {
    let rules: Vec<Rule> = (0..2).map(rule).collect();
    let changes: Vec<Change<'_>> = rules.iter().map(Change::Unload).collect();
    let timeout = KernelError::Timeout { request: "AUDIT_DEL_RULE", milliseconds: 2040 };
    assert_eq!(kernel(&[ack(0, 0)]).change(&changes), Err(timeout));
    let lost = KernelError::Transport { call: "recvmsg", errno: Errno::ENOBUFS };
    assert_eq!(kernel(&[ack(0, 0), Play::Overrun]).change(&changes), Err(lost));
}

#[test]
fn changes_are_split_to_what_one_datagram_takes() {
    let case = |count: u32, longest: usize, expected: &[usize]| {
        let rules: Vec<Rule> = (0..count).map(rule).collect();
        let changes: Vec<Change<'_>> = rules.iter().map(Change::Append).collect();
        let answers: Vec<Play> = (0..count).map(|at| ack(at, i32::from(at == 3))).collect();
        let mut kernel = kernel(&answers);
        kernel.socket.longest = longest;
        let answers = kernel.change(&changes).unwrap();
        assert_eq!(answers.len(), rules.len());
        for (at, answer) in answers.iter().enumerate() {
            assert_eq!(answer.is_err(), at == 3, "change {at}");
        }
        let sizes: Vec<usize> = kernel.socket.sent.iter().map(|sent| sent.len() / 1060).collect();
        assert_eq!(sizes, expected);
    };
    case(0, 1 << 20, &[]);
    case(1, 1 << 20, &[1]);
    case(64, 1 << 20, &[64]);
    case(65, 1 << 20, &[64, 1]);
    case(9, 1060 * 4 + 1, &[4, 4, 1]);
    case(3, 1060, &[1, 1, 1]);
}

#[test]
fn only_a_prepended_rule_carries_the_prepend_flag() {
    let rule = rule(1);
    let mut kernel = kernel(&[ack(0, 0), ack(1, 0), ack(2, 0)]);
    kernel.change(&[Change::Append(&rule), Change::Prepend(&rule), Change::Unload(&rule)]).unwrap();
    let sent = &kernel.socket.sent[0];
    let seen: Vec<(u16, u32)> = sent
        .chunks(1060)
        .map(|one| {
            let flags = u32::from_ne_bytes(one[16..20].try_into().unwrap());
            (Message::read(one).unwrap().kind, flags)
        })
        .collect();
    assert_eq!(seen, [(1011, 4), (1011, 0x14), (1012, 4)]);
}

#[test]
fn sequence_numbers_never_meet_that_of_events() {
    let mut kernel = kernel(&[]);
    kernel.sequence = u32::MAX - 2;
    assert_eq!(kernel.sequences(2), u32::MAX - 1);
    assert_eq!(kernel.sequences(3), 1);
    assert_eq!(kernel.sequences(1), 4);
}

#[test]
fn an_answer_that_waits_when_the_time_is_over_is_taken() {
    let event = Play::Raw(0, 1305, b"audit(1.1:1): op=add_rule".to_vec());
    let late = |plays: &[Play]| kernel(plays).with_patience(Duration::ZERO);
    let events = vec![event; 1000];
    let after = |answers: &[Play]| [events.as_slice(), answers].concat();
    assert!(late(&after(&[ack(0, 0), status(0)])).status().is_ok());
    assert_eq!(late(&after(&[ack(0, 0)])).set(Setting::RateLimit(0)), Ok(()));
    let listed: Vec<Play> = (0..10_000).map(|number| listed(0, number % 300)).chain([done(0)]).collect();
    assert_eq!(late(&after(&listed)).rules().map(|rules| rules.len()), Ok(10_000));
    assert!(matches!(late(&[]).status(), Err(KernelError::Timeout { .. })));
}

#[test]
fn a_list_with_losses_that_took_long_is_read_again() {
    let first = (0..1000).map(|number| listed(0, number % 300)).chain([Play::Overrun, done(0)]);
    let plays: Vec<Play> = first.chain([listed(1, 1), listed(1, 2), done(1)]).collect();
    let mut kernel = kernel(&plays).with_patience(Duration::ZERO);
    assert_eq!(kernel.rules(), Ok(vec![rule(1), rule(2)]));
}

#[test]
fn a_flood_of_events_does_not_outlast_the_patience() {
    let mut kernel = kernel(&[]).with_patience(Duration::from_millis(20));
    kernel.socket.flood = true;
    assert_eq!(kernel.status(), Err(KernelError::Timeout { request: "AUDIT_GET", milliseconds: 20 }));
    assert_eq!(kernel.rules(), Err(KernelError::Timeout { request: "AUDIT_LIST_RULES", milliseconds: 20 }));
}
