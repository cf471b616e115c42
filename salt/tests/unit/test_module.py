# SPDX-License-Identifier: Apache-2.0
"""
The execution module with the real executable, and with what Salt gives to it as stand-ins.
"""

import hashlib
import os
import pathlib
import re
import shutil
import stat
import tempfile

import pytest
from salt.exceptions import CommandExecutionError

from place import load

audit_rules = load("_modules", "audit_rules")

LINE = "-w /etc/passwd -p wa -k identity"


class Minion:
    """What of Salt the module calls."""

    def __init__(self, directory, executable):
        self.directory = directory
        self.configured = executable
        self.served = {}
        self.fetched = []

    def functions(self):
        return {
            "config.get": lambda key: self.configured if key == "audit_rules:lookup:executable" else "",
            "cp.hash_file": self.hash_file,
            "cp.cache_file": self.cache_file,
            "file.source_list": lambda source, source_hash, saltenv: (source, source_hash),
            "file.get_managed": self.get_managed,
        }

    def hash_file(self, source, saltenv):
        if source not in self.served:
            return {}
        return {"hash_type": "sha256", "hsum": hashlib.sha256(self.served[source]).hexdigest()}

    def cache_file(self, source, saltenv):
        self.fetched.append(source)
        path = self.directory / "fetched"
        path.write_bytes(self.served[source])
        return str(path)

    def get_managed(self, name, template, source, *others):
        if source not in self.served:
            return "", {}, "Source file {} not found in saltenv base".format(source)
        # As Salt does it where nothing is to be rendered.
        return "", {}, ""


@pytest.fixture
def minion(tmp_path, executable):
    return Minion(tmp_path, executable)


@pytest.fixture
def configure_loader_modules(minion, helpers, tmp_path):
    return {
        audit_rules: {
            "__salt__": dict(minion.functions(), **helpers),
            "__opts__": {"test": False, "cachedir": str(tmp_path / "cache")},
            "__grains__": {"kernel": "Linux", "cpuarch": os.uname().machine},
            "__context__": {},
            "__pillar__": {},
        }
    }


@pytest.fixture
def image(tmp_path):
    (tmp_path / "image/etc/audit/rules.d").mkdir(parents=True)
    return tmp_path / "image"


def serve_executable(minion, content):
    minion.configured = ""
    minion.served["salt://audit_rules/files/audit_rules-" + os.uname().machine] = content


def apply(image, **given):
    return audit_rules.apply_("present", "30-identity", root=str(image), **given)


def test_it_applies_and_says_what_it_did(image):
    report = apply(image, rules=["# who", LINE])
    assert (report["outcome"], report["failed"]) == ("applied", False)
    assert (image / "etc/audit/rules.d/30-identity.rules").read_text().endswith("# who\n{}\n".format(LINE))
    assert apply(image, rules=["# who", LINE])["changed"] is False
    assert audit_rules.__context__ == {}


def test_a_dry_run_changes_nothing(image, monkeypatch):
    assert apply(image, rules=[LINE], test=True)["outcome"] == "planned"
    monkeypatch.setitem(audit_rules.__opts__, "test", True)
    assert apply(image, rules=[LINE])["outcome"] == "planned"
    assert list((image / "etc/audit/rules.d").iterdir()) == []


def test_what_salt_adds_to_the_arguments_of_the_command_line_is_not_sent(image):
    assert apply(image, rules=[LINE], __pub_user="root", __pub_jid="1")["outcome"] == "applied"


def test_a_failed_report_sets_the_exit_status(image):
    report = apply(image, rules=["-w etc/passwd -p wa", "-a always,exit -S opne"])
    assert [error["pointer"] for error in report["errors"]] == ["/rules/0", "/rules/1"]
    assert audit_rules.__context__ == {"retcode": 1}


def test_an_unknown_key_is_refused_with_the_nearest_one(image):
    (error,) = apply(image, rules=[LINE], on_mising="skip")["errors"]
    assert (error["kind"], error["hint"]) == ("unknown_key", "did you mean on_missing?")


