//! A server that goes away and comes back, and connections that break.

use std::time::{Duration, Instant};

use tastyrs::{
    prelude::*,
    test::{LiveServer, TestResponse},
};

use super::{Scratch, lists, post, server::Server, wire::Wire, with_body};

/// Asks for many things at once.
fn all_at_once(served: &LiveServer, count: usize) -> Vec<TestResponse> {
    std::thread::scope(|scope| {
        let asking: Vec<_> = (0..count)
            .map(|number| {
                scope.spawn(move || match number % 3 {
                    0 => served.get("/api/v1/notes/?limit=3"),
                    1 => served.get("/api/v1/notes/1/"),
                    _ => post(served, "/api/v1/notes/", r#"{"title": "made"}"#),
                })
            })
            .collect();
        asking
            .into_iter()
            .map(|asked| asked.join().unwrap())
            .collect()
    })
}

#[test]
fn a_server_that_was_started_anew_is_asked_again_without_an_error() {
    let Some(postgres) = Server::new() else {
        return;
    };
    let scratch = Scratch::on(&postgres.url(), "notes".to_owned(), lists::TABLES);
    let served =
        LiveServer::with_workers(&lists::api(&scratch.url(), DatabaseOptions::default()), 2);
    assert!(
        all_at_once(&served, 24)
            .iter()
            .all(|answer| answer.status() < 300)
    );

    for _ in 0..2 {
        postgres.stop();
        let began = Instant::now();
        let away = all_at_once(&served, 24);
        let took = began.elapsed();
        let root = served.get("/api/v1/");
        postgres.start();
        let back = all_at_once(&served, 24);

        for answer in &away {
            assert_eq!(answer.status(), 503, "{answer:?}");
            assert_eq!(answer.header("Retry-After"), Some("1"));
            assert!(!answer.text().contains("connect"), "{}", answer.text());
        }
        assert!(took < Duration::from_secs(4), "{took:?}");
        assert_eq!(root.status(), 200);
        let statuses: Vec<u16> = back.iter().map(TestResponse::status).collect();
        assert!(
            statuses.iter().all(|status| matches!(status, 200 | 201)),
            "{statuses:?}"
        );
    }
}

#[test]
fn a_server_that_is_started_anew_within_the_wait_goes_unnoticed() {
    let Some(postgres) = Server::new() else {
        return;
    };
    let scratch = Scratch::on(&postgres.url(), "notes".to_owned(), lists::TABLES);
    let served =
        LiveServer::with_workers(&lists::api(&scratch.url(), DatabaseOptions::default()), 2);

    postgres.stop();
    let waiting = std::thread::scope(|scope| {
        let waiting = scope.spawn(|| served.get("/api/v1/notes/1/"));
        postgres.start();
        waiting.join().unwrap()
    });

    assert_eq!(waiting.status(), 200, "{}", waiting.text());
}

#[test]
fn a_server_that_is_away_at_the_start_is_told_at_once_and_without_the_password() {
    let port = std::net::TcpListener::bind(("127.0.0.1", 0))
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let began = Instant::now();

    let opened =
        Database::<diesel::pg::Pg>::open(format!("postgres://ada:secret@127.0.0.1:{port}/notes"));
    let malformed = Database::<diesel::pg::Pg>::open("postgres://ada:secret@127.0.0.1:port/notes");

    let told = opened.unwrap_err().to_string();
    assert!(
        told.starts_with("the database cannot be reached: "),
        "{told}"
    );
    assert!(
        told.contains("127.0.0.1") && told.contains("refused"),
        "{told}"
    );
    let malformed = malformed.unwrap_err().to_string();
    assert!(malformed.contains("port"), "{malformed}");
    assert!(
        !told.contains("secret") && !malformed.contains("secret"),
        "{told} {malformed}"
    );
    assert!(began.elapsed() < Duration::from_secs(2));
}

#[test]
fn connections_that_broke_while_nobody_used_them_are_replaced() {
    let Some(scratch) = Scratch::new(lists::TABLES) else {
        return;
    };
    let (wire, url) = Wire::before(&scratch.url());
    let served = LiveServer::with_workers(&lists::api(&url, DatabaseOptions::default()), 2);

    for _ in 0..5 {
        assert!(
            all_at_once(&served, 12)
                .iter()
                .all(|answer| answer.status() < 300)
        );
        wire.cut();
        let answers = [
            served.get("/api/v1/notes/1/").status(),
            post(&served, "/api/v1/notes/", r#"{"title": "made"}"#).status(),
            served.get("/api/v1/notes/?limit=2").status(),
        ];
        assert_eq!(answers, [200, 201, 200]);
    }
}

#[test]
fn a_connection_that_breaks_as_it_is_asked_is_replaced_and_the_row_is_made_once() {
    let Some(scratch) = Scratch::new(lists::TABLES) else {
        return;
    };
    let (wire, url) = Wire::before(&scratch.url());
    let served = LiveServer::with_workers(
        &lists::api(&url, DatabaseOptions::default().max_connections(1)),
        1,
    );
    let total = || served.get("/api/v1/notes/?limit=1").text().to_owned();
    let before = total();
    assert!(before.contains("\"total_count\": 50"), "{before}");

    let asked: Vec<u16> = [
        "/api/v1/notes/1/",
        "/api/v1/notes/?limit=2",
        "/api/v1/notes/set/1;2/",
    ]
    .iter()
    .map(|path| {
        wire.cut_next();
        served.get(path).status()
    })
    .collect();
    wire.cut_next();
    let list = r#"{"objects": [{"title": "made"}]}"#;
    let made = with_body(&served, "PATCH", "/api/v1/notes/", list);

    assert_eq!(asked, [200, 200, 200]);
    assert_eq!(made.status(), 202, "{}", made.text());
    let after = total();
    assert!(after.contains("\"total_count\": 51"), "{after}");
}
