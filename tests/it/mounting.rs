//! Where an API can be mounted.

use actix_web::{HttpResponse, web};
use tastyrs::{
    api::Mount,
    prelude::*,
    test::{TestApiClient, TestDatabase},
};

use crate::support::{library, library_api};

fn api(name: &str) -> Api {
    library_api(name, &library(TestDatabase::in_memory(), 3))
}

fn build(name: &str) -> Mount {
    api(name).build().unwrap()
}

#[actix_web::test]
async fn several_apis_live_beside_each_other_and_beside_ones_own_routes() {
    let (first, second) = (build("v1"), build("v2"));
    let client = TestApiClient::app(|app| {
        app.service(first.scope("/api"))
            .service(second.scope("/api"))
            .route(
                "/api/health",
                web::get().to(|| async { HttpResponse::Ok().body("well") }),
            );
    })
    .await;
    let uri = async |path: &str| client.get(path).await.json()["resource_uri"].clone();

    assert_eq!(uri("/api/v1/notes/1/").await, "/api/v1/notes/1/");
    assert_eq!(uri("/api/v2/notes/1/").await, "/api/v2/notes/1/");
    let health = client.get("/api/health").await;
    assert_eq!(health.assert_http_ok().text(), "well");
    client.get("/api/v3/notes/").await.assert_http_not_found();
    client
        .get("/api/v1beta/notes/")
        .await
        .assert_http_not_found();
}

#[actix_web::test]
async fn addresses_name_whatever_stands_in_front() {
    let (inner, bare) = (build("in"), build("bare"));
    let behind = api("proxied").script_prefix("/shop/").build().unwrap();
    let client = TestApiClient::app(|app| {
        app.service(web::scope("/outer/{tenant}").service(inner.scope("api")))
            .service(bare.scope(""))
            .service(behind.scope("/api"));
    })
    .await;
    let got = async |path: &str| client.get(path).await.json();

    assert_eq!(
        got("/outer/a/api/in/notes/1/").await["resource_uri"],
        "/outer/a/api/in/notes/1/"
    );
    assert_eq!(
        got("/bare/notes/?limit=1").await["meta"]["next"],
        "/bare/notes/?limit=1&offset=1"
    );
    assert_eq!(
        got("/api/proxied/").await["authors"]["list_endpoint"],
        "/shop/api/proxied/authors/"
    );
}

#[actix_web::test]
async fn a_missing_last_slash_is_redirected_or_allowed() {
    let strict = build("strict");
    let lenient = api("lenient").allow_missing_slash(true).build().unwrap();
    let client = TestApiClient::app(|app| {
        app.service(strict.scope("/api"))
            .service(lenient.scope("/api"));
    })
    .await;

    let redirected = client.get("/api/strict/notes?a=%20b").await;

    assert_eq!(redirected.status(), 301);
    assert_eq!(
        redirected.header("location"),
        Some("/api/strict/notes/?a=%20b")
    );
    client.get("/api/lenient/notes").await.assert_http_ok();
    client.get("/api/lenient/notes/1").await.assert_http_ok();
}
