//! Several limits, what a request costs, which requests count, and what a client is told.

use std::{sync::LazyLock, time::Duration};

use tastyrs::{
    prelude::*,
    test::{LiveServer, TestApiClient, TestDatabase},
    throttle::{Counts, Fields, Plans, Rate, Rates},
};

use crate::support::{Author, Db, Note, Subject, library};

/// Ten a minute, of which each object of a list that is written takes one.
#[derive(ModelResource)]
#[resource(
    model = Subject,
    resource_name = "bulk",
    hooks,
    authorization = Authorization,
    throttle = CacheThrottle::new().rate("10/m"),
    throttle_cost = Cost::Objects
)]
struct BulkResource;

impl Hooks for BulkResource {
    fn prepend_urls(&self) -> Urls<Self> {
        Urls::new()
            .get("dear/", "get_dear", Self::dear)
            .get("cheap/", "get_cheap", Self::cheap)
    }

    fn throttle_cost(&self, request: &Request) -> u32 {
        if request.params().get("deep").is_some() {
            5
        } else {
            1
        }
    }
}

impl BulkResource {
    /// Only the work tells that it costs 4.
    async fn dear(&self, request: &mut Request) -> Result<HttpResponse> {
        self.throttle_check(request).await?;
        self.log_throttled_access(request).await?;
        request.charge(4);
        self.create_response(request, "dear")
    }

    /// Costs nothing after all.
    async fn cheap(&self, request: &mut Request) -> Result<HttpResponse> {
        self.throttle_check(request).await?;
        self.log_throttled_access(request).await?;
        request.charge(0);
        self.create_response(request, "cheap")
    }
}

/// Two a second and five an hour, one at once.
#[derive(ModelResource)]
#[resource(
    model = Note,
    resource_name = "several",
    hooks,
    excludes(author_id),
    throttle = CacheThrottle::new()
        .rates([Rate::new(2, Duration::from_secs(1)).named("burst"), Rate::new(5, Duration::from_secs(3_600))])
        .and(ConcurrencyThrottle::new(1))
)]
struct SeveralResource;

impl Hooks for SeveralResource {
    fn get_object_list(&self, request: &Request) -> Result<Self::List> {
        if request.params().get("sleep").is_some() {
            std::thread::sleep(Duration::from_millis(400));
        }
        Ok(diesel::QueryDsl::into_boxed(crate::support::note::table))
    }
}

/// Two failures an hour.
#[derive(ModelResource)]
#[resource(
    model = Author,
    resource_name = "failures",
    excludes(password),
    throttle = CacheThrottle::new().rate("2/h").counts(Counts::Failures)
)]
struct FailuresResource;

static PLANS: LazyLock<Plans> = LazyLock::new(Plans::new);

/// One an hour, unless the caller has a plan.
#[derive(ModelResource)]
#[resource(
    model = Author,
    resource_name = "plans",
    excludes(password),
    throttle = CacheThrottle::new().rate("1/h").rates_for(PLANS.lookup())
)]
struct PlansResource;

/// One an hour, which is only tried out.
#[derive(ModelResource)]
#[resource(
    model = Author,
    resource_name = "tried",
    excludes(password),
    throttle = CacheThrottle::new().rate("1/h").dry_run()
)]
struct TriedResource;

fn api(library: &TestDatabase<Db>) -> Api {
    Api::new("v1")
        .database(library.database())
        .register(BulkResource)
        .register(SeveralResource)
        .register(FailuresResource)
        .register(PlansResource)
        .register(TriedResource)
}

async fn client() -> TestApiClient {
    let library = library(TestDatabase::in_memory(), 5);
    TestApiClient::new(&api(&library).build().unwrap()).await
}

/// What the field `RateLimit` says is left of the first limit.
async fn left(client: &TestApiClient) -> u64 {
    let answer = client.get("/api/v1/bulk/cheap/").await;
    let field = answer.header("RateLimit").unwrap().to_owned();
    let left = field
        .split(";r=")
        .nth(1)
        .unwrap()
        .split(';')
        .next()
        .unwrap();
    // The place that was taken to ask is given back.
    left.parse::<u64>().unwrap() + 1
}

fn subjects(names: &[&str]) -> serde_json::Value {
    let objects: Vec<_> = names
        .iter()
        .map(|name| serde_json::json!({ "name": name }))
        .collect();
    serde_json::json!({ "objects": objects })
}

#[actix_web::test]
async fn a_list_that_is_written_costs_a_place_for_each_object() {
    let client = client().await;

    let four = client
        .patch("/api/v1/bulk/")
        .data(subjects(&["a", "b", "c", "d"]))
        .await;

    four.assert_http_accepted();
    assert_eq!(four.header("RateLimit"), Some("\"10/m\";r=6;t=60"));
    assert_eq!(left(&client).await, 6);
    let names = ["e"; 7];
    let refused = client.patch("/api/v1/bulk/").data(subjects(&names)).await;
    refused.assert_http_too_many_requests();
    assert_eq!(refused.header("Retry-After"), Some("60"));
    assert_eq!(left(&client).await, 6);
    client
        .patch("/api/v1/bulk/")
        .data(subjects(&["e"; 6]))
        .await
        .assert_http_accepted();
    client
        .get("/api/v1/bulk/")
        .await
        .assert_http_too_many_requests();
}

