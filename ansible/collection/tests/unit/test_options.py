# Copyright: The audit_rules authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options, their documentation and the program's schemas say the same."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from ansible_collections.linux.audit.plugins.doc_fragments.program import ModuleDocFragment
from ansible_collections.linux.audit.plugins.module_utils import _audit_rules_fleet as fleet
from ansible_collections.linux.audit.plugins.module_utils import options, rule_objects
from ansible_collections.linux.audit.plugins.modules import audit_events, audit_fleet, audit_prove, audit_rules, audit_rules_info

PROJECT = Path(__file__).resolve().parents[4]
OUR_OWN = {*options.SRC, *options.PROGRAM}
#: Keys of a request that come from Ansible, or that a module fixes.
FROM_ANSIBLE = {"check_mode", "diff"}

MODULES = {
    "audit_rules": (audit_rules, options.apply_specification()),
    "audit_rules_info": (audit_rules_info, options.info_specification()),
    "audit_events": (audit_events, options.events_specification()),
    "audit_prove": (audit_prove, options.prove_specification()),
}
OPERATIONS = {
    "audit_rules": ("apply",),
    "audit_rules_info": tuple(options.INFO_OPERATIONS),
    "audit_events": ("events",),
    "audit_prove": ("prove",),
}


def schema(name):
    return json.loads((PROJECT / "schemas" / f"{name}.schema.json").read_text(encoding="utf-8"))


REQUEST = schema("request")
REPORT = schema("report")


def operations():
    return {choice["const"] for choice in REQUEST["$defs"]["Operation"]["oneOf"]}


def operations_of(key):
    """The operations that use a key, as the schema says of each."""
    return {use.partition(":")[0] for use in REQUEST["properties"][key]["x-used-by"]}


def keys_of(*wanted):
    return {key for key in REQUEST["properties"] if operations_of(key) & set(wanted)} - FROM_ANSIBLE


def resolve(node, root):
    while "$ref" in node:
        if node["$ref"] == "#":
            return root
        node = {**root["$defs"][node["$ref"].rpartition("/")[2]], **{k: v for k, v in node.items() if k != "$ref"}}
    return node


def forms(node, root):
    """Every form that a value may have, without null."""
    node = resolve(node, root)
    if "anyOf" in node:
        return [form for inner in node["anyOf"] for form in forms(inner, root)]
    if isinstance(node.get("type"), list):
        return [{**node, "type": one} for one in node["type"] if one != "null"]
    return [] if node.get("type") == "null" else [node]


def choices(node, root):
    """The words that a value may have; none where any text will do."""
    found = []
    for form in forms(node, root):
        if form.get("type") == "string" and "oneOf" not in form and "enum" not in form and "const" not in form:
            return None
        found += [choice["const"] for choice in form.get("oneOf", ())] + list(form.get("enum", ()))
    return found or None


def kinds(node, root):
    return {"string" if "oneOf" in form else form.get("type", "object") for form in forms(node, root)}


#: What Ansible's type for an option is, by the JSON types that the request takes.
ANSIBLE_TYPES = {
    frozenset(["string"]): {"str"},
    frozenset(["boolean"]): {"bool"},
    frozenset(["integer"]): {"int"},
    frozenset(["object"]): {"dict"},
    frozenset(["array"]): {"list"},
    # A word, or the number or truth value that is the same: the plugin makes the word of it.
    frozenset(["string", "boolean", "integer"]): {"str"},
    # A name, a number, or text that is one.
    frozenset(["string", "integer"]): {"str", "raw"},
    frozenset(["string", "array"]): {"raw"},
    frozenset(["object", "array"]): {"raw"},
    frozenset(["string", "object"]): {"raw"},
    frozenset(["string", "array", "object"]): {"raw"},
}


def complaints_about_type(name, spec, node):
    found = frozenset(kinds(node, REQUEST))
    if found not in ANSIBLE_TYPES:
        return [f"{name}: nothing is known about the types {sorted(found)}"]
    if spec["type"] not in ANSIBLE_TYPES[found]:
        return [f"{name}: is {spec['type']}, the schema has {sorted(found)}"]
    if spec["type"] != "list":
        return []
    entry = resolve(forms(node, REQUEST)[0]["items"], REQUEST)
    if spec["elements"] != {"string": "str", "object": "dict"}[entry["type"]]:
        return [f"{name}: has elements {spec['elements']}, the schema has {entry['type']}"]
    return [f"{name}.{complaint}" for complaint in complaints_about(spec["options"], entry["properties"])] if "options" in spec else []


