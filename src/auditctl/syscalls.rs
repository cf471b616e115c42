//! The value of `-S`.

use super::error::{LineErrorKind, NameError, ValueError};
use super::line::{Context, SkippedSyscall, UnknownSyscalls};
use crate::rule::mask::{BITS, FIRST_CLASS_BIT};
use crate::rule::number::{self, BadNumber};
use crate::rule::{Arch, Mask};
use crate::tables::{self, syscalls};

/// `io_uring` operations from here on are not part of `-S all`: a constant of auditctl's build.
const URING_ALL: u32 = 37;

/// What one `-S` adds.
#[derive(Debug, Default)]
pub struct Named {
    /// Numbers.
    pub numbers: Vec<u32>,
    /// The word `all`.
    pub all: bool,
    /// Names of other machines, where those are left out.
    pub skipped: Vec<SkippedSyscall>,
}

impl Named {
    /// Adds what was named to a mask.
    pub fn add_to(&self, mask: &mut Mask) {
        if self.all {
            *mask = Mask::all();
        }
        self.numbers.iter().for_each(|number| mask.insert(*number));
    }
}

/// System calls by name, number, `all`, with commas between them; empty parts say nothing.
pub fn parse(value: &[u8], arch: Arch, context: &Context<'_>) -> Result<Named, LineErrorKind> {
    let skip_unknown = context.unknown_syscalls == UnknownSyscalls::Skip;
    let mut named = Named::default();
    for part in parts(value) {
        if part == "all" {
            named.all = true;
            continue;
        }
        if let Some(number) = numeric(&part, context)? {
            named.numbers.push(number);
            continue;
        }
        let name = part.to_ascii_lowercase();
        let is_known = || context.installed.is_none_or(|installed| installed.knows_syscall(arch, &name));
        if let Some(number) = syscalls::number(arch, &name).filter(|_| is_known()) {
            named.numbers.push(number);
            continue;
        }
        let alias_of = syscalls::canonical_name(arch, &name).filter(|known| *known != name);
        let exists_on = syscalls::exists_on(&name);
        if skip_unknown && alias_of.is_none() && !exists_on.is_empty() {
            named.skipped.push(SkippedSyscall { name, arch });
            continue;
        }
        let nearest = syscalls::nearest_name(arch, &name);
        return Err(LineErrorKind::UnknownSyscall { name: part, arch, exists_on, alias_of, nearest });
    }
    Ok(named)
}

/// Operations of `io_uring`, in the same way; `all` are those that auditctl's build counts.
pub fn parse_operations(value: &[u8], context: &Context<'_>) -> Result<Named, LineErrorKind> {
    let operations = tables::uring_operations();
    let mut named = Named::default();
    for part in parts(value) {
        if part == "all" {
            named
                .numbers
                .extend(operations.names().filter_map(|name| operations.number(name)).filter(|n| *n < URING_ALL));
        } else if let Some(number) = numeric(&part, context)? {
            named.numbers.push(number);
        } else {
            let name = part.to_ascii_lowercase();
            let unknown =
                || LineErrorKind::Name(NameError::UnknownOperation { name: part, nearest: operations.nearest(&name) });
            named.numbers.push(operations.number(&name).filter(|_| !context.lacks(&name)).ok_or_else(unknown)?);
        }
    }
    Ok(named)
}

fn parts(value: &[u8]) -> impl Iterator<Item = String> {
    let parts = value.split(|byte| *byte == b',').filter(|part| !part.is_empty());
    parts.map(|part| String::from_utf8_lossy(part).into_owned())
}

fn numeric(part: &str, context: &Context<'_>) -> Result<Option<u32>, LineErrorKind> {
    if !part.starts_with(|c: char| c.is_ascii_digit()) {
        return Ok(None);
    }
    let bad = |why| LineErrorKind::Value(ValueError::BadSyscallNumber { value: part.to_owned(), why });
    if context.installed.is_some() {
        let number = number::as_c(part.as_bytes()).filter(|number| *number < BITS);
        return number.map(Some).ok_or_else(|| bad(BadNumber::TooLarge));
    }
    match number::unsigned(part.as_bytes()).map_err(bad)? {
        BITS.. => Err(bad(BadNumber::TooLarge)),
        number @ FIRST_CLASS_BIT.. => Err(LineErrorKind::Value(ValueError::ClassBit { number })),
        number => Ok(Some(number)),
    }
}
