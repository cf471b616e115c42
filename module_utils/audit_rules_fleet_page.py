# SPDX-License-Identifier: Apache-2.0
"""
The summary of a fleet as one page: no file beside it, no address in it, whole without its script.

`render` takes what `audit_rules_fleet.summarize` gave. Every text becomes HTML in `_element`, which escapes all that is not
made by itself, so nothing that a host says can be anything but text.
"""

import base64
import hashlib
import html
import re

#: What a page shows at most, so that one of a thousand hosts stays below 2 MiB: differences of all hosts together and of
#: one, controls of one host, hosts of one control or digest, characters of one text. JSON and CSV have the rest.
MOST_SHOWN, MOST_OF_A_HOST, MOST_CONTROLS, MOST_NAMES, MOST_GROUPS, LONGEST = 2500, 20, 8, 200, 12, 300

#: How many differences of a host, and hosts of a control, stand there before one has to ask for the rest.
_OPEN_DIFFERENCES, _OPEN_NAMES = 2, 8

#: State of a host: the class of the style sheet, the value of data-state that the filter names, the word.
_STATES = {
    "drift": ("drift", "drift", "Drift"),
    "failed": ("failed", "failed", "Failed"),
    "unreachable": ("unknown", "unreachable", "Unreachable"),
    "undecided": ("unknown", "unknown", "Undecided"),
    "files_only": ("unknown", "files", "Files only"),
    "in_sync": ("ok", "ok", "In sync"),
    "open": ("unknown", "unknown", "Open"),
}

#: What the states mean, where that is not plain.
_MEANINGS = (
    ("Drift", "the files, the kernel or the next boot do not hold what the policy asks for, or nothing is recorded by it"),
    ("Failed", "the host was reached and gave no evidence"),
    ("Unreachable", "the host gave no answer: nothing is known of it"),
    ("Undecided", "everything was read, and it cannot be told from files whether the next boot loads the rules"),
    ("Files only", "the kernel was not read, as in a container or an image: the files hold the policy, the kernel may not"),
)

# What makes text look like something else, beside control characters: as the program has it, and further invisible ones.
_HIDES = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)

_SPELLED = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}

# What this page alone has: rows that the script hides, and one wide column.
_STYLE = """
@media screen { tr[data-other] { display: none; } }
.verdict { font-size: 1.25rem; }
.verdict .state { white-space: normal; }
[data-host] td:last-child { width: 50%; }
"""

# Shows the field for names, and hides the rows of the first table whose host does not have the text in its name.
_SCRIPT = """
const field = document.querySelector('[type=search]'), said = document.querySelector('[role=status]');
const rows = [...document.querySelectorAll('[data-host]')];
field.parentElement.hidden = false;
field.addEventListener('input', () => {
  const text = field.value.trim().toLowerCase();
  let left = 0;
  for (const row of rows) {
    const is_other = !row.dataset.host.includes(text);
    row.toggleAttribute('data-other', is_other);
    left += !is_other;
  }
  said.textContent = text ? left + ' of ' + rows.length + ' hosts have that in their name' : '';
});
"""


class _Html(str):
    """Text that is HTML already: _element alone makes it."""


def visible(text):
    """Gives a text in which characters that are not seen, or that make others look otherwise, are spelled out."""
    return _HIDES.sub(lambda found: _SPELLED.get(found.group(), "\\u{{{:x}}}".format(ord(found.group()))), text)


def render(summary, style):
    """Gives the page as text. style: the style sheet of all pages of the project."""
    rules = "\n" + style + _STYLE
    policy = "default-src 'none'; base-uri 'none'; form-action 'none'; style-src {}; script-src {}".format(
        _hash(rules), _hash(_SCRIPT)
    )
    head = _element(
        "head",
        _element("meta", charset="utf-8"),
        _element("meta", http_equiv="Content-Security-Policy", content=policy),
        _element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        _element("title", summary["title"]),
        _element("style", _Html(rules)),
    )
    main = _element(
        "main",
        _tiles(summary["counts"]),
        _groups(summary),
        _hosts(summary),
        _controls(summary),
        _left_out(summary),
        _meanings(),
    )
    body = _element("body", _header(summary), main, _element("script", _Html(_SCRIPT)))
    return "<!DOCTYPE html>\n" + _element("html", head, body, lang="en") + "\n"


