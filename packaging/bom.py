# SPDX-License-Identifier: Apache-2.0
"""
The bill of materials of one executable, as CycloneDX 1.6 (https://cyclonedx.org/docs/1.6/json/). cargo-cyclonedx makes one of
the whole lock file, with what only tests use, and takes minutes to compile; what is linked is known to cargo itself.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import linked
from project import AUTHORS, HOMEPAGE, date


def bill(program: Path, architecture: str, version: str, when: int) -> str:
    """Gives the bill as JSON. when: the time that stands in it, in seconds since 1970."""
    parts, direct = linked.crates(architecture, program)
    libraries = linked.libraries(program)
    own = f"audit_rules@{version}"
    digest = hashlib.sha256(program.read_bytes()).hexdigest()
    document = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "timestamp": date(when).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "lifecycles": [{"phase": "build"}],
            "component": {
                "type": "application",
                "bom-ref": own,
                "authors": [{"name": AUTHORS}],
                "name": "audit_rules",
                "version": version,
                "hashes": [{"alg": "SHA-256", "content": digest}],
                "licenses": [{"license": {"id": "Apache-2.0"}}],
                "purl": f"pkg:generic/audit_rules@{version}?arch={architecture}",
                "externalReferences": [{"type": "vcs", "url": HOMEPAGE}],
            },
        },
        "components": [_component(part) for part in parts + libraries] + [_POLICIES],
        "dependencies": [
            {"ref": own, "dependsOn": [_reference(*key) for key in direct] + [_of(part) for part in libraries] + [_POLICIES["bom-ref"]]},
            *({"ref": _of(part), "dependsOn": [_reference(*key) for key in sorted(part.needs)]} for part in parts + libraries),
        ],
    }
    return json.dumps(document, indent=2) + "\n"


#: What `policies/` and `src/scanner/checks.json` have of another project.
_POLICIES = {
    "type": "data",
    "bom-ref": "ComplianceAsCode",
    "name": "ComplianceAsCode",
    "description": "texts of rules files and of checks, compiled in",
    "licenses": [{"license": {"id": "BSD-3-Clause"}}],
    "externalReferences": [{"type": "vcs", "url": "https://github.com/ComplianceAsCode/content"}],
}


def _reference(name: str, version: str | None) -> str:
    return f"{name}@{version}" if version else name


def _of(part: linked.Part) -> str:
    return _reference(part.name, part.version)


def _component(part: linked.Part) -> dict:
    is_one = " " not in part.licence
    component = {
        "type": "library",
        "bom-ref": _of(part),
        "name": part.name,
        "licenses": [{"license": {"id": part.licence}} if is_one else {"expression": part.licence}],
    }
    if part.authors:
        component["authors"] = [{"name": author} for author in part.authors]
    if part.version:
        component["version"] = part.version
    if part.checksum:
        component["purl"] = f"pkg:cargo/{part.name}@{part.version}"
        component["hashes"] = [{"alg": "SHA-256", "content": part.checksum}]
    if part.source:
        component["externalReferences"] = [{"type": "vcs", "url": part.source}]
    return component
