//! Keys: the tags that a rule puts into its records.

/// Separates the keys of one rule on the wire (`AUDIT_KEY_SEPARATOR`).
pub const SEPARATOR: u8 = 0x01;
/// Longest joined key text, in bytes (`AUDIT_MAX_KEY_LEN`).
pub const MAX_LENGTH: usize = 256;
