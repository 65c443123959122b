//! The cache that machines share.

use std::{borrow::Cow, fmt, time::Duration};

use redis::{Cmd, FromRedisValue};
use tastyrs_throttle::Redis;

use super::{
    Bytes, Cache,
    control::{Control, controlled},
};
use crate::errors::{Error, Result};

/// Remembers in Redis, so that all machines remember the same.
///
/// Clones share a connection, which is made at the first request and again whenever it is lost. A Redis that does not
/// answer within the budget is left alone until a probe in the background finds it answering; nothing is found meanwhile
/// and nothing kept. It costs a request the budget at most, and most requests nothing. What was written meanwhile may be
/// shown as it was before for up to the timeout once Redis is back, where it still holds it.
///
/// Rows stand in Redis with all columns that a resource loads of them: whoever reads it, reads them.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use tastyrs_core::cache::{Cache as _, RedisCache};
///
/// # fn main() -> tastyrs_core::Result<()> {
/// let cache = RedisCache::open("redis://127.0.0.1:6379")?
///     .prefix("library:")
///     .timeout(Duration::from_secs(10));
///
/// assert_eq!(cache.cache_control().as_deref(), Some("max-age=10"));
/// # Ok(())
/// # }
/// ```
///
/// # Compatibility
///
/// `SimpleCache`, `cache.py:47`, over a `CACHES` of Django's that lives in Redis.
#[derive(Clone)]
pub struct RedisCache {
    pub(super) control: Control,
    prefix: Cow<'static, str>,
    budget: Duration,
    redis: Redis,
}

impl RedisCache {
    /// Keeps each entry for 60 seconds in the Redis at `url`, under keys that begin with `tastyrs:`, and waits 100
    /// milliseconds for an answer at most.
    ///
    /// # Errors
    ///
    /// [`Error::Configuration`] where `url` is no address of a Redis. Whether one is there shows at the first request.
    pub fn open(url: &str) -> Result<Self> {
        Redis::open(url)
            .map(Self::new)
            .map_err(|error| Error::Configuration(error.to_string()))
    }

    /// The same over a connection that others may use, too, such as a `RedisThrottle`.
    pub fn new(redis: Redis) -> Self {
        Self {
            control: Control::new(),
            prefix: Cow::Borrowed("tastyrs:"),
            budget: Duration::from_millis(100),
            redis,
        }
    }

    /// Sets what its keys begin with. Two sites that share a Redis need two.
    #[must_use]
    pub fn prefix(mut self, prefix: impl Into<Cow<'static, str>>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// Sets how long a request waits for an answer.
    #[must_use]
    pub fn budget(mut self, budget: Duration) -> Self {
        self.budget = budget;
        self
    }

    fn key(&self, key: &str) -> String {
        format!("{}{key}", self.prefix)
    }

    /// What Redis answers, within the budget.
    async fn ask<T: FromRedisValue>(&self, command: Cmd) -> Option<T> {
        let value = self.redis.ask(command, self.budget).await?;
        T::from_redis_value(value).ok()
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

controlled!(RedisCache);

impl fmt::Debug for RedisCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The address may hold a password.
        f.debug_struct("RedisCache")
            .field("control", &self.control)
            .field("prefix", &self.prefix)
            .field("budget", &self.budget)
            .finish_non_exhaustive()
    }
}

impl Cache for RedisCache {
    async fn get(&self, key: &str) -> Option<Bytes> {
        let found: Option<Vec<u8>> = self.ask(Cmd::get(self.key(key))).await?;
        found.map(Bytes::from)
    }

    async fn set(&self, key: &str, value: Bytes, timeout: Option<Duration>) {
        let timeout = millis(timeout.unwrap_or(self.control.timeout)).max(1);
        let mut command = redis::cmd("SET");
        command
            .arg(self.key(key))
            .arg(&value[..])
            .arg("PX")
            .arg(timeout);
        self.ask::<()>(command).await;
    }

    async fn delete(&self, key: &str) {
        let deleted: Option<u64> = self.ask(Cmd::del(self.key(key))).await;
        if deleted.is_none() {
            tracing::warn!(target: "tastyrs::cache", key, "an entry was not deleted, and may be shown until it is too old");
        }
    }

    controlled!();
}

#[cfg(test)]
mod tests {
    use tastyrs_throttle::Clock;
    use tokio::net::{TcpListener, TcpStream};

    use super::*;

