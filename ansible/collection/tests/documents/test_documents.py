# Copyright: The audit_rules authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The examples in the collection's documents: valid, and those that say so also run. README.md has the marks."""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.linux.audit.plugins.module_utils import options, request, rule_objects

HERE = Path(__file__).parent
COLLECTION = HERE.parents[1]
ROLE = "linux.audit.policy"
MODULES = {
    "linux.audit.audit_rules": (options.apply_specification, "apply"),
    "linux.audit.audit_rules_info": (options.info_specification, None),
    "linux.audit.audit_events": (options.events_specification, "events"),
    "linux.audit.audit_prove": (options.prove_specification, "prove"),
}
#: What a host of the examples has, besides files with these names and an empty rules.d.
DIRECTORIES = ("etc/audit/rules.d", "etc/security", "etc/ssh", "opt/app", "var/ossec/etc", "etc/postgresql", "usr/sbin")
UNDO = {"version": 1, "files": [], "control": []}
#: What stands for a template where a text would not do.
SAMPLES = {
    "rules": ["-w /etc/passwd -p wa -k sample"], "snapshot": UNDO, "undo": UNDO, "arch": "x86_64",
    "drop_ins": {"30-sample": {"rules": ["-w /etc/passwd -p wa -k sample"]}}, "keep": [], "src": ["sample.rules"],
}
#: Kinds of errors that a host would say, which an example need not fit.
OF_THE_HOST = ("missing_path", "unknown_user", "unknown_group", "no_kernel", "permission", "host_changed", "no_directory")


@dataclass
class Block:
    """A fenced block of a document, and the mark in the comment before it."""

    path: Path
    line: int
    language: str
    mark: str
    text: str

    @property
    def name(self):
        return f"{self.path.relative_to(COLLECTION).with_suffix('')}:{self.line}".replace("/", "-").replace(":", "-")


def blocks_of(path):
    """The blocks of a document, also those in lists, which are indented."""
    blocks, mark, block, indent = [], "", None, 0
    for number, line in enumerate(path.read_text().splitlines(), 1):
        fence = re.match(r"( *)```(\S*)$", line)
        if block:
            if fence and len(fence[1]) == indent:
                blocks.append(block)
                block, mark = None, ""
            else:
                block.text += line[min(indent, len(line) - len(line.lstrip())):] + "\n"
        elif fence:
            block, indent = Block(path, number, fence[2], mark, ""), len(fence[1])
        elif line.strip():
            comment = re.match(r"\s*<!-- (.*) -->$", line)
            mark = comment[1] if comment else ""
    assert block is None, f"{path}: a block is not closed"
    return blocks


PAGES = [COLLECTION / "README.md", *sorted(COLLECTION.glob("docs/*.md")), *sorted(COLLECTION.glob("roles/*/README.md"))]
BLOCKS = [block for path in PAGES for block in blocks_of(path)]
YAML = [block for block in BLOCKS if block.language in ("yaml", "yml")]
RUN = [block for block in YAML if block.mark == "run"]


def tasks_of(content):
    """All tasks of plays or of a list of tasks, with those in blocks; the roles of plays as tasks that include them."""
    for entry in content if isinstance(content, list) else []:
        for part in ("tasks", "pre_tasks", "post_tasks", "handlers", "block", "rescue", "always"):
            yield from tasks_of(entry.get(part))
        for role in entry.get("roles", []):
            named = {"role": role} if isinstance(role, str) else role
            yield {"ansible.builtin.include_role": {"name": named["role"]}, "vars": {**named, **named.get("vars", {})}}
        if not {"hosts", "block", "import_playbook"} & entry.keys():
            yield entry


def without_templates(options_of_task):
    """Options with samples in place of what only Ansible could evaluate."""
    def filled(key, value):
        if isinstance(value, str) and "{{" in value:
            return SAMPLES.get(key, "sample")
        if isinstance(value, dict):
            return {inner: filled(inner, given) for inner, given in value.items()}
        return value
    return {key: filled(key, value) for key, value in options_of_task.items()}


def complaints_about_module(module, arguments, tmp_path):
    """What is wrong with a task: by the module's own specification, then by the program on a host with one rule."""
    specification, operation = MODULES[module]
    made, dummy, complaints = request.build(
        specification(), operation, without_templates(arguments), lambda pointer, names, found: ("-w /etc/passwd -p wa -k sample", Path(names[0]).stem))
    if complaints:
        return complaints
    program = staged() / f"ansible_collections/linux/audit/files/audit_rules-{platform.machine()}.elf"
    if made.get("operation") != "explain" and made.get("target") not in ("both", "runtime"):
        made["root"] = str(tmp_path)
    done = subprocess.run([program, "-"], input=json.dumps({**made, "check_mode": True}), capture_output=True, text=True, check=False)
    errors = json.loads(done.stdout).get("errors", [])
    return [error["message"] for error in errors if error["kind"] not in OF_THE_HOST]


