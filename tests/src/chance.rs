//! Chance that can be had again: a seed that is printed, and numbers that follow from it.

use std::hash::{BuildHasher, Hasher, RandomState};

/// Overrides the seed, to see a failure again.
const VARIABLE: &str = "POSTERN_TEST_SEED";

/// A sequence of numbers (SplitMix64).
#[derive(Clone, Debug)]
pub struct Chance(u64);

impl Chance {
    /// From the environment, or another one each time. It is printed, for a failing test shows what it printed.
    #[must_use]
    pub fn new() -> Self {
        let given = std::env::var(VARIABLE).ok().and_then(|seed| seed.parse().ok());
        let seed = given.unwrap_or_else(|| RandomState::new().build_hasher().finish());
        println!("{VARIABLE}={seed}");
        Self(seed)
    }

    /// Another sequence that follows from this one, for somebody who draws at the same time.
    #[must_use]
    pub const fn fork(&mut self) -> Self {
        Self(self.below(u64::MAX))
    }

    /// From 0 to `bound`, the bound excluded.
    pub const fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }
}

impl Default for Chance {
    fn default() -> Self {
        Self::new()
    }
}
