//! Where an API can be mounted.

use actix_web::{App, HttpResponse, test, web};
use tastyrs::{api::Mount, prelude::*};

use crate::support::{AuthorResource, NoteResource, SubjectResource, TemporaryFile, library};

fn api(name: &str, file: &TemporaryFile) -> Api {
    Api::new(name)
        .database(library(
            file,
            3,
            DatabaseOptions::default().max_connections(2),
        ))
        .register(AuthorResource)
        .register(NoteResource::new())
        .register(SubjectResource)
}

async fn body<S>(app: &S, path: &str) -> (u16, String)
where
    S: actix_web::dev::Service<
            actix_http::Request,
            Response = actix_web::dev::ServiceResponse,
            Error = actix_web::Error,
        >,
{
    let answer = test::call_service(app, test::TestRequest::get().uri(path).to_request()).await;
    let status = answer.status().as_u16();
    (
        status,
        String::from_utf8(test::read_body(answer).await.to_vec()).unwrap(),
    )
}

fn build(name: &str) -> Mount {
    api(name, &TemporaryFile::new(name)).build().unwrap()
}

#[actix_web::test]
async fn several_apis_live_beside_each_other_and_beside_ones_own_routes() {
    let (first, second) = (build("v1"), build("v2"));
    let app = test::init_service(
        App::new()
            .service(first.scope("/api"))
            .service(second.scope("/api"))
            .route(
                "/api/health",
                web::get().to(|| async { HttpResponse::Ok().body("well") }),
            ),
    )
    .await;

    assert!(
        body(&app, "/api/v1/notes/1/")
            .await
            .1
            .contains("\"/api/v1/notes/1/\"")
    );
    assert!(
        body(&app, "/api/v2/notes/1/")
            .await
            .1
            .contains("\"/api/v2/notes/1/\"")
    );
    assert_eq!(body(&app, "/api/health").await, (200, "well".to_owned()));
    assert_eq!(body(&app, "/api/v3/notes/").await.0, 404);
    assert_eq!(body(&app, "/api/v1beta/notes/").await.0, 404);
}

#[actix_web::test]
async fn addresses_name_whatever_stands_in_front() {
    let (inner, bare, behind) = (
        build("in"),
        build("bare"),
        api("proxied", &TemporaryFile::new("proxied")),
    );
    let behind = behind.script_prefix("/shop/").build().unwrap();
    let app = test::init_service(
        App::new()
            .service(web::scope("/outer/{tenant}").service(inner.scope("api")))
            .service(bare.scope(""))
            .service(behind.scope("/api")),
    )
    .await;

    assert!(
        body(&app, "/outer/a/api/in/notes/1/")
            .await
            .1
            .contains("\"/outer/a/api/in/notes/1/\"")
    );
    assert!(
        body(&app, "/bare/notes/?limit=1")
            .await
            .1
            .contains("\"next\": \"/bare/notes/?limit=1&offset=1\"")
    );
    assert!(
        body(&app, "/api/proxied/")
            .await
            .1
            .contains("\"/shop/api/proxied/authors/\"")
    );
}

#[actix_web::test]
async fn a_missing_last_slash_is_redirected_or_allowed() {
    let strict = build("strict");
    let lenient = api("lenient", &TemporaryFile::new("lenient"))
        .allow_missing_slash(true)
        .build()
        .unwrap();
    let app = test::init_service(
        App::new()
            .service(strict.scope("/api"))
            .service(lenient.scope("/api")),
    )
    .await;

    let redirected = test::call_service(
        &app,
        test::TestRequest::get()
            .uri("/api/strict/notes?a=%20b")
            .to_request(),
    )
    .await;

    assert_eq!(redirected.status().as_u16(), 301);
    assert_eq!(
        redirected.headers().get("location").unwrap(),
        "/api/strict/notes/?a=%20b"
    );
    assert_eq!(body(&app, "/api/lenient/notes").await.0, 200);
    assert_eq!(body(&app, "/api/lenient/notes/1").await.0, 200);
}
