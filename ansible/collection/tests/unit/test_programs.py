# Copyright: The audit_rules authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The programs that the collection carries."""

from __future__ import annotations

import gzip

from ansible import constants

from ansible_collections.linux.audit.plugins.plugin_utils.programs import Program


def test_a_program_is_packed_once_in_a_run_of_many_hosts(tmp_path, monkeypatch):
    monkeypatch.setattr(constants, "DEFAULT_LOCAL_TMP", str(tmp_path))
    reads = []
    monkeypatch.setattr(Program, "read", lambda self: reads.append(self) or b"content")
    packed = [Program("x86_64", "0" * 64, 7).read_packed() for dummy in range(3)]
    assert [gzip.decompress(each) for each in packed] == [b"content"] * 3 and len(reads) == 1
    # Nothing is left but what the next host reads.
    assert [path.name for path in tmp_path.iterdir()] == [f"audit_rules-{'0' * 64}.gz"]


def test_a_program_is_packed_where_nothing_can_be_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(constants, "DEFAULT_LOCAL_TMP", str(tmp_path / "none"))
    monkeypatch.setattr(Program, "read", lambda program: b"content")
    assert gzip.decompress(Program("x86_64", "0" * 64, 7).read_packed()) == b"content"
