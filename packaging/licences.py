# SPDX-License-Identifier: Apache-2.0
"""
The copyright file of a package, for programs too
(https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/): the project, and all that is linked into the executable.
"""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

import linked
from project import AUTHORS, HOMEPAGE, ROOT, Trouble

#: Where several licences are offered, the first of these is taken. Each with its name in the copyright format.
TAKEN = {"Apache-2.0": "Apache-2.0", "MIT": "Expat", "BSD-3-Clause": "BSD-3-Clause", "LGPL-2.1-or-later": "LGPL-2.1+"}

#: Debian has the texts of some licences on every host, and wants them not to be repeated.
COMMON = Path("/usr/share/common-licenses")
POLICIES = ROOT / "policies/LICENSE-ComplianceAsCode"

_COMMON_TEXTS = {
    "Apache-2.0": f"On Debian systems the text of the Apache License 2.0 is in {COMMON}/Apache-2.0.",
    "LGPL-2.1+": f"On Debian systems the text of the GNU Lesser General Public License 2.1 is in {COMMON}/LGPL-2.1.",
}
_EXPAT = """\
Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated documentation
files (the "Software"), to deal in the Software without restriction, including without limitation the rights to use, copy,
modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit persons to whom the Software
is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES
OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE
LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN
CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE."""
_HOLDER = re.compile(r"^[ \t]*copyright[ \t]+((?:\(c\)|©|\[?\d{4}|the\b).*?)[ \t]*$", re.I | re.M)
#: Words of the form that the Apache licence shows at its end, and of notices that name nobody.
_FORM = re.compile(r"\[yyyy\]|copyright (notice|licen[sc]e|owner)", re.I)


def taken(part: linked.Part) -> str:
    """The licence under which a part is passed on, as SPDX names it. Trouble where it is none that is known here."""
    if " AND " not in part.licence:
        offered = part.licence.split(" OR ")
        for name in TAKEN:
            if name in offered:
                return name
    raise Trouble(f"{part.name} is under {part.licence}, for which packaging/licences.py has no text")


def expression(parts: list[linked.Part]) -> str:
    """The licence of the whole executable, an SPDX expression."""
    names = {taken(part) for part in parts} | {"Apache-2.0", "BSD-3-Clause"}
    return " AND ".join(name for name in TAKEN if name in names)


def copyright_file(parts: list[linked.Part]) -> str:
    """The whole text. parts: what is linked in."""
    lines = POLICIES.read_text().split("\n")
    holder = lines[0].removeprefix("Copyright ")
    stanzas = [
        _fields(
            ("Format", "https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/"),
            ("Upstream-Name", "audit_rules"),
            ("Source", HOMEPAGE),
            (
                "Comment",
                "Below vendor/ is what is linked into the executable, from crates.io and from the compiler's own libraries; the "
                "bill of materials beside this file says the same for programs. The source of audit_rules, its Cargo.lock and "
                "`make build` link it anew with another version of any of these.",
            ),
        ),
        _fields(("Files", "*"), ("Copyright", f"2026 {AUTHORS}"), ("License", "Apache-2.0")),
        _fields(
            ("Files", "policies/*/*/* src/scanner/checks.json"),
            ("Copyright", f"{holder}\n2026 {AUTHORS}"),
            ("License", "BSD-3-Clause"),
            ("Comment", "From the SCAP Security Guide of the project ComplianceAsCode."),
        ),
    ]
    for part in parts:
        files = f"vendor/{part.name}-{part.version}/*" if part.version else f"vendor/{part.name}/*"
        offered = [("Comment", f"Offered under {part.licence}.")] if " " in part.licence else []
        stanzas.append(
            _fields(("Files", files), ("Copyright", "\n".join(_holders(part))), ("License", TAKEN[taken(part)]), *offered)
        )
    texts = {**_COMMON_TEXTS, "Expat": _EXPAT, "BSD-3-Clause": "\n".join(lines[1:]).strip()}
    used = {TAKEN[taken(part)] for part in parts} | {"Apache-2.0", "BSD-3-Clause"}
    stanzas += [_fields(("License", f"{name}\n{texts[name]}")) for name in TAKEN.values() if name in used]
    return "\n".join(stanzas)


def _holders(part: linked.Part) -> list[str]:
    """Who holds the copyright: as the licence files say it, else the authors that the manifest names."""
    found: dict[str, None] = {}
    for path in sorted(part.directory.iterdir()) if part.directory else []:
        if re.match(r"(licen[sc]e|copying|copyright|notice|unlicense)", path.name, re.I) and path.is_file():
            text = path.read_text(errors="replace")
            found.update((line, None) for line in _HOLDER.findall(text) if not _FORM.search(line))
            # Section 4(d) of the Apache licence: such a file travels along.
            if path.name.upper().startswith("NOTICE"):
                raise Trouble(f"{part.name} has a NOTICE file, which packaging/licences.py does not pass on yet")
    return list(found) or part.authors or [f"The authors of {part.name}"]


def _fields(*fields: tuple[str, str]) -> str:
    """One stanza. Lines after the first are indented, blank ones are a point."""
    text = ""
    for name, value in fields:
        first, *rest = value.split("\n")
        lines = [f"{name}: {first}"]
        if name == "Comment":
            lines = textwrap.wrap(lines[0], 130, subsequent_indent=" ", break_long_words=False, break_on_hyphens=False)
        for line in rest:
            lines += textwrap.wrap(line, 130, initial_indent=" ", subsequent_indent=" ", break_on_hyphens=False) or [" ."]
        text += "\n".join(lines) + "\n"
    return text
