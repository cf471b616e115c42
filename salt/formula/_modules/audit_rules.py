# SPDX-License-Identifier: Apache-2.0
"""
Linux audit rules: those in the running kernel and those in ``/etc/audit/rules.d``.

.. versionadded:: 0.1.0

Every function calls the executable ``audit_rules`` once and takes a few milliseconds. The formula installs it; without an
installed one, that of the file server is copied into the minion's cache.

Functions take the keys of the request that the executable reads; ``docs/requests.md`` explains each of them. Further, where
they make sense:

executable
    The path of the executable on the minion. By default the pillar ``audit_rules:lookup:executable``, then
    ``/usr/libexec/audit_rules``, ``/usr/local/libexec/audit_rules``, ``PATH``, the file server.

saltenv
    The environment of the file server for ``source`` and for the executable.
"""

import salt.utils.args
from salt.exceptions import CommandExecutionError

__virtualname__ = "audit_rules"
__func_alias__ = {"apply_": "apply", "import_": "import"}


def __virtual__():
    """
    Where there can be audit rules. A missing executable is told by the call, since the same run may install it.
    """
    if __grains__.get("kernel") != "Linux":
        return False, "audit_rules: this minion runs {}; audit rules are a part of Linux".format(__grains__.get("kernel"))
    return __virtualname__


def _call(operation, given, executable=None, saltenv=None):
    """
    Sends a request, gives the report. A report that failed also sets the exit status of ``salt-call``.
    """
    saltenv = saltenv or __opts__.get("saltenv") or "base"
    sources = __salt__["audit_rules_arguments.sources"](__salt__, saltenv)
    request = __salt__["audit_rules_arguments.build"](operation, given, sources)
    report = __salt__["audit_rules_executable.call"](
        __salt__, __opts__["cachedir"], __grains__["cpuarch"], request, executable, saltenv
    )
    sources.place(report)
    if report["failed"]:
        __context__["retcode"] = 1
        if report.get("errors"):
            # In the words of who called: rules[0], and not /rules/0.
            report["msg"] = __salt__["audit_rules_report.message"](report)
    return report


def _looked(operation, given, part, executable, saltenv):
    """
    Sends a request that only looks. Without the wanted part there is nothing to give, so that is an exception.
    """
    report = _call(operation, given, executable, saltenv)
    if report["failed"] and part not in report:
        raise CommandExecutionError(__salt__["audit_rules_return.comment"](report))
    return report


def apply_(state="present", name=None, test=None, executable=None, saltenv=None, **options):
    """
    Make the minion agree with the given rules, and give the whole report. The states of this name do the same and show it
    better.

    state
        ``present``, ``absent``, ``loaded``, ``exact`` or ``restored``

    name
        The drop-in; not with ``loaded``, ``restored``, ``drop_ins`` and ``policy``.

    test
        Change nothing, say what would change. By default the minion's ``test``.

    Further arguments are those of the state.

    CLI Example:

    .. code-block:: bash

        salt '*' audit_rules.apply present 30-identity rules='["-w /etc/passwd -p wa -k identity"]' test=True
        salt '*' audit_rules.apply loaded purge=True
        salt '*' audit_rules.apply restored snapshot='UNDO OF AN EARLIER RESULT, AS JSON'
    """
    given = salt.utils.args.clean_kwargs(**options)
    given["state"] = state
    if name is not None:
        given["name"] = name
    given["check_mode"] = bool(__opts__.get("test") if test is None else test)
    given.setdefault("diff", True)
    return _call("apply", given, executable, saltenv)


def gather(
    source=None, expect=None, details=None, ordering=None, on_drift=None, root=None, rules_dir=None, kernel=None, arch=None,
    culprit=None, export=None, adopt=None, files=None, trace_netlink=None, executable=None, saltenv=None,
):  # fmt: skip
    """
    Give the whole report about files and kernel. The other functions give parts of it.

    source
        ``both`` reads files and, where it has audit for this minion, the kernel. ``filesystem`` or ``runtime`` reads one.

    expect
        Rules, or the arguments of a state as a dictionary: whether the minion holds that, rule by rule.

    details
        False leaves out what is as it should be: files and rules one by one.

    kernel
        ``host``: the running one also where this minion has a mount namespace of its own, and from a container.

    arch
        With ``root``, the machine of the image as ``uname -m`` names it.

    culprit
        True says of each difference who loaded or unloaded the rule, or changed the setting, as far as the audit log tells.

    export
        True gives the drop-ins of the minion as a request to apply, in ``request``: its keys are the arguments of a state.

    adopt
        With ``export``, the request also takes over what was loaded by hand and what only ``audit.rules`` has.

    files
        With ``culprit``, the files of the log, the oldest first. By default those of the minion.

    trace_netlink
        A file of this minion for every byte that comes from the kernel.

    CLI Example:

    .. code-block:: bash

        salt '*' audit_rules.gather
        salt '*' audit_rules.gather root=/srv/images/debian arch=aarch64
        salt '*' audit_rules.gather expect='["-w /etc/passwd -p wa -k identity"]' on_drift=fail
    """
    given = {
        "source": source, "expect": expect, "details": details, "ordering": ordering, "on_drift": on_drift, "root": root,
        "rules_dir": rules_dir, "kernel": kernel, "arch": arch, "culprit": culprit, "export": export, "adopt": adopt,
        "files": files, "trace_netlink": trace_netlink,
    }  # fmt: skip
    return _call("gather", given, executable, saltenv)


