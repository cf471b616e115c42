//! Every code with lines that have it and lines that nearly do.

use std::collections::BTreeSet;

use audit_rules::lint::CODES;

use crate::{fixed, lint};

/// Code, lines that have it, lines that do not. Lines are joined with newlines, and one stands at the end.
const ROWS: &[(&str, &[&str], &[&str])] = &[
    (
        "syscall_not_on_arch",
        &["-a always,exit -F arch=b64 -S umount -k m"],
        &["-a always,exit -F arch=b64 -S umount2 -k m", "-a always,exit -F arch=b32 -S umount -k m"],
    ),
    ("no_rules", &["# a comment", ""], &["# a comment", "-b 8192"]),
    (
        "kernel_refuses",
        &["-a always,exit -F arch=b64 -F path=/etc/ -F perm=wa -k m"],
        &["-a always,exit -F arch=b64 -F dir=/etc/ -F perm=wa -k m", "-w / -p wa"],
    ),
    (
        "kernel_refuses",
        &["-a always,exit -F arch=b64 -S open -F uid=-1"],
        &["-a always,exit -F arch=b64 -S open -F auid=-1"],
    ),
    (
        "duplicate_rule",
        &["-w /etc/passwd -p wa -k i", "-a always,exit -F path=/etc/passwd -F perm=wa -F key=i"],
        &["-w /etc/passwd -p wa -k i", "-a always,exit -F arch=b64 -F path=/etc/passwd -F perm=wa -F key=i"],
    ),
    ("duplicate_rule", &["-w /etc/ssh -k s", "-w /etc/ssh/ -k s"], &["-w /etc/ssh -k s", "-w /etc/ssh -k t"]),
    (
        "loaded_twice",
        &["-a always,exit -F arch=b64 -S mount -k m", "-A always,exit -F arch=b64 -S mount -k m"],
        &["-A always,exit -F arch=b64 -S mount -k m", "-A always,exit -F arch=b64 -S mount -k n"],
    ),
    (
        "duplicate_rule",
        &["-A always,exclude -F uid=33", "-a always,exclude -F uid=33"],
        &["-a always,exclude -F uid=33", "-A always,exclude -F uid=33"],
    ),
    (
        "arch_twice",
        &["-a always,exit -F arch=b32 -S mount -k m", "-a always,exit -F arch=b32 -S mount -k m"],
        &["-a always,exit -F arch=b64 -S mount -k m", "-a always,exit -F arch=b32 -S mount -k m"],
    ),
    (
        "outdated_comment",
        &["# audit_rules: the same rule stands above: -w /etc/shadow -p wa -k i"],
        &["-w /etc/shadow -p wa -k i", "# audit_rules: the same rule stands above: -w /etc/shadow -p wa -k i"],
    ),
    ("nothing_to_delete", &["-W /etc/passwd -p wa"], &["-w /etc/passwd -p wa", "-W /etc/passwd -p wa"]),
    ("setting_out_of_range", &["--backlog_wait_time 600001"], &["--backlog_wait_time 60000"]),
    ("blocker", &["-a never,task"], &["-a never,task -F uid=33", "-a always,task"]),
    ("blocker", &["-a always,exclude -F msgtype>=0"], &["-a always,exclude -F msgtype=CWD"]),
    (
        "blocker",
        &["-a always,exclude -F msgtype>=1300 -F msgtype<1310"],
        &["-a always,exclude -F msgtype>1300 -F uid>=0"],
    ),
    (
        "blocker",
        &["-a never,filesystem -F fstype=0xef53", "-a never,filesystem -F fstype!=tracefs"],
        &["-a never,filesystem -F fstype=tracefs", "-a never,filesystem -F fstype=debugfs"],
    ),
    ("blocker", &["-a never,exclude -F uid>=0"], &["-a never,exclude -F uid>0"]),
    ("blocker", &["-a never,exit"], &["-a never,exit -F arch=b64 -S open", "-a never,exit -F uid=0"]),
    (
        "key_disables_list",
        &["-a always,exclude -F exe=/usr/sbin/x -k muted"],
        &["-a always,exclude -F exe=/usr/sbin/x", "-a never,exit -F arch=b64 -F exe=/usr/sbin/x -k muted"],
    ),
    ("field_disables_list", &["-a never,user -F euid=0"], &["-a never,user -F uid=0"]),
    (
        "never_matches",
        &["-a always,exit -F arch=b64 -S open -F auid>=1000 -F auid<500 -k a"],
        &["-a always,exit -F arch=b64 -S open -F auid>=500 -F auid<1000 -k a"],
    ),
    (
        "never_matches",
        &["-a always,exit -F arch=b64 -S open -F exit<0 -k a"],
        &["-a always,exit -F arch=b64 -S open -F exit<1 -k a"],
    ),
    (
        "never_matches",
        &["-a always,exit -F arch=b64 -S open -F gid=5 -F gid!=5"],
        &["-a always,exit -F arch=b64 -S open -F gid=5 -F gid>6"],
    ),
    (
        "never_matches",
        &["-a always,exit -F arch=b64 -S open -F success=1 -F success=0"],
        &["-a always,exit -F arch=b64 -S open -F success=1 -F success=2"],
    ),
    (
        "never_matches",
        &["-a always,exit -F arch=b64 -S open -F uid=7 -F uid=8"],
        &["-a always,exit -F arch=b64 -S open -F uid=alice -F uid=bob"],
    ),
    (
        "same_match",
        &["-w /etc/passwd -p wa -k a", "-w /etc/passwd -p wa -k b"],
        &["-w /etc/passwd -p wa -k a", "-w /etc/passwd -p x -k b"],
    ),
    (
        "same_match",
        &[
            "-a always,exit -F arch=b64 -S open -F uid=alice -k a",
            "-a always,exit -F arch=b64 -S open -F uid=alice -k b",
        ],
        &["-a always,exit -F arch=b64 -S open -F uid=alice -k a", "-a always,exit -F arch=b64 -S open -F uid=bob -k b"],
    ),
    (
        "covered",
        &["-a always,exit -F arch=b64 -S open,openat -k a", "-a always,exit -F arch=b64 -S openat -F auid>=1000 -k b"],
        &["-a always,exit -F arch=b64 -S open,openat -F auid>=1000 -k a", "-a always,exit -F arch=b64 -S openat -k b"],
    ),
    (
        "covered",
        &["-a never,exit -F arch=b64 -S mount -F auid>=500", "-a always,exit -F arch=b64 -S mount -F auid>=1000 -k m"],
        &["-a never,exit -F arch=b64 -S mount -F auid>=1000", "-a always,exit -F arch=b64 -S mount -F auid>=500 -k m"],
    ),
    (
        "covered",
        &["-w /etc -p wa -k etc", "-w /etc/ssh/sshd_config -p w -k ssh"],
        &["-w /etc -p w -k etc", "-w /etc/ssh/sshd_config -p wa -k ssh"],
    ),
    (
        "covered",
        &[
            "-a always,exit -F arch=b64 -S all -F dir=/etc -F perm=wa -k e",
            "-a always,exit -F arch=b64 -S all -F dir=/etc/ssh/ -F perm=a -k s",
        ],
        &[
            "-a always,exit -F arch=b64 -S all -F dir=/etc -F perm=wa -k e",
            "-a always,exit -F arch=b64 -S all -F dir=/etcetera -F perm=a -k s",
        ],
    ),
    // auditctl from 3.1.3 on narrows the first rule to a table of calls, and the second one not.
    (
        "covered",
        &[
            "-a always,exit -F path=/x -F perm=wa -k a",
            "-a always,exit -F arch=b64 -F path=/x -F perm=wa -F uid=0 -k b",
        ],
        &[
            "-a always,exit -F arch=b64 -F path=/x -F perm=wa -k a",
            "-a always,exit -F path=/x -F perm=wa -F arch=b64 -F uid=0 -k b",
        ],
    ),
    // Without a host the watch may be about a directory, and the path is not.
    (
        "covered",
        &["-w /etc/ssh -p wa -k a", "-w /etc/ssh -p wa -k b", "-w /etc/ssh/x -p w -k c"],
        &["-a always,exit -F path=/etc/ssh -F perm=wa -k a", "-w /etc/ssh -p w -k b"],
    ),
    // A supplementary group counts as the group of the process.
    (
        "covered",
        &[
            "-a always,exit -F arch=b64 -S mount -F gid=10 -k a",
            "-a always,exit -F arch=b64 -S mount -F gid=10 -F uid=0 -k b",
        ],
        &["-a always,exit -F arch=b64 -S mount -F gid>=10 -k a", "-a always,exit -F arch=b64 -S mount -F gid=10 -k b"],
    ),
    // A call that never comes back has no result.
    (
        "covered",
        &[
            "-a always,exit -F arch=b64 -S mount -F exit>=0 -k a",
            "-a always,exit -F arch=b64 -S mount -F success=1 -k b",
        ],
        &["-a always,exit -F arch=b64 -S mount -F exit>=0 -k a", "-a always,exit -F arch=b64 -S mount -F uid=0 -k b"],
    ),
    ("no_fields_never_match", &["-a never,user"], &["-a never,user -F uid=0"]),
    ("always_on_filesystem", &["-a always,filesystem -F fstype=debugfs"], &["-a never,filesystem -F fstype=debugfs"]),
    ("empty_mask", &["-a always,exit -S , -k a"], &["-a always,exit -F arch=b64 -S umount -k a"]),
    ("field_unknown_to_task", &["-a never,task -F arch=b64"], &["-a never,task -F uid=33"]),
    ("action_ignored_on_exclude", &["-a never,exclude -F msgtype=CWD"], &["-a always,exclude -F msgtype=CWD"]),
    ("action_possible", &["-a exit,possible -S open"], &["-a exit,never -F arch=b64 -S open"]),
    ("path_not_normal", &["-w /etc/../etc/passwd -p wa -k a"], &["-w /etc/passwd -p wa -k a", "-w /etc/ -p wa -k a"]),
    ("wildcard_is_literal", &["-w /home/*/.ssh -p wa -k a"], &["-w /home/a/.ssh -p wa -k a"]),
    ("wildcard_is_literal", &["-a never,exit -F exe=/opt/agent/bin/*"], &["-a never,exit -F exe=/opt/agent/bin/agent"]),
    (
        "wildcard_is_literal",
        &["-a never,exit -F subj_type=httpd_*"],
        &["-w /etc/a{b}[] -p wa -k what*ever", "-w /srv/$ -p wa -k k", "-w /srv/a$1 -p wa -k k"],
    ),
    ("wildcard_is_literal", &["-w /etc/{passwd,shadow} -p wa -k a"], &["-w /etc/passwd,shadow -p wa -k a"]),
    ("wildcard_is_literal", &["-w /etc/rc[0-9].d -p wa -k a"], &["-w /etc/rc0.d -p wa -k a"]),
    (
        "unexpanded_variable",
        &[
            "-w /home/$USER/.ssh -p wa -k a",
            "-w /home/${USER}/.ssh -p wa -k a",
            "-w /home/%u/.ssh -p wa -k a",
            "-w /~/.ssh -p wa -k a",
            "-a always,exit -F arch=b64 -S openat -F dir=/run/user/%i -F key=a",
        ],
        &[
            "-w /srv/100%ugly -p wa -k a",
            "-w /srv/a%2Fb -p wa -k a",
            "-w /srv/notes~ -p wa -k a",
            "-w /srv/a$ -p wa -k a",
        ],
    ),
    ("wildcard_is_literal", &["-w /home/*/.ssh -p wa -k a"], &["-w /HOME -p wa -k a"]),
    (
        "names_no_file",
        &["-a always,exit -F arch=b64 -S write -F path=/home/u/f -k k"],
        &["-a always,exit -F arch=b64 -S write -F auid>=1000 -F auid!=unset -k k"],
    ),
    (
        "names_no_file",
        &["-a always,exit -F arch=b64 -S openat,write -F dir=/srv -k k"],
        &["-a always,exit -F arch=b64 -S openat,truncate,ftruncate -F dir=/srv -k k"],
    ),
    (
        "names_no_file",
        &["-a never,exit -F arch=b64 -S ftruncate,kill -F inode=5"],
        &["-a never,exit -F arch=b64 -S kill -F filetype!=file"],
    ),
    (
        "perm_not_of_syscalls",
        &["-a always,exit -F arch=b64 -S execve -F path=/etc/x -F perm=wa -k k"],
        &["-a always,exit -F arch=b64 -S execve,unlink -F path=/etc/x -F perm=wa -k k"],
    ),
    (
        "perm_not_of_syscalls",
        &["-a always,exit -F arch=b64 -S openat -F dir=/etc -F perm=x -k k"],
        &[
            "-a always,exit -F arch=b64 -S openat -F dir=/etc -F perm=r -k k",
            "-a always,exit -F arch=b64 -F dir=/b -F perm=x",
        ],
    ),
    (
        "positive_errno",
        &["-a always,exit -F arch=b64 -S openat -F exit=EACCES -k k"],
        &[
            "-a always,exit -F arch=b64 -S openat -F exit=-EACCES -k k",
            "-a always,exit -F arch=b64 -S openat -F exit=13 -k k",
        ],
    ),
    (
        "positive_errno",
        &["-a always,exit -F arch=b64 -S openat -F exit!=EPERM -k k"],
        &["-a always,exit -F arch=b64 -S openat -F exit!=-EPERM -k k"],
    ),
    (
        "never_matches",
        &["-a always,exit -F arch=b64 -S openat -F exit=-EACCES -F success=1 -k k"],
        &["-a always,exit -F arch=b64 -S openat -F exit=-EACCES -F success=0 -k k"],
    ),
    (
        "never_matches",
        &["-a always,exit -F arch=b64 -S openat -F success=0 -F exit=3 -k k"],
        &["-a always,exit -F arch=b64 -S openat -F success=0 -F exit!=3 -k k"],
    ),
    (
        "newer_variant_missing",
        &["-a always,exit -F arch=b64 -S open -F dir=/etc -F success=0 -k k"],
        &["-a always,exit -F arch=b64 -S open,openat -F dir=/etc -F success=0 -k k"],
    ),
    (
        "newer_variant_missing",
        &["-a always,exit -F arch=b64 -S unlink,rename,renameat -k k"],
        &[
            "-a always,exit -F arch=b64 -S unlink,rename -k k",
            "-a always,exit -F arch=b64 -S unlinkat,renameat2 -k l",
            "-a never,exit -F arch=b64 -S open -F uid=0",
        ],
    ),
    (
        "newer_variant_missing",
        &[
            "-a always,exit -F arch=b64 -S open -F a1&0100 -F success=1 -k k",
            "-a always,exit -F arch=b32 -S openat -F a2&0100 -F success=1 -k k",
        ],
        &[
            "-a always,exit -F arch=b64 -S open -F a1&0100 -F success=1 -k k",
            "-a always,exit -F arch=b64 -S openat -F a2&0100 -F success=1 -k k",
        ],
    ),
    ("unusual_key", &["-w /etc/passwd -p wa -k \"identity\""], &["-w /etc/passwd -p wa -k identity_2-b"]),
    ("unusual_key", &["-w /etc/group -p wa -k grp\t"], &["-w /etc/a\"b -p wa -k grp", "-w /etc/b\\ c -p wa -k grp"]),
    ("unusual_key", &["-w /etc/b\\ c -p wa -k a\\ b"], &["-a always,exit -F arch=b64 -S mount -k a -k b"]),
    (
        "unusual_key",
        &["-a always,exit -F arch=b64 -S mount -F key='m'"],
        &["-a always,exit -F arch=b64 -S mount -F key=m"],
    ),
    (
        "syscalls_without_arch",
        &["-a always,exit -S mount -k a"],
        &["-a always,exit -F arch=b64 -S mount -k a", "-a always,exit -F dir=/x -F perm=wa -k a"],
    ),
    (
        "b32_missing",
        &["-a always,exit -F arch=b64 -S mount,chown -k a", "-a always,exit -F arch=b32 -S mount -k a"],
        &["-a always,exit -F arch=b64 -S mount,newfstatat -k a", "-a always,exit -F arch=b32 -S mount,chown -k b"],
    ),
    (
        "b32_missing",
        &["-a always,exit -F arch=b64 -F path=/etc/passwd -F perm=wa -k a"],
        &["-a never,exit -F arch=b64 -F exe=/usr/bin/x"],
    ),
    (
        "b32_missing",
        &["-a always,exit -F arch=b64 -S mount -k a", "-a always,exit -F arch=b32 -S all -F auid>=1000 -F auid!=unset"],
        &["-a always,exit -F arch=b64 -S mount -k a", "-a always,exit -F arch=b32 -S all -k 32bit-abi"],
    ),
    (
        "b32_missing",
        &["-a always,exit -F arch=b64 -S mount -k a", "-a never,exit -F arch=b32 -S mount"],
        &["-a never,exit -F arch=b32 -S all", "-a always,exit -F arch=b64 -S mount -k a"],
    ),
    (
        "b64_missing",
        &["-a always,exit -F arch=b32 -S all -F dir=/etc -F perm=wa -k a"],
        &["-a always,exit -F arch=b32 -S all -F key=32bit-abi", "-a always,exit -F arch=b32 -S all -F auid=0 -k a"],
    ),
    (
        "b64_missing",
        &["-a always,exit -F arch=b32 -S mount -F auid>=1000 -F auid!=unset -k a"],
        &[
            "-a always,exit -F arch=b32 -S mount -F auid>=1000 -F auid!=unset -k a",
            "-a always,exit -F arch=b64 -S mount -F auid!=unset -F auid>=1000 -k a",
        ],
    ),
    (
        "auid_includes_unset",
        &["-a always,exit -F arch=b64 -S mount -F auid>=1000 -k a"],
        &[
            "-a always,exit -F arch=b64 -S mount -F auid>=1000 -F auid!=4294967295 -k a",
            "-a always,exit -F arch=b64 -S mount -F auid=1000 -k a",
        ],
    ),
    (
        "auid_includes_unset",
        &["-a always,exit -F arch=b64 -S mount -F loginuid>999 -k a"],
        &["-a always,exit -F arch=b64 -S mount -F auid>=1000 -F auid<60000 -k a"],
    ),
    (
        "unsigned_comparison",
        &["-a always,exit -F arch=b64 -S mount -F exit>0 -k a"],
        &[
            "-a always,exit -F arch=b64 -S mount -F exit>0 -F exit<4096 -k a",
            "-a always,exit -F arch=b64 -S mount -F exit=-EPERM -k a",
        ],
    ),
    (
        "unsigned_comparison",
        &["-a always,exit -F arch=b64 -S mount -F exit<-1 -k a"],
        &["-a always,exit -F arch=b64 -S mount -F exit>-100 -k a"],
    ),
    (
        "every_syscall",
        &["-a always,exit -F arch=b64 -S all -F auid=1000 -k a"],
        &[
            "-a always,exit -F arch=b64 -S all -F dir=/x -F perm=wa -k a",
            "-a never,exit -F arch=b64 -S all -F auid=1000",
            "-a always,exit -F arch=b32 -S all -F key=32bit-abi",
        ],
    ),
    ("wide_tree", &["-w /proc/ -p wa -k a"], &["-w /proc/sys/kernel -p wa -k a"]),
    (
        "wide_tree",
        &["-a always,exit -F arch=b64 -F dir=/ -F perm=wa -k a"],
        &["-a always,exit -F arch=b64 -F dir=/etc -F perm=wa -k a"],
    ),
    (
        "wide_tree",
        &["-w /tmp -p wa -k a", "-w /tmp -p x -k b"],
        &[
            "-a always,exit -F arch=b64 -S fchmodat -F dir=/tmp -F a2&0111 -F filetype=file -F auid>=1000 -F auid!=unset -k a",
            "-a always,exit -F arch=b64 -S openat -F dir=/tmp -F success=0 -k b",
            "-a always,exit -F arch=b64 -S fchmodat -F dir=/tmp -k c",
            "-w /dev -p x -k d",
            "-a always,exit -F arch=b64 -F dir=/tmp -F perm=wa -F auid>=1000 -F auid!=unset -k e",
        ],
    ),
    (
        "wide_tree",
        &["-a always,exit -F arch=b64 -F dir=/tmp -F perm=wa -F auid!=unset -k a"],
        &["-a never,exit -F arch=b64 -F dir=/tmp"],
    ),
    ("lock_not_last", &["-e 2", "-w /etc/passwd -p wa -k a"], &["-w /etc/passwd -p wa -k a", "-e 2", "# the end", ""]),
    ("lock_overruled", &["-e 2", "-e 1"], &["-e 1", "-e 2"]),
    ("switches_off", &["-e 0"], &["-e 1"]),
    ("deletes_rules", &["-w /etc/passwd -p wa -k a", "-D"], &["-D", "-w /etc/passwd -p wa -k a"]),
    (
        "deletes_rules",
        &["-a always,exit -F arch=b64 -S open -k a", "-d always,exit -F arch=b64 -S open -k a"],
        &["-a always,exit -F arch=b64 -S open -k a"],
    ),
    (
        "deletes_rules",
        &["-w /etc/passwd -p wa -k identity", "-D -k dent"],
        &["-w /etc/passwd -p wa -k identity", "-D -k other"],
    ),
    ("prepended", &["-A never,exit -F arch=b64 -F exe=/x"], &["-a never,exit -F arch=b64 -F exe=/x"]),
    ("control_indented", &[" -e 2"], &["-e 2", " # -e 2", " -w /etc/passwd -p wa -k a"]),
    ("control_indented", &["-D "], &["-D", "-b 8192 "]),
    (
        "unknown_code",
        &["# lint: ignore b32_mising"],
        &["# lint: ignore b32_missing, unknown_syscall", "# lint is asked to ignore it", "#lint:ignore no_key"],
    ),
    ("carriage_returns", &["-w /etc/passwd -p wa -k a\r"], &["-w /etc/passwd -p wa -k a"]),
    (
        "redundant",
        &["-a always,exit -F arch=b64 -S mount -k a", "-a always,exit -F arch=b64 -S mount -F uid=0 -k a"],
        &["-a always,exit -F arch=b64 -S mount -F uid=0 -k a", "-a always,exit -F arch=b64 -S mount -k a"],
    ),
    (
        "redundant",
        &[
            "-a always,exit -F arch=b64 -S mount -F uid=0 -F gid=0 -k a",
            "-a always,exit -F arch=b64 -S mount -F gid=0 -F uid=0 -k a",
        ],
        &[
            "-a always,exit -F arch=b64 -S mount -F uid=0 -F gid=0 -k a",
            "-a always,exit -F arch=b64 -S mount -F gid=0 -F uid=0 -k b",
        ],
    ),
    (
        "redundant",
        &["-a always,exclude -F msgtype>=1300 -F msgtype<1400", "-a never,exclude -F msgtype=1305"],
        &["-a always,exclude -F msgtype=1304", "-a always,exclude -F msgtype=1305"],
    ),
    (
        "redundant",
        &["-a never,filesystem -F fstype!=1", "-a never,filesystem -F fstype=2"],
        &["-a never,filesystem -F fstype=1", "-a never,filesystem -F fstype=2"],
    ),
    (
        "never_too_late",
        &["-a always,exit -F arch=b64 -S openat -F success=0 -k a", "-a never,exit -F arch=b64 -S openat -F exe=/x"],
        &["-a never,exit -F arch=b64 -S openat -F exe=/x", "-a always,exit -F arch=b64 -S openat -F success=0 -k a"],
    ),
    (
        "never_too_late",
        &["-w /etc -p wa -k a", "-a never,exit -F arch=b64 -F path=/etc/x -F uid=0"],
        &["-w /etc -p wa -k a", "-a never,exit -F arch=b64 -F path=/var/x -F uid=0"],
    ),
    ("setting_overruled", &["-b 64", "-b 8192"], &["-b 8192", "-b 8192"]),
    ("ignores_errors", &["-i"], &["-c"]),
    ("loginuid_immutable", &["--loginuid-immutable"], &["-e 2"]),
    ("panics", &["-f 2"], &["-f 1"]),
    (
        "hot_syscall",
        &["-a always,exit -F arch=b64 -S mount,openat -k a"],
        &[
            "-a always,exit -F arch=b64 -S openat -F success=0 -k a",
            "-a always,exit -F arch=b64 -S mount -k a",
            "-a always,exit -F arch=b64 -S accept,connect -k a",
            "-a never,exit -F arch=b64 -S openat",
        ],
    ),
    (
        "mergeable",
        &["-a always,exit -F arch=b64 -S mount -k a", "-a always,exit -F arch=b64 -S umount2 -k a"],
        &["-a always,exit -F arch=b64 -S mount -k a", "-a always,exit -F arch=b64 -S umount2 -k b"],
    ),
    (
        "mergeable",
        &["-a always,exit -F arch=b64 -S mount -k a", "-a always,exit -F arch=b64 -S umount2 -k a"],
        &[
            "-a always,exit -F arch=b64 -S mount -k a",
            "-a never,exit -F arch=b64 -F uid=0",
            "-a always,exit -F arch=b64 -S umount2 -k a",
        ],
    ),
    (
        "obsolete_syscall",
        &["-a always,exit -F arch=b64 -S create_module,init_module -k a"],
        &["-a always,exit -F arch=b64 -S init_module -k a"],
    ),
    (
        "wider_variant_missing",
        &["-a always,exit -F arch=b32 -S chown,clock_settime -k a"],
        &[
            "-a always,exit -F arch=b32 -S chown -k a",
            "-a always,exit -F arch=b32 -S chown32 -k b",
            "-a always,exit -F arch=b64 -S chown -k a",
        ],
    ),
    ("watch_form", &["-w /etc/passwd -p wa -k a"], &["-a always,exit -F path=/etc/passwd -F perm=wa -k a"]),
    (
        "perm_without_arch",
        &["-a always,exit -F path=/etc/passwd -F perm=wa -k a"],
        &["-a always,exit -F arch=b64 -F path=/etc/passwd -F perm=wa -k a", "-w /etc/passwd -p wa -k a"],
    ),
    ("no_permissions", &["-w /etc/passwd -k a"], &["-w /etc/passwd -p rwxa -k a", "-w /etc/passwd -pwa -k a"]),
    (
        "no_key",
        &["-a always,exit -F arch=b64 -S mount"],
        &["-a never,exit -F arch=b64 -S mount", "-w /etc/passwd -p wa -k a"],
    ),
    (
        "long_key",
        &["-w /etc/passwd -p wa -k this-key-is-longer-than-31-bytes"],
        &["-w /etc/passwd -p wa -k this-key-is-as-long-as-31-bytes"],
    ),
];