def elsewhere(name, spec):
    """The words that this option has in other modules."""
    others = [specification["argument_spec"] for dummy, specification in MODULES.values()]
    return {word for other in others if other is not spec for word in other.get(name, {}).get("choices", ())}


def complaints_about(spec, properties, ignored=()):
    """How a specification and the properties of an object of the schema differ."""
    found = []
    names = set(spec) - set(ignored)
    found += [f"{name}: is in no schema" for name in sorted(names - set(properties))]
    found += [f"{name}: the schema has it, the options do not" for name in sorted(set(properties) - names)]
    for name in sorted(names & set(properties)):
        node = properties[name]
        found += complaints_about_type(name, spec[name], node)
        words = choices(node, REQUEST)
        # A module has no use for the words of other modules' operations.
        words = words and [word for word in words if word in spec[name].get("choices", ()) or word not in elsewhere(name, spec)]
        if (words and sorted(words)) != (spec[name].get("choices") and sorted(spec[name]["choices"])):
            found.append(f"{name}: choices {spec[name].get('choices')}, the schema has {words}")
        if node.get("default") != spec[name].get("default"):
            found.append(f"{name}: default {spec[name].get('default')!r}, the schema has {node.get('default')!r}")
    return found


@pytest.mark.parametrize("name", MODULES)
def test_the_options_of_a_module_are_the_keys_of_its_operations(name):
    properties = {key: REQUEST["properties"][key] for key in keys_of(*OPERATIONS[name]) - {"operation"}}
    spec = MODULES[name][1]["argument_spec"]
    assert complaints_about(spec, properties, OUR_OWN | {"operation"}) == []
    # Where there is one operation, nobody has to name it.
    assert sorted(spec.get("operation", {}).get("choices", OPERATIONS[name])) == sorted(OPERATIONS[name])
    assert ("operation" in spec) == (len(OPERATIONS[name]) > 1)


def test_every_operation_has_one_module():
    assert sorted(operation for named in OPERATIONS.values() for operation in named) == sorted(operations())


def test_every_operation_of_audit_rules_info_names_the_keys_that_it_reads():
    for operation, keys in options.INFO_OPERATIONS.items():
        assert set(keys) == keys_of(operation) - {"operation"}, operation


@pytest.mark.parametrize("name, specification", [
    ("Control", options.CONTROL),
    ("DropInInput", options.DROP_IN),
])
def test_options_within_options_are_those_of_the_schema(name, specification):
    assert complaints_about(specification, REQUEST["$defs"][name]["properties"]) == []


@pytest.mark.parametrize("name, keys", [("RuleObject", rule_objects.RULE_KEYS), ("FieldObject", rule_objects.FIELD_KEYS)])
def test_keys_of_rule_objects_are_those_of_the_schema(name, keys):
    properties = REQUEST["$defs"][name]["properties"]
    assert set(keys) == set(properties)
    for key, kinds_taken in keys.items():
        assert set(kinds_taken) == rule_object_kinds(properties[key]), key


def rule_object_kinds(node):
    if choices(node, REQUEST) and node.get("description", "") and "oneOf" in forms(node, REQUEST)[0]:
        return {"word"}
    words = {"string": "text", "boolean": "boolean", "integer": "number"}
    found = set()
    for form in forms(node, REQUEST):
        if form.get("type") == "array":
            entries = kinds(form["items"], REQUEST)
            found.add({
                frozenset(["string"]): "texts",
                frozenset(["string", "integer"]): "texts and numbers",
                frozenset(["string", "object"]): "conditions",
            }[frozenset(entries)])
        else:
            found.add(words[form["type"]])
    return found


def test_words_of_rule_objects_are_those_of_the_schema():
    properties = REQUEST["$defs"]["RuleObject"]["properties"]
    for key, words in rule_objects.WORDS.items():
        assert sorted(words) == sorted(choices(properties[key], REQUEST)), key
    assert sorted(rule_objects.OPERATORS) == sorted(choices(REQUEST["$defs"]["FieldObject"]["properties"]["op"], REQUEST))
    assert set(rule_objects.FIELD_NEEDS) == set(REQUEST["$defs"]["FieldObject"]["required"])


def test_numbers_of_settings_are_those_of_the_schema():
    for setting, words in options.SETTING_WORDS.items():
        numbers = [form for form in forms(REQUEST["$defs"]["Control"]["properties"][setting], REQUEST) if form.get("type") == "integer"]
        assert numbers[0]["maximum"] == len(words) - 1