#[actix_web::test]
async fn nothing_of_a_list_that_costs_too_much_is_written() {
    let client = client().await;
    let before = client.get("/api/v1/bulk/").await.json()["meta"]["total_count"].clone();

    let refused = client
        .patch("/api/v1/bulk/")
        .data(subjects(&["x"; 11]))
        .await;

    refused.assert_http_too_many_requests();
    // However long one waits, ten will not hold eleven.
    assert_eq!(refused.header("Retry-After"), None);
    let after = client.get("/api/v1/bulk/").await.json()["meta"]["total_count"].clone();
    assert_eq!(before, after);
}

#[actix_web::test]
async fn a_set_costs_a_place_for_each_name() {
    let client = client().await;

    client.get("/api/v1/bulk/set/1;2;3/").await.assert_http_ok();

    assert_eq!(left(&client).await, 7);
}

#[actix_web::test]
async fn a_cost_is_told_by_the_head_or_after_the_work() {
    let client = client().await;

    client.get("/api/v1/bulk/?deep=1&limit=1").await;
    assert_eq!(left(&client).await, 5);
    client.get("/api/v1/bulk/dear/").await.assert_http_ok();

    assert_eq!(left(&client).await, 1);
}

#[actix_web::test]
async fn a_client_is_told_of_each_limit_and_the_longest_wait() {
    let client = client().await;

    let first = client.get("/api/v1/several/?limit=1").await;
    client
        .get("/api/v1/several/?limit=1")
        .await
        .assert_http_ok();
    let refused = client.get("/api/v1/several/?limit=1").await;

    assert_eq!(
        first.header("RateLimit-Policy"),
        Some(
            "\"burst\";q=2;w=1, \"5/h\";q=5;w=3600, \"concurrency\";q=1;qu=\"concurrent-requests\""
        )
    );
    assert_eq!(
        first.header("RateLimit"),
        Some("\"burst\";r=1;t=1, \"5/h\";r=4;t=3600, \"concurrency\";r=0")
    );
    refused.assert_http_too_many_requests();
    assert_eq!(refused.header("Retry-After"), Some("1"));
    assert_eq!(refused.header("RateLimit"), Some("\"burst\";r=0;t=1"));
    assert_eq!(refused.header("Cache-Control"), Some("no-store"));
    assert_eq!(refused.text(), "");
}

#[actix_web::test]
async fn who_asks_for_a_problem_is_told_which_limit_it_is() {
    let client = client().await;
    for _ in 0..2 {
        client
            .get("/api/v1/several/?limit=1")
            .await
            .assert_http_ok();
    }

    let refused = client
        .request(Method::GET, "/api/v1/several/")
        .header("Accept", "application/problem+json")
        .await;

    refused.assert_http_too_many_requests();
    assert_eq!(
        refused.header("Content-Type"),
        Some("application/problem+json")
    );
    let problem = refused.json();
    assert_eq!(problem["status"], 429);
    assert_eq!(problem["violated-policies"], serde_json::json!(["burst"]));
}

#[actix_web::test]
async fn older_fields_are_sent_where_they_are_asked_for_and_none_with_the_switch() {
    let library = library(TestDatabase::in_memory(), 5);
    let older = api(&library).rate_limit_fields(Fields::XRateLimit).build();
    let older = TestApiClient::new(&older.unwrap()).await;
    let silent = api(&library).compatible(Compatibility::Tastypie).build();
    let silent = TestApiClient::new(&silent.unwrap()).await;

    let told = older.get("/api/v1/bulk/?limit=1").await;
    let nothing = silent.get("/api/v1/bulk/?limit=1").await;

    assert_eq!(told.header("X-RateLimit-Limit"), Some("10"));
    assert_eq!(told.header("X-RateLimit-Remaining"), Some("9"));
    assert_eq!(told.header("RateLimit"), None);
    for name in ["RateLimit", "RateLimit-Policy", "X-RateLimit-Limit"] {
        assert_eq!(nothing.header(name), None);
    }
}

#[actix_web::test]
async fn only_failures_count_where_they_alone_are_to() {
    let client = client().await;

    for _ in 0..5 {
        client.get("/api/v1/failures/").await.assert_http_ok();
    }
    for _ in 0..2 {
        client
            .get("/api/v1/failures/99/")
            .await
            .assert_http_not_found();
    }

    client
        .get("/api/v1/failures/")
        .await
        .assert_http_too_many_requests();
}

#[actix_web::test]
async fn a_plan_holds_from_the_next_request_on() {
    let client = client().await;
    client.get("/api/v1/plans/").await.assert_http_ok();
    client
        .get("/api/v1/plans/")
        .await
        .assert_http_too_many_requests();

    PLANS.set("127.0.0.1_nohost", Rates::new(["3/h"]).unwrap());

    client.get("/api/v1/plans/").await.assert_http_ok();
    client.get("/api/v1/plans/").await.assert_http_ok();
    client
        .get("/api/v1/plans/")
        .await
        .assert_http_too_many_requests();
}

#[actix_web::test]
async fn a_limit_that_is_tried_out_turns_nobody_away() {
    let client = client().await;

    for _ in 0..3 {
        client.get("/api/v1/tried/").await.assert_http_ok();
    }
}

#[test]
fn one_request_at_once_is_one_request_at_once() {
    let library = library(TestDatabase::temporary(), 5);
    let served = LiveServer::new(&api(&library).build().unwrap());

    let statuses: Vec<u16> = std::thread::scope(|threads| {
        let calls: Vec<_> = (0..2)
            .map(|_| threads.spawn(|| served.get("/api/v1/several/?sleep=1").status()))
            .collect();
        calls.into_iter().map(|call| call.join().unwrap()).collect()
    });
    let later = served.get("/api/v1/several/?limit=1").status();

    let passed = statuses.iter().filter(|status| **status == 200).count();
    assert_eq!((passed, later), (1, 200), "{statuses:?}");
}