@pytest.mark.parametrize("text", ["-w /a\\\\n -k x\n# b\\n\n", "# ü\n"])
def test_text_arrives_as_it_is(image, text):
    assert apply(image, rules=text)["failed"] is False
    assert (image / "etc/audit/rules.d/30-identity.rules").read_text().endswith(text)


@pytest.mark.parametrize("mode, wanted", [(640, 0o640), (600, 0o600), ("0440", 0o440), ("600", 0o600)])
def test_the_digits_of_a_mode_are_octal_as_everywhere_in_salt(image, mode, wanted):
    apply(image, rules=[LINE], mode=mode)
    assert stat.S_IMODE((image / "etc/audit/rules.d/30-identity.rules").stat().st_mode) == wanted


def test_values_that_yaml_changes_are_taken(image):
    assert apply(image, rules=[LINE], perm_syscalls=4.2, control={"enabled": True})["failed"] is False
    report = audit_rules.apply_("loaded", root=str(image), target="filesystem", keep="vendor-*", purge=True)
    assert "keep" not in str(report.get("errors", ""))


def test_a_source_is_a_whole_rules_file(image, minion):
    minion.served["salt://a.rules"] = b"# all of it\n-w /etc/passwd -p wa\n"
    assert apply(image, source="salt://a.rules")["failed"] is False
    assert (image / "etc/audit/rules.d/30-identity.rules").read_text().endswith("# all of it\n-w /etc/passwd -p wa\n")


def test_a_mistake_in_a_source_has_its_file_and_line(image, minion):
    minion.served["salt://a.rules"] = b"# fine\n-w etc/passwd -p wa\n"
    minion.served["salt://b.rules"] = b"\n\n-a always,exit -S opne\n"
    (error,) = apply(image, source="salt://a.rules")["errors"]
    assert (error["file"], error["line"]) == ("salt://a.rules", 2)
    report = audit_rules.apply_(
        "present",
        root=str(image),
        drop_ins={"30-a": {"source": "salt://a.rules"}, "40-b": {"source": "salt://b.rules"}},
    )
    assert [(error["file"], error["line"]) for error in report["errors"]] == [
        ("salt://a.rules", 2),
        ("salt://b.rules", 3),
    ]


def test_all_sources_that_are_no_good_are_named(image, minion):
    minion.served["salt://latin1.rules"] = b"# a\n# \xfc\n"
    drop_ins = {
        "1": {"source": "salt://none.rules"},
        "2": {"source": "salt://latin1.rules"},
        "3": {"source": "salt://none.rules", "rules": [LINE]},
    }
    with pytest.raises(CommandExecutionError) as failure:
        audit_rules.apply_("present", root=str(image), drop_ins=drop_ins)
    text = str(failure.value)
    assert "salt://none.rules: Source file salt://none.rules not found" in text
    assert "salt://latin1.rules:2: is not UTF-8" in text
    assert "give one of them" in text


def test_the_undo_of_a_result_may_be_given_whole(image):
    undo = apply(image, rules=[LINE])["undo"]
    assert audit_rules.apply_("restored", snapshot=undo)["outcome"] == "applied"
    assert list((image / "etc/audit/rules.d").iterdir()) == []


def test_the_rules_of_files_are_listed(image):
    apply(image, rules=["# who", LINE])
    path = "/etc/audit/rules.d/30-identity.rules"
    assert audit_rules.list_rules(root=str(image)) == {"files": {path: [LINE]}}
    (rule,) = audit_rules.list_rules(root=str(image), details=True)["files"][path]
    assert (rule["rule"], rule["keys"], rule["line"]) == (LINE, ["identity"], 3)


@pytest.mark.parametrize("function", ["gather", "list_rules", "status", "drift"])
def test_whatever_asks_the_kernel_takes_which_one_is_meant(image, function):
    try:
        said = getattr(audit_rules, function)(root=str(image), kernel="hots")
    except CommandExecutionError as error:
        said = error
    assert 'kernel: "hots" is none of auto, host' in str(said)