class NoKeyTwice(yaml.SafeLoader):
    """What a document says twice counts once, and nobody sees which."""

    def construct_mapping(self, node, deep=False):
        keys = [key.value for key, _value in node.value]
        repeated = sorted({key for key in keys if keys.count(key) > 1})
        if repeated:
            raise yaml.constructor.ConstructorError(None, None, f"twice: {', '.join(repeated)}", node.start_mark)
        return super().construct_mapping(node, deep)


def documented(module):
    own = yaml.load(module.DOCUMENTATION, Loader=NoKeyTwice)
    shared = yaml.safe_load(ModuleDocFragment.DOCUMENTATION)["options"]
    assert not set(own["options"]) & set(shared)
    return {**own["options"], **shared}


def complaints_about_documentation(spec, pages, at=""):
    found = [f"{at}{name}: is not documented" for name in sorted(set(spec) - set(pages))]
    found += [f"{at}{name}: is no option" for name in sorted(set(pages) - set(spec))]
    for name in sorted(set(spec) & set(pages)):
        option, page = spec[name], pages[name]
        for key in ("type", "elements", "choices", "default", "required", "aliases"):
            if option.get(key) != page.get(key):
                found.append(f"{at}{name}: {key} is {option.get(key)!r}, documented as {page.get(key)!r}")
        if not page.get("description"):
            found.append(f"{at}{name}: has no description")
        found += complaints_about_documentation(option.get("options", {}), page.get("suboptions", {}), f"{at}{name}.")
    return found


@pytest.mark.parametrize("name", MODULES)
def test_the_documentation_has_exactly_the_options(name):
    module, specification = MODULES[name]
    assert complaints_about_documentation(specification["argument_spec"], documented(module)) == []


def test_the_documentation_of_the_fleet_has_exactly_its_options():
    pages = yaml.load(audit_fleet.DOCUMENTATION, Loader=NoKeyTwice)["options"]
    assert complaints_about_documentation(options.FLEET, pages) == []
    assert sorted(options.FLEET["fail_on"]["choices"]) == sorted(fleet.GATES) and tuple(options.FLEET["fail_on"]["default"]) == fleet.DEFAULT_GATES
    for gate in fleet.GATES:
        assert f"V({gate})" in " ".join(pages["fail_on"]["description"]), gate
    yaml.load(audit_fleet.RETURN, Loader=NoKeyTwice)


def described_values(lines):
    """The words that begin an entry of the list in a description: - V(word), ..."""
    return {line[4:line.index(")")] for line in lines if line.startswith("- V(")}


def test_the_documentation_names_every_key_of_a_rule_object_and_of_a_drop_in():
    pages = documented(audit_rules)
    assert described_values(pages["rules"]["description"]) == set(rule_objects.RULE_KEYS)
    text = " ".join(pages["rules"]["description"])
    for word in (*rule_objects.FIELD_KEYS, *rule_objects.OPERATORS, *rule_objects.LISTS, *rule_objects.ACTIONS):
        assert f"V({word})" in text, word
    assert described_values(pages["drop_ins"]["description"]) == {*options.DROP_IN, *options.SRC}
    assert described_values(pages["policy"]["description"]) == set(resolve({"$ref": "#/$defs/PolicyObject"}, REQUEST)["properties"])


@pytest.mark.parametrize("name, option", [
    (name, option)
    for name, (dummy, specification) in MODULES.items()
    for option, spec in specification["argument_spec"].items() if "choices" in spec
])
def test_the_documentation_says_what_every_choice_does(name, option):
    page = documented(MODULES[name][0])[option]
    text = page["description"] if isinstance(page["description"], str) else " ".join(page["description"])
    for choice in page["choices"]:
        assert f"V({choice})" in text, f"{option}: {choice}"