def evidence(culprit=None, executable=None, saltenv=None):
    """
    Give the whole report on whether this minion holds what its pillar ``audit_rules`` says, in its files, its kernel and its
    next boot. ``labels`` has it control by control. Nothing is changed. The runner of this name asks many minions at once.

    culprit
        True says of each difference between files and kernel who made it, as far as the audit log tells.

    CLI Example:

    .. code-block:: bash

        salt '*' audit_rules.evidence
    """
    # pillar.get of Salt 3008 gives asterisks in the place of values.
    given = __salt__["audit_rules_arguments.evidence_of"](__pillar__.get("audit_rules", {}))
    if culprit and given.get("source") != "filesystem" and given.get("root", "/") == "/":
        given["culprit"] = True
    return _call("gather", given, executable, saltenv)


def list_rules(source=None, details=False, root=None, rules_dir=None, kernel=None, executable=None, saltenv=None):
    """
    Give the rules that the kernel holds, and those of every file in rules.d, as ``auditctl -l`` prints them.

    source
        ``both`` reads files and, where it has audit for this minion, the kernel. ``filesystem`` or ``runtime`` reads one.

    details
        Rules taken apart, each with its key, origin, and whether it is running and comes back at the next boot.

    kernel
        ``host``: the running one also where this minion has a mount namespace of its own.

    CLI Example:

    .. code-block:: bash

        salt '*' audit_rules.list_rules
        salt '*' audit_rules.list_rules source=runtime
        salt '*' audit_rules.list_rules details=True
    """
    given = {"source": source, "root": root, "rules_dir": rules_dir, "kernel": kernel}
    report = _call("gather", given, executable, saltenv)
    if report["failed"]:
        raise CommandExecutionError(__salt__["audit_rules_return.comment"](report))

    def shown(rules):
        return rules if details else [rule["rule"] for rule in rules]

    found = {}
    if "rules" in report.get("runtime", {}):
        found["kernel"] = shown(report["runtime"]["rules"])
    if "filesystem" in report:
        found["files"] = {file["path"]: shown(file["rules"]) for file in report["filesystem"]["files"]}
    return found


def status(root=None, rules_dir=None, kernel=None, executable=None, saltenv=None):
    """
    Give the state of the audit subsystem: its settings and counters, what the kernel can do, whether it is locked, what waits
    for a boot, which line of which file decides each setting, who else loads rules.

    kernel
        ``host``: the running one also where this minion has a mount namespace of its own.

    CLI Example:

    .. code-block:: bash

        salt '*' audit_rules.status
    """
    report = _looked("gather", {"root": root, "rules_dir": rules_dir, "kernel": kernel}, "runtime", executable, saltenv)
    parts = ("in_sync", "digest", "status", "features", "settings", "managers", "reboot_required", "pending", "warnings")
    found = {part: report[part] for part in parts if part in report}
    found["runtime"] = {key: value for key, value in report["runtime"].items() if key != "rules"}
    found["comment"] = report["msg"]
    return found


