#!/usr/bin/python
# Copyright: The audit_rules authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documentation of linux.audit.audit_rules_info, and the module for callers that pass its action plugin by."""

from __future__ import annotations

DOCUMENTATION = r"""
module: audit_rules_info
short_description: What audit rules a Linux host holds, what rules mean, and what is wrong with them
version_added: 0.1.0
author:
  - The audit_rules authors (@audit-rules)
description:
  - Says what a host holds, what given rules mean, or what is wrong with them. Changes nothing, in check mode or without.
extends_documentation_fragment:
  - linux.audit.program
  - linux.audit.program.attributes
attributes:
  diff_mode:
    description: Nothing is changed, so there is no diff.
    support: N/A
options:
  operation:
    description:
      - What to say.
      - V(gather), what the drop-ins and the kernel hold, how they differ, what the next boot would load, and what the kernel is
        set to.
      - V(explain), what each of O(rules) means, or why it is refused; for any machine, without privilege. With O(event), which
        rule decides about an event.
      - V(lint), what is wrong with O(rules), O(src) or O(files), and with none of them what is wrong with the drop-ins of the
        host. The task fails where something is; see O(fail_on).
      - V(import), what a O(document) of another tool asks for, as a request in RV(request) whose keys are the options of
        M(linux.audit.audit_rules).
    type: str
    choices: [gather, explain, lint, import]
    required: true
  dialect:
    description: With V(import) of O(operation), the dialect of O(document). V(libaudit-go) is the JSON of that library of Mozilla.
    type: str
    choices: [libaudit-go]
  document:
    description: With V(import) of O(operation), the document, as a dictionary or as its text.
    type: raw
  rules:
    description:
      - With V(explain) and V(lint) of O(operation), a list of lines and objects, or one text that holds a whole rules file. As in
        M(linux.audit.audit_rules).
      - Not together with O(src) and O(files).
    type: raw
  name:
    description: With V(import) of O(operation), the drop-in of RV(request). By default C(50-libaudit-go).
    type: str
  files:
    description:
      - With V(lint) and V(explain) of O(operation), rules files by their text, or by where they lie on the target, together as
        the drop-ins of one host. O(src) takes them from the controller.
      - With V(explain), also the policy that O(event) is about.
      - With O(culprit), the files of the log, the oldest first. By default those of the
        target.
    type: list
    elements: dict
    suboptions:
      name:
        description: Its name or path, by which findings and lines name it. The last component decides the order, as in rules.d.
        type: str
        required: true
      text:
        description: What it holds. Without it O(files[].name) is the absolute path of a file on the target, below O(root), or of
          a directory, which stands for its C(.rules) files.
        type: str
  archs:
    description: With V(lint) of O(operation), the machines to lint for, as C(uname -m) names them. By default the target.
    type: list
    elements: str
    default: []
  format:
    description:
      - With V(lint) of O(operation), what to give besides RV(findings). V(report) gives nothing, V(sarif) the same as SARIF
        2.1.0 in RV(sarif).
    type: str
    choices: [report, sarif]
    default: report
  fail_on:
    description:
      - With V(lint) of O(operation), the least severity of a finding that makes the task a failed one. V(error), the load would
        stop or nothing would be recorded; V(warning), also what is not recorded or not as it was meant; V(info), any finding;
        V(never), no finding.
    type: str
    choices: [error, warning, info, never]
    default: error
  ignore:
    description:
      - 'With V(lint) of O(operation), codes of findings that are left out. A comment C(# lint: ignore CODE) in a file leaves
        them out of that file.'
    type: list
    elements: str
    default: []
  profile:
    description:
      - With V(lint) of O(operation), a profile of the SCAP Security Guide, such as V(stig). RV(scanner) then says of each of its
        checks whether auditors' scanners accept the rules. Checks that they would fail make the task a failed one, unless
        O(fail_on) is V(never).
    type: str
  product:
    description:
      - With O(profile), the product whose checks are meant, such as V(rhel9). By default that of C(/etc/os-release) of the
        target, where nothing is given by O(rules), O(src) or O(files), or O(root) is.
    type: str
  arch:
    description:
      - With V(explain) of O(operation), the machine as C(uname -m) names it. By default the target.
      - With V(gather) and O(root), the machine of the image.
    type: str
  perm_syscalls:
    description:
      - With V(explain) of O(operation), the system call mask of a rule with C(perm=). V(all) leaves the choice to the kernel.
        V(4.2) is the table of auditctl 4.2.
    type: str
    choices: [all, '4.2']
    default: all
  resolve:
    description:
      - With V(explain) of O(operation), give each rule taken apart too, with names in place of numbers, as C(auditctl -i)
        does.
    type: bool
    default: false
  source:
    description:
      - With V(gather) of O(operation), and with V(explain) for events by what the host holds, what to read. V(both) are the
        drop-ins, and the kernel where it has audit for us; V(filesystem) are the drop-ins only; V(runtime) is the kernel only, and
        fails without one.
    type: str
    choices: [both, filesystem, runtime]
    default: both
  on_drift:
    description:
      - With V(gather) of O(operation), what to do when the files, the running kernel and the next boot do not agree. V(report)
        says so in RV(in_sync) and RV(drift), V(fail) fails too.
    type: str
    choices: [report, fail]
    default: report
  culprit:
    description:
      - With V(gather) of O(operation), say of each difference who loaded or unloaded the rule, or changed the setting, as far as
        the audit log tells. It is in C(culprit) of the entries of RV(drift) and RV(settings), with how certain that is.
    type: bool
    default: false
  export:
    description:
      - With V(gather) of O(operation), give the drop-ins of the target as a request to apply, in their own words and with their
        modes, in RV(request). It was tried in check mode; where it would change something there, or is refused, RV(warnings) says so.
    type: bool
    default: false
  adopt:
    description:
      - With O(export), the request also takes over, into the drop-in C(00-adopted), the loaded rules that no file asks for
        and the lines of C(audit.rules) that no drop-in has.
    type: bool
    default: false
  details:
    description:
      - With V(gather) of O(operation), whether the report also has what is as it should be. False leaves out the files,
        the rules of the kernel and of the next boot, and expected rules that are in sync.
    type: bool
    default: true
  expect:
    description:
      - With V(gather) of O(operation), what the host has to hold. A request to M(linux.audit.audit_rules) as a dictionary of
        its options, or its rules as a list or text. RV(in_sync) and RV(expect) say whether it does.
    type: raw
  event:
    description:
      - With V(explain) of O(operation), an event or a list of them, each a dictionary. RV(events) says which rule decides about
        it. The policy is that of O(rules), O(src) or O(files), and without them what the host holds.
      - C(syscall), C(arch), C(path), C(perm), C(success), C(groups) and auditctl's names of fields such as C(auid), C(exe) and
        C(exit) say what is known of it; C(name) is a name for the result.
      - C(expect) says what the answer has to be, with C(recorded) and C(key); with another one the task fails.
    type: raw
  ordering:
    description:
      - With V(gather) of O(operation), how much of the order in the kernel counts as a difference. V(relevant), that between
        V(never) and V(always) rules of one list; V(strict), all of it; V(ignore), none.
    type: str
    choices: [relevant, strict, ignore]
    default: relevant
  root:
    description:
      - With V(gather) and V(lint) of O(operation), and with V(explain) for events by what it holds, another root directory, such as
        a mounted image. Files only.
      - V(lint) of given rules looks at no host without it.
    type: str
  kernel:
    description:
      - With V(gather) of O(operation), which kernel is meant. V(auto) is the running one where C(/) and the mount
        namespace are those of process 1; V(host) the running one in any case.
    type: str
    choices: [auto, host]
    default: auto
  rules_dir:
    description:
      - With V(gather), V(explain) and V(lint) of O(operation), the directory of the drop-ins, inside the root. By default
        V(/etc/audit/rules.d).
    type: str
  trace_netlink:
    description:
      - With V(gather) of O(operation), a file of the target, also with O(root), to which every byte that comes from the kernel is
        written as it came. Not in check mode. For questions about the kernel's answers.
    type: str
seealso:
  - module: linux.audit.audit_rules
  - module: linux.audit.audit_events
    description: Says what was recorded, and by which rule.
  - module: linux.audit.audit_prove
    description: Proves that rules record.
"""

