# Copyright: The audit_rules authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""linux.audit.audit_fleet, which does all of its work on the controller."""

from __future__ import annotations

import datetime
import os

from ansible.plugins.action import ActionBase

from ansible_collections.linux.audit.plugins.module_utils import _audit_rules_fleet as fleet
from ansible_collections.linux.audit.plugins.module_utils import _audit_rules_fleet_files as files
from ansible_collections.linux.audit.plugins.module_utils import _audit_rules_fleet_page as page
from ansible_collections.linux.audit.plugins.module_utils import options, permissions
from ansible_collections.linux.audit.plugins.module_utils.request import plain
from ansible_collections.linux.audit.plugins.module_utils.validation import validate
from ansible_collections.linux.audit.plugins.plugin_utils.programs import FILES


class ActionModule(ActionBase):
    """Writes the page, the JSON and the CSV of the hosts of the play."""

    TRANSFERS_FILES = False
    _supports_check_mode = True
    # validate says all that is wrong at once.
    _VALID_ARGS = frozenset()

    def run(self, tmp=None, task_vars=None):
        result = super().run(tmp, task_vars)
        said, complaints = validate(options.fleet_specification(), plain(self._task.args))
        mode, wrong = permissions.read(said.get("mode"))
        if complaints or wrong:
            return {**result, "failed": True, "msg": "\n".join(complaints + wrong)}
        summary = self._summarize(said, task_vars)
        place = self._loader.path_dwim(said["dest"])
        paths = dict(zip(("page", "json", "csv"), files.beside(place)))
        # In check mode all is made as well, so that what cannot be made is known.
        texts = {"page": page.render(summary, _style()), "json": files.to_json(summary), "csv": files.to_csv(summary)}
        try:
            if not self._task.check_mode:
                for kind, path in paths.items():
                    files.write(path, texts[kind], mode if isinstance(mode, int) else int(mode, 8))
        except OSError as error:
            return {**result, "failed": True, "msg": f"{error.filename}: {error.strerror}"}
        found = fleet.failing(summary, said["fail_on"])
        msg = fleet.sentence(summary)
        return {
            **result, "changed": True, "failed": bool(found), "msg": f"{msg}. fail_on: {'; '.join(found)}" if found else msg,
            "counts": summary["counts"], "failing": found, "files": paths,
        }

    def _summarize(self, said, task_vars):
        reports, unreachable = {}, {}
        for host in sorted(task_vars["ansible_play_hosts_all"]):
            report = plain(task_vars["hostvars"][host].get(said["variable"]) or {})
            if report.get("unreachable") or not report:
                unreachable[host] = report.get("msg") or "nothing came back"
            else:
                reports[host] = report
        made = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        return fleet.summarize(reports, unreachable, said["title"], made)


def _style():
    with open(os.path.join(FILES, "page.css"), encoding="utf-8") as file:
        return file.read()
