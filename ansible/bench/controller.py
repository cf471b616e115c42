"""The controller: an ansible-core, and how a playbook is run by it."""

import json
import pathlib
import shutil
import subprocess
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
PROJECT = HERE.parent.parent
FILES = PROJECT / "target/ansible/ansible_collections/linux/audit/files"


class Controller:
    """Runs playbooks of this directory. work: a directory for its files."""

    def __init__(self, version, work):
        answer = subprocess.run([PROJECT / "ansible/python", version], check=True, capture_output=True, text=True)
        self.bin = answer.stdout.splitlines()[-1]
        self.work = work
        self.log = work / "stopwatch.log"
        self.sockets = pathlib.Path(tempfile.mkdtemp(prefix="cp", dir="/tmp"))

    def version(self):
        """Its name and version, as text for a page."""
        said = subprocess.run([f"{self.bin}/ansible", "--version"], check=True, capture_output=True, text=True).stdout
        return said.splitlines()[0].replace("[core ", "ansible-core ").replace("ansible ansible", "ansible").rstrip("]")

    def play(self, playbook, inventory, variables, arguments=(), **environment):
        """Gives its wall time in ms and its tasks, a line of the stopwatch each; ends where it fails."""
        self.log.unlink(missing_ok=True)
        environment = {
            "PATH": f"{self.bin}:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": str(self.work), "LC_ALL": "C.UTF-8",
            "ANSIBLE_COLLECTIONS_PATH": str(PROJECT / "target/ansible"), "ANSIBLE_NOCOWS": "1",
            "ANSIBLE_CALLBACK_PLUGINS": str(HERE / "callback_plugins"), "ANSIBLE_CALLBACKS_ENABLED": "stopwatch",
            "STOPWATCH_FILE": str(self.log), "ANSIBLE_HOST_KEY_CHECKING": "false", "ANSIBLE_LOCALHOST_WARNING": "false",
            "ANSIBLE_SSH_CONTROL_PATH_DIR": str(self.sockets), "ANSIBLE_LOCAL_TEMP": str(self.work / "ansible-tmp"), **environment,
        }
        command = ["ansible-playbook", "-i", inventory, "-e", json.dumps(variables), *arguments, HERE / playbook]
        started = time.monotonic()
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        spent = (time.monotonic() - started) * 1000
        tasks = [json.loads(line) for line in self.log.read_text().splitlines()] if self.log.exists() else []
        if done.returncode:
            bad = [task for task in tasks if task["state"] != "ok"]
            raise SystemExit(f"{playbook} with {variables} failed: {bad[:3]}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}")
        return spent, tasks

    def hang_up(self):
        """Closes the connections that plays have left open."""
        for socket in self.sockets.iterdir():
            subprocess.run(["ssh", "-o", f"ControlPath={socket}", "-O", "exit", "x"], capture_output=True, check=False)

    def stop(self):
        self.hang_up()
        shutil.rmtree(self.sockets)