EXAMPLES = r"""
- name: Say what the host holds
  linux.audit.audit_rules_info:
    operation: gather
  register: audit

- name: Name the hosts where files, kernel and next boot differ, and change none
  linux.audit.audit_rules_info:
    operation: gather
    on_drift: fail

- name: Use what the kernel is set to
  ansible.builtin.debug:
    msg: "{{ audit.status.lost }} records lost; {{ audit.msg }}"

- name: Say what two rules mean on s390x
  linux.audit.audit_rules_info:
    operation: explain
    arch: s390x
    rules:
      - -a always,exit -F arch=b64 -S chown -F auid>=1000 -k perm_mod
      - -w /etc/passwd -p wa -k identity
  register: meaning

- name: Prove that the host holds what was declared, and group the evidence by controls
  linux.audit.audit_rules_info:
    operation: gather
    expect:
      name: 30-identity
      rules:
        - {path: /etc/passwd, permissions: wa, key: identity, labels: cis-6.3.3.8}
  register: evidence

- name: Test what the policy of the host does with an event
  linux.audit.audit_rules_info:
    operation: explain
    event:
      - name: a user is kept out of a file
        syscall: openat
        exit: -EACCES
        auid: 1000
        exe: /usr/bin/cat
        path: /etc/shadow
        perm: r
        expect: {recorded: true, key: access}

- name: Check rules files in a pull request, for all machines of the fleet and without privilege
  linux.audit.audit_rules_info:
    operation: lint
    src: [30-identity.rules, 50-site.rules]
    archs: [x86_64, aarch64]
    fail_on: warning
    format: sarif
  register: lint
  delegate_to: localhost
  run_once: true

- name: Lint the directory and the templates that the role takes, before any host gets them
  linux.audit.audit_rules_info:
    operation: lint
    src: [rules.d, rules-templates]
  delegate_to: localhost

- name: Say what is wrong with the drop-ins of each host
  linux.audit.audit_rules_info:
    operation: lint
    fail_on: never
  register: lint
"""

