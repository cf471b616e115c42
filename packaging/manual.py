# SPDX-License-Identifier: Apache-2.0
"""The manual pages audit_rules(8) and audit_rules.json(5), made of packaging/manual, `--help` and the schema of requests."""

from __future__ import annotations

import json
import re
import textwrap
from pathlib import Path

from project import NAME, ROOT, Trouble, date, run

PAGES = ROOT / "packaging/manual"
#: The examples of audit_rules.json(5), with what they ask for.
EXAMPLES = {
    "time-change.json": "Rules as objects, and settings beside them:",
    "locked.json": "The kernel's rules locked until the next boot:",
    "exact.json": "One drop-in and nothing else, but for what keep names:",
    "absent.json": "A drop-in gone, and its rules with it:",
}


def pages(program: Path, version: str, when: int) -> dict[str, str]:
    """
    Gives the pages by their file names.

    program
        The executable, one that runs on this machine: it says what it can be called with.

    when
        The time that stands in the pages, in seconds since 1970.
    """
    help_text = run([str(program), "--help"])
    values = {
        "DATE": date(when).strftime("%Y-%m-%d"),
        "VERSION": version,
        "SYNOPSIS": _synopsis(help_text),
        "CALLS": _calls(help_text),
        "STATUS": _status(help_text),
        "HEADER": _escaped(header()),
        "DOCUMENTS": _escaped(f"/usr/share/doc/{NAME}"),
        "EXAMPLE identity.json": _example("identity.json"),
        "EXAMPLES": "\n.PP\n".join(f"{_prose(words)}\n.PP\n{_example(name)}" for name, words in EXAMPLES.items()),
    }
    schema = Schema(json.loads((ROOT / "schemas/request.schema.json").read_text()))
    values["KEYS"] = "\n".join(_key(schema, name, body) for name, body in schema.root["properties"].items())
    values["PARTS"] = "\n".join(_part(schema, place, name) for name, place in schema.parts())
    return {path.name: _filled(path, values) for path in sorted(PAGES.iterdir())}


def header() -> str:
    """The line with which the program begins drop-ins."""
    return re.search(r'HEADER: &str = "(.*)";', (ROOT / "src/desired/drop_in_text.rs").read_text())[1]


def _filled(path: Path, values: dict[str, str]) -> str:
    return re.sub(r"@([A-Z]+(?: [a-z.-]+)?)@", lambda found: values[found[1]], path.read_text())


# The words of --help.


def _entries(help_text: str) -> list[tuple[str, str]]:
    """The calls in the help, and what it says of each."""
    block = help_text.split("\n\n")[1]
    entries: list[tuple[str, str]] = []
    for line in block.splitlines():
        found = re.fullmatch(r"  (audit_rules \S.*?)(?: {2,}(.*))?", line)
        if found:
            entries.append((found[1], found[2] or ""))
        elif entries:
            call, words = entries.pop()
            # What is said of several calls is a clause of its own.
            joint = "; " if line.strip().startswith("both ") else " "
            entries.append((call, f"{words}{joint}{line.strip()}"))
    if not entries:
        raise Trouble("audit_rules --help lists no calls")
    return entries


def _synopsis(help_text: str) -> str:
    calls = [call for call, _ in _entries(help_text)]
    return "\n".join(_call(call) for call in calls)


def _call(call: str) -> str:
    """A call with its literal words bold, and what stands for something else in italics."""
    words = [
        rf"\fI{_escaped(word)}\fR" if re.fullmatch(r"\[?[A-Z]+\]?", word) else rf"\fB{_escaped(word)}\fR" for word in call.split()
    ]
    return " ".join(words)


def _calls(help_text: str) -> str:
    obvious = {"audit_rules --help, --version": "print this summary, or the version"}
    return "\n".join(f".TP\n{_call(call)}\n{_prose(_sentence(words or obvious.get(call, call)))}" for call, words in _entries(help_text))


