//! What each field is: which operators and lists it takes, in auditctl and in the kernel, and how its value reads.

use super::{FieldNumber, List, Op};
use ValueType::{
    AddressFamily, Arch, Argument, Comparison, Exit, FileType, FilesystemType, Group, Key, Number, Permissions,
    RecordType, Session, Text, User,
};

/// How the value of a field is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ValueType {
    /// An unsigned number.
    Number,
    /// A number, negative too.
    Argument,
    /// A user: name, number, `unset`.
    User,
    /// A group: name, number.
    Group,
    /// An architecture.
    Arch,
    /// A record type: name, number, `UNKNOWN[n]`.
    RecordType,
    /// A session: number or `unset`.
    Session,
    /// The result of a system call: number, or the name of an error.
    Exit,
    /// Letters of `rwxa`.
    Permissions,
    /// The name of a file type.
    FileType,
    /// A file system: name or magic number.
    FilesystemType,
    /// A socket address family's number.
    AddressFamily,
    /// A pair of fields, by its `AUDIT_COMPARE_*` number.
    Comparison,
    /// Bytes.
    Text,
    /// A key.
    Key,
}

/// A set of filter lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lists(u8);

impl Lists {
    const fn of(lists: &[List]) -> Self {
        let mut bits = 0;
        let mut i = 0;
        while i < lists.len() {
            bits |= 1 << lists[i].0;
            i += 1;
        }
        Self(bits)
    }

    /// Whether the list is in the set.
    #[must_use]
    pub fn contains(self, list: List) -> bool {
        list.0 < 8 && self.0 & (1 << list.0) != 0
    }

    /// The names of the lists in the set.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        List::NAMED.iter().filter(move |(list, _)| self.contains(*list)).map(|(_, name)| *name)
    }
}

/// A set of operators.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ops(&'static [Op]);

impl Ops {
    /// Whether the operator is in the set.
    #[must_use]
    pub fn contains(self, op: Op) -> bool {
        self.0.contains(&op)
    }

    /// How the operators in the set are written.
    pub fn symbols(self) -> impl Iterator<Item = &'static str> {
        self.0.iter().filter_map(|op| op.symbol())
    }
}

/// The operators that a field takes on some lists; on all others it takes none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taken {
    /// The lists.
    pub lists: Lists,
    /// The operators.
    pub ops: Ops,
}

/// One field that auditctl can name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FieldRow {
    /// auditctl's name, lower case.
    pub name: &'static str,
    /// The number on the wire.
    pub number: FieldNumber,
    /// How its value is written.
    pub value: ValueType,
    /// What auditctl 4.2.2 lets through.
    pub auditctl: Taken,
    /// What Linux 6.18 takes.
    pub kernel: Taken,
}

const EXIT: Lists = Lists::of(&[List::EXIT]);
const FILESYSTEM: Lists = Lists::of(&[List::FILESYSTEM]);
const RECORDS: Lists = Lists::of(&[List::USER, List::EXCLUDE]);
const EXIT_AND_RECORDS: Lists = Lists::of(&[List::EXIT, List::USER, List::EXCLUDE]);
const EXIT_AND_EXCLUDE: Lists = Lists::of(&[List::EXIT, List::EXCLUDE]);
const EXIT_AND_URING: Lists = Lists::of(&[List::EXIT, List::IO_URING]);
const ANY_BUT_FILESYSTEM_AND_URING: Lists = Lists::of(&[List::EXIT, List::TASK, List::USER, List::EXCLUDE]);
const ANY_BUT_FILESYSTEM: Lists = Lists::of(&[List::EXIT, List::TASK, List::USER, List::EXCLUDE, List::IO_URING]);
const ANY: Lists = Lists::of(&[List::EXIT, List::TASK, List::USER, List::EXCLUDE, List::FILESYSTEM, List::IO_URING]);