RETURN = r"""
msg:
  description: One line for people.
  returned: always
  type: str
  sample: 2 lines, 1 refused
outcome:
  description: V(unchanged), V(failed), or V(unknown) where no report came back.
  returned: always
  type: str
lines:
  description: One entry for each given line.
  returned: with V(explain) of O(operation)
  type: list
  elements: dict
  contains:
    line:
      description: The line as it was given.
      returned: always
      type: str
    file:
      description: The file, as O(src) or O(files) names it, or its path on the target.
      returned: where the line came from a file
      type: str
    number:
      description: The number of the line in RV(lines[].file), from 1.
      returned: where the line came from a file
      type: int
    meaning:
      description: What the line does, in one sentence.
      returned: when it does something
      type: str
    resolved:
      description: The rule taken apart, with names in place of numbers.
      returned: with O(resolve), for a rule
      type: dict
    accepted:
      description: Whether it can be used.
      returned: always
      type: bool
    kind:
      description: V(rule), V(control) or V(comment).
      returned: when it is accepted
      type: str
    canonical:
      description: The rule as C(auditctl -l) would print it.
      returned: for a rule, where that text means the same rule
      type: str
    wire:
      description: What is sent to the kernel, in the numbers of C(linux/audit.h).
      returned: for a rule
      type: dict
    settings:
      description: What the line sets.
      returned: for a setting
      type: dict
    kernel:
      description: What the kernel says to the rule, with C(takes), C(errno) and C(why).
      returned: when it has something against it
      type: dict
    error:
      description: Why the line is refused, with C(kind), C(message), C(column) and C(hint).
      returned: when it is refused
      type: dict
    notes:
      description: What is worth knowing and no error, each with C(kind) and C(message).
      returned: when it is accepted
      type: list
      elements: dict
events:
  description: Which rule decides about each event.
  returned: with V(explain) of O(operation) and O(event)
  type: list
  elements: dict
  contains:
    name:
      description: The event's name.
      returned: when it has one
      type: str
    answer:
      description: V(matched), V(none) or V(undecided).
      returned: always
      type: str
    recorded:
      description: Whether the event is recorded.
      returned: when that is decided
      type: bool
    rule:
      description: The rule that decides, with C(rule), C(id), C(list), C(action), C(keys), and C(file), C(pointer) and C(line)
        where they are known.
      returned: when one matches
      type: dict
    dropped_by:
      description: The rule of the exclude list that drops the record.
      returned: when one does
      type: dict
    undecided:
      description: The rules that may come first, each with what it C(needs) to know of the event.
      returned: when there are any
      type: list
      elements: dict
request:
  description: A request to apply, with the names of the options of M(linux.audit.audit_rules).
  returned: with V(import) of O(operation), where all of the document has a meaning; with O(export), where there is a drop-in
  type: dict
  contains:
    state:
      description: V(exact) where the document deletes what is there, else V(present).
      returned: always
      type: str
    name:
      description: The drop-in.
      returned: with V(import) of O(operation)
      type: str
    rules:
      description: Its lines.
      returned: with V(import) of O(operation)
      type: list
      elements: str
    control:
      description: Settings of the audit subsystem, in the kernel's numbers.
      returned: where the document has some
      type: dict
    drop_ins:
      description: The drop-ins by their names, each with C(rules), the whole text of its file, and C(mode).
      returned: with O(export)
      type: dict
    header:
      description: False, since the texts are all that the files hold.
      returned: with O(export)
      type: bool
    allow_empty:
      description: True where a drop-in says nothing.
      returned: with O(export), where that is so
      type: bool
    on_missing:
      description: V(skip) where watches of missing files are to be left out, or a drop-in of O(export) has comments in place of such lines.
      returned: where that is so
      type: str
logs:
  description: The files of the log that were read.
  returned: with O(culprit)
  type: list
  elements: dict
policy:
  description: The policies for benchmarks in O(expect), each with C(name), C(product), C(benchmark), C(drop_ins), those C(replaced)
    by drop-ins of the same name, and what was C(left_out).
  returned: with V(gather) of O(operation), when O(expect) has a C(policy)
  type: list
  elements: dict
  sample: [{name: stig, product: rhel9, benchmark: DISA STIG for Red Hat Enterprise Linux 9, drop_ins: [30-stig.rules]}]
expect:
  description: Whether the host holds what is expected, rule by rule.
  returned: with V(gather) of O(operation) and O(expect)
  type: dict
  contains:
    rules:
      description: Each expected rule, with C(on_disk), C(running), C(silent), C(suppressed), C(next_boot), C(out_of_place) and C(in_sync).
      returned: always
      type: list
      elements: dict
    settings:
      description: Each expected setting.
      returned: always
      type: list
      elements: dict
    unexpected:
      description: What the host holds besides, where the expectation excludes that.
      returned: always
      type: list
      elements: dict
labels:
  description: The evidence for each label, with C(in_sync), C(rules) and, where it has any, C(settings).
  returned: with V(gather) of O(operation), where rules have labels
  type: dict
digest:
  description: One string that is the same on hosts that do the same, of the running kernel where it was read, else of the next boot.
  returned: with V(gather) of O(operation), where either is known
  type: str
in_sync:
  description: Whether the files, the running kernel and the next boot agree; with O(expect), whether all three hold that.
  returned: with V(gather) of O(operation), where files and kernel were read, or the files are enough to say no
  type: bool
drift:
  description: How they differ.
  returned: with V(gather) of O(operation), where files and kernel were read
  type: dict
  contains:
    missing_in_runtime:
      description: Rules that a file asks for and the kernel does not hold; with O(culprit), each with who unloaded it.
      returned: always
      type: list
      elements: dict
    missing_in_filesystem:
      description: Rules that the kernel holds and no file asks for; with O(culprit), each with who loaded it.
      returned: always
      type: list
      elements: dict
    missing_at_boot:
      description: Rules that a file asks for and the kernel holds, and that the next boot does not load.
      returned: always
      type: list
      elements: dict
    order:
      description: Rules that are loaded in the wrong place, as far as O(ordering) says that it matters.
      returned: always
      type: list
      elements: dict
    silent:
      description: Rules that are loaded and make no records, since they watch something else than what their paths name now.
      returned: always
      type: list
      elements: dict
    settings:
      description: The settings that are not the same in all three.
      returned: always
      type: list
      elements: str
filesystem:
  description: The files, as they were read.
  returned: with V(gather) of O(operation), where the files were read
  type: dict
  contains:
    rules_dir:
      description: The directory of the drop-ins.
      returned: always
      type: str
    exists:
      description: Whether it exists.
      returned: always
      type: bool
    files:
      description: The drop-ins in the order of the boot load, each with its rules; or C(audit.rules), where there is no such
        directory.
      returned: always
      type: list
      elements: dict
    errors:
      description: Lines that fail on this host, each problem once with all its places.
      returned: always
      type: list
      elements: dict
    compiled:
      description: Whether C(audit.rules) is what augenrules would write now.
      returned: where it exists
      type: bool
    auditd:
      description: The settings of C(auditd.conf), names and auditd's own words in lower case. Nothing is changed there.
      returned: where there is such a file
      type: dict
boot_loader:
  description: Who loads the rules at boot, as the units or scripts of the host say.
  returned: with V(gather) of O(operation), where the files were read
  type: dict
  contains:
    state:
      description:
        - C(enabled), C(disabled) or C(masked); C(prevented) where the service is started and loads nothing;
          C(none) where no service loads them; C(unknown) where nothing tells.
      returned: always
      type: str
    init:
      description: The init system, C(systemd), C(openrc) or C(sysv).
      returned: where it can be told
      type: str
    service:
      description: The service, a unit or the path of a script.
      returned: where there is one
      type: str
    command:
      description: Its command.
      returned: where the unit can be read
      type: str
    file:
      description: The file that the command loads as it stands, without the drop-ins.
      returned: where the command is auditctl
      type: str
    ignores_failure:
      description: Whether nobody notices that the load failed.
      returned: always
      type: bool
    prevented_by:
      description: Why the service loads nothing though it is started.
      returned: where the state is C(prevented)
      type: str
    conditions:
      description: Directives that decide whether the service loads the rules, and that files cannot tell, each with its file.
      returned: where there are any
      type: list
      elements: str
    auditctl:
      description: The auditctl that is installed.
      returned: where there is one
      type: dict
      contains:
        version:
          description: Its version.
          returned: where its own file or dpkg says so
          type: str
        names_known:
          description: Whether the names that it knows could be read from its library; else it is assumed to know all.
          returned: always
          type: bool
  sample: {init: systemd, state: enabled, service: audit-rules.service, command: /sbin/augenrules --load, ignores_failure: false}
next_boot:
  description: What the next boot would load.
  returned: with V(gather) of O(operation), where the files were read
  type: dict
  contains:
    rules:
      description: The rules, in the order in which the kernel would list them.
      returned: always
      type: list
      elements: str
    stops_at:
      description: The line at which the load would stop, with C(file), C(line), C(rule) and C(why).
      returned: where it does not reach its end
      type: dict
    kernels:
      description:
        - The kernels that the boot loader's files name, without those for recovery. Each with its C(title), the C(file) that says
          so, its C(command_line) as far as that is about audit, and C(covers_early_processes), whether it audits from its start.
      returned: where there are such files
      type: list
      elements: dict
settings:
  description: Of each setting what the files say, what the kernel holds, what the next boot sets and which line decides, in the
    kernel's numbers.
  returned: with V(gather) of O(operation), where the files were read
  type: dict
  sample: {backlog_limit: {on_disk: 8192, running: 8192, next_boot: 8192, decided_by: "/etc/audit/rules.d/audit.rules:6"}}
runtime:
  description: Whether the running kernel can be managed, and its rules.
  returned: with V(gather) of O(operation)
  type: dict
  contains:
    managed:
      description: Whether it can be.
      returned: always
      type: bool
    reason:
      description: Why it cannot be, or is not to be.
      returned: when it is not
      type: str
    locked:
      description: Whether it takes no change before the next boot.
      returned: always
      type: bool
    rules:
      description: Its rules, in its order.
      returned: where the kernel was read
      type: list
      elements: dict
status:
  description: The state of the audit subsystem, in the kernel's numbers.
  returned: with V(gather) of O(operation), where the kernel was read
  type: dict
  contains:
    release:
      description: The kernel's version.
      returned: where it can be read
      type: str
    enabled:
      description: 0 off, 1 on, 2 locked until the next boot.
      returned: always
      type: int
    failure:
      description: 0 silent, 1 printk, 2 panic.
      returned: always
      type: int
    pid:
      description: The process that receives records; 0 for none.
      returned: always
      type: int
    process:
      description: The name of that process.
      returned: where it can be seen
      type: str
    listeners:
      description:
        - Who listens to the records besides, such as journald. Each with the C(port) of its netlink socket, for most the number
          of the process, and C(process), its name where it can be seen.
      returned: where somebody does
      type: list
      elements: dict
    rate_limit:
      description: Records per second; 0 for no limit.
      returned: always
      type: int
    backlog_limit:
      description: Records that may wait.
      returned: always
      type: int
    backlog:
      description: Records waiting now.
      returned: always
      type: int
    lost:
      description: Records lost since boot or the last reset.
      returned: always
      type: int
    backlog_wait_time:
      description: How long a task waits for room, in jiffies.
      returned: since Linux 3.14
      type: int
    backlog_wait_time_actual:
      description: How long tasks have waited in all, in jiffies.
      returned: since Linux 5.9
      type: int
    covers_early_processes:
      description: Whether processes from before auditing was first switched on make system call records too.
      returned: where it can be read
      type: bool
    command_line:
      description: What the kernel's command line says of audit.
      returned: where it can be read
      type: dict
features:
  description: What the kernel can do.
  returned: with V(gather) of O(operation), where the kernel was read
  type: dict
  contains:
    abilities:
      description: The abilities that the kernel names.
      returned: always
      type: list
      elements: str
    loginuid_immutable:
      description: Whether a login uid, once set, is fixed, with C(on) and C(locked).
      returned: where the kernel has it
      type: dict
    only_unset_loginuid:
      description: Whether a login uid can only be set where none is, with C(on) and C(locked).
      returned: where the kernel has it
      type: dict
managers:
  description: The programs that have to do with the host's audit rules, each with C(name), C(pids), C(receives_records) and
    C(rules).
  returned: with V(gather) of O(operation), where the kernel was read
  type: list
  elements: dict
findings:
  description: What is wrong, in the order of the files.
  returned: with V(lint) of O(operation)
  type: list
  elements: dict
  contains:
    code:
      description: The stable name of the kind of finding.
      returned: always
      type: str
      sample: duplicate_rule
    severity:
      description: V(error), V(warning) or V(info).
      returned: always
      type: str
    message:
      description: The finding as a sentence.
      returned: always
      type: str
    file:
      description: The file.
      returned: when it is about one
      type: str
    pointer:
      description: Where in the options, as a JSON pointer, for rules that are given there.
      returned: when it is about one
      type: str
    line:
      description: The line in the file or in the given text, from 1.
      returned: when it is known
      type: int
    column:
      description: The column of the first byte that it is about, from 1.
      returned: when it is known
      type: int
    end_column:
      description: The column after the last one.
      returned: when it is known
      type: int
    rule:
      description: The line's text.
      returned: when it is about one
      type: str
    archs:
      description: The machines that it is about.
      returned: when it is not about all that were asked for
      type: list
      elements: str
    related:
      description: Other places that belong to it, each with C(file), C(pointer) and C(line).
      returned: when there are any
      type: list
      elements: dict
    fix:
      description: What to do about it, with C(text), and with C(edit) where a change of the text is certain.
      returned: when it is known
      type: dict
counts:
  description: How many findings there are of each severity.
  returned: with V(lint) of O(operation)
  type: dict
  contains:
    error:
      description: Errors.
      returned: always
      type: int
    warning:
      description: Warnings.
      returned: always
      type: int
    failing:
      description: Findings that are at least as severe as O(fail_on), which the message of the failed task names.
      returned: when there are any
      type: int
    ignored:
      description: Findings that O(ignore) or a comment leaves out.
      returned: when there are any
      type: int
    info:
      description: Worth knowing.
      returned: always
      type: int
scanner:
  description: Whether auditors' scanners (OpenSCAP with the SCAP Security Guide) accept the rules.
  returned: with V(lint) of O(operation) and O(profile)
  type: dict
  contains:
    product:
      description: The product whose checks they are.
      returned: always
      type: str
    profile:
      description: The profile.
      returned: always
      type: str
    title:
      description: Its title.
      returned: always
      type: str
    ssg:
      description: The version of the SCAP Security Guide.
      returned: always
      type: str
    counts:
      description: How many C(checks) there are, and how many are C(accepted), C(same_meaning), C(absent) and C(undecided);
        C(failing), where there are any, are those that a scanner reports as failed.
      returned: always
      type: dict
    checks:
      description: The checks, each with C(id), C(controls), C(state), and where it has them C(file) and C(line) of the rule,
        C(related) with further places, C(text) that would be accepted, and C(reason).
      returned: always
      type: list
      elements: dict
sarif:
  description: The findings as SARIF 2.1.0.
  returned: with V(sarif) of O(format)
  type: dict
warnings:
  description: What is worth knowing and no error; Ansible shows it. Newer versions of Ansible leave out an empty list.
  returned: when there is something
  type: list
  elements: str
errors:
  description: Every problem that was found, as in M(linux.audit.audit_rules).
  returned: on failure
  type: list
  elements: dict
omitted:
  description: How many entries of a list are left out after the first ones, by the JSON pointer of the list in the report.
  returned: when a list is longer than a report may be
  type: dict
errors_omitted:
  description: How many problems RV(errors) leaves out, because there are too many.
  returned: when there are some
  type: int
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.linux.audit.plugins.module_utils import installed, options


def main():
    specification = options.info_specification()
    installed.run(AnsibleModule(supports_check_mode=True, **specification), specification, None)


if __name__ == "__main__":
    main()
