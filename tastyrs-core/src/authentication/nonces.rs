//! The numbers of Digest that are good once.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};

use crate::{
    clock,
    django::same_secret,
    errors::{Error, Result},
};

/// How far the clocks of machines that share a secret may lie apart.
const SKEW_MILLIS: u64 = 60_000;

/// Nonces that say themselves when they were given out, signed so that they are ours.
///
/// What is kept is only how often those were used that somebody answered rightly. Where these are too many, the
/// oldest are forgotten, and whatever was given out before them is stale.
pub(super) struct Nonces {
    key: [u8; 32],
    lifetime: Duration,
    limit: usize,
    used: Mutex<Used>,
}

#[derive(Default)]
struct Used {
    windows: BTreeMap<Nonce, Window>,
    /// Nothing is known of nonces up to this moment that are not among them.
    forgotten_millis: u64,
}

/// When a nonce was given out, and what tells it from others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Nonce {
    given_millis: u64,
    random: u64,
}

/// Which counts were used with a nonce: the highest, and of the 64 before it each; a client may send several at once.
#[derive(Debug, Default)]
struct Window {
    highest: u32,
    before: u64,
}

impl Window {
    /// Uses a count, once.
    fn take(&mut self, count: u32) -> bool {
        if count > self.highest {
            let ahead = count - self.highest;
            // The highest so far becomes one of those before, unless there was none.
            let so_far = u64::from(self.highest > 0);
            self.before = match ahead {
                1..64 => (self.before << ahead) | (so_far << (ahead - 1)),
                64 => so_far << 63,
                _ => 0,
            };
            self.highest = count;
            return true;
        }
        let behind = self.highest - count;
        if !(1..=64).contains(&behind) || count == 0 {
            return false;
        }
        let bit = 1 << (behind - 1);
        let is_new = self.before & bit == 0;
        self.before |= bit;
        is_new
    }
}

/// What is known of a nonce that a client sent.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Known {
    /// It is ours and not too old.
    Fresh(Nonce),
    /// It was ours once.
    Stale,
    /// We never gave it out.
    Foreign,
}

impl fmt::Debug for Nonces {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Nonces")
            .field("lifetime", &self.lifetime)
            .finish_non_exhaustive()
    }
}

impl Nonces {
    /// Those that live so long; at most `limit` are watched at once. Without a secret they are those of this process.
    pub(super) fn new(secret: Option<&[u8]>, lifetime: Duration, limit: usize) -> Self {
        let mut key = [0; 32];
        match secret {
            Some(secret) => key = Sha256::digest(secret).into(),
            // Without random numbers there is no key: none is given out, and none is ours.
            None => {
                if getrandom::fill(&mut key).is_err() {
                    key = [0; 32];
                }
            }
        }
        Self {
            key,
            lifetime,
            limit,
            used: Mutex::default(),
        }
    }

    /// A new one.
    pub(super) fn give(&self) -> Result<String> {
        self.give_at(now_millis())
    }

    fn give_at(&self, now_millis: u64) -> Result<String> {
        let mut random = [0; 8];
        let without = |error| Error::Unreachable(format!("the source of random numbers: {error}"));
        getrandom::fill(&mut random).map_err(without)?;
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&now_millis.to_be_bytes());
        bytes[8..16].copy_from_slice(&random);
        let signature = self.signature(&bytes[..16]);
        bytes[16..].copy_from_slice(&signature);
        Ok(URL_SAFE_NO_PAD.encode(bytes))
    }

    fn signature(&self, bytes: &[u8]) -> [u8; 16] {
        let mac = Hmac::<Sha256>::new_from_slice(&self.key).expect("a key of any length will do");
        let whole: [u8; 32] = mac.chain_update(bytes).finalize().into_bytes().into();
        let mut half = [0; 16];
        half.copy_from_slice(&whole[..16]);
        half
    }

    /// What is known of one that a client sent.
    pub(super) fn look_at(&self, sent: &str) -> Known {
        self.look_at_at(sent, now_millis())
    }

    fn look_at_at(&self, sent: &str, now_millis: u64) -> Known {
        let Some(bytes) = decode(sent) else {
            return Known::Foreign;
        };
        let (said, signature) = bytes.split_at(16);
        if self.key == [0; 32] || !same_secret(&self.signature(said), signature) {
            return Known::Foreign;
        }
        let number = |bytes: &[u8]| {
            bytes
                .iter()
                .fold(0, |number, byte| number << 8 | u64::from(*byte))
        };
        let nonce = Nonce {
            given_millis: number(&said[..8]),
            random: number(&said[8..]),
        };
        let lifetime = u64::try_from(self.lifetime.as_millis()).unwrap_or(u64::MAX);
        let is_old = now_millis.saturating_sub(nonce.given_millis) >= lifetime;
        let is_ahead = nonce.given_millis > now_millis.saturating_add(SKEW_MILLIS);
        if is_old || is_ahead {
            return Known::Stale;
        }
        Known::Fresh(nonce)
    }

    /// Uses a nonce for the `count`-th time, once; whoever calls has checked that the client knows the key.
    pub(super) fn take(&self, nonce: Nonce, count: u32) -> bool {
        self.take_at(nonce, count, now_millis())
    }

    fn take_at(&self, nonce: Nonce, count: u32, now_millis: u64) -> bool {
        let lifetime = u64::try_from(self.lifetime.as_millis()).unwrap_or(u64::MAX);
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        let dead = now_millis.saturating_sub(lifetime);
        while let Some(oldest) = used.windows.first_entry()
            && oldest.key().given_millis < dead
        {
            oldest.remove();
        }
        if let Some(window) = used.windows.get_mut(&nonce) {
            return window.take(count);
        }
        if nonce.given_millis <= used.forgotten_millis {
            return false;
        }
        if used.windows.len() >= self.limit
            && let Some((oldest, _)) = used.windows.pop_first()
        {
            used.forgotten_millis = used.forgotten_millis.max(oldest.given_millis);
        }
        if nonce.given_millis <= used.forgotten_millis {
            return false;
        }
        used.windows.entry(nonce).or_default().take(count)
    }
}

