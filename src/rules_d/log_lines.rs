//! The lines of a log, one after the other: plain, or compressed by gzip or xz.

use std::io::{self, BufRead, BufReader, Read};
use std::ops::ControlFlow;
use std::os::fd::AsFd;

use flate2::bufread::MultiGzDecoder;
use lzma_rust2::XzReader;

use super::{LogFile, system};

/// The longest line, in bytes; what is longer is given up to here. auditd writes none above 16 KiB.
pub const MOST_LINE: usize = 64 << 10;
/// How much is read at once.
const CHUNK: usize = 256 << 10;
/// How far a file is read beyond the size that it had, for the end of its last line.
const BEYOND: u64 = 64 << 10;
/// Most memory that reading an xz file may need, in KiB: enough for `xz -8`.
const MOST_XZ: u32 = 40 << 10;

/// A line of a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogLine<'a> {
    /// Its bytes, without the line end.
    pub text: &'a [u8],
    /// Its number in the file, from 1.
    pub number: u64,
    /// Whether it is longer than this.
    pub is_cut: bool,
    /// Whether the line ends: the last one of a file that is being written may not.
    pub has_end: bool,
}

/// How the reading of a file ended.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LogRead {
    /// How many bytes of lines there were, unpacked.
    pub bytes: u64,
    /// How many lines.
    pub lines: u64,
    /// How it was compressed.
    pub compression: Option<&'static str>,
    /// Why the rest of it cannot be read.
    pub damage: Option<String>,
}

impl LogFile {
    /// Gives each line, until one is answered with a break. A file that grows meanwhile is read as far as it went when it was
    /// opened, and to the end of that line.
    pub fn each_line(self, each: &mut dyn FnMut(LogLine<'_>) -> ControlFlow<()>) -> LogRead {
        let (fd, left) = (self.fd, self.size);
        let mut reader = BufReader::with_capacity(CHUNK, Bytes { fd, left });
        let begin = match reader.fill_buf() {
            Ok(begin) => begin,
            Err(error) => return LogRead { damage: Some(error.to_string()), ..LogRead::default() },
        };
        if begin.starts_with(&[0x1f, 0x8b]) {
            let unpacked = BufReader::with_capacity(CHUNK, MultiGzDecoder::new(reader));
            return LogRead { compression: Some("gzip"), ..each_line(unpacked, each, &mut |_| {}) };
        }
        if begin.starts_with(&[0xfd, b'7', b'z', b'X', b'Z', 0]) {
            let unpacked = BufReader::with_capacity(CHUNK, XzReader::new_mem_limit(reader, true, MOST_XZ));
            return LogRead { compression: Some("xz"), ..each_line(unpacked, each, &mut |_| {}) };
        }
        each_line(reader, each, &mut |reader| reader.get_mut().left = BEYOND)
    }
}

/// Gives the lines of a text as if it were a file.
pub fn lines_of_text(text: &[u8], each: &mut dyn FnMut(LogLine<'_>) -> ControlFlow<()>) -> LogRead {
    each_line(text, each, &mut |_| {})
}

/// `more` lets the reader go on for the end of a last line.
fn each_line<R: BufRead>(
    mut reader: R,
    each: &mut dyn FnMut(LogLine<'_>) -> ControlFlow<()>,
    more: &mut dyn FnMut(&mut R),
) -> LogRead {
    let mut read = LogRead::default();
    // The beginning of a line that is not whole in one chunk.
    let mut begun: Vec<u8> = Vec::new();
    let mut is_cut = false;
    let mut is_beyond = false;
    loop {
        let chunk = match reader.fill_buf() {
            Ok(chunk) => chunk,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => {
                read.damage = Some(error.to_string());
                return read;
            }
        };
        if chunk.is_empty() {
            if begun.is_empty() || is_beyond {
                break;
            }
            is_beyond = true;
            more(&mut reader);
            continue;
        }
        let end = memchr::memchr(b'\n', chunk);
        let part = chunk.get(..end.unwrap_or(chunk.len())).unwrap_or_default();
        let taken = part.len() + usize::from(end.is_some());
        read.bytes += taken as u64;
        let fitting = part.get(..MOST_LINE.saturating_sub(begun.len())).unwrap_or(part);
        is_cut |= fitting.len() < part.len();
        if end.is_none() {
            begun.extend_from_slice(fitting);
            reader.consume(taken);
            continue;
        }
        read.lines += 1;
        let text = if begun.is_empty() {
            fitting
        } else {
            begun.extend_from_slice(fitting);
            &begun
        };
        let answer = each(LogLine { text, number: read.lines, is_cut, has_end: true });
        begun.clear();
        is_cut = false;
        reader.consume(taken);
        if answer.is_break() || is_beyond {
            return read;
        }
    }
    if !begun.is_empty() {
        read.lines += 1;
        let _ = each(LogLine { text: &begun, number: read.lines, is_cut, has_end: false });
    }
    read
}

/// The bytes of a file, as many as are left.
struct Bytes {
    fd: std::os::fd::OwnedFd,
    left: u64,
}

impl Read for Bytes {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.left).unwrap_or(usize::MAX).min(buffer.len());
        let Some(buffer) = buffer.get_mut(..most).filter(|buffer| !buffer.is_empty()) else { return Ok(0) };
        let read = system::read(self.fd.as_fd(), buffer)
            .map_err(|errno| io::Error::from_raw_os_error(errno.raw_os_error()))?;
        self.left -= read as u64;
        Ok(read)
    }
}