/// Codes that are about several files, or about a host: `host.rs` and `folders.rs` have them.
const ELSEWHERE: &[&str] = &[
    "only_in_audit_rules",
    "left_out_by_apply",
    "nothing_there",
    "files_run_together",
    "no_final_newline",
    "missing_path",
    "auditctl_too_old",
    "refused_by_some",
    "symbolic_link",
    "writable_by_others",
    "readable_by_others",
    "passed_over",
    "path_is_directory",
    "stopped_by_others",
];

fn text(lines: &[&str]) -> String {
    lines.iter().flat_map(|line| [*line, "\n"]).collect()
}

fn codes(text: &str) -> Vec<String> {
    lint(text, &[]).into_iter().map(|found| found.code).collect()
}

#[test]
fn every_code_is_found_where_it_is_and_not_where_it_nearly_is() {
    let mut wrong = Vec::new();
    for (code, with, without) in ROWS {
        if !codes(&text(with)).iter().any(|found| found == code) {
            wrong.push(format!("{code} not found in\n{}", text(with)));
        }
        if codes(&text(without)).iter().any(|found| found == code) {
            wrong.push(format!("{code} found in\n{}", text(without)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_code_has_a_row() {
    let rows: BTreeSet<&str> = ROWS.iter().map(|(code, ..)| *code).chain(ELSEWHERE.iter().copied()).collect();
    assert_eq!(rows, CODES.iter().map(|(_, name, ..)| *name).collect());
}

#[test]
fn every_finding_points_at_something_that_is_there() {
    for (_, with, without) in ROWS {
        for lines in [with, without] {
            for found in lint(&text(lines), &["x86_64", "aarch64", "ppc64le"]) {
                let line = found.line.map(|line| lines[line - 1].trim_end_matches('\r'));
                assert_eq!(found.rule.as_deref(), line, "{found:?}");
                if let (Some(from), Some(to)) = (found.column, found.end_column) {
                    assert!(from >= 1 && from < to && to <= line.unwrap().len() + 1, "{found:?}");
                }
            }
        }
    }
}

#[test]
fn a_certain_fix_takes_its_finding_away_and_brings_no_error() {
    let mut fixes = BTreeSet::new();
    for (_, with, without) in ROWS {
        for before in [text(with), text(without)] {
            let findings = lint(&before, &[]);
            let errors = findings
                .iter()
                .filter(|found| found.severity == audit_rules::report::lint::SeverityReport::Error)
                .count();
            for found in &findings {
                let Some(after) = found.fix.as_ref().and_then(|fix| fixed(&before, fix)) else { continue };
                let left = lint(&after, &[]);
                let same = |other: &&audit_rules::report::lint::FindingReport| {
                    other.code == found.code && other.rule == found.rule
                };
                assert!(
                    left.iter().filter(same).count() < findings.iter().filter(same).count(),
                    "{}: before\n{before}after\n{after}{left:#?}",
                    found.code
                );
                let errors_left = left
                    .iter()
                    .filter(|found| found.severity == audit_rules::report::lint::SeverityReport::Error)
                    .count();
                assert!(errors_left <= errors, "{}: before\n{before}after\n{after}{left:#?}", found.code);
                fixes.insert(found.code.clone());
            }
        }
    }
    assert!(fixes.len() >= 8, "{fixes:?}");
}