def test_one_source_can_be_asked_for(image):
    apply(image, rules=[LINE])
    report = audit_rules.gather(source="filesystem", root=str(image))
    assert (report["failed"], report["filesystem"]["files"][0]["rules"][0]["rule"]) == (False, LINE)
    assert "files" in audit_rules.list_rules(source="filesystem", root=str(image))
    assert [error["kind"] for error in audit_rules.gather(source="runtime", root=str(image))["errors"]] != []


@pytest.mark.parametrize(
    "expect",
    [
        [LINE],
        {"state": "exact", "name": "30-identity", "source": "salt://a.rules"},
        {"drop_ins": {1: {"source": "salt://a.rules"}}},
    ],
)
def test_what_is_expected_is_compared_with_the_minion(image, minion, expect):
    minion.served["salt://a.rules"] = LINE.encode() + b"\n"
    missing = audit_rules.drift(expect=expect, root=str(image))
    assert missing["in_sync"] is False
    assert [rule["on_disk"] for rule in missing["expect"]["rules"]] == [False]
    apply(image, rules=[LINE])
    assert [rule["on_disk"] for rule in audit_rules.gather(expect=expect, root=str(image))["expect"]["rules"]] == [True]
    audit_rules.gather(expect=["-w /etc/hosts -p wa"], on_drift="fail", root=str(image))
    assert audit_rules.__context__ == {"retcode": 1}


def test_status_and_drift_say_what_could_not_be_looked_at(image):
    reason = "another root directory has no running kernel"
    assert audit_rules.status(root=str(image))["runtime"] == {"managed": False, "locked": False, "reason": reason}
    drift = audit_rules.drift(root=str(image))
    assert drift["in_sync"] is None
    assert drift["comment"] == "0 rules in 0 files, next boot loads 0: " + reason


def test_a_source_that_cannot_be_read_is_an_exception(image):
    (image / "etc/audit/rules.d").rmdir()
    (image / "etc/audit/rules.d").write_text("")
    for function in (audit_rules.list_rules, audit_rules.drift):
        with pytest.raises(CommandExecutionError, match="Failed to load audit rules from filesystem"):
            function(root=str(image))


def test_lint_gives_findings_and_fails_as_it_is_told(minion):
    minion.served["salt://a.rules"] = b"# fine\n-a always,exit -F arch=b64 -S opne\n"
    found = audit_rules.lint(source="salt://a.rules")
    assert [(finding["severity"], finding["file"], finding["line"]) for finding in found["findings"]] == [
        ("error", "salt://a.rules", 2)
    ]
    assert audit_rules.__context__ == {"retcode": 1}
    audit_rules.__context__.clear()
    assert audit_rules.lint(rules=[LINE], archs="aarch64")["counts"]["error"] == 0
    assert "runs" in audit_rules.lint(rules=[LINE], format="sarif", fail_on="never")["sarif"]
    assert audit_rules.__context__ == {}


def test_explain_says_what_lines_mean():
    accepted, refused = audit_rules.explain(rules=["-w /etc/passwd -p wa", "-a always,exit -S opne"], arch="s390x")
    assert accepted["canonical"] == "-w /etc/passwd -p wa"
    assert refused["error"]["hint"] == "did you mean open?"


def test_explain_says_which_rule_decides_about_an_event(image, minion):
    minion.served["salt://a.rules"] = LINE.encode() + b"\n"
    event = {"syscall": "openat", "path": "/etc/passwd", "perm": "w", "expect": {"recorded": True, "key": "identity"}}
    (found,) = audit_rules.explain(source="salt://a.rules", event=event)
    assert (found["answer"], found["rule"]["keys"], found["recorded"]) == ("matched", ["identity"], True)
    apply(image, rules=[LINE])
    (found,) = audit_rules.explain(root=str(image), event=event)
    assert found["rule"]["rule"] == LINE
    (first,) = audit_rules.explain(source="salt://a.rules", root=str(image))
    assert (first["file"], first["number"], first["line"]) == ("salt://a.rules", 1, LINE)
    (found,) = audit_rules.explain(files=[{"name": "/etc/audit/rules.d"}], root=str(image), event=event)
    assert found["rule"]["file"].startswith("/etc/audit/rules.d/"), found
    assert audit_rules.__context__ == {}
    audit_rules.explain(rules=["-w /etc/hosts -p wa -k hosts"], event=event)
    assert audit_rules.__context__ == {"retcode": 1}


