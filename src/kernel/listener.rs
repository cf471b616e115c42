//! Records as the kernel sends them to whoever listens, beside auditd and whatever else receives them.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::message::{HEADER, Message};
use super::socket::{Datagrams, Received, Socket};
use super::{KernelError, Trace, Traced};

/// The bit of the multicast group of records (`AUDIT_NLGRP_READLOG`).
const READLOG: u32 = 1;
/// Wanted receive buffer in bytes: what comes while it is full is lost.
pub const RECEIVE_BUFFER: usize = 64 << 20;
/// The longest record: `MAX_AUDIT_MESSAGE_LENGTH`, and the header.
const LONGEST: usize = 8970 + HEADER;

/// What was heard.
#[derive(Debug, PartialEq, Eq)]
pub enum Heard<'a> {
    /// A record.
    Record {
        /// Its type.
        number: u16,
        /// Its text, from `audit(` on.
        text: &'a [u8],
        /// When it came: the time since 1970, as the kernel writes it into records.
        came: Duration,
    },
    /// At least one record was lost: the receive buffer was full.
    Loss,
    /// None, in the time allowed.
    Silence,
}

/// Records, one after the other, and a clock.
pub trait Listener {
    /// Waits for the next record. One that came while nobody asked is there still, as far as the buffer holds it.
    ///
    /// # Errors
    /// [`KernelError::Transport`].
    fn next(&mut self, wait: Duration) -> Result<Heard<'_>, KernelError>;

    /// The port of the socket, by which `/proc/net/netlink` tells how many records it lost.
    fn port(&self) -> u32;

    /// The receive buffer that the kernel gave, in bytes; it counts its own overhead.
    fn receive_buffer(&self) -> usize;

    /// The time since some fixed moment; never goes back.
    fn now(&mut self) -> Duration;
}

/// The running kernel's records.
pub struct ReadLog<S = Socket> {
    socket: S,
    received: Vec<u8>,
    port: u32,
    receive_buffer: usize,
    opened: Instant,
}

impl<'t> ReadLog<Traced<'t>> {
    /// Joins the multicast group of records; needs `CAP_AUDIT_READ` in the initial user namespace. The kernel makes a record
    /// of that (`nl-mcgrp=1 op=connect`), and of the end of it. `trace` gets every datagram that comes.
    ///
    /// # Errors
    /// [`KernelError::Socket`] where there is no audit in this kernel; [`KernelError::Transport`] with `EPERM` where records
    /// are not for this process.
    pub fn open(trace: Option<Trace<'t>>) -> Result<Self, KernelError> {
        let socket = Socket::of_groups(READLOG, RECEIVE_BUFFER)?;
        let (port, receive_buffer) = (socket.port(), socket.receive_buffer());
        Ok(Self { port, receive_buffer, ..Self::over(Traced { socket, trace }) })
    }
}

impl<S: Datagrams> ReadLog<S> {
    /// The records that come over this socket.
    pub fn over(socket: S) -> Self {
        Self { socket, received: vec![0; LONGEST], port: 0, receive_buffer: 0, opened: Instant::now() }
    }
}

impl<S: Datagrams> Listener for ReadLog<S> {
    fn next(&mut self, wait: Duration) -> Result<Heard<'_>, KernelError> {
        let until = Instant::now() + wait;
        let length = loop {
            match self.socket.receive(&mut self.received, until)? {
                Received::Silence => return Ok(Heard::Silence),
                Received::Overrun => return Ok(Heard::Loss),
                Received::Datagram { sender, .. } if sender != 0 => {}
                Received::Datagram { length, .. } if length < HEADER => {}
                Received::Datagram { length, .. } => break length.min(self.received.len()),
            }
        };
        let datagram = self.received.get(..length).unwrap_or_default();
        let Some(message) = Message::read(datagram) else { return Ok(Heard::Loss) };
        // Some kernels end the text with a zero.
        let end = message.payload.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
        let came = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Ok(Heard::Record { number: message.kind, text: message.payload.get(..end).unwrap_or_default(), came })
    }

    fn port(&self) -> u32 {
        self.port
    }

    fn receive_buffer(&self) -> usize {
        self.receive_buffer
    }

    fn now(&mut self) -> Duration {
        self.opened.elapsed()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use super::*;

    struct Played(VecDeque<(u32, Vec<u8>)>);

    impl Datagrams for Played {
        fn send(&mut self, _: &[u8], _: Instant) -> Result<(), KernelError> {
            Ok(())
        }

        fn receive(&mut self, buffer: &mut [u8], _: Instant) -> Result<Received, KernelError> {
            let Some((sender, datagram)) = self.0.pop_front() else { return Ok(Received::Silence) };
            if datagram.is_empty() {
                return Ok(Received::Overrun);
            }
            let kept = datagram.len().min(buffer.len());
            buffer[..kept].copy_from_slice(&datagram[..kept]);
            Ok(Received::Datagram { length: datagram.len(), sender })
        }

        fn longest(&self) -> usize {
            0
        }

        fn enlarge(&mut self) {}
    }

    fn datagram(number: u16, text: &[u8]) -> Vec<u8> {
        let length = u32::try_from(HEADER + text.len()).unwrap();
        let mut all = length.to_ne_bytes().to_vec();
        all.extend_from_slice(&number.to_ne_bytes());
        all.extend_from_slice(&[0; 10]);
        all.extend_from_slice(text);
        all
    }

    #[test]
    fn records_of_the_kernel_alone_are_heard_and_losses_are_told() {
        let long = [b"audit(1.0:2): ".to_vec(), vec![b'x'; 10_000]].concat();
        let played = [
            (0, datagram(1300, b"audit(1.0:1): a=b\0\0")),
            (77, datagram(1300, b"audit(1.0:9): forged=1")),
            (0, vec![1, 2, 3]),
            (0, Vec::new()),
            (0, datagram(1327, &long)),
        ];
        let mut records = ReadLog::over(Played(played.into()));
        let mut next = || match records.next(Duration::ZERO).unwrap() {
            Heard::Record { number, text, .. } => (number, text.len(), text.starts_with(b"audit(1.0:")),
            Heard::Loss => (0, 0, false),
            Heard::Silence => (1, 0, false),
        };
        assert_eq!(next(), (1300, 17, true));
        assert_eq!(next(), (0, 0, false));
        assert_eq!(next(), (1327, LONGEST - HEADER, true));
        assert_eq!(next(), (1, 0, false));
    }
}
