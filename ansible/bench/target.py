"""The host that is measured: sshd, a user with sudo, and a copy of /etc in the place of /etc."""

import contextlib
import os
import pathlib
import pwd
import shutil
import subprocess
import sys
import tempfile

from relay import Relay

USER = "bench"


class Server:
    """sshd on a free port of 127.0.0.1, for a user with sudo, and a relay before it that counts and delays."""

    def __init__(self, work, connections=100):
        self.work = work
        self.log = work / "sshd.log"
        self.log.touch()
        self.key = work / "key"
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.key], check=True)
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", work / "host"], check=True)
        home = work / "home"
        subprocess.run(["useradd", "--home-dir", home, "--create-home", "--shell", "/bin/bash", USER], check=True)
        subprocess.run(["usermod", "--password", "*", USER], check=True)
        pathlib.Path("/etc/sudoers.d").mkdir(exist_ok=True)
        pathlib.Path("/etc/sudoers.d/bench").write_text(f"{USER} ALL=(ALL) NOPASSWD: ALL\n")
        os.chmod("/etc/sudoers.d/bench", 0o440)
        authorized = work / "authorized"
        shutil.copy(work / "key.pub", authorized)
        for path in (work, home):
            os.chmod(path, 0o755)
        self.relay = Relay()
        config = work / "sshd_config"
        config.write_text(
            f"ListenAddress 127.0.0.1:{self.relay.after}\nHostKey {work}/host\nAuthorizedKeysFile {authorized}\n"
            "PasswordAuthentication no\nKbdInteractiveAuthentication no\nUsePAM no\nStrictModes no\nLogLevel VERBOSE\n"
            f"PidFile none\nSubsystem sftp internal-sftp\nMaxStartups {connections}\n"
        )
        pathlib.Path("/run/sshd").mkdir(exist_ok=True)
        self.process = subprocess.Popen(["/usr/sbin/sshd", "-D", "-f", config, "-E", self.log])
        self.relay.start()

    def variables(self, port):
        """The variables of a host that is reached here."""
        return {"ansible_host": "127.0.0.1", "ansible_port": port, "ansible_user": USER, "ansible_ssh_private_key_file": str(self.key)}

    def sessions(self):
        """Commands and subsystems started so far."""
        return self.log.read_text().count("Starting session: ")

    def stop(self):
        self.relay.stop()
        self.process.terminate()
        self.process.wait()
        subprocess.run(["pkill", "-u", str(pwd.getpwnam(USER).pw_uid)], check=False)


@contextlib.contextmanager
def own_etc():
    """A work directory, and a copy of /etc in the place of /etc."""
    work = pathlib.Path(tempfile.mkdtemp(prefix="audit-rules-bench-"))
    copy = work / "etc"
    try:
        subprocess.run(["cp", "-a", "/etc", copy], check=True)
        for drop_in in (copy / "audit/rules.d").glob("*"):
            drop_in.unlink()
        subprocess.run(["mount", "--bind", copy, "/etc"], check=True)
        yield work
    finally:
        subprocess.run(["umount", "/etc"], check=False)
        shutil.rmtree(work, ignore_errors=True)


def enter_namespace():
    """Goes on as root in a mount namespace of its own."""
    if os.geteuid() != 0:
        raise SystemExit("this needs root")
    if not os.environ.get("AUDIT_RULES_BENCH_NAMESPACE"):
        os.environ["AUDIT_RULES_BENCH_NAMESPACE"] = "1"
        os.execvp("unshare", ["unshare", "--mount", "--propagation", "private", sys.executable, *sys.argv])


def require(programs, packages):
    """Ends where a program is missing."""
    for program in programs:
        if not shutil.which(program):
            raise SystemExit(f"{program} is missing: apt-get install {packages}")
