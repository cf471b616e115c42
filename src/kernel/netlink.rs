//! The running kernel, asked through `NETLINK_AUDIT`.

use std::time::{Duration, Instant};

use super::message::{self, Message, Request};
use super::socket::{Datagrams, Received, Socket};
use super::{Change, Errno, Features, Kernel, KernelError, Rcu, Setting, Status, sysfs};
use crate::rule::Rule;
use crate::wire;

/// How long the kernel may be silent.
const PATIENCE: Duration = Duration::from_secs(2);
/// How often a list that loses rules is read.
const LIST_ATTEMPTS: u32 = 5;
/// Most changes in one datagram: all of them are carried out under one lock, and a slow delete takes 14 ms.
const BATCH: usize = 64;
/// How many messages that answer something else are still read once the patience is over. An answer that came in time
/// waits after them where this process was stopped meanwhile; a flood of events is not to keep it for ever.
const LATE: u32 = 4096;
/// What the answer to one change may take beyond the patience.
const CHANGE_PATIENCE: Duration = Duration::from_millis(20);
/// The largest reply: a rule with 64 texts of 4096 bytes in the refusal that quotes it.
const LARGEST: usize = message::HEADER * 2 + 4 + 1040 + 64 * 4096;

/// The audit subsystem of the running kernel.
///
/// Generic over the socket, so that what kernels send at their worst can be played to it.
pub struct Netlink<S = Socket> {
    socket: S,
    received: Vec<u8>,
    outgoing: Vec<u8>,
    sequence: u32,
    patience: Duration,
    strangers: u64,
    rules: usize,
    opened: Instant,
}

/// How long an answer is waited for.
struct Wait {
    until: Instant,
    late: u32,
}

impl Wait {
    fn until(until: Instant) -> Self {
        Self { until, late: LATE }
    }

    /// Whether there may be something to read. A process, or its whole machine, that was stopped for longer than the
    /// patience finds the time over and the answer there.
    fn goes_on(&mut self) -> bool {
        if Instant::now() <= self.until {
            return true;
        }
        self.late = self.late.saturating_sub(1);
        self.late > 0
    }
}

enum Heard<'a> {
    Message(Message<'a>),
    /// Something was lost, or cut.
    Loss,
    Silence,
}

impl Netlink {
    /// Opens a socket to the audit subsystem; asks nothing yet.
    ///
    /// # Errors
    /// [`KernelError::Socket`] where there is no audit in this kernel.
    pub fn open() -> Result<Self, KernelError> {
        Socket::open().map(Self::over)
    }

    /// The socket's own port.
    #[must_use]
    pub fn port(&self) -> u32 {
        self.socket.port()
    }
}

impl<S: Datagrams> Netlink<S> {
    /// The audit subsystem behind this socket.
    pub fn over(socket: S) -> Self {
        Self {
            socket,
            received: vec![0; LARGEST],
            outgoing: Vec::new(),
            sequence: 0,
            patience: PATIENCE,
            strangers: 0,
            rules: 0,
            opened: Instant::now(),
        }
    }

    /// Changes how long the kernel may be silent: 2 seconds unless told.
    #[must_use]
    pub fn with_patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// How many datagrams came from other processes, and were ignored.
    #[must_use]
    pub fn strangers(&self) -> u64 {
        self.strangers
    }

    /// Reserves sequence numbers for so many requests, and gives the first; 0 is left to events.
    fn sequences(&mut self, count: u32) -> u32 {
        let first = match self.sequence.checked_add(count) {
            Some(_) => self.sequence + 1,
            None => 1,
        };
        self.sequence = first + (count - 1);
        first
    }

