# SPDX-License-Identifier: Apache-2.0
"""
Linux audit rules of many minions: whether they hold the policy of their pillar.

.. versionadded:: 0.1.0
"""

import datetime
import os

import salt.client
import salt.utils.minions

__virtualname__ = "audit_rules"


def fleet(
    tgt="*", tgt_type="glob", dest=None, title="Audit rules of the fleet", fail_on=None, mode="0600", culprit=True,
    timeout=None, test=False,
):  # fmt: skip
    """
    Ask minions whether their files, kernel and next boot hold what their pillar ``audit_rules`` says, and write what they
    answer: a page, and beside it the same as JSON, and a table (CSV) with a row for each minion and control. No minion is
    changed.

    tgt, tgt_type
        The minions, as for ``salt``. Those that do not answer are part of the page.

    dest
        The page, as a path on this master; by default ``audit-fleet.html`` in the working directory. The other files are
        beside it, with ``.json`` and ``.csv`` in the place of ``.html``. The directory has to be there.

    title
        The title of the page.

    fail_on
        A list of the states of a minion with which this fails: ``drift``, ``failed``, ``unreachable``, ``undecided``,
        ``files_only``; or ``never``. By default the first three. The exit status of ``salt-run`` is then 1.

    mode
        The permissions of the files, as octal digits.

    culprit
        Say of each difference between files and kernel who made it, as far as the minion's audit log tells.

    timeout
        How long to wait for a minion that does not say that it is at work, in seconds; by default that of ``salt``.

    test
        Write nothing, and fail as otherwise.

    CLI Example:

    .. code-block:: bash

        salt-run audit_rules.fleet '*' dest=/srv/reports/audit.html
        salt-run audit_rules.fleet 'G@os:RedHat' tgt_type=compound fail_on='[drift, failed, unreachable, files_only]'
    """
    fail_on = [fail_on] if isinstance(fail_on, str) else fail_on
    try:
        permissions = int(str(mode), 8)
        fleet_of_minions = _ask(tgt, tgt_type, culprit, timeout)
        made = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        summary = __salt__["audit_rules_fleet.summarize"](*fleet_of_minions, title=title, made=made)
        found = __salt__["audit_rules_fleet.failing"](summary, fail_on)
        texts = (
            __salt__["audit_rules_fleet_page.render"](summary, __salt__["audit_rules_fleet_style.text"]()),
            __salt__["audit_rules_fleet_files.to_json"](summary),
            __salt__["audit_rules_fleet_files.to_csv"](summary),
        )
        paths = __salt__["audit_rules_fleet_files.beside"](os.path.abspath(dest or "audit-fleet.html"))
        for path, text in zip(paths, texts):
            if not test:
                __salt__["audit_rules_fleet_files.write"](path, text, permissions)
    except (ValueError, OSError) as error:
        return _ended(1, {"comment": str(error)})
    answer = {
        "comment": __salt__["audit_rules_fleet.sentence"](summary),
        "counts": summary["counts"],
        "failing": found,
        "files": dict(zip(("page", "json", "csv"), paths)),
    }
    return _ended(1 if found else 0, answer)


def _ended(retcode, answer):
    # The first is what an orchestration looks at, the second what salt-run ends with.
    __context__["retcode"] = retcode
    return dict(answer, retcode=retcode)


def _ask(tgt, tgt_type, culprit, timeout):
    """Gives the reports of the minions that answered, and what there is to say of the others, both by their names."""
    asked = salt.utils.minions.CkMinions(__opts__).check_minions(tgt, tgt_type)["minions"]
    with salt.client.get_local_client(__opts__["conf_file"]) as client:
        returns = client.cmd(
            tgt, "audit_rules.evidence", kwarg={"culprit": culprit}, tgt_type=tgt_type, timeout=timeout, full_return=True
        )
    reports, unreachable = {}, dict.fromkeys(asked, "the minion did not answer")
    for minion, returned in returns.items():
        # Of one that did not answer there is False, or a text in the place of its return.
        if not isinstance(returned, dict) or returned.get("out") == "no_return":
            continue
        # A master of masters does not know the names of all minions before they answer.
        unreachable.pop(minion, None)
        # An exception on the minion is a text.
        report = returned.get("ret")
        said = report if isinstance(report, str) else "the minion gave no report"
        reports[minion] = report if isinstance(report, dict) else {"failed": True, "msg": said}
    return reports, unreachable
