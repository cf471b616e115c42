#!/usr/bin/python
# Copyright: The audit_rules authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documentation of linux.audit.audit_prove, and the module for callers that pass its action plugin by."""

from __future__ import annotations

DOCUMENTATION = r"""
module: audit_prove
short_description: Proves that audit rules of a Linux host record
version_added: 0.1.0
author:
  - The audit_rules authors (@audit-rules)
description:
  - For each rule something harmless is done that the rule is about, and the kernel is listened to. So it is found out whether the
    rule records, here and now, rather than whether it is loaded.
  - The task fails where a rule does not record, or where that cannot be found out.
  - Changes no rule, no setting and no file; what it does is in the audit log of the host, with the keys of the rules.
    In check mode nothing is done, and RV(proofs) says what would be.
extends_documentation_fragment:
  - linux.audit.program
  - linux.audit.program.attributes
attributes:
  diff_mode:
    description: Nothing is changed, so there is no diff.
    support: N/A
options:
  name:
    description: The drop-in whose rules are meant.
    type: str
  rules:
    description:
      - The rules that are meant, as a list of lines and objects, or one text that holds a whole rules file. As in
        M(linux.audit.audit_rules).
      - Without them, O(src), O(name) and O(keys), all that are loaded. Not together with O(src).
    type: raw
  keys:
    description: The keys of the rules that are meant.
    type: list
    elements: str
    default: []
  seconds:
    description: How long to wait for the last record. By default 2.
    type: int
  records:
    description: Give the records of each proof too, as they came.
    type: bool
    default: false
  trace_netlink:
    description:
      - A file of the target to which every byte that comes from the kernel is written as it came. Not in check mode. For questions
        about the kernel's answers.
    type: str
  rules_dir:
    description: The directory of the drop-ins. By default V(/etc/audit/rules.d).
    type: str
seealso:
  - module: linux.audit.audit_rules
  - module: linux.audit.audit_events
    description: Says what was recorded, and by which rule.
"""

EXAMPLES = r"""
- name: Prove that every loaded rule records
  linux.audit.audit_prove:
  register: proven

- name: Prove that the rules for identities record, here and now
  linux.audit.audit_prove:
    keys: [identity]
  register: proven

- name: Say which rules could not be tried, and why
  ansible.builtin.debug:
    msg: "{{ item.rule }}: {{ item.why }}"
  loop: "{{ proven.proofs | selectattr('verdict', 'equalto', 'not_provoked') }}"
"""

RETURN = r"""
msg:
  description: One line for people.
  returned: always
  type: str
outcome:
  description: V(unchanged), V(failed), or V(unknown) where no report came back.
  returned: always
  type: str
proofs:
  description:
    - What was found of each rule, with its place, the C(verdict) (V(records), V(shadowed), V(silent), V(inconclusive), V(not_provoked)
      or V(not_loaded)), C(why), the rule that took its event (C(by)), what was C(provoked), and the C(record).
  returned: when the rules were looked at
  type: list
  elements: dict
verdicts:
  description: Of how many rules each verdict is.
  returned: not in check mode
  type: dict
  sample: {records: 12, not_provoked: 1}
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
    specification = options.prove_specification()
    installed.run(AnsibleModule(supports_check_mode=True, **specification), specification, "prove")


if __name__ == "__main__":
    main()
