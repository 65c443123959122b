//! What a client may not do to the server.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use tastyrs::{
    api::Mount,
    prelude::*,
    test::{LiveServer, TestApiClient, TestDatabase, send},
};

use crate::support::{AuthorResource, Db, Note, library};

#[derive(ModelResource)]
#[resource(model = Note, resource_name = "sleepy", hooks, excludes(author_id), filtering(title = ALL, id = ALL),
    meta = Self::configure
)]
struct SleepyResource;

impl SleepyResource {
    fn configure(meta: Meta<Self>) -> Meta<Self> {
        meta.body_deadline(Duration::from_millis(100))
    }
}

impl Hooks for SleepyResource {
    fn get_object_list(&self, request: &Request) -> Result<Self::List> {
        if request.params().get("sleep").is_some() {
            std::thread::sleep(Duration::from_millis(1_500));
        }
        assert!(request.params().get("panic").is_none(), "asked to panic");
        Ok(diesel::QueryDsl::into_boxed(crate::support::note::table))
    }
}

/// Its writes take a while.
#[derive(ModelResource)]
#[resource(model = Note, resource_name = "dawdling", hooks, excludes(author_id), authorization = Authorization)]
struct DawdlingResource;

impl Hooks for DawdlingResource {
    fn authorized_delete_detail(&self, _: &Bundle<'_, Self>) -> Result<()> {
        std::thread::sleep(Duration::from_millis(400));
        Ok(())
    }
}

/// Three notes, for one request at a time.
fn notes() -> TestDatabase<Db> {
    let options = DatabaseOptions::default()
        .max_connections(1)
        .wait(Duration::from_millis(200));
    library(TestDatabase::temporary().options(options), 3)
}

fn api(notes: &TestDatabase<Db>) -> Mount {
    Api::new("v1")
        .database(notes.database())
        .register(SleepyResource)
        .register(DawdlingResource)
        .register(AuthorResource)
        .build()
        .unwrap()
}

#[test]
fn who_gets_no_connection_is_told_to_come_back() {
    let notes = notes();
    let served = LiveServer::new(&api(&notes));
    std::thread::scope(|threads| {
        let sleeper = threads.spawn(|| served.get("/api/v1/sleepy/?sleep=1").status());
        std::thread::sleep(Duration::from_millis(300));

        let asked = Instant::now();
        let refused = served.get("/api/v1/authors/");

        assert_eq!(
            (refused.status(), refused.header("Retry-After")),
            (503, Some("1"))
        );
        assert!(
            asked.elapsed() < Duration::from_secs(2),
            "{:?}",
            asked.elapsed()
        );
        assert_eq!(sleeper.join().unwrap(), 200);
    });
    served.get("/api/v1/authors/").assert_http_ok();
}

/// What is answered for an object and for a list while somebody holds the only connection.
fn while_nothing_is_free(notes: &TestDatabase<Db>) -> (u16, u16) {
    let served = LiveServer::new(&api(notes));
    let asked = notes.database().transaction(|_| {
        let (one, list) = (
            served.get("/api/v1/authors/1/"),
            served.get("/api/v1/authors/"),
        );
        Ok((one.status(), list.status()))
    });
    served.get("/api/v1/authors/1/").assert_http_ok();
    asked.unwrap()
}

#[test]
fn an_object_found_by_its_key_waits_for_no_connection() {
    assert_eq!(while_nothing_is_free(&notes()), (200, 503));
}

#[test]
fn without_a_write_ahead_log_it_waits_as_a_list_does() {
    let options = DatabaseOptions::default()
        .max_connections(1)
        .wait(Duration::from_millis(200))
        .write_ahead_log(false);
    let notes = library(TestDatabase::temporary().options(options), 3);

    assert_eq!(while_nothing_is_free(&notes), (503, 503));
}

