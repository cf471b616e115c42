# Copyright: The audit_rules authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The scripts for the target in every shell that a target may have, and what is made of their answers."""

from __future__ import annotations

import hashlib
import os
import pwd
import shlex
import shutil
import stat
import subprocess

import pytest
from ansible.errors import AnsibleActionFail

from ansible_collections.linux.audit.plugins.module_utils._audit_rules_program import unsafe, why_unsafe
from ansible_collections.linux.audit.plugins.plugin_utils import target_scripts
from ansible_collections.linux.audit.plugins.plugin_utils.exchange import Exchange, WantsTerminal
from ansible_collections.linux.audit.plugins.plugin_utils.programs import Program, Programs

SHELLS = ("dash", "bash --posix", "bash", "busybox sh", "ksh", "mksh", "posh", "yash", "zsh --emulate sh")
VERSION = "0.1.0"
#: A program for the tests: it says its version, or what it was given.
PROGRAM = f"""#!/bin/sh
case $1 in
--version) echo "audit_rules {VERSION}" ;;
-) printf '{{"got": "%s", "as": "%s"}}\\n' "$(cat)" "$0" ;;
esac
"""


class Shipped(Program):
    """A program whose bytes are given."""

    content = b""

    def read(self):
        return self.content


def shipped(text=PROGRAM, version=VERSION):
    content = text.encode()
    found = {}
    for machine in (os.uname().machine, "sparc64"):
        program = Shipped(machine, hashlib.sha256(content + machine.encode()).hexdigest(), len(content))
        object.__setattr__(program, "content", content)
        found[machine] = program
    return Programs(version, found)


def name_of(programs):
    return programs.for_machine(os.uname().machine).name


class Target:
    """A shell on this machine, which counts what it is asked."""

    def __init__(self, shell="dash", user=None, home=None, environment=None):
        self.commands = 0
        self._words = shell.split()
        self._user = user
        self._environment = {"PATH": os.environ["PATH"], "HOME": str(home or "/nonexistent"), **(environment or {})}

    def __call__(self, script, in_data):
        self.commands += 1
        assert "\n" not in script
        done = subprocess.run([*self._words, "-c", script], input=in_data or b"", capture_output=True, check=False,
                              env=self._environment, user=self._user, group=self._user and pwd.getpwuid(self._user).pw_gid,
                              extra_groups=[] if self._user else None)
        return {"rc": done.returncode, "stdout": done.stdout.decode(), "stderr": done.stderr.decode()}


@pytest.fixture(name="cache")
def fixture_cache(tmp_path):
    return str(tmp_path / "cache")


@pytest.fixture(autouse=True)
def fixture_no_traces():
    """Each test begins without caches in the default places."""
    yield
    for path in ("/var/cache/audit_rules", "/usr/libexec/audit_rules"):
        if os.path.isdir(path) and not os.path.islink(path):
            shutil.rmtree(path)
        elif os.path.lexists(path):
            os.unlink(path)


def send(target, programs=None, request=b"request", **keywords):
    exchange = Exchange(target, programs or shipped(), **keywords)
    output = exchange.send(request)
    return output, exchange


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("compress", [True, False])
def test_the_program_is_put_once_and_then_run_by_one_command(shell, compress, cache):
    target = Target(shell)
    output, dummy = send(target, cache=cache, compress=compress)
    assert output["stdout"].startswith('{"got": "request"') and output["rc"] == 0 and output["stderr"] == ""
    assert target.commands == 3
    output, dummy = send(target, cache=cache)
    assert output["stdout"].startswith('{"got": "request"')
    assert target.commands == 4


@pytest.mark.parametrize("shell", SHELLS)
def test_the_cache_belongs_to_its_owner_alone(shell, cache):
    send(Target(shell), cache=cache)
    assert stat.S_IMODE(os.stat(cache).st_mode) == 0o700
    (name,) = os.listdir(cache)
    assert stat.S_IMODE(os.stat(os.path.join(cache, name)).st_mode) == 0o700


