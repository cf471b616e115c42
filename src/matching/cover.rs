//! Whether one rule matches every event that another one matches.
//!
//! Every yes is proven; where the fields do not decide it, the answer is no.

use std::ops::BitOrAssign;

use super::numbers::Numbers;
use super::property::Property;
use crate::rule::{Action, Field, FieldNumber, List, Op, Rule, Value};

/// Most numbers that are tried one by one against a condition on bits.
const FEW: u32 = 64;

/// What must hold for a rule to cover another one; nothing by default.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Provided {
    /// No component of the path, below and with this directory, is a symbolic link.
    pub no_links: bool,
    /// The file has no name (hard link) outside the directory.
    pub one_name: bool,
    /// The file was not replaced since the rules were loaded: the kernel then turns the order of rules on one path
    /// around.
    pub not_replaced: bool,
}

impl Provided {
    /// What must hold of links, as the end of a sentence; empty where nothing must.
    #[must_use]
    pub fn of_links(self) -> &'static str {
        match (self.no_links, self.one_name) {
            (true, true) => ", if no directory on the way is a symbolic link and the file has no other name",
            (true, false) => ", if no directory on the way is a symbolic link",
            (false, true) => ", if the file has no other name (hard link)",
            (false, false) => "",
        }
    }
}

impl BitOrAssign for Provided {
    fn bitor_assign(&mut self, other: Self) {
        self.no_links |= other.no_links;
        self.one_name |= other.one_name;
        self.not_replaced |= other.not_replaced;
    }
}

/// Whether `wide` matches every event that `narrow` matches, and under which conditions. Keys do not matter, nor does
/// what the rules do.
#[must_use]
pub fn covers(wide: &Rule, narrow: &Rule) -> Option<Provided> {
    let is_sound = wide.list == narrow.list && wide.rest.is_empty() && narrow.rest.is_empty();
    let decided = is_sound
        && match wide.list {
            List::EXIT | List::IO_URING => is_within(narrow, wide),
            List::TASK => true,
            List::USER | List::EXCLUDE => {
                let evaluates = |rule: &Rule| {
                    !rule.fields.is_empty() && rule.fields.iter().all(|field| !super::stops_list(field, rule.list))
                };
                evaluates(wide) && evaluates(narrow)
            }
            List::FILESYSTEM => return mutes_filesystems_of(wide, narrow).then(Provided::default),
            _ => false,
        };
    if !decided {
        return None;
    }
    let mut provided = Provided::default();
    for field in &wide.fields {
        provided |= implied(field, narrow)?;
    }
    Some(provided)
}

/// Whether both rules of a list do the same with what they match. The exclude list drops records whatever a rule says.
#[must_use]
pub fn have_same_effect(first: &Rule, second: &Rule) -> bool {
    first.action == second.action || second.list == List::EXCLUDE
}

/// Whether records under both rules of a list have the same key, or no key at all.
#[must_use]
pub fn have_same_key(first: &Rule, second: &Rule) -> bool {
    first.key() == second.key() || !has_records(second)
}

/// Whether matches of the rule are recorded, with its key.
#[must_use]
pub fn has_records(rule: &Rule) -> bool {
    matches!(rule.list, List::EXIT | List::IO_URING)
}

/// Whether the wide rule has every system call of the narrow one.
fn is_within(narrow: &Rule, wide: &Rule) -> bool {
    narrow.syscalls.is_within(&wide.syscalls)
}

/// A rule of the filesystem list acts where any one of its `fstype` conditions holds, and only as `never`.
fn mutes_filesystems_of(wide: &Rule, narrow: &Rule) -> bool {
    fn types(rule: &Rule) -> impl Iterator<Item = Numbers> + '_ {
        let types = rule.fields.iter().filter(|field| field.number == FieldNumber::FSTYPE);
        types.filter_map(|field| Numbers::of(field.op, field.value.number()?))
    }
    wide.action == Action::NEVER && types(narrow).all(|narrow| types(wide).any(|wide| narrow.is_within(&wide)))
}