def _status(help_text: str) -> str:
    words = help_text.split("Exit status: ")[1].strip().rstrip(".")
    return "\n".join(f".TP\n.B {code}\n{_prose(_sentence(meaning))}" for code, meaning in re.findall(r"(\d) ([^,]+)", words))


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:].rstrip(".") + "."


# The schema.


class Schema:
    """The schema of requests, and where in a request its definitions stand."""

    #: What a report gives in `undo`, which nobody writes by hand.
    OPAQUE = "Snapshot"

    def __init__(self, root: dict):
        self.root = root
        self.places: dict[str, str] = {}
        # Level by level, so that a part is named by the shortest of its places.
        level = [(body, name) for name, body in root["properties"].items()]
        while level:
            level = [below for body, place in level for below in self._below(body, place)]

    def parts(self) -> list[tuple[str, str]]:
        """The definitions that are objects with keys, each with the first place where it may stand."""
        return list(self.places.items())

    def definition(self, name: str) -> dict:
        return self.root["$defs"][name]

    def _below(self, body, place: str) -> list[tuple[dict, str]]:
        """What stands in a schema, with its places. Writes down the place of a definition that has keys."""
        # What is a request itself has its keys already.
        if not isinstance(body, dict) or body.get("$ref") == "#":
            return []
        below = [(option, place) for option in body.get("anyOf", []) + body.get("oneOf", [])]
        below += [(body.get("items"), f"{place}[]"), (body.get("additionalProperties"), f"{place}.NAME")]
        name = body.get("$ref", "").rpartition("/")[2]
        if name and name not in self.places and name != self.OPAQUE:
            inner = self.definition(name)
            if "properties" in inner:
                self.places[name] = place
                below += [(value, f"{place}.{key}") for key, value in inner["properties"].items()]
            else:
                below.append((inner, place))
        return below

    def values(self, body: dict) -> tuple[list[str], list[tuple[str, str]]]:
        """What a value may be: phrases, and literal words with what each means."""
        if "const" in body:
            return [], [(json.dumps(body["const"]).strip('"'), body.get("description", ""))]
        if body.get("$ref") == "#":
            return ["a request"], []
        if "$ref" in body:
            name = body["$ref"].rsplit("/", 1)[1]
            if name == self.OPAQUE:
                return ["an object"], []
            if name in self.places:
                return [f"an object, see the part `{self.places[name]}`"], []
            return self.values(self.definition(name))
        options = body.get("anyOf") or body.get("oneOf")
        if options:
            phrases, words = [], []
            for option in options:
                more, literal = self.values(option)
                phrases += [phrase for phrase in more if phrase not in phrases]
                words += literal
            return sorted(phrases, key=lambda phrase: phrase.startswith("a list")), words
        types = body.get("type", [])
        types = [types] if isinstance(types, str) else types
        return [self._phrase(kind, body) for kind in types if kind != "null"], []

    def _phrase(self, kind: str, body: dict) -> str:
        if kind == "array":
            return f"a list (each {self._either(body.get('items', {}))})"
        if kind == "object" and isinstance(body.get("additionalProperties"), dict):
            return f"an object (each value {self._either(body['additionalProperties'])})"
        if kind == "integer" and body.get("maximum") not in (None, 2**32 - 1, 2**64 - 1):
            return f"an integer from {body.get('minimum', 0)} to {body['maximum']}"
        named = {"string": "text", "boolean": "true or false", "integer": "an integer", "number": "a number", "object": "an object"}
        return named[kind]

    def _either(self, body: dict) -> str:
        phrases, words = self.values(body)
        return _alternatives(phrases + [f"`{word}`" for word, _ in words])


