# SPDX-License-Identifier: Apache-2.0
"""What the shells complete, asked of the shells themselves; bash and zsh on a terminal, where they complete for people."""

import os
import pty
import re
import select
import shutil
import subprocess
import time

import pytest
from conftest import MACHINE, PROGRAMS, require, run

#: A line before the cursor, what is offered for its last word, and what is not.
CASES = [
    ("audit_rules ", ["schema", "policy", "my.json"], ["request"]),
    ("audit_rules sch", ["schema"], ["policy"]),
    ("audit_rules --", ["--human", "--html", "--follow", "--help", "--version"], ["--json", "--product"]),
    ("audit_rules --human my", ["my.json"], ["policy"]),
    ("audit_rules --html my", ["my.json"], ["policy"]),
    ("audit_rules schema ", ["request", "report"], ["my.json"]),
    ("audit_rules schema request ", [], ["report", "my.json"]),
    ("audit_rules policy ", ["anssi", "cis", "ospp", "pci-dss", "stig"], ["my.json", "rhel9"]),
    ("audit_rules policy st", ["stig"], ["cis"]),
    ("audit_rules policy --", ["--json", "--licence"], ["--human"]),
    ("audit_rules policy stig --", ["--json", "--product"], ["--licence", "--human"]),
    ("audit_rules policy stig --product rh", ["rhel8", "rhel9"], ["ubuntu2204", "my.json"]),
    ("audit_rules policy --json cis --product ub", ["ubuntu2204", "ubuntu2404"], ["rhel9", "my.json"]),
    ("audit_rules policy stig --product rhel9 --j", ["--json"], ["--licence"]),
]
#: Where a package has the file, below the root, and how an interactive shell is told of that place alone.
SHELLS = {
    "bash": (
        "usr/share/bash-completion/completions/audit_rules",
        ["bash", "--norc", "--noprofile", "-i"],
        "bind 'set show-all-if-ambiguous on'; bind 'set enable-bracketed-paste off'; bind 'set page-completions off'; "
        "bind 'set completion-query-items 0'; . {file}",
    ),
    "zsh": (
        "usr/share/zsh/vendor-completions/_audit_rules",
        ["zsh", "-f", "-i"],
        "unsetopt zle_bracketed_paste prompt_cr prompt_sp list_beep; setopt auto_list no_list_ambiguous no_auto_menu; LISTMAX=0; "
        "fpath=({directory} $fpath); autoload -U compinit; compinit -u -D",
    ),
}
DONE = "the shell is ready"


class Terminal:
    """A shell that believes that somebody sits before it."""

    def __init__(self, words, directory, environment):
        self.master, slave = pty.openpty()
        self.process = subprocess.Popen(words, stdin=slave, stdout=slave, stderr=slave, cwd=directory, env=environment, start_new_session=True)
        os.close(slave)

    def type(self, text):
        os.write(self.master, text.encode())

    def read(self, quiet, until=None, seconds=10.0):
        """What it writes until that is what is waited for, or without that, until it was quiet for so many seconds."""
        said, deadline = "", time.monotonic() + seconds
        while time.monotonic() < deadline:
            ready, _, _ = select.select([self.master], [], [], quiet)
            if ready:
                try:
                    said += os.read(self.master, 65536).decode(errors="replace")
                except OSError:
                    break
            if until and until(said) or not until and not ready:
                break
        return said

    def close(self):
        self.process.kill()
        self.process.wait()
        os.close(self.master)


def screen(said):
    """The lines that somebody sees: characters go where the cursor is."""
    lines, at = [""], 0
    for character in re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|\x07", "", said):
        if character == "\n":
            lines.append("")
            at = 0
        elif character in "\r\b":
            at = 0 if character == "\r" else max(at - 1, 0)
        else:
            lines[-1] = lines[-1][:at] + character + lines[-1][at + 1 :]
            at += 1
    return "\n".join(lines)


@pytest.fixture(scope="module")
def surroundings(unpacked, tmp_path_factory):
    """A directory with a request, and an environment in which audit_rules is that of the package."""
    directory = tmp_path_factory.mktemp("completed")
    (directory / "my.json").write_text("{}")
    path = f"{unpacked}/usr/bin:{os.environ['PATH']}"
    environment = {"PATH": path, "HOME": str(directory), "TERM": "dumb", "LC_ALL": "C.UTF-8", "PS1": "> ", "COLUMNS": "200", "LINES": "100"}
    assert (unpacked / "usr/libexec/audit_rules").read_bytes() == PROGRAMS[MACHINE].read_bytes()
    return directory, environment


@pytest.mark.parametrize("line, offered, others", CASES)
@pytest.mark.parametrize("shell", SHELLS)
def test_on_a_terminal_the_shell_offers_what_may_stand_there(unpacked, surroundings, shell, line, offered, others):
    require(shell, shell)
    place, words, setting = SHELLS[shell]
    file = unpacked / place
    terminal = Terminal(words, *surroundings)
    try:
        terminal.type(setting.format(file=file, directory=file.parent) + "\n")
        # Put together, so that the echo of what is typed does not look like it.
        terminal.type(f"echo {DONE[:4]}''{DONE[4:]}\n")
        assert DONE in terminal.read(0.2, until=lambda said: re.search(f"{DONE}\r?\n", said))
        terminal.read(0.2)
        terminal.type(line + "\t")
        said = screen(terminal.read(1.0, until=offered and (lambda said: set(offered) <= set(screen(said).split()))) + terminal.read(0.3))
    finally:
        terminal.close()
    # What was completed in place, and what was listed below.
    tokens = set(said.split())
    assert [word for word in offered if word not in tokens] == [], said
    assert [word for word in others if word in tokens] == [], said


@pytest.mark.parametrize("line, offered, others", CASES)
def test_fish_offers_what_may_stand_there(unpacked, surroundings, line, offered, others):
    require("fish", "fish")
    directory, environment = surroundings
    file = unpacked / "usr/share/fish/vendor_completions.d/audit_rules.fish"
    script = f"source '{file}'; complete --do-complete '{line}'"
    said = run(shutil.which("fish"), "--no-config", "--private", "--command", script, cwd=directory, env={**environment, "TERM": "xterm"})
    found = {entry.split("\t")[0] for entry in said.splitlines()}
    assert [word for word in offered if word not in found] == []
    assert [word for word in others if word in found] == []