def drift(
    expect=None, ordering=None, on_drift=None, root=None, rules_dir=None, kernel=None, culprit=None, executable=None,
    saltenv=None,
):  # fmt: skip
    """
    Give in what files, kernel and next boot differ, each difference with its cause. ``in_sync`` says in one word whether they
    do not; it is ``None`` where only the files could be read and nothing is wrong with them, and ``comment`` says why.

    expect
        Rules, or the arguments of a state as a dictionary. ``in_sync`` is then about these, and ``expect`` has the evidence for
        each of them: whether a file asks for it, the kernel holds it, the next boot loads it.

    on_drift
        ``fail`` also makes the job fail where they differ.

    culprit
        True says of each difference who loaded or unloaded the rule, as far as the audit log tells.

    CLI Example:

    .. code-block:: bash

        salt '*' audit_rules.drift
        salt '*' audit_rules.drift on_drift=fail --out=json
        salt '*' audit_rules.drift expect='{state: exact, name: 30-identity, rules: ["-w /etc/passwd -p wa -k identity"]}'
    """
    given = {
        "expect": expect, "ordering": ordering, "on_drift": on_drift, "root": root, "rules_dir": rules_dir,
        "kernel": kernel, "culprit": culprit,
    }  # fmt: skip
    report = _looked("gather", given, "filesystem", executable, saltenv)
    found = {part: report[part] for part in ("expect", "drift", "next_boot", "reboot_required", "pending") if part in report}
    found["in_sync"] = report.get("in_sync")
    reason = report.get("runtime", {}).get("reason")
    found["comment"] = "{}: {}".format(report["msg"], reason) if reason else report["msg"]
    return found


def lint(
    rules=None, source=None, template=None, context=None, defaults=None, source_hash=None, files=None, archs=None,
    format=None, fail_on=None, root=None, rules_dir=None, ignore=None, product=None, profile=None, executable=None,
    saltenv=None,
):  # fmt: skip
    """
    Give what is wrong with rules: those given, a rules file of the file server, or those of this minion's rules.d. Nothing is
    changed, and no privilege is needed.

    files
        Rules files, each with ``name`` and ``text``, as the drop-ins of one host; without ``text``, a file or a directory with
        ``.rules`` files on this minion.

    ignore
        Codes of findings that are left out, such as ``watch_form``.

    fail_on
        The least severity that makes the job fail: ``error`` (default), ``warning``, ``info``, or ``never``.

    profile
        A profile of the SCAP Security Guide, such as ``stig``: ``scanner`` says of each of its checks whether auditors'
        scanners accept the rules. Checks that they would fail make the job fail, unless ``fail_on`` is ``never``.

    product
        The product whose checks are meant, such as ``rhel9``; by default that of this minion, where its rules are looked at.

    CLI Example:

    .. code-block:: bash

        salt '*' audit_rules.lint root=/
        salt '*' audit_rules.lint profile=stig fail_on=never
        salt '*' audit_rules.lint source=salt://audit/files/30-identity.rules fail_on=warning
        salt-call --local audit_rules.lint rules='["-w /etc/passwd -p wa -k identity"]' archs='[x86_64, aarch64]'
    """
    given = {
        "rules": rules, "source": source, "template": template, "context": context, "defaults": defaults,
        "source_hash": source_hash, "files": files, "archs": archs, "format": format, "fail_on": fail_on,
        "root": root, "rules_dir": rules_dir, "ignore": ignore, "product": product, "profile": profile,
    }  # fmt: skip
    report = _looked("lint", given, "findings", executable, saltenv)
    found = {part: report[part] for part in ("findings", "counts", "scanner", "sarif") if part in report}
    found["comment"] = report["msg"]
    return found


def explain(
    rules=None, source=None, template=None, context=None, defaults=None, source_hash=None, files=None, arch=None,
    event=None, perm_syscalls=None, resolve=None, root=None, rules_dir=None, executable=None, saltenv=None,
):  # fmt: skip
    """
    Give what each line means, or why it is refused: its canonical text, what the kernel is sent, what is worth knowing.

    With ``event``, give which rule decides about it instead.

    files
        Rules files, each with ``name`` and ``text``; without ``text``, a file or a directory with ``.rules`` files on this
        minion. Each line of a file, that of ``source`` too, has its ``file`` and ``number``.

    arch
        The machine, as ``uname -m`` names it; by default this minion's.

    resolve
        Give each rule taken apart too, with names in place of numbers, as ``auditctl -i`` does.

    event
        An event, or a list of them. The rules are those given, or without any those of this minion's kernel; where that cannot
        be asked, those that the next boot loads. Another answer than an event's ``expect`` fails the job.

    CLI Example:

    .. code-block:: bash

        salt '*' audit_rules.explain rules='["-a always,exit -F arch=b64 -S chown -k perm_mod"]'
        salt '*' audit_rules.explain source=salt://audit/files/30-identity.rules arch=aarch64
        salt '*' audit_rules.explain event='{syscall: openat, path: /etc/shadow, auid: 1000, expect: {recorded: true}}'
    """
    given = {
        "rules": rules, "source": source, "template": template, "context": context, "defaults": defaults,
        "source_hash": source_hash, "files": files, "arch": arch, "event": event, "perm_syscalls": perm_syscalls, "root": root,
        "rules_dir": rules_dir, "resolve": resolve,
    }  # fmt: skip
    part = "lines" if event is None else "events"
    return _looked("explain", given, part, executable, saltenv)[part]


