//! Limits over HTTP: of any number of requests at once, as many pass as the limit says.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use tastyrs::{
    api::Mount,
    prelude::*,
    test::{LiveServer, TestApiClient, TestDatabase},
};

use crate::support::{Author, Db, Note, library};

#[derive(ModelResource)]
#[resource(
    model = Note,
    resource_name = "slow",
    hooks,
    excludes(author_id),
    throttle = CacheThrottle::new().throttle_at(20)
)]
struct SlowResource;

impl Hooks for SlowResource {
    fn prepend_urls(&self) -> Urls<Self> {
        Urls::new()
            .get("search/", "get_search", Self::search)
            .get("free/", "get_free", Self::free)
            .unthrottled()
            .get("failing/", "get_failing", Self::failing)
    }

    fn get_object_list(&self, request: &Request) -> Result<Self::List> {
        if request.params().get("sleep").is_some() {
            std::thread::sleep(Duration::from_millis(100));
        }
        Ok(diesel::QueryDsl::into_boxed(crate::support::note::table))
    }
}

impl SlowResource {
    /// The steps, by hand; the work takes a while.
    async fn search(&self, request: &mut Request) -> Result<HttpResponse> {
        self.method_check(request, &[Method::GET])?;
        self.is_authenticated(request).await?;
        self.throttle_check(request).await?;
        self.log_throttled_access(request).await?;
        actix_web::rt::time::sleep(Duration::from_millis(100)).await;
        self.create_response(request, "found")
    }

    #[expect(
        clippy::unused_async,
        reason = "an endpoint is async, whatever it does"
    )]
    async fn free(&self, request: &mut Request) -> Result<HttpResponse> {
        self.create_response(request, "free")
    }

    /// Fails before it marks its place as kept.
    async fn failing(&self, request: &mut Request) -> Result<HttpResponse> {
        self.throttle_check(request).await?;
        Err(Error::NotFound)
    }
}

#[derive(ModelResource)]
#[resource(
    model = Author,
    resource_name = "written",
    excludes(password),
    throttle = CacheDbThrottle::new().throttle_at(20)
)]
struct WrittenResource;

fn api(library: &TestDatabase<Db>, compatibility: Compatibility) -> Mount {
    Api::new("v1")
        .compatible(compatibility)
        .database(library.database())
        .register(SlowResource)
        .register(WrittenResource)
        .build()
        .unwrap()
}

/// A client of an API whose five notes are in memory.
async fn client(compatibility: Compatibility) -> TestApiClient {
    TestApiClient::new(&api(&library(TestDatabase::in_memory(), 5), compatibility)).await
}

/// How many of `calls` calls pass that 32 clients make at once.
fn passed(served: &LiveServer, path: &str, calls: usize) -> usize {
    let (left, passed) = (AtomicUsize::new(calls), AtomicUsize::new(0));
    std::thread::scope(|threads| {
        for _ in 0..32 {
            threads.spawn(|| {
                while left
                    .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| {
                        left.checked_sub(1)
                    })
                    .is_ok()
                {
                    match served.get(path).status() {
                        200 => passed.fetch_add(1, Ordering::SeqCst),
                        429 => 0,
                        other => panic!("{path} answered {other}"),
                    };
                }
            });
        }
    });
    passed.into_inner()
}

/// 50 runs, each on an API of its own.
fn exactly_the_limit_passes_in_every_run(path: &str) {
    let library = library(TestDatabase::temporary(), 5);
    for run in 0..50 {
        let api = Api::new("v1")
            .database(library.database())
            .register(SlowResource)
            .build()
            .unwrap();
        let served = LiveServer::new(&api);

        assert_eq!(passed(&served, path, 60), 20, "run {run} of {path}");
    }
}

#[test]
fn exactly_the_limit_passes_a_fast_view() {
    exactly_the_limit_passes_in_every_run("/api/v1/slow/?limit=1");
}

#[test]
fn exactly_the_limit_passes_a_view_of_100_ms() {
    exactly_the_limit_passes_in_every_run("/api/v1/slow/?limit=1&sleep=1");
}

