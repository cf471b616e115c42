//! Netlink messages of the audit subsystem, as bytes: no socket, no time.
//!
//! Source: `include/uapi/linux/netlink.h`, `include/uapi/linux/audit.h`, `kernel/audit.c`.

use super::{Errno, Features, Setting, Status};

/// Bytes of `struct nlmsghdr`.
pub const HEADER: usize = 16;
/// Type of an acknowledgement (`NLMSG_ERROR`).
pub const ACKNOWLEDGEMENT: u16 = 2;
/// Type of the message that ends a list (`NLMSG_DONE`).
pub const DONE: u16 = 3;
/// In the first word of a rule: prepend it (`AUDIT_FILTER_PREPEND`).
pub const PREPEND: u32 = 0x10;

const REQUEST_AND_ACKNOWLEDGE: u16 = 0x5;

/// What can be asked of the audit subsystem.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Request {
    /// `AUDIT_GET`.
    Get,
    /// `AUDIT_SET`.
    Set,
    /// `AUDIT_ADD_RULE`.
    AddRule,
    /// `AUDIT_DEL_RULE`.
    DeleteRule,
    /// `AUDIT_LIST_RULES`.
    ListRules,
    /// `AUDIT_SET_FEATURE`.
    SetFeature,
    /// `AUDIT_GET_FEATURE`.
    GetFeature,
    /// `AUDIT_USYS_CONFIG`: a record of a change of the system's configuration, from outside the kernel.
    Record,
}

impl Request {
    const ALL: [(Self, u16, &'static str); 8] = [
        (Self::Get, 1000, "AUDIT_GET"),
        (Self::Set, 1001, "AUDIT_SET"),
        (Self::AddRule, 1011, "AUDIT_ADD_RULE"),
        (Self::DeleteRule, 1012, "AUDIT_DEL_RULE"),
        (Self::ListRules, 1013, "AUDIT_LIST_RULES"),
        (Self::SetFeature, 1018, "AUDIT_SET_FEATURE"),
        (Self::GetFeature, 1019, "AUDIT_GET_FEATURE"),
        (Self::Record, 1111, "AUDIT_USYS_CONFIG"),
    ];

    /// The message type, which the reply carries too.
    #[must_use]
    pub fn number(self) -> u16 {
        Self::ALL.iter().find(|(request, ..)| *request == self).map_or(0, |(_, number, _)| *number)
    }

    /// The name in the kernel's headers.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(request, ..)| *request == self).map_or("", |(.., name)| name)
    }
}

/// One message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Message<'a> {
    /// Its type.
    pub kind: u16,
    /// The sequence number of the request that it answers; 0 for an event.
    pub sequence: u32,
    /// What follows the header.
    pub payload: &'a [u8],
}

impl<'a> Message<'a> {
    /// The message in a datagram, where it has a whole header.
    ///
    /// The audit subsystem puts one message into one datagram, and its `nlmsg_len` is not to be trusted: some kernels
    /// leave the header out of it, some the padding. So all that follows the header is payload.
    #[must_use]
    pub fn read(datagram: &'a [u8]) -> Option<Self> {
        let (header, payload) = datagram.split_at_checked(HEADER)?;
        let kind = u16::from_ne_bytes([*header.get(4)?, *header.get(5)?]);
        Some(Self { kind, sequence: word(header, 2)?, payload })
    }

    /// What an acknowledgement says, where it holds an error number.
    ///
    /// A positive number is no error: so the kernel gives back a counter that was reset.
    #[must_use]
    pub fn acknowledgement(&self) -> Option<Result<(), Errno>> {
        let number = i32::from_ne_bytes(word(self.payload, 0)?.to_ne_bytes());
        Some(if number < 0 { Err(Errno::from_raw(number.wrapping_neg())) } else { Ok(()) })
    }

    /// The counter that an acknowledgement gives back; 0 where it gives none.
    #[must_use]
    pub fn counter(&self) -> u32 {
        word(self.payload, 0).unwrap_or_default()
    }

    /// The state in a reply to `AUDIT_GET`; none where it is shorter than the 32 bytes of the first kernels.
    #[must_use]
    pub fn status(&self) -> Option<Status> {
        let at = |index| word(self.payload, index);
        Some(Status {
            enabled: at(1)?,
            failure: at(2)?,
            pid: at(3)?,
            rate_limit: at(4)?,
            backlog_limit: at(5)?,
            lost: at(6)?,
            backlog: at(7)?,
            feature_bitmap: at(8),
            backlog_wait_time: at(9),
            backlog_wait_time_actual: at(10),
        })
    }

