//! Warnings about drop-ins that a request is not about: a few of each kind, and how many more there are.

use std::mem::{Discriminant, discriminant};

use super::Warning;
use crate::boot_load::Spot;

/// How many of one kind are told one by one.
const TOLD: usize = 5;

impl Warning {
    /// The line of a drop-in that it is about, and what it says of it, where there may be many such. Lines that are about
    /// to be lost are named one by one.
    fn place(&self) -> Option<(Spot, &'static str)> {
        let (spot, what) = match self {
            Self::FailsAtBoot { spot, .. } => (spot, "lines that fail and that the boot load passes over"),
            Self::Shadowed { spot, .. } => (spot, "keys that are never recorded"),
            Self::Glued { first, .. } | Self::Swallowed { first, .. } => (first, "files without a final newline"),
            Self::Note { spot: Some(spot), .. } => (spot, "rules that do not act as they were meant"),
            Self::Blocker { spot: Some(spot), .. } => (spot, "rules that switch recording off"),
            _ => return None,
        };
        Some((spot.clone(), what))
    }
}

/// The warnings, with a count in place of those of one kind about other drop-ins that are more than a few.
pub fn capped(warnings: Vec<Warning>, is_own: &dyn Fn(&str) -> bool) -> Vec<Warning> {
    let mut counts: Vec<(Discriminant<Warning>, usize)> = Vec::new();
    let mut told: Vec<Warning> = Vec::new();
    let mut more: Vec<(Discriminant<Warning>, usize)> = Vec::new();
    for warning in warnings {
        let kind = discriminant(&warning);
        let Some((from, what)) = warning.place().filter(|(spot, _)| !is_own(&spot.file)) else {
            told.push(warning);
            continue;
        };
        let known = counts.iter_mut().find(|(other, _)| *other == kind);
        let count = known.map_or(1, |(_, count)| {
            *count += 1;
            *count
        });
        if count == 1 {
            counts.push((kind, 1));
        }
        if count <= TOLD {
            told.push(warning);
            continue;
        }
        let known = more.iter().find(|(other, _)| *other == kind).and_then(|(_, at)| told.get_mut(*at));
        if let Some(Warning::More { count, .. }) = known {
            *count += 1;
        } else {
            more.push((kind, told.len()));
            told.push(Warning::More { count: 1, what, from });
        }
    }
    told
}