def test_events_says_what_was_recorded_and_what_a_policy_would_record(image, minion):
    minion.served["salt://a.rules"] = LINE.encode() + b"\n"
    call = (
        "type=SYSCALL msg=audit(1795946405.250:502): arch=c000003e syscall=257 success=yes exit=3 a0=ffffff9c a1=0 a2=1 a3=0 "
        'items=1 pid=7 auid=1000 uid=0 exe="/usr/bin/vi" key="identity"\n'
    )
    file = 'type=PATH msg=audit(1795946405.250:502): item=0 name="/etc/passwd" inode=5 dev=fd:01 mode=0100644 nametype=NORMAL\n'
    log = [{"name": "audit.log", "text": call + file}]
    found = audit_rules.events(files=log, source="salt://a.rules", match=[{"keep": {"key": "identity"}}])
    assert (found["replay"]["kept"], found["by_rule"][0]["events"]) == (1, 1), found
    apply(image, rules=[LINE])
    found = audit_rules.events(files=log, root=str(image), limit=0)
    assert (found["by_rule"][0]["rule"], found["events"]) == (LINE, []), found
    assert audit_rules.__context__ == {}


@pytest.fixture
def bare(monkeypatch, helpers):
    """A minion without an executable."""
    monkeypatch.setitem(helpers["audit_rules_executable.find"].__globals__, "INSTALLED", ())
    monkeypatch.setenv("PATH", "/nowhere")


def test_an_executable_of_the_file_server_is_kept_under_its_hash(minion, bare, tmp_path, executable):
    with open(executable, "rb") as file:
        serve_executable(minion, file.read())
    for _ in range(2):
        assert audit_rules.explain(rules=[LINE])[0]["accepted"]
    assert len(minion.fetched) == 1
    (kept,) = (tmp_path / "cache/audit_rules").iterdir()
    with open(executable, "rb") as file:
        assert kept.name == "audit_rules-" + hashlib.sha256(file.read()).hexdigest()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o700
    assert stat.S_IMODE(kept.parent.stat().st_mode) == 0o700
    # A new version takes the place of the old one.
    serve_executable(minion, b'#!/bin/sh\n/bin/echo \'{"failed": false, "lines": []}\'\n')
    assert audit_rules.explain(rules=[LINE]) == []
    assert len(list((tmp_path / "cache/audit_rules").iterdir())) == 1


def test_an_executable_that_did_not_arrive_whole_is_not_run(minion, bare, tmp_path):
    serve_executable(minion, b"whole")
    minion.cache_file = lambda source, saltenv: str(tmp_path / "half")
    (tmp_path / "half").write_bytes(b"half")
    audit_rules.__salt__["cp.cache_file"] = minion.cache_file
    with pytest.raises(CommandExecutionError, match="did not arrive whole"):
        audit_rules.explain(rules=[LINE])


def test_no_executable_at_all_says_where_it_was_looked_for(minion, monkeypatch):
    minion.configured = "/nowhere/audit_rules"
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(CommandExecutionError) as failure:
        audit_rules.explain(rules=[LINE])
    for place in ("/nowhere/audit_rules", "/usr/libexec/audit_rules", "salt://audit_rules/files/audit_rules-"):
        assert place in str(failure.value)


@pytest.fixture
def program(safe):
    """Writes a program into a directory of its own, with what it does when a request comes."""

    def write(script, version="audit_rules 0.1.0"):
        path = pathlib.Path(tempfile.mkdtemp(dir=str(safe))) / "libexec/audit_rules"
        path.parent.mkdir()
        path.write_text("#!/bin/sh\n[ $1 = - ] || {{ echo {}; exit; }}\n{}\n".format(version, script))
        path.chmod(0o755)
        return path

    return write