    /// The features in a reply to `AUDIT_GET_FEATURE`; none where it is shorter than its 16 bytes.
    #[must_use]
    pub fn features(&self) -> Option<Features> {
        Some(Features { features: word(self.payload, 2)?, lock: word(self.payload, 3)? })
    }
}

fn word(bytes: &[u8], index: usize) -> Option<u32> {
    let bytes = bytes.get(index * 4..index * 4 + 4)?;
    Some(u32::from_ne_bytes(bytes.try_into().ok()?))
}

/// Puts a request after others of the same datagram; the payload's length is a multiple of 4.
pub fn append(datagram: &mut Vec<u8>, request: Request, sequence: u32, payload: &[u8]) {
    let length = u32::try_from(HEADER + payload.len()).unwrap_or(u32::MAX);
    datagram.extend_from_slice(&length.to_ne_bytes());
    datagram.extend_from_slice(&request.number().to_ne_bytes());
    datagram.extend_from_slice(&REQUEST_AND_ACKNOWLEDGE.to_ne_bytes());
    datagram.extend_from_slice(&sequence.to_ne_bytes());
    datagram.extend_from_slice(&0u32.to_ne_bytes());
    datagram.extend_from_slice(payload);
}

/// The payload of a record: the text up to the first byte that is zero, or as much of it as goes into a record
/// (`AUDIT_MESSAGE_TEXT_MAX`), with the zero that ends it. Older kernels put that in place of the last byte.
#[must_use]
pub fn record(text: &str) -> Vec<u8> {
    const MOST: usize = 8560;
    let mut payload: Vec<u8> = text.bytes().take_while(|byte| *byte != 0).take(MOST).collect();
    payload.push(0);
    payload.resize(payload.len().next_multiple_of(4), 0);
    payload
}

/// The request that changes a setting, and its payload.
///
/// `struct audit_status` with one bit in its mask and one value: the kernel stops at the first value that it refuses.
#[must_use]
pub fn setting(setting: Setting) -> (Request, Vec<u8>) {
    let (bit, at, value) = match setting {
        Setting::Enabled(value) => (0x01, 1, value),
        Setting::Failure(value) => (0x02, 2, value),
        Setting::RateLimit(value) => (0x08, 4, value),
        Setting::BacklogLimit(value) => (0x10, 5, value),
        Setting::BacklogWaitTime(value) => (0x20, 9, value),
        Setting::LoginuidImmutable { on, lock } => {
            let bit = Features::LOGINUID_IMMUTABLE;
            return (Request::SetFeature, bytes(&[0, bit, if on { bit } else { 0 }, if lock { bit } else { 0 }]));
        }
    };
    let mut words = [0; 11];
    words[0] = bit;
    words[at] = value;
    (Request::Set, bytes(&words))
}

/// The payload of the `AUDIT_SET` that resets the count of lost records: the kernel wants this bit of the mask alone.
#[must_use]
pub fn lost() -> Vec<u8> {
    let mut words = [0; 11];
    words[0] = 0x40;
    bytes(&words)
}

