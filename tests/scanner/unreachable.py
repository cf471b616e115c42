"""Checks that no policy of ours passes, each with its reason."""

# Policy, products, versions of the guide, check, and why; empty means any.
OSPP_GENERAL = "wants other bytes in the file than 0.1.82 does; ours are those of 0.1.82"
UNREACHABLE = [
    *(
        ("ospp", ("rhel8", "rhel9", "rhel10", "ol8", "ol9"), ("0.1.65", "0.1.76"), f"audit_ospp_general{machine}", OSPP_GENERAL)
        for machine in ("", "_aarch64", "_ppc64le")
    ),
    ("stig", ("ol8",), ("0.1.65",), "audit_rules_suid_privilege_function", "wants `-C gid!=guid`, and there is no field guid"),
    (
        "ospp",
        ("rhel7",),
        (),
        "audit_rules_for_ospp",
        "compares with the samples in the host's own `/usr/share/doc/audit`, which no policy can know",
    ),
]


def reason(policy, product, version, check):
    """Why a check cannot pass, None where it can."""
    for policy_meant, products, versions, name, why in UNREACHABLE:
        if (
            name == check
            and policy_meant in ("", policy)
            and (not products or product in products)
            and (not versions or version in versions)
        ):
            return why
    return None
