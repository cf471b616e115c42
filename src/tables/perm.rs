//! The system calls that auditctl puts into the mask of a rule with `-F perm=`, by its version.

use std::collections::HashMap;
use std::sync::{Mutex, OnceLock, PoisonError};

use super::syscalls;
use crate::rule::{Arch, Mask};

/// What a range of auditctl versions adds for the letters of `perm=`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Era {
    /// The versions, for people.
    pub versions: &'static str,
    /// Whether a name that the architecture lacks makes auditctl refuse the rule (it is left out otherwise).
    pub refuses_unknown: bool,
    names: [(u32, &'static str); 4],
}

impl Era {
    /// The system calls of the letters in `perm` (r 4, w 2, x 1, a 8) on an architecture; none where these
    /// versions refuse the rule.
    #[must_use]
    pub fn mask(&self, arch: Arch, perm: u32) -> Option<Mask> {
        let mut mask = Mask::NONE;
        for (_, names) in self.names.iter().filter(|(bit, _)| perm & bit != 0) {
            for name in names.split(' ') {
                match syscalls::number(arch, name) {
                    Some(number) => mask.insert(number),
                    None if self.refuses_unknown => return None,
                    None => {}
                }
            }
        }
        Some(mask)
    }
}

/// What each era makes of the letters of a `perm=` on an architecture, oldest first; none where it refuses the rule.
///
/// Worked out once for each pair: policies have many rules with the same letters.
#[must_use]
pub fn masks(arch: Arch, perm: u32) -> Vec<Option<Mask>> {
    type Known = HashMap<(Arch, u32), Vec<Option<Mask>>>;
    static KNOWN: OnceLock<Mutex<Known>> = OnceLock::new();
    let mut known = KNOWN.get_or_init(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner);
    let masks = || eras().iter().map(|era| era.mask(arch, perm)).collect();
    known.entry((arch, perm)).or_insert_with(masks).clone()
}

/// Whether some era of auditctl makes this mask of the letters of a `perm=` on an architecture.
#[must_use]
pub fn is_narrowed(mask: &Mask, arch: Arch, perm: u32) -> bool {
    masks(arch, perm).iter().flatten().any(|narrowed| narrowed.is_listed_as(mask))
}

/// The versions of auditctl that refuse a rule with these letters after this architecture.
#[must_use]
pub fn refusing(arch: Arch, perm: u32) -> Option<&'static str> {
    let refused = eras().iter().zip(masks(arch, perm)).find(|(_, mask)| mask.is_none());
    refused.map(|(era, _)| era.versions)
}

/// Every era that narrows, oldest first; before 3.1.3 `perm=` never touched the mask.
#[must_use]
pub fn eras() -> &'static [Era] {
    static ERAS: OnceLock<Vec<Era>> = OnceLock::new();
    ERAS.get_or_init(read)
}

fn read() -> Vec<Era> {
    let mut eras: Vec<Era> = Vec::new();
    for (word, rest) in super::rows(include_str!("data/perm-syscalls.txt")) {
        let slot = match word {
            "r" => (0, 4),
            "w" => (1, 2),
            "x" => (2, 1),
            "a" => (3, 8),
            _ => {
                let (versions, unknown) = rest.split_once(' ').unwrap_or((rest, "skip"));
                eras.push(Era { versions, refuses_unknown: unknown == "reject", names: [(0, ""); 4] });
                continue;
            }
        };
        if let Some(era) = eras.last_mut() {
            era.names[slot.0] = (slot.1, rest);
        }
    }
    eras
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_versions_refuse_permissions_where_the_old_system_calls_are_missing() {
        for (arch, name) in Arch::NAMED {
            let lacks = matches!(arch, Arch::AARCH64 | Arch::RISCV64 | Arch::RISCV32);
            for perm in [4, 2, 8, 15] {
                assert_eq!(refusing(arch, perm).is_some(), lacks, "{name} {perm}");
            }
            assert_eq!(refusing(arch, 1), None, "{name}");
        }
    }

    #[test]
    fn four_eras_narrow_and_only_the_first_refuses_unknown_names() {
        let eras = eras();
        assert_eq!(eras.iter().map(|era| era.refuses_unknown).collect::<Vec<_>>(), [true, false, false, false]);
        assert_eq!(eras[0].mask(Arch::AARCH64, 2), None);
        let x = |era: &Era| era.mask(Arch::X86_64, 1).map(|mask| mask.numbers().collect::<Vec<_>>());
        assert_eq!(eras.iter().filter_map(x).collect::<Vec<_>>(), [vec![59], vec![59], vec![59], vec![59, 322]]);
    }
}
