//! Limits that servers share in Redis, over HTTP.

use std::{
    hash::{BuildHasher as _, Hasher as _, RandomState},
    sync::{
        LazyLock,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tastyrs::{
    cache::RedisCache,
    prelude::*,
    test::{LiveServer, TestApiClient, TestDatabase},
    throttle::{OnStoreFailure, Redis},
};

use crate::support::{Author, Db, Note, Subject, library};

static URL: LazyLock<String> = LazyLock::new(|| {
    std::env::var("TASTYRS_TEST_REDIS_URL").unwrap_or_else(|_| "redis://127.0.0.1:6379".to_owned())
});
static PREFIX: LazyLock<String> = LazyLock::new(|| {
    let word = RandomState::new().build_hasher().finish();
    format!("tastyrs-test:http:{word:x}:")
});

/// Whether there is a Redis to test with.
#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
fn has_redis() -> bool {
    let client = redis::Client::open(URL.as_str()).unwrap();
    let is_there = client
        .get_connection_with_timeout(Duration::from_secs(2))
        .is_ok();
    if !is_there {
        let wanted = std::env::var("CI").is_ok_and(|ci| ci == "true");
        assert!(!wanted, "no Redis at {}", *URL);
        eprintln!(
            "skipped: no Redis at {}; say where one is by TASTYRS_TEST_REDIS_URL",
            *URL
        );
    }
    is_there
}

/// One connection for the throttle and the cache of a server.
fn shared(redis: &Redis) -> (RedisThrottle, RedisCache) {
    let throttle = RedisThrottle::new(redis.clone())
        .prefix(PREFIX.as_str())
        .budget(Duration::from_secs(5))
        .rate("20/h");
    let cache = RedisCache::new(redis.clone()).prefix(PREFIX.as_str());
    (throttle, cache)
}

#[derive(ModelResource)]
#[resource(model = Note, resource_name = "notes", excludes(author_id), meta = Self::configure)]
struct NoteResource;

impl NoteResource {
    fn configure(mut meta: Meta<Self>) -> Meta<Self> {
        let (throttle, cache) = shared(&Redis::open(&URL).unwrap());
        meta.throttle = Some(throttle.into());
        meta.cache = cache.into();
        meta
    }
}

/// A Redis where there is none.
fn nowhere() -> RedisThrottle {
    RedisThrottle::open("redis://127.0.0.1:1")
        .unwrap()
        .rate("2/h")
}

#[derive(ModelResource)]
#[resource(
    model = Author,
    resource_name = "refusing",
    excludes(password),
    throttle = nowhere().on_store_failure(OnStoreFailure::Refuse)
)]
struct RefusingResource;

#[derive(ModelResource)]
#[resource(model = Subject, resource_name = "local", throttle = nowhere())]
struct LocalResource;

fn api(library: &TestDatabase<Db>) -> tastyrs::api::Mount {
    Api::new("v1")
        .database(library.database())
        .register(NoteResource)
        .register(RefusingResource)
        .register(LocalResource)
        .build()
        .unwrap()
}

#[test]
fn of_two_servers_with_32_clients_exactly_the_limit_passes() {
    if !has_redis() {
        return;
    }
    let library = library(TestDatabase::temporary(), 5);
    let servers = [
        LiveServer::new(&api(&library)),
        LiveServer::new(&api(&library)),
    ];
    let (left, passed) = (AtomicUsize::new(80), AtomicUsize::new(0));

    std::thread::scope(|threads| {
        for client in 0..32 {
            let (server, left, passed) = (&servers[client % 2], &left, &passed);
            threads.spawn(move || {
                let one_less = |left: usize| left.checked_sub(1);
                while left
                    .fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_less)
                    .is_ok()
                {
                    match server.get("/api/v1/notes/1/").status() {
                        200 => passed.fetch_add(1, Ordering::SeqCst),
                        429 => 0,
                        other => panic!("it answered {other}"),
                    };
                }
            });
        }
    });

    assert_eq!(passed.into_inner(), 20);
    let refused = servers[1].get("/api/v1/notes/1/");
    let wait: u64 = refused.header("Retry-After").unwrap().parse().unwrap();
    assert!((3_500..=3_600).contains(&wait), "{wait}");
}

#[actix_web::test]
async fn without_redis_a_server_limits_by_itself_or_answers_503_as_it_was_told() {
    let client = TestApiClient::new(&api(&library(TestDatabase::in_memory(), 5))).await;

    let refusing = client.get("/api/v1/refusing/").await;
    for _ in 0..2 {
        client.get("/api/v1/local/").await.assert_http_ok();
    }
    let limited = client.get("/api/v1/local/").await;

    assert_eq!(refusing.status(), 503);
    assert_eq!(refusing.header("Retry-After").unwrap(), "1");
    limited.assert_http_too_many_requests();
}
