//! Every kind of finding. Lines that cannot be read have the kind of their error instead; each of those is an error.

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// Something is not recorded, or not as it was meant.
    Warning,
    /// The load stops here, or nothing is recorded.
    Error,
}

/// Declares the codes: variant, name, severity, and what it is about.
macro_rules! codes {
    ($($variant:ident, $name:literal, $severity:ident, $summary:literal;)+) => {
        /// A kind of finding.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[allow(missing_docs, reason = "the summary of each says it")]
        pub enum Code {
            $($variant,)+
        }

        /// Every kind, with its name, its severity and what it is about.
        pub const CODES: &[(Code, &str, Severity, &str)] =
            &[$((Code::$variant, $name, Severity::$severity, $summary),)+];
    };
}

codes! {
    SyscallNotOnArch, "syscall_not_on_arch", Error, "a system call that the architecture lacks: auditctl stops here";
    KernelRefuses, "kernel_refuses", Error, "auditctl sends the rule, the kernel refuses it";
    DuplicateRule, "duplicate_rule", Error, "the same rule stands earlier: the load stops with \"Rule exists\"";
    ArchTwice, "arch_twice", Error, "the same rule for one word length twice, and not for the other one";
    NothingToDelete, "nothing_to_delete", Error, "deletes a rule that is not there: the load stops";
    FilesRunTogether, "files_run_together", Error, "no final newline: the last line and the next file's first become one";
    AuditctlTooOld, "auditctl_too_old", Error, "a line that the installed auditctl is too old for: the load stops";
    MissingPath, "missing_path", Error, "a path that the kernel does not find: the load stops";
    OutdatedComment, "outdated_comment", Error, "a comment of ours in place of a line, whose reason is gone: the rule is missing";
    SettingOutOfRange, "setting_out_of_range", Error, "a value that no kernel takes";
    Blocker, "blocker", Error, "a rule that leaves nothing to be recorded, or nothing of the files of a file system";
    KeyDisablesList, "key_disables_list", Error, "a key on the user or exclude list: neither this rule nor those after act";
    FieldDisablesList, "field_disables_list", Error, "a field that the user or exclude list does not know, with the same effect";
    CarriageReturns, "carriage_returns", Error, "lines that end in a carriage return";
    WritableByOthers, "writable_by_others", Error, "others than root may write the rules file";
    NoRules, "no_rules", Warning, "neither a rule nor a setting: nothing would be recorded";
    LeftOutByApply, "left_out_by_apply", Warning, "rules of the request that apply leaves out, where a file would stop the load";
    NeverMatches, "never_matches", Warning, "conditions that exclude each other, or that no value fulfils";
    SameMatch, "same_match", Warning, "matches the same as an earlier rule with another key: that key is recorded";
    Covered, "covered", Warning, "an earlier rule matches everything that this one matches: it never acts";
    NoFieldsNeverMatch, "no_fields_never_match", Warning, "a rule without conditions on a list where it never matches";
    AlwaysOnFilesystem, "always_on_filesystem", Warning, "the filesystem list acts on never only";
    EmptyMask, "empty_mask", Warning, "no system call: never matches";
    FieldUnknownToTask, "field_unknown_to_task", Warning, "a field without a value when a task is created: never matches";
    ActionIgnoredOnExclude, "action_ignored_on_exclude", Warning, "never on the exclude list drops records all the same";
    ActionPossible, "action_possible", Warning, "the action possible: nothing is loaded";
    PathNotNormal, "path_not_normal", Warning, "a path with . or .. or doubled slashes, which is taken as it stands";
    UnexpandedVariable, "unexpanded_variable", Warning, "a variable in a path, which nobody replaces: it stands for itself";
    WildcardIsLiteral, "wildcard_is_literal", Warning, "* and ? and what else a shell would expand stand for themselves";
    SymbolicLink, "symbolic_link", Warning, "a path that is a symbolic link, which the kernel does not follow";
    NamesNoFile, "names_no_file", Warning, "conditions on files, and system calls that name none";
    PermNotOfSyscalls, "perm_not_of_syscalls", Warning, "perm= asks for what none of the system calls does";
    PositiveErrno, "positive_errno", Warning, "exit= with the name of an error and no minus: no failure gives that back";
    NewerVariantMissing, "newer_variant_missing", Warning, "programs of today use another call for the same";
    UnusualKey, "unusual_key", Warning, "a key with quotation marks, blanks or control characters, under which nobody looks";
    PathIsDirectory, "path_is_directory", Warning, "path= or exe= with a directory, of whose files nothing is seen";
    StoppedByOthers, "stopped_by_others", Warning, "a path below a directory that others may write: they can stop the boot load";
    RefusedBySome, "refused_by_some", Warning, "perm= where some versions of auditctl refuse the line: their load stops";
    SyscallsWithoutArch, "syscalls_without_arch", Warning, "system calls without arch: other calls for 32-bit programs";
    B32Missing, "b32_missing", Warning, "64-bit programs are recorded, 32-bit programs are not";
    B64Missing, "b64_missing", Warning, "32-bit programs are recorded, 64-bit programs are not";
    AuidIncludesUnset, "auid_includes_unset", Warning, "auid>= matches processes that nobody logged in to: unset is 4294967295";
    UnsignedComparison, "unsigned_comparison", Warning, "results are compared without sign: failures count as large numbers";
    EverySyscall, "every_syscall", Warning, "records every system call";
    WideTree, "wide_tree", Warning, "watches a tree in which everything happens";
    LockNotLast, "lock_not_last", Warning, "lines after -e 2, which auditctl -R cannot load";
    LockOverruled, "lock_overruled", Warning, "a later -e: the host is not locked";
    SwitchesOff, "switches_off", Warning, "the load ends with auditing off";
    DeletesRules, "deletes_rules", Warning, "deletes rules that were loaded before";
    Prepended, "prepended", Warning, "-A: goes before all others, whatever file it stands in";
    ControlIndented, "control_indented", Warning, "blanks around -e, -b, -f or -D: augenrules with mawk leaves the line where it is";
    PassedOver, "passed_over", Warning, "a name in rules.d from which augenrules reads nothing";
    OnlyInAuditRules, "only_in_audit_rules", Warning, "a line of audit.rules that no drop-in has";
    UnknownCode, "unknown_code", Warning, "a comment asks lint to ignore a code that no finding has";
    Redundant, "redundant", Info, "an earlier rule records the same under the same key";
    NeverTooLate, "never_too_late", Info, "never after always: what both match is recorded";
    SettingOverruled, "setting_overruled", Info, "set again later, otherwise";
    IgnoresErrors, "ignores_errors", Info, "-i: the load calls it success whatever fails";
    LoginuidImmutable, "loginuid_immutable", Info, "containers cannot set login uids, and only a reboot takes it back";
    Panics, "panics", Info, "-f 2: the host stops when a record is lost";
    HotSyscall, "hot_syscall", Info, "a call that every process makes all the time, without a condition";
    Mergeable, "mergeable", Info, "rules that differ in system calls only could be one";
    ObsoleteSyscall, "obsolete_syscall", Info, "a system call that kernels no longer have";
    WiderVariantMissing, "wider_variant_missing", Info, "32-bit programs use another call for the same";
    WatchForm, "watch_form", Info, "-w: slower than -F path= with arch, and deprecated since audit 3.1.3";
    PermWithoutArch, "perm_without_arch", Info, "perm= without arch: every system call is looked at";
    LoadedTwice, "loaded_twice", Info, "the same rule once more with -A: the kernel takes it and holds it twice";
    NoPermissions, "no_permissions", Info, "-w without -p: reads are recorded too";
    NoKey, "no_key", Info, "a rule without a key";
    LongKey, "long_key", Info, "a key longer than auditctl(8) allows";
    NothingThere, "nothing_there", Info, "a path where nothing is now: the rule waits for it";
    NoFinalNewline, "no_final_newline", Info, "the last file ends without a newline";
    ReadableByOthers, "readable_by_others", Info, "everyone may read the rules file";
}

impl Code {
    fn row(self) -> &'static (Self, &'static str, Severity, &'static str) {
        &CODES[self as usize]
    }

    /// The stable name.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.row().1
    }

    /// How much findings of this kind matter.
    #[must_use]
    pub fn severity(self) -> Severity {
        self.row().2
    }
}

/// What findings with this name are about; none for the errors of lines.
#[must_use]
pub fn summary(name: &str) -> Option<&'static str> {
    CODES.iter().find(|row| row.1 == name).map(|row| row.3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_finds_its_own_row_and_no_name_stands_twice() {
        let mut names: Vec<&str> = CODES.iter().map(|row| row.1).collect();
        assert!(CODES.iter().all(|row| row.0.name() == row.1 && row.0.severity() == row.2));
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), CODES.len());
    }
}
