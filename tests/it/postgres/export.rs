//! Whole lists as files: in any order, of one state of the database.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
};

use diesel::pg::Pg;
use tastyrs::{prelude::*, test::LiveServer};

use super::Scratch;

const TABLES: &str = "
    CREATE TABLE note (id integer PRIMARY KEY, author_id integer, title text NOT NULL);
    INSERT INTO note SELECT n, CASE WHEN n % 4 = 1 THEN NULL ELSE n % 3 END, 'note ' || n % 7
    FROM generate_series(1, 2500) AS n;
";

diesel::table! {
    note (id) {
        id -> Integer,
        author_id -> Nullable<Integer>,
        title -> Text,
    }
}

#[derive(diesel::Queryable, diesel::Selectable, diesel::Identifiable, Model)]
#[diesel(table_name = note, check_for_backend(Pg))]
struct Note {
    id: i32,
    author_id: Option<i32>,
    title: String,
}

#[derive(ModelResource)]
#[resource(model = Note, resource_name = "notes", fields(id, author_id, title), ordering(id, author_id, title), max_limit = 0, export(ndjson))]
struct NoteResource;

fn serve(scratch: &Scratch) -> LiveServer {
    let database = Database::<Pg>::open(scratch.url()).unwrap();
    let api = Api::new("v1").database(database).register(NoteResource);
    LiveServer::new(&api.build().unwrap())
}

/// An export that was begun.
fn asked(server: &LiveServer, query: &str) -> TcpStream {
    let mut stream = TcpStream::connect(server.address()).unwrap();
    let path = format!("/api/v1/notes/export.ndjson?{query}");
    // Without chunks, the body is what is sent.
    let request = format!("GET {path} HTTP/1.0\r\nHost: x\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    stream
}

fn lines(mut stream: TcpStream) -> Vec<serde_json::Value> {
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    let lines = text.lines().filter(|line| line.starts_with('{'));
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn an_export_has_all_rows_in_the_order_of_the_list() {
    let Some(scratch) = Scratch::new(TABLES) else {
        return;
    };
    let server = serve(&scratch);

    for query in [
        "",
        "order_by=-id",
        "order_by=author_id",
        "order_by=-author_id&order_by=title",
    ] {
        let exported = lines(asked(&server, query));
        let list = server.get(&format!("/api/v1/notes/?limit=0&{query}"));

        let list: serde_json::Value = serde_json::from_str(list.text()).unwrap();
        assert_eq!(exported.len(), 2_500, "{query}");
        assert_eq!(exported, *list["objects"].as_array().unwrap(), "{query}");
    }
}

#[test]
fn what_others_write_meanwhile_is_not_in_it() {
    let Some(scratch) = Scratch::new(TABLES) else {
        return;
    };
    scratch.execute("UPDATE note SET title = repeat('x', 10000)");
    let server = serve(&scratch);
    let stream = asked(&server, "order_by=-title");
    stream.peek(&mut [0]).unwrap();

    scratch.execute("DELETE FROM note WHERE id % 2 = 0; UPDATE note SET title = 'y'");

    let lines = lines(stream);
    assert_eq!(lines.len(), 2_500);
    assert!(
        lines
            .iter()
            .all(|note| note["title"].as_str().unwrap().len() == 10_000)
    );
}
