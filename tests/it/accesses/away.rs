//! A database that does not take accesses.

use diesel::{Connection as _, connection::SimpleConnection as _};
use tastyrs::{
    database::DatabaseOptions,
    prelude::*,
    test::{LiveServer, TestDatabase},
};

use crate::support::{Author, Db, library};

#[derive(ModelResource)]
#[resource(
    model = Author,
    resource_name = "written",
    excludes(password),
    throttle = CacheDbThrottle::new().throttle_at(6)
)]
struct WrittenResource;

fn served(database: &TestDatabase<Db>) -> LiveServer {
    let api = Api::new("v1")
        .database(database.database())
        .register(WrittenResource)
        .build()
        .unwrap();
    LiveServer::new(&api)
}

#[test]
fn a_locked_database_is_a_503_and_the_call_stays_counted() {
    let options = DatabaseOptions::default().write_ahead_log(true);
    let database = library(TestDatabase::temporary().options(options), 1);
    let served = served(&database);
    served.get("/api/v1/written/").assert_http_ok();
    let mut other = diesel::SqliteConnection::establish(database.url()).unwrap();
    other.batch_execute("BEGIN IMMEDIATE").unwrap();

    let refused: Vec<_> = std::thread::scope(|scope| {
        let calls: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| served.get("/api/v1/written/")))
            .collect();
        calls.into_iter().map(|call| call.join().unwrap()).collect()
    });
    other.batch_execute("ROLLBACK").unwrap();
    let after = served.get("/api/v1/written/");
    let last = served.get("/api/v1/written/");

    for answer in refused {
        assert_eq!(answer.status(), 503, "{}", answer.text());
        assert_eq!(answer.header("Retry-After"), Some("1"));
    }
    assert_eq!((after.status(), last.status()), (200, 429));
    let rows = database.rows("SELECT count(*) FROM tastypie_apiaccess");
    assert_eq!(rows[0][0], 2);
}

#[test]
fn a_row_that_the_table_refuses_takes_no_others_with_it() {
    let database = library(TestDatabase::temporary(), 1);
    let served = served(&database);
    database.run(|db| {
        Ok(db.batch_execute(
            "CREATE TRIGGER refuse BEFORE INSERT ON tastypie_apiaccess WHEN new.url LIKE '%poison%'
             BEGIN SELECT RAISE(ABORT, 'value too long for type'); END",
        )?)
    });

    let statuses: Vec<(bool, u16)> = std::thread::scope(|scope| {
        let calls: Vec<_> = (0..6)
            .map(|call| {
                let served = &served;
                scope.spawn(move || {
                    let path = if call == 3 {
                        "/api/v1/written/?poison"
                    } else {
                        "/api/v1/written/"
                    };
                    (call == 3, served.get(path).status())
                })
            })
            .collect();
        calls.into_iter().map(|call| call.join().unwrap()).collect()
    });

    for (poison, status) in statuses {
        assert_eq!(status, if poison { 503 } else { 200 });
    }
}

#[test]
fn a_full_disk_is_a_503_and_the_call_stays_counted() {
    let options = DatabaseOptions::default().max_connections(1);
    let database = library(TestDatabase::temporary().options(options), 1);
    let served = served(&database);
    served.get("/api/v1/written/").assert_http_ok();
    // No page is left in the file: what does not fit into the last ones is refused.
    database.run(|db| Ok(db.batch_execute("PRAGMA max_page_count = 1")?));
    let long = format!("/api/v1/written/?q={}", "x".repeat(1_900));

    let full: Vec<u16> = (0..5).map(|_| served.get(&long).status()).collect();
    let over = served.get(&long);

    assert!(full.contains(&503), "{full:?}");
    assert!(
        full.iter().all(|status| matches!(status, 200 | 503)),
        "{full:?}"
    );
    assert_eq!(over.status(), 429);
}
