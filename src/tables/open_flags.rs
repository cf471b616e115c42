//! The flags with which files are opened.

use super::rows;
use crate::rule::Arch;

const ELSEWHERE: &str = include_str!("data/open-flags.txt");
const ARM: &str = include_str!("data/open-flags-arm.txt");
const PPC: &str = include_str!("data/open-flags-ppc.txt");

/// The names of the flags, with what is left of them. Four of the flags have other bits on arm and ppc.
#[must_use]
pub fn names(arch: Arch, flags: u32) -> (Vec<&'static str>, u32) {
    let own = match arch {
        Arch::ARM | Arch::AARCH64 => ARM,
        Arch::PPC | Arch::PPC64 | Arch::PPC64LE => PPC,
        _ => "",
    };
    let mut left = flags;
    let only_reads = flags.trailing_zeros() >= 2;
    let mut names = if only_reads { vec!["O_RDONLY"] } else { Vec::new() };
    for (name, elsewhere) in rows(ELSEWHERE) {
        let here = rows(own).find(|(known, _)| *known == name).map_or(elsewhere, |(_, here)| here);
        let Ok(bit) = here.parse::<u32>() else { continue };
        if flags & bit != 0 {
            left &= !bit;
            names.push(name);
        }
    }
    (names, left)
}
