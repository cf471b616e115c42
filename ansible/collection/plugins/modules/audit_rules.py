#!/usr/bin/python
# Copyright: The audit_rules authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documentation of linux.audit.audit_rules, and the module for callers that pass its action plugin by."""

from __future__ import annotations

DOCUMENTATION = r"""
module: audit_rules
short_description: Audit rules of a Linux host, in the kernel and in rules.d
version_added: 0.1.0
author:
  - The audit_rules authors (@audit-rules)
description:
  - Makes a host's audit rules agree with a declared set, those in the running kernel and those in C(/etc/audit/rules.d),
    in one task and without a handler.
  - Only the difference is sent. A rule that is wanted before and after stays loaded throughout. A second run changes
    nothing.
  - All mistakes are reported at once, each with its place, before anything is changed. Success is what was read back. A
    failure after the first change is taken back.
  - C(auditd) is not restarted, C(auditctl) and C(augenrules) are not run.
extends_documentation_fragment:
  - linux.audit.program
  - linux.audit.program.attributes
attributes:
  diff_mode:
    description: Shows a diff for each file, for the kernel's rules and for its settings.
    support: full
options:
  state:
    description:
      - What the host should hold.
      - V(present), the drop-in O(name) holds exactly O(rules) and O(control), in your own words; the kernel holds all of
        them, and no longer holds what only this drop-in held before.
      - V(absent), the drop-in is gone, or with O(rules) no longer holds these; the kernel no longer holds them, unless
        another drop-in does.
      - V(loaded), the kernel holds what the drop-ins say, as after C(augenrules --load) but without the flush; with
        O(purge) nothing else.
      - V(exact), this drop-in, and those that O(keep) matches, are the only ones, and the kernel holds exactly this.
      - V(restored), an earlier change is taken back; see O(snapshot).
    type: str
    choices: [present, absent, loaded, exact, restored]
    default: present
  name:
    description:
      - The drop-in, with or without C(.rules).
      - Needed for V(present), V(absent) and V(exact) of O(state), unless O(drop_ins) or O(policy) is given. With one file in O(src) its
        name without ending is the default.
    type: str
  rules:
    description:
      - A list of lines as auditctl takes them and of objects; or one text that holds a whole rules file. Comments, blank
        lines and the order are kept.
      - A line or a text goes in unchanged. An object means exactly the line that it renders to. These are its keys.
      - "- V(action), V(always) (the default) or V(never)."
      - "- V(list), V(user), V(task), V(exit) (the default), V(exclude), V(filesystem) or V(io_uring)."
      - "- V(arch), V(b64), V(b32) or the name of a machine; a list makes one rule for each."
      - "- V(syscalls), names or numbers of system calls, one or a list."
      - "- V(fields), a list of conditions in their order, each a text such as V(auid>=1000) or an object with V(field),
        V(op) (V(=), V(!=), V(<), V(<=), V(>), V(>=), V(&) or V(&=); V(=) if absent) and V(value)."
      - "- V(comparisons), a list of comparisons of two fields such as V(uid!=euid)."
      - "- V(path), the file to watch; with nothing but V(permissions) and V(key) it may be a directory."
      - "- V(dir), the directory to watch with all below it."
      - "- V(exe), the program that does it."
      - "- V(permissions), letters of V(rwxa)."
      - "- V(success), whether the system call succeeded."
      - "- V(key), one key or a list."
      - "- V(prepend), whether to load it before all others of its list."
      - "- V(labels), one or a list, such as the numbers of a benchmark's controls. They are not written to any file;
        M(linux.audit.audit_rules_info) groups its evidence by them."
      - "- V(programs), V(privileged): one rule for each program of the target with setuid, setgid or file capabilities. Beside
        it only V(key), V(labels), V(exclude) and V(auid_min)."
      - "- V(exclude), with V(programs), globs on paths that are left out, with all below them."
      - "- V(auid_min), with V(programs), the least login id that is recorded; without it C(UID_MIN) of the target's
        C(/etc/login.defs), or 1000."
      - Not together with O(src).
    type: raw
  control:
    description:
      - Settings of the audit subsystem. Those that are not named are not touched.
      - A setting may also stand as a line in O(rules); a conflict between both is an error.
    type: dict
    suboptions:
      enabled:
        description:
          - Whether the kernel audits. V(locked) does so and takes no change before the next boot. It is set after
            everything else was read back.
          - The numbers of auditctl, 0 to 2, are accepted too.
        type: str
        choices: ['off', 'on', locked]
      failure:
        description:
          - What the kernel does when it cannot record.
          - The numbers of auditctl, 0 to 2, are accepted too.
        type: str
        choices: [silent, printk, panic]
      backlog_limit:
        description: Records that may wait.
        type: int
      backlog_wait_time:
        description: How long a task waits for room, in jiffies.
        type: int
      rate_limit:
        description: Records per second, 0 for no limit.
        type: int
      loginuid_immutable:
        description: Whether a login uid, once set, is fixed. True also locks this feature until the next boot.
        type: bool
      ignore_errors:
        description: Whether the boot load goes on after a bad line and calls it success.
        type: bool
      continue:
        description: Whether the boot load goes on after a bad line.
        type: bool
  drop_ins:
    description:
      - Several drop-ins by their names, with V(present), V(loaded) or V(exact) of O(state). All of them are checked before the
        first write and changed as one, with one plan, one diff and one RV(undo). In place of O(name), O(rules), O(src) and
        O(control).
      - With V(present) of O(state) only these drop-ins are the target, with V(loaded) all of rules.d as it will then stand, with
        V(exact) these and what O(keep) matches.
      - Each value is an object with these keys.
      - "- V(state), V(present) (the default), it holds exactly this; or V(absent), it is gone."
      - "- V(rules), as O(rules)."
      - "- V(src), as O(src), in place of V(rules)."
      - "- V(control), as O(control)."
      - "- V(mode), as O(mode), for this drop-in alone."
    type: dict
  policy:
    description:
      - A policy for a whole benchmark that comes with the program, or a list of them, with V(present), V(loaded) or V(exact) of
        O(state). Its rules files are drop-ins beside O(drop_ins), where a name replaces the same name of a policy.
      - Each is its name, such as V(stig) or V(cis), or an object with these keys. C(audit_rules policy) lists them.
      - "- V(name), its name."
      - "- V(product), such as V(rhel9); by default that of C(/etc/os-release) of the target."
      - "- V(without), a list of controls, or of rules by their text, that are left out; each also as an object with V(what) and
        V(reason). The reason stands in the drop-in as a comment, and in RV(policy)."
    type: raw
  target:
    description:
      - Which layer to converge. V(both) are the files and the kernel, V(filesystem) is the files only, V(runtime) the kernel
        only.
      - V(auto) is V(both) on a live host. It falls back to V(filesystem), with the reason in RV(runtime.reason), where the
        kernel has no audit for us, as in a container. Missing privilege is an error.
    type: str
    choices: [auto, both, filesystem, runtime]
    default: auto
  root:
    description: Another root directory, such as a mounted image. Files only.
    type: str
  kernel:
    description:
      - Which kernel is meant. V(auto) is the running one where C(/) and the mount namespace are those of process 1, so
        that a chroot and a container do files only.
      - V(host) is the running one in any case; with O(root), which is then the host's root directory, mounted in a
        container.
    type: str
    choices: [auto, host]
    default: auto
  rules_dir:
    description: The directory of the drop-ins, inside the root. By default V(/etc/audit/rules.d).
    type: str
  arch:
    description:
      - With O(root), the machine of the image as C(uname -m) names it, where that is another than the target's.
    type: str
  ordering:
    description:
      - How much of the order matters in the kernel, where the first rule that matches wins.
      - V(relevant), that between V(never) and V(always) rules of one list, which decides whether something is recorded.
      - V(strict), all of it, which also decides whose key a record carries.
      - V(ignore), none.
    type: str
    choices: [relevant, strict, ignore]
    default: relevant
  on_locked:
    description:
      - What to do on a locked kernel. V(stage) writes the files and reports RV(reboot_required) and RV(pending). V(fail)
        fails before any change.
    type: str
    choices: [stage, fail]
    default: stage
  lock_anyway:
    description:
      - With V(present) of O(state), and where V(restored) brings a lock back, lock the kernel although it lacks rules or
        settings of other drop-ins, which then wait for the next boot. Without it that is an error that names each.
        V(loaded) and V(exact) bring them about before they lock.
    type: bool
    default: false
  on_duplicate:
    description:
      - What to do with a rule that another drop-in holds already, which would stop the boot load. V(skip) does not write
        it a second time. V(fail) fails before any change.
    type: str
    choices: [skip, fail]
    default: skip
  on_missing:
    description:
      - What to do with a rule that names a path, user or group that the host lacks. V(fail) fails before any change.
        V(skip) writes it as a comment; a later run that finds the path loads it.
      - V(check_mode_skip) is V(fail), but in check mode leaves the rule out and warns of it, since earlier tasks, which check
        mode does not carry out, may make the path, user or group.
    type: str
    choices: [fail, skip, check_mode_skip]
    default: fail
  unknown_syscalls:
    description:
      - What to do with a system call that exists on other architectures only. V(skip) leaves it out. V(fail) fails before
        any change. A name that exists nowhere is always an error.
    type: str
    choices: [skip, fail]
    default: skip
  loader_unknown:
    description:
      - What to do with a line that the installed auditctl is too old for, so that the boot load would stop there. V(number)
        writes it in a form that auditctl reads, with numbers for names; else it is loaded into the kernel alone, and written
        as a comment. V(fail) fails before any change.
    type: str
    choices: [number, fail]
    default: number
  purge:
    description: With V(loaded) of O(state), also unload rules that no drop-in holds. V(exact) does so anyway.
    type: bool
    default: false
  keep:
    description: Shell globs on names of drop-ins and on keys of rules that O(purge) and V(exact) of O(state) leave alone.
    type: list
    elements: str
    default: []
  adopt:
    description:
      - With V(present), V(absent) and V(loaded) of O(state), take the lines of C(audit.rules) that no drop-in has over
        into the drop-in C(00-adopted). Without it such a file is an error where the boot loads it as it stands, since
        bringing it to what augenrules would write would lose them.
    type: bool
    default: false
  allow_empty:
    description:
      - With V(present), V(loaded) and V(exact) of O(state), whether a drop-in, or with V(exact), and with V(loaded) and
        O(purge), the whole policy, may hold neither a rule nor a setting. Without it that is an error, since a template
        whose loop was empty, or a C(rules.d) that was lost, looks the same.
    type: bool
    default: false
  header:
    description:
      - With V(present), V(loaded) and V(exact) of O(state), whether a drop-in begins with a comment that names this
        program. It does by default. A file that holds just the lines already stays untouched either way.
    type: bool
  mode:
    description:
      - Permissions of the drop-in, in octal and in quotes. A stricter mode that the file has already stays.
      - By default C(0640); a new drop-in where nobody but the owner may read any of the others is C(0600).
      - A number is accepted where it can only mean what it says.
    type: raw
  owner:
    description: The drop-in's owner, a name of the host's C(/etc/passwd) or a number. By default unchanged.
    type: str
  group:
    description: The drop-in's group, a name of the host's C(/etc/group) or a number. By default unchanged.
    type: str
  backup:
    description: Keep a copy of every file before it is changed, beside it.
    type: bool
    default: false
  record:
    description:
      - Give the host's audit log a record of the change, of type USYS_CONFIG, so that the log itself says who changed the
        rules. It names the drop-ins, counts the rules, settings and files, and says how the change ended. Where auditing is
        off, there is none. By default true.
    type: bool
  reset_lost:
    description:
      - Set the kernel's count of lost records back to zero, once all else is as declared. RV(reset_lost) has what it was. That
        alone makes no RV(ignore:changed). A kernel that cannot do that fails the task.
    type: bool
    default: false
  compile:
    description:
      - Also bring C(audit.rules) to what augenrules would write. V(auto) does so when that file exists, V(always) also when
        it does not, V(never) leaves it alone.
    type: str
    choices: [auto, never, always]
    default: auto
  perm_syscalls:
    description:
      - The system call mask of a rule with C(perm=). V(all) leaves the choice to the kernel. V(4.2) is the table of
        auditctl 4.2.
    type: str
    choices: [all, '4.2']
    default: all
  lock_timeout:
    description:
      - How long to wait for another run on the same root directory, in seconds. Ten by default.
    type: int
  expedite:
    description:
      - Whether to make the kernel's grace periods short while rules are deleted. V(auto) does so when deletes turn out to
        be slow and the host allows it, V(always) whenever there is something to delete and the host allows it, V(never) does
        not.
    type: str
    choices: [auto, never, always]
    default: auto
  force:
    description: With V(restored) of O(state), take back what can be taken back, even if the host has changed since.
    type: bool
    default: false
  snapshot:
    description:
      - With V(restored) of O(state), what RV(undo) of an earlier result holds; RV(undo) itself or its C(snapshot).
      - From RV(undo) itself O(root), O(rules_dir) and O(target) are taken too where the task does not give them.
    type: dict
    aliases: [undo]
  plan_id:
    description:
      - The RV(plan_id) of a run in check mode. The change is made only while plan and target are still the same; else the task fails
        and names what changed.
    type: str
  trace_netlink:
    description:
      - A file of the target, also with O(root), to which every byte that comes from the kernel is written as it came. Not in check
        mode. For questions about the kernel's answers.
    type: str
seealso:
  - module: linux.audit.audit_rules_info
"""

