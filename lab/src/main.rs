//! Boots throw-away virtual machines with real kernels.
fn main() {}
