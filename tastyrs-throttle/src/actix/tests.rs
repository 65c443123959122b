use std::future::poll_fn;
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;
use std::time::Duration;

use actix_web::dev::{ServiceRequest, ServiceResponse, fn_service};
use actix_web::http::{Method, StatusCode};
use actix_web::test::{self, TestRequest, call_service, init_service};
use actix_web::{App, Error as ActixError, HttpMessage, HttpResponse, error, web};

use super::throttling::waited;
use super::{Caller, Charge, Throttling};
use crate::{
    Access, AccessLog, AccessRow, AnyThrottle, Binding, BoxFuture, CacheDbThrottle, CacheThrottle,
    ClientAddress, Clock, Counts, Error, Fields, PROBLEM_JSON, Recorded, Result, RetryAfter,
    Throttle, TrustedProxies, Verdict,
};

/// An app of a few routes behind a middleware.
macro_rules! app {
    ($throttling:expr) => {
        init_service(
            App::new()
                .wrap($throttling)
                .route("/", web::get().to(|| async { "hello" }))
                .route("/missing", web::get().to(missing))
                .route("/gone", web::get().to(HttpResponse::Gone))
                .route("/dear", web::get().to(dear)),
        )
        .await
    };
}

async fn missing() -> Result<&'static str, ActixError> {
    Err(error::ErrorNotFound("no such note"))
}

async fn dear() -> HttpResponse {
    let mut answer = HttpResponse::Ok().finish();
    answer.extensions_mut().insert(Charge(5));
    answer
}

fn from(address: &str) -> TestRequest {
    TestRequest::get().peer_addr(format!("{address}:4711").parse().unwrap())
}

fn get(path: &str) -> TestRequest {
    from("192.0.2.1").uri(path)
}

fn per_minute(throttle_at: u32) -> (CacheThrottle, Clock) {
    let clock = Clock::manual();
    let throttle = CacheThrottle::new()
        .throttle_at(throttle_at)
        .timeframe(Duration::from_secs(60))
        .clock(clock.clone());
    (throttle, clock)
}

fn header<'a, B>(answer: &'a ServiceResponse<B>, name: &str) -> Option<&'a str> {
    answer.headers().get(name)?.to_str().ok()
}

/// The statuses of requests that come one after the other.
macro_rules! statuses {
    ($app:expr, $($request:expr),+ $(,)?) => {
        [$(call_service(&$app, $request.to_request()).await.status().as_u16()),+]
    };
}

