//! How an identifier is written in the keys of Redis.

use std::collections::hash_map::RandomState;
use std::fmt::Write as _;
use std::hash::{BuildHasher as _, Hasher as _};
use std::sync::LazyLock;

use sha2::{Digest, Sha256};

use crate::identifier::Key;

/// The longest text that stands in a key as it is; what is longer is a digest.
const WHOLE: usize = 128;

/// The key of an identifier: what keys begin with, for whom they count, which may come in parts, and,
/// as the hash tag, who is counted. So all keys of an identifier are in one slot of a cluster.
///
/// No two pairs share a key: both are written by [`push`], which writes no brace.
pub(crate) fn key(prefix: &str, scope: &[&str], identifier: &str) -> Box<str> {
    // As long as most keys come to be, so that they need not move.
    let long = |text: &str| text.len().min(WHOLE);
    let length: usize = scope.iter().map(|part| long(part)).sum();
    let mut key = String::with_capacity(prefix.len() + length + long(identifier) + 3);
    key.push_str(prefix);
    push(&mut key, scope);
    key.push_str(":{");
    push(&mut key, &[identifier]);
    key.push('}');
    key.into()
}

/// The key as this process knows it: 128 bits by secrets of its own, so nobody outside can search for
/// two that are alike.
pub(crate) fn known_as(key: &str) -> Key {
    static SECRET: LazyLock<RandomState> = LazyLock::new(RandomState::new);
    let mut digest = [0; 32];
    for (number, word) in (0..2).zip(digest.chunks_exact_mut(8)) {
        let mut hasher = SECRET.build_hasher();
        hasher.write_u64(number);
        hasher.write(key.as_bytes());
        word.copy_from_slice(&hasher.finish().to_le_bytes());
    }
    Key::of_digest(&digest)
}

/// Writes a text without braces, so that no two texts are written alike: `%` and two digits stand
/// for a byte that is a brace, `%`, or no printable ASCII; `%` alone for the empty text, since an
/// empty tag is none; `%%` and a SHA-256 for what would be longer than 128 bytes.
fn push(key: &mut String, parts: &[&str]) {
    let start = key.len();
    for part in parts {
        if part.len() <= WHOLE && part.bytes().fold(true, |all, byte| all & is_plain(byte)) {
            key.push_str(part);
            continue;
        }
        for byte in part.bytes() {
            if key.len() - start > WHOLE {
                break;
            }
            if is_plain(byte) {
                key.push(char::from(byte));
            } else {
                escape(key, byte);
            }
        }
    }
    if key.len() == start {
        key.push('%');
    }
    if key.len() - start > WHOLE {
        key.truncate(start);
        key.push_str("%%");
        let mut digest = Sha256::new();
        for part in parts {
            digest.update(part);
        }
        for byte in digest.finalize() {
            hex(key, byte);
        }
    }
}

/// Whether a byte stands for itself.
fn is_plain(byte: u8) -> bool {
    matches!(byte, b'!'..=b'~') && !matches!(byte, b'{' | b'}' | b'%')
}

fn escape(key: &mut String, byte: u8) {
    key.push('%');
    hex(key, byte);
}

fn hex(key: &mut String, byte: u8) {
    // Writing to a string cannot fail.
    let _ = write!(key, "{byte:02x}");
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn no_two_identifiers_share_a_key() {
        let long = "x".repeat(129);
        let longer = "x".repeat(1 << 20);
        let digest = {
            let whole = key("", &[], &long);
            whole
                .trim_start_matches("%:{")
                .trim_end_matches('}')
                .to_owned()
        };
        let texts = [
            "", "%", "%%", "%25", "{", "}", "{}", "%7b", "alice", "al:ice", "a{lice}", "álice",
            "alice ", "\0", "\0\0", "a}:{b", &long, &longer, &digest,
        ];

        let mut keys = HashSet::new();
        for scope in texts {
            for identifier in texts {
                keys.insert(key("p:", &[scope], identifier));
            }
        }

        assert_eq!(keys.len(), texts.len() * texts.len());
        assert!(keys.iter().all(|key| key.len() < 2 * 130 + 10));
    }

    proptest! {
        #[test]
        fn parts_are_written_as_the_whole(
            parts in prop::collection::vec("[a-z{}% ä]{0,3}|[a-z]{0,130}", 0..4),
            identifier in "[a-z{}% ä]{0,9}|[a-z]{120,140}",
        ) {
            let parts: Vec<_> = parts.iter().map(String::as_str).collect();

            prop_assert_eq!(
                key("p:", &parts, &identifier),
                key("p:", &[&parts.concat()], &identifier)
            );
        }

        #[test]
        fn a_part_is_written_byte_by_byte(text in "[a-z{}% ä]{0,60}|[a-z]{120,140}") {
            let mut expected = String::new();
            for byte in text.bytes() {
                match byte {
                    b'{' | b'}' | b'%' => escape(&mut expected, byte),
                    b'!'..=b'~' => expected.push(char::from(byte)),
                    _ => escape(&mut expected, byte),
                }
            }
            let mut written = String::new();

            push(&mut written, &[&text]);

            match expected.len() {
                0 => prop_assert_eq!(written, "%"),
                1..=WHOLE => prop_assert_eq!(written, expected),
                _ => prop_assert!(written.starts_with("%%") && written.len() == 66),
            }
        }
    }

    #[test]
    fn unlike_keys_are_known_as_unlike() {
        let keys: HashSet<_> = (0..10_000)
            .map(|number| known_as(&format!("tastyrs:throttle:notes:{{{number}}}")))
            .collect();

        assert_eq!(keys.len(), 10_000);
        assert!(keys.contains(&known_as("tastyrs:throttle:notes:{7}")));
    }

    #[test]
    fn the_identifier_is_the_hash_tag() {
        for identifier in ["daniel", "", "a{b}c", "}{"] {
            let key = key("tastyrs:throttle:", &["notes{x}"], identifier);

            let (before, tag) = key.split_once('{').unwrap();
            let tag = tag.strip_suffix('}').unwrap();
            assert!(!before.contains(['{', '}']), "{key}");
            assert!(!tag.is_empty() && !tag.contains(['{', '}']), "{key}");
        }
    }
}