@pytest.mark.parametrize("how", [0o777, 0o1777, 0o775, "owner", "link"])
@pytest.mark.parametrize("whose", ["file", "directory", "directory above"])
def test_an_executable_that_somebody_could_swap_is_not_run(program, minion, whose, how):
    path = program('echo \'{"failed": false, "lines": []}\'')
    assert audit_rules.explain(rules=[LINE], executable=str(path)) == []
    place = {"file": path, "directory": path.parent, "directory above": path.parents[1]}[whose]
    if how == "link":
        real = place.with_name(place.name + "-real")
        place.rename(real)
        place.symlink_to(real)
        reason = "{} is a symbolic link; name the file that it leads to"
    elif how == "owner":
        if os.geteuid() != 0:
            pytest.skip("gives files to another user, which needs root")
        os.chown(str(place), 1, 0)
        reason = "{} belongs to neither root nor the user who runs it"
    else:
        place.chmod(how)
        reason = "other users may write {}"
    with pytest.raises(CommandExecutionError) as failure:
        audit_rules.explain(rules=[LINE], executable=str(path))
    assert str(failure.value) == "{} is not run: {}".format(path, reason.format(place))
    # As much for one that the pillar names.
    minion.configured = str(path)
    with pytest.raises(CommandExecutionError, match="is not run"):
        audit_rules.explain(rules=[LINE])


def test_an_executable_in_the_path_that_somebody_could_swap_is_passed_by(program, bare, minion, monkeypatch):
    minion.configured = ""
    first, second = program("exit 1"), program('echo \'{"failed": false, "lines": []}\'')
    monkeypatch.setenv("PATH", "{}:/nowhere:.:{}".format(first.parent, second.parent))
    first.parent.chmod(0o777)
    assert audit_rules.explain(rules=[LINE]) == []
    second.chmod(0o777)
    with pytest.raises(CommandExecutionError) as failure:
        audit_rules.explain(rules=[LINE])
    assert "other users may write {}".format(first.parent) in str(failure.value)


def test_another_program_is_told_by_what_it_says_of_itself():
    for name in ("true", "false", "cat"):
        path = os.path.realpath(shutil.which(name))
        with pytest.raises(CommandExecutionError, match="is not audit_rules: asked for its version it says: " + name):
            audit_rules.explain(rules=[LINE], executable=path)


@pytest.mark.parametrize(
    "script, complaint",
    [
        ("exit 7", "no report came from .*: exit status 7"),
        ("echo broken >&2; echo '{'", "(?s)no report came from .*broken"),
    ],
)
def test_an_executable_that_gives_no_report_is_told(program, script, complaint):
    with pytest.raises(CommandExecutionError, match=complaint):
        audit_rules.explain(rules=[LINE], executable=str(program(script)))


def test_an_executable_that_ends_badly_after_its_report_is_told(program):
    script = 'echo \'{"failed": false, "msg": "m"}\'; exit 4'
    with pytest.raises(CommandExecutionError, match=r"did not end well after this report: m \(exit status 4\)"):
        audit_rules.explain(rules=[LINE], executable=str(program(script)))


def test_an_executable_that_cannot_be_started_is_told(program):
    path = program("exit")
    path.chmod(0o644)
    with pytest.raises(CommandExecutionError, match="cannot be started: Permission denied.*noexec"):
        audit_rules.explain(rules=[LINE], executable=str(path))


def test_it_is_about_linux(monkeypatch):
    assert audit_rules.__virtual__() == "audit_rules"
    monkeypatch.setitem(audit_rules.__grains__, "kernel", "Windows")
    assert audit_rules.__virtual__() == (
        False,
        "audit_rules: this minion runs Windows; audit rules are a part of Linux",
    )


