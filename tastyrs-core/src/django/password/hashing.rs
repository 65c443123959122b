//! When and where passwords are checked.
//!
//! A check is slow on purpose, so it runs on a blocking thread, no more of them at once than there are
//! processors, and no more than a few wait. What was found right is remembered for a minute, so that a client which
//! sends its password with every request pays once; what was found wrong always pays, and pays alike whether or not
//! the user exists.

use std::{
    sync::{Arc, LazyLock, Mutex, PoisonError},
    time::{Duration, Instant},
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{
    encoded::{Cost, Encoded, MOST_KIBIBYTES},
    verified::Verified,
};
use crate::errors::{Error, Result};

/// What a wrong guess costs where no stored password says what is usual: the rounds of Django 5.2.
const USUAL: Cost = Cost::Pbkdf2Sha256 { rounds: 1_000_000 };

/// The most work that a wrong guess is made to cost, so that one dear password does not make all guesses dear.
const MOST_SPENT: u64 = 6_000_000;

/// How long a check may wait for its turn.
const WAIT: Duration = Duration::from_secs(2);

/// How many checks may wait for each that is at work.
const WAITING: usize = 16;

/// The most passwords that are remembered.
const MOST_REMEMBERED: usize = 4_096;

/// Checks passwords.
#[derive(Debug)]
pub(crate) struct Hashing {
    /// Of those that wait and those at work.
    queue: Arc<Semaphore>,
    turns: Arc<Semaphore>,
    /// In MiB, of all that are at work.
    memory: Arc<Semaphore>,
    verified: Verified,
    /// That of the dearest stored password that was seen; what each wrong guess costs.
    dearest: Mutex<Option<Cost>>,
}

/// The right to check a password; given back when it is dropped.
#[derive(Debug)]
struct Turn {
    _place: OwnedSemaphorePermit,
    _processor: OwnedSemaphorePermit,
    _memory: OwnedSemaphorePermit,
}

impl Hashing {
    fn new(turns: usize) -> Self {
        let mebibytes = usize::try_from(MOST_KIBIBYTES / 1024).unwrap_or(1024);
        Self {
            queue: Arc::new(Semaphore::new(turns * (1 + WAITING))),
            turns: Arc::new(Semaphore::new(turns)),
            memory: Arc::new(Semaphore::new(mebibytes)),
            verified: Verified::new(MOST_REMEMBERED),
            dearest: Mutex::default(),
        }
    }

    /// That of this process: its processors are shared by all that hash.
    pub(crate) fn shared() -> &'static Self {
        static SHARED: LazyLock<Hashing> = LazyLock::new(|| {
            Hashing::new(std::thread::available_parallelism().map_or(1, usize::from))
        });
        &SHARED
    }

    fn dearest(&self) -> Option<Cost> {
        *self.dearest.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether no stored password was seen yet, so that what a wrong guess must cost is not known.
    pub(crate) fn knows_no_cost(&self) -> bool {
        self.dearest().is_none()
    }

    /// Learns what stored passwords cost.
    pub(crate) fn learn<'a>(&self, stored: impl IntoIterator<Item = &'a str>) {
        let costs = stored.into_iter().filter_map(Encoded::parse);
        let costs = costs.map(|encoded| encoded.cost);
        let most = costs
            .filter(|cost| cost.work() <= MOST_SPENT)
            .max_by_key(|cost| cost.work());
        let mut dearest = self.dearest.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(most) = most
            && dearest.is_none_or(|dearest| dearest.work() < most.work())
        {
            *dearest = Some(most);
        }
    }

    async fn turn(&self, kibibytes: u64) -> Result<Turn> {
        let place = Arc::clone(&self.queue).try_acquire_owned();
        let place = place.map_err(|_| Error::Busy)?;
        let mebibytes = u32::try_from(kibibytes.div_ceil(1024)).unwrap_or(u32::MAX);
        let turn = async {
            Ok::<_, tokio::sync::AcquireError>(Turn {
                _place: place,
                _processor: Arc::clone(&self.turns).acquire_owned().await?,
                _memory: Arc::clone(&self.memory)
                    .acquire_many_owned(mebibytes)
                    .await?,
            })
        };
        tokio::time::timeout(WAIT, turn)
            .await
            .map_err(|_| Error::Busy)?
            .map_err(|_| Error::Busy)
    }

    /// Whether `password` is the one that was stored; nothing is stored for who is unknown.
    ///
    /// A wrong one takes the time of the dearest stored password that was seen, whatever was stored.
    ///
    /// # Errors
    ///
    /// [`Error::Busy`] where too many wait, or its turn does not come in time.
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
        let wrong = self.dearest().unwrap_or(USUAL);
        let own = encoded.as_ref().map(|encoded| encoded.cost);
        let turn = self.turn(own.unwrap_or(wrong).kibibytes()).await?;
        // Another request with the same password may have had its turn meanwhile.
        if known() {
            return Ok(true);
        }
        let password = password.to_owned();
        let right = tokio::task::spawn_blocking(move || {
            let right = encoded.is_some_and(|encoded| encoded.matches(&password));
            if !right {
                lacking(own, wrong).spend(&password);
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

/// What is still to be spent once a stored password was found wrong, so that it cost as much as any.
fn lacking(spent: Option<Cost>, wrong: Cost) -> Cost {
    let Some(spent) = spent else {
        return wrong;
    };
    let rounds = wrong.work().saturating_sub(spent.work());
    Cost::Pbkdf2Sha256 {
        rounds: u32::try_from(rounds).unwrap_or(u32::MAX),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::django::password::verified::REMEMBERED;

    const ADA: &str = "pbkdf2_sha256$1000$salt1$+Dt2jO/LgGOXLW3Uy/2xUI4tqTVOfWaJADk34sxmlw0=";
    const BRIAN: &str = "argon2$argon2id$v=19$m=1024,t=2,p=8$c2FsdDFzYWx0MQ$uKxNwE+/4PVTMKj1BXQBHXY7VE8I6ycwo6kq98TfdHE";

    #[actix_web::test]
    async fn a_right_password_is_remembered_for_a_minute() {
        let hashing = Hashing::new(2);
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
        let hashing = Hashing::new(2);
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
    async fn where_too_many_wait_the_next_is_turned_away_at_once() {
        let hashing = Hashing::new(1);
        let _waiting = Arc::clone(&hashing.queue)
            .try_acquire_many_owned(17)
            .unwrap();

        let begun = Instant::now();
        let refused = hashing.check("secret-1", Some(ADA), begun).await;

        assert!(matches!(refused, Err(Error::Busy)));
        assert!(begun.elapsed() < WAIT);
    }

    #[actix_web::test]
    async fn turn_and_memory_are_given_back() {
        let hashing = Hashing::new(1);
        let now = Instant::now();

        for _ in 0..3 {
            assert!(!hashing.check("secret-2", Some(BRIAN), now).await.unwrap());
        }

        assert_eq!(hashing.queue.available_permits(), 17);
        assert_eq!(hashing.turns.available_permits(), 1);
        assert_eq!(hashing.memory.available_permits(), 1024);
    }

    #[actix_web::test]
    async fn a_wrong_password_is_not_remembered() {
        let hashing = Hashing::new(2);
        let now = Instant::now();
        hashing.learn([ADA]);

        for stored in [Some(ADA), Some("!"), None] {
            assert!(!hashing.check("secret-2", stored, now).await.unwrap());
        }

        assert_eq!(hashing.verified.len(), 0);
    }

    #[test]
    fn a_wrong_guess_costs_as_much_as_the_dearest_password() {
        let hashing = Hashing::new(2);
        assert!(hashing.knows_no_cost());

        hashing.learn([
            "!",
            ADA,
            &ADA.replace("1000", "20"),
            &ADA.replace("1000", "9999999"),
        ]);

        let ada = Cost::Pbkdf2Sha256 { rounds: 1_000 };
        assert_eq!(hashing.dearest(), Some(ada));
        assert_eq!(lacking(None, ada), ada);
        assert_eq!(lacking(Some(ada), ada).work(), 0);
        let cheaper = Cost::Pbkdf2Sha1 { rounds: 20 };
        assert_eq!(lacking(Some(cheaper), ada).work(), 980);

        hashing.learn([BRIAN]);
        let brian = Encoded::parse(BRIAN).unwrap().cost;
        assert_eq!(hashing.dearest(), Some(brian));
        assert_eq!(lacking(None, brian), brian);
        assert_eq!(lacking(Some(ada), brian).work(), brian.work() - 1_000);
    }
}