    /// The next message from the kernel, whatever it answers.
    fn hear(&mut self, wait: &mut Wait) -> Result<Heard<'_>, KernelError> {
        let length = loop {
            // Others could keep us reading for ever.
            if !wait.goes_on() {
                return Ok(Heard::Silence);
            }
            match self.socket.receive(&mut self.received, wait.until)? {
                Received::Silence => return Ok(Heard::Silence),
                Received::Overrun => return Ok(Heard::Loss),
                Received::Datagram { sender, .. } if sender != 0 => self.strangers += 1,
                Received::Datagram { length, .. } if length > self.received.len() => {
                    self.received.resize(length, 0);
                    return Ok(Heard::Loss);
                }
                Received::Datagram { length, .. } if length >= message::HEADER => break length,
                Received::Datagram { .. } => {}
            }
        };
        let datagram = self.received.get(..length).unwrap_or_default();
        Ok(Message::read(datagram).map_or(Heard::Loss, Heard::Message))
    }

    /// Sends one request, and waits for the answer that `read` finds in the messages for it.
    fn ask<T>(
        &mut self,
        request: Request,
        payload: &[u8],
        read: impl Fn(&Message<'_>) -> Option<Result<T, KernelError>>,
    ) -> Result<T, KernelError> {
        let sequence = self.sequences(1);
        self.outgoing.clear();
        message::append(&mut self.outgoing, request, sequence, payload);
        self.socket.send(&self.outgoing, Instant::now() + self.patience)?;
        // The kernel works while it takes the request: only what comes after that counts as silence.
        let mut wait = Wait::until(Instant::now() + self.patience);
        let timeout = timeout(request, self.patience);
        loop {
            match self.hear(&mut wait)? {
                Heard::Message(message) if message.sequence == sequence => {
                    if let Some(refusal) = refusal(request, &message) {
                        return Err(refusal);
                    }
                    if let Some(answer) = read(&message) {
                        return answer;
                    }
                }
                Heard::Silence => return Err(timeout),
                Heard::Message(_) | Heard::Loss => {}
            }
        }
    }

    /// Sends one request, whose answer is that it was taken.
    fn ask_for_nothing(&mut self, request: Request, payload: &[u8]) -> Result<(), KernelError> {
        self.ask(request, payload, |message| (message.kind == message::ACKNOWLEDGEMENT).then_some(Ok(())))
    }

    /// Reads the list once; none where rules were lost on the way. However long the list takes a slow machine: it has an
    /// end, since the kernel copies it when it is asked, and only the wait for the next rule is bounded.
    fn list(&mut self) -> Result<Option<Vec<Rule>>, KernelError> {
        let request = Request::ListRules;
        let sequence = self.sequences(1);
        self.outgoing.clear();
        message::append(&mut self.outgoing, request, sequence, &[]);
        let patience = self.patience;
        self.socket.send(&self.outgoing, Instant::now() + patience)?;
        let mut wait = Wait::until(Instant::now() + patience);
        let mut rules = Vec::with_capacity(self.rules);
        let mut lost = false;
        loop {
            let message = match self.hear(&mut wait)? {
                Heard::Message(message) if message.sequence == sequence => message,
                Heard::Message(_) => continue,
                Heard::Loss => {
                    lost = true;
                    continue;
                }
                Heard::Silence if lost || !rules.is_empty() => return Ok(None),
                Heard::Silence => return Err(timeout(request, patience)),
            };
            if let Some(refusal) = refusal(request, &message) {
                return Err(refusal);
            }
            if message.kind == message::DONE {
                break;
            }
            if message.kind == request.number() {
                let length = message.payload.len();
                let rule = wire::decode(message.payload).map_err(|_| malformed(request, "a rule", length))?;
                rules.push(rule);
                wait = Wait::until(Instant::now() + patience);
            }
        }
        self.rules = rules.len();
        Ok(if lost { None } else { Some(rules) })
    }

    /// Packs as many changes as go into one datagram; gives the first sequence number, and how many there are.
    fn pack(&mut self, changes: &[Change<'_>]) -> (u32, usize) {
        let wanted = u32::try_from(changes.len().min(BATCH)).unwrap_or(1);
        let first = self.sequences(wanted);
        self.outgoing.clear();
        let mut packed = 0;
        for (change, sequence) in changes.iter().take(BATCH).zip(first..) {
            let before = self.outgoing.len();
            let (request, rule) = match change {
                Change::Append(rule) | Change::Prepend(rule) => (Request::AddRule, rule),
                Change::Unload(rule) => (Request::DeleteRule, rule),
            };
            let mut payload = wire::encode(rule, false);
            if matches!(change, Change::Prepend(_)) {
                set_prepend(&mut payload);
            }
            message::append(&mut self.outgoing, request, sequence, &payload);
            if packed > 0 && self.outgoing.len() > self.socket.longest() {
                self.outgoing.truncate(before);
                break;
            }
            packed += 1;
        }
        // What did not fit is numbered anew with the next datagram.
        self.sequence -= wanted - packed;
        (first, packed as usize)
    }

    /// Sends what was packed, and collects one answer for each change, by its sequence number.
    fn settle(&mut self, first: u32, changes: &[Change<'_>]) -> Result<Vec<Result<(), Errno>>, KernelError> {
        let request = match changes.first() {
            Some(Change::Unload(_)) => Request::DeleteRule,
            _ => Request::AddRule,
        };
        self.socket.send(&self.outgoing, Instant::now() + self.patience)?;
        let patience = self.patience + CHANGE_PATIENCE * u32::try_from(changes.len()).unwrap_or(u32::MAX);
        let mut wait = Wait::until(Instant::now() + patience);
        let mut answers = vec![None; changes.len()];
        let mut open = changes.len();
        while open > 0 {
            let message = match self.hear(&mut wait)? {
                Heard::Message(message) if message.kind == message::ACKNOWLEDGEMENT => message,
                Heard::Message(_) => continue,
                Heard::Loss => return Err(KernelError::Transport { call: "recvmsg", errno: Errno::ENOBUFS }),
                Heard::Silence => return Err(timeout(request, patience)),
            };
            let Some(place) = message.sequence.checked_sub(first).and_then(|index| answers.get_mut(index as usize))
            else {
                continue;
            };
            let length = message.payload.len();
            let answer = message.acknowledgement().ok_or(malformed(request, "an acknowledgement", length))?;
            if place.replace(answer).is_none() {
                open -= 1;
            }
        }
        Ok(answers.into_iter().flatten().collect())
    }
}

impl<S: Datagrams> Kernel for Netlink<S> {
    fn status(&mut self) -> Result<Status, KernelError> {
        let request = Request::Get;
        self.ask(request, &[], |message| {
            let short = || malformed(request, "the status", message.payload.len());
            (message.kind == request.number()).then(|| message.status().ok_or_else(short))
        })
    }

    fn features(&mut self) -> Result<Features, KernelError> {
        let request = Request::GetFeature;
        self.ask(request, &[0; 16], |message| {
            let short = || malformed(request, "the features", message.payload.len());
            (message.kind == request.number()).then(|| message.features().ok_or_else(short))
        })
    }

    fn rules(&mut self) -> Result<Vec<Rule>, KernelError> {
        for _ in 0..LIST_ATTEMPTS {
            if let Some(rules) = self.list()? {
                return Ok(rules);
            }
            self.socket.enlarge();
        }
        Err(KernelError::ListLost { attempts: LIST_ATTEMPTS })
    }

    fn change(&mut self, changes: &[Change<'_>]) -> Result<Vec<Result<(), Errno>>, KernelError> {
        let mut answers = Vec::with_capacity(changes.len());
        while let Some(rest) = changes.get(answers.len()..).filter(|rest| !rest.is_empty()) {
            let (first, packed) = self.pack(rest);
            answers.extend(self.settle(first, rest.get(..packed).unwrap_or(rest))?);
        }
        Ok(answers)
    }

    fn set(&mut self, setting: Setting) -> Result<(), KernelError> {
        let (request, payload) = message::setting(setting);
        self.ask_for_nothing(request, &payload)
    }

    fn reset_lost(&mut self) -> Result<u32, KernelError> {
        let is_answer = |message: &Message<'_>| message.kind == message::ACKNOWLEDGEMENT;
        self.ask(Request::Set, &message::lost(), |message| is_answer(message).then(|| Ok(message.counter())))
    }

    fn record(&mut self, text: &str) -> Result<(), KernelError> {
        self.ask_for_nothing(Request::Record, &message::record(text))
    }

    fn rcu(&mut self) -> Rcu {
        sysfs::rcu()
    }

    fn set_rcu_expedited(&mut self, value: u32) -> Result<(), KernelError> {
        sysfs::set_rcu_expedited(value)
    }

    fn now(&mut self) -> Duration {
        self.opened.elapsed()
    }
}

/// The error in an acknowledgement, where it is one with an error.
fn refusal(request: Request, message: &Message<'_>) -> Option<KernelError> {
    if message.kind != message::ACKNOWLEDGEMENT {
        return None;
    }
    match message.acknowledgement() {
        Some(Ok(())) => None,
        Some(Err(errno)) => Some(KernelError::Refused { request: request.name(), errno }),
        None => Some(malformed(request, "an acknowledgement", message.payload.len())),
    }
}

fn set_prepend(payload: &mut [u8]) {
    if let Some(flags) = payload.first_chunk_mut::<4>() {
        *flags = (u32::from_ne_bytes(*flags) | message::PREPEND).to_ne_bytes();
    }
}

fn malformed(request: Request, what: &'static str, length: usize) -> KernelError {
    KernelError::Malformed { request: request.name(), what, length }
}

fn timeout(request: Request, patience: Duration) -> KernelError {
    let milliseconds = u64::try_from(patience.as_millis()).unwrap_or(u64::MAX);
    KernelError::Timeout { request: request.name(), milliseconds }
}

#[cfg(test)]
mod tests;