def complaints_about_role(entry, variables):
    """What is wrong with the variables of the role."""
    known = yaml.safe_load((COLLECTION / "roles/policy/meta/argument_specs.yml").read_text())["argument_specs"]
    specification = known[entry]["options"]
    given = {key: value for key, value in variables.items() if key.startswith("audit_policy_") and "{{" not in str(value)}
    unknown = [key for key in variables if key.startswith("audit_policy_") and key not in specification]
    return [f"no such variable: {key}" for key in unknown] + ArgumentSpecValidator(specification).validate(given).error_messages


def staged():
    """Where ansible/build put the collection, with the program in it."""
    path = Path(os.environ.get("AUDIT_RULES_COLLECTIONS", COLLECTION.parents[1] / "target/ansible"))
    assert (path / "ansible_collections/linux/audit/files/programs.json").exists(), f"no collection in {path}: ansible/build --no-tarball"
    return path


@pytest.mark.parametrize("block", YAML, ids=lambda block: block.name)
def test_an_example_is_valid(block, tmp_path):
    (tmp_path / "etc/audit/rules.d").mkdir(parents=True)
    (tmp_path / "etc/audit/rules.d/10-host.rules").write_text("-w /etc/hosts -p wa -k hosts\n")  # what a purge leaves
    (tmp_path / "var/log/audit").mkdir(parents=True)
    (tmp_path / "var/log/audit/audit.log").write_text("")
    complaints = []
    for content in yaml.safe_load_all(block.text):
        assert content, "an empty document"
        if isinstance(content, dict):
            complaints += complaints_about_role("main", content)
        for task in tasks_of(content):
            assert "name" in task or "vars" in task, f"a task without a name: {task}"
            for module in MODULES.keys() & task.keys():
                complaints += complaints_about_module(module, task[module], tmp_path)
            for way in ("ansible.builtin.include_role", "ansible.builtin.import_role"):
                if task.get(way, {}).get("name") == ROLE:
                    complaints += complaints_about_role(task[way].get("tasks_from", "main"), task.get("vars", {}))
    assert not complaints


def test_documents_have_examples_of_every_kind():
    assert {"run", "gives"} <= {block.mark.split(":")[0] for block in BLOCKS}
    assert all(block.language for block in BLOCKS), "a block without a language"


def anchor(heading):
    """The name that a heading has as the target of a link."""
    return re.sub(r"[^a-z0-9 _-]", "", heading.lower()).replace(" ", "-")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(COLLECTION)))
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
        name, dummy, heading = target.partition("#")
        if "://" in name:
            continue
        path = (page.parent / name).resolve() if name else page
        assert path.is_file(), target
        headings = re.findall(r"^#+ (.*)$", path.read_text(), re.MULTILINE)
        assert not heading or heading in map(anchor, headings), target


def make_host(root, files):
    for directory in DIRECTORIES:
        (root / directory).mkdir(parents=True, exist_ok=True)
    (root / "etc/passwd").write_text("root:x:0:0:root:/root:/bin/sh\n")
    (root / "etc/group").write_text("root:x:0:\n")
    for path, text in files.items():
        (root / path.lstrip("/")).write_text(text)


def play_of(block):
    """The example as a play for the host of its name."""
    content = yaml.safe_load(block.text)
    play = {"name": block.name, "hosts": block.name, "gather_facts": False,
            "vars": {"audit_policy_root": "{{ root }}", "audit_policy_cache": "{{ cache }}"},
            "module_defaults": {"linux.audit.audit_rules": {"root": "{{ root }}", "cache": "{{ cache }}"}}}
    if isinstance(content, dict):
        play["vars"].update(content)
        content = [{"name": "Role", "ansible.builtin.include_role": {"name": ROLE}}]
    # Where all hosts of a play fail, Ansible does not begin the next one.
    failed = {"name": "Failed", "ansible.builtin.debug": {"msg": "{{ ansible_failed_result.msg }}"}}
    return {**play, "tasks": [{"name": "Example", "block": content, "rescue": [failed]}]}


@pytest.fixture(scope="module", name="played")
def play(tmp_path_factory):
    """Runs all examples twice, each on a host of its own. Gives the output of both runs."""
    base = tmp_path_factory.mktemp("documents")
    shutil.copytree(HERE / "controller", base, dirs_exist_ok=True)
    hosts, plays, files = {}, [], {}
    for block in BLOCKS:
        kind, dummy, path = block.mark.partition(": ")
        if kind == "file":
            (base / path).parent.mkdir(parents=True, exist_ok=True)
            (base / path).write_text(block.text)
        if kind == "host":
            files[path] = block.text
        # A page may also have commands to run, which a test of their own runs.
        if block in RUN:
            make_host(base / "hosts" / block.name, files)
            hosts[block.name] = {"root": str(base / "hosts" / block.name)}
            plays.append(play_of(block))
            files = {}
    (base / "play.yml").write_text(yaml.safe_dump(plays, sort_keys=False))
    variables = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable, "cache": str(base / "cache")}
    (base / "inventory.json").write_text(json.dumps({"all": {"hosts": hosts, "vars": variables}}))
    environment = {**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(staged()), "ANSIBLE_NOCOLOR": "true",
                   "ANSIBLE_LOCAL_TEMP": str(base / "temp"), "ANSIBLE_REMOTE_TEMP": str(base / "temp")}
    command = [Path(sys.executable).parent / "ansible-playbook", "--diff", "--inventory", base / "inventory.json", base / "play.yml"]
    outputs = []
    for dummy in range(2):
        done = subprocess.run(command, env=environment, cwd=base, capture_output=True, text=True, check=False)
        print(done.stdout, done.stderr)
        # The hosts of the examples are directories, and diffs name the files in them.
        outputs.append(re.sub(rf"{re.escape(str(base / 'hosts'))}/[^/\s]+", "", done.stdout))
    return outputs


