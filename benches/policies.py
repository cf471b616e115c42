#!/usr/bin/env python3
"""What the policies record while software is built: records by key, and what that costs.

    benches/policies.py --program target/release/audit_rules

Loads each policy into the running kernel, builds a program of many small C files as somebody who logged in (login uid 1000),
counts the records that the kernel sends to its multicast group, takes the rules out again, and writes docs/load.md. It
needs root, a C compiler, and a kernel without rules, which it refuses to replace. What locks the kernel or stops it is left
out.
"""

import argparse
import collections
import errno
import json
import os
import platform
import re
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import threading
import time

PROJECT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PAGE = os.path.join(PROJECT, "docs", "load.md")
MEASURED = [("anssi", "debian12"), ("cis", "debian12"), ("ospp", "rhel9"), ("pci-dss", "rhel9"), ("stig", "rhel9")]
FOR_GOOD = {"-e 2", "-f 2", "--loginuid-immutable"}
SOURCES, ROUNDS = 200, 3
# Of linux/audit.h: the record of a system call; from there on, records of events.
SYSCALL, FIRST_EVENT, END_OF_EVENT = 1300, 1300, 1320
NETLINK_AUDIT, READLOG_GROUP = 9, 1
HEAD = """# Load

What the policies record while software is built, and what that costs: {sources} small C files are compiled, linked and installed by
somebody who logged in. Most rules of benchmarks are about people who logged in, and services
make next to no records. Kernel {kernel}, {processors} processors, no auditd, which would have to write the records besides; medians
of {rounds} builds. Rules below directories that this host lacks were left out, and so were the lock and what stops a host.
`benches/policies.py` measures it and writes this page.

`time` is that of the build against the same build without rules, one after the other in one run.

| policy | product | rules | records | records/s | time |
|---|---|--:|--:|--:|--:|
"""
KEYS = """
## By key

| policy | key | records | records/s | share |
|---|---|--:|--:|--:|
"""
MAKEFILE = """
NUMBERS := $(shell seq {sources})
program: $(NUMBERS:%=f%.o)
	cc -o $@ $^
%.o: %.c
	cc -O1 -c -o $@ $<
install: program
	mkdir -p root/bin root/share
	install -m 0755 program root/bin/program
	for number in $(NUMBERS); do cp f$$number.c root/share/ || exit 1; done
	chmod -R go-w root
	mv root/bin/program root/bin/installed
"""


class Records(threading.Thread):
    """Counts records of the kernel by the key of their event, until stopped."""

    def __init__(self):
        super().__init__(daemon=True)
        self.socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_AUDIT)
        self.socket.setsockopt(socket.SOL_SOCKET, 33, 256 << 20)  # SO_RCVBUFFORCE
        self.socket.bind((0, 1 << (READLOG_GROUP - 1)))
        self.socket.settimeout(0.5)
        self.events, self.keys, self.lost, self.stopped = collections.Counter(), {}, False, False

    def run(self):
        while True:
            try:
                data = self.socket.recv(16384)
            except TimeoutError:
                if self.stopped:
                    return
                continue
            except OSError as error:
                if error.errno != errno.ENOBUFS:
                    raise
                self.lost = True
                continue
            kind = struct.unpack_from("=IH", data)[1]
            text = data[16:].decode(errors="replace")
            serial = re.match(r"audit\(([0-9.:]+)\)", text)
            if kind < FIRST_EVENT or kind == END_OF_EVENT or not serial:
                continue
            self.events[serial[1]] += 1
            if kind == SYSCALL:
                key = re.search(r' key=(?:"([^"]*)"|(\S+))', text)
                if key and key[2] != "(null)":
                    self.keys[serial[1]] = key[1] or key[2]

    def counts(self):
        """Records of the events that have a key: the policies' rules all give one."""
        self.stopped = True
        self.join()
        self.socket.close()
        if self.lost:
            sys.exit("records were lost on the way here")
        counts = collections.Counter()
        for serial, number in self.events.items():
            if serial in self.keys:
                counts[self.keys[serial]] += number
        return counts


def asked(program, request):
    """The report on a request."""
    answer = subprocess.run([program, "-"], input=json.dumps(request), capture_output=True, text=True, check=False)
    report = json.loads(answer.stdout)
    if report["failed"]:
        sys.exit(report["msg"])
    return report


def write_sources(directory):
    for number in range(1, SOURCES + 1):
        body = "int main(void) { return f2(0); }\n" if number == 1 else ""
        text = f"int f2(int);\nint f{number}(int x) {{ return x * {number}; }}\n{body}"
        with open(f"{directory}/f{number}.c", "w", encoding="utf-8") as file:
            file.write(text)
    with open(f"{directory}/Makefile", "w", encoding="utf-8") as file:
        file.write(MAKEFILE.format(sources=SOURCES))


def built():
    """Seconds that a build takes."""
    with tempfile.TemporaryDirectory() as directory:
        write_sources(directory)
        begin = time.monotonic()
        logged_in = f'echo 1000 >/proc/self/loginuid && exec make -s -j{os.cpu_count()} -C "$0" install'
        subprocess.run(["sh", "-c", logged_in, directory], check=True)
        return time.monotonic() - begin


def measured(program, name, product):
    """A policy's rules, and of each round the seconds with and without them, and the records by key."""
    printed = subprocess.run([program, "policy", name, "--product", product], capture_output=True, text=True, check=True)
    left_out = sorted(FOR_GOOD & {line.strip() for line in printed.stdout.splitlines()})
    request = {
        "target": "runtime",
        "on_missing": "skip",
        "policy": {"name": name, "product": product, "without": left_out},
        "drop_ins": {"98-load": {"rules": [], "control": {"enabled": True, "backlog_limit": 65536}}},
    }
    rounds = []
    for _ in range(ROUNDS):
        without = built()
        report = asked(program, request)
        records = Records()
        records.start()
        try:
            seconds = built()
            counts = records.counts()
        finally:
            asked(program, report["undo"])
        rounds.append((seconds, without, counts))
    return report["rules"]["loaded"], rounds


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", required=True)
    program = parser.parse_args().program
    if asked(program, {"operation": "gather"})["runtime"]["rules"]:
        sys.exit("the kernel has rules")
    table, keys = [], []
    for name, product in MEASURED:
        rules, rounds = measured(program, name, product)
        seconds = statistics.median(seconds for seconds, _, _ in rounds)
        ratio = statistics.median(seconds / without for seconds, without, _ in rounds)
        totals = sorted(sum(counts.values()) for _, _, counts in rounds)
        total = totals[len(totals) // 2]
        table.append(f"| {name} | {product} | {rules} | {total} | {total / seconds:.0f} | {ratio:.2f} |")
        counts = next(counts for _, _, counts in rounds if sum(counts.values()) == total)
        for key, number in counts.most_common():
            keys.append(f"| {name} | `{key}` | {number} | {number / seconds:.0f} | {100 * number / total:.0f} % |")
        print(table[-1], flush=True)
    head = HEAD.format(sources=SOURCES, kernel=platform.release().split("-")[0], processors=os.cpu_count(), rounds=ROUNDS)
    with open(PAGE, "w", encoding="utf-8") as page:
        page.write(head + "\n".join(table) + "\n" + KEYS + "\n".join(keys) + "\n")


if __name__ == "__main__":
    main()
