#!/usr/bin/python
# Copyright: The audit_rules authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documentation of linux.audit.audit_rules_info, and the module for callers that pass its action plugin by."""

from __future__ import annotations

DOCUMENTATION = r"""
module: audit_rules_info
short_description: What audit rules a Linux host holds, and what rules mean
version_added: 0.1.0
author:
  - The audit_rules authors (@audit-rules)
description:
  - Says what a host holds, or what given rules mean. Changes nothing, in check mode or without.
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
      - V(gather), what the drop-ins and the kernel hold.
      - V(explain), what each of O(rules) means, or why it is refused; for any machine, without privilege.
    type: str
    choices: [gather, explain]
    required: true
  rules:
    description:
      - With V(explain) of O(operation), a list of lines and objects, or one text that holds a whole rules file. As in
        M(linux.audit.audit_rules).
      - Not together with O(src).
    type: raw
  arch:
    description: With V(explain) of O(operation), the machine as C(uname -m) names it. By default the target.
    type: str
  perm_syscalls:
    description:
      - With V(explain) of O(operation), the system call mask of a rule with C(perm=). V(all) leaves the choice to the kernel.
        V(4.2) is the table of auditctl 4.2.
    type: str
    choices: [all, '4.2']
    default: all
  source:
    description:
      - With V(gather) of O(operation), what to read. V(filesystem) are the drop-ins, V(runtime) is the
        kernel. By default V(both) on a live host, V(filesystem) elsewhere.
    type: str
    choices: [both, filesystem, runtime]
  root:
    description: With V(gather) of O(operation), another root directory, such as a mounted image. Files only.
    type: str
  rules_dir:
    description:
      - With V(gather) of O(operation), the directory of the drop-ins, inside the root. By default V(/etc/audit/rules.d).
    type: str
seealso:
  - module: linux.audit.audit_rules
"""

EXAMPLES = r"""
- name: Say what two rules mean on s390x
  linux.audit.audit_rules_info:
    operation: explain
    arch: s390x
    rules:
      - -a always,exit -F arch=b64 -S chown -F auid>=1000 -k perm_mod
      - -w /etc/passwd -p wa -k identity
  register: meaning

- name: Check a rules file in a pull request, without privilege
  linux.audit.audit_rules_info:
    operation: explain
    src: 50-site.rules
  register: meaning
  failed_when: meaning.lines | rejectattr('accepted') | list
  delegate_to: localhost
  run_once: true
"""

RETURN = r"""
msg:
  description: One line for people.
  returned: always
  type: str
  sample: 2 lines, 1 refused
outcome:
  description: V(unchanged), or V(failed).
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
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.linux.audit.plugins.module_utils import installed, options


def main():
    specification = options.info_specification()
    installed.run(AnsibleModule(supports_check_mode=True, **specification), specification, None)


if __name__ == "__main__":
    main()
