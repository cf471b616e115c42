# SPDX-License-Identifier: Apache-2.0
"""
docs/stig.md, command by command, in a virtual machine: what the page shows is what was said.

UPDATE_DOCUMENTS=1 writes it.
"""

import difflib
import os
import re

from conftest import PROJECT

PAGE = PROJECT / "docs/stig.md"
# A block of JSON with the name of its file before it, or a block of commands with what they said.
BLOCK = re.compile(r"<!-- (?P<name>\w+\.json) -->\n\n```json\n(?P<content>.*?)^```$|^```console\n(?P<commands>.*?)^```$", re.M | re.S)


def carried_out(text, guest):
    """Gives the page with what its commands say in the guest, and how many there are."""
    count = 0

    def block(found):
        nonlocal count
        if found["name"]:
            guest(f"cat >/root/{found['name']} <<'END'\n{found['content']}END")
            return found[0]
        said = ""
        for line in found["commands"].splitlines():
            if line.startswith("# "):
                count += 1
                said += f"{line}\n" + guest(f"cd /root && {{ {line[2:]}; }} 2>&1; true")
        return f"```console\n{said}```"

    return BLOCK.sub(block, text), count


def test_every_command_of_the_page_says_in_a_guest_what_the_page_shows(guest, deb):
    guest.send(deb)
    guest("rm /etc/os-release; printf 'ID=ubuntu\\nVERSION_ID=\"24.04\"\\n' >/etc/os-release; auditctl -e 1 >/dev/null")
    text = PAGE.read_text()
    said, count = carried_out(text, guest)
    assert count >= 20
    if os.environ.get("UPDATE_DOCUMENTS"):
        PAGE.write_text(said)
        text = said
    difference = "\n".join(difflib.unified_diff(text.splitlines(), said.splitlines(), "docs/stig.md", "the guest", lineterm=""))
    assert not difference, f"docs/stig.md is out of date; UPDATE_DOCUMENTS=1 writes it\n{difference}"