def test_a_place_is_the_argument_wherever_a_person_reads_it(image, minion):
    bad, root = "-w relative -p wa", {"root": str(image)}
    event = {"syscall": "mount", "arch": "b64", "expect": {"recorded": True}}
    minion.served["salt://one.rules"] = bad.encode()
    rows = [
        (dict(root, name="x", rules=["# a", bad]), "rules[1]"),
        (dict(root, name="x", rules="# a\n" + bad), "rules line 2"),
        (dict(root, name="x", source="salt://one.rules"), "salt://one.rules"),
        (dict(root, state="loaded", drop_ins={"50-x": {"rules": ["# a", bad]}}), "drop_ins.50-x.rules[1]"),
        (dict(root, state="loaded", drop_ins={"50-x": {"source": "salt://one.rules"}}), "salt://one.rules"),
        (dict(root, name="x", rules=["# a"], owner="nobody-of-this-name"), "owner"),
    ]
    for given, place in rows:
        report = audit_rules.apply_(**given)
        assert said_at(place, report["msg"]), (place, report["msg"])
        assert all(error.get("pointer", "/").startswith("/") for error in report["errors"])
    looks = [
        (audit_rules.drift, dict(root, expect={"rules": ["# a", bad]}), "expect.rules[1]"),
        (audit_rules.lint, {"rules": ["# a"], "ignore": ["no_such"]}, "ignore[0]"),
        (audit_rules.lint, {"rules": ["# a"], "archs": ["x86_64", "no_such"]}, "archs[1]"),
        (audit_rules.lint, {"files": [{"name": "relative"}]}, "files[0].name"),
        (audit_rules.explain, {"rules": ["# a"], "event": [dict(event, syscall="no_such")]}, "event[0].syscall"),
    ]
    for function, given, place in looks:
        with pytest.raises(CommandExecutionError) as raised:
            function(**given)
        assert said_at(place, str(raised.value)), (place, str(raised.value))


def said_at(place, text):
    """Whether a text names this place and no JSON pointer."""
    pointer = r"(?<!\S)/(?:rules|drop_ins|keep|name|owner|expect|event|ignore|archs|files)\b"
    return re.search(r"(?<!\S){}(:\d+)?: ".format(re.escape(place)), text) and not re.search(pointer, text)


def pillar(monkeypatch, **policy):
    monkeypatch.setitem(audit_rules.__pillar__, "audit_rules", policy)


def test_evidence_is_whether_the_minion_holds_its_pillar(image, monkeypatch):
    drop_ins = {"30-identity": {"rules": [{"path": "/etc/passwd", "permissions": "wa", "key": "identity", "labels": ["AC-2"]}]}}
    how = {"mode": 640, "backup": True, "lookup": {"install": "none"}}
    pillar(monkeypatch, root=str(image), drop_ins=drop_ins, on_missing="skip", **how)
    report = audit_rules.evidence(culprit=True)
    assert (report["in_sync"], report["labels"]["AC-2"]["in_sync"], report["warnings"]) == (False, False, [])
    assert audit_rules.apply_("loaded", root=str(image), drop_ins=drop_ins)["outcome"] == "applied"
    report = audit_rules.evidence()
    # There is no kernel behind a directory.
    assert (
        "in_sync" not in report
        and report["labels"]["AC-2"]["in_sync"] is None
        and "0 of 1 expected rule held, 1 open" in report["msg"]
    )


def test_a_benchmark_of_the_pillar_is_asked_for_control_by_control(image, monkeypatch):
    (image / "etc/os-release").write_text('ID="rhel"\nVERSION_ID="9.4"\n')
    pillar(monkeypatch, root=str(image), benchmark="stig")
    report = audit_rules.evidence()
    assert report["policy"][0]["product"] == "rhel9" and report["labels"]["stig-rhel9 RHEL-09-654240"]["in_sync"] is False


@pytest.mark.parametrize(
    "policy, said",
    [
        ({}, "the policy is empty"),
        ({"lookup": {"install": "none"}, "drop_in": {"30-a": {}}}, "the policy is empty"),
        ({"drop_ins": {"30-a": {"rules": [LINE]}}, "target": "runtime"}, "target: with runtime"),
    ],
)
def test_a_pillar_that_asks_for_nothing_is_no_evidence(monkeypatch, policy, said):
    pillar(monkeypatch, **policy)
    with pytest.raises(CommandExecutionError, match=said):
        audit_rules.evidence()


def test_a_policy_of_files_is_asked_of_files():
    policy = {"rules": [LINE], "name": "30-a", "state": "present"}
    given = audit_rules.__salt__["audit_rules_arguments.evidence_of"](dict(policy, target="filesystem"))
    assert given == {"source": "filesystem", "details": False, "expect": policy}
