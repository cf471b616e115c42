"""Which benchmarks exist for which products, and in what words the policies speak of their rules."""

import re

# Product: title, the distributions that are this product as ID and VERSION_ID of os-release, and for each policy the
# profiles of the SCAP Security Guide, the newest edition of a benchmark first.
RED_HAT = ("rhel", "centos", "rocky", "almalinux")
PRODUCTS = {
    "rhel7": (
        "Red Hat Enterprise Linux 7",
        [("rhel", "7"), ("centos", "7")],
        {"cis": ["cis"], "stig": ["stig"], "ospp": ["ospp"], "pci-dss": ["pci-dss"], "anssi": ["anssi_nt28_high"]},
    ),
    "rhel8": (
        "Red Hat Enterprise Linux 8",
        [(name, "8") for name in RED_HAT],
        {"cis": ["cis"], "stig": ["stig"], "ospp": ["ospp"], "pci-dss": ["pci-dss"], "anssi": ["anssi_bp28_high"]},
    ),
    "rhel9": (
        "Red Hat Enterprise Linux 9",
        [(name, "9") for name in RED_HAT],
        {"cis": ["cis"], "stig": ["stig"], "ospp": ["ospp"], "pci-dss": ["pci-dss"], "anssi": ["anssi_bp28_high"]},
    ),
    "rhel10": (
        "Red Hat Enterprise Linux 10",
        [(name, "10") for name in RED_HAT],
        {"cis": ["cis"], "stig": ["stig"], "ospp": ["ospp"], "pci-dss": ["pci-dss"], "anssi": ["anssi_bp28_high"]},
    ),
    **{
        f"ol{version}": (
            f"Oracle Linux {version}",
            [("ol", version)],
            {"stig": ["stig"], "ospp": ["ospp"], "pci-dss": ["pci-dss"], "anssi": ["anssi_bp28_high"]},
        )
        for version in ("8", "9", "10")
    },
    "ubuntu2004": ("Ubuntu 20.04", [("ubuntu", "20.04")], {"cis": ["cis_level2_server"], "stig": ["stig"]}),
    "ubuntu2204": ("Ubuntu 22.04", [("ubuntu", "22.04")], {"cis": ["cis_level2_server"], "stig": ["stig"]}),
    "ubuntu2404": ("Ubuntu 24.04", [("ubuntu", "24.04")], {"cis": ["cis_level2_server"], "stig": ["stig"]}),
    "debian12": ("Debian 12", [("debian", "12")], {"cis": ["cis_level2_server"], "anssi": ["anssi_bp28_high"]}),
    "debian13": ("Debian 13", [("debian", "13")], {"cis": ["cis_level2_server"], "anssi": ["anssi_bp28_high"]}),
    "sle12": (
        "SUSE Linux Enterprise 12",
        [("sles", "12"), ("sled", "12"), ("sles_sap", "12")],
        {"cis": ["cis"], "stig": ["stig"], "pci-dss": ["pci-dss-4", "pci-dss"], "anssi": ["anssi_bp28_high"]},
    ),
    "sle15": (
        "SUSE Linux Enterprise 15",
        [("sles", "15"), ("sled", "15"), ("sles_sap", "15")],
        {"cis": ["cis"], "stig": ["stig"], "pci-dss": ["pci-dss-4", "pci-dss"], "anssi": ["anssi_bp28_high"]},
    ),
    "sle16": (
        "SUSE Linux Enterprise 16",
        [("sles", "16"), ("sles_sap", "16")],
        {"pci-dss": ["pci-dss-4"], "anssi": ["anssi_bp28_high"]},
    ),
}

# Products for which the guide has no profile of a benchmark: the files of another product that fit.
BORROWED = {"debian11": ("Debian 11", [("debian", "11")], "debian12", ["cis", "anssi"])}

# The unit that loads the rules at boot, as the product has it: checks ask for it first.
AUDITD = ("/usr/lib/systemd/system/auditd.service", "[Service]\nExecStart=/sbin/auditd\nExecStartPost=-/sbin/augenrules --load\n")
AUDIT_RULES = ("/usr/lib/systemd/system/audit-rules.service", "[Service]\nType=oneshot\nExecStart=/usr/sbin/augenrules --load\n")


def unit(product):
    """Path and text of the unit that loads the rules."""
    return AUDIT_RULES if product in ("rhel10", "ol10", "debian13") else AUDITD