    fn url() -> String {
        std::env::var("TASTYRS_TEST_REDIS_URL")
            .unwrap_or_else(|_| "redis://127.0.0.1:6379".to_owned())
    }

    /// A cache of its own in the Redis of tests, or nothing where there is none.
    async fn cache(name: &str) -> Option<RedisCache> {
        let url = url();
        let mut word = [0; 8];
        getrandom::fill(&mut word).unwrap();
        let prefix = format!("tastyrs-test:{name}:{:x}:", u64::from_le_bytes(word));
        let cache = RedisCache::open(&url)
            .unwrap()
            .prefix(prefix)
            .budget(Duration::from_secs(5));
        if cache.ask::<String>(redis::cmd("PING")).await.is_some() {
            return Some(cache);
        }
        let wanted = std::env::var("CI").is_ok_and(|ci| ci == "true");
        assert!(!wanted, "no Redis at {url}");
        eprintln!("skipped: no Redis at {url}; say where one is by TASTYRS_TEST_REDIS_URL");
        None
    }

    #[tokio::test]
    async fn remembers_for_every_machine_until_it_is_deleted_or_too_old() {
        let Some(here) = cache("shared").await else {
            return;
        };
        let there = RedisCache {
            redis: Redis::open(&url()).unwrap(),
            ..here.clone()
        };
        let bytes = Bytes::from_static(&[0, 255, 10]);
        let short = Some(Duration::from_millis(30));
        here.set("a", bytes.clone(), None).await;
        here.set("b", bytes.clone(), short).await;

        let seen = there.get("a").await;
        there.delete("a").await;
        tokio::time::sleep(Duration::from_millis(60)).await;
        let after = (here.get("a").await, here.get("b").await);

        assert_eq!(seen, Some(bytes));
        assert_eq!(after, (None, None));
    }

    #[tokio::test]
    async fn a_redis_that_never_answers_costs_one_request_the_budget_and_the_others_nothing() {
        let silent = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("redis://{}", silent.local_addr().unwrap());
        let cache = RedisCache::open(&url).unwrap();
        let clock = Clock::system();

        let first = cache.get("a").await;
        let waited = clock.monotonic();
        for _ in 0..1_000 {
            assert_eq!(cache.get("a").await, None);
            cache.set("a", Bytes::new(), None).await;
            cache.delete("a").await;
        }
        let waited_more = clock.monotonic().saturating_sub(waited);

        assert_eq!(first, None);
        assert!(waited >= Duration::from_millis(100), "{waited:?}");
        assert!(waited < Duration::from_millis(900), "{waited:?}");
        assert!(waited_more < Duration::from_millis(500), "{waited_more:?}");
    }

    #[tokio::test]
    async fn a_redis_that_was_away_is_found_again() {
        let Some(there) = cache("again").await else {
            return;
        };
        let nobody = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = nobody.local_addr().unwrap();
        drop(nobody);
        let cache = RedisCache::open(&format!("redis://{port}"))
            .unwrap()
            .prefix(there.prefix.clone())
            .budget(Duration::from_secs(5));
        cache.set("a", Bytes::from_static(b"1"), None).await;
        let was_there = cache.redis.health().is_there;
        let address = url()
            .trim_start_matches("redis://")
            .trim_end_matches('/')
            .to_owned();
        tokio::spawn(forward(TcpListener::bind(port).await.unwrap(), address));

        let mut tries = 0;
        while !cache.redis.health().is_there && tries < 1_000 {
            tries += 1;
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        cache.set("a", Bytes::from_static(b"2"), None).await;
        let found = cache.get("a").await;

        assert!(!was_there);
        assert_eq!(found.as_deref(), Some(&b"2"[..]));
        there.delete("a").await;
    }

    /// Hands what comes on to Redis, and back.
    async fn forward(listener: TcpListener, address: String) {
        while let Ok((mut here, _)) = listener.accept().await {
            let address = address.clone();
            tokio::spawn(async move {
                let mut there = TcpStream::connect(address).await.unwrap();
                let _ = tokio::io::copy_bidirectional(&mut here, &mut there).await;
            });
        }
    }

    #[test]
    fn an_address_that_is_none_is_told_at_once_and_no_password_is_shown() {
        assert!(matches!(
            RedisCache::open("nonsense"),
            Err(Error::Configuration(_))
        ));
        let cache = RedisCache::open("redis://user:hidden@127.0.0.1:1").unwrap();
        assert!(!format!("{cache:?}").contains("hidden"));
    }
}