def _hash(text):
    return "'sha256-{}'".format(base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii"))


def _element(tag, *children, **attributes):
    """Gives one element. Children and values that it did not make itself are escaped; None and False are not there."""
    parts = ["<", tag]
    for key, value in attributes.items():
        if value is not None and value is not False:
            key = key.rstrip("_").replace("_", "-")
            parts.append(" " + key if value is True else ' {}="{}"'.format(key, html.escape(visible(str(value)))))
    parts.append(">")
    parts += [
        child if isinstance(child, _Html) else html.escape(visible(str(child)), quote=False)
        for child in children
        if child is not None
    ]
    if tag not in ("meta", "input"):
        parts.append("</{}>".format(tag))
    if tag in ("head", "header", "section", "tr", "li", "meta", "title", "p", "thead", "caption"):
        parts.append("\n")
    return _Html("".join(parts))


def _cut(text):
    return text if len(text) <= LONGEST else text[:LONGEST] + " … ({} more characters)".format(len(text) - LONGEST)


def _count(number, one, several=None):
    return "{} {}".format(number, one if number == 1 else several or one + "s")


def _state(state):
    shown, _value, word = _STATES[state]
    return _element("span", word, class_="state " + shown)


def _header(summary):
    counts = summary["counts"]
    policies = [
        "{name} for {product}, {benchmark} ({told})".format(told=_count(policy["hosts"], "host"), **policy)
        for policy in summary["policies"][:MOST_GROUPS]
    ]
    facts = [("Made", summary["made"]), ("Hosts", counts["hosts"])] + [("Policy", text) for text in policies]
    if counts["waiting_for_boot"]:
        facts.append(("Waiting for a boot", _count(counts["waiting_for_boot"], "host")))
    pairs = [_element("div", _element("dt", name), _element("dd", value)) for name, value in facts]
    shown, words = _verdict(counts)
    return _element(
        "header",
        _element("h1", summary["title"]),
        _element("p", _element("strong", words, class_="state " + shown), class_="verdict"),
        _element("dl", *pairs, class_="facts"),
    )


def _verdict(counts):
    for state, words in (
        ("drift", "{} of {} deviate from the policy"),
        ("failed", "{} of {} failed"),
        ("unreachable", "{} of {} gave no answer"),
    ):
        if counts[state]:
            return _STATES[state][0], words.format(counts[state], _count(counts["hosts"], "host"))
    if not counts["hosts"]:
        return "unknown", "No host was asked"
    if counts["in_sync"] < counts["hosts"]:
        return "unknown", "{} of {} known to be in sync, none known to deviate".format(
            counts["in_sync"], _count(counts["hosts"], "host")
        )
    return "ok", "All in sync: {}".format(_count(counts["hosts"], "host"))


def _tiles(counts):
    tiles = [_tile(counts["hosts"], "Hosts", "")]
    for state in ("in_sync", "drift", "failed", "unreachable", "files_only", "undecided"):
        shown, _value, word = _STATES[state]
        # Nothing to see is no alarm, and no praise either.
        if counts[state] or state != "undecided":
            tiles.append(_tile(counts[state], word, " state " + shown if counts[state] else ""))
    return _element("ul", *tiles, class_="tiles")


def _tile(number, label, more):
    return _element("li", _element("b", number), label, class_="tile" + more)


def _groups(summary):
    """Which hosts do the same."""
    parts = []
    for of, what, lead in (("kernel", "rules and settings in the kernel", "Kernels"), ("next_boot", "files", "Files only")):
        groups = [group for group in summary["digests"] if group["of"] == of]
        if not groups:
            continue
        total = sum(len(group["hosts"]) for group in groups)
        most = groups[0]["hosts"]
        said = "{} of {} hosts have the same {}".format(len(most), total, what)
        if len(most) < total:
            said += "; {} not".format(_count(total - len(most), "does", "do"))
        if len(most) == 1:
            said = "1 host" if total == 1 else "no two of {} hosts have the same {}".format(total, what)
        rows = [_group(group, place == 0) for place, group in enumerate(groups[:MOST_GROUPS])]
        if len(groups) > MOST_GROUPS:
            rest = sum(len(group["hosts"]) for group in groups[MOST_GROUPS:])
            rows.append(
                _element("li", "and {} of {}".format(_count(len(groups) - MOST_GROUPS, "smaller group"), _count(rest, "host")))
            )
        parts += [_element("p", _element("b", lead + ": "), said, "."), _element("ul", *rows)]
    return _section("Hosts that do the same", *parts) if parts else None


def _group(group, is_largest):
    names = group["hosts"]
    return _element("li", _element("code", group["digest"]), " ", _names(names, 0 if is_largest else _OPEN_NAMES))


def _names(names, at_once=_OPEN_NAMES):
    """Names, the first of them at once where that is said."""
    if len(names) <= max(at_once, 1):
        return _element("span", ", ".join(names))
    more = " and {} more in the JSON".format(len(names) - MOST_NAMES) if len(names) > MOST_NAMES else ""
    said = "and {} more".format(len(names) - at_once) if at_once else _count(len(names), "host")
    rest = _element("details", _element("summary", said), ", ".join(names[at_once:MOST_NAMES]) + more)
    return _element("div", ", ".join(names[:at_once]), rest)


def _section(heading, *parts, **attributes):
    return _element("section", _element("h2", heading), *parts, **attributes)


def _filter(legend, name, choices, *more):
    """The radio inputs that filter the rows of a section. choices: value and label; the first one shows all."""
    inputs = [
        _element("label", _element("input", type="radio", name=name, value=value, checked=place == 0), " ", label)
        for place, (value, label) in enumerate(choices)
    ]
    return _element("fieldset", _element("legend", legend), *(inputs + list(more)), class_="filter")


def _table(caption, columns, rows):
    heads = [_element("th", column, scope="col") for column in columns]
    head, body = _element("thead", _element("tr", *heads)), _element("tbody", *rows)
    table = _element("table", _element("caption", caption), head, body, class_="wide")
    # Who has no mouse scrolls it too.
    return _element("div", table, class_="scroll", tabindex="0", role="region", aria_label=caption)


def _hosts(summary):
    counts = summary["counts"]
    choices = [("all", "All ({})".format(counts["hosts"]))]
    for state, (_shown, value, word) in _STATES.items():
        if counts.get(state):
            choices.append((value, "{} ({})".format(word, counts[state])))
    search = _element("label", "Name has ", _element("input", type="search", autocomplete="off"), hidden=True)
    deviating = sum(bool(host["differences"]) for host in summary["hosts"])
    most = max(_OPEN_DIFFERENCES, min(MOST_OF_A_HOST, MOST_SHOWN // max(deviating, 1)))
    rows = [_host(host, most) for host in summary["hosts"]]
    table = _table("Every host, drift first", ("Host", "State", "Controls held", "Digest", "What there is to say"), rows)
    choice = _filter("Show hosts", "host", choices, search)
    return _section("Hosts", choice, _element("p", role="status", class_="quiet"), table, class_="filtered")


def _host(host, most):
    states = list(host["controls"].values())
    held = "{} of {}".format(states.count("in_sync"), len(states)) if states else "–"
    if "open" in states:
        held += ", {} open".format(states.count("open"))
    said = [_element("div", _cut(host["msg"]))] + _differences(host, most)
    lacking = [name for name, state in host["controls"].items() if state == "drift"]
    if lacking:
        more = " and {} more".format(len(lacking) - MOST_CONTROLS) if len(lacking) > MOST_CONTROLS else ""
        said.append(_element("div", _element("b", "Controls: "), ", ".join(lacking[:MOST_CONTROLS]) + more))
    if host["waits_for_boot"]:
        said.append(_element("div", _element("b", "Waits for a boot: "), "the kernel is locked"))
    digest = _element("code", host["digest"][:8]) if host["digest"] else "–"
    name = _element("th", host["host"], scope="row")
    cells = [name, _element("td", _state(host["state"])), _element("td", held), _element("td", digest), _element("td", *said)]
    return _element("tr", *cells, data_state=_STATES[host["state"]][1], data_host=host["host"].lower())


def _differences(host, most):
    """The differences of a host, the first ones at once, and after them what the policy says nothing about."""
    found = [_difference(entry) for entry in host["differences"][:most]]
    left = len(host["differences"]) - len(found) + host["differences_omitted"]
    rest = found[_OPEN_DIFFERENCES:] + [_difference(entry) for entry in host["besides"][:_OPEN_DIFFERENCES]]
    rest += [_element("li", "Warning: ", _cut(text)) for text in host["warnings"][:_OPEN_DIFFERENCES]]
    if left:
        rest.append(_element("li", "and {} in the JSON".format(_count(left, "further difference"))))
    parts = [_element("ul", *found[:_OPEN_DIFFERENCES])] if found else []
    if rest:
        parts.append(
            _element("details", _element("summary", "{} more".format(len(rest) - bool(left) + left)), _element("ul", *rest))
        )
    return parts


def _difference(entry):
    place = " ({})".format(entry["place"]) if entry["place"] else ""
    culprit = _element("small", " – " + entry["culprit"]) if entry["culprit"] else None
    return _element("li", _element("code", _cut(entry["subject"])), " " + _cut(entry["why"]) + place, culprit)


def _controls(summary):
    controls = summary["controls"]
    if not controls:
        return None
    of_state = dict.fromkeys(("drift", "open", "in_sync"), 0)
    rows = []
    for control in controls:
        state = "drift" if control["drift"] else "open" if control["open"] else "in_sync"
        of_state[state] += 1
        numbers = [_element("td", control[key], class_="number") for key in ("in_sync", "drift", "open")]
        cells = [_element("th", control["control"], scope="row"), _element("td", _state(state))] + numbers
        rows.append(_element("tr", *(cells + [_element("td", _names(control["hosts"]))]), data_state=_STATES[state][1]))
    choices = [("all", "All ({})".format(len(controls)))]
    choices += [
        (_STATES[state][1], "{} ({})".format(_STATES[state][2], number)) for state, number in of_state.items() if number
    ]
    heads = ("Control", "State", "Hosts that hold it", "that do not", "open", "Who does not")
    table = _table(
        "Every control of the policies, drift first; open where it cannot be told, as where the kernel was not read",
        heads,
        rows,
    )
    return _section("Controls", _filter("Show controls", "control", choices), table, class_="filtered")


def _left_out(summary):
    if not summary["left_out"]:
        return None
    rows = []
    for each in summary["left_out"]:
        said = ": {} ({})".format(each["reason"] or "no reason is given", _count(each["hosts"], "host"))
        rows.append(_element("li", _element("b", each["what"]), said))
    return _section("Left out of the policy by choice", _element("ul", *rows))


def _meanings():
    pairs = [_element("li", _element("b", word), ": " + meaning) for word, meaning in _MEANINGS]
    return _section("What the states mean", _element("ul", *pairs))
