use std::panic::{AssertUnwindSafe, catch_unwind};

use actix_web::{
    HttpRequest, HttpResponse,
    http::Method,
    web::{self, Bytes},
};

use super::{
    LiveServer, TestApiClient, TestResponse, assert_keys, assert_valid_json, create_apikey,
};

/// A client of a service that tells what it was sent.
async fn mirror() -> TestApiClient {
    TestApiClient::app(|app| {
        app.default_service(web::to(tell));
    })
    .await
}

async fn tell(request: HttpRequest, body: Bytes) -> HttpResponse {
    let header = |name: &str| {
        let value = request.headers().get(name);
        value
            .and_then(|value| value.to_str().ok())
            .map(ToOwned::to_owned)
    };
    let told = serde_json::json!({
        "method": request.method().as_str(),
        "uri": request.uri().to_string(),
        "accept": header("accept"),
        "authorization": header("authorization"),
        "content-length": header("content-length"),
        "content-type": header("content-type"),
        "peer": request.peer_addr().map(|peer| peer.ip().to_string()),
        "body": String::from_utf8_lossy(&body),
    });
    HttpResponse::Ok()
        .content_type("application/json")
        .body(told.to_string())
}

/// What a failed assertion says.
fn said(assertion: impl FnOnce()) -> String {
    let panicked = catch_unwind(AssertUnwindSafe(assertion)).expect_err("the assertion holds");
    match panicked.downcast::<String>() {
        Ok(text) => *text,
        Err(_) => "something else".to_owned(),
    }
}

#[actix_web::test]
async fn data_are_parameters_of_a_get_and_the_body_of_a_post() {
    let client = mirror().await;
    let data = serde_json::json!({"title": "a & b", "id__in": [1, 2], "is_active": true});

    let got = client.get("/x/?limit=1").data(&data).await.json();
    let posted = client.post("/x/").data(&data).await.json();

    assert_eq!(
        got["uri"],
        "/x/?limit=1&id__in=1&id__in=2&is_active=true&title=a+%26+b"
    );
    assert_eq!(
        (&got["accept"], &got["content-type"]),
        (&"application/json".into(), &().into())
    );
    assert_eq!(got["body"], "");
    assert_eq!(posted["uri"], "/x/");
    assert_eq!(
        posted["body"],
        r#"{"id__in": [1, 2], "is_active": true, "title": "a & b"}"#
    );
    assert_eq!(
        (&posted["content-type"], &posted["content-length"]),
        (&"application/json".into(), &"55".into())
    );
}

#[actix_web::test]
async fn what_is_said_of_a_request_is_sent() {
    let client = mirror().await;

    let told = client
        .request(Method::DELETE, "/x/")
        .data([("a", "b")])
        .authentication(create_apikey("daniel", "204db7bc"))
        .header("Content-Type", "text/plain")
        .body("as it is")
        .peer([192, 0, 2, 7])
        .await
        .json();

    assert_eq!(
        (&told["method"], &told["uri"]),
        (&"DELETE".into(), &"/x/?a=b".into())
    );
    assert_eq!(told["authorization"], "ApiKey daniel:204db7bc");
    assert_eq!(
        (&told["content-type"], &told["body"]),
        (&"text/plain".into(), &"as it is".into())
    );
    assert_eq!(told["peer"], "192.0.2.7");
}

#[actix_web::test]
async fn an_assertion_shows_what_came_instead() {
    let client = mirror().await;
    let response: TestResponse = client.get("/x/").await;

    let text = said(|| {
        response.assert_http_not_found();
    });
    let accepted = said(|| {
        response.assert_http_accepted();
    });

    assert!(
        text.starts_with("GET /x/ answered 200 OK, application/json: {"),
        "{text}"
    );
    assert!(text.ends_with("instead of 404"), "{text}");
    assert!(accepted.ends_with("instead of 202 or 204"), "{accepted}");
    response.assert_http_ok().assert_valid_json_response();
}

#[test]
fn keys_that_differ_are_named() {
    let data = serde_json::json!({"id": 1, "title": "x"});

    let text = said(|| assert_keys(&data, ["id", "slug"]));

    assert!(
        text.contains(r#"["slug"] are missing, ["title"]"#),
        "{text}"
    );
    assert!(said(|| assert_keys(&serde_json::json!([]), [])).contains("no object"));
    assert!(said(|| assert_valid_json("{'a': 1}")).contains("`{'a': 1}` is no JSON"));
}

#[cfg(all(feature = "xml", feature = "yaml", feature = "plist"))]
#[actix_web::test]
async fn every_format_is_sent_read_and_asserted() {
    let client = TestApiClient::app(|app| {
        app.default_service(web::to(async |request: HttpRequest, body: Bytes| {
            let kind = request.headers().get("content-type").cloned();
            let kind = kind.unwrap_or_else(|| "application/json".parse().expect("a header"));
            HttpResponse::Ok()
                .insert_header(("content-type", kind))
                .body(body)
        }));
    })
    .await;
    let data = serde_json::json!({"title": "a & b", "tags": ["x"], "id": 1});
    let sent = async |format: &str| client.post("/x/").format(format).data(&data).await;

    let (xml, yaml, plist) = (sent("xml").await, sent("yaml").await, sent("plist").await);

    xml.assert_valid_xml_response();
    yaml.assert_valid_yaml_response();
    plist.assert_valid_plist_response();
    for response in [xml, yaml, plist, sent("json").await] {
        assert_eq!(
            response.deserialize::<serde_json::Value>(),
            data,
            "{response}"
        );
    }
    super::assert_valid_xml("<object/>");
    assert!(said(|| super::assert_valid_yaml("a: [")).contains("is no YAML"));
}

#[test]
fn a_server_answers_many_threads_and_frees_its_port() {
    let server = LiveServer::app(2, |app| {
        app.default_service(web::to(tell));
    });
    let address = server.address();

    std::thread::scope(|threads| {
        for _ in 0..8 {
            threads.spawn(|| assert_eq!(server.get("/x/").assert_http_ok().json()["uri"], "/x/"));
        }
    });
    let told = server
        .request("GET", "/", &[("Accept", "text/plain")])
        .json();
    drop(server);

    assert_eq!(told["accept"], "text/plain");
    assert!(std::net::TcpStream::connect(address).is_err());
}

#[cfg(feature = "sqlite")]
mod databases {
    use diesel::sqlite::Sqlite;
    use serde_json::json;

    use super::super::TestDatabase;

    #[test]
    fn a_copy_is_a_database_of_its_own_and_both_are_gone_at_the_end() {
        let first = TestDatabase::<Sqlite>::temporary()
            .sql("CREATE TABLE t (a, b); INSERT INTO t VALUES (1, 'x');");
        let second = first.copy().sql("INSERT INTO t VALUES (2.5, NULL);");
        let files = [first.url().to_owned(), second.url().to_owned()];

        assert_eq!(first.rows("SELECT * FROM t"), json!([[1, "x"]]));
        assert_eq!(
            second.rows("SELECT * FROM t ORDER BY a"),
            json!([[1, "x"], [2.5, null]])
        );
        drop((first, second));
        assert!(
            files
                .iter()
                .all(|file| !std::path::Path::new(file).exists())
        );
    }

    #[test]
    #[should_panic(expected = "no such table: missing")]
    fn what_the_database_says_is_shown() {
        let _ = TestDatabase::<Sqlite>::in_memory().rows("SELECT * FROM missing");
    }
}
