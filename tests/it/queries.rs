//! How many queries a request costs, and what they may see.

use diesel::RunQueryDsl as _;
use tastyrs::{
    prelude::*,
    test::{TestApiClient, TestDatabase},
};

use crate::selects::Selects;
use crate::support::{Author, Db, Note, library, library_api};

#[derive(ModelResource)]
#[resource(model = Author, resource_name = "authors", excludes(password), authorization = Authorization)]
struct OpenAuthorResource;

/// A resource that shows its reference as a plain number.
#[derive(ModelResource)]
#[resource(model = Note, resource_name = "notes", authorization = Authorization)]
struct PlainNoteResource;

async fn client(library: &TestDatabase<Db>) -> TestApiClient {
    TestApiClient::new(&library_api("v1", library).build().unwrap()).await
}

#[actix_web::test]
async fn a_page_costs_two_queries_at_most_and_one_a_relation_whatever_its_length() {
    let database = TestDatabase::temporary().options(DatabaseOptions::default().max_connections(2));
    let selects = Selects::on(database.url());
    let library = library(database, 200);
    let client = client(&library).await;
    let cost = async |path: &str| {
        let before = selects.all();
        client.get(path).await.assert_http_ok();
        selects.all() - before
    };

    assert_eq!(cost("/api/v1/notes/?limit=1").await, 4);
    // Nobody wrote since it was counted.
    assert_eq!(cost("/api/v1/notes/?limit=200").await, 3);
    assert_eq!(
        cost("/api/v1/notes/?limit=10&author__name=ada&subjects__name=baking&order_by=author")
            .await,
        4
    );
    assert_eq!(cost("/api/v1/authors/?limit=2").await, 2);
    assert_eq!(cost("/api/v1/authors/?offset=3").await, 1);
    // How many there are is told by the last page.
    assert_eq!(cost("/api/v1/notes/?limit=200&offset=1").await, 3);
    assert_eq!(cost("/api/v1/authors/?limit=0").await, 1);
    assert_eq!(cost("/api/v1/authors/?name=nobody").await, 1);
    assert_eq!(cost("/api/v1/notes/7/").await, 3);
}

#[actix_web::test]
async fn a_list_is_counted_anew_once_anybody_wrote() {
    let library = library(TestDatabase::temporary(), 3);
    let client = client(&library).await;
    let told = async || {
        let list = client.get("/api/v1/authors/").data([("limit", "2")]).await;
        let found = list.json();
        let names = found["objects"].as_array().map_or(0, Vec::len);
        (names, found["meta"]["total_count"].clone())
    };
    let write = |sql: &str| {
        let written = library
            .database()
            .run(|db| Ok(diesel::sql_query(sql).execute(db)?));
        assert_eq!(written.unwrap(), 1);
    };

    assert_eq!(told().await, (2, 3.into()));
    assert_eq!(told().await, (2, 3.into()));
    write("INSERT INTO author VALUES (4, 'dora', 'd')");
    assert_eq!(told().await, (2, 4.into()));
    assert_eq!(told().await, (2, 4.into()));
    write("UPDATE author SET name = 'ada l.' WHERE id = 1");
    write("DELETE FROM author WHERE id = 4");
    assert_eq!(told().await, (2, 3.into()));
    let list = client.get("/api/v1/authors/").await;
    assert_eq!(list.json()["objects"][0]["name"], "ada l.");
}

#[actix_web::test]
async fn a_column_that_is_not_shown_can_neither_be_filtered_nor_ordered_by() {
    let client = client(&library(TestDatabase::in_memory(), 3)).await;

    for path in [
        "/api/v1/authors/?password__startswith=a",
        "/api/v1/notes/?author__password__startswith=a",
        "/api/v1/notes/?order_by=author__password",
        "/api/v1/notes/?order_by=author__name",
    ] {
        let answer = client.get(path).await;
        let ignored = path.starts_with("/api/v1/authors/");
        assert_eq!(answer.status(), if ignored { 200 } else { 400 }, "{answer}");
        assert!(!answer.text().contains("\"password\""), "{path}");
    }
}

#[actix_web::test]
async fn a_filter_through_many_to_many_finds_a_row_once() {
    let client = client(&library(TestDatabase::in_memory(), 9)).await;

    let answer = client
        .get("/api/v1/notes/")
        .data([
            ("subjects__name__in", "baking,drinks,leftovers"),
            ("limit", "1"),
        ])
        .await;

    assert_eq!(answer.json()["meta"]["total_count"], 9, "{answer}");
}

#[actix_web::test]
async fn like_characters_are_letters_like_others() {
    let client = client(&library(TestDatabase::in_memory(), 9)).await;

    for wanted in ["%", "_ote", "note%", "\\"] {
        let answer = client
            .get("/api/v1/notes/")
            .data([("title__contains", wanted)])
            .await;
        assert_eq!(answer.json()["meta"]["total_count"], 0, "{answer}");
    }
}

#[actix_web::test]
async fn constraints_that_wait_for_the_end_of_the_transaction_are_told_as_others_are() {
    let database = TestDatabase::in_memory().sql(
        "CREATE TABLE author (id integer PRIMARY KEY, name text NOT NULL, password text NOT NULL DEFAULT '');
         CREATE TABLE note (id integer PRIMARY KEY,
                            author_id integer REFERENCES author (id) DEFERRABLE INITIALLY DEFERRED,
                            title text NOT NULL, created datetime NOT NULL);
         INSERT INTO author VALUES (1, 'ada', 'a');
         INSERT INTO note VALUES (1, 1, 'one', '2010-03-19 01:18:01');",
    );
    let api = Api::new("v1")
        .database(database.database())
        .register(OpenAuthorResource)
        .register(PlainNoteResource)
        .build()
        .unwrap();
    let client = TestApiClient::new(&api).await;

    let note = serde_json::json!({"author_id": 9, "title": "two"});
    let refers = client.post("/api/v1/notes/").data(note).await;
    let referred_to = client.delete("/api/v1/authors/1/").await;

    assert_eq!((refers.status(), referred_to.status()), (409, 409));
    let nothing = "The 'author_id' field refers to an object that does not exist.";
    assert!(refers.text().contains(nothing), "{}", refers.text());
    let still = "Other objects still refer to this one.";
    assert!(referred_to.text().contains(still), "{}", referred_to.text());
    client.get("/api/v1/authors/1/").await.assert_http_ok();
}
