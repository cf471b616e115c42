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
      - V(lint), what is wrong with O(rules), O(src) or O(files), and with none of them what is wrong with the drop-ins of the
        host. The task fails where something is; see O(fail_on).
    type: str
    choices: [gather, explain, lint]
    required: true
  rules:
    description:
      - With V(explain) and V(lint) of O(operation), a list of lines and objects, or one text that holds a whole rules file. As in
        M(linux.audit.audit_rules).
      - Not together with O(src) or O(files).
    type: raw
  files:
    description:
      - With V(lint) of O(operation), rules files by their text, linted together as the drop-ins of one host. O(src) takes them
        from the controller.
    type: list
    elements: dict
    suboptions:
      name:
        description: Its name or path, by which findings name it. The last component decides the order, as in rules.d.
        type: str
        required: true
      text:
        description: What it holds.
        type: str
        required: true
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
    description:
      - With V(gather) and V(lint) of O(operation), another root directory, such as a mounted image. Files only.
      - V(lint) of given rules looks at no host without it.
    type: str
  rules_dir:
    description:
      - With V(gather) and V(lint) of O(operation), the directory of the drop-ins, inside the root. By default V(/etc/audit/rules.d).
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
      description: The column behind the last one.
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
    info:
      description: Worth knowing.
      returned: always
      type: int
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
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.linux.audit.plugins.module_utils import installed, options


def main():
    specification = options.info_specification()
    installed.run(AnsibleModule(supports_check_mode=True, **specification), specification, None)


if __name__ == "__main__":
    main()
