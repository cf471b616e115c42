//! The netlink socket: datagrams to and from the kernel, each wait bounded.

use std::io::IoSliceMut;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::time::Instant;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::sockopt::{RcvBuf, RcvBufForce, SndBuf};
use nix::sys::socket::{
    AddressFamily, MsgFlags, NetlinkAddr, SockFlag, SockProtocol, SockType, bind, getsockname, getsockopt, recvmsg,
    sendto, setsockopt, socket,
};

use super::KernelError;

/// Wanted receive buffer in bytes: the kernel waits 0.1 s for a reader that is behind, then drops rules.
const RECEIVE_BUFFER: usize = 16 << 20;
/// Wanted send buffer in bytes, which is what an unprivileged process may have by default.
const SEND_BUFFER: usize = 212_992;
/// What `netlink_sendmsg` keeps back of the send buffer, in bytes (`net/netlink/af_netlink.c`).
const SEND_RESERVE: usize = 32;

/// What came, or did not come, from the other side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Received {
    /// A datagram.
    Datagram {
        /// Its length in bytes, which may be more than the buffer holds.
        length: usize,
        /// The port of the sender: 0 is the kernel.
        sender: u32,
    },
    /// At least one datagram was lost, because the receive buffer was full.
    Overrun,
    /// Nothing, in the time allowed.
    Silence,
}

/// Datagrams to the kernel and back.
pub trait Datagrams {
    /// Sends one datagram. The kernel carries out what it asks before this returns.
    ///
    /// # Errors
    /// [`KernelError::Transport`].
    fn send(&mut self, datagram: &[u8], until: Instant) -> Result<(), KernelError>;

    /// Waits for one datagram. One that is longer than the buffer is cut. One that is there already is received, however
    /// late it is.
    ///
    /// # Errors
    /// [`KernelError::Transport`].
    fn receive(&mut self, buffer: &mut [u8], until: Instant) -> Result<Received, KernelError>;

    /// Longest datagram, in bytes, that can be sent.
    fn longest(&self) -> usize;

    /// Asks for twice the receive buffer.
    fn enlarge(&mut self);
}

/// A `NETLINK_AUDIT` socket.
#[derive(Debug)]
pub struct Socket {
    fd: OwnedFd,
    port: u32,
    receive_buffer: usize,
    longest: usize,
}

impl Socket {
    /// Opens a socket, lets the kernel choose its port and makes its buffers large.
    ///
    /// # Errors
    /// [`KernelError::Socket`] where there is no audit in this kernel, else [`KernelError::Transport`].
    pub fn open() -> Result<Self, KernelError> {
        Self::of_groups(0, RECEIVE_BUFFER)
    }

    /// The same, where it also gets what the kernel sends to these multicast groups, a bit for each, and has a receive buffer
    /// of so many bytes, or as many as there may be.
    ///
    /// # Errors
    /// As [`Socket::open`]; [`KernelError::Transport`] of `bind` with `EPERM` where a group is not for this process.
    pub fn of_groups(groups: u32, receive_buffer: usize) -> Result<Self, KernelError> {
        let fd =
            socket(AddressFamily::Netlink, SockType::Raw, SockFlag::SOCK_CLOEXEC, Some(SockProtocol::NetlinkAudit))
                .map_err(KernelError::Socket)?;
        bind(fd.as_raw_fd(), &NetlinkAddr::new(0, groups)).map_err(transport("bind"))?;
        let address: NetlinkAddr = getsockname(fd.as_raw_fd()).map_err(transport("getsockname"))?;
        let mut socket = Self { fd, port: address.pid(), receive_buffer: 0, longest: 0 };
        socket.want_receive_buffer(receive_buffer);
        let _ = setsockopt(&socket.fd, SndBuf, &SEND_BUFFER);
        let send_buffer = getsockopt(&socket.fd, SndBuf).map_err(transport("getsockopt"))?;
        socket.longest = send_buffer.saturating_sub(SEND_RESERVE);
        Ok(socket)
    }

    /// The port that the kernel chose: the process id for the first socket of a process, another number for more.
    #[must_use]
    pub fn port(&self) -> u32 {
        self.port
    }

    /// The receive buffer that the kernel gave, in bytes; it counts its own overhead.
    #[must_use]
    pub fn receive_buffer(&self) -> usize {
        self.receive_buffer
    }

    fn want_receive_buffer(&mut self, bytes: usize) {
        // Without CAP_NET_ADMIN the limit net.core.rmem_max holds: the largest that can be had is good enough.
        if setsockopt(&self.fd, RcvBufForce, &bytes).is_err() {
            let _ = setsockopt(&self.fd, RcvBuf, &bytes);
        }
        self.receive_buffer = getsockopt(&self.fd, RcvBuf).unwrap_or_default();
    }

    /// Waits until the socket is ready; `false` where the time is over.
    fn wait(&self, events: PollFlags, until: Instant) -> Result<bool, KernelError> {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(false);
        }
        let milliseconds = i32::try_from(left.as_millis()).unwrap_or(i32::MAX).saturating_add(1);
        let timeout = PollTimeout::try_from(milliseconds).unwrap_or(PollTimeout::MAX);
        match poll(&mut [PollFd::new(self.fd.as_fd(), events)], timeout) {
            Ok(_) | Err(Errno::EINTR | Errno::EAGAIN) => Ok(true),
            Err(errno) => Err(KernelError::Transport { call: "poll", errno }),
        }
    }
}

impl Datagrams for Socket {
    fn send(&mut self, datagram: &[u8], until: Instant) -> Result<(), KernelError> {
        let kernel = NetlinkAddr::new(0, 0);
        loop {
            match sendto(self.fd.as_raw_fd(), datagram, &kernel, MsgFlags::empty()) {
                Ok(_) => return Ok(()),
                Err(errno @ (Errno::EINTR | Errno::EAGAIN)) => {
                    if !self.wait(PollFlags::POLLOUT, until)? {
                        return Err(KernelError::Transport { call: "sendto", errno });
                    }
                }
                Err(errno) => return Err(KernelError::Transport { call: "sendto", errno }),
            }
        }
    }

    fn receive(&mut self, buffer: &mut [u8], until: Instant) -> Result<Received, KernelError> {
        let flags = MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_TRUNC;
        let mut is_over = false;
        loop {
            match recvmsg::<NetlinkAddr>(self.fd.as_raw_fd(), &mut [IoSliceMut::new(buffer)], None, flags) {
                Ok(got) => {
                    let sender = got.address.map_or(u32::MAX, |address| address.pid());
                    return Ok(Received::Datagram { length: got.bytes, sender });
                }
                Err(Errno::ENOBUFS) => return Ok(Received::Overrun),
                Err(Errno::EAGAIN) if is_over => return Ok(Received::Silence),
                // What comes between the look and the end of the time, while this process is stopped, is there then.
                Err(Errno::EINTR | Errno::EAGAIN) => is_over = !self.wait(PollFlags::POLLIN, until)?,
                Err(errno) => return Err(KernelError::Transport { call: "recvmsg", errno }),
            }
        }
    }

    fn longest(&self) -> usize {
        self.longest
    }

    fn enlarge(&mut self) {
        // The kernel doubles what is asked for, so what it gave is twice what was asked.
        self.want_receive_buffer(self.receive_buffer);
    }
}

fn transport(call: &'static str) -> impl Fn(Errno) -> KernelError {
    move |errno| KernelError::Transport { call, errno }
}
