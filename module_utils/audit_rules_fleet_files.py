# SPDX-License-Identifier: Apache-2.0
"""
The summary of a fleet as JSON and as a table, and how files of a page are written.
"""

import csv
import io
import json
import os
import re
import tempfile

#: The columns of the table: a row for each host and control, one for a host without controls.
COLUMNS = ("host", "host_state", "control", "control_state", "said", "digest", "digest_of", "waits_for_boot")

# A cell that begins so is a formula to a spreadsheet, also after blanks.
_FORMULA = re.compile(r"[\s\x00]*[=+\-@\t\r\n|%\uff1d\uff0b\uff0d\uff20]")

# A table has one line for each row.
_BREAKS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def to_json(summary):
    """Gives the summary as JSON text, in ASCII: so no character of a host's says anything but what it is."""
    return json.dumps(summary, indent=1, sort_keys=False) + "\n"


def to_csv(summary):
    """Gives the table as text of RFC 4180. No cell of it is a formula."""
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for host in summary["hosts"]:
        of_host = [host["host"], host["state"]]
        about = [host["digest"] or "", host["digest_of"] or "", "yes" if host["waits_for_boot"] else "no"]
        of_control = {}
        for entry in host["differences"]:
            for control in entry["controls"]:
                of_control.setdefault(control, []).append("{}: {}".format(entry["subject"], entry["why"]))
        for control, state in host["controls"].items():
            writer.writerow(
                [_cell(each) for each in of_host + [control, state, "; ".join(of_control.get(control, []))] + about]
            )
        if not host["controls"]:
            writer.writerow([_cell(each) for each in of_host + ["", "", host["msg"]] + about])
    return text.getvalue()


def _cell(text):
    text = _BREAKS.sub(lambda found: "\\u{{{:x}}}".format(ord(found.group())), text)
    return "'" + text if _FORMULA.match(text) else text


def beside(page):
    """Gives the paths of page, JSON and table by that of the page."""
    stem = page[: -len(".html")] if page.endswith(".html") else page
    return page, stem + ".json", stem + ".csv"


def write(path, text, mode):
    """
    Writes a file in one step: whoever opens it has the old one or the new one whole. The directory has to be there.

    mode
        Its permissions, as a number. OSError where it cannot be written.
    """
    try:
        handle, part = tempfile.mkstemp(prefix=".audit_rules-", dir=os.path.dirname(path) or ".")
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
                file.write(text)
                os.fchmod(file.fileno(), mode)
                file.flush()
                os.fsync(file.fileno())
            os.replace(part, path)
        except BaseException:
            os.unlink(part)
            raise
    except OSError as error:
        # The file that was asked for, and not the part of it that nobody knows.
        raise OSError(error.errno, error.strerror, path)