#[actix_web::test]
async fn each_throttle_tells_its_own_policy_whoever_was_told_before() {
    let (one, _) = per_minute(1);
    let (five, _) = per_minute(5);
    let (one, five) = (app!(Throttling::new(one)), app!(Throttling::new(five)));

    for (status, address) in [(200, "192.0.2.1"), (200, "192.0.2.2"), (429, "192.0.2.1")] {
        let strict = call_service(&one, from(address).uri("/").to_request()).await;
        let lenient = call_service(&five, from(address).uri("/").to_request()).await;

        assert_eq!(strict.status().as_u16(), status);
        assert_eq!(
            header(&strict, "ratelimit-policy"),
            Some(r#""1/m";q=1;w=60"#)
        );
        assert_eq!(
            header(&lenient, "ratelimit-policy"),
            Some(r#""5/m";q=5;w=60"#)
        );
    }
}

#[actix_web::test]
async fn the_third_of_two_is_turned_away_until_its_time() {
    let (throttle, clock) = per_minute(2);
    let app = app!(Throttling::new(throttle).fields(Fields::None));

    let passed = statuses!(app, get("/"), get("/"));
    clock.advance_secs(15);
    let refused = call_service(&app, get("/").to_request()).await;

    assert_eq!(passed, [200, 200]);
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(header(&refused, "retry-after"), Some("45"));
    assert_eq!(header(&refused, "cache-control"), Some("no-store"));
    assert_eq!(refused.headers().len(), 2);
    assert_eq!(test::read_body(refused).await, "");
    clock.advance_secs(45);
    assert_eq!(statuses!(app, get("/")), [200]);
}

#[actix_web::test]
async fn each_answer_says_where_its_caller_stands() {
    let (throttle, _) = per_minute(2);
    let app = app!(Throttling::new(throttle.rates(["2/m", "9/h"])).fields(Fields::Both));

    let first = call_service(&app, get("/").to_request()).await;
    call_service(&app, get("/missing").to_request()).await;
    let refused = call_service(&app, get("/").to_request()).await;

    assert_eq!(
        header(&first, "ratelimit-policy"),
        Some(r#""2/m";q=2;w=60, "9/h";q=9;w=3600"#)
    );
    assert_eq!(
        header(&first, "ratelimit"),
        Some(r#""2/m";r=1;t=60, "9/h";r=8;t=3600"#)
    );
    assert_eq!(header(&first, "x-ratelimit-remaining"), Some("1"));
    assert_eq!(header(&first, "retry-after"), None);
    assert_eq!(header(&refused, "ratelimit"), Some(r#""2/m";r=0;t=60"#));
    assert_eq!(header(&refused, "retry-after"), Some("60"));
    assert_eq!(header(&refused, "x-ratelimit-reset"), Some("60"));
}

#[actix_web::test]
async fn who_asks_for_a_problem_gets_one() {
    let (throttle, _) = per_minute(0);
    let (one, _) = per_minute(1);
    let app = app!(Throttling::new(one.and(throttle)).fields(Fields::None));
    let asking = get("/").insert_header(("accept", "text/html, application/problem+json"));

    let refused = call_service(&app, asking.to_request()).await;

    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(header(&refused, "content-type"), Some(PROBLEM_JSON));
    let body = test::read_body(refused).await;
    assert!(
        body.starts_with(b"{\"type\":\"https://iana.org/"),
        "{body:?}"
    );
}

#[actix_web::test]
async fn callers_are_told_apart_by_address_and_by_the_first_half_of_ipv6() {
    let (throttle, _) = per_minute(1);
    let app = app!(Throttling::new(throttle));

    let statuses = statuses!(
        app,
        from("192.0.2.1"),
        from("192.0.2.2"),
        from("192.0.2.1"),
        from("[2001:db8:1:2::1]"),
        from("[2001:db8:1:2:ffff::2]"),
        from("[2001:db8:1:3::1]"),
    );

    assert_eq!(statuses, [200, 200, 429, 200, 429, 200]);
}

#[actix_web::test]
async fn behind_a_trusted_proxy_its_word_counts_and_nobody_elses() {
    let (throttle, _) = per_minute(1);
    let proxies = TrustedProxies::new(["10.0.0.0/8"]).unwrap();
    let clients = ClientAddress::new().trusted_proxies(proxies);
    let app = app!(Throttling::new(throttle).client_address(clients));
    let said = |peer, said| from(peer).insert_header(("x-forwarded-for", said));

    let statuses = statuses!(
        app,
        said("10.0.0.1", "192.0.2.1"),
        said("10.0.0.1", "192.0.2.2"),
        said("10.0.0.2", "203.0.113.5, 192.0.2.1"),
        said("192.0.2.9", "192.0.2.1"),
        said("192.0.2.9", "192.0.2.8"),
    );

    assert_eq!(statuses, [200, 200, 429, 200, 429]);
}

#[actix_web::test]
async fn a_name_a_nobody_and_an_address_are_counted_each_in_its_way() {
    let (throttle, _) = per_minute(1);
    let app = app!(Throttling::new(throttle).identifier(|request| {
        match request.headers().get("x-api-key").map(|key| key.to_str()) {
            Some(Ok("internal")) => Caller::Uncounted,
            Some(Ok(key)) => key.into(),
            _ => Caller::Address,
        }
    }));
    let key = |key| get("/").insert_header(("x-api-key", key));

    let statuses = statuses!(
        app,
        key("ada"),
        key("ada"),
        key("grace"),
        get("/"),
        get("/"),
        key("192.0.2.1"),
        key("address:192.0.2.1"),
        key("internal"),
        key("internal"),
    );

    assert_eq!(statuses, [200, 429, 200, 200, 429, 200, 200, 200, 200]);
}

#[actix_web::test]
async fn an_identifier_that_is_not_there_is_not_counted() {
    let (throttle, _) = per_minute(0);
    let app = app!(Throttling::new(throttle).identifier(|request| {
        let key = request.headers().get("x-api-key")?;
        key.to_str().ok().map(ToOwned::to_owned)
    }));

    let statuses = statuses!(app, get("/"), get("/").insert_header(("x-api-key", "ada")));

    assert_eq!(statuses, [200, 429]);
}

#[actix_web::test]
async fn what_was_raised_counts_or_not_as_the_middleware_is_told() {
    for (counts, expected) in [
        (Counts::All, [404, 429, 429]),
        (Counts::Answered, [404, 410, 429]),
        (Counts::Failures, [404, 429, 429]),
    ] {
        let (throttle, _) = per_minute(1);
        let app = app!(Throttling::new(throttle).counts(counts));

        let statuses = statuses!(app, get("/missing"), get("/gone"), get("/gone"));

        assert_eq!(statuses, expected, "{counts:?}");
    }
    let (throttle, _) = per_minute(1);
    let app = app!(Throttling::new(throttle.counts(Counts::Failures)).counts(Counts::All));
    assert_eq!(
        statuses!(app, get("/"), get("/"), get("/gone"), get("/")),
        [200, 200, 410, 429]
    );
}

#[actix_web::test]
async fn a_request_costs_what_was_said_before_or_what_its_answer_says() {
    let (throttle, _) = per_minute(10);
    let cost = |request: &ServiceRequest| if request.path() == "/" { 3 } else { 1 };
    let app = app!(Throttling::new(throttle).cost(cost));

    let dear = call_service(&app, get("/dear").to_request()).await;
    let cheap = call_service(&app, get("/").to_request()).await;
    let refused = call_service(&app, get("/").to_request()).await;

    assert_eq!(dear.status(), StatusCode::OK);
    assert_eq!(header(&cheap, "ratelimit"), Some(r#""10/m";r=2;t=60"#));
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
}

#[actix_web::test]
async fn a_preflight_passes_where_that_was_asked_for() {
    let preflight = || {
        TestRequest::with_uri("/")
            .method(Method::OPTIONS)
            .insert_header(("origin", "https://example.org"))
            .insert_header(("access-control-request-method", "PUT"))
    };
    let (throttle, _) = per_minute(0);
    let closed = app!(Throttling::new(throttle.clone()));
    let open = app!(Throttling::new(throttle).preflights_pass());

    let refused = statuses!(
        open,
        get("/"),
        get("/").method(Method::OPTIONS),
        get("/").insert_header(("access-control-request-method", "PUT")),
    );

    assert_eq!(refused, [429, 429, 429]);
    assert_eq!(statuses!(closed, preflight()), [429]);
    assert_eq!(statuses!(open, preflight()), [404]);
}

#[actix_web::test]
async fn a_caller_who_hangs_up_has_called_all_the_same() {
    for (counts, expected) in [(Counts::All, 429), (Counts::Answered, 429)] {
        let (throttle, _) = per_minute(1);
        let app = init_service(
            App::new()
                .wrap(Throttling::new(throttle).counts(counts))
                .route("/", web::get().to(HttpResponse::Ok))
                .route("/slow", web::get().to(std::future::pending::<HttpResponse>)),
        )
        .await;

        {
            let mut call = pin!(actix_web::dev::Service::call(
                &app,
                get("/slow").to_request()
            ));
            poll_fn(|context| {
                assert!(call.as_mut().poll(context).is_pending());
                Poll::Ready(())
            })
            .await;
        }

        assert_eq!(statuses!(app, get("/")), [expected], "{counts:?}");
    }
}

#[actix_web::test]
async fn a_limit_for_the_app_and_one_for_a_scope_hold_both_and_say_so() {
    let (all, _) = per_minute(3);
    let (search, _) = per_minute(1);
    let all = Throttling::new(all.rate("3/m")).fields(Fields::Both);
    let search = Throttling::new(search.rate("1/m")).fields(Fields::Both);
    let app = init_service(
        App::new()
            .wrap(all)
            .route("/", web::get().to(HttpResponse::Ok))
            .service(
                web::scope("/search")
                    .wrap(search)
                    .route("", web::get().to(HttpResponse::Ok)),
            ),
    )
    .await;

    let found = call_service(&app, get("/search").to_request()).await;
    let refused = call_service(&app, get("/search").to_request()).await;
    let hello = call_service(&app, get("/").to_request()).await;
    let last = call_service(&app, get("/").to_request()).await;

    let limits: Vec<_> = found.headers().get_all("ratelimit").collect();
    assert_eq!(limits, [r#""1/m";r=0;t=60"#, r#""3/m";r=2;t=60"#]);
    assert_eq!(header(&found, "x-ratelimit-limit"), Some("1"));
    assert_eq!(header(&refused, "ratelimit"), Some(r#""1/m";r=0;t=60"#));
    assert_eq!(refused.headers().get_all("ratelimit").count(), 1);
    assert_eq!(header(&hello, "x-ratelimit-remaining"), Some("0"));
    assert_eq!(last.status(), StatusCode::TOO_MANY_REQUESTS);
}

#[actix_web::test]
async fn a_route_can_have_a_limit_of_its_own() {
    let (throttle, _) = per_minute(1);
    let route = web::get()
        .to(HttpResponse::Ok)
        .wrap(Throttling::new(throttle));
    let app = init_service(
        App::new().service(
            web::resource("/")
                .route(route)
                .route(web::post().to(HttpResponse::Ok)),
        ),
    )
    .await;

    let statuses = statuses!(app, get("/"), get("/"), get("/").method(Method::POST));

    assert_eq!(statuses, [200, 429, 200]);
}

/// Answers after a moment, what it was told to.
struct Slow(fn() -> Result<Verdict>);

impl Throttle for Slow {
    async fn should_be_throttled(&self, access: &Access<'_>) -> Result<Verdict> {
        assert_eq!(
            (
                access.identifier,
                access.method,
                access.url,
                access.resource
            ),
            ("192.0.2.1", "GET", "/?q=1", "greeting")
        );
        tokio::task::yield_now().await;
        (self.0)()
    }
}

#[actix_web::test]
async fn a_throttle_that_must_wait_is_waited_for() {
    let refuse = || {
        Ok(Verdict::Throttled(RetryAfter::After(Duration::from_secs(
            7,
        ))))
    };
    let fail = || Err(Error::own("the password of the store is hunter2"));
    for (decide, expected) in [
        (
            (|| Ok(Verdict::Allowed)) as fn() -> Result<Verdict>,
            (200, None),
        ),
        (refuse, (429, Some("7"))),
        (fail, (500, None)),
    ] {
        let app = app!(Throttling::new(Slow(decide)).resource("greeting"));

        let answer = call_service(&app, get("/?q=1").to_request()).await;

        assert_eq!(
            (answer.status().as_u16(), header(&answer, "retry-after")),
            expected
        );
        let body = test::read_body(answer).await;
        assert!(body == "hello" || body.is_empty(), "{body:?}");
    }
}

/// Counts the rows that were written, or is away.
struct Log {
    rows: Arc<AtomicUsize>,
    away: bool,
}

impl AccessLog for Log {
    fn record(&self, rows: Arc<[AccessRow]>) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            tokio::task::yield_now().await;
            if self.away {
                return Err(Error::access_log("writing rows", "hunter2"));
            }
            self.rows.fetch_add(rows.len(), Ordering::SeqCst);
            Ok(())
        })
    }

    fn recent(&self, _: i64, _: &[String], _: &mut dyn FnMut(Recorded<'_>)) -> Result<()> {
        Ok(())
    }
}

fn logged(rows: &Arc<AtomicUsize>, away: bool) -> AnyThrottle {
    let throttle = AnyThrottle::new(CacheDbThrottle::new());
    let rows = Arc::clone(rows);
    let binding = Binding::new("").access_log(Arc::new(Log { rows, away }));
    throttle.bind(&binding).unwrap();
    throttle
}

#[actix_web::test]
async fn a_row_is_written_before_the_answer_leaves() {
    let rows = Arc::default();
    let app = app!(Throttling::new(logged(&rows, false)));

    let answer = call_service(&app, get("/").to_request()).await;

    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(rows.load(Ordering::SeqCst), 1);
}

#[actix_web::test]
async fn a_row_that_cannot_be_written_is_a_503_that_tells_nothing_of_the_inside() {
    let app = app!(Throttling::new(logged(&Arc::default(), true)));
    let asking = get("/").insert_header(("accept", PROBLEM_JSON));

    let answer = call_service(&app, asking.to_request()).await;

    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(header(&answer, "retry-after"), Some("1"));
    let body = test::read_body(answer).await;
    let body = str::from_utf8(&body).unwrap();
    assert!(body.contains("#temporary-reduced-capacity"), "{body}");
    assert!(!body.contains("hunter2"), "{body}");
}

#[cfg(feature = "redis")]
#[actix_web::test]
async fn a_store_that_is_away_is_a_503_where_the_throttle_is_to_refuse_then() {
    let throttle = crate::RedisThrottle::open("redis://127.0.0.1:1").unwrap();
    let throttle = throttle.on_store_failure(crate::OnStoreFailure::Refuse);
    let app = app!(Throttling::new(throttle));

    let answer = call_service(&app, get("/").to_request()).await;

    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(header(&answer, "retry-after"), Some("1"));
}

#[actix_web::test]
async fn a_user_found_by_a_middleware_in_front_can_be_counted() {
    #[derive(Clone)]
    struct User(&'static str);
    let (throttle, _) = per_minute(1);
    let app = init_service(
        App::new()
            .wrap(
                Throttling::new(throttle)
                    .identifier(|request| request.extensions().get().map(|User(name)| *name)),
            )
            .wrap_fn(|request, service| {
                request.extensions_mut().insert(User("ada"));
                actix_web::dev::Service::call(service, request)
            })
            .route("/", web::get().to(HttpResponse::Ok)),
    )
    .await;

    let statuses = statuses!(app, from("192.0.2.1"), from("192.0.2.2"));

    assert_eq!(statuses, [200, 429]);
}

#[actix_web::test]
async fn a_request_under_way_fits_in_a_block_that_malloc_keeps_at_hand() {
    let (throttle, _) = per_minute(1);
    let options = Throttling::new(throttle).options;
    let request = get("/").to_srv_request();
    let asked = options.ask(&request).unwrap();
    let service = fn_service(async |request: ServiceRequest| {
        Ok::<_, ActixError>(request.into_response(HttpResponse::Ok()))
    });

    let under_way = waited(Rc::new(service), options, request, asked);

    // 1,032 bytes in that of glibc, on 64 bits.
    assert!(size_of_val(&under_way) <= 1_024);
}
