//! Many who write at once.

use serde_json::json;
use tastyrs::test::{LiveServer, TestDatabase, send};

use super::{api, models::TABLES, resources::Words};

#[test]
fn eight_writers_on_one_file_wait_for_each_other() {
    const EACH: usize = 25;
    let database = TestDatabase::temporary().sql(TABLES);
    let served = LiveServer::new(&api(&database, &Words::default()));
    let address = served.address();
    let call = |method: &str, path: &str, body: &str| {
        let length = body.len();
        let request = format!(
            "{method} /api/v1/{path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\n\
             Content-Length: {length}\r\n\r\n{body}"
        );
        send(address, request.as_bytes())
    };

    std::thread::scope(|threads| {
        for writer in 0..8 {
            threads.spawn(move || {
                for number in 0..EACH {
                    let body =
                        json!({"slug": format!("{writer}-{number}"), "title": "t", "pages": 1});
                    let made = call("POST", "plain/", &body.to_string());
                    assert_eq!(made.status(), 201, "{made}");
                    // All read and change the same row.
                    let changed =
                        call("PATCH", "plain/one/", &json!({"pages": number}).to_string());
                    assert_eq!(changed.status(), 202, "{changed}");
                    let read = call("GET", "plain/one/", "");
                    assert_eq!(read.status(), 200, "{read}");
                }
            });
        }
    });

    let made = database.rows("SELECT count(*) FROM book WHERE title = 't'");
    assert_eq!(made, json!([[8 * EACH]]));
}

/// Of many who make the same, one is first; the others are told.
#[test]
fn of_many_who_take_one_name_one_has_it() {
    let database = TestDatabase::temporary().sql(TABLES);
    let served = LiveServer::new(&api(&database, &Words::default()));
    let address = served.address();
    let body = json!({"title": "t", "pages": 1}).to_string();
    let request = format!(
        "PUT /api/v1/plain/same/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    );

    let statuses: Vec<u16> = std::thread::scope(|threads| {
        let callers: Vec<_> = (0..8)
            .map(|_| threads.spawn(|| send(address, request.as_bytes()).status()))
            .collect();
        callers
            .into_iter()
            .map(|caller| caller.join().unwrap())
            .collect()
    });

    assert_eq!(
        statuses.iter().filter(|status| **status == 201).count(),
        1,
        "{statuses:?}"
    );
    assert!(
        statuses.iter().all(|status| matches!(status, 201 | 204)),
        "{statuses:?}"
    );
}
