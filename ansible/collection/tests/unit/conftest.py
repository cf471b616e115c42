# Copyright: The audit_rules authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""These tests run as root in a mount namespace that ansible/test-plugin has made: they write to /var/cache."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest


def pytest_configure(config):
    if not os.path.exists("/run/audit_rules-tests"):
        raise pytest.UsageError("start these tests with ansible/test-plugin; they would write to this machine")


@pytest.fixture(name="libexec")
def fixture_libexec():
    """A directory for programs that only root may write, with all above it: not below /tmp."""
    path = Path("/run/audit_rules-libexec")
    path.mkdir()
    yield path
    shutil.rmtree(path)