/// Whether this condition holds wherever all those of the rule do.
fn implied(wanted: &Field, rule: &Rule) -> Option<Provided> {
    let always = Some(Provided::default());
    let is_given = rule.fields.contains(wanted);
    let property = Property::of(wanted.number, rule.list);
    let same = || rule.fields.iter().filter(|field| field.number == wanted.number);
    let holds = match property {
        Property::Key => true,
        Property::Absent | Property::Stop => false,
        Property::Path => return is_given.then(|| Provided { not_replaced: true, ..Provided::default() }),
        Property::Tree if !is_given => return is_below(wanted, rule),
        _ if is_given => true,
        Property::Number => implies_number(wanted, rule),
        Property::Group => match wanted.op {
            Op::NOT_EQUAL => false,
            _ => implies_number(wanted, rule),
        },
        Property::Result => has_result(rule) && implies_number(wanted, rule),
        Property::Success => has_result(rule) && successes(rule) & !success(wanted) == 0,
        Property::Family => same().next().is_some() && implies_number(wanted, rule),
        Property::OfFile => same().any(|given| implies_alone(given, wanted)),
        Property::Access => all_accesses(rule) & !accesses(wanted) == 0,
        Property::FileType | Property::Tree | Property::Fact => false,
    };
    if holds { always } else { None }
}

/// The numbers that a property may have where the rule matches. Of a group, this is the process's own one.
#[must_use]
pub fn numbers(rule: &Rule, number: FieldNumber) -> Numbers {
    let is_group = Property::of(number, rule.list) == Property::Group;
    let mut numbers = Numbers::all();
    // The flag of a login uid and the number itself say the same.
    let of_number = |field: &&Field| field.number == number || is_login(field.number) && is_login(number);
    for field in rule.fields.iter().filter(of_number) {
        if !(is_group && field.op == Op::EQUAL) {
            narrow(&mut numbers, field);
        }
    }
    numbers
}

fn is_login(number: FieldNumber) -> bool {
    matches!(number, FieldNumber::AUID | FieldNumber::LOGINUID_SET)
}

fn narrow(numbers: &mut Numbers, field: &Field) {
    if let Some(set) = set(field).or_else(|| from_bits(field)) {
        numbers.narrow(&set);
    }
}

/// Numbers outside of which a condition on bits never holds.
fn from_bits(field: &Field) -> Option<Numbers> {
    let value = field.value.number()?;
    match field.op {
        Op::BIT_TEST => Numbers::of(Op::GREATER_OR_EQUAL, value),
        Op::BIT_MASK if value == 0 => Numbers::of(Op::LESS, 0),
        Op::BIT_MASK => Numbers::of(Op::GREATER_OR_EQUAL, 1 << value.trailing_zeros()),
        _ => None,
    }
}

/// The numbers that a condition lets through; none for conditions on bits.
fn set(field: &Field) -> Option<Numbers> {
    let value = field.value.number()?;
    if field.number != FieldNumber::LOGINUID_SET {
        return Numbers::of(field.op, value);
    }
    let is_set = Numbers::of(field.op, value)?;
    let mut auids = Numbers::all();
    if !is_set.contains(0) {
        auids.narrow(&Numbers::of(Op::NOT_EQUAL, u32::MAX)?);
    }
    if !is_set.contains(1) {
        auids.narrow(&Numbers::one(u32::MAX));
    }
    Some(auids)
}

fn implies_number(wanted: &Field, rule: &Rule) -> bool {
    let numbers = numbers(rule, wanted.number);
    if set(wanted).is_some_and(|set| numbers.is_within(&set)) {
        return true;
    }
    let same = || rule.fields.iter().filter(|field| field.number == wanted.number);
    let holds = |number: u32, field: &Field| match set(field) {
        Some(set) => set.contains(number),
        None => compare(number, field) == Some(true),
    };
    // Of an own group that `=` names nothing follows, so it is not tried.
    let few = numbers.few(FEW).filter(|_| Property::of(wanted.number, rule.list) == Property::Number);
    let tried = few.is_some_and(|few| {
        few.into_iter().filter(|number| same().all(|given| holds(*number, given))).all(|number| holds(number, wanted))
    });
    let is_no_condition = wanted.op == Op::BIT_TEST && wanted.value == Value::Number(0);
    tried || is_no_condition || same().any(|given| is_on_bits(given, wanted) && implies_alone(given, wanted))
}

/// Whether one of two conditions is about bits: an order says nothing more than [`numbers`] does.
fn is_on_bits(given: &Field, wanted: &Field) -> bool {
    [given, wanted].iter().any(|field| matches!(field.op, Op::BIT_MASK | Op::BIT_TEST))
}

