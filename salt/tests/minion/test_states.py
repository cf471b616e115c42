# SPDX-License-Identifier: Apache-2.0
"""
The states as Salt runs them: requisites, retry, parallel, test=True, arguments that it does not know.
"""

import json

import pytest

PRESENT = """
30-identity:
  audit_rules.present:
    - root: IMAGE
    - rules:
      - "# Who may log in"
      - -w /etc/passwd -p wa -k identity
      - {path: /etc/shadow, permissions: wa, key: identity}
      - {arch: [b64, b32], syscalls: [adjtimex], success: yes, key: time}
    - control: {backlog_limit: 8192, enabled: on}
    - mode: 0600
"""
TEXT = """\
# Managed by audit_rules; changes made here are overwritten.
-b 8192
# Who may log in
-w /etc/passwd -p wa -k identity
-w /etc/shadow -p wa -k identity
-a always,exit -F arch=b64 -S adjtimex -F success=1 -F key=time
-a always,exit -F arch=b32 -S adjtimex -F success=1 -F key=time
-e 1
"""


def test_a_dry_run_gives_what_the_real_run_does_and_a_second_run_nothing(minion):
    dry = minion.apply(PRESENT, test=True)["30-identity"]
    assert (dry["result"], list(minion.drop_ins.iterdir())) == (None, [])
    real = minion.apply(PRESENT)["30-identity"]
    assert (real["result"], real["changes"]) == (True, dry["changes"])
    assert real["changes"]["files"] == {"/etc/audit/rules.d/30-identity.rules": "create"}
    assert "+-w /etc/passwd -p wa -k identity\n" in real["changes"]["diff"]
    written = minion.drop_ins / "30-identity.rules"
    assert (written.read_text(), written.stat().st_mode & 0o777) == (TEXT, 0o600)
    for test in (False, True):
        again = minion.apply(PRESENT, test=test)["30-identity"]
        assert (again["result"], again["changes"], again["comment"]) == (True, {}, "30-identity: nothing to do")


def test_a_dry_run_leaves_out_what_earlier_states_would_make_and_a_real_run_does_not(minion):
    sls = """
30-app:
  audit_rules.present:
    - root: IMAGE
    - rules: ["# An application", -w /srv/app/conf -p wa -k app]
    - on_missing: check_mode_skip
"""
    dry = minion.apply(sls, test=True)["30-app"]
    assert dry["result"] is None, dry
    assert [text for text in dry["warnings"] if "-w /srv/app/conf" in text and "/srv/app does not exist" in text], dry
    real = minion.apply(sls)["30-app"]
    assert (real["result"], list(minion.drop_ins.iterdir())) == (False, []), real
    (minion.image / "srv/app").mkdir(parents=True)
    assert minion.apply(sls)["30-app"]["result"] is True
    assert "\n-w /srv/app/conf" in (minion.drop_ins / "30-app.rules").read_text()


STATES = {
    "present": "- rules: [-w /etc/passwd -p wa]\n    - control: {backlog_limit: 8192, failure: printk}",
    "present of several": "- drop_ins: {10-a: {rules: [-w /etc/a -p wa], control: {rate_limit: 10}}, 20-old: {state: absent}}",
    "absent": "- name: 20-old",
    "absent, some rules": "- name: 20-old\n    - rules: [-w /etc/old -p wa]",
    "loaded": "- target: filesystem",
    "loaded after drop-ins": "- target: filesystem\n    - drop_ins: {20-old: {rules: [-w /etc/new -p wa]}}",
    "exact": "- keep: 90-*\n    - rules: [-w /etc/passwd -p wa]\n    - control: {enabled: locked}",
    "restored": "- snapshot: UNDO",
}


@pytest.mark.parametrize("what", STATES)
def test_every_state_plans_what_it_then_does_and_then_does_nothing(minion, what):
    (minion.drop_ins / "20-old.rules").write_text("-w /etc/old -p wa\n-w /etc/older -p wa\n")
    (minion.drop_ins / "90-kept.rules").write_text("-b 1000\n-w /etc/kept -p wa\n")
    sls = "30-a:\n  audit_rules.{}:\n    - root: IMAGE\n    {}\n".format(what.split()[0].rstrip(","), STATES[what])
    if what == "restored":
        sls = sls.replace("UNDO", json.dumps(minion.apply(PRESENT)["30-identity"]["undo"]))

    def files():
        return {str(path): path.read_bytes() for path in minion.image.rglob("*.rules")}

    before = files()
    dry = minion.apply(sls, test=True)["30-a"]
    assert (dry["result"], files()) == (None, before), dry
    assert dry["changes"]["files"] and dry["changes"]["diff"]
    real = minion.apply(sls)["30-a"]
    assert (real["result"], real["changes"]) == (True, dry["changes"]), real
    assert files() != before
    for test in (True, False):
        again = minion.apply(sls, test=test)["30-a"]
        assert (again["result"], again["changes"]) == (True, {}), again