@pytest.mark.parametrize("shell", SHELLS)
def test_the_program_of_root_is_kept_in_var_cache(shell):
    output, dummy = send(Target(shell))
    assert os.listdir("/var/cache/audit_rules") == [name_of(shipped())]
    assert output["rc"] == 0


@pytest.mark.parametrize("shell", SHELLS)
def test_the_program_of_another_user_is_kept_in_the_home(shell, tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    os.chown(home, 1, 1)
    for path in (tmp_path, *tmp_path.parents[:-1]):
        os.chmod(path, os.stat(path).st_mode | 0o011)
    target = Target(shell, user=1, home=home)
    send(target)
    send(target)
    assert target.commands == 4
    assert os.listdir(home / ".cache" / "audit_rules") == [name_of(shipped())]
    assert stat.S_IMODE(os.stat(home / ".cache").st_mode) == 0o700


@pytest.mark.parametrize("shell", SHELLS)
def test_a_user_without_a_home_gets_a_directory_of_his_own(shell):
    target = Target(shell, user=1)
    send(target)
    assert os.listdir("/var/tmp/audit_rules-1") == [name_of(shipped())]
    shutil.rmtree("/var/tmp/audit_rules-1")


@pytest.mark.parametrize("shell", SHELLS)
def test_root_with_the_home_of_somebody_makes_nothing_below_it(shell, noexec, tmp_path):
    noexec("/var/cache")
    home = tmp_path / "home"
    (home / ".cache").mkdir(parents=True)
    os.chown(home, 1, 1)
    output, dummy = send(Target(shell, home=home))
    assert os.listdir(home / ".cache") == []
    assert output["rc"] == 0 and os.listdir("/var/tmp/audit_rules-0") == [name_of(shipped())]
    shutil.rmtree("/var/tmp/audit_rules-0")
    noexec("/var/tmp")
    with pytest.raises(AnsibleActionFail, match=f"{home}/.cache/audit_rules: {home} belongs to another user"):
        send(Target(shell, home=home))
    assert os.listdir(home / ".cache") == []


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("spoil", ["mode", "owner", "link"])
def test_a_cache_that_others_may_use_is_neither_used_nor_filled(shell, spoil, cache, tmp_path):
    other = tmp_path / "other"
    other.mkdir(mode=0o700)
    send(Target(shell), cache=cache)
    if spoil == "mode":
        os.chmod(cache, 0o750)
    elif spoil == "owner":
        os.chown(cache, 1, 1)
    else:
        os.rename(cache, tmp_path / "moved")
        os.symlink(tmp_path / "moved", cache)
    with pytest.raises(AnsibleActionFail) as failure:
        send(Target(shell), cache=cache)
    assert cache in str(failure.value)
    assert ("is a symbolic link" if spoil == "link" else "others may use it") in str(failure.value)


@pytest.mark.parametrize("shell", SHELLS)
def test_a_program_that_was_cut_by_a_crash_is_put_again(shell, cache):
    send(Target(shell), cache=cache)
    path = os.path.join(cache, name_of(shipped()))
    os.truncate(path, 10)
    target = Target(shell)
    output, dummy = send(target, cache=cache)
    assert target.commands == 3 and output["stdout"].startswith('{"got"')
    assert os.stat(path).st_size == len(PROGRAM)


@pytest.mark.parametrize("shell", SHELLS)
def test_older_programs_go_when_a_new_one_comes(shell, cache):
    send(Target(shell), cache=cache)
    old = os.path.join(cache, "audit_rules-" + "0" * 64)
    left_behind = os.path.join(cache, ".audit_rules-1.new")
    fresh = os.path.join(cache, "audit_rules-" + "1" * 64)
    foreign = os.path.join(cache, "notes")
    for path in (old, left_behind, fresh, foreign):
        with open(path, "wb"):
            pass
    for path in (old, left_behind, foreign):
        os.utime(path, (0, 0))
    send(Target(shell), shipped(PROGRAM + "# next\n"), cache=cache)
    assert not os.path.exists(old) and not os.path.exists(left_behind)
    assert os.path.exists(fresh) and os.path.exists(foreign)


@pytest.mark.parametrize("shell", SHELLS)
def test_an_installed_program_of_the_same_version_goes_first(shell):
    install("/usr/libexec/audit_rules")
    target = Target(shell)
    output, dummy = send(target)
    assert target.commands == 1 and '"as": "/usr/libexec/audit_rules"' in output["stdout"]
    install("/usr/libexec/audit_rules", PROGRAM.replace(VERSION, "9.9.9"))
    output, dummy = send(target)
    assert f"/{name_of(shipped())}" in output["stdout"]


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("mode, owner", [(0o775, 0), (0o757, 0), (0o755, 1)])
def test_an_installed_program_that_others_may_write_is_passed_by(shell, mode, owner):
    install("/usr/libexec/audit_rules", mode=mode, owner=owner)
    output, dummy = send(Target(shell))
    assert f"/{name_of(shipped())}" in output["stdout"]


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("how", ["directory", "link"])
def test_an_installed_program_that_somebody_could_swap_is_passed_by(shell, how, libexec):
    install("/usr/libexec/audit_rules")
    if how == "link":
        shutil.move("/usr/libexec/audit_rules", libexec / "real")
        os.symlink(libexec / "real", "/usr/libexec/audit_rules")
    else:
        os.chmod("/usr/libexec", 0o1777)
    try:
        output, dummy = send(Target(shell))
    finally:
        os.chmod("/usr/libexec", 0o755)
    assert f"/{name_of(shipped())}" in output["stdout"]


def install(path, text=PROGRAM, mode=0o755, owner=0):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    os.chmod(path, mode)
    os.chown(path, owner, owner)


@pytest.mark.parametrize("shell", SHELLS)
def test_the_named_executable_is_run_and_nothing_is_put(shell, libexec):
    path = str(libexec / "it's *here" / "program")
    install(path)
    target = Target(shell)
    output, exchange = send(target, executable=path)
    assert target.commands == 1 and '{"got": "request"' in output["stdout"]
    assert exchange.warnings == []
    assert not os.path.exists("/var/cache/audit_rules")


@pytest.mark.parametrize("shell", SHELLS)
def test_the_named_executable_may_have_another_version_with_a_warning(shell, libexec):
    path = str(libexec / "bin" / "program")
    install(path, PROGRAM.replace(VERSION, "9.9.9"))
    output, exchange = send(Target(shell), executable=path)
    assert '{"got": "request"' in output["stdout"]
    assert exchange.warnings == [f"{path} is version 9.9.9, the collection is {VERSION}"]


@pytest.mark.parametrize("shell", SHELLS)
def test_a_named_executable_that_cannot_be_run_is_refused_with_the_reason(shell, libexec):
    path = str(libexec / "bin" / "program")
    for text, mode, why in ((None, 0, "does not exist"), (PROGRAM, 0o644, "cannot be run"), ("#!/bin/sh\nexit 3\n", 0o755, "cannot be run"),
                            ("#!/bin/sh\necho other 1.0\n", 0o755, "is not audit_rules: asked for its version it says: other 1.0"),
                            ("#!/bin/sh\n", 0o755, "is not audit_rules: asked for its version it says: nothing")):
        if text:
            install(path, text, mode)
        with pytest.raises(AnsibleActionFail, match=why):
            send(Target(shell), executable=path)


def weaken(directory, part, how):
    """Makes a part of the way to a program weak; gives the reason that is then said."""
    place = directory / part
    if how == "link":
        place.rename(directory / "real")
        place.symlink_to(directory / "real")
    elif how == "owner":
        os.chown(place, 1, 0)
    else:
        os.chmod(place, how)
    return how if isinstance(how, str) else "mode"


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("part", ["a/b/program", "a/b", "a"])
@pytest.mark.parametrize("how", [0o777, 0o1777, 0o775, "owner", "link"])
def test_a_named_executable_that_somebody_could_swap_is_refused(shell, libexec, part, how):
    path = str(libexec / "a" / "b" / "program")
    install(path)
    reason = weaken(libexec, part, how)
    with pytest.raises(AnsibleActionFail) as failure:
        send(Target(shell), executable=path)
    assert str(failure.value) == "executable: " + unsafe(path, reason, str(libexec / part))


def test_the_shell_and_the_module_judge_alike(libexec):
    """The shell's walk and that of audit_rules_program, which the Python of a target takes."""
    for part in ("a/b/program", "a/b", "a"):
        for how in (0o777, 0o1777, 0o2775, 0o757, 0o755, 0o700, "owner", "link"):
            directory = libexec / f"{part.replace('/', '-')}-{how}"
            path = str(directory / "a" / "b" / "program")
            install(path)
            weaken(directory, part, how)
            wanted = why_unsafe(path)
            try:
                send(Target(), executable=path)
                said = None
            except AnsibleActionFail as failure:
                said = str(failure)
            assert said == (wanted and f"executable: {wanted}")
    assert why_unsafe(str(libexec / "a-448" / "a" / "b" / "program")) is None


@pytest.mark.parametrize("shell", SHELLS)
def test_a_large_request_arrives_whole_also_when_the_program_comes_first(shell, cache):
    text = PROGRAM.replace("$(cat)", "$(cat | wc -c)")
    target = Target(shell)
    for dummy in range(2):
        output, dummy = send(target, shipped(text), request=b"x" * 5_000_000, cache=cache)
        assert "5000000" in output["stdout"]


# The shell of busybox has an uname of its own.
@pytest.mark.parametrize("shell", [shell for shell in SHELLS if "busybox" not in shell])
def test_a_machine_without_a_program_is_named_with_those_that_have_one(shell, tmp_path, cache):
    fake = tmp_path / "bin" / "uname"
    install(str(fake), "#!/bin/sh\ncase $1 in -s) echo Linux;; *) echo mips64;; esac\n")
    target = Target(shell, environment={"PATH": f"{fake.parent}:{os.environ['PATH']}"})
    with pytest.raises(AnsibleActionFail, match=f"no program for the machine mips64 .* sparc64, {os.uname().machine}"):
        send(target, cache=cache)
    assert target.commands == 1 and not os.path.exists(cache)


def test_another_system_is_named(tmp_path, cache):
    fake = tmp_path / "bin" / "uname"
    install(str(fake), "#!/bin/sh\ncase $1 in -s) echo FreeBSD;; *) echo amd64;; esac\n")
    with pytest.raises(AnsibleActionFail, match="FreeBSD; audit rules are a part of Linux"):
        send(Target(environment={"PATH": f"{fake.parent}:{os.environ['PATH']}"}), cache=cache)


@pytest.mark.parametrize("alias", ["amd64", "arm64"])
def test_machines_are_known_by_their_other_names(alias):
    programs = Programs(VERSION, {"x86_64": "x", "aarch64": "a"})
    assert programs.for_machine(alias) in ("x", "a")
    assert programs.for_machine("armv7l") is None


@pytest.fixture(name="noexec")
def fixture_noexec(tmp_path):
    """Mounts a file system where no program may run."""
    mounted = []

    def mount(path):
        os.makedirs(path, exist_ok=True)
        subprocess.run(["mount", "-t", "tmpfs", "-o", "noexec,mode=755", "none", path], check=True)
        mounted.append(path)
        return path

    yield mount
    for path in reversed(mounted):
        subprocess.run(["umount", path], check=True)


@pytest.mark.parametrize("shell", SHELLS)
def test_a_directory_where_no_program_may_run_is_passed_by_for_the_next(shell, noexec, tmp_path):
    noexec("/var/cache")
    home = tmp_path / "home"
    home.mkdir()
    target = Target(shell, home=home)
    send(target)
    output, dummy = send(target)
    assert target.commands == 4 and output["rc"] == 0
    assert os.listdir(home / ".cache" / "audit_rules") == [name_of(shipped())]


@pytest.mark.parametrize("shell", SHELLS)
def test_where_no_program_may_run_anywhere_the_message_has_places_reason_and_remedy(shell, noexec, tmp_path):
    home = str(tmp_path / "home")
    for path in ("/var/cache", home, "/var/tmp"):
        noexec(path)
    with pytest.raises(AnsibleActionFail) as failure:
        send(Target(shell, home=home))
    message = str(failure.value)
    for path in ("/var/cache/audit_rules", f"{home}/.cache/audit_rules", "/var/tmp/audit_rules-0"):
        assert f"{path}: no program may run there" in message
    assert f"{home} is mounted noexec" in message
    assert "/usr/libexec/audit_rules" in message and "option executable" in message and "option cache" in message


@pytest.mark.parametrize("shell", SHELLS)
def test_a_file_system_that_became_noexec_is_noticed(shell, noexec, tmp_path):
    where = noexec(str(tmp_path / "mounted"))
    subprocess.run(["mount", "-o", "remount,exec", where], check=True)
    send(Target(shell), cache=f"{where}/cache")
    subprocess.run(["mount", "-o", "remount,noexec", where], check=True)
    with pytest.raises(AnsibleActionFail, match="mounted noexec"):
        send(Target(shell), cache=f"{where}/cache")


@pytest.mark.parametrize("shell", SHELLS)
def test_a_full_file_system_is_passed_by_for_the_next(shell, tmp_path):
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", "/var/cache"], check=True)
    try:
        home = tmp_path / "home"
        home.mkdir()
        output, dummy = send(Target(shell, home=home), shipped(PROGRAM + "#" * 200_000 + "\n"))
    finally:
        subprocess.run(["umount", "/var/cache"], check=True)
    assert output["rc"] == 0
    assert os.path.exists(home / ".cache" / "audit_rules")


@pytest.mark.parametrize("shell", SHELLS)
def test_a_program_that_does_not_start_is_no_success(shell, cache):
    with pytest.raises(AnsibleActionFail, match="cannot start it"):
        send(Target(shell), shipped("#!/bin/sh\necho cannot start it\nexit 1\n"), cache=cache)
    assert [name for name in os.listdir(cache) if name.startswith("audit_rules-")] == []


def test_a_path_with_spaces_and_quotes_is_one_path(tmp_path):
    cache = str(tmp_path / "a b'c\"d$HOME")
    for shell in SHELLS:
        output, dummy = send(Target(shell), cache=cache)
        assert output["rc"] == 0
    assert os.listdir(cache) == [name_of(shipped())]


def test_sudo_that_wants_a_terminal_is_told_apart():
    def execute(dummy_script, dummy_data):
        return {"rc": 1, "stdout": "", "stderr": "sudo: sorry, you must have a tty to run sudo"}

    with pytest.raises(WantsTerminal):
        send(execute)


@pytest.mark.parametrize("login", ["tcsh -c", "fish -c", "bash -c", "zsh -c", "dash -c"])
def test_the_scripts_pass_through_any_login_shell(login, cache):
    """As over ssh: the login shell of the user gets the whole command as one text."""
    programs = shipped()
    scripts = [target_scripts.run(programs, cache), target_scripts.run_installed("/bin/none"), target_scripts.machine(),
               target_scripts.put(programs.for_machine(os.uname().machine), VERSION, cache, ["/a b"], True)]

    for script in scripts:
        command = f"/bin/sh -c {shlex.quote(script)}"
        direct = subprocess.run(["/bin/sh", "-c", script], input=b"", capture_output=True, check=False)
        through = subprocess.run([*login.split(), command], input=b"", capture_output=True, check=False)
        assert (through.stdout, through.returncode) == (direct.stdout, direct.returncode), script


def test_nothing_of_the_request_is_in_a_script():
    scripts = []

    def execute(script, in_data):
        scripts.append(script)
        return {"rc": 0, "stdout": "{}", "stderr": ""}

    send(execute, request=b"a secret")
    assert scripts and not any("secret" in script for script in scripts)