def _key(schema: Schema, name: str, body: dict) -> str:
    """One key: its name, what it means, what it may be, its default and what uses it."""
    phrases, words = schema.values(body)
    lines = [f".TP\n\\fB{_escaped(name)}\\fR", _prose(body.get("description", ""))]
    if words:
        lines.append(".RS")
        lines += [f".TP\n\\fB{_escaped(word)}\\fR\n{_prose(meaning)}" for word, meaning in words]
        lines.append(".RE")
    kind = _alternatives(phrases + (["one of the words above"] if words else []))
    facts = [f"Takes {kind}.", _default(body), _uses(body.get("x-used-by", []))]
    lines.append(".IP\n" + _prose(" ".join(fact for fact in facts if fact)))
    return "\n".join(line for line in lines if line)


def _alternatives(phrases: list[str]) -> str:
    """Several of them with commas, since some phrases have an "or" themselves."""
    return phrases[0] if len(phrases) == 1 else f"{', '.join(phrases[:-1])}, or {phrases[-1]}" if phrases else "anything"


def _default(body: dict) -> str:
    value = body.get("default")
    return "" if value is None else f"Default: `{value if isinstance(value, str) else json.dumps(value)}`."


def _uses(uses: list[str]) -> str:
    """The operations, and of `apply` the states where it does not take the key with each."""
    states = [use.partition(":")[2] for use in uses if use.startswith("apply:")]
    every = {"present", "absent", "loaded", "exact", "restored"}
    own = [] if not states else ["apply"] if set(states) == every else [f"apply (state {', '.join(states)})"]
    names = own + [use for use in uses if not use.startswith("apply:")]
    return f"Used by {', '.join(names)}." if names else ""


def _part(schema: Schema, place: str, name: str) -> str:
    body = schema.definition(name)
    keys = "\n".join(_key(schema, key, value) for key, value in body["properties"].items())
    said = body.get("description", "")
    return f".SS {_escaped(place)}\n" + (f"{_prose(said)}\n" if said else "") + keys


# roff.

#: The backslash first, since the others bring some.
_SHOWN = {"\\": "\\(rs", "-": "\\-", "'": "\\(aq", "`": "\\(ga", "^": "\\(ha", "~": "\\(ti"}


def _example(name: str) -> str:
    text = json.loads((ROOT / "examples" / name).read_text())
    lines = [_escaped(line) for line in _compact(text).splitlines()]
    return ".nf\n" + "\n".join(lines) + "\n.fi"


def _compact(request: dict) -> str:
    """A request with a line for each key and for each entry of a list."""
    fields = []
    for key, value in request.items():
        text = json.dumps(value)
        if isinstance(value, list) and value:
            text = "[\n" + ",\n".join(f"    {json.dumps(entry)}" for entry in value) + "\n  ]"
        fields.append(f"  {json.dumps(key)}: {text}")
    return "{\n" + ",\n".join(fields) + "\n}"


def _escaped(text: str) -> str:
    """Text as roff shows it unchanged."""
    for character, shown in _SHOWN.items():
        text = text.replace(character, shown)
    return "\\&" + text if text[:1] in {".", "'"} else text


def _prose(text: str) -> str:
    """A paragraph: each sentence begins a line, what stands in backticks is bold, options keep their dashes."""
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", re.sub(r"\[(`[^`]*`)\]", r"\1", text))
    lines: list[str] = []
    for sentence in re.split(r"(?<=[.:;])\s+(?=[A-Z`])", " ".join(text.split())):
        lines += textwrap.wrap(sentence, 70, break_long_words=False, break_on_hyphens=False)
    # A mark may begin on one line and end on the next.
    parts = "\n".join(lines).split("`")
    marked = "".join(rf"\fB{_escaped(part)}\fR" if at % 2 else _plain(part) for at, part in enumerate(parts))
    return "\n".join("\\&" + line if line[:1] in {".", "'"} else line for line in marked.splitlines())


def _plain(text: str) -> str:
    text = text.replace("\\", "\\(rs").replace("^", "\\(ha").replace("~", "\\(ti")
    return re.sub(r"(?<![\w-])-{1,2}(?=\w)", lambda dashes: dashes[0].replace("-", "\\-"), text)
