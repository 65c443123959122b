//! Passwords as Django stores them, and what it costs to check one.
//!
//! A check is slow on purpose, so it runs on a blocking thread, no more of them at once than there are
//! processors. What was found right is remembered for a minute, so that a client which sends its password with
//! every request pays once; what was found wrong always pays, and pays alike whether or not the user exists.

use std::{
    collections::HashMap,
    sync::{
        Arc, LazyLock, Mutex, Once, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use pbkdf2::pbkdf2_hmac;
use sha1::Sha1;
use sha2::Sha256;
use subtle::ConstantTimeEq as _;
use tokio::sync::Semaphore;

use crate::errors::{Error, Result};

/// The most rounds that a stored password may ask for; one that asks for more never matches.
const MAX_ROUNDS: u32 = 10_000_000;

/// The rounds of a wrong guess where no stored password says how many are usual: those of Django 5.2.
const USUAL_ROUNDS: u32 = 1_000_000;

/// How long a check may wait for its turn.
const WAIT: Duration = Duration::from_secs(2);

/// How long a password that was found right is remembered.
const REMEMBERED: Duration = Duration::from_secs(60);

/// The most passwords that are remembered.
const MOST_REMEMBERED: usize = 4_096;

/// Compares two secrets in a time that tells at most their lengths.
pub(crate) fn same_secret(one: &str, other: &str) -> bool {
    one.as_bytes().ct_eq(other.as_bytes()).into()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Algorithm {
    Sha256,
    Sha1,
}

/// A stored password, taken apart: `pbkdf2_sha256$1000$salt$hash`.
///
/// # Compatibility
///
/// `PBKDF2PasswordHasher.decode`, `django/contrib/auth/hashers.py`.
#[derive(Clone, PartialEq, Eq)]
struct Encoded {
    algorithm: Algorithm,
    rounds: u32,
    salt: String,
    hash: String,
}

impl Encoded {
    /// Reads a stored password; nothing where no password can match it: one that is unusable (`!...`), of
    /// another algorithm, or of an absurd number of rounds.
    fn parse(stored: &str) -> Option<Self> {
        let mut parts = stored.splitn(4, '$');
        let algorithm = match parts.next()? {
            "pbkdf2_sha256" => Algorithm::Sha256,
            "pbkdf2_sha1" => Algorithm::Sha1,
            other => {
                unknown_algorithm(other, stored);
                return None;
            }
        };
        let rounds = parts.next()?.parse().ok()?;
        let (salt, hash) = (parts.next()?.to_owned(), parts.next()?.to_owned());
        (1..=MAX_ROUNDS).contains(&rounds).then_some(Self {
            algorithm,
            rounds,
            salt,
            hash,
        })
    }

    fn matches(&self, password: &str) -> bool {
        let (password, salt) = (password.as_bytes(), self.salt.as_bytes());
        let hash = match self.algorithm {
            Algorithm::Sha256 => {
                let mut hash = [0; 32];
                pbkdf2_hmac::<Sha256>(password, salt, self.rounds, &mut hash);
                STANDARD.encode(hash)
            }
            Algorithm::Sha1 => {
                let mut hash = [0; 20];
                pbkdf2_hmac::<Sha1>(password, salt, self.rounds, &mut hash);
                STANDARD.encode(hash)
            }
        };
        same_secret(&hash, &self.hash)
    }
}

/// Says once that a database holds passwords which are never checked.
fn unknown_algorithm(name: &str, stored: &str) {
    static SAID: Once = Once::new();
    let is_name = stored.contains('$') && !name.starts_with('!');
    if is_name {
        SAID.call_once(|| {
            tracing::warn!(
                target: "tastyrs::authentication",
                algorithm = name,
                "passwords of this algorithm never match: `pbkdf2_sha256` and `pbkdf2_sha1` are known"
            );
        });
    }
}

/// Spends the time of so many rounds.
fn spend(password: &str, rounds: u32) {
    if rounds > 0 {
        let mut hash = [0; 32];
        pbkdf2_hmac::<Sha256>(password.as_bytes(), b"nobody", rounds, &mut hash);
        std::hint::black_box(hash);
    }
}

/// Checks passwords.
#[derive(Debug)]
pub(crate) struct Hashing {
    turns: Arc<Semaphore>,
    verified: Verified,
    /// The most rounds of any stored password that was seen; what each wrong guess costs.
    dearest: AtomicU32,
}

impl Hashing {
    fn new() -> Self {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            turns: Arc::new(Semaphore::new(processors)),
            verified: Verified::new(MOST_REMEMBERED),
            dearest: AtomicU32::new(0),
        }
    }

    /// That of this process: its processors are shared by all that hash.
    pub(crate) fn shared() -> &'static Self {
        static SHARED: LazyLock<Hashing> = LazyLock::new(Hashing::new);
        &SHARED
    }

    /// Whether no stored password was seen yet, so that what a wrong guess must cost is not known.
    pub(crate) fn knows_no_cost(&self) -> bool {
        self.dearest.load(Ordering::Relaxed) == 0
    }

    /// Learns what stored passwords cost.
    pub(crate) fn learn<'a>(&self, stored: impl IntoIterator<Item = &'a str>) {
        let rounds = stored
            .into_iter()
            .filter_map(Encoded::parse)
            .map(|encoded| encoded.rounds);
        if let Some(most) = rounds.max() {
            self.dearest.fetch_max(most, Ordering::Relaxed);
        }
    }

    /// Whether `password` is the one that was stored; nothing is stored for who is unknown.
    ///
    /// A wrong one takes the time of the dearest stored password that was seen, whatever was stored.
    ///
    /// # Errors
    ///
    /// [`Error::Busy`] where its turn does not come in time.
    ///
    /// # Compatibility
    ///
    /// `check_password` and `harden_runtime`, `django/contrib/auth/hashers.py`.
    pub(crate) async fn check(
        &self,
        password: &str,
        stored: Option<&str>,
        now: Instant,
    ) -> Result<bool> {
        self.learn(stored);
        let encoded = stored.and_then(Encoded::parse);
        let mark = stored.map(|stored| self.verified.mark(password, stored));
        let known = || mark.is_some_and(|mark| self.verified.holds(&mark, now));
        if known() {
            return Ok(true);
        }
        let turn = tokio::time::timeout(WAIT, Arc::clone(&self.turns).acquire_owned())
            .await
            .map_err(|_| Error::Busy)?
            .map_err(|_| Error::Busy)?;
        // Another request with the same password may have had its turn meanwhile.
        if known() {
            return Ok(true);
        }
        let cost = match self.dearest.load(Ordering::Relaxed) {
            0 => USUAL_ROUNDS,
            rounds => rounds,
        };
        let password = password.to_owned();
        let right = tokio::task::spawn_blocking(move || {
            let right = encoded
                .as_ref()
                .is_some_and(|encoded| encoded.matches(&password));
            if !right {
                spend(
                    &password,
                    cost.saturating_sub(encoded.map_or(0, |encoded| encoded.rounds)),
                );
            }
            // Given back here: should the caller go away, the thread is still at work until now.
            drop(turn);
            right
        })
        .await
        .map_err(|_| Error::Panicked("the blocking thread ended".to_owned()))?;
        if let (true, Some(mark)) = (right, mark) {
            self.verified.keep(mark, now);
        }
        Ok(right)
    }
}

