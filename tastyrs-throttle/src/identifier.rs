//! Who is calling, as a key of fixed size.

use std::hash::{Hash, Hasher};

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
#[derive(Clone, Copy, Debug, Eq)]
pub(crate) struct Key([u64; 3]);

const WHOLE: usize = 23;
const DIGEST: u8 = u8::MAX;

impl Key {
    #[inline]
    pub(crate) fn of(identifier: &str) -> Self {
        let bytes = identifier.as_bytes();
        if bytes.len() > WHOLE {
            return Self::digest(bytes);
        }
        Self::whole(bytes, bytes.len().to_le_bytes()[0])
    }

    #[cold]
    fn digest(bytes: &[u8]) -> Self {
        Self::of_digest(&Sha256::digest(bytes).into())
    }

    /// The key of an identifier of more than 23 bytes whose SHA-256 is this.
    pub(crate) fn of_digest(digest: &[u8; 32]) -> Self {
        Self::whole(&digest[..WHOLE], DIGEST)
    }

    /// A number that unlike keys are unlikely to share: of a long identifier, its digest's first.
    #[cfg(feature = "redis")]
    pub(crate) fn number(&self) -> u8 {
        self.0[0].to_le_bytes()[0]
    }

    /// Up to 23 bytes, zeros, and a mark, in three words. The words that are read overlap where the
    /// length is none of theirs, and what is of no use in them is masked: lengths come in no order
    /// that a processor could foresee, so none of eight bytes or more takes another way.
    #[inline]
    fn whole(bytes: &[u8], mark: u8) -> Self {
        let mark = u64::from(mark) << 56;
        let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) else {
            return Self([few(bytes), 0, mark]);
        };
        let second = bytes[(bytes.len() - 8).min(8)..].first_chunk();
        let [first, second, last] =
            [first, second.unwrap_or(last), last].map(|word| u64::from_le_bytes(*word));
        // By one first, since the whole may be to go.
        let rest = last >> 1 >> (63 - 8 * (bytes.len() % 8));
        let is_long = u64::from(bytes.len() >= 16).wrapping_neg();
        Self([
            first,
            second & is_long | rest & !is_long,
            rest & is_long | mark,
        ])
    }
}

/// Fewer than eight bytes, and zeros behind them.
fn few(bytes: &[u8]) -> u64 {
    let mut word = [0; 8];
    word[..bytes.len()].copy_from_slice(bytes);
    u64::from_le_bytes(word)
}

impl PartialEq for Key {
    /// Word by word, as keys are made: read back in larger pieces they would have to leave the
    /// processor's store buffer first.
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        let (ours, theirs) = (self.0, other.0);
        ours[0] == theirs[0] && ours[1] == theirs[1] && ours[2] == theirs[2]
    }
}

impl Hash for Key {
    #[inline]
    fn hash<H: Hasher>(&self, state: &mut H) {
        for word in self.0 {
            state.write_u64(word);
        }
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
    fn a_short_identifier_is_its_own_key_byte_by_byte() {
        let text = "0123456789abcdefghijklmnopq";
        for length in 0..=WHOLE {
            let mut expected = [0; WHOLE + 1];
            expected[..length].copy_from_slice(&text.as_bytes()[..length]);
            expected[WHOLE] = length.to_le_bytes()[0];

            let Key(words) = Key::of(text.get(..length).unwrap());

            assert_eq!(words.map(u64::to_le_bytes).concat(), expected, "{length}");
        }
    }

    #[test]
    fn a_long_identifier_costs_no_more_than_a_short_one() {
        let long = "x".repeat(1 << 20);

        assert_eq!(size_of_val(&Key::of(&long)), 24);
        assert_eq!(Key::of(&long), Key::of(&long));
        assert_ne!(Key::of(&long), Key::of(&"x".repeat((1 << 20) - 1)));
    }
}
