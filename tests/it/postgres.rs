//! The kitchen on PostgreSQL, where a server answers.

use diesel::{Connection as _, PgConnection, connection::SimpleConnection as _};

use crate::{
    kitchen,
    support::{Served, get},
};

/// A database of this test's own, dropped when it ends.
struct Scratch {
    server: String,
    name: String,
}

impl Scratch {
    /// Makes the fixture's database; without a server, nothing, which is a failure where `CI` is set.
    #[expect(clippy::print_stdout, reason = "a test that is skipped says so")]
    fn new() -> Option<Self> {
        let server = std::env::var("TASTYRS_TEST_POSTGRES_URL")
            .unwrap_or_else(|_| "postgres://postgres@127.0.0.1:5432".to_owned());
        let mut admin = match PgConnection::establish(&format!("{server}/postgres")) {
            Ok(admin) => admin,
            Err(error) => {
                assert!(
                    std::env::var_os("CI").is_none(),
                    "PostgreSQL does not answer at {server}: {error}"
                );
                println!("skipped: PostgreSQL does not answer at {server}: {error}");
                return None;
            }
        };
        let name = format!("tastyrs_it_{}", std::process::id());
        admin
            .batch_execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
            .unwrap();
        admin
            .batch_execute(&format!(
                "CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C.UTF-8'"
            ))
            .unwrap();
        // Whatever zone the server would use, moments are told in UTC.
        admin
            .batch_execute(&format!(
                "ALTER DATABASE {name} SET timezone = 'Asia/Kathmandu'"
            ))
            .unwrap();
        let scratch = Self { server, name };
        let mut fixture = PgConnection::establish(&scratch.url()).unwrap();
        fixture.batch_execute("SET TIME ZONE 'UTC'").unwrap();
        fixture
            .batch_execute(include_str!("../conformance/kitchen.postgres.sql"))
            .unwrap();
        Some(scratch)
    }

    fn url(&self) -> String {
        format!("{}/{}", self.server, self.name)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Ok(mut admin) = PgConnection::establish(&format!("{}/postgres", self.server)) {
            let _ = admin.batch_execute(&format!(
                "DROP DATABASE IF EXISTS {} WITH (FORCE)",
                self.name
            ));
        }
    }
}

#[test]
fn the_kitchen_lists_filters_orders_and_throttles() {
    let Some(scratch) = Scratch::new() else {
        return;
    };
    let served = Served::api(kitchen::api::build(&scratch.url()).unwrap(), 2);
    let body = |path: &str| {
        let answer = get(served.port, path);
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        answer.body
    };

    let note = body("/api/v1/notes/1/");
    assert!(
        note.contains("\"created\": \"2010-03-19T01:18:01\""),
        "{note}"
    );
    let measured = body("/api/v1/measurements/?price=18.22&order_by=-stamp");
    assert!(
        measured.contains("\"price\": \"18.22\"") && measured.contains("\"total_count\": 1"),
        "{measured}"
    );
    let through = body("/api/v1/subjects/?notes__author__username=ada&limit=1");
    assert!(
        through.contains("\"resource_uri\": \"/api/v1/subjects/"),
        "{through}"
    );
    let full = body("/api/v1/fullnotes/?order_by=author&limit=2");
    assert!(full.contains("\"subjects\": [{"), "{full}");
    for path in [
        "/api/v1/notes/?created__year=2012&created__week_day=1",
        "/api/v1/notes/?title__iregex=%5Eapple",
        "/api/v1/notes/?title__contains=%00",
        "/api/v1/measurements/?whole=2147483648",
        "/api/v1/measurements/?opt_label__isnull=true&clock__hour=12",
        "/api/v1/measurements/?stamp__date=2016-02-29",
        "/api/v1/notes/?order_by=author__username&order_by=id",
        "/api/v1/notes/search/?q=BREAD",
    ] {
        body(path);
    }

    let statuses: Vec<u16> = (0..4)
        .map(|_| get(served.port, "/api/v1/throttled/?limit=1").status)
        .collect();
    assert_eq!(statuses.last(), Some(&429), "{statuses:?}");
}
