#!/usr/bin/python
# Copyright: The audit_rules authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documentation of linux.audit.audit_events, and the module for callers that pass its action plugin by."""

from __future__ import annotations

DOCUMENTATION = r"""
module: audit_events
short_description: What was recorded on a Linux host, and by which audit rule
version_added: 0.1.0
author:
  - The audit_rules authors (@audit-rules)
description:
  - Reads the audit log of the target, or listens to its kernel for a while, and says what was recorded, by which rule, how often,
    and under which key.
  - With O(rules), O(src), O(drop_ins) or O(policy), says what that policy would have made of the same events, before it is loaded.
  - Changes no rule and no setting. Only O(output) is written, where it is asked for, and not in check mode.
extends_documentation_fragment:
  - linux.audit.program
  - linux.audit.program.attributes
attributes:
  diff_mode:
    description: Nothing is changed, so there is no diff.
    support: N/A
options:
  source:
    description:
      - V(log) is the audit log, and V(kernel) is what the kernel sends from now on.
      - V(both) is the kernel, and with O(files), O(root), O(since) or O(until) the log.
    type: str
    choices: [both, log, kernel]
    default: both
  files:
    description: The files of the log, the oldest first. By default those of the target.
    type: list
    elements: dict
    suboptions:
      name:
        description: Its name, or its absolute path on the target, below O(root).
        type: str
        required: true
      text:
        description: What it holds. Without it, it is read on the target.
        type: str
  rules:
    description:
      - The policy that the events are held against, as a list of lines and objects, or one text that holds a whole rules file.
        As in M(linux.audit.audit_rules).
      - Not together with O(src).
    type: raw
  drop_ins:
    description: A policy of several drop-ins, as in M(linux.audit.audit_rules).
    type: dict
  policy:
    description: A policy for a whole benchmark, as in M(linux.audit.audit_rules).
    type: raw
  match:
    description:
      - Which events are kept. Each entry has C(keep) or C(drop) with what an event has to be like, by C(key), C(syscall), C(exe),
        C(comm), C(path), C(node), C(auid), C(uid), C(success) and C(type). The first entry that fits decides; what fits none is
        kept, unless an entry says C(keep).
    type: list
    elements: dict
  since:
    description: The first time of events that are kept, as C(2026-11-29T10:00:00Z) or in seconds since 1970.
    type: raw
  until:
    description: The last time of events that are kept.
    type: raw
  seconds:
    description: How long to listen to the kernel at most, from 1 to 3600. By default 10.
    type: int
  count:
    description: Stop when so many events were kept.
    type: int
  limit:
    description: How many of the events that are kept RV(events) has. All are counted. By default 1000.
    type: int
  records:
    description: Give the records of each event too, as they came.
    type: bool
    default: false
  output:
    description: A file of the target, also with O(root), to which every event that is kept is written, one line each. Its mode is 0600.
    type: str
  format:
    description:
      - The form of the lines in O(output). V(report) and V(jsonl), one object of JSON each, as in RV(events); V(pauditd), as that
        program writes them.
    type: str
    choices: [report, jsonl, pauditd]
    default: report
  arch:
    description: With O(root), the machine of the image, as C(uname -m) names it.
    type: str
  root:
    description: Another root directory, such as a mounted image, with a log and drop-ins of its own.
    type: str
  extra_attributes:
    description:
      - Words about these events by name, such as the host's place. RV(extra_attributes) and each line of O(output) have them too.
    type: dict
    default: {}
  trace_netlink:
    description:
      - A file of the target, also with O(root), to which every byte that comes from the kernel is written as it came. Not in check
        mode. For questions about the kernel's answers.
    type: str
  rules_dir:
    description: The directory of the drop-ins, inside the root. By default V(/etc/audit/rules.d).
    type: str
seealso:
  - module: linux.audit.audit_rules
  - module: linux.audit.audit_prove
    description: Proves that rules record.
"""

