"""Pages that more than one benchmark writes to: each has a part between marks, and says there when and where it measured."""

import datetime
import os
import pathlib


def measured_on(command, what):
    """How a part begins: which command wrote it, when, on which machine, and with what."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"Written by `{command}` on {datetime.date.today().isoformat()}, on a machine with {os.cpu_count()} processors and {memory:.0f} GiB, "
        f"kernel {os.uname().release}, {what}."
    )


def repeated(times):
    """How the numbers were got of so many repetitions."""
    return "one run of each" if times == 1 else f"medians of {times}"


def write_part(page, name, lines):
    """Puts lines between the marks `<!-- NAME -->` and `<!-- /NAME -->` of a page that has them, and prints them."""
    text = "\n".join(lines)
    print(text)
    begin, end = f"<!-- {name} -->", f"<!-- /{name} -->"
    before, found, rest = pathlib.Path(page).read_text().partition(begin)
    dummy, closed, after = rest.partition(end)
    if not found or not closed:
        raise SystemExit(f"{page} has no {begin} with its {end}")
    pathlib.Path(page).write_text(f"{before}{begin}\n\n{text}\n\n{end}{after}")
