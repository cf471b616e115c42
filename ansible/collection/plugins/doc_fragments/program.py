# Copyright: The audit_rules authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the pages of the modules have in common."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  src:
    description:
      - A rules file on the controller, or a list of them, put one after the other. A directory stands for its C(.rules) files in
        the order of the boot load. Found as M(ansible.builtin.copy) finds
        its O(ansible.builtin.copy#module:src), in a role in its C(files) directory. A file that is encrypted with
        Ansible Vault is decrypted.
      - For all modules but M(linux.audit.audit_rules) a template too, with a name that ends in C(.rules.j2), rendered with the
        variables of the task as the role P(linux.audit.policy#role) does; also those in a directory. Found in C(files), else as
        M(ansible.builtin.template) finds it.
      - Problems in a rule are reported with the file and the line, in a template with the line of what it renders to.
    type: list
    elements: str
  executable:
    description:
      - The path of an installed program on the target, which is run instead of the one that the collection carries. For
        hosts that start only what a package brought, for instance with fapolicyd, and for machines that the collection
        carries no program for.
      - The program and each directory on the way to it must belong to root or to the user of the task, and be writable by nobody
        else, not even where the sticky bit is set. No symbolic link is followed.
      - V(/usr/libexec/audit_rules) need not be named; it is used where it has the version of the collection.
    type: str
  cache:
    description:
      - The directory on the target in which the program of the collection is kept. It is made with permissions C(0700);
        one that belongs to another user, or that others may use, is refused.
      - By default V(/var/cache/audit_rules) for root; for other users, and where programs may not run there,
        V(~/.cache/audit_rules) or a directory in V(/var/tmp).
    type: str
notes:
  - Nothing is needed on the target but a shell, not Python and not C(sftp). The program is copied there once, through the
    connection's standard input, and kept; a task is then one remote command.
  - The collection carries programs for x86_64 and aarch64. It is an error, with the names of both, where there is none.
  - With C(async) the program is copied with each task, and Ansible itself needs Python on the target.
  - Over a connection without standard input, or with C(become_method=su), the program is copied with each task.
"""

    ATTRIBUTES = r"""
attributes:
  action:
    description: Runs on the controller and talks to the program on the target.
    support: full
  async:
    description: Can be run with C(async).
    support: full
    details: Ansible itself needs Python on the target for it.
  check_mode:
    description: Says what would be done and changes nothing.
    support: full
  platform:
    description: Systems that can be managed.
    support: full
    platforms: linux
"""
