# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Writes one JSON line per finished task: its name, how long it took in milliseconds, and what became of it."""

from __future__ import annotations

import json
import os
import time

from ansible.plugins.callback import CallbackBase


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "stopwatch"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self._started = None

    def v2_playbook_on_task_start(self, task, is_conditional):
        self._started = time.monotonic()

    v2_playbook_on_handler_task_start = lambda self, task: self.v2_playbook_on_task_start(task, False)

    def _finished(self, result, state):
        spent = (time.monotonic() - self._started) * 1000
        answer = result._result
        line = {"task": result._task.get_name(), "ms": spent, "state": state, "changed": bool(answer.get("changed"))}
        if state != "ok":
            line["msg"] = str(answer.get("msg") or answer.get("stderr") or answer)[:2000]
        with open(os.environ["STOPWATCH_FILE"], "a") as log:
            log.write(json.dumps(line) + "\n")

    def v2_runner_on_ok(self, result):
        self._finished(result, "ok")

    def v2_runner_on_failed(self, result, ignore_errors=False):
        self._finished(result, "failed")

    def v2_runner_on_unreachable(self, result):
        self._finished(result, "unreachable")
