//! Text that is part of the executable, packed.

/// The text of a block of LZ4 with its length before it; empty where it is not of this form.
#[must_use]
pub fn unpack(packed: &[u8]) -> String {
    let bytes = lz4_flex::block::decompress_size_prepended(packed).unwrap_or_default();
    String::from_utf8(bytes).unwrap_or_default()
}
