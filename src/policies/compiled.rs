//! The files of `policies/`, compiled in. A test holds this list to the directory, and writes it with `UPDATE_EXPECTED=1`.

/// A policy as it lies in the directory.
pub struct Compiled {
    /// Its name.
    pub name: &'static str,
    /// Its `policy.json`.
    pub about: &'static str,
    /// Its files, with their paths below it.
    pub files: &'static [(&'static str, &'static str)],
}

macro_rules! compiled {
    ($($name:literal: $($file:literal)*;)*) => {
        pub const POLICIES: &[Compiled] = &[$(Compiled {
            name: $name,
            about: include_str!(concat!("../../policies/", $name, "/policy.json")),
            files: &[$(($file, include_str!(concat!("../../policies/", $name, "/", $file)))),*],
        }),*];
    };
}

/// The licence of those files that are `ComplianceAsCode`'s own.
pub const LICENCE: &str = include_str!("../../policies/LICENSE-ComplianceAsCode");

/// The products, and how `os-release` names them.
pub const PRODUCTS: &str = include_str!("../../policies/products.json");

compiled! {
    "anssi":
        "debian12/30-anssi.rules"
        "debian12/40-anssi-older.rules"
        "ol10/30-anssi.rules"
        "rhel10/30-anssi.rules"
        "rhel10/40-anssi-older.rules"
        "rhel7/30-anssi.rules"
        "rhel8/30-anssi.rules"
        "rhel8/99-lock-anssi.rules"
        "rhel9/30-anssi.rules"
        "rhel9/40-anssi-older.rules"
        "sle12/30-anssi.rules"
        "sle16/30-anssi.rules"
    ;
    "cis":
        "debian12/30-cis.rules"
        "debian12/99-lock-cis.rules"
        "debian13/30-cis.rules"
        "debian13/99-lock-cis.rules"
        "rhel10/30-cis.rules"
        "rhel10/40-cis-older.rules"
        "rhel10/99-lock-cis.rules"
        "rhel7/30-cis.rules"
        "rhel7/99-lock-cis.rules"
        "rhel8/30-cis.rules"
        "rhel8/40-cis-older.rules"
        "rhel8/99-lock-cis.rules"
        "rhel9/30-cis.rules"
        "rhel9/40-cis-older.rules"
        "rhel9/99-lock-cis.rules"
        "sle12/30-cis.rules"
        "sle12/99-lock-cis.rules"
        "sle15/30-cis.rules"
        "sle15/40-cis-older.rules"
        "sle15/99-lock-cis.rules"
        "ubuntu2004/30-cis.rules"
        "ubuntu2004/40-cis-older.rules"
        "ubuntu2004/99-lock-cis.rules"
        "ubuntu2204/30-cis.rules"
        "ubuntu2204/40-cis-older.rules"
        "ubuntu2204/99-lock-cis.rules"
        "ubuntu2404/30-cis.rules"
        "ubuntu2404/40-cis-older.rules"
        "ubuntu2404/99-lock-cis.rules"
    ;
    "ospp":
        "rhel10-aarch64/30-ospp-v42.rules"
        "rhel10-ppc64le/30-ospp-v42.rules"
        "rhel10/30-ospp-v42.rules"
        "rhel8/10-base-config.rules"
        "rhel8/11-loginuid.rules"
        "rhel8/30-ospp-v42-1-create-failed.rules"
        "rhel8/30-ospp-v42-1-create-success.rules"
        "rhel8/30-ospp-v42-2-modify-failed.rules"
        "rhel8/30-ospp-v42-2-modify-success.rules"
        "rhel8/30-ospp-v42-3-access-failed.rules"
        "rhel8/30-ospp-v42-3-access-success.rules"
        "rhel8/30-ospp-v42-4-delete-failed.rules"
        "rhel8/30-ospp-v42-4-delete-success.rules"
        "rhel8/30-ospp-v42-5-perm-change-failed.rules"
        "rhel8/30-ospp-v42-5-perm-change-success.rules"
        "rhel8/30-ospp-v42-6-owner-change-failed.rules"
        "rhel8/30-ospp-v42-6-owner-change-success.rules"
        "rhel8/30-ospp-v42.rules"
        "rhel8/43-module-load.rules"
        "rhel9-aarch64/30-ospp-v42-1-create-failed.rules"
        "rhel9-aarch64/30-ospp-v42-1-create-success.rules"
        "rhel9-aarch64/30-ospp-v42-2-modify-failed.rules"
        "rhel9-aarch64/30-ospp-v42-2-modify-success.rules"
        "rhel9-aarch64/30-ospp-v42-3-access-failed.rules"
        "rhel9-aarch64/30-ospp-v42-3-access-success.rules"
        "rhel9-aarch64/30-ospp-v42-4-delete-failed.rules"
        "rhel9-aarch64/30-ospp-v42-4-delete-success.rules"
        "rhel9-aarch64/30-ospp-v42-5-perm-change-failed.rules"
        "rhel9-aarch64/30-ospp-v42-5-perm-change-success.rules"
        "rhel9-aarch64/30-ospp-v42-6-owner-change-failed.rules"
        "rhel9-aarch64/30-ospp-v42-6-owner-change-success.rules"
        "rhel9-aarch64/30-ospp-v42.rules"
        "rhel9-ppc64le/30-ospp-v42-1-create-failed.rules"
        "rhel9-ppc64le/30-ospp-v42-1-create-success.rules"
        "rhel9-ppc64le/30-ospp-v42-2-modify-failed.rules"
        "rhel9-ppc64le/30-ospp-v42-2-modify-success.rules"
        "rhel9-ppc64le/30-ospp-v42-3-access-failed.rules"
        "rhel9-ppc64le/30-ospp-v42-3-access-success.rules"
        "rhel9-ppc64le/30-ospp-v42-4-delete-failed.rules"
        "rhel9-ppc64le/30-ospp-v42-4-delete-success.rules"
        "rhel9-ppc64le/30-ospp-v42-5-perm-change-failed.rules"
        "rhel9-ppc64le/30-ospp-v42-5-perm-change-success.rules"
        "rhel9-ppc64le/30-ospp-v42-6-owner-change-failed.rules"
        "rhel9-ppc64le/30-ospp-v42-6-owner-change-success.rules"
        "rhel9-ppc64le/30-ospp-v42.rules"
        "rhel9-ppc64le/43-module-load.rules"
    ;
    "pci-dss":
        "ol10/30-pci-dss.rules"
        "ol10/40-pci-dss-older.rules"
        "ol8/40-pci-dss-older.rules"
        "ol9/40-pci-dss-older.rules"
        "rhel10/30-pci-dss.rules"
        "rhel10/40-pci-dss-older.rules"
        "rhel7/30-pci-dss.rules"
        "rhel7/99-lock-pci-dss.rules"
        "rhel8/30-pci-dss.rules"
        "rhel8/40-pci-dss-older.rules"
        "rhel8/99-lock-pci-dss.rules"
        "rhel9/30-pci-dss.rules"
        "rhel9/40-pci-dss-older.rules"
        "sle12/30-pci-dss.rules"
        "sle15/30-pci-dss.rules"
        "sle15/40-pci-dss-older.rules"
        "sle16/30-pci-dss.rules"
    ;
    "stig":
        "ol10/30-stig.rules"
        "ol10/40-stig-older.rules"
        "ol10/99-lock-stig.rules"
        "ol8/30-stig.rules"
        "ol8/40-stig-older.rules"
        "ol8/99-lock-stig.rules"
        "ol9/30-stig.rules"
        "ol9/40-stig-older.rules"
        "ol9/99-lock-stig.rules"
        "rhel10/30-stig.rules"
        "rhel10/40-stig-older.rules"
        "rhel10/99-lock-stig.rules"
        "rhel7/30-stig.rules"
        "rhel8/11-loginuid.rules"
        "rhel8/30-stig.rules"
        "rhel8/99-lock-stig.rules"
        "rhel9/30-stig.rules"
        "rhel9/40-stig-older.rules"
        "rhel9/99-lock-stig.rules"
        "sle12/30-stig.rules"
        "sle12/40-stig-older.rules"
        "sle15/30-stig.rules"
        "sle15/40-stig-older.rules"
        "ubuntu2004/30-stig.rules"
        "ubuntu2004/40-stig-older.rules"
        "ubuntu2204/30-stig.rules"
        "ubuntu2204/40-stig-older.rules"
        "ubuntu2404/30-stig.rules"
        "ubuntu2404/99-lock-stig.rules"
    ;
}
