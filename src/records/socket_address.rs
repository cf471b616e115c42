//! Socket addresses, as SOCKADDR records hold them: the bytes of a `struct sockaddr`.

use core::net::{Ipv4Addr, Ipv6Addr};
use std::fmt;

use crate::tables::address_families;

/// A socket address. Source: `include/uapi/linux/in.h`, `in6.h`, `un.h`, `netlink.h`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SocketAddress {
    /// IPv4.
    Inet {
        /// The address.
        address: Ipv4Addr,
        /// The port.
        port: u16,
    },
    /// IPv6.
    Inet6 {
        /// The address.
        address: Ipv6Addr,
        /// The port.
        port: u16,
    },
    /// A socket of this host.
    Unix(UnixName),
    /// The kernel's netlink.
    Netlink {
        /// The number of the socket's port, mostly a process.
        port: u32,
        /// Its groups.
        groups: u32,
    },
    /// Another family, or an address that is too short for its own.
    Other {
        /// The family's number.
        family: u16,
    },
}

/// The name of a socket of this host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UnixName {
    /// None.
    Unnamed,
    /// A path.
    Path(Vec<u8>),
    /// A name in the kernel alone, without the NUL in front of it.
    Abstract(Vec<u8>),
}

impl SocketAddress {
    /// Reads the bytes; none where they are too few to name a family. The family tells the byte order of the machine, since
    /// it is less than 256 everywhere.
    #[must_use]
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let (first, second) = (*bytes.first()?, *bytes.get(1)?);
        let is_big = first == 0 && second != 0;
        let family = if is_big { u16::from_be_bytes([first, second]) } else { u16::from_le_bytes([first, second]) };
        Some(Self::of_family(family, bytes, is_big).unwrap_or(Self::Other { family }))
    }

    fn of_family(family: u16, bytes: &[u8], is_big: bool) -> Option<Self> {
        let port = || Some(u16::from_be_bytes(array(bytes, 2)?));
        let own = |at| {
            let four = array(bytes, at)?;
            Some(if is_big { u32::from_be_bytes(four) } else { u32::from_le_bytes(four) })
        };
        Some(match family {
            1 => Self::Unix(UnixName::read(bytes.get(2..)?)),
            2 => Self::Inet { port: port()?, address: Ipv4Addr::from(array::<4>(bytes, 4)?) },
            10 => Self::Inet6 { port: port()?, address: Ipv6Addr::from(array::<16>(bytes, 8)?) },
            16 => Self::Netlink { port: own(4)?, groups: own(8)? },
            _ => return None,
        })
    }

    /// The number of its family.
    #[must_use]
    pub fn family(&self) -> u16 {
        match self {
            Self::Unix(_) => 1,
            Self::Inet { .. } => 2,
            Self::Inet6 { .. } => 10,
            Self::Netlink { .. } => 16,
            Self::Other { family } => *family,
        }
    }

    /// The name of its family, lower case; its number where it has none.
    #[must_use]
    pub fn family_name(&self) -> String {
        match self {
            Self::Unix(_) => "unix".to_owned(),
            _ => address_families()
                .name(u32::from(self.family()))
                .map_or_else(|| self.family().to_string(), str::to_lowercase),
        }
    }
}

impl UnixName {
    fn read(bytes: &[u8]) -> Self {
        let up_to_nul = |bytes: &[u8]| bytes.split(|byte| *byte == 0).next().unwrap_or_default().to_vec();
        match bytes {
            [] => Self::Unnamed,
            [0, rest @ ..] if rest.iter().all(|byte| *byte == 0) => Self::Unnamed,
            // The kernel gives the whole length: NULs at the end may be part of the name, and hardly ever are.
            [0, rest @ ..] => Self::Abstract(rest.to_vec()),
            path => Self::Path(up_to_nul(path)),
        }
    }
}

impl fmt::Display for SocketAddress {
    /// One word for people: `192.0.2.1:22`, `[2001:db8::1]:22`, `/run/x.sock`, `@name`, `netlink`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Inet { address, port } => write!(f, "{address}:{port}"),
            Self::Inet6 { address, port } => write!(f, "[{address}]:{port}"),
            Self::Unix(UnixName::Unnamed) => f.write_str("unix"),
            Self::Unix(UnixName::Path(path)) => f.write_str(&String::from_utf8_lossy(path)),
            Self::Unix(UnixName::Abstract(name)) => write!(f, "@{}", String::from_utf8_lossy(name)),
            Self::Netlink { .. } | Self::Other { .. } => f.write_str(&self.family_name()),
        }
    }
}

fn array<const LENGTH: usize>(bytes: &[u8], at: usize) -> Option<[u8; LENGTH]> {
    bytes.get(at..at.checked_add(LENGTH)?)?.try_into().ok()
}
