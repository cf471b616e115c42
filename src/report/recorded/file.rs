//! The files and the socket address of a recorded event.

use schemars::JsonSchema;
use serde::Serialize;

use super::event::shown;
use crate::events::{Facts, File};
use crate::records::interpret::{capability_set, mode};
use crate::records::{SocketAddress, UnixName, Value, from_hexadecimal};

/// A file of a call.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct RecordedFileReport {
    /// Its whole path, where that is known; else its name as the call gave it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// What the name is to the call: `NORMAL`, `PARENT`, `CREATE`, `DELETE`, `UNKNOWN`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nametype: Option<String>,
    /// Its number; absent where the kernel found no file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inode: Option<u64>,
    /// Its device, `MAJOR:MINOR` in hexadecimal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
    /// Its kind and permissions, such as `file 0644`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<String>,
    /// Its owner.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uid: Option<u32>,
    /// Its group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gid: Option<u32>,
    /// The capabilities that it gives whoever starts it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub capabilities: Option<String>,
}

/// A socket address.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct AddressReport {
    /// Its family, such as `inet`, `inet6`, `unix`, `netlink`; a number where that has no name.
    pub family: String,
    /// The address, of `inet` and `inet6`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// The port, of `inet`, `inet6` and `netlink`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<u32>,
    /// The path, of `unix`; `@` begins a name that is in no directory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
}

impl RecordedFileReport {
    pub(super) fn of(file: &File<'_>, facts: &Facts<'_>) -> Self {
        Self {
            path: file.path_or_name(facts.cwd, &facts.process).as_deref().map(shown),
            nametype: file.name_type.map(shown),
            inode: file.inode,
            device: file.device.map(|(major, minor)| format!("{major:02x}:{minor:02x}")),
            mode: file.mode.map(mode),
            uid: file.user,
            gid: file.group,
            capabilities: file.capabilities().filter(|set| *set != 0).map(capability_set),
        }
    }
}

impl AddressReport {
    pub(super) fn of(value: Value<'_>) -> Option<Self> {
        let address = SocketAddress::read(&from_hexadecimal(value.written())?)?;
        let family = address.family_name();
        let report = Self { family, ..Self::default() };
        let at =
            |address: String, port: u16| Self { address: Some(address), port: Some(u32::from(port)), ..report.clone() };
        Some(match &address {
            SocketAddress::Inet { address, port } => at(address.to_string(), *port),
            SocketAddress::Inet6 { address, port } => at(address.to_string(), *port),
            SocketAddress::Netlink { port, .. } => Self { port: Some(*port), ..report },
            SocketAddress::Unix(UnixName::Path(_) | UnixName::Abstract(_)) => {
                Self { path: Some(address.to_string()), ..report }
            }
            SocketAddress::Unix(UnixName::Unnamed) | SocketAddress::Other { .. } => report,
        })
    }
}
