use std::convert::Infallible;
use std::future::{Future, pending, poll_fn};
use std::net::{IpAddr, SocketAddr};
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;

use http::request::Parts;
use http::{Request, Response, StatusCode};
use tower_layer::Layer;
use tower_service::Service;

use super::{Caller, Charge, ThrottleLayer};
use crate::{
    Access, CacheThrottle, Clock, Counts, Error, Fields, PROBLEM_JSON, Result, RetryAfter,
    Throttle, Verdict,
};

/// Answers by the path: a status, a charge, or never.
#[derive(Clone)]
struct Paths;

impl Service<Request<()>> for Paths {
    type Response = Response<String>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<String>, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<()>) -> Self::Future {
        Box::pin(async move {
            let mut answer = Response::new("hello".to_owned());
            match request.uri().path() {
                "/missing" => *answer.status_mut() = StatusCode::NOT_FOUND,
                "/dear" => {
                    answer.extensions_mut().insert(Charge(5));
                }
                "/slow" => pending().await,
                _ => {}
            }
            Ok(answer)
        })
    }
}

fn get(path: &str) -> http::request::Builder {
    let peer: SocketAddr = "192.0.2.1:4711".parse().unwrap();
    Request::get(path).extension(peer)
}

fn per_minute(throttle_at: u32) -> CacheThrottle {
    CacheThrottle::new()
        .throttle_at(throttle_at)
        .timeframe(Duration::from_secs(60))
        .clock(Clock::manual())
}

async fn call<S>(service: &mut S, request: http::request::Builder) -> Response<String>
where
    S: Service<Request<()>, Response = Response<String>, Error = Infallible>,
{
    poll_fn(|context| service.poll_ready(context))
        .await
        .unwrap();
    service.call(request.body(()).unwrap()).await.unwrap()
}

fn header<'a>(answer: &'a Response<String>, name: &str) -> Option<&'a str> {
    answer.headers().get(name)?.to_str().ok()
}

#[tokio::test]
async fn the_second_of_one_is_turned_away() {
    let mut service = ThrottleLayer::new(per_minute(1)).layer(Paths);

    let first = call(&mut service, get("/")).await;
    let second = call(&mut service, get("/").header("accept", PROBLEM_JSON)).await;

    assert_eq!(
        (first.status(), first.body().as_str()),
        (StatusCode::OK, "hello")
    );
    assert_eq!(header(&first, "ratelimit"), Some(r#""1/m";r=0;t=60"#));
    assert_eq!(second.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(header(&second, "retry-after"), Some("60"));
    assert_eq!(header(&second, "cache-control"), Some("no-store"));
    assert_eq!(header(&second, "content-type"), Some(PROBLEM_JSON));
    assert!(second.body().contains(r#""violated-policies":["1/m"]"#));
}

#[tokio::test]
async fn callers_are_told_apart_by_what_is_known_of_them() {
    let by_peer = |request: &Parts| request.extensions.get::<String>()?.parse().ok();
    let layer = ThrottleLayer::new(per_minute(1)).fields(Fields::None);
    let mut plain = layer.clone().layer(Paths);
    let mut told = layer.clone().peer(by_peer).layer(Paths);
    let mut named = layer
        .identifier(|request: &Parts| match request.headers.get("x-api-key") {
            Some(key) => key.to_str().ok().into(),
            None => Caller::Address,
        })
        .layer(Paths);
    let from = |peer: [u8; 4]| Request::get("/").extension(IpAddr::from(peer));
    let mut statuses = Vec::new();

    for request in [
        from([192, 0, 2, 2]),
        from([192, 0, 2, 3]),
        from([192, 0, 2, 2]),
    ] {
        statuses.push(call(&mut plain, request).await.status().as_u16());
    }
    for peer in ["192.0.2.3", "192.0.2.4"] {
        let request = Request::get("/").extension(peer.to_owned());
        statuses.push(call(&mut told, request).await.status().as_u16());
    }
    for key in ["ada", "ada", "192.0.2.3"] {
        let request = Request::get("/").header("x-api-key", key);
        statuses.push(call(&mut named, request).await.status().as_u16());
    }

    // The layers share one throttle, so a name is counted with the address that it imitates.
    assert_eq!(statuses, [200, 200, 429, 429, 200, 200, 429, 429]);
}

#[tokio::test]
async fn an_answer_can_say_what_its_request_cost() {
    let mut service = ThrottleLayer::new(per_minute(7)).layer(Paths);

    call(&mut service, get("/dear")).await;
    let second = call(&mut service, get("/")).await;

    assert_eq!(header(&second, "ratelimit"), Some(r#""7/m";r=1;t=60"#));
}

#[tokio::test]
async fn failures_alone_count_where_that_is_asked() {
    let layer = ThrottleLayer::new(per_minute(1)).counts(Counts::Failures);
    let mut service = layer.layer(Paths);
    let mut statuses = Vec::new();

    for path in ["/", "/", "/missing", "/"] {
        let answer = call(&mut service, get(path)).await;
        statuses.push(answer.status().as_u16());
    }

    assert_eq!(statuses, [200, 200, 404, 429]);
}

#[tokio::test]
async fn a_caller_who_hangs_up_has_called_all_the_same() {
    let mut service = ThrottleLayer::new(per_minute(1)).layer(Paths);

    {
        let mut call = pin!(call(&mut service, get("/slow")));
        poll_fn(|context| {
            assert!(call.as_mut().poll(context).is_pending());
            Poll::Ready(())
        })
        .await;
    }

    assert_eq!(call(&mut service, get("/")).await.status(), 429);
}

/// Answers after a moment, what it was told to.
struct Slow(fn() -> Result<Verdict>);

impl Throttle for Slow {
    async fn should_be_throttled(&self, _: &Access<'_>) -> Result<Verdict> {
        tokio::task::yield_now().await;
        (self.0)()
    }
}

#[tokio::test]
async fn a_throttle_that_must_wait_is_waited_for() {
    type Decide = fn() -> Result<Verdict>;
    let decisions: [(Decide, u16); 3] = [
        (|| Ok(Verdict::Allowed), 200),
        (|| Ok(Verdict::Throttled(RetryAfter::Unknown)), 429),
        (
            || Err(Error::own("the password of the store is hunter2")),
            500,
        ),
    ];
    for (decide, status) in decisions {
        let mut service = ThrottleLayer::new(Slow(decide)).layer(Paths);

        let answer = call(&mut service, get("/")).await;

        assert_eq!(answer.status(), status);
        assert!(!answer.body().contains("hunter2"));
    }
}