def test_exact_removes_what_nothing_keeps(minion):
    (minion.drop_ins / "10-old.rules").write_text("-w /etc/old -p wa\n")
    (minion.drop_ins / "90-kept.rules").write_text("-w /etc/kept -p wa\n")
    exact = "30-a:\n  audit_rules.exact:\n    - {root: IMAGE}\n    - keep: 90-*\n    - rules: [-w /etc/passwd -p wa]\n"
    assert minion.apply(exact)["30-a"]["changes"]["files"] == {
        "/etc/audit/rules.d/10-old.rules": "remove",
        "/etc/audit/rules.d/30-a.rules": "create",
    }


def test_every_mistake_is_in_the_comment_and_nothing_is_changed(minion):
    minion.write("states/a.rules", "# fine\n\n-w etc/passwd -p wa\n")
    sls = """
policy:
  audit_rules.present:
    - root: IMAGE
    - drop_ins:
        10-fine: {rules: ["-w /etc/passwd -p wa"]}
        20-typo: {rules: ["-a always,exit -F arch=b64 -S opne"]}
        30-file: {source: "salt://a.rules"}
"""
    for test in (True, False):
        failed = minion.apply(sls, test=test)["policy"]
        assert (failed["result"], failed["changes"]) == (False, {})
        lines = failed["comment"].splitlines()
        assert lines[0] == "nothing was changed: 2 problems:"
        assert "no architecture has a system call opne" in lines[1] and lines[1].endswith("(did you mean open?)")
        assert lines[2].startswith("  salt://a.rules:3: ")
    assert list(minion.drop_ins.iterdir()) == []


@pytest.mark.parametrize("state", ["present", "absent", "loaded", "exact", "restored"])
@pytest.mark.parametrize("test", [True, False])
def test_every_state_fails_with_every_mistake(minion, state, test):
    sls = "30-a:\n  audit_rules.{}:\n    - root: IMAGE\n    - on_missing: maybe\n    - ordering: strickt\n".format(state)
    failed = minion.apply(sls, test=test)["30-a"]
    assert (failed["result"], failed["changes"]) == (False, {})
    assert "on_missing" in failed["comment"] and "did you mean strict?" in failed["comment"]
    assert list(minion.drop_ins.iterdir()) == []


def test_an_argument_that_the_state_does_not_know_is_a_failure(minion):
    failed = minion.apply(PRESENT + "    - on_mising: skip\n")["30-identity"]
    assert failed["result"] is False
    assert "on_mising" in failed["comment"] and "did you mean on_missing?" in failed["comment"]


def test_rules_come_from_pillar_and_templates(minion):
    minion.pillar(rules=["-w /etc/passwd -p wa"], user=1000, audit_rules=minion.call("pillar.get", "audit_rules"))
    minion.write("states/a.rules", "-a always,exit -F arch=b64 -S open -F auid={{ pillar.user }} -F key={{ what }}\n")
    sls = """
30-pillar:
  audit_rules.present:
    - root: IMAGE
    - rules: {{ pillar['rules'] | json }}
40-source:
  audit_rules.present:
    - root: IMAGE
    - source: [salt://none.rules, salt://a.rules]
    - template: jinja
    - defaults: {what: nothing}
    - context: {what: opened}
"""
    applied = minion.apply(sls)
    assert [entry["result"] for entry in applied.values()] == [True, True], applied
    assert (minion.drop_ins / "30-pillar.rules").read_text().endswith("\n-w /etc/passwd -p wa\n")
    assert "-F auid=1000 -F key=opened\n" in (minion.drop_ins / "40-source.rules").read_text()
    again = minion.apply(sls)
    assert [entry["changes"] for entry in again.values()] == [{}, {}]


REQUISITES = """
vendor:
  file.managed:
    - name: IMAGE/etc/audit/rules.d/50-vendor.rules
    - contents: -w /etc/vendor -p wa
all:
  audit_rules.loaded:
    - root: IMAGE
    - target: filesystem
    - REQUISITE: [{file: vendor}]
told:
  test.succeed_with_changes:
    - onchanges: [{audit_rules: all}]
needed:
  test.succeed_without_changes:
    - require: [{audit_rules: all}]
"""


def test_watch_sees_what_the_watched_state_has_written(minion):
    sls = REQUISITES.replace("REQUISITE", "watch")
    dry = minion.apply(sls, test=True)
    assert dry["all"]["result"] is None
    real = minion.apply(sls)
    assert real["all"]["changes"]["files"] == {"/etc/audit/audit.rules": "create"}
    assert real["told"]["changes"] and real["needed"]["result"]
    again = minion.apply(sls)
    assert not again["all"]["changes"] and not again["told"]["changes"] and again["needed"]["result"]


