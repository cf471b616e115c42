//! Products, as `ComplianceAsCode` names them, and which one a host is.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use super::compiled::PRODUCTS;

/// A product that a policy may be for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Product {
    /// Its name, for people.
    pub title: String,
    os: Vec<Os>,
}

/// An operating system as `os-release` names it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Os {
    id: String,
    version: String,
}

/// All products by their names.
#[must_use]
pub fn products() -> &'static BTreeMap<String, Product> {
    static ALL: LazyLock<BTreeMap<String, Product>> =
        LazyLock::new(|| serde_json::from_str(PRODUCTS).unwrap_or_default());
    &ALL
}

/// The product that a host with this `os-release` is.
///
/// # Errors
/// `ID` and `VERSION_ID` where it is none that is known; nothing where the host has no `os-release`.
pub fn named_by(os_release: &[u8]) -> Result<&'static str, String> {
    let text = String::from_utf8_lossy(os_release);
    let value = |key: &str| {
        let said = text.lines().rev().find_map(|line| line.trim().strip_prefix(key)?.strip_prefix('='));
        said.unwrap_or_default().trim().trim_matches(['"', '\''])
    };
    let (id, version) = (value("ID"), value("VERSION_ID"));
    let is_it = |os: &Os| {
        let after = version.strip_prefix(&*os.version);
        os.id == id && after.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    let found = products().iter().find(|(_, product)| product.os.iter().any(is_it));
    let said = || if id.is_empty() { String::new() } else { format!("ID={id} VERSION_ID={version}") };
    found.map(|(name, _)| name.as_str()).ok_or_else(said)
}