EXAMPLES = r"""
- name: Put one rule set on x86_64 and arm64 hosts, and know that it is loaded
  linux.audit.audit_rules:
    src: cis-rhel9.rules
    name: 50-cis
    on_missing: skip
    control:
      backlog_limit: 8192
      failure: printk
  register: audit

- name: See what a change will do before the window
  linux.audit.audit_rules:
    src: 50-cis.rules
  check_mode: true
  diff: true

- name: Write rules as lines and as objects
  linux.audit.audit_rules:
    name: 30-identity
    rules:
      - "# Who may log in"
      - -w /etc/passwd -p wa -k identity
      - path: /etc/shadow
        permissions: wa
        key: identity
      - arch: [b64, b32]
        syscalls: [adjtimex, settimeofday]
        fields: ["auid>=1000", "auid!=unset"]
        key: time-change

- name: Keep the kernel locked and still change the policy
  linux.audit.audit_rules:
    name: 99-finalize
    rules: ["# The last word"]
    control:
      enabled: locked
  register: audit
- name: Reboot only where something waits for it
  ansible.builtin.reboot:
  when: audit.reboot_required and audit_window | bool

- name: Take over an old host, and keep what another agent loads
  linux.audit.audit_rules:
    state: exact
    src: 50-site.rules
    keep: ["wazuh*", wazuh_fim]
    backup: true

- name: Converge a whole policy as one change
  linux.audit.audit_rules:
    state: loaded
    purge: true
    drop_ins:
      30-identity:
        src: 30-identity.rules
      40-time:
        rules:
          - -a always,exit -F arch=b64 -S adjtimex,settimeofday -F key=time-change
      50-old-agent:
        state: absent
      99-finalize:
        control:
          enabled: locked

- name: Fulfil a benchmark, but for one control
  linux.audit.audit_rules:
    state: loaded
    on_missing: skip
    policy:
      name: stig
      without:
        - {what: RHEL-09-654265, reason: the host goes on where it cannot record}

- name: Repair what the kernel has lost, and change no file
  linux.audit.audit_rules:
    state: loaded

- name: Unload what no drop-in asks for, but for the rules of two agents
  linux.audit.audit_rules:
    state: loaded
    purge: true
    keep: [wazuh_fim, "mdatp*"]

- name: Show which hosts deviate, and change none
  linux.audit.audit_rules:
    state: loaded
  check_mode: true
  diff: true

- name: Stop a flood of records now and for good
  linux.audit.audit_rules:
    name: 20-mute-backup
    rules:
      - action: never
        arch: b64
        exe: /usr/sbin/backupd
        key: mute
        prepend: true

- name: Change the policy, and go back if the application does not stand it
  block:
    - name: Load the next policy
      linux.audit.audit_rules:
        src: 50-site.rules
      register: audit
    - name: Ask the application
      ansible.builtin.uri:
        url: https://localhost/health
  rescue:
    - name: Take the change back
      linux.audit.audit_rules:
        state: restored
        snapshot: "{{ audit.undo }}"
      when: audit.undo is defined

- name: Bake rules into an image
  linux.audit.audit_rules:
    src: 50-site.rules
    root: /mnt/image

- name: Let each role bring its own rules, without a handler
  linux.audit.audit_rules:
    name: 40-postgres
    rules: "{{ postgres_audit_rules }}"

- name: Remove a drop-in and its rules
  linux.audit.audit_rules:
    name: 40-postgres
    state: absent

- name: Remove one rule of a drop-in
  linux.audit.audit_rules:
    name: 30-identity
    state: absent
    rules: [-w /etc/group -p wa -k identity]
"""

