# SPDX-License-Identifier: Apache-2.0
"""
A request as the executable audit_rules reads it.

A failure is a ValueError whose text is for people.
"""

import json

#: The largest request that is read, in bytes.
MOST_BYTES = 16 * 1024 * 1024

#: Keys of a whole undo object, next to its snapshot, that are taken over unless they are given.
UNDO_KEYS = ("root", "rules_dir", "target", "kernel")


def encode(request):
    """Gives the bytes of a request. Dates and the like, which YAML makes of some words, become text."""
    try:
        body = json.dumps(request, ensure_ascii=False, default=str).encode("utf-8")
    except UnicodeEncodeError:
        raise ValueError("the request holds text that is not UTF-8")
    if len(body) > MOST_BYTES:
        raise ValueError("the request has {} bytes; at most {} are read".format(len(body), MOST_BYTES))
    return body


def unwrap_undo(request):
    """The snapshot of a request may be the whole undo object of a result, which knows the root that it belongs to."""
    undo = request.get("snapshot")
    if isinstance(undo, dict) and isinstance(undo.get("snapshot"), dict):
        request["snapshot"] = undo["snapshot"]
        for key in UNDO_KEYS:
            if undo.get(key) is not None:
                request.setdefault(key, undo[key])