fn decode(sent: &str) -> Option<[u8; 32]> {
    // Anything longer is none of ours, and need not be looked at.
    if sent.len() != 43 {
        return None;
    }
    URL_SAFE_NO_PAD.decode(sent).ok()?.try_into().ok()
}

fn now_millis() -> u64 {
    u64::try_from(clock::now().and_utc().timestamp_millis()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_700_000_000_000;

    fn nonces(limit: usize) -> Nonces {
        Nonces::new(None, Duration::from_secs(300), limit)
    }

    fn given(nonces: &Nonces, at: u64) -> Nonce {
        let sent = nonces.give_at(at).unwrap();
        match nonces.look_at_at(&sent, at) {
            Known::Fresh(nonce) => nonce,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn one_lives_as_long_as_it_was_told() {
        let nonces = nonces(8);
        let sent = nonces.give_at(NOW).unwrap();

        assert!(matches!(nonces.look_at_at(&sent, NOW), Known::Fresh(_)));
        assert!(matches!(
            nonces.look_at_at(&sent, NOW + 299_999),
            Known::Fresh(_)
        ));
        assert_eq!(nonces.look_at_at(&sent, NOW + 300_000), Known::Stale);
        assert_eq!(nonces.look_at_at(&sent, NOW - 60_001), Known::Stale);
    }

    #[test]
    fn one_that_was_changed_or_made_up_is_not_ours() {
        let nonces = nonces(8);
        let sent = nonces.give_at(NOW).unwrap();

        for place in 0..sent.len() {
            let mut bytes = sent.as_bytes().to_vec();
            bytes[place] = if bytes[place] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(bytes).unwrap();
            assert_eq!(nonces.look_at_at(&changed, NOW), Known::Foreign, "{place}");
        }
        for made_up in [
            "",
            "a",
            &"A".repeat(43),
            &"é".repeat(43),
            &"A".repeat(100_000),
        ] {
            assert_eq!(nonces.look_at_at(made_up, NOW), Known::Foreign);
        }
        let others = Nonces::new(None, Duration::from_secs(300), 8);
        assert_eq!(others.look_at_at(&sent, NOW), Known::Foreign);
    }

    #[test]
    fn machines_that_share_a_secret_know_each_others() {
        let [one, other] =
            [(); 2].map(|()| Nonces::new(Some(b"shared"), Duration::from_secs(300), 8));

        let sent = one.give_at(NOW).unwrap();

        assert!(matches!(other.look_at_at(&sent, NOW), Known::Fresh(_)));
    }

    #[test]
    fn each_count_is_good_once_in_any_order() {
        let nonces = nonces(8);
        let nonce = given(&nonces, NOW);

        let taken = [
            1, 1, 3, 2, 2, 3, 0, 70, 6, 5, 69, 69, 134, 70, 200, 199, 136, 135,
        ]
        .map(|count| nonces.take_at(nonce, count, NOW));

        assert_eq!(
            taken,
            [
                true, false, true, true, false, false, false, true, true, false, true, false, true,
                false, true, true, true, false
            ]
        );
    }

    #[test]
    fn the_highest_count_there_is_does_no_harm() {
        let nonces = nonces(8);
        let nonce = given(&nonces, NOW);

        assert!(nonces.take_at(nonce, u32::MAX, NOW));
        assert!(!nonces.take_at(nonce, u32::MAX, NOW));
        assert!(!nonces.take_at(nonce, 1, NOW));
        assert!(nonces.take_at(nonce, u32::MAX - 1, NOW));
    }

    #[test]
    fn one_that_was_forgotten_cannot_be_used_again() {
        let nonces = nonces(2);
        let first = given(&nonces, NOW);
        let [second, third] = [NOW + 1, NOW + 2].map(|at| given(&nonces, at));
        for nonce in [first, second, third] {
            assert!(nonces.take_at(nonce, 1, NOW + 2));
        }

        assert!(!nonces.take_at(first, 1, NOW + 2));
        assert!(!nonces.take_at(first, 2, NOW + 2));
        assert!(nonces.take_at(second, 2, NOW + 2));
        assert!(nonces.used.lock().unwrap().windows.len() <= 2);
    }

    #[test]
    fn what_has_died_is_thrown_away() {
        let nonces = nonces(8);
        assert!(nonces.take_at(given(&nonces, NOW), 1, NOW));

        let later = NOW + 300_001;
        assert!(nonces.take_at(given(&nonces, later), 1, later));

        assert_eq!(nonces.used.lock().unwrap().windows.len(), 1);
    }
}
