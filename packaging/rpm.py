# SPDX-License-Identifier: Apache-2.0
"""The RPM package, with rpmbuild; it compiles nothing, so that one machine makes those of all."""

from __future__ import annotations

import os
import textwrap
from pathlib import Path

import contents
import deb
import licences
from contents import DOCUMENTS, Package
from project import DESCRIPTION, HOMEPAGE, MAINTAINER, NAME, RELEASE, ROOT, SUMMARY, date, run

LICENCES = f"usr/share/licenses/{NAME}"
#: Directories that no package has to have brought before; several may have the same.
OWNED = [
    DOCUMENTS,
    f"{DOCUMENTS}/docs",
    f"{DOCUMENTS}/examples",
    *(f"{DOCUMENTS}/examples/{path.name}" for path in sorted((ROOT / "examples").iterdir()) if path.is_dir()),
    LICENCES,
    "usr/share/bash-completion",
    "usr/share/bash-completion/completions",
    "usr/share/fish",
    "usr/share/fish/vendor_completions.d",
    "usr/share/zsh",
    "usr/share/zsh/site-functions",
]
#: What rpmbuild would otherwise take from this machine, or do to the files.
MACROS = {
    "_buildhost": "localhost",
    "use_source_date_epoch_as_buildtime": "1",
    "clamp_mtime_to_source_date_epoch": "1",
    "source_date_epoch_from_changelog": "0",
    "_build_id_links": "none",
    "debug_package": "%{nil}",
    "__os_install_post": "%{nil}",
    "_source_filedigest_algorithm": "8",
    "_binary_filedigest_algorithm": "8",
}


def build(package: Package, scratch: Path, target: Path) -> Path:
    """Makes the package below target, and gives its path. scratch: an empty directory."""
    root = scratch / "rpm"
    contents.stage(package, root, "usr/share/zsh/site-functions")
    contents.copy(ROOT / "CHANGELOG.md", root / DOCUMENTS / "CHANGELOG.md")
    contents.copy(ROOT / "LICENSE", root / LICENCES / "LICENSE")
    contents.copy(licences.POLICIES, root / LICENCES / licences.POLICIES.name)
    if any(licences.taken(part).startswith("LGPL") for part in package.parts):
        contents.copy(licences.COMMON / "LGPL-2.1", root / LICENCES / "LGPL-2.1")
    contents.settle(root, package.when)
    spec = scratch / f"{NAME}.spec"
    spec.write_text(_spec(package, root))
    # rpm of RHEL 7 reads no zstd.
    payload = {"_binary_payload": f"w{package.level}.xzdio"}
    defined = {**MACROS, **payload, "_topdir": str(scratch / "top"), "_rpmdir": str(target), "_rpmfilename": "%{NAME}-%{VERSION}-%{RELEASE}.%{ARCH}.rpm"}
    options = [word for name, value in defined.items() for word in ("--define", f"{name} {value}")]
    command = ["rpmbuild", "-bb", "--target", f"{package.architecture}-linux", *options, str(spec)]
    run(command, env={**os.environ, "SOURCE_DATE_EPOCH": str(package.when)})
    return target / f"{NAME}-{package.version}-{RELEASE}.{package.architecture}.rpm"


def _spec(package: Package, root: Path) -> str:
    told = textwrap.indent(deb.removed().replace("%", "%%"), "    ")
    listed = sorted(path for path in root.rglob("*") if not path.is_dir())
    day = date(package.when).strftime("%a %b %d %Y")
    body = "\n\n".join(textwrap.fill(" ".join(paragraph.split()), 79) for paragraph in DESCRIPTION.split("\n\n"))
    return f"""\
Name: {NAME}
Version: {package.version}
Release: {RELEASE}
Summary: {SUMMARY[0].upper()}{SUMMARY[1:]}
License: {licences.expression(package.parts)}
URL: {HOMEPAGE}
Packager: {MAINTAINER}
Group: System Environment/Base
Suggests: audit
AutoReqProv: no

%description
{body}

%install
cp -a {root}/. %{{buildroot}}

%postun
if [ "$1" = 0 ]; then
{told}fi

%files
%defattr(-,root,root,-)
{chr(10).join(_listed(path.relative_to(root)) for path in listed)}
{chr(10).join(f"%dir /{path}" for path in OWNED)}

%changelog
* {day} {MAINTAINER} - {package.version}-{RELEASE}
- What is new is in CHANGELOG.md.
"""


def _listed(path: Path) -> str:
    kinds = {"usr/share/doc/": "%doc ", "usr/share/licenses/": "%license "}
    kind = next((kind for start, kind in kinds.items() if str(path).startswith(start)), "")
    return f"{kind}/{path}"