/// What stands for a password and the stored one that it matches; it tells neither.
type Mark = [u8; 32];

/// Passwords that were found right lately.
///
/// Kept by a hash whose key only this process knows. The stored password goes in, so a password that was
/// changed, or a user who was taken away, is forgotten at once.
struct Verified {
    key: [u8; 64],
    /// When each was found right.
    since: Mutex<HashMap<Mark, Instant>>,
    limit: usize,
}

impl std::fmt::Debug for Verified {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Verified")
            .field("limit", &self.limit)
            .finish_non_exhaustive()
    }
}

impl Verified {
    fn new(limit: usize) -> Self {
        let mut key = [0; 64];
        // A key that others may guess is none: nothing is remembered then.
        let limit = if getrandom::fill(&mut key).is_ok() {
            limit
        } else {
            0
        };
        Self {
            key,
            since: Mutex::default(),
            limit,
        }
    }

    fn mark(&self, password: &str, stored: &str) -> Mark {
        let mut mac = Hmac::<Sha256>::new(&self.key.into());
        mac.update(&stored.len().to_le_bytes());
        mac.update(stored.as_bytes());
        mac.update(password.as_bytes());
        mac.finalize().into_bytes().into()
    }

    fn holds(&self, mark: &Mark, now: Instant) -> bool {
        let since = self.since.lock().unwrap_or_else(PoisonError::into_inner);
        since.get(mark).is_some_and(|since| fresh(*since, now))
    }

    fn keep(&self, mark: Mark, now: Instant) {
        if self.limit == 0 {
            return;
        }
        let mut since = self.since.lock().unwrap_or_else(PoisonError::into_inner);
        since.retain(|_, since| fresh(*since, now));
        if since.len() >= self.limit && !since.contains_key(&mark) {
            let oldest = since
                .iter()
                .min_by_key(|(_, since)| **since)
                .map(|(mark, _)| *mark);
            oldest.map(|oldest| since.remove(&oldest));
        }
        since.insert(mark, now);
    }
}