def test_the_watch_of_a_dry_run_where_the_file_is_not_there_yet(minion):
    sls = REQUISITES.replace("REQUISITE", "watch")
    minion.apply(sls)
    changed = sls.replace("/etc/vendor", "/etc/other")
    dry = minion.apply(changed, test=True)["all"]
    assert dry["result"] is None and "would change" in dry["comment"]
    assert minion.apply(changed)["all"]["changes"]


def test_onchanges_runs_it_only_after_a_change(minion):
    sls = REQUISITES.replace("REQUISITE", "onchanges")
    assert minion.apply(sls)["all"]["changes"]
    skipped = minion.apply(sls)["all"]
    assert not skipped["changes"] and "onchanges" in skipped["comment"]


def test_listen_runs_it_at_the_end(minion):
    sls = REQUISITES.replace("REQUISITE", "listen")
    returns = minion.apply(sls)
    assert returns["listener_all"]["result"] is True


# The state that is named runs after the other, as if it had named that one itself.
@pytest.mark.parametrize("requisite", ["require_in", "watch_in", "onchanges_in", "listen_in"])
def test_a_requisite_may_stand_with_the_other_state(minion, requisite):
    sls = """
vendor:
  file.managed:
    - name: IMAGE/etc/audit/rules.d/50-vendor.rules
    - contents: -w /etc/vendor -p wa
    - order: last
    - {}: [{{audit_rules: all}}]
all:
  audit_rules.loaded:
    - root: IMAGE
    - target: filesystem
"""
    returns = minion.apply(sls.format(requisite))
    assert all(entry["result"] is True for entry in returns.values()), returns
    assert "-w /etc/vendor -p wa\n" in (minion.image / "etc/audit/audit.rules").read_text()
    again = minion.apply(sls.format(requisite))
    assert not any(entry["changes"] for entry in again.values()), again


def test_prereq_in_and_onfail(minion):
    sls = """
before:
  test.succeed_with_changes: []
30-a:
  audit_rules.present:
    - root: IMAGE
    - rules: [-w /etc/passwd -p wa]
    - prereq_in: [{test: before}]
30-b:
  audit_rules.present:
    - root: IMAGE
    - rules: [-w etc/passwd -p wa]
alarm:
  test.succeed_with_changes:
    - onfail: [{audit_rules: 30-b}]
no alarm:
  test.succeed_with_changes:
    - onfail: [{audit_rules: 30-a}]
"""
    returns = minion.apply(sls)
    assert returns["before"]["changes"] and returns["30-a"]["changes"]
    assert returns["alarm"]["changes"] and not returns["no alarm"]["changes"]
    assert not minion.apply(sls)["before"]["changes"]


def test_a_condition_decides_whether_it_runs(minion):
    one = "{0}:\n  audit_rules.present:\n    - root: IMAGE\n    - rules: [-w /etc/{0} -p wa]\n    - {1}\n"
    conditions = {
        "10-a": "unless: 'false'",
        "20-a": "onlyif: 'true'",
        "30-a": "unless: 'true'",
        "40-a": "onlyif: 'false'",
        "50-a": "unless: [{fun: audit_rules.list_rules, root: IMAGE, get_return: 'files:/etc/audit/rules.d/10-a.rules'}]",
    }
    sls = "".join(one.format(*condition) for condition in conditions.items())
    dry = minion.apply(sls, test=True)
    assert [entry["result"] for entry in dry.values()] == [None, None, True, True, None], dry
    real = minion.apply(sls)
    # By then there is what the last one asks the module for.
    assert [bool(entry["changes"]) for entry in real.values()] == [True, True, False, False, False], real
    assert sorted(path.name for path in minion.drop_ins.iterdir()) == ["10-a.rules", "20-a.rules"]


def test_a_failure_stops_what_requires_it(minion):
    sls = """
30-a:
  audit_rules.present:
    - root: IMAGE
    - rules: [-w etc/passwd -p wa]
needed:
  test.succeed_without_changes:
    - require: [{audit_rules: 30-a}]
"""
    assert minion.apply(sls)["needed"]["result"] is False


def test_prereq_sees_what_is_going_to_change(minion):
    sls = """
before:
  test.succeed_with_changes:
    - prereq: [{audit_rules: 30-identity}]
"""
    assert minion.apply(sls + PRESENT)["before"]["changes"]
    assert not minion.apply(sls + PRESENT)["before"]["changes"]