/// Three lists that take long, on the two workers and on all connections but one.
#[test]
fn what_takes_long_holds_up_nothing_else() {
    let options = DatabaseOptions::default().max_connections(4);
    let notes = library(TestDatabase::temporary().options(options), 3);
    let served = LiveServer::with_workers(&api(&notes), 2);
    let slow_are_over = AtomicBool::new(false);

    std::thread::scope(|threads| {
        for _ in 0..3 {
            threads.spawn(|| {
                let answer = served.get("/api/v1/sleepy/?sleep=1");
                slow_are_over.store(true, Ordering::SeqCst);
                answer.assert_http_ok();
            });
        }
        std::thread::sleep(Duration::from_millis(300));

        let lists = served.get("/api/v1/authors/?name=ada").status();
        let details = served.get("/api/v1/authors/1/").status();
        let refused = served.request("DELETE", "/api/v1/authors/1/", &[]).status();
        let without_rows = served.get("/api/v1/").status();

        assert!(!slow_are_over.load(Ordering::SeqCst));
        assert_eq!(
            (lists, details, refused, without_rows),
            (200, 200, 401, 200)
        );
    });
}

/// Who writes waits in line without a connection, so that readers have theirs.
#[test]
fn writers_who_wait_leave_the_connections_to_readers() {
    let options = DatabaseOptions::default().max_connections(2);
    let notes = library(TestDatabase::temporary().options(options), 3);
    let notes = notes.sql("DELETE FROM subject_notes");
    let served = LiveServer::with_workers(&api(&notes), 2);
    let written = AtomicBool::new(false);

    std::thread::scope(|threads| {
        for _ in 0..4 {
            threads.spawn(|| {
                let answer = served.request("DELETE", "/api/v1/dawdling/3/", &[]);
                written.store(true, Ordering::SeqCst);
                assert!(matches!(answer.status(), 204 | 404), "{answer}");
            });
        }
        std::thread::sleep(Duration::from_millis(150));

        let read = served.get("/api/v1/authors/?name=ada").status();

        assert!(!written.load(Ordering::SeqCst));
        assert_eq!(read, 200);
    });
    served.get("/api/v1/authors/").assert_http_ok();
}

#[test]
fn a_panic_is_a_500_and_the_server_lives_on() {
    let notes = notes();
    let served = LiveServer::new(&api(&notes));

    for _ in 0..5 {
        let answer = served.get("/api/v1/sleepy/?panic=1");
        assert_eq!(
            answer.assert_http_application_error().text(),
            "{\"error_message\": \"Sorry, this request could not be processed. Please try again later.\"}"
        );
    }

    served.get("/api/v1/sleepy/").assert_http_ok();
}

#[test]
fn a_body_that_is_too_long_is_refused_before_it_is_read() {
    let notes = notes();
    let served = LiveServer::new(&api(&notes));

    let request = b"POST /api/v1/authors/ HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\nConnection: close\r\n\r\n{";

    assert_eq!(send(served.address(), request).status(), 413);
}

#[test]
fn a_body_that_dawdles_is_given_up() {
    let notes = notes();
    let served = LiveServer::new(&api(&notes));

    let request = b"POST /api/v1/sleepy/ HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n{";

    assert_eq!(send(served.address(), request).status(), 408);
}