def events(
    rules=None, source=None, template=None, context=None, defaults=None, source_hash=None, drop_ins=None, policy=None,
    files=None, match=None, since=None, until=None, seconds=None, count=None, limit=None, records=None, format=None,
    output=None, extra_attributes=None, trace_netlink=None, arch=None, root=None, rules_dir=None, executable=None, saltenv=None,
):  # fmt: skip
    """
    Give what was recorded, how often by each rule and under each key: from the audit log of this minion, or with
    ``seconds`` what the kernel sends from now on. With ``rules``, a ``source``, ``drop_ins`` or a ``policy``, give what
    that policy would have made of it. Nothing is changed.

    files
        The files of the log, each with ``name``, the oldest first; by default those of this minion.

    match
        Which events are kept: a list of entries with ``keep`` or ``drop``, of which the first that fits decides.

    since, until
        Times such as ``2026-11-29T10:00:00Z``, or seconds since 1970.

    seconds
        Listen to the kernel for so long, 3600 at most, instead of reading the log. The minion is busy meanwhile.

    limit
        How many of the events that are kept are given one by one; all are counted.

    output
        A file of this minion to which every event that is kept is written.

    extra_attributes
        Words about these events by name, which the answer and each line of ``output`` have too.

    trace_netlink
        A file of this minion for every byte that comes from the kernel.

    CLI Example:

    .. code-block:: bash

        salt '*' audit_rules.events since=2026-11-29T00:00:00Z match='[{keep: {key: identity}}]'
        salt '*' audit_rules.events policy=stig limit=0
        salt '*' audit_rules.events seconds=30 count=1
    """
    given = {
        "rules": rules, "source": source, "template": template, "context": context, "defaults": defaults,
        "source_hash": source_hash, "drop_ins": drop_ins, "policy": policy, "files": files, "match": match, "since": since,
        "until": until, "seconds": seconds, "count": count, "limit": limit, "records": records, "format": format,
        "output": output, "extra_attributes": extra_attributes, "trace_netlink": trace_netlink, "arch": arch, "root": root,
        "rules_dir": rules_dir,
    }  # fmt: skip
    report = _looked("events", given, "counters", executable, saltenv)
    parts = (
        "events", "by_rule", "noise", "by_key", "unattributed", "replay", "counters", "listening", "logs", "malformed",
        "extra_attributes",
    )  # fmt: skip
    found = {part: report[part] for part in parts if part in report}
    found["comment"] = report["msg"]
    return found


def import_(document=None, dialect="libaudit-go", name=None, executable=None, saltenv=None):
    """
    Give what a document of another tool asks for, as the arguments of a state. Nothing is changed, and no host is looked at.

    document
        The document, as a dictionary or as its text.

    dialect
        ``libaudit-go``, the JSON of that library of Mozilla.

    name
        The drop-in, by default ``50-libaudit-go``.

    CLI Example:

    .. code-block:: bash

        salt-call --local audit_rules.import document="$(cat audit.rules.json)" name=30-site
    """
    given = {"document": document, "dialect": dialect, "name": name}
    return _looked("import", given, "request", executable, saltenv)["request"]


def prove(
    rules=None, source=None, template=None, context=None, defaults=None, source_hash=None, name=None, keys=None, seconds=None,
    records=None, trace_netlink=None, rules_dir=None, executable=None, saltenv=None,
):  # fmt: skip
    """
    Find out whether rules record: for each something harmless is done that it is about, and the kernel is listened to.
    On a minion with ``test: True`` nothing is done, and what would be is given. Nothing is changed.

    rules
        The lines of the rules that are meant, or a ``source`` with them; by default, and without ``name`` and ``keys``, all
        that are loaded.

    name
        The drop-in whose rules are meant.

    keys
        The keys of the rules that are meant.

    seconds
        How long to wait for the last record; by default 2.

    CLI Example:

    .. code-block:: bash

        salt '*' audit_rules.prove
        salt '*' audit_rules.prove keys='[identity]'
    """
    given = {
        "rules": rules, "source": source, "template": template, "context": context, "defaults": defaults,
        "source_hash": source_hash, "name": name, "keys": keys, "seconds": seconds, "records": records,
        "trace_netlink": trace_netlink, "rules_dir": rules_dir, "check_mode": bool(__opts__.get("test")),
    }  # fmt: skip
    report = _looked("prove", given, "proofs", executable, saltenv)
    return {"proofs": report["proofs"], "verdicts": report.get("verdicts", {}), "comment": report["msg"]}
