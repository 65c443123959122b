//! Who is calling, as a key of fixed size.

use sha2::{Digest, Sha256};

/// Stands for an identifier in a [`Store`](crate::Store).
///
/// An identifier of up to 23 bytes is its own key: the bytes, zeros, and their number. A longer
/// one, of whatever length, becomes the first 184 bits of its SHA-256 and a mark that no number
/// of bytes can be. Short keys therefore never collide with anything, and no pair of long ones
/// that collide is known, nor can one be searched for with the machines there are.
///
/// # Compatibility
///
/// Replaces `convert_identifier_to_key`, `throttle.py:37`, which drops characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Key([u8; 24]);

const WHOLE: usize = 23;
const DIGEST: u8 = u8::MAX;

impl Key {
    pub(crate) fn of(identifier: &str) -> Self {
        let bytes = identifier.as_bytes();
        let mut key = [0; WHOLE + 1];
        if bytes.len() <= WHOLE {
            key[..bytes.len()].copy_from_slice(bytes);
            key[WHOLE] = bytes.len().to_le_bytes()[0];
        } else {
            return Self::of_digest(&Sha256::digest(bytes).into());
        }
        Self(key)
    }

    /// The key of an identifier of more than 23 bytes whose SHA-256 is this.
    pub(crate) fn of_digest(digest: &[u8; 32]) -> Self {
        let mut key = [DIGEST; WHOLE + 1];
        key[..WHOLE].copy_from_slice(&digest[..WHOLE]);
        Self(key)
    }

    #[cfg(feature = "redis")]
    /// A number that unlike keys are unlikely to share: of a long identifier, its digest's first.
    pub(crate) fn number(&self) -> u8 {
        self.0[0]
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn identifiers_that_tastypie_mixes_up_have_keys_of_their_own() {
        let identifiers = [
            "",
            "\0",
            "\0\0",
            "alice",
            "al:ice",
            "a@lice",
            "alice\0",
            "alice_accesses",
            "Alice",
            "1::23",
            "12::3",
            "álice",
            "alice ",
            "12345678901234567890123",
            "123456789012345678901234",
            "1234567890123456789012345",
            "12345678901234567890123\0",
        ];

        let keys: HashSet<_> = identifiers
            .iter()
            .map(|identifier| Key::of(identifier))
            .collect();

        assert_eq!(keys.len(), identifiers.len());
    }

    #[test]
    fn a_long_identifier_costs_no_more_than_a_short_one() {
        let long = "x".repeat(1 << 20);

        assert_eq!(size_of_val(&Key::of(&long)), 24);
        assert_eq!(Key::of(&long), Key::of(&long));
        assert_ne!(Key::of(&long), Key::of(&"x".repeat((1 << 20) - 1)));
    }
}