@pytest.mark.parametrize("block", RUN, ids=lambda block: block.name)
def test_an_example_does_its_work_and_then_has_none(block, played):
    for output, changed in zip(played, (True, False)):
        recap = re.search(rf"^{re.escape(block.name)} .*\bchanged=(\d+) .*\brescued=(\d+)", output, re.MULTILINE)
        assert recap[2] == "0", "it failed"
        assert (recap[1] != "0") == changed


@pytest.mark.parametrize("block", [block for block in BLOCKS if block.mark == "gives"], ids=lambda block: block.name)
def test_an_output_is_that_of_the_example(block, played):
    assert block.text in played[0]


def test_the_page_of_rule_objects_has_every_key():
    page = (COLLECTION / "docs/rule-objects.md").read_text().partition("<!-- rule -->")[2]
    assert set(re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE)) == set(rule_objects.RULE_KEYS)
    for word in (*rule_objects.LISTS, *rule_objects.ACTIONS, *rule_objects.OPERATORS, *rule_objects.FIELD_KEYS):
        assert f"`{word}`" in page, word


def test_the_requirements_name_the_tarball_that_is_built():
    (block,) = [block for block in BLOCKS if block.mark == "requirements"]
    (wanted,) = yaml.safe_load(block.text)["collections"]
    galaxy = yaml.safe_load((COLLECTION / "galaxy.yml").read_text())
    assert wanted["name"].endswith(f"/{galaxy['namespace']}-{galaxy['name']}-{galaxy['version']}.tar.gz") and wanted["type"] == "url"


def test_the_table_of_content_has_every_plugin_playbook_and_role():
    table = (COLLECTION / "README.md").read_text().partition("## Content")[2].partition("\n## ")[0]
    for kind, pattern in (("module", "plugins/modules/*.py"), ("lookup", "plugins/lookup/*.py"), ("playbook", "playbooks/*.yml"), ("role", "roles/*")):
        for path in COLLECTION.glob(pattern):
            assert re.search(rf"`linux\.audit\.{path.stem}`.* \| {kind}: ", table), f"{kind} {path.stem}"


ASSERT = "ansible.builtin.assert"
ASSERTING = [block for block in YAML if any(ASSERT in task for content in yaml.safe_load_all(block.text) for task in tasks_of(content))]
#: What a task reports of a host with a kernel.
OF_A_KERNEL = {"changed": False, "reboot_required": False, "msg": "m", "runtime": {"managed": True}, "plan": {"kernel": []},
               "rules": {"desired": 2, "loaded": 2, "foreign": 0}}


def run_tasks(directory, tasks, variables):
    """Whether tasks succeed on a host that is a directory, with its output."""
    make_host(directory / "image", {"/etc/audit/rules.d/10-a.rules": "-w /etc/passwd -p wa -k a\n"})
    play = {"name": "Asserts", "hosts": "localhost", "connection": "local", "gather_facts": False, "tasks": tasks,
            "module_defaults": {"linux.audit.audit_rules": {"root": str(directory / "image")}}}
    (directory / "play.yml").write_text(yaml.safe_dump([play], sort_keys=False))
    environment = {**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(staged()), "ANSIBLE_NOCOLOR": "true",
                   "ANSIBLE_LOCAL_TEMP": str(directory / "temp"), "ANSIBLE_REMOTE_TEMP": str(directory / "temp")}
    command = [Path(sys.executable).parent / "ansible-playbook", directory / "play.yml", "--extra-vars", json.dumps(variables)]
    done = subprocess.run(command, env=environment, cwd=directory, capture_output=True, text=True, check=False)
    return done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("block", ASSERTING, ids=lambda block: block.name)
def test_an_assert_holds_in_an_image_and_on_a_host_and_fails_where_it_should(block, tmp_path):
    tasks = yaml.safe_load(block.text)
    loaded = {"name": "Agree", "linux.audit.audit_rules": {"state": "loaded"}, "register": "audit"}
    holds, output = run_tasks(tmp_path, [loaded, *tasks], {})
    assert holds, output
    asserts = [task for task in tasks if ASSERT in task]
    holds, output = run_tasks(tmp_path, asserts, {"audit": OF_A_KERNEL})
    assert holds, output
    for wrong in ({"loaded": 1}, {"loaded": 0, "foreign": 1}):
        holds, output = run_tasks(tmp_path, asserts, {"audit": {**OF_A_KERNEL, "rules": {**OF_A_KERNEL["rules"], **wrong}}})
        assert not holds, output


def test_the_documents_have_asserts():
    assert len(ASSERTING) >= 2
