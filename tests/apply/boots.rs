//! Ways in which a host loads its rules at boot.

use std::os::unix::fs::symlink;

use crate::host::Host;

/// `auditd.service` as Debian 12 has it.
pub const AUGENRULES: &str = "[Service]\nExecStart=/sbin/auditd\nExecStartPost=-/sbin/augenrules --load\n";
/// The same with the line for hosts that do not use augenrules.
pub const AUDITCTL: &str =
    "[Service]\nExecStart=/sbin/auditd\nExecStartPost=-/usr/local/sbin/auditctl -R /etc/audit/audit.rules\n";

/// The programs of the package; auditctl where nobody looks for its version.
pub fn with_programs(host: Host) -> Host {
    for path in ["/sbin/auditd", "/sbin/augenrules", "/usr/local/sbin/auditctl"] {
        host.write(path, "");
        host.mode(path, 0o755);
    }
    host
}

/// A host with this `auditd.service`, which multi-user.target asks for.
pub fn with_unit(host: Host, unit: &str) -> Host {
    let host = with_programs(host);
    host.write("/usr/lib/systemd/system/auditd.service", unit);
    let wants = "/etc/systemd/system/multi-user.target.wants";
    host.directory(wants);
    symlink("/usr/lib/systemd/system/auditd.service", host.path(&format!("{wants}/auditd.service"))).unwrap();
    host
}

/// The same with the unit masked.
pub fn masked(host: Host) -> Host {
    let host = with_unit(host, AUGENRULES);
    symlink("/dev/null", host.path("/etc/systemd/system/auditd.service")).unwrap();
    host
}

/// The same with systemd and no unit that loads rules.
pub fn without_unit(host: Host) -> Host {
    host.directory("/etc/systemd/system");
    host
}
