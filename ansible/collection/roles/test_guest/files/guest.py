# SPDX-License-Identifier: GPL-3.0-or-later
"""Starts and stops one guest. What belongs to it lies in one directory: key, port, pid, known_hosts, ssh_config, console.log."""

from __future__ import annotations

import argparse
import fcntl
import os
import signal
import socket
import time
from pathlib import Path

import tools

# QEMU's software emulation loses a guest now and then; a guest that was up is never started again.
ATTEMPTS = 3
POLL = 0.1
BANNER_SECONDS = 20
READY = b"guest-ready"
COMMAND_LINE = (
    "root=/dev/nvme0n1 rw console=ttyS0 quiet panic=-1 oops=panic net.ifnames=0 "
    "random.trust_cpu=on mitigations=off cryptomgr.notests systemd.show_status=no systemd.ssh_auto=no guest.key="
)
SSH_CONFIG = """\
# ssh -F THIS_FILE guest        (root@guest for root)
Host guest 127.0.0.1
  HostName 127.0.0.1
  Port {port}
  User admin
  IdentityFile "{directory}/key"
  IdentitiesOnly yes
  UserKnownHostsFile "{directory}/known_hosts"
  StrictHostKeyChecking yes
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("verb", choices=["start", "stop"])
    parser.add_argument("--directory", required=True, type=Path)
    parser.add_argument("--image", type=Path, help="what image.py printed; for start")
    parser.add_argument("--memory", type=int, default=512, help="MiB")
    parser.add_argument("--seconds", type=float, default=180, help="how long one boot may take")
    asked = parser.parse_args()
    directory = asked.directory.expanduser().absolute()
    if asked.verb == "stop":
        print("stopped" if stop(directory) else "unchanged")
    elif pid(directory) and banner(int((directory / "port").read_text())):
        print("unchanged")
    else:
        print(start(directory, asked.image, asked.memory, asked.seconds))


def start(directory: Path, image: Path, memory: int, seconds: float) -> str:
    tools.require({"qemu-system-x86_64": "qemu-system-x86", "ssh-keygen": "openssh-client"})
    stop(directory)
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    for name in ("key", "key.pub"):
        (directory / name).unlink(missing_ok=True)
    tools.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "guest", "-f", str(directory / "key")])
    for attempt in range(1, ATTEMPTS + 1):
        began = time.monotonic()
        port = launch(directory, image, memory)
        if answers(directory, port, seconds):
            return f"started on port {port} in {time.monotonic() - began:.1f} s" + (f", at attempt {attempt}" if attempt > 1 else "")
        stop(directory)
        (directory / "console.log").rename(directory / f"console.{attempt}.log")
    log = directory / f"console.{ATTEMPTS}.log"
    said = log.read_text(errors="replace").splitlines()[-20:]
    trouble = f"The guest did not come up in {ATTEMPTS} attempts of {seconds:g} s at most. Its last words, from {log}:"
    raise tools.Trouble("\n".join([trouble, *said]))


def launch(directory: Path, image: Path, memory: int) -> int:
    """Starts QEMU, which goes on in the background, and writes down how to reach the guest."""
    port = free_port()
    public = (directory / "key.pub").read_text().split()[1]
    tools.run(
        [
            "qemu-system-x86_64",
            # KVM is not tried: where /dev/kvm opens, guests may still hang. One processor is faster than two without it,
            # and without cx16 no guest dies of a wrong translation of cmpxchg16b (QEMU 7.2).
            *["-accel", "tcg", "-cpu", "qemu64,-cx16", "-smp", "1", "-m", str(memory)],
            *["-nodefaults", "-display", "none", "-serial", f"file:{comma(directory)}/console.log"],
            *["-kernel", str(image / "vmlinuz"), "-append", COMMAND_LINE + public],
            # The image stays as it is: what the guest writes is gone when it stops.
            *["-drive", f"if=none,id=disk,format=raw,snapshot=on,file={comma(image)}/disk.img", "-device", "nvme,serial=guest,drive=disk"],
            *["-nic", f"user,model=virtio-net-pci,restrict=on,hostfwd=tcp:127.0.0.1:{port}-:22"],
            *["-daemonize", "-pidfile", str(directory / "pid")],
        ],
        cwd="/",
    )
    host_key = " ".join((image / "host_key.pub").read_text().split()[:2])
    (directory / "known_hosts").write_text(f"[127.0.0.1]:{port} {host_key}\n")
    (directory / "ssh_config").write_text(SSH_CONFIG.format(port=port, directory=directory))
    (directory / "port").write_text(f"{port}\n")
    return port


def comma(path: Path) -> str:
    """A path as part of an option of QEMU."""
    return str(path).replace(",", ",,")


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def answers(directory: Path, port: int, seconds: float) -> bool:
    """Waits until one can log in. The guest says so itself: to ask its sshd again and again would slow its boot down."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and pid(directory):
        if READY in (directory / "console.log").read_bytes() and banner(port):
            return True
        time.sleep(POLL)
    return False


def banner(port: int) -> bool:
    """Whether sshd answers; QEMU itself accepts connections long before."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=BANNER_SECONDS) as connection:
            return connection.recv(4) == b"SSH-"
    except OSError:
        return False


def pid(directory: Path) -> int | None:
    """The guest's process, if it runs: QEMU holds a lock on the file with its number for as long as it lives."""
    try:
        with (directory / "pid").open("r+") as handle:
            try:
                fcntl.lockf(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                return int(handle.read())
    except FileNotFoundError:
        pass
    return None


def stop(directory: Path) -> bool:
    """Ends the guest, and whatever it held in memory with it."""
    running = pid(directory)
    if running:
        for number in (signal.SIGTERM, signal.SIGKILL):
            os.kill(running, number)
            deadline = time.monotonic() + 10
            while pid(directory) and time.monotonic() < deadline:
                time.sleep(POLL)
            if not pid(directory):
                break
        else:
            raise tools.Trouble(f"process {running} does not end")
    (directory / "pid").unlink(missing_ok=True)
    return running is not None


if __name__ == "__main__":
    tools.main(main)
