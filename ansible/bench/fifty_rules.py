"""The rules that are brought to hosts, and hosts without any."""

KEY = "bench"

# Not a kernel that records anything here: nobody has this login uid.
WATCHED = [
    "/etc/passwd", "/etc/group", "/etc/shadow", "/etc/gshadow", "/etc/hosts", "/etc/hostname", "/etc/issue", "/etc/sudoers",
    "/etc/fstab", "/etc/profile", "/etc/resolv.conf", "/etc/ld.so.conf", "/etc/ssh", "/etc/pam.d", "/etc/security",
    "/etc/cron.d", "/etc/cron.daily", "/etc/init.d", "/etc/default", "/etc/skel", "/etc/ssl", "/etc/apt", "/etc/alternatives",
    "/etc/audit", "/etc/environment",
]
CALLS = [
    "adjtimex", "settimeofday", "clock_settime", "sethostname", "setdomainname", "chmod", "fchmod", "fchmodat", "chown",
    "fchown", "lchown", "fchownat", "setxattr", "lsetxattr", "fsetxattr", "removexattr", "lremovexattr", "fremovexattr",
    "mount", "umount2", "rename", "renameat", "unlink", "init_module", "delete_module",
]


def rules(moved=False):
    """Fifty rules in the manner of a CIS benchmark; with `moved` one of them has another key."""
    lines = [f"-w {path} -p wa -k {KEY}-watch-{at}" for at, path in enumerate(WATCHED)]
    lines += [
        f"-a always,exit -F arch=b64 -S {call} -F auid=420000 -F key={KEY}-call-{at}" for at, call in enumerate(CALLS)
    ]
    lines[30] = lines[30].rsplit("=", 1)[0] + ("=bench-moved-b" if moved else "=bench-moved-a")
    return lines


def lay_out(root):
    """Makes a root directory that is a host without rules."""
    (root / "etc/audit/rules.d").mkdir(parents=True)
    for path, text in (("passwd", "root:x:0:0:root:/root:/bin/sh\n"), ("group", "root:x:0:\n"), ("audit/audit.rules", "")):
        (root / "etc" / path).write_text(text)