#[test]
fn exactly_the_limit_passes_an_endpoint_that_takes_the_steps_itself() {
    exactly_the_limit_passes_in_every_run("/api/v1/slow/search/");
}

#[actix_web::test]
async fn a_place_that_was_never_kept_is_given_back() {
    let client = client(Compatibility::Strict).await;

    for _ in 0..30 {
        client
            .get("/api/v1/slow/failing/")
            .await
            .assert_http_not_found();
    }

    client.get("/api/v1/slow/").await.assert_http_ok();
}

#[actix_web::test]
async fn what_fails_counts_unless_tastypies_way_is_asked_for() {
    let last = async |compatibility| {
        let client = client(compatibility).await;
        for _ in 0..20 {
            client
                .get("/api/v1/slow/?limit=abc")
                .await
                .assert_http_bad_request();
        }
        client.get("/api/v1/slow/").await
    };

    last(Compatibility::Strict)
        .await
        .assert_http_too_many_requests();
    last(Compatibility::Tastypie).await.assert_http_ok();
}

#[test]
fn who_hangs_up_is_counted() {
    for compatibility in [Compatibility::Strict, Compatibility::Tastypie] {
        let library = library(TestDatabase::temporary(), 5);
        let served = LiveServer::with_workers(&api(&library, compatibility), 1);
        for _ in 0..30 {
            let mut client = std::net::TcpStream::connect(served.address()).unwrap();
            let request = b"GET /api/v1/slow/?limit=1&sleep=1 HTTP/1.1\r\nHost: x\r\n\r\n";
            std::io::Write::write_all(&mut client, request).unwrap();
            // Long enough for the request to be taken up, and not for its answer.
            std::thread::sleep(Duration::from_millis(30));
        }
        // What was hung up is still finished, eight at a time.
        std::thread::sleep(Duration::from_millis(800));

        assert_eq!(
            served.get("/api/v1/slow/").status(),
            429,
            "{compatibility:?}"
        );
    }
}

#[test]
fn an_endpoint_that_says_so_is_not_throttled() {
    let library = library(TestDatabase::temporary(), 5);
    let served = LiveServer::with_workers(&api(&library, Compatibility::Strict), 1);

    assert_eq!(passed(&served, "/api/v1/slow/free/", 60), 60);
}

#[actix_web::test]
async fn a_refusal_says_how_long_to_wait_and_nothing_else() {
    let client = client(Compatibility::Strict).await;
    for _ in 0..20 {
        client.get("/api/v1/slow/?limit=1").await.assert_http_ok();
    }

    let refused = client.get("/api/v1/slow/").await;
    let options = client.request(Method::OPTIONS, "/api/v1/slow/").await;

    assert_eq!(refused.assert_http_too_many_requests().text(), "");
    let wait: u64 = refused.header("Retry-After").unwrap().parse().unwrap();
    assert!((1..=3600).contains(&wait), "{wait}");
    assert_eq!(refused.header("Vary"), None);
    options.assert_http_ok();
}

#[test]
fn accesses_are_in_the_table_when_the_answer_arrives_and_count_after_a_restart() {
    let library = library(TestDatabase::temporary(), 5);
    let build = || {
        Api::new("v1")
            .database(library.database())
            .register(WrittenResource)
            .build()
            .unwrap()
    };
    let rows = || library.rows("SELECT count(*) FROM tastypie_apiaccess")[0][0].clone();

    let served = LiveServer::new(&build());
    for expected in 1..=15 {
        served
            .get("/api/v1/written/?limit=1&api_key=secret")
            .assert_http_ok();
        assert_eq!(rows(), expected);
    }
    drop(served);
    let restarted = LiveServer::new(&build());

    assert_eq!(passed(&restarted, "/api/v1/written/?limit=1", 32), 5);
    assert_eq!(rows(), 20);
    let secrets = library.rows("SELECT count(*) FROM tastypie_apiaccess WHERE url LIKE '%secret%'");
    assert_eq!(secrets, serde_json::json!([[0]]));
}