# Where the scanner compares whole files, those for other machines are another product: they have no rules of system calls
# that these lack, nor a word about that.
OTHER_MACHINES = {
    f"{product}-{machine}": (product, machine) for product in ("rhel9", "rhel10") for machine in ("aarch64", "ppc64le")
}

TITLES = {
    "cis": "CIS Benchmark, level 2 server",
    "stig": "DISA STIG",
    "ospp": "Protection Profile for General Purpose Operating Systems",
    "pci-dss": "PCI-DSS",
    "anssi": "ANSSI-BP-028, high",
}

# Topics in the order of the files: what the checks are called, the key of their rules, and a line that says what they are
# about. The first that fits counts.
TOPICS = [
    (r"continue_loading|system_shutdown", None, "How the rules are loaded, and what happens when no record can be written"),
    (r"_time_", "time-change", "Clock and time zone"),
    (r"usergroup_modification", "identity", "Users, groups and how they log in"),
    (r"sysadmin_actions|sudoers", "actions", "Who may act as another user"),
    (r"sudo_log", "sudo_log", "The log of sudo"),
    (r"networkconfig", "system-locale", "Names of the host, its networks, and the texts shown before login"),
    (r"mac_modification", "MAC-policy", "Policies of mandatory access control"),
    (r"login_events", "logins", "Records of logins and failed logins"),
    (r"session_events", "session", "Records of sessions"),
    (r"unsuccessful", "access", "Files that somebody was not allowed to reach"),
    (r"dac_modification_.*mount", "export", "File systems that are mounted and unmounted"),
    (r"dac_modification", "perm_mod", "Owners, permissions and attributes of files"),
    (r"file_deletion", "delete", "Files that are removed or renamed"),
    (r"media_export", "export", "File systems that are mounted and unmounted"),
    (r"kernel_module_loading|privileged_commands_(insmod|kmod|modprobe|rmmod)", "modules", "Modules of the kernel"),
    (r"commands_fdisk", "modules", "Modules of the kernel"),
    (r"suid_auid", "user_emulation", "Programs that run as somebody else"),
    (r"suid_privilege", "setuid", "Programs that run as somebody else"),
    (r"etc_cron|spool_cron|cron_execution", "cron", "Jobs that run later"),
    (r"var_log_audit", "access-audit-trail", "Who reads the audit trail"),
    (r"var_log_journal", "systemd_journal", "The journal"),
    (r"commands|execution", "privileged", "Programs that act with the rights of others, or change these"),
    (r"immutable", None, "What stays as it is until the next boot"),
    (r"enable_syscall", None, "System calls are looked at"),
]


def topic(check):
    """The index of a check's topic."""
    return next(index for index, (names, _, _) in enumerate(TOPICS) if re.search(names, check))


def labels(policy, product, check, contents):
    """The numbers of a check in a benchmark, from the newest content that has any, else the check's own name."""
    prefix = policy if policy in ("pci-dss", "anssi", "ospp") else f"{policy}-{product}"
    for content in contents:
        if check.name in content.checks:
            numbers = _numbers(policy, content.checks[check.name].references)
            if numbers:
                return [f"{prefix} {number}" for number in numbers]
    return [f"{prefix} {check.name}"]


def _numbers(policy, references):
    found = []
    if policy == "stig":
        found = [text for href, text in references if "stig" in href and re.fullmatch(r"[A-Z]+\d*-\d\d-\d{6}", text)]
    elif policy == "cis":
        found = [text for href, text in references if "cisecurity.org/benchmark" in href and text[:1].isdigit()]
    elif policy == "anssi":
        found = [match.group(0) for href, text in references if "gouv.fr" in href and (match := re.search(r"R\d+", text))]
    elif policy == "ospp":
        found = [text for href, text in references if "niap" in href]
    elif policy == "pci-dss":
        found = [text for href, text in references if "PCI-DSS-v4" in href or "PCI_DSS-v4" in href]
        # A number says more than the beginning of it.
        found = [number for number in found if not any(other.startswith(number + ".") for other in found)]
        found = found or [text.removeprefix("Req-") for href, text in references if "PCI_DSS_v3" in href]
    return sorted(set(found), key=lambda number: [part.zfill(8) for part in re.split(r"[.\-]", number)])