/// Whether one condition on a number is enough for another one on the same.
fn implies_alone(given: &Field, wanted: &Field) -> bool {
    let (Some(given_value), Some(wanted_value)) = (given.value.number(), wanted.value.number()) else { return false };
    if let (Some(given), Some(wanted)) = (set(given), set(wanted)) {
        return given.is_within(&wanted);
    }
    match (given.op, wanted.op) {
        (Op::EQUAL, _) => compare(given_value, wanted) == Some(true),
        (_, Op::BIT_TEST) if wanted_value == 0 => true,
        // Of a single bit, any and all are the same.
        (Op::BIT_MASK, Op::BIT_TEST) => given_value.is_power_of_two() && given_value == wanted_value,
        (Op::BIT_MASK, Op::BIT_MASK) => given_value & !wanted_value == 0,
        (Op::BIT_TEST, Op::BIT_MASK) => given_value & wanted_value != 0,
        (Op::BIT_TEST, Op::BIT_TEST) => wanted_value & !given_value == 0,
        _ => false,
    }
}

/// Whether a number stands to the value of a condition as that says (`audit_comparator`).
#[must_use]
pub fn compare(number: u32, field: &Field) -> Option<bool> {
    let value = field.value.number()?;
    match field.op {
        Op::BIT_MASK => Some(number & value != 0),
        Op::BIT_TEST => Some(number & value == value),
        op => Numbers::of(op, value).map(|set| set.contains(number)),
    }
}

/// Whether a condition of the rule holds only where the system call came back.
fn has_result(rule: &Rule) -> bool {
    rule.fields.iter().any(|field| matches!(field.number, FieldNumber::EXIT | FieldNumber::SUCCESS))
}

/// Which results a condition on success lets through: 1 a success, 2 a failure.
#[must_use]
pub fn success(field: &Field) -> u32 {
    const SUCCESS: u32 = 1;
    const FAILURE: u32 = 2;
    let Some(value) = field.value.number() else { return 0 };
    let against = if value == 0 { FAILURE } else { SUCCESS };
    let Some(set) = Numbers::of(field.op, against) else { return 0 };
    [SUCCESS, FAILURE].into_iter().filter(|result| set.contains(*result)).sum()
}

/// Which results all conditions of a rule on success let through.
#[must_use]
pub fn successes(rule: &Rule) -> u32 {
    rule.fields.iter().filter(|field| field.number == FieldNumber::SUCCESS).fold(3, |both, field| both & success(field))
}

/// Bits of `perm` that mean something: r 4, w 2, x 1, a 8.
pub const ACCESS: u32 = 15;

/// What a call may do, as the combinations of those bits that a condition lets through: `perm=` holds where the call
/// does any of its things, `perm!=` where it does none.
#[must_use]
pub fn accesses(field: &Field) -> u32 {
    let Some(value) = field.value.number() else { return 0 };
    let holds = |access: &u32| match field.op {
        Op::EQUAL => access & value != 0,
        Op::NOT_EQUAL => access & value == 0,
        _ => false,
    };
    (0..=ACCESS).filter(holds).map(|access| 1 << access).sum()
}

/// The combinations that all conditions of a rule let through. A task that is being created does nothing to a file.
#[must_use]
pub fn all_accesses(rule: &Rule) -> u32 {
    let any = if rule.list == List::TASK { 1 } else { (1 << (ACCESS + 1)) - 1 };
    rule.fields.iter().filter(|field| field.number == FieldNumber::PERM).fold(any, |all, field| all & accesses(field))
}

/// Whether the file or directory of a rule lies below the wanted directory.
fn is_below(wanted: &Field, rule: &Rule) -> Option<Provided> {
    let Value::Text(directory) = &wanted.value else { return None };
    rule.fields.iter().find_map(|field| {
        let path = field.text()?;
        let is_file = match field.number {
            FieldNumber::PATH => true,
            FieldNumber::DIR => false,
            _ => return None,
        };
        let below = lies_below(directory, path);
        below.then_some(Provided { no_links: true, one_name: is_file, not_replaced: false })
    })
}

/// Whether a path lies below a directory, or is that directory; only for paths without `.`, `..` and doubled slashes.
#[must_use]
pub fn lies_below(directory: &[u8], path: &[u8]) -> bool {
    let trimmed = |path: &[u8]| path.strip_suffix(b"/").unwrap_or(path).to_vec();
    let (directory, path) = (trimmed(directory), trimmed(path));
    let rest = path.strip_prefix(directory.as_slice());
    is_normal(&directory) && is_normal(&path) && rest.is_some_and(|rest| matches!(rest.first(), None | Some(b'/')))
}

/// Whether a path has no `.`, no `..` and no doubled slash in it.
#[must_use]
pub fn is_normal(path: &[u8]) -> bool {
    let path = path.strip_suffix(b"/").unwrap_or(path);
    path.split(|byte| *byte == b'/').skip(1).all(|name| !matches!(name, b"" | b"." | b".."))
}
