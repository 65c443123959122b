//! What those who run an API see of its throttles.

use tastyrs::{
    api::{Guard, Mount},
    authentication::AnyAuthentication,
    http::User,
    prelude::*,
    test::{TestApiClient, TestDatabase, TestResponse},
};

use super::support::{Author, Subject, library};

/// Lets in whoever says who they are.
struct ByHeader;

impl Authenticate for ByHeader {
    async fn is_authenticated(&self, request: &mut Request) -> Result<()> {
        let name = request.header("x-user").map(ToOwned::to_owned);
        let name = name.ok_or(Error::Unauthorized { challenge: None })?;
        let mut user = User::new(0, name.as_str());
        user.is_superuser = name == "root";
        request.set_identifier(name);
        request.set_user(user);
        Ok(())
    }
}

#[derive(ModelResource)]
#[resource(
    model = Subject,
    resource_name = "subjects",
    authentication = ByHeader,
    throttle = CacheThrottle::new().rates(["2/h", "100/d"])
)]
struct SubjectResource;

#[derive(ModelResource)]
#[resource(
    model = Author,
    resource_name = "authors",
    authentication = ByHeader,
    throttle = CacheThrottle::new().throttle_at(0).dry_run()
)]
struct AuthorResource;

fn api(guard: Guard) -> Mount {
    let library = library(TestDatabase::in_memory(), 1);
    Api::new("v1")
        .database(library.database())
        .register(SubjectResource)
        .register(AuthorResource)
        .throttle_page("throttles/", guard)
        .build()
        .unwrap()
}

async fn get(client: &TestApiClient, user: &str, path: &str) -> TestResponse {
    let request = client.get(path).header("x-user", user);
    request.header("accept", "text/html").await
}

/// Calls of three users, of whom one hides markup in their name.
async fn called() -> TestApiClient {
    let client = TestApiClient::new(&api(Guard::superusers(ByHeader))).await;
    for user in [
        "ada",
        "<b>eve</b>",
        "<b>eve</b>",
        "<b>eve</b>",
        "<b>eve</b>",
    ] {
        get(&client, user, "/api/v1/subjects/").await;
    }
    get(&client, "grace", "/api/v1/authors/").await;
    client
}

#[actix_web::test]
async fn a_superuser_sees_who_calls_and_who_is_turned_away() {
    let client = called().await;

    let answer = client.get("/api/v1/throttles/").header("x-user", "root");
    let throttles = answer.await.json()["throttles"].clone();

    let [authors, subjects] = throttles.as_array().unwrap().as_slice() else {
        panic!("{throttles}")
    };
    assert_eq!(authors["resource"], "authors");
    assert_eq!(authors["total"]["would_refuse"], 1);
    assert_eq!(authors["busiest"][0]["now"]["standing"], "free");
    assert_eq!(subjects["limits"], "2/h, 100/d");
    assert_eq!(subjects["keys"], 2);
    assert_eq!(subjects["total"]["allowed"], 3);
    assert_eq!(subjects["lately"]["refused"], 2);
    let eve = &subjects["refused"][0];
    assert_eq!(eve["identifier"], "<b>eve</b>");
    assert_eq!((&eve["admitted"], &eve["refused"]), (&2.into(), &2.into()));
    assert_eq!(eve["now"]["standing"], "limited");
    let busiest = subjects["busiest"].as_array().unwrap();
    assert_eq!(busiest.len(), 2);
    assert_eq!(busiest[0]["admitted"], 2);
    assert_eq!(busiest[1]["identifier"], "ada");
    assert_eq!(busiest[1]["now"]["standing"], "free");
}

#[actix_web::test]
async fn the_page_shows_names_as_text_and_lets_no_script_run() {
    let client = called().await;

    let page = get(&client, "root", "/api/v1/throttles/").await;

    assert_eq!(page.status(), 200);
    assert_eq!(
        page.header("content-type"),
        Some("text/html; charset=utf-8")
    );
    assert_eq!(page.header("cache-control"), Some("no-store"));
    assert_eq!(page.header("x-frame-options"), Some("DENY"));
    assert_eq!(page.header("x-content-type-options"), Some("nosniff"));
    let policy = page.header("content-security-policy").unwrap();
    assert!(
        policy.starts_with("default-src 'none'; style-src 'sha256-"),
        "{policy}"
    );
    assert!(page.text().contains("<bdi>&lt;b&gt;eve&lt;/b&gt;</bdi>"));
    assert!(!page.text().contains("<b>"));
    assert!(
        page.text().contains("limited for 59 min") || page.text().contains("limited for 60 min")
    );
}

#[actix_web::test]
async fn nobody_else_sees_it() {
    let client = called().await;

    let stranger = client.get("/api/v1/throttles/").await;
    let ada = get(&client, "ada", "/api/v1/throttles/").await;
    let posted = client.post("/api/v1/throttles/").header("x-user", "root");
    let posted = posted.await;

    assert_eq!((stranger.status(), stranger.text()), (401, ""));
    assert_eq!((ada.status(), ada.text()), (403, ""));
    assert_eq!(posted.status(), 405);
    assert_eq!(
        get(&client, "root", "/api/v1/throttles").await.status(),
        301
    );
}

#[actix_web::test]
async fn a_guard_of_ones_own_says_who_else_may() {
    let operators = |request: &Request| request.identifier() == Some("ada");
    let client = TestApiClient::new(&api(Guard::new(ByHeader, operators))).await;

    let ada = get(&client, "ada", "/api/v1/throttles/?format=json").await;
    let root = get(&client, "root", "/api/v1/throttles/").await;

    assert_eq!(ada.status(), 200);
    assert_eq!(ada.json()["throttles"][0]["busiest"], serde_json::json!([]));
    assert_eq!(root.status(), 403);
}

#[test]
fn an_address_that_is_a_resources_is_refused_when_the_api_is_built() {
    for (path, expected) in [
        ("subjects/top/", "an address of the resource `subjects`"),
        ("a b/", "cannot be the address of `Api::throttle_page`"),
        ("", "cannot be the address of `Api::throttle_page`"),
    ] {
        let library = library(TestDatabase::in_memory(), 1);
        let guard = Guard::superusers(AnyAuthentication::new(ByHeader));
        let api = Api::new("v1")
            .database(library.database())
            .register(SubjectResource)
            .throttle_page(path, guard);

        let error = api.build().unwrap_err().to_string();

        assert!(error.contains(expected), "{error}");
    }
}
