//! A socket that also gives away what comes over it.

use std::time::Instant;

use super::KernelError;
use super::socket::{Datagrams, Received, Socket};

/// What is given each datagram as it came, cut to what was received of it.
pub type Trace<'t> = &'t dyn Fn(&[u8]);

/// A socket whose datagrams somebody may want to see.
pub struct Traced<'t, S = Socket> {
    /// The socket.
    pub socket: S,
    /// Who wants to see them.
    pub trace: Option<Trace<'t>>,
}

impl<S: Datagrams> Datagrams for Traced<'_, S> {
    fn send(&mut self, datagram: &[u8], until: Instant) -> Result<(), KernelError> {
        self.socket.send(datagram, until)
    }

    fn receive(&mut self, buffer: &mut [u8], until: Instant) -> Result<Received, KernelError> {
        let received = self.socket.receive(buffer, until)?;
        if let (Some(trace), Received::Datagram { length, .. }) = (self.trace, received) {
            trace(buffer.get(..length).unwrap_or(buffer));
        }
        Ok(received)
    }

    fn longest(&self) -> usize {
        self.socket.longest()
    }

    fn enlarge(&mut self) {
        self.socket.enlarge();
    }
}