fn fresh(since: Instant, now: Instant) -> bool {
    now.saturating_duration_since(since) < REMEMBERED
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADA: &str = "pbkdf2_sha256$1000$salt1$+Dt2jO/LgGOXLW3Uy/2xUI4tqTVOfWaJADk34sxmlw0=";

    fn matches(password: &str, stored: &str) -> bool {
        Encoded::parse(stored).is_some_and(|encoded| encoded.matches(password))
    }

    #[test]
    fn knows_the_passwords_that_django_stored() {
        // From `hashlib.pbkdf2_hmac("sha1", b"secret-1", b"salt1", 1000)`.
        let sha1 = "pbkdf2_sha1$1000$salt1$hi4shvuxlEtw9scnLaXojeL/neA=";

        assert!(matches("secret-1", ADA));
        assert!(matches("secret-1", sha1));
        assert!(!matches("secret-2", ADA));
        assert!(!matches("secret-1 ", ADA));
        assert!(!matches("", ADA));
        assert!(!matches("secret-2", sha1));
    }

    #[test]
    fn what_is_no_password_matches_none() {
        let unusable = format!("!{ADA}");
        for stored in [
            "",
            "!",
            "!Zm9vYmFy",
            unusable.as_str(),
            "secret-1",
            "md5$salt1$0cc175b9c0f1b6a831c399e269772661",
            "argon2$argon2id$v=19$m=102400,t=2,p=8$c2FsdA$aGFzaA",
            "pbkdf2_sha256",
            "pbkdf2_sha256$1000$salt1",
            "pbkdf2_sha256$1000$salt1$",
            "pbkdf2_sha256$x$salt1$+Dt2jO/LgGOXLW3Uy/2xUI4tqTVOfWaJADk34sxmlw0=",
            "pbkdf2_sha256$-1$salt1$+Dt2jO/LgGOXLW3Uy/2xUI4tqTVOfWaJADk34sxmlw0=",
        ] {
            assert!(!matches("secret-1", stored), "{stored}");
            assert!(!matches("", stored), "{stored}");
        }
    }

    #[test]
    fn absurd_numbers_of_rounds_are_not_tried() {
        for rounds in ["0", "10000001", "4294967295", "99999999999999999999"] {
            let stored = ADA.replace("1000", rounds);

            assert!(Encoded::parse(&stored).is_none(), "{rounds}");
        }
        assert!(Encoded::parse(&ADA.replace("1000", "10000000")).is_some());
    }

    #[actix_web::test]
    async fn a_right_password_is_remembered_for_a_minute() {
        let hashing = Hashing::new();
        let now = Instant::now();
        let mark = hashing.verified.mark("secret-1", ADA);

        assert!(hashing.check("secret-1", Some(ADA), now).await.unwrap());

        assert!(hashing.verified.holds(&mark, now + Duration::from_secs(59)));
        assert!(!hashing.verified.holds(&mark, now + Duration::from_secs(60)));
        assert!(
            !hashing
                .verified
                .holds(&hashing.verified.mark("secret-1", "another"), now)
        );
    }

    #[actix_web::test]
    async fn a_password_that_is_remembered_needs_no_turn() {
        let hashing = Hashing::new();
        let now = Instant::now();
        assert!(hashing.check("secret-1", Some(ADA), now).await.unwrap());
        hashing.turns.close();

        let again = hashing.check("secret-1", Some(ADA), now).await;
        let later = hashing.check("secret-1", Some(ADA), now + REMEMBERED).await;
        let wrong = hashing.check("secret-2", Some(ADA), now).await;
        let unknown = hashing.check("secret-1", None, now).await;

        assert!(again.unwrap());
        assert!(matches!(later, Err(Error::Busy)));
        assert!(matches!(wrong, Err(Error::Busy)));
        assert!(matches!(unknown, Err(Error::Busy)));
    }

    #[actix_web::test]
    async fn a_wrong_password_is_not_remembered() {
        let hashing = Hashing::new();
        let now = Instant::now();
        hashing.learn([ADA]);

        for stored in [Some(ADA), Some("!"), None] {
            assert!(!hashing.check("secret-2", stored, now).await.unwrap());
        }

        assert!(hashing.verified.since.lock().unwrap().is_empty());
    }

    #[test]
    fn a_wrong_guess_costs_as_much_as_the_dearest_password() {
        let hashing = Hashing::new();
        assert!(hashing.knows_no_cost());

        hashing.learn([
            "!",
            "pbkdf2_sha256$20$s$h",
            ADA,
            "pbkdf2_sha256$99999999$s$h",
        ]);

        assert_eq!(hashing.dearest.load(Ordering::Relaxed), 1_000);
        assert!(!hashing.knows_no_cost());
    }

    #[test]
    fn the_oldest_is_forgotten_where_there_are_too_many() {
        let verified = Verified::new(2);
        let now = Instant::now();
        let marks = ["a", "b", "c"].map(|password| verified.mark(password, ADA));

        for (mark, second) in marks.iter().zip(0..) {
            verified.keep(*mark, now + Duration::from_secs(second));
        }

        let held = marks.map(|mark| verified.holds(&mark, now + Duration::from_secs(3)));
        assert_eq!(held, [false, true, true]);
        assert_eq!(verified.since.lock().unwrap().len(), 2);
    }

    #[test]
    fn what_is_too_old_is_thrown_away() {
        let verified = Verified::new(8);
        let now = Instant::now();
        verified.keep(verified.mark("a", ADA), now);

        verified.keep(verified.mark("b", ADA), now + REMEMBERED);

        assert_eq!(verified.since.lock().unwrap().len(), 1);
    }
}
