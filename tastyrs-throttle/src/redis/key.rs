//! How an identifier is written in the keys of Redis.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

/// The longest text that stands in a key as it is; what is longer is a digest.
const WHOLE: usize = 128;

/// The key of an identifier: what keys begin with, for whom they count, and, as the hash tag, who
/// is counted. So all keys of an identifier are in one slot of a cluster.
///
/// No two pairs share a key: both are written by [`push`], which writes no brace.
pub(crate) fn key(prefix: &str, scope: &str, identifier: &str) -> String {
    let mut key = String::with_capacity(prefix.len() + scope.len() + identifier.len() + 3);
    key.push_str(prefix);
    push(&mut key, scope);
    key.push_str(":{");
    push(&mut key, identifier);
    key.push('}');
    key
}

/// Writes a text without braces, so that no two texts are written alike: `%` and two digits stand
/// for a byte that is a brace, `%`, or no printable ASCII; `%` alone for the empty text, since an
/// empty tag is none; `%%` and a SHA-256 for what would be longer than 128 bytes.
fn push(key: &mut String, text: &str) {
    if text.is_empty() {
        key.push('%');
        return;
    }
    let start = key.len();
    for byte in text.bytes() {
        if key.len() - start > WHOLE {
            break;
        }
        match byte {
            b'{' | b'}' | b'%' => escape(key, byte),
            b'!'..=b'~' => key.push(char::from(byte)),
            _ => escape(key, byte),
        }
    }
    if key.len() - start > WHOLE {
        key.truncate(start);
        key.push_str("%%");
        for byte in Sha256::digest(text.as_bytes()) {
            hex(key, byte);
        }
    }
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

    use super::*;

    #[test]
    fn no_two_identifiers_share_a_key() {
        let long = "x".repeat(129);
        let longer = "x".repeat(1 << 20);
        let digest = {
            let whole = key("", "", &long);
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
                keys.insert(key("p:", scope, identifier));
            }
        }

        assert_eq!(keys.len(), texts.len() * texts.len());
        assert!(keys.iter().all(|key| key.len() < 2 * 130 + 10));
    }

    #[test]
    fn the_identifier_is_the_hash_tag() {
        for identifier in ["daniel", "", "a{b}c", "}{"] {
            let key = key("tastyrs:throttle:", "notes{x}", identifier);

            let (before, tag) = key.split_once('{').unwrap();
            let tag = tag.strip_suffix('}').unwrap();
            assert!(!before.contains(['{', '}']), "{key}");
            assert!(!tag.is_empty() && !tag.contains(['{', '}']), "{key}");
        }
    }
}