RETURN = r"""
outcome:
  description:
    - How it ended. V(unchanged), V(planned) (check mode), V(applied), V(staged) (the rest waits for a reboot),
      V(rolled_back) (something failed, the host is proven to be as before), V(stranded) (it could not be brought back; RV(errors)
      says in what it differs), V(failed) (a problem was found before the first change), V(unknown) (no report came back, so run
      it again).
  returned: always
  type: str
  sample: applied
msg:
  description: One line about what was done; of a failed task every problem, each on a line of its own.
  returned: always
  type: str
  sample: "30-identity: 2 rules loaded, 1 file written"
policy:
  description: The policies for benchmarks that the task asked for.
  returned: when O(policy) is given
  type: list
  elements: dict
  contains:
    name:
      description: The name.
      returned: always
      type: str
      sample: stig
    product:
      description: The product that it was taken for.
      returned: always
      type: str
      sample: rhel9
    benchmark:
      description: The benchmark and its version.
      returned: always
      type: str
      sample: DISA STIG for Red Hat Enterprise Linux 9
    drop_ins:
      description: Its drop-ins.
      returned: always
      type: list
      elements: str
      sample: [30-stig.rules]
    replaced:
      description: Those in place of which O(drop_ins) has entries of the same name.
      returned: when there are such
      type: list
      elements: str
      sample: [40-stig-older.rules]
    left_out:
      description: What was left out of it, each with C(what), C(reason), C(rules) (the lines that are left out) and C(kept) (lines that it
        names and that stay, since other controls need them).
      returned: when something was
      type: list
      elements: dict
      sample: [{what: RHEL-09-654265, reason: agreed with the auditors, rules: ["-f 2"]}]
plan:
  description: The steps, of a real run those that were taken.
  returned: when the request is sound
  type: dict
  contains:
    files:
      description: What is done to files, each with C(path) and C(action). With O(backup) also C(backup), the copy that was kept
        of it, once it is made.
      returned: always
      type: list
      elements: dict
      sample: [{path: /etc/audit/rules.d/30-identity.rules, action: create}]
    kernel:
      description: What is done to the kernel's rules, in this order.
      returned: always
      type: list
      elements: dict
      sample: [{do: load, rule: -w /etc/passwd -p wa -k identity, because: missing}]
    control:
      description: What is done to the kernel's settings, in the kernel's numbers.
      returned: always
      type: list
      elements: dict
      sample: [{setting: backlog_limit, before: 64, after: 8192}]
backup_file:
  description: The copy that O(backup) made. Where there are several, they stand in RV(plan.files) alone.
  returned: when one drop-in was replaced or removed and O(backup) is true
  type: str
  sample: /etc/audit/rules.d/30-identity.rules.2117.2026-11-29@10:02:45~
plan_id:
  description: By what this plan, from this state of the target, is known again; for O(plan_id) of the run that makes the change.
  returned: in check mode
  type: str
reset_lost:
  description: The kernel's count of lost records, which was set back to zero.
  returned: with O(reset_lost), not in check mode
  type: int
  sample: 7
record:
  description: The text of the record of type USYS_CONFIG that the kernel took for the audit log.
  returned: when the kernel is managed and on, something was changed, and O(record) is not false
  type: str
  sample: >-
    op=apply-audit-rules state=present drop-ins="30-identity" rules-loaded=1 rules-unloaded=0 settings=0 files=2
    outcome=applied exe="/usr/libexec/audit_rules" hostname=? addr=? terminal=? res=success
rules:
  description: How the rules that are asked for stand in the kernel; in check mode as of now.
  returned: when the request is sound
  type: dict
  contains:
    desired:
      description: How many are asked for.
      returned: always
      type: int
      sample: 58
    loaded:
      description: How many of them are loaded. None where the kernel was not looked at, as in an image.
      returned: always
      type: int
      sample: 56
    missing:
      description: Those that are not.
      returned: always
      type: list
      elements: str
    skipped:
      description: Lines that are left out on this host, wholly or in part.
      returned: always
      type: list
      elements: dict
      sample:
        - rule: -w /opt/app -p wa -k app
          reason: /opt/app does not exist
          kind: missing_path
          file: /etc/audit/rules.d/50-cis.rules
          line: 12
    deduplicated:
      description: Rules that stand somewhere else already.
      returned: always
      type: list
      elements: dict
      sample: [{rule: -w /etc/passwd -p wa -k identity, same_as: "/etc/audit/rules.d/50-cis.rules:14"}]
    foreign:
      description: How many loaded rules no drop-in holds. None where the kernel was not looked at, as in an image.
      returned: always
      type: int
      sample: 0
    out_of_order:
      description: The first rule that stands later in the kernel than in the files.
      returned: when there is one
      type: str
runtime:
  description: Whether the running kernel is managed.
  returned: when the request is sound
  type: dict
  contains:
    managed:
      description: Whether it is.
      returned: always
      type: bool
    reason:
      description: Why it is not.
      returned: when it is not
      type: str
    locked:
      description: Whether it takes no change before the next boot.
      returned: always
      type: bool
    expedited:
      description: Whether grace periods were made short for the deletes.
      returned: when they were
      type: bool
digest:
  description: One string that is the same on hosts that do the same, of the running kernel where it was read, else of the next boot.
  returned: when the request is sound and either is known
  type: str
reboot_required:
  description: Whether something waits for a reboot.
  returned: always
  type: bool
pending:
  description: What waits for a reboot.
  returned: always
  type: dict
  contains:
    load:
      description: Rules that the next boot will load.
      returned: always
      type: list
      elements: str
    unload:
      description: Rules that the next boot will not load.
      returned: always
      type: list
      elements: str
    order:
      description: Rules that the next boot will load in another place than they stand now.
      returned: where there are such
      type: list
      elements: str
    control:
      description: Settings that the next boot will change.
      returned: always
      type: list
      elements: dict
warnings:
  description: What is worth knowing and no error; Ansible shows it. Newer versions of Ansible leave out an empty list.
  returned: when there is something
  type: list
  elements: str
diff:
  description: What changes, an entry for each file, the kernel's rules and its settings.
  returned: with C(--diff), when something changes
  type: list
  elements: dict
  contains:
    before_header:
      description: The path of the file, or what of the kernel it is.
      returned: when before and after are
      type: str
      sample: kernel
    after_header:
      description: The same.
      returned: when before and after are
      type: str
      sample: kernel
    before:
      description: The lines around each change as they are. A line further off is only named.
      returned: mostly
      type: str
    after:
      description: The same lines as they will be.
      returned: mostly
      type: str
    prepared:
      description: A unified diff.
      returned: in place of the others for very long ones
      type: str
undo:
  description: What O(snapshot) takes to take the change back. Opaque.
  returned: when something was changed
  type: dict
  contains:
    operation:
      description: V(apply).
      returned: always
      type: str
    state:
      description: V(restored).
      returned: always
      type: str
    root:
      description: The root of the change.
      returned: when it was not the running host's
      type: str
    rules_dir:
      description: The directory of the drop-ins.
      returned: when it was not the usual one
      type: str
    target:
      description: Which layer was changed.
      returned: when it was given
      type: str
    kernel:
      description: Which kernel was meant.
      returned: when it was given
      type: str
    snapshot:
      description: What the change replaced.
      returned: always
      type: dict
errors:
  description: Every problem that was found.
  returned: on failure
  type: list
  elements: dict
  contains:
    kind:
      description:
        - The stable name of the kind of problem.
        - Problems that are found on the controller have V(invalid_option), V(not_run) where the program could not be run, and
          V(no_report) where it gave no report.
      returned: always
      type: str
      sample: unknown_syscall
    message:
      description: The problem as a sentence.
      returned: always
      type: str
      sample: no architecture has a system call opne
    pointer:
      description: Where in the options, as a JSON pointer.
      returned: when it is known
      type: str
      sample: /rules/2
    rule:
      description: The rule's text.
      returned: when it is about one
      type: str
    file:
      description: The file, on the target or of O(src).
      returned: when it is about one
      type: str
    line:
      description: The line in the file or in the given text, from 1.
      returned: when it is known
      type: int
    column:
      description: The column of the word at fault in the rule, in bytes from 1.
      returned: when it is known
      type: int
    errno:
      description: The system's name of the error.
      returned: when there is one
      type: str
    hint:
      description: What may help.
      returned: when there is something
      type: str
      sample: did you mean open?
    sentence:
      description: Message, rule and hint as one sentence.
      returned: for errors that the program found
      type: str
    more:
      description: How many more lines have the same problem.
      returned: when there are some
      type: int
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
    specification = options.apply_specification()
    installed.run(AnsibleModule(supports_check_mode=True, **specification), specification, "apply")


if __name__ == "__main__":
    main()
