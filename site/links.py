# SPDX-License-Identifier: Apache-2.0
"""The links of a document: found as they stand in its Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from posixpath import normpath

_FENCE = re.compile(r"^( *)(```+|~~~+).*?^\1\2 *$", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"(`+)[^`].*?\1", re.DOTALL)
_LINK = re.compile(r"\]\(([^()\s]+)\)")


def local(text: str) -> Iterator[str]:
    """Gives what the Markdown links to below the project, as it is written: no link to elsewhere, none in an example."""
    for link in _LINK.findall(_CODE.sub("", _FENCE.sub("", text))):
        if not re.match(r"[a-z]+:", link):
            yield link


def file_of(document: str, link: str) -> str:
    """Gives the file that a link of a document leads to; both are relative to the project's directory."""
    path = link.partition("#")[0]
    return normpath(PurePosixPath(document).parent / path) if path else document