#[test]
fn whatever_a_client_sends_is_never_a_500() {
    let notes = notes();
    let served = LiveServer::new(&api(&notes));
    let long = "a".repeat(5_000);
    let many = (0..2_000).map(|id| id.to_string()).collect::<Vec<_>>();

    for path in [
        "/api/v1/sleepy/?offset=100000000000000000000",
        "/api/v1/sleepy/?limit=9223372036854775808",
        "/api/v1/sleepy/?limit=%00&offset=%FF",
        "/api/v1/sleepy/?id__in=true",
        "/api/v1/sleepy/?id__range=1,2,3",
        "/api/v1/sleepy/?id__isnull=7",
        "/api/v1/sleepy/?title__regex=(",
        "/api/v1/sleepy/?title__contains=%00",
        "/api/v1/sleepy/?title__in=,,,",
        "/api/v1/sleepy/%00/",
        "/api/v1/sleepy/set/1;;x;99999999999999999999/",
        "/api/v1/sleepy/set//",
        "/api/v1/sleepy/99999999999999999999/",
        "/api/v1/sleepy/?order_by=id__exact",
        "/api/v1/sleepy/?title__regex=a&title__iregex=b&id__regex=c",
        "/api/v1/%61pi/v1/sleepy/",
        "/%61pi/v1/sleepy/",
        "/api/v1/nowhere/api/v1/sleepy/",
        &format!("/api/v1/sleepy/?title__contains={}", "_".repeat(25_000)),
        &format!("/api/v1/sleepy/?title__icontains={}", "%25".repeat(20_000)),
        "/api/v1/sleepy/?format=%22&callback=%22",
        "/api/v1/%F0%9F%8D%B0/",
        "/api/v1//sleepy/",
        &format!("/api/v1/sleepy/?title__regex={long}"),
        &format!("/api/v1/sleepy/?{}", "order_by=id&".repeat(200)),
        &format!("/api/v1/sleepy/?{}", "a&".repeat(20_000)),
        &format!("/api/v1/sleepy/?id__in={}", many.join(",")),
        &format!("/api/v1/sleepy/set/{}/", many.join(";")),
    ] {
        let status = served.get(path).status();
        assert!((200..500).contains(&status), "{path} answered {status}");
    }
    let accept = b"GET /api/v1/sleepy/ HTTP/1.1\r\nHost: x\r\nAccept: \xff\xfe/;q=x,,\r\nConnection: close\r\n\r\n";
    assert!(send(served.address(), accept).status() < 500);
}

#[actix_web::test]
async fn an_address_inside_of_an_address_leads_nowhere() {
    let notes = notes();
    let client = TestApiClient::new(&api(&notes)).await;

    let inside = client.get("/%61pi/v1/nowhere/api/v1/sleepy/").await;
    let encoded = client.get("/%61pi/v1/sleepy/?limit=1").await;

    inside.assert_http_not_found();
    assert_eq!(
        encoded.assert_http_ok().json()["meta"]["next"],
        "/api/v1/sleepy/?limit=1&offset=1"
    );
}

#[actix_web::test]
async fn a_set_has_no_more_objects_than_a_page() {
    let notes = notes();
    let client = TestApiClient::new(&api(&notes)).await;
    let set = |count: usize| {
        client.get(format!(
            "/api/v1/sleepy/set/{}/",
            vec!["1"; count].join(";")
        ))
    };

    set(1_000).await.assert_http_ok();
    set(1_001).await.assert_http_bad_request();
}

#[actix_web::test]
async fn head_is_get_without_the_body_and_options_tells_what_there_is() {
    let notes = notes();
    let client = TestApiClient::new(&api(&notes)).await;
    let served = LiveServer::new(&api(&notes));

    let head = served.request("HEAD", "/api/v1/authors/", &[]);
    let options = client.request(Method::OPTIONS, "/api/v1/authors/").await;

    assert_eq!((head.status(), head.text()), (200, ""));
    assert_eq!(options.header("Allow"), Some("GET,POST,PUT,DELETE,PATCH"));
}

#[actix_web::test]
async fn an_override_reaches_only_what_is_allowed_and_only_by_post() {
    let notes = notes();
    let client = TestApiClient::new(&api(&notes)).await;
    let ask = |method: Method, wanted: &str| {
        client
            .request(method, "/api/v1/authors/1/")
            .header("X-HTTP-Method-Override", wanted)
    };

    ask(Method::POST, "GET").await.assert_http_ok();
    ask(Method::GET, "DELETE").await.assert_http_ok();
    ask(Method::POST, "BREW")
        .await
        .assert_http_method_not_allowed();
}
