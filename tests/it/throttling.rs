//! Limits over HTTP: of any number of requests at once, as many pass as the limit says.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tastyrs::prelude::*;

use crate::support::{Author, Note, Served, TemporaryFile, get, library, send};

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

fn api(file: &TemporaryFile, compatibility: Compatibility) -> tastyrs::api::Mount {
    Api::new("v1")
        .compatible(compatibility)
        .database(library(file, 5, DatabaseOptions::default()))
        .register(SlowResource)
        .register(WrittenResource)
        .build()
        .unwrap()
}

/// How many of `calls` calls pass that 32 clients make at once.
fn passed(port: u16, path: &str, calls: usize) -> usize {
    let (left, passed) = (
        Arc::new(AtomicUsize::new(calls)),
        Arc::new(AtomicUsize::new(0)),
    );
    let clients: Vec<_> = (0..32)
        .map(|_| {
            let (left, passed, path) = (Arc::clone(&left), Arc::clone(&passed), path.to_owned());
            std::thread::spawn(move || {
                while left
                    .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| {
                        left.checked_sub(1)
                    })
                    .is_ok()
                {
                    match get(port, &path).status {
                        200 => passed.fetch_add(1, Ordering::SeqCst),
                        429 => 0,
                        other => panic!("{path} answered {other}"),
                    };
                }
            })
        })
        .collect();
    for client in clients {
        client.join().unwrap();
    }
    passed.load(Ordering::SeqCst)
}

/// 50 runs, each on an API of its own.
fn exactly_the_limit_passes_in_every_run(name: &str, path: &str) {
    let file = TemporaryFile::new(name);
    let database = library(&file, 5, DatabaseOptions::default());
    for run in 0..50 {
        let api = Api::new("v1")
            .database(database.clone())
            .register(SlowResource)
            .build()
            .unwrap();
        let served = Served::api(api, 2);

        assert_eq!(passed(served.port, path, 60), 20, "run {run} of {path}");
    }
}

#[test]
fn exactly_the_limit_passes_a_fast_view() {
    exactly_the_limit_passes_in_every_run("fast.db", "/api/v1/slow/?limit=1");
}

#[test]
fn exactly_the_limit_passes_a_view_of_100_ms() {
    exactly_the_limit_passes_in_every_run("slow.db", "/api/v1/slow/?limit=1&sleep=1");
}

#[test]
fn exactly_the_limit_passes_an_endpoint_that_takes_the_steps_itself() {
    exactly_the_limit_passes_in_every_run("endpoint.db", "/api/v1/slow/search/");
}

#[test]
fn a_place_that_was_never_kept_is_given_back() {
    let file = TemporaryFile::new("given-back.db");
    let served = Served::api(api(&file, Compatibility::Strict), 1);

    for _ in 0..30 {
        assert_eq!(get(served.port, "/api/v1/slow/failing/").status, 404);
    }

    assert_eq!(get(served.port, "/api/v1/slow/").status, 200);
}

#[test]
fn what_fails_counts_unless_tastypies_way_is_asked_for() {
    let last = |compatibility| {
        let file = TemporaryFile::new("failures.db");
        let served = Served::api(api(&file, compatibility), 1);
        for _ in 0..20 {
            assert_eq!(get(served.port, "/api/v1/slow/?limit=abc").status, 400);
        }
        get(served.port, "/api/v1/slow/").status
    };

    assert_eq!(last(Compatibility::Strict), 429);
    assert_eq!(last(Compatibility::Tastypie), 200);
}

#[test]
fn who_hangs_up_is_counted() {
    for compatibility in [Compatibility::Strict, Compatibility::Tastypie] {
        let file = TemporaryFile::new("hung-up.db");
        let served = Served::api(api(&file, compatibility), 1);
        for _ in 0..30 {
            let mut client = std::net::TcpStream::connect(("127.0.0.1", served.port)).unwrap();
            let request = b"GET /api/v1/slow/?limit=1&sleep=1 HTTP/1.1\r\nHost: x\r\n\r\n";
            std::io::Write::write_all(&mut client, request).unwrap();
            // Long enough for the request to be taken up, and not for its answer.
            std::thread::sleep(Duration::from_millis(30));
        }
        // What was hung up is still finished, eight at a time.
        std::thread::sleep(Duration::from_millis(800));

        assert_eq!(
            get(served.port, "/api/v1/slow/").status,
            429,
            "{compatibility:?}"
        );
    }
}

#[test]
fn an_endpoint_that_says_so_is_not_throttled() {
    let file = TemporaryFile::new("free.db");
    let served = Served::api(api(&file, Compatibility::Strict), 1);

    assert_eq!(passed(served.port, "/api/v1/slow/free/", 60), 60);
}

#[test]
fn a_refusal_says_how_long_to_wait_and_nothing_else() {
    let file = TemporaryFile::new("refusal.db");
    let served = Served::api(api(&file, Compatibility::Strict), 1);
    passed(served.port, "/api/v1/slow/?limit=1", 20);

    let refused = get(served.port, "/api/v1/slow/");
    let options = send(
        served.port,
        b"OPTIONS /api/v1/slow/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    );

    assert_eq!((refused.status, refused.body.as_str()), (429, ""));
    let wait: u64 = refused.header("Retry-After").unwrap().parse().unwrap();
    assert!((1..=3600).contains(&wait), "{wait}");
    assert_eq!(refused.header("Vary"), None);
    assert_eq!(options.status, 200);
}

#[test]
fn accesses_are_in_the_table_when_the_answer_arrives_and_count_after_a_restart() {
    let file = TemporaryFile::new("written.db");
    let database = library(&file, 5, DatabaseOptions::default());
    let build = || {
        Api::new("v1")
            .database(database.clone())
            .register(WrittenResource)
            .build()
            .unwrap()
    };
    let rows = || {
        database
            .run(|db| {
                let count = diesel::sql_query("SELECT count(*) AS rows FROM tastypie_apiaccess");
                Ok(diesel::RunQueryDsl::get_result::<Rows>(count, db)?.rows)
            })
            .unwrap()
    };

    let served = Served::api(build(), 2);
    for expected in 1..=15 {
        assert_eq!(
            get(served.port, "/api/v1/written/?limit=1&api_key=secret").status,
            200
        );
        assert_eq!(rows(), expected);
    }
    drop(served);
    let restarted = Served::api(build(), 2);

    assert_eq!(passed(restarted.port, "/api/v1/written/?limit=1", 32), 5);
    assert_eq!(rows(), 20);
    let secrets = database
        .run(|db| {
            let found = diesel::sql_query(
                "SELECT count(*) AS rows FROM tastypie_apiaccess WHERE url LIKE '%secret%'",
            );
            Ok(diesel::RunQueryDsl::get_result::<Rows>(found, db)?.rows)
        })
        .unwrap();
    assert_eq!(secrets, 0);
}

#[derive(diesel::QueryableByName)]
struct Rows {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    rows: i64,
}
