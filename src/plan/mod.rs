//! The steps that lead from what is to what is wished.

pub mod order;
pub mod rules;