fn bytes(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_ne_bytes()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn datagram(length: u32, kind: u16, sequence: u32, payload: &[u8]) -> Vec<u8> {
        let mut all = length.to_ne_bytes().to_vec();
        all.extend_from_slice(&kind.to_ne_bytes());
        all.extend_from_slice(&[0, 0]);
        all.extend_from_slice(&sequence.to_ne_bytes());
        all.extend_from_slice(&[0; 4]);
        all.extend_from_slice(payload);
        all
    }

    #[test]
    fn a_datagram_shorter_than_a_header_is_no_message() {
        let whole = datagram(16, 3, 7, &[]);
        for length in 0..HEADER {
            assert_eq!(Message::read(&whole[..length]), None, "{length} bytes");
        }
        assert_eq!(Message::read(&whole), Some(Message { kind: 3, sequence: 7, payload: &[] }));
    }

    #[test]
    fn the_payload_is_as_long_as_the_datagram_whatever_the_header_says() {
        let case = |stated: u32| {
            let all = datagram(stated, 1000, 1, &[9; 44]);
            assert_eq!(Message::read(&all).unwrap().payload, [9; 44], "stated length {stated}");
        };
        case(60);
        case(44);
        case(0);
        case(15);
        case(61);
        case(u32::MAX);
    }

    #[test]
    fn a_status_is_read_from_every_length_that_kernels_send() {
        let words: Vec<u32> = (0..15).collect();
        let case = |length: usize, bitmap, wait, actual| {
            let payload = &bytes(&words)[..length];
            let status = Message { kind: 1000, sequence: 1, payload }.status().unwrap();
            let numbers = [status.enabled, status.failure, status.pid, status.rate_limit, status.backlog_limit];
            assert_eq!(numbers, [1, 2, 3, 4, 5], "{length} bytes");
            assert_eq!((status.lost, status.backlog), (6, 7), "{length} bytes");
            let optional = (status.feature_bitmap, status.backlog_wait_time, status.backlog_wait_time_actual);
            assert_eq!(optional, (bitmap, wait, actual), "{length} bytes");
        };
        case(32, None, None, None);
        case(35, None, None, None);
        case(36, Some(8), None, None);
        case(40, Some(8), Some(9), None);
        case(43, Some(8), Some(9), None);
        case(44, Some(8), Some(9), Some(10));
        case(60, Some(8), Some(9), Some(10));
    }

    #[test]
    fn what_is_too_short_is_nothing() {
        for length in 0..32 {
            let message = Message { kind: 1000, sequence: 1, payload: &[1; 32][..length] };
            assert_eq!(message.status(), None, "status of {length} bytes");
            assert_eq!(message.features().is_some(), length >= 16, "features of {length} bytes");
            assert_eq!(message.acknowledgement().is_some(), length >= 4, "acknowledgement of {length} bytes");
        }
    }

    #[test]
    fn an_acknowledgement_is_an_error_only_where_its_number_is_negative() {
        let case = |number: i32, expected| {
            let message = Message { kind: 2, sequence: 1, payload: &number.to_ne_bytes() };
            assert_eq!(message.acknowledgement(), Some(expected), "{number}");
        };
        case(0, Ok(()));
        case(17, Ok(()));
        case(i32::MAX, Ok(()));
        case(-1, Err(Errno::EPERM));
        case(-2, Err(Errno::ENOENT));
        case(-17, Err(Errno::EEXIST));
        case(-22, Err(Errno::EINVAL));
        case(-111, Err(Errno::ECONNREFUSED));
        case(i32::MIN, Err(Errno::UnknownErrno));
    }

    #[test]
    fn a_setting_carries_one_mask_bit_and_its_own_value_and_nothing_else() {
        let case = |what, expected: &[(usize, u32)]| {
            let (request, payload) = setting(what);
            let words: Vec<u32> = (0..payload.len() / 4).filter_map(|at| word(&payload, at)).collect();
            let filled: Vec<(usize, u32)> = words.into_iter().enumerate().filter(|(_, word)| *word != 0).collect();
            assert_eq!(filled, expected, "{what:?}");
            assert_eq!(payload.len(), if request == Request::Set { 44 } else { 16 }, "{what:?}");
        };
        case(Setting::Enabled(2), &[(0, 1), (1, 2)]);
        case(Setting::Enabled(0), &[(0, 1)]);
        case(Setting::Failure(1), &[(0, 2), (2, 1)]);
        case(Setting::RateLimit(7), &[(0, 8), (4, 7)]);
        case(Setting::BacklogLimit(8192), &[(0, 0x10), (5, 8192)]);
        case(Setting::BacklogWaitTime(15000), &[(0, 0x20), (9, 15000)]);
        case(Setting::LoginuidImmutable { on: true, lock: true }, &[(1, 2), (2, 2), (3, 2)]);
        case(Setting::LoginuidImmutable { on: true, lock: false }, &[(1, 2), (2, 2)]);
        case(Setting::LoginuidImmutable { on: false, lock: false }, &[(1, 2)]);
    }

    #[test]
    fn a_record_ends_with_a_zero_within_its_four_bytes() {
        assert_eq!(record("op=x"), b"op=x\0\0\0\0");
        assert_eq!(record("op=xyz9"), b"op=xyz9\0");
        assert_eq!(record("op\0x"), b"op\0\0");
        assert_eq!(record(&"x".repeat(10_000)).len(), 8564);
    }

    #[test]
    fn requests_stand_after_each_other_with_their_own_lengths_and_sequences() {
        let mut all = Vec::new();
        append(&mut all, Request::AddRule, 5, &[1; 8]);
        append(&mut all, Request::DeleteRule, 6, &[2; 4]);
        assert_eq!(all.len(), 24 + 20);
        assert_eq!(word(&all, 0), Some(24));
        assert_eq!(Message::read(&all[..24]), Some(Message { kind: 1011, sequence: 5, payload: &[1; 8] }));
        assert_eq!(word(&all[24..], 0), Some(20));
        assert_eq!(Message::read(&all[24..]), Some(Message { kind: 1012, sequence: 6, payload: &[2; 4] }));
    }
}
