//! What the kernel sends to those who listen to its records.

use std::os::fd::{AsRawFd, OwnedFd};
use std::time::{Duration, Instant};

use nix::sys::socket::{AddressFamily, MsgFlags, NetlinkAddr, SockFlag, SockProtocol, SockType, bind, recv, socket};

/// A listener (`AUDIT_NLGRP_READLOG`).
pub struct Records(OwnedFd);

impl Records {
    pub fn listen() -> Self {
        let fd = socket(AddressFamily::Netlink, SockType::Raw, SockFlag::empty(), SockProtocol::NetlinkAudit).unwrap();
        bind(fd.as_raw_fd(), &NetlinkAddr::new(0, 1)).unwrap();
        Self(fd)
    }

    /// All that came, each with its type, up to the first that is `last`: that one is waited for.
    pub fn until(&self, last: impl Fn(u16, &str) -> bool) -> Vec<(u16, String)> {
        let mut buffer = vec![0; 16_384];
        let mut found = Vec::new();
        let until = Instant::now() + Duration::from_secs(60);
        while Instant::now() < until {
            match recv(self.0.as_raw_fd(), &mut buffer, MsgFlags::MSG_DONTWAIT) {
                Err(_) => std::thread::sleep(Duration::from_millis(20)),
                Ok(length) => {
                    let kind = u16::from_ne_bytes([buffer[4], buffer[5]]);
                    let text = String::from_utf8_lossy(&buffer[16..length]).into_owned();
                    let is_last = last(kind, &text);
                    found.push((kind, text));
                    if is_last {
                        return found;
                    }
                }
            }
        }
        panic!("the last record did not come within a minute: {found:#?}");
    }
}
