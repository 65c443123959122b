//! A hash of what nobody outside can choose.

use std::hash::{BuildHasherDefault, Hasher};

/// Hashes keys as this process knows them, which are as good as drawn by lot, and ids of runtimes,
/// which are counted up: what a map usually does against keys that were made to collide is not needed.
pub(super) type Spread = BuildHasherDefault<Words>;

/// Mixes words by a multiplication each.
#[derive(Debug, Default)]
pub(super) struct Words(u64);

/// An odd number without a pattern: 2 to the 64th, divided by the golden ratio.
const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;

impl Hasher for Words {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(u64::from(*byte));
        }
    }

    fn write_u64(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(FACTOR);
    }

    fn finish(&self) -> u64 {
        // A map looks at both ends, and the lower knows little of what came last.
        self.0 ^ self.0 >> 32
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::hash::BuildHasher as _;

    use super::*;
    use crate::redis::key::known_as;

    #[test]
    fn keys_are_spread_at_both_ends() {
        let hashes = (0..4_096).map(|number| {
            Spread::default().hash_one(known_as(&format!("tastyrs:throttle:notes:{{{number}}}")))
        });
        let (low, high): (HashSet<_>, HashSet<_>) =
            hashes.map(|hash| (hash & 0xfff, hash >> 52)).unzip();

        // Of 4,096 drawn by lot 2,589 are expected.
        assert!(low.len() > 2_400, "{}", low.len());
        assert!(high.len() > 2_400, "{}", high.len());
    }
}