def complaints_about_return(pages, properties, operations_meant, ignored=(), at=""):
    """How documented results and the parts of a report differ, as far as these operations give them."""
    properties = {
        name: node for name, node in properties.items()
        if f"{at}{name}" not in ignored and any(used_by(operation, node) for operation in operations_meant)
    }
    found = []
    for name in sorted(set(pages) ^ set(properties)):
        found.append(f"{at}{name}: is " + ("in no schema" if name in pages else "not documented"))
    types = {"string": "str", "boolean": "bool", "integer": "int", "object": "dict", "array": "list"}
    for name in sorted(set(pages) & set(properties)):
        page = pages[name]
        expected = {types[kind] for kind in kinds(properties[name], REPORT)}
        if page["type"] not in expected:
            found.append(f"{at}{name}: documented as {page['type']}, the schema has {sorted(expected)}")
        for key in ("description", "returned"):
            if not page.get(key):
                found.append(f"{at}{name}: {key} is missing")
        if "contains" in page:
            form = forms(properties[name], REPORT)[0]
            inner = resolve(form["items"], REPORT) if page["type"] == "list" else form
            found += complaints_about_return(page["contains"], inner["properties"], operations_meant, ignored, f"{at}{name}.")
    return found


#: What Ansible documents itself, for every module.
OF_EVERY_MODULE = {"changed", "failed"}


def test_the_results_of_audit_rules_are_those_of_the_report():
    pages = yaml.load(audit_rules.RETURN, Loader=NoKeyTwice)
    # The diff has another form than in the report: the plugin splits it.
    assert pages.pop("diff")["type"] == "list"
    assert complaints_about_return(pages, REPORT["properties"], ["apply"], OF_EVERY_MODULE | {"diff"}) == []


@pytest.mark.parametrize("name", [name for name in MODULES if name != "audit_rules"])
def test_the_results_of_a_module_that_changes_nothing_are_those_of_the_report(name):
    # Of a report that changes nothing these say nothing.
    empty = {"reboot_required", "pending", "diff", "undo", "runtime.expedited"}
    pages = yaml.load(MODULES[name][0].RETURN, Loader=NoKeyTwice)
    assert complaints_about_return(pages, REPORT["properties"], OPERATIONS[name], OF_EVERY_MODULE | empty) == []


def used_by(operation, node):
    """A part of the report is that of an operation if its description begins with it, or with none."""
    before, colon, dummy = resolve(node, REPORT).get("description", "").partition(":")
    words = {word for word in before.replace(",", " ").split() if word in operations()}
    return operation in words if colon and words else True


#: What the role says by itself: its drop_ins are all that these could say, and going back is an entry point of its own.
BY_THE_ROLE = {"name", "rules", "src", "snapshot", "force"}

#: The role is the policy: what comes with the program is a benchmark there.
OTHERWISE_IN_THE_ROLE = {"policy": "benchmarks"}


def test_the_role_has_a_variable_for_every_option_with_the_same_choices_and_default():
    role = PROJECT / "ansible" / "collection" / "roles" / "policy"
    variables = yaml.safe_load((role / "meta/argument_specs.yml").read_text(encoding="utf-8"))["argument_specs"]["main"]["options"]
    (sent, *dummy) = yaml.safe_load((role / "tasks/converge.yml").read_text(encoding="utf-8"))
    defaults = yaml.safe_load((role / "defaults/main.yml").read_text(encoding="utf-8"))
    page = (role / "README.md").read_text(encoding="utf-8")
    for name, option in options.apply_specification()["argument_spec"].items():
        if name in BY_THE_ROLE:
            continue
        there = f"audit_policy_{OTHERWISE_IN_THE_ROLE.get(name, name)}"
        variable = variables[there]
        assert name == "control" or there in str(sent["linux.audit.audit_rules"][name]) or name == "drop_ins", name
        assert f"`{there}`" in page, name
        assert variable.get("default") == defaults.get(there), name
        # The role loads what is there, and has no use for the states that take away.
        if name != "state":
            assert variable.get("choices") == option.get("choices"), name
        # Those without a default in the specification have one that the program says.
        if option.get("default") is not None and name not in ("state", "keep"):
            assert variable.get("default") == option["default"], name


def test_the_report_has_no_key_that_ansible_takes_for_its_own():
    assert not {"results", "rc", "exception", "invocation", "ansible_facts"} & set(REPORT["properties"])


def test_the_versions_are_one():
    galaxy = yaml.safe_load((PROJECT / "ansible" / "collection" / "galaxy.yml").read_text(encoding="utf-8"))
    cargo = (PROJECT / "Cargo.toml").read_text(encoding="utf-8")
    assert f'\nversion = "{galaxy["version"]}"\n' in cargo


def test_all_modules_share_their_defaults():
    runtime = yaml.safe_load((PROJECT / "ansible" / "collection" / "meta" / "runtime.yml").read_text(encoding="utf-8"))
    assert runtime["action_groups"]["audit"] == sorted(MODULES)
