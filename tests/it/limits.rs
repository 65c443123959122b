//! What a client may not do to the server.

use std::time::{Duration, Instant};

use tastyrs::prelude::*;

use crate::support::{AuthorResource, Note, Served, TemporaryFile, get, library, send};

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

fn served(file: &TemporaryFile) -> Served {
    let options = DatabaseOptions::default()
        .max_connections(1)
        .wait(Duration::from_millis(200));
    let database = library(file, 3, options);
    Served::api(
        Api::new("v1")
            .database(database)
            .register(SleepyResource)
            .register(AuthorResource)
            .build()
            .unwrap(),
        2,
    )
}

#[test]
fn who_gets_no_connection_is_told_to_come_back() {
    let file = TemporaryFile::new("busy.db");
    let served = served(&file);
    let port = served.port;
    let sleeper = std::thread::spawn(move || get(port, "/api/v1/sleepy/?sleep=1").status);
    std::thread::sleep(Duration::from_millis(300));

    let asked = Instant::now();
    let refused = get(port, "/api/v1/authors/");

    assert_eq!(
        (refused.status, refused.header("Retry-After")),
        (503, Some("1"))
    );
    assert!(
        asked.elapsed() < Duration::from_secs(2),
        "{:?}",
        asked.elapsed()
    );
    assert_eq!(sleeper.join().unwrap(), 200);
    assert_eq!(get(port, "/api/v1/authors/").status, 200);
}

#[test]
fn a_panic_is_a_500_and_the_server_lives_on() {
    let file = TemporaryFile::new("panic.db");
    let served = served(&file);

    for _ in 0..5 {
        let answer = get(served.port, "/api/v1/sleepy/?panic=1");
        assert_eq!(answer.status, 500);
        assert_eq!(
            answer.body,
            "{\"error_message\": \"Sorry, this request could not be processed. Please try again later.\"}"
        );
    }

    assert_eq!(get(served.port, "/api/v1/sleepy/").status, 200);
}

#[test]
fn a_body_that_is_too_long_is_refused_before_it_is_read() {
    let file = TemporaryFile::new("body.db");
    let served = served(&file);

    let request = b"POST /api/v1/authors/ HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\nConnection: close\r\n\r\n{";

    assert_eq!(send(served.port, request).status, 413);
}

#[test]
fn a_body_that_dawdles_is_given_up() {
    let file = TemporaryFile::new("dawdling.db");
    let served = served(&file);

    let request = b"POST /api/v1/sleepy/ HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n{";

    assert_eq!(send(served.port, request).status, 408);
}

#[test]
fn whatever_a_client_sends_is_never_a_500() {
    let file = TemporaryFile::new("hostile.db");
    let served = served(&file);
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
        let status = get(served.port, path).status;
        assert!((200..500).contains(&status), "{path} answered {status}");
    }
    let accept = b"GET /api/v1/sleepy/ HTTP/1.1\r\nHost: x\r\nAccept: \xff\xfe/;q=x,,\r\nConnection: close\r\n\r\n";
    assert!(send(served.port, accept).status < 500);
}

#[test]
fn an_address_inside_of_an_address_leads_nowhere() {
    let file = TemporaryFile::new("inside.db");
    let served = served(&file);

    let inside = get(served.port, "/%61pi/v1/nowhere/api/v1/sleepy/");
    let encoded = get(served.port, "/%61pi/v1/sleepy/?limit=1");

    assert_eq!(inside.status, 404);
    assert_eq!(encoded.status, 200);
    assert!(
        encoded
            .body
            .contains("\"next\": \"/api/v1/sleepy/?limit=1&offset=1\""),
        "{}",
        encoded.body
    );
}

#[test]
fn a_set_has_no_more_objects_than_a_page() {
    let file = TemporaryFile::new("set.db");
    let served = served(&file);
    let set = |count: usize| {
        get(
            served.port,
            &format!("/api/v1/sleepy/set/{}/", vec!["1"; count].join(";")),
        )
        .status
    };

    assert_eq!(set(1_000), 200);
    assert_eq!(set(1_001), 400);
}

#[test]
fn head_is_get_without_the_body_and_options_tells_what_there_is() {
    let file = TemporaryFile::new("head.db");
    let served = served(&file);
    let ask = |method: &str| {
        send(
            served.port,
            format!("{method} /api/v1/authors/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                .as_bytes(),
        )
    };

    let (head, options) = (ask("HEAD"), ask("OPTIONS"));

    assert_eq!((head.status, head.body.as_str()), (200, ""));
    assert_eq!(options.header("Allow"), Some("GET,POST,PUT,DELETE,PATCH"));
}

#[test]
fn an_override_reaches_only_what_is_allowed_and_only_by_post() {
    let file = TemporaryFile::new("override.db");
    let served = served(&file);
    let ask = |method: &str, wanted: &str| {
        let request = format!(
            "{method} /api/v1/authors/1/ HTTP/1.1\r\nHost: x\r\nX-HTTP-Method-Override: {wanted}\r\nConnection: close\r\n\r\n"
        );
        send(served.port, request.as_bytes()).status
    };

    assert_eq!(ask("POST", "GET"), 200);
    assert_eq!(ask("GET", "DELETE"), 200);
    assert_eq!(ask("POST", "BREW"), 405);
}
