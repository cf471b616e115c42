# SPDX-License-Identifier: Apache-2.0
"""
Linux audit rules, in the running kernel and in ``/etc/audit/rules.d``.

.. versionadded:: 0.1.0

.. code-block:: yaml

    30-identity:
      audit_rules.present:
        - rules:
          - "# Who may log in"
          - -w /etc/passwd -p wa -k identity
          - {path: /etc/shadow, permissions: wa, key: identity}

    40-postgres:
      audit_rules.present:
        - source: salt://postgres/files/audit.rules

Each state looks at files and kernel every time, and changes only what differs. With ``test=True`` the result is ``None``
exactly when something would change, with the same ``changes`` as the real run. ``changes`` has ``files``, ``kernel``,
``control``, and one unified ``diff`` of them. A failure after the first change is taken back.

Arguments are the keys of the request that the executable reads: ``docs/requests.md`` explains each of them, and has the
defaults. These are Salt's own:

source
    A whole rules file instead of ``rules``: ``salt://``, a path on the minion, a URL; of a list the first that exists, as in
    ``file.managed``. An entry of ``drop_ins`` may have it too.

source_hash, template, context, defaults
    As in ``file.managed``.

executable
    The path of the executable on the minion; see the execution module.

The schema of requests says in ``x-used-by`` which state uses which key; a key that the state has no use for is an error.

The return also has ``undo`` after a change: the argument ``snapshot`` of ``restored``. While the kernel is locked, ``pending``
has what the next boot will do.

``watch`` and ``listen``: there is nothing to restart, so they do what ``require`` does, but that ``loaded`` with ``test=True``
also gives ``None`` when a file that it watches would change.
"""

from salt.exceptions import CommandExecutionError, SaltInvocationError

__virtualname__ = "audit_rules"


def __virtual__():
    """
    Where the execution module is.
    """
    if "audit_rules.apply" in __salt__:
        return __virtualname__
    return False, "audit_rules: the execution module audit_rules is not loaded; it runs on Linux"


def _converge(state, given):
    """
    Calls the executable once. given: the arguments of the state function, of which None counts as not given. Those that it
    does not know are sent too: the answer has the nearest known one, while Salt itself would end the whole run.
    """
    name = given["name"]
    unknown = {key: value for key, value in given.pop("kwargs").items() if not key.startswith("__")}
    sent = {key: value for key, value in dict(given, **unknown).items() if value is not None}
    # It is then the ID of the state and no more.
    if "drop_ins" in sent or "policy" in sent or state in ("loaded", "restored"):
        del sent["name"]
    try:
        report = __salt__["audit_rules.apply"](state=state, test=__opts__["test"], saltenv=__env__, **sent)
    except (CommandExecutionError, SaltInvocationError) as error:
        return {"name": name, "changes": {}, "result": False, "comment": str(error)}
    return __salt__["audit_rules_return.state_return"](name, report, __opts__["test"])


def present(
    name, rules=None, source=None, source_hash=None, template=None, context=None, defaults=None, control=None,
    drop_ins=None, policy=None, target=None, root=None, rules_dir=None, arch=None, ordering=None, on_locked=None,
    on_duplicate=None, on_missing=None, unknown_syscalls=None, loader_unknown=None, mode=None, owner=None, group=None,
    backup=None, record=None, compile=None, perm_syscalls=None, expedite=None, adopt=None, kernel=None, allow_empty=None,
    header=None, reset_lost=None,
    lock_timeout=None, trace_netlink=None, plan_id=None, lock_anyway=None, executable=None, **kwargs,
):  # fmt: skip
    """
    Ensure that a drop-in holds exactly these rules and settings, and that the kernel holds them too. What only this drop-in
    held before leaves the kernel.

    name
        The drop-in, with or without ``.rules``: ``30-identity`` is ``/etc/audit/rules.d/30-identity.rules``.

    rules
        Lines as auditctl takes them, comments, and rules as dictionaries; or the text of a whole rules file.

    control
        Settings of the audit subsystem: ``{backlog_limit: 8192, failure: printk, enabled: locked}``

    lock_anyway
        Lock the kernel although it lacks rules or settings of other drop-ins. Without it that is an error.

    reset_lost
        Set the kernel's count of lost records back to zero, once all else is as declared.

    drop_ins
        Several drop-ins by name, in one change, instead of ``name``, ``rules``, ``source`` and ``control``. Each has
        ``rules`` or ``source``, ``control`` and ``mode``, or ``state: absent``.

    policy
        A policy for a whole benchmark that comes with the executable, or a list of them, beside ``drop_ins``: its name, or a
        dictionary with ``name``, ``product`` and ``without``.

    .. code-block:: yaml

        time-change:
          audit_rules.present:
            - name: 40-time
            - rules: {{ pillar['time_rules'] | json }}
            - control:
                backlog_limit: 8192
            - on_missing: skip
    """
    return _converge("present", locals())


