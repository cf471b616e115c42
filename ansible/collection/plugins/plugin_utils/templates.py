# Copyright: The audit_rules authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Templates of rules files on the controller."""

from __future__ import annotations

from ansible.plugins.loader import lookup_loader

RULES = ".rules"
TEMPLATE = ".rules.j2"


def render(path, loader, templar, variables):
    """Gives the text that ansible.builtin.template would write of a path. AnsibleError where it cannot be rendered."""
    lookup = lookup_loader.get("ansible.builtin.template", loader=loader, templar=templar)
    # With jinja2_native a template may render to something else.
    return str(lookup.run([path], variables)[0])