const EQUAL: Ops = Ops(&[Op::EQUAL]);
const EQUALITY: Ops = Ops(&[Op::EQUAL, Op::NOT_EQUAL]);
const ORDER: Ops = Ops(&[Op::EQUAL, Op::NOT_EQUAL, Op::LESS, Op::LESS_OR_EQUAL, Op::GREATER, Op::GREATER_OR_EQUAL]);
const ANY_OP: Ops = Ops(&[
    Op::EQUAL,
    Op::NOT_EQUAL,
    Op::LESS,
    Op::LESS_OR_EQUAL,
    Op::GREATER,
    Op::GREATER_OR_EQUAL,
    Op::BIT_MASK,
    Op::BIT_TEST,
]);

const fn row(
    name: &'static str,
    number: u32,
    value: ValueType,
    auditctl: (Lists, Ops),
    kernel: (Lists, Ops),
) -> FieldRow {
    FieldRow {
        name,
        number: FieldNumber(number),
        value,
        auditctl: Taken { lists: auditctl.0, ops: auditctl.1 },
        kernel: Taken { lists: kernel.0, ops: kernel.1 },
    }
}

/// The fields that auditctl 4.2.2 can name: name, number, value, and lists with operators of auditctl and the kernel.
///
/// Source: audit-userspace `lib/fieldtab.h`, `lib/libaudit.c`; `audit_field_valid` in `kernel/auditfilter.c`.
#[rustfmt::skip]
pub const FIELDS: [FieldRow; 46] = [
    row("pid", 0, Number, (ANY, ANY_OP), (ANY_BUT_FILESYSTEM, ORDER)),
    row("uid", 1, User, (ANY, ANY_OP), (ANY_BUT_FILESYSTEM, ORDER)),
    row("euid", 2, User, (ANY, ANY_OP), (ANY_BUT_FILESYSTEM, ORDER)),
    row("suid", 3, User, (ANY, ANY_OP), (ANY_BUT_FILESYSTEM, ORDER)),
    row("fsuid", 4, User, (ANY, ANY_OP), (ANY_BUT_FILESYSTEM, ORDER)),
    row("gid", 5, Group, (ANY, ANY_OP), (ANY_BUT_FILESYSTEM, ORDER)),
    row("egid", 6, Group, (ANY, ANY_OP), (ANY_BUT_FILESYSTEM, ORDER)),
    row("sgid", 7, Group, (ANY, ANY_OP), (ANY_BUT_FILESYSTEM, ORDER)),
    row("fsgid", 8, Group, (ANY, ANY_OP), (ANY_BUT_FILESYSTEM, ORDER)),
    row("auid", 9, User, (ANY, ANY_OP), (ANY_BUT_FILESYSTEM, ORDER)),
    row("loginuid", 9, User, (ANY, ANY_OP), (ANY_BUT_FILESYSTEM, ORDER)),
    row("pers", 10, Number, (ANY, ANY_OP), (ANY_BUT_FILESYSTEM, ANY_OP)),
    row("arch", 11, Arch, (ANY, EQUALITY), (ANY_BUT_FILESYSTEM, EQUALITY)),
    row("msgtype", 12, RecordType, (RECORDS, ANY_OP), (RECORDS, ORDER)),
    row("subj_user", 13, Text, (ANY, ANY_OP), (ANY_BUT_FILESYSTEM, EQUALITY)),
    row("subj_role", 14, Text, (ANY, ANY_OP), (ANY_BUT_FILESYSTEM, EQUALITY)),
    row("subj_type", 15, Text, (ANY, ANY_OP), (ANY_BUT_FILESYSTEM, EQUALITY)),
    row("subj_sen", 16, Text, (ANY, ANY_OP), (ANY_BUT_FILESYSTEM, ORDER)),
    row("subj_clr", 17, Text, (ANY, ANY_OP), (ANY_BUT_FILESYSTEM, ORDER)),
    row("ppid", 18, Number, (EXIT, ANY_OP), (ANY_BUT_FILESYSTEM, ORDER)),
    row("obj_user", 19, Text, (EXIT, ANY_OP), (ANY_BUT_FILESYSTEM, EQUALITY)),
    row("obj_role", 20, Text, (EXIT, ANY_OP), (ANY_BUT_FILESYSTEM, EQUALITY)),
    row("obj_type", 21, Text, (EXIT, ANY_OP), (ANY_BUT_FILESYSTEM, EQUALITY)),
    row("obj_lev_low", 22, Text, (EXIT, ANY_OP), (ANY_BUT_FILESYSTEM, ORDER)),
    row("obj_lev_high", 23, Text, (EXIT, ANY_OP), (ANY_BUT_FILESYSTEM, ORDER)),
    row("sessionid", 25, Session, (EXIT_AND_RECORDS, ANY_OP), (ANY_BUT_FILESYSTEM, ORDER)),
    row("devmajor", 100, Number, (EXIT, ANY_OP), (ANY_BUT_FILESYSTEM, ORDER)),
    row("devminor", 101, Number, (EXIT, ANY_OP), (ANY_BUT_FILESYSTEM, ANY_OP)),
    row("inode", 102, Number, (EXIT, EQUALITY), (EXIT_AND_URING, EQUALITY)),
    row("exit", 103, Exit, (EXIT, ANY_OP), (ANY_BUT_FILESYSTEM, ORDER)),
    row("success", 104, Number, (EXIT, ANY_OP), (ANY_BUT_FILESYSTEM, ORDER)),
    row("path", 105, Text, (EXIT, ANY_OP), (EXIT_AND_URING, EQUAL)),
    row("perm", 106, Permissions, (EXIT_AND_EXCLUDE, EQUAL), (ANY_BUT_FILESYSTEM_AND_URING, EQUALITY)),
    row("dir", 107, Text, (EXIT, ANY_OP), (EXIT_AND_URING, EQUAL)),
    row("filetype", 108, FileType, (EXIT, ANY_OP), (ANY_BUT_FILESYSTEM, EQUALITY)),
    row("fstype", 26, FilesystemType, (FILESYSTEM, EQUALITY), (FILESYSTEM, EQUALITY)),
    row("obj_uid", 109, User, (ANY, ANY_OP), (ANY_BUT_FILESYSTEM, ORDER)),
    row("obj_gid", 110, Group, (ANY, ANY_OP), (ANY_BUT_FILESYSTEM, ORDER)),
    row("field_compare", 111, Comparison, (ANY, ANY_OP), (ANY_BUT_FILESYSTEM, EQUALITY)),
    row("a0", 200, Argument, (ANY, ANY_OP), (ANY_BUT_FILESYSTEM, ANY_OP)),
    row("a1", 201, Argument, (ANY, ANY_OP), (ANY_BUT_FILESYSTEM, ANY_OP)),
    row("a2", 202, Argument, (ANY, ANY_OP), (ANY_BUT_FILESYSTEM, ANY_OP)),
    row("a3", 203, Argument, (ANY, ANY_OP), (ANY_BUT_FILESYSTEM, ANY_OP)),
    row("key", 210, Key, (ANY, ANY_OP), (ANY, EQUALITY)),
    row("exe", 112, Text, (ANY, EQUALITY), (ANY_BUT_FILESYSTEM, EQUALITY)),
    row("saddr_fam", 113, AddressFamily, (ANY, ANY_OP), (ANY_BUT_FILESYSTEM, ORDER)),
];

/// What the kernel takes for `AUDIT_LOGINUID_SET`, which auditctl cannot name.
const LOGINUID_SET: Taken = Taken { lists: ANY_BUT_FILESYSTEM, ops: EQUALITY };

/// The field of this name, in any case.
#[must_use]
pub fn by_name(name: &str) -> Option<&'static FieldRow> {
    FIELDS.iter().find(|row| row.name.eq_ignore_ascii_case(name))
}

/// The field of this number, with the name to print.
#[must_use]
pub fn by_number(number: FieldNumber) -> Option<&'static FieldRow> {
    FIELDS.iter().find(|row| row.number == number)
}

/// What the kernel takes for a field; none for a number that Linux 6.18 does not know.
#[must_use]
pub fn kernel_takes(number: FieldNumber) -> Option<Taken> {
    match number {
        FieldNumber::LOGINUID_SET => Some(LOGINUID_SET),
        _ => by_number(number).map(|row| row.kernel),
    }
}