def absent(
    name, rules=None, source=None, source_hash=None, template=None, context=None, defaults=None, target=None, root=None,
    rules_dir=None, arch=None, ordering=None, on_locked=None, mode=None, owner=None, group=None, backup=None, record=None,
    compile=None, perm_syscalls=None, expedite=None, adopt=None, kernel=None, lock_timeout=None, trace_netlink=None,
    plan_id=None, executable=None, **kwargs,
):  # fmt: skip
    """
    Ensure that there is no such drop-in, and that the kernel does not hold its rules, unless another drop-in does.

    name
        The drop-in.

    rules
        Only these are taken out of the drop-in.

    .. code-block:: yaml

        50-old-agent:
          audit_rules.absent
    """
    return _converge("absent", locals())


def loaded(
    name, drop_ins=None, policy=None, purge=None, keep=None, target=None, root=None, rules_dir=None, arch=None, ordering=None,
    on_locked=None, on_duplicate=None, on_missing=None, unknown_syscalls=None, loader_unknown=None, mode=None,
    owner=None, group=None,
    backup=None, record=None, compile=None, perm_syscalls=None, expedite=None, adopt=None, kernel=None, allow_empty=None,
    header=None, reset_lost=None, lock_timeout=None, trace_netlink=None, plan_id=None, executable=None, **kwargs,
):  # fmt: skip
    """
    Ensure that the kernel holds what all drop-ins together ask for. It does what ``augenrules --load`` is used for, without
    unloading what may stay.

    name
        Only the ID of the state.

    drop_ins
        Drop-ins that are brought to this content before, by name.

    policy
        Policies for whole benchmarks that come with the executable, as for ``present``.

    purge
        Also unload what no drop-in asks for, but for what ``keep`` matches: globs on drop-in names and keys.

    .. code-block:: yaml

        audit rules of all packages:
          audit_rules.loaded:
            - purge: True
            - keep: ['wazuh*']
            - watch:
              - file: /etc/audit/rules.d/50-vendor.rules
    """
    return _converge("loaded", locals())


def exact(
    name, rules=None, source=None, source_hash=None, template=None, context=None, defaults=None, control=None,
    drop_ins=None, policy=None, purge=None, keep=None, target=None, root=None, rules_dir=None, arch=None, ordering=None,
    on_locked=None, on_duplicate=None, on_missing=None, unknown_syscalls=None, loader_unknown=None, mode=None,
    owner=None, group=None,
    backup=None, record=None, compile=None, perm_syscalls=None, expedite=None, kernel=None, allow_empty=None, header=None,
    reset_lost=None, lock_timeout=None, trace_netlink=None, plan_id=None, executable=None, **kwargs,
):  # fmt: skip
    """
    Ensure that this drop-in, or these, are the only ones but for those that ``keep`` matches, and that the kernel holds exactly
    that.

    .. code-block:: yaml

        policy:
          audit_rules.exact:
            - keep: ['90-docker']
            - drop_ins:
                30-identity:
                  source: salt://audit/files/30-identity.rules
                99-finalize:
                  control: {enabled: locked}
    """
    return _converge("exact", locals())


def restored(
    name, snapshot=None, force=None, target=None, root=None, rules_dir=None, on_locked=None, backup=None, record=None,
    expedite=None,
    kernel=None, lock_timeout=None, trace_netlink=None, plan_id=None, lock_anyway=None, executable=None, **kwargs,
):  # fmt: skip
    """
    Ensure that files, rules and settings are as they were before a change.

    name
        Only the ID of the state.

    snapshot
        What the return of that change has in ``undo``.

    force
        Take back what can be taken back, also where the host changed since.

    lock_anyway
        Bring a lock back although it keeps rules or settings of the drop-ins out. Without it that is an error.

    .. code-block:: yaml

        back:
          audit_rules.restored:
            - snapshot: {{ pillar['undo'] | json }}
    """
    return _converge("restored", locals())


def mod_watch(name, sfun, **kwargs):
    """
    Called when something that is watched has changed, or would change, and the state itself had no changes.

    .. note::
        This state exists to support special handling of the ``watch`` requisite. It should not be called directly.
    """
    given = {key: value for key, value in kwargs.items() if not key.startswith("__")}
    ret = globals()[sfun](name, **_arguments(sfun, given))
    if sfun == "loaded" and __opts__["test"] and ret["result"] is True:
        ret["result"] = None
        ret["comment"] += "\nWhat is watched would change; the kernel would be brought to agree with it."
    return ret


def _arguments(sfun, given):
    """Of what Salt gives to mod_watch, what the state function takes: the rest are the requisites."""
    code = globals()[sfun].__code__
    return {key: given[key] for key in code.co_varnames[1 : code.co_argcount] if key in given}
