#!/usr/bin/python
# Copyright: The audit_rules authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documentation of linux.audit.audit_fleet, which is an action plugin."""

from __future__ import annotations

DOCUMENTATION = r"""
module: audit_fleet
short_description: One page, one table and one summary of the audit rules of many hosts
version_added: 0.1.0
author:
  - The audit_rules authors (@audit-rules)
description:
  - Writes what the hosts of a play answered as a page for people (HTML), a summary for programs (JSON), and a table (CSV) with one row for
    each host and control. The page is one file without a script that it needs, to be sent, kept and printed.
  - Says which hosts deviate from their policy and in what, and of which hosts nothing is known. Can fail on what it finds, after everything
    is written.
  - What the hosts answered is that of M(linux.audit.audit_rules_info) with C(gather) and C(expect), in one variable of each host. The playbook
    C(linux.audit.fleet) does both.
  - Everything is done on the controller, once for all hosts. Use C(run_once).
options:
  dest:
    description:
      - The page, as a path on the controller. The JSON and the CSV are beside it, with C(.json) and C(.csv) in the place of C(.html).
      - Each file is written whole or not at all. The directory has to be there.
    type: path
    required: true
  variable:
    description:
      - The name of the variable that has the report of each host. By default that of the entry point C(gather) of the role
        P(linux.audit.policy#role).
      - A host without it, or whose report is C(unreachable), gave no answer.
    type: str
    default: audit_policy_evidence
  title:
    description: The title of the page.
    type: str
    default: Audit rules of the fleet
  mode:
    description: The permissions of the three files, as octal text. They say what is not watched on which host.
    type: raw
    default: '0600'
  fail_on:
    description:
      - The task fails where a host is so.
      - V(drift), files, kernel or next boot do not hold what the policy asks for; V(failed), the host was reached and gave no evidence;
        V(unreachable), it gave no answer; V(files_only), its kernel was not read; V(undecided), everything was read, and files do not tell
        whether the next boot loads the rules.
      - V(never) alone, or an empty list, nothing fails the task.
    type: list
    elements: str
    choices: [drift, failed, unreachable, undecided, files_only, never]
    default: [drift, failed, unreachable]
attributes:
  check_mode:
    description: In check mode nothing is written. It fails as it would otherwise.
    support: full
  diff_mode:
    description: There is no diff.
    support: none
  platform:
    description: The controller, with any operating system that Ansible runs on.
    platforms: posix
    support: full
seealso:
  - module: linux.audit.audit_rules_info
"""

EXAMPLES = r"""
- name: Ask all hosts
  hosts: all
  become: true
  gather_facts: false
  ignore_unreachable: true
  tasks:
    - name: Ask whether the host holds the policy of its variables
      ansible.builtin.include_role:
        name: linux.audit.policy
        tasks_from: gather

    - name: Write what they said
      linux.audit.audit_fleet:
        dest: audit-fleet.html
        fail_on: [drift, failed, unreachable, files_only]
      run_once: true
"""

RETURN = r"""
msg:
  description: One line for people.
  returned: always
  type: str
  sample: '415 hosts: 3 drift, 2 files only, 410 in sync'
counts:
  description: How many hosts are in which state, all C(hosts), and those that are C(waiting_for_boot).
  returned: when the options are right
  type: dict
  sample: {hosts: 415, drift: 3, failed: 0, unreachable: 0, undecided: 0, files_only: 2, in_sync: 410, waiting_for_boot: 0}
failing:
  description: What O(fail_on) fails on, a sentence for each state, with names of hosts.
  returned: when the options are right
  type: list
  elements: str
files:
  description: Where the C(page), the C(json) and the C(csv) are; in check mode where they would be.
  returned: when the options are right
  type: dict
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.linux.audit.plugins.module_utils import options


def main():
    module = AnsibleModule(supports_check_mode=True, **options.fleet_specification())
    module.fail_json(msg="linux.audit.audit_fleet works on the controller, by its action plugin alone")


if __name__ == "__main__":
    main()