EXAMPLES = r"""
- name: Say who changed accounts today, and which rule saw it
  linux.audit.audit_events:
    since: "{{ ansible_facts.date_time.date }}T00:00:00Z"
    match:
      - keep: {key: identity}
  register: recorded

- name: Say what the host's log would look like under another policy, before it is loaded
  linux.audit.audit_events:
    policy: cis
    limit: 0
  register: recorded

- name: Find the rules that fill the log
  linux.audit.audit_events:
    source: kernel
    seconds: 60
    limit: 0
  register: minute

- name: Name them
  ansible.builtin.debug:
    msg: "{{ minute.noise | default([]) }}"
"""

RETURN = r"""
msg:
  description: One line for people.
  returned: always
  type: str
  sample: 128 events, 121 kept
outcome:
  description: V(unchanged), V(failed), or V(unknown) where no report came back.
  returned: always
  type: str
events:
  description: The first events that were kept, with C(serial), C(time), C(type), C(keys), C(syscall), C(success), C(exit), C(auid),
    C(exe), C(paths), C(rule) and more, as far as their records say it.
  returned: when the events were read
  type: list
  elements: dict
by_rule:
  description: How often each rule recorded something, with its place, the most frequent first. With a policy, how often its rules would.
  returned: where rules are known
  type: list
  elements: dict
noise:
  description: The ten rules that make the most records, each with its place, C(events), C(records), their C(share) in percent, and in
    C(narrow) the value that most of its events have in common.
  returned: where rules are known
  type: list
  elements: dict
by_key:
  description: How often each key was recorded, the most frequent first.
  returned: when the events were read
  type: list
  elements: dict
unattributed:
  description: How many events no rule can be named for, each entry with the reason in C(why).
  returned: without a policy, where rules are known
  type: list
  elements: dict
replay:
  description: What the policy would make of the events.
  returned: with a policy
  type: dict
  contains:
    kept:
      description: How many it would record under the same key.
      returned: always
      type: int
    other_key:
      description: How many it would record under another key.
      returned: always
      type: int
    lost:
      description: How many it would not record.
      returned: always
      type: int
    undecided:
      description: Of how many that depends on what their records do not tell.
      returned: always
      type: int
    needs:
      description: What that is, and how often.
      returned: where some are undecided
      type: list
      elements: dict
    examples:
      description: The first events of each kind but RV(replay.kept).
      returned: where there are any
      type: list
      elements: dict
counters:
  description: Everything that was counted, with C(records), C(events), C(kept), C(incomplete), C(malformed), C(gaps) and C(out_of_order).
  returned: when the events were read
  type: dict
listening:
  description:
    - How the kernel was listened to, for how many C(milliseconds); what did not reach this process (C(socket_drops)) or was lost by
      the kernel itself (C(kernel_lost)); the C(receive_buffer); the C(latency) of records; the kernel's C(enabled) and C(rate_limit);
      and which C(process) with which C(pid) receives the records for good.
  returned: where the kernel was listened to
  type: dict
logs:
  description: The files of the log that were read.
  returned: where the log was read
  type: list
  elements: dict
extra_attributes:
  description: What O(extra_attributes) has.
  returned: where there are some
  type: dict
malformed:
  description: The first lines of the log that are no record.
  returned: where there are some
  type: list
  elements: dict
policy:
  description: The policies for benchmarks of O(policy), each with C(name), C(product), C(benchmark), C(drop_ins), those C(replaced) by
    drop-ins of the same name, and what was C(left_out).
  returned: with O(policy)
  type: list
  elements: dict
  sample: [{name: stig, product: rhel9, benchmark: DISA STIG for Red Hat Enterprise Linux 9, drop_ins: [30-stig.rules]}]
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
    specification = options.events_specification()
    installed.run(AnsibleModule(supports_check_mode=True, **specification), specification, "events")


if __name__ == "__main__":
    main()