def test_retry_tries_again_until_it_works(minion):
    # What is in the way goes away between the first try and the second.
    blocked = minion.drop_ins / "30-a.rules"
    blocked.mkdir()
    sls = """
remover:
  cmd.run:
    - name: sleep 2; rmdir {0}
    - parallel: True
30-a:
  audit_rules.present:
    - root: IMAGE
    - rules: [-w /etc/passwd -p wa]
    - retry: {{attempts: 10, interval: 1}}
""".format(blocked)
    retried = minion.apply(sls)["30-a"]
    assert retried["result"] is True, retried
    assert 'Attempt 1: Returned a result of "False"' in retried["comment"]
    assert blocked.is_file()


def test_states_in_parallel_wait_for_each_other(minion):
    one = """
{0}-part:
  audit_rules.present:
    - root: IMAGE
    - compile: always
    - parallel: True
    - rules: [-w /etc/{0} -p wa]
"""
    sls = "".join(one.format(number) for number in range(10, 16))
    returns = minion.apply(sls)
    assert [entry["result"] for entry in returns.values()] == [True] * 6, returns
    assert all(entry["changes"] for entry in returns.values())
    # Each of them compiled what the ones before it had left.
    text = (minion.image / "etc/audit/audit.rules").read_text()
    assert [line for line in text.splitlines() if line.startswith("-w")] == [
        "-w /etc/{} -p wa".format(number) for number in range(10, 16)
    ]


def test_dictionaries_may_be_written_as_lists_as_everywhere_in_salt(minion):
    minion.write("states/a.rules", "-w /etc/{{ what }} -p wa\n")
    sls = """
policy:
  audit_rules.present:
    - root: IMAGE
    - drop_ins:
      - 10-a:
        - rules: [-w /etc/passwd -p wa]
        - control: [backlog_limit: 8192, failure: printk]
      - 20-b:
        - source: salt://a.rules
        - template: jinja
        - defaults: [what: group]
"""
    applied = minion.apply(sls)["policy"]
    assert applied["result"] is True, applied
    assert "-b 8192\n" in (minion.drop_ins / "10-a.rules").read_text()
    assert "-w /etc/group -p wa\n" in (minion.drop_ins / "20-b.rules").read_text()
    twice = minion.apply(sls.replace("- 20-b", "- 10-a"))["policy"]
    assert twice["result"] is False and "drop_ins.10-a: is given twice" in twice["comment"]


@pytest.mark.parametrize(
    "drop_in, said",
    [
        ("null", "drop_ins.x: must be a dictionary with rules or source, control and mode, or state: absent, and is null"),
        ("{}", "drop_ins.x: must be a dictionary with rules or source, control and mode, or state: absent, and is {}"),
        ("true", "and is true"),
        ("[-w /etc/passwd -p wa]", "drop_ins.x: must be a dictionary"),
        ("{rules: null}", "drop_ins.x.rules: is null; leave it out, or give it a value"),
    ],
)
def test_a_drop_in_that_says_nothing_is_told(minion, drop_in, said):
    failed = minion.apply("p:\n  audit_rules.loaded:\n    - root: IMAGE\n    - drop_ins: {{x: {}}}\n".format(drop_in))["p"]
    assert failed["result"] is False and said in failed["comment"], failed["comment"]
    assert "\n" not in failed["comment"]


@pytest.mark.parametrize(
    "template, said",
    [
        ("# a\n\n-w {{ nothing }} -p wa\n", "source: salt://a.rules:3: Jinja variable 'nothing' is undefined"),
        ("# a\n{{ pillar.none.at }}\n", "source: salt://a.rules:2: Jinja variable"),
        ("# a\n{% if %}\n", "source: salt://a.rules:2: Jinja syntax error: "),
    ],
)
def test_a_template_that_cannot_be_rendered_is_told_in_one_sentence(minion, template, said):
    minion.write("states/a.rules", template)
    sls = "30-a:\n  audit_rules.present:\n    - root: IMAGE\n    - source: salt://a.rules\n    - template: jinja\n"
    failed = minion.apply(sls)["30-a"]
    assert failed["result"] is False and said in failed["comment"], failed["comment"]
    assert len(failed["comment"].splitlines()) == 1 and not list(minion.drop_ins.iterdir())


def test_settings_that_a_later_drop_in_overrules_are_told_with_both_ways_out(minion):
    (minion.drop_ins / "audit.rules").write_text("-D\n-b 8192\n")
    sls = (
        "p:\n  audit_rules.loaded:\n    - root: IMAGE\n    - drop_ins: {99-finalize: {control: {backlog_limit: 16384}}OTHER}\n"
    )
    said = "audit comes later and has the last word on settings: remove it with drop_ins: {audit: {state: absent}}, or name"
    assert said in minion.apply(sls.replace("OTHER", ""))["p"]["comment"]
    assert said not in minion.apply(sls.replace("OTHER", ", audit: {state: absent}"))["p"]["comment"]
