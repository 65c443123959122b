//! On SQLite.

use diesel::{prelude::*, sqlite::Sqlite};
use serde_json::json;
use tastyrs::test::{LiveServer, TestDatabase};

use super::{compare, with_body};

library!(Sqlite);

const TABLES: &str = r"
    CREATE TABLE author (id integer PRIMARY KEY, name varchar(20) NOT NULL);
    CREATE TABLE shelf (id integer PRIMARY KEY);
    CREATE TABLE note (
        id integer PRIMARY KEY,
        author_id integer REFERENCES author (id) DEFERRABLE INITIALLY DEFERRED,
        editor_id integer REFERENCES author (id),
        shelf_id integer REFERENCES shelf (id) DEFERRABLE INITIALLY DEFERRED,
        title varchar(20) NOT NULL UNIQUE,
        pages integer NOT NULL CHECK (pages >= 0)
    );
    INSERT INTO author (name) VALUES ('ada'), ('brian');
    INSERT INTO shelf (id) VALUES (1);
";

fn served() -> (TestDatabase<Sqlite>, LiveServer) {
    let database = TestDatabase::temporary().sql(TABLES);
    let served = LiveServer::with_workers(&api(database.database()), 1);
    (database, served)
}

#[test]
fn a_write_ends_as_it_does_in_a_transaction() {
    let ((_one, alone), (_other, hooked)) = (served(), served());

    compare(&alone, &hooked);
}

#[test]
fn what_a_trigger_puts_elsewhere_is_put_there_once() {
    let (database, served) = served();
    database.run(|db| {
        use diesel::connection::SimpleConnection as _;
        Ok(db.batch_execute(
            "CREATE TABLE elsewhere (title text);
             CREATE TRIGGER diverted BEFORE INSERT ON note BEGIN
                 INSERT INTO elsewhere (title) VALUES (NEW.title);
                 SELECT RAISE(IGNORE);
             END;",
        )?)
    });

    let body = json!({"title": "diverted", "author": "/api/v1/authors/1/"}).to_string();
    let answer = with_body(&served, "POST", "/api/v1/notes/", &body);

    assert_eq!(answer.status(), 201, "{answer}");
    assert_eq!(
        database.rows("SELECT title FROM elsewhere"),
        json!([["diverted"]])
    );
}
