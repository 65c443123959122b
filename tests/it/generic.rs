//! Generic foreign keys: one object of several resources, by a content type and a key.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use diesel::{
    connection::{Connection as _, Instrumentation, InstrumentationEvent},
    prelude::*,
};
use serde_json::{Value as Json, json};
use tastyrs::{
    authorization::Authorize,
    fields::Column,
    prelude::*,
    test::{TestApiClient, TestDatabase, TestResponse},
};

#[cfg(not(feature = "postgres"))]
type Db = diesel::sqlite::Sqlite;
#[cfg(feature = "postgres")]
type Db = diesel::pg::Pg;

diesel::table! {
    note (id) {
        id -> Integer,
        title -> Text,
    }
}
diesel::table! {
    badge (code) {
        code -> Text,
        colour -> Text,
    }
}
diesel::table! {
    tag (id) {
        id -> Integer,
        name -> Text,
        content_type_id -> Nullable<Integer>,
        object_id -> Nullable<Integer>,
    }
}
diesel::table! {
    mark (id) {
        id -> Integer,
        stars -> Integer,
        content_type_id -> Integer,
        object_id -> Text,
    }
}

#[derive(Queryable, Selectable, Identifiable, Model)]
#[diesel(table_name = note, check_for_backend(Db))]
#[model(content_type = "library.note")]
struct Note {
    id: i32,
    title: String,
}

/// A note under another name, as one more resource to lead to.
#[derive(Queryable, Selectable, Identifiable, Model)]
#[diesel(table_name = note, check_for_backend(Db))]
#[model(content_type = "library.memo")]
struct Memo {
    id: i32,
    title: String,
}

#[derive(Queryable, Selectable, Identifiable, Model)]
#[diesel(table_name = badge, primary_key(code), check_for_backend(Db))]
#[model(content_type = "library.badge")]
struct Badge {
    code: String,
    colour: String,
}

#[derive(Queryable, Selectable, Identifiable, Model)]
#[diesel(table_name = note, check_for_backend(Db))]
#[model(content_type = "library.unknown")]
struct Unknown {
    id: i32,
    title: String,
}

#[derive(Queryable, Selectable, Identifiable, Model)]
#[diesel(table_name = tag, check_for_backend(Db))]
struct Tag {
    id: i32,
    #[model(unique)]
    name: String,
    content_type_id: Option<i32>,
    object_id: Option<i32>,
}

#[derive(Queryable, Selectable, Identifiable, Model)]
#[diesel(table_name = mark, check_for_backend(Db))]
struct Mark {
    id: i32,
    stars: i32,
    content_type_id: i32,
    #[model(max_length = 8)]
    object_id: String,
}

/// Nobody may read the note `secret`, or change the note `fixed`.
struct Guarded;

impl Authorize<NoteResource> for Guarded {
    fn read_detail(&self, bundle: &Bundle<'_, NoteResource>) -> Result<bool> {
        Ok(bundle.obj()?.title != "secret")
    }

    fn update_detail(&self, bundle: &Bundle<'_, NoteResource>) -> Result<bool> {
        Ok(bundle.obj()?.title != "fixed")
    }
}

#[derive(ModelResource)]
#[resource(model = Note, resource_name = "notes", authorization = Guarded)]
struct NoteResource;

#[derive(ModelResource)]
#[resource(model = Memo, resource_name = "memo/notes", authorization = Authorization)]
struct MemoResource;

#[derive(ModelResource)]
#[resource(model = Badge, resource_name = "badges", authorization = Authorization)]
struct BadgeResource;

#[derive(ModelResource)]
#[resource(model = Unknown, resource_name = "unknown")]
struct UnknownResource;

/// Shows its object by its address.
#[derive(ModelResource)]
#[resource(
    model = Tag,
    resource_name = "tags",
    authorization = Authorization,
    filtering(content_object = [isnull], object_id = ALL),
    ordering(name),
    always_return_data
)]
struct TagResource {
    #[field(content_type = content_type_id, object_id = object_id, null)]
    content_object: GenericForeignKey<(NoteResource, MemoResource)>,
}

/// The same, in full.
#[derive(ModelResource)]
#[resource(model = Tag, resource_name = "full", authorization = Authorization, excludes(object_id))]
struct FullResource {
    #[field(content_type = content_type_id, object_id = object_id, null, full)]
    content_object: GenericForeignKey<(NoteResource, MemoResource)>,
}

/// The columns as they are.
#[derive(ModelResource)]
#[resource(model = Tag, resource_name = "raw")]
struct RawResource;

/// Its object has a key of text or of numbers, and is always there.
#[derive(ModelResource)]
#[resource(model = Mark, resource_name = "marks", authorization = Authorization, always_return_data)]
struct MarkResource {
    #[field(content_type = content_type_id, object_id = object_id, full_detail)]
    subject: GenericForeignKey<(BadgeResource, NoteResource)>,
    // Shown on purpose; what is sent for `subject` goes before it.
    content_type_id: Column<i32>,
    object_id: Column<String>,
}

#[cfg(not(feature = "postgres"))]
#[expect(
    clippy::unnecessary_wraps,
    reason = "of the other database there may be none"
)]
fn empty() -> Option<TestDatabase<Db>> {
    Some(TestDatabase::in_memory())
}

#[cfg(feature = "postgres")]
#[expect(clippy::print_stdout, reason = "a test that is skipped says so")]
fn empty() -> Option<TestDatabase<Db>> {
    let Some(database) = TestDatabase::at_server() else {
        assert!(
            std::env::var_os("CI").is_none(),
            "TASTYRS_TEST_POSTGRES_URL names no server"
        );
        println!("skipped: TASTYRS_TEST_POSTGRES_URL names no server");
        return None;
    };
    Some(database.options(DatabaseOptions::default().max_connections(1)))
}

/// Notes 1 to 3, and the badges `gold` and `a b`. Content type 7 is a note, 8 a memo, 12 a badge; 9 is none of ours.
/// Nothing where there is no server to keep them.
fn database() -> Option<TestDatabase<Db>> {
    let id = if cfg!(feature = "postgres") {
        "integer GENERATED BY DEFAULT AS IDENTITY (START WITH 100) PRIMARY KEY"
    } else {
        "integer PRIMARY KEY AUTOINCREMENT"
    };
    Some(empty()?.sql(&format!(
        "CREATE TABLE django_content_type (id {id}, app_label varchar(100) NOT NULL, model varchar(100) NOT NULL);
         CREATE TABLE note (id {id}, title text NOT NULL);
         CREATE TABLE badge (code varchar(20) PRIMARY KEY, colour text NOT NULL);
         CREATE TABLE tag (id {id}, name text NOT NULL,
                           content_type_id integer REFERENCES django_content_type (id), object_id integer,
                           UNIQUE (content_type_id, object_id, name));
         CREATE TABLE mark (id {id}, stars integer NOT NULL,
                            content_type_id integer NOT NULL REFERENCES django_content_type (id),
                            object_id varchar(8) NOT NULL);
         INSERT INTO django_content_type VALUES (7, 'library', 'note'), (8, 'library', 'memo'), (12, 'library', 'badge'),
                                                (9, 'auth', 'note');
         INSERT INTO note VALUES (1, 'bread'), (2, 'secret'), (3, 'fixed');
         INSERT INTO badge VALUES ('gold', 'yellow'), ('a b', 'grey');"
    )))
}

fn api(database: &TestDatabase<Db>) -> Api {
    Api::new("v1")
        .database(database.database())
        .register(NoteResource)
        .register(MemoResource)
        .register(BadgeResource)
        .register(TagResource::new())
        .register(FullResource::new())
        .register(RawResource)
        .register(MarkResource::new())
}

async fn client(database: &TestDatabase<Db>) -> TestApiClient {
    TestApiClient::new(&api(database).build().unwrap()).await
}

async fn shown(client: &TestApiClient, path: &str) -> Json {
    client.get(path).await.assert_http_ok().json()
}

/// The content type and the key that a tag has.
async fn stored(client: &TestApiClient, id: i32) -> Json {
    let raw = shown(client, &format!("/api/v1/raw/{id}/")).await;
    json!([raw["content_type_id"], raw["object_id"]])
}

fn error(answer: &TestResponse) -> String {
    answer.json()["error"]
        .as_str()
        .unwrap_or_default()
        .to_owned()
}

/// Counts the queries of a database's one connection.
struct Count(Arc<AtomicUsize>);

impl Instrumentation for Count {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        if let InstrumentationEvent::StartQuery { query, .. } = event
            && query.to_string().starts_with("SELECT")
        {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }
}

#[actix_web::test]
async fn shows_the_address_of_an_object_of_any_of_its_resources() {
    let Some(database) = database() else { return };
    let database = database
        .sql("INSERT INTO tag VALUES (1, 'a', 7, 1), (2, 'b', 8, 3), (3, 'c', NULL, NULL);");
    let client = client(&database).await;

    let tags = shown(&client, "/api/v1/tags/").await;

    assert_eq!(
        tags["objects"],
        json!([
            {"content_object": "/api/v1/notes/1/", "id": 1, "name": "a", "object_id": 1, "resource_uri": "/api/v1/tags/1/"},
            {"content_object": "/api/v1/memo/notes/3/", "id": 2, "name": "b", "object_id": 3, "resource_uri": "/api/v1/tags/2/"},
            {"content_object": null, "id": 3, "name": "c", "object_id": null, "resource_uri": "/api/v1/tags/3/"},
        ])
    );
}

#[actix_web::test]
async fn writes_the_object_out_where_it_is_full() {
    let Some(database) = database() else { return };
    let database = database.sql(
        "INSERT INTO tag VALUES (1, 'a', 8, 1); INSERT INTO mark VALUES (1, 5, 12, 'a b'), (2, 4, 7, '3');",
    );
    let client = client(&database).await;

    let full = shown(&client, "/api/v1/full/1/").await;
    let mark = shown(&client, "/api/v1/marks/1/").await;
    let marks = shown(&client, "/api/v1/marks/").await;

    let memo = json!({"id": 1, "resource_uri": "/api/v1/memo/notes/1/", "title": "bread"});
    assert_eq!(
        full,
        json!({"content_object": memo, "id": 1, "name": "a", "resource_uri": "/api/v1/full/1/"})
    );
    let badge = json!({"code": "a b", "colour": "grey", "resource_uri": "/api/v1/badges/a%20b/"});
    assert_eq!(mark["subject"], badge);
    assert_eq!(marks["objects"][0]["subject"], "/api/v1/badges/a%20b/");
    assert_eq!(marks["objects"][1]["subject"], "/api/v1/notes/3/");
}

#[actix_web::test]
async fn an_object_that_is_gone_or_of_no_kind_that_is_known_is_null() {
    let Some(database) = database() else { return };
    let database = database.sql("INSERT INTO tag VALUES (1, 'a', 7, 77), (2, 'b', 9, 1), (3, 'c', 7, NULL), (4, 'd', NULL, 1);");
    let client = client(&database).await;

    for path in ["/api/v1/tags/", "/api/v1/full/"] {
        let objects = shown(&client, path).await["objects"].clone();
        for tag in objects.as_array().unwrap() {
            assert_eq!(tag["content_object"], Json::Null, "{path}: {tag}");
        }
        assert_eq!(objects.as_array().unwrap().len(), 4);
    }
}

#[actix_web::test]
async fn an_object_that_is_gone_where_null_is_not_allowed_is_an_error() {
    let Some(database) = database() else { return };
    let database = database.sql(
        "INSERT INTO mark VALUES (1, 5, 12, 'silver'), (2, 5, 7, 'no key'), (3, 5, 12, 'gold');",
    );
    let client = client(&database).await;

    for path in ["/api/v1/marks/1/", "/api/v1/marks/2/", "/api/v1/marks/"] {
        let answer = client.get(path).await;
        answer.assert_http_bad_request();
        assert_eq!(
            error(&answer),
            "The model has an empty attribute 'subject' and doesn't allow a null value."
        );
    }
    client.get("/api/v1/marks/3/").await.assert_http_ok();
}

#[actix_web::test]
async fn a_page_costs_one_query_for_each_resource_that_it_leads_to() {
    let Some(database) = database() else { return };
    for id in 1..=60 {
        let (kind, object) = (7 + id % 2, id % 3 + 1);
        database.run(|db| {
            diesel::sql_query(format!(
                "INSERT INTO tag VALUES ({id}, 'tag {id}', {kind}, {object})"
            ))
            .execute(db)?;
            Ok(())
        });
    }
    let client = client(&database).await;
    let queries = Arc::new(AtomicUsize::new(0));
    database.run(|db| {
        db.set_instrumentation(Count(Arc::clone(&queries)));
        Ok(())
    });
    let cost = async |path: &str| {
        let before = queries.load(Ordering::SeqCst);
        client.get(path).await.assert_http_ok();
        queries.load(Ordering::SeqCst) - before
    };

    // The rows, which tell how many there are where the page is not full; the notes; the memos.
    assert_eq!(cost("/api/v1/tags/?limit=100&offset=58").await, 3);
    assert_eq!(cost("/api/v1/tags/?limit=100").await, 3);
    assert_eq!(cost("/api/v1/full/?limit=100").await, 3);
    // Only notes are among them.
    assert_eq!(cost("/api/v1/full/2/").await, 2);
    assert_eq!(cost("/api/v1/full/?limit=100&offset=59").await, 2);
}

#[actix_web::test]
async fn an_address_says_which_resource_it_is() {
    let Some(database) = database() else { return };
    let client = client(&database).await;

    let to_note = json!({"name": "a", "content_object": "/api/v1/notes/1/"});
    let to_memo = json!({"name": "b", "content_object": "/api/v1/memo/notes/1/", "object_id": 3});
    let note = client.post("/api/v1/tags/").data(to_note).await;
    let memo = client.post("/api/v1/tags/").data(to_memo).await;

    let created = note.assert_http_created().json();
    assert_eq!(created["content_object"], "/api/v1/notes/1/");
    let id = |answer: &TestResponse| i32::try_from(answer.json()["id"].as_i64().unwrap()).unwrap();
    assert_eq!(stored(&client, id(&note)).await, json!([7, 1]));
    memo.assert_http_created();
    assert_eq!(stored(&client, id(&memo)).await, json!([8, 1]));
}

#[actix_web::test]
async fn what_was_shown_can_be_sent_back_with_another_object() {
    let Some(database) = database() else { return };
    let database = database
        .sql("INSERT INTO tag VALUES (1, 'a', 7, 1); INSERT INTO mark VALUES (1, 5, 12, 'gold');");
    let client = client(&database).await;
    let mut tag = shown(&client, "/api/v1/tags/1/").await;
    let mut mark = shown(&client, "/api/v1/marks/1/").await;

    tag["content_object"] = "/api/v1/memo/notes/3/".into();
    mark["subject"] = "/api/v1/notes/3/".into();
    let tag = client.put("/api/v1/tags/1/").data(tag).await;
    let mark = client.put("/api/v1/marks/1/").data(mark).await;

    tag.assert_http_ok();
    assert_eq!(stored(&client, 1).await, json!([8, 3]));
    let mark = mark.assert_http_ok().json();
    assert_eq!(
        json!([mark["content_type_id"], mark["object_id"]]),
        json!([7, "3"])
    );
    assert_eq!(mark["subject"]["title"], "fixed");
}

#[actix_web::test]
async fn the_key_alone_cannot_be_set_past_the_field() {
    let Some(database) = database() else { return };
    let database = database.sql("INSERT INTO tag VALUES (1, 'a', 7, 1);");
    let client = client(&database).await;

    let answer = client
        .patch("/api/v1/tags/1/")
        .data(json!({"object_id": 2, "name": "b"}))
        .await;

    answer.assert_http_accepted();
    assert_eq!(stored(&client, 1).await, json!([7, 1]));
}

#[actix_web::test]
async fn null_is_taken_where_it_is_allowed() {
    let Some(database) = database() else { return };
    let database = database
        .sql("INSERT INTO tag VALUES (1, 'a', 7, 1); INSERT INTO mark VALUES (1, 5, 12, 'gold');");
    let client = client(&database).await;

    let tag = client
        .patch("/api/v1/tags/1/")
        .data(json!({"content_object": null}))
        .await;
    let mark = client
        .patch("/api/v1/marks/1/")
        .data(json!({"subject": null}))
        .await;
    let left_out = client
        .post("/api/v1/tags/")
        .data(json!({"name": "b"}))
        .await;
    let needed = client
        .post("/api/v1/marks/")
        .data(json!({"stars": 3}))
        .await;

    tag.assert_http_accepted();
    assert_eq!(stored(&client, 1).await, json!([null, null]));
    mark.assert_http_bad_request();
    assert_eq!(
        error(&mark),
        "The 'subject' field doesn't allow a null value."
    );
    assert_eq!(
        left_out.assert_http_created().json()["content_object"],
        Json::Null
    );
    needed.assert_http_bad_request();
    assert_eq!(
        error(&needed),
        "The 'subject' field has no data and doesn't allow a default or null value."
    );
}

#[actix_web::test]
async fn an_object_with_its_address_is_written_and_referred_to() {
    let Some(database) = database() else { return };
    let database = database.sql("INSERT INTO mark VALUES (1, 5, 12, 'gold');");
    let client = client(&database).await;

    let changed =
        json!({"stars": 2, "subject": {"resource_uri": "/api/v1/badges/a%20b/", "colour": "red"}});
    let posted = client.post("/api/v1/marks/").data(changed).await;
    let moved = json!({"subject": {"resource_uri": "/api/v1/notes/1/", "title": "cake"}});
    let patched = client.patch("/api/v1/marks/1/").data(moved).await;

    let posted = posted.assert_http_created().json();
    assert_eq!(
        json!([posted["content_type_id"], posted["object_id"]]),
        json!([12, "a b"])
    );
    assert_eq!(
        shown(&client, "/api/v1/badges/a%20b/").await["colour"],
        "red"
    );
    let patched = patched.assert_http_accepted().json();
    assert_eq!(
        json!([patched["content_type_id"], patched["object_id"]]),
        json!([7, "1"])
    );
    assert_eq!(shown(&client, "/api/v1/notes/1/").await["title"], "cake");
}

#[actix_web::test]
async fn its_objects_are_guarded_by_their_own_resource() {
    let Some(database) = database() else { return };
    let database = database.sql("INSERT INTO tag VALUES (1, 'a', 7, 1);");
    let client = client(&database).await;

    let read = json!({"content_object": "/api/v1/notes/2/"});
    let change = json!({"content_object": {"resource_uri": "/api/v1/notes/3/", "title": "loose"}});
    let as_it_is =
        json!({"content_object": {"resource_uri": "/api/v1/notes/3/", "title": "fixed"}});
    let by_other =
        json!({"content_object": {"resource_uri": "/api/v1/memo/notes/2/", "title": "told"}});

    for refused in [read, change] {
        let answer = client.patch("/api/v1/tags/1/").data(refused).await;
        answer.assert_http_unauthorized();
        assert_eq!(stored(&client, 1).await, json!([7, 1]));
    }
    client
        .patch("/api/v1/tags/1/")
        .data(as_it_is)
        .await
        .assert_http_accepted();
    assert_eq!(stored(&client, 1).await, json!([7, 3]));
    client
        .patch("/api/v1/tags/1/")
        .data(by_other)
        .await
        .assert_http_accepted();
    assert_eq!(stored(&client, 1).await, json!([8, 2]));
    assert_eq!(
        shown(&client, "/api/v1/memo/notes/2/").await["title"],
        "told"
    );
}

#[actix_web::test]
async fn what_is_no_object_of_its_resources_is_refused_and_nothing_is_written() {
    let Some(database) = database() else { return };
    let client = client(&database).await;
    let long = format!("/api/v1/badges/{}/", "x".repeat(5_000));

    for (sent, status, told) in [
        (json!("/api/v1/badges/gold/"), 404, ""),
        (json!("/api/v1/nowhere/1/"), 404, ""),
        (json!("nonsense"), 404, ""),
        (json!(""), 404, ""),
        (json!(long), 404, ""),
        (json!("/api/v1/notes/schema/"), 404, ""),
        (json!("/api/v1/notes/x/"), 404, ""),
        (
            json!("/api/v1/notes/77/"),
            400,
            "Could not find the provided notes object via resource URI '/api/v1/notes/77/'.",
        ),
        (
            json!("/api/v1/notes/99999999999999999999/"),
            400,
            "Could not find the provided notes object",
        ),
        (
            json!({"resource_uri": "/api/v1/notes/77/", "title": "x"}),
            400,
            "Could not find the provided notes object",
        ),
        (json!({"resource_uri": "/api/v1/badges/gold/"}), 404, ""),
        (
            json!({"title": "x"}),
            400,
            "without a 'resource_uri', which says of which kind it is.",
        ),
        (
            json!({"resource_uri": null, "title": "x"}),
            400,
            "without a 'resource_uri'",
        ),
        (json!({"resource_uri": 3}), 400, "without a 'resource_uri'"),
        (json!({}), 400, "without a 'resource_uri'"),
        (json!(1), 400, "was given data that was not a URI"),
        (json!(true), 400, "was given data that was not a URI"),
        (
            json!(["/api/v1/notes/1/"]),
            400,
            "was given data that was not a URI",
        ),
    ] {
        let body = json!({"name": "a", "content_object": sent});
        let answer = client.post("/api/v1/tags/").data(body).await;
        assert_eq!(answer.status(), status, "{sent}: {answer}");
        assert!(answer.text().contains(told), "{sent}: {answer}");
    }
    assert_eq!(
        shown(&client, "/api/v1/raw/").await["meta"]["total_count"],
        0
    );
}

#[actix_web::test]
async fn a_key_that_the_column_cannot_hold_is_told() {
    let Some(database) = database() else { return };
    let database = database.sql("INSERT INTO badge VALUES ('platinum-plated', 'white');");
    let client = client(&database).await;

    let body = json!({"stars": 1, "subject": "/api/v1/badges/platinum-plated/"});
    let answer = client.post("/api/v1/marks/").data(body).await;

    answer.assert_http_bad_request();
    assert!(answer.text().contains("at most 8 characters"), "{answer}");
}

#[actix_web::test]
async fn two_columns_that_must_be_unique_together_are_one_field() {
    let Some(database) = database() else { return };
    let database = database.sql("INSERT INTO tag VALUES (1, 'a', 7, 1);");
    let client = client(&database).await;

    let body = json!({"name": "a", "content_object": "/api/v1/notes/1/"});
    let answer = client.post("/api/v1/tags/").data(body).await;

    answer.assert_http_conflict();
    assert!(
        answer
            .text()
            .contains("the fields 'content_object', 'name', which must be unique together"),
        "{answer}"
    );
}

#[actix_web::test]
async fn deleting_either_side_leaves_the_other() {
    let Some(database) = database() else { return };
    let database = database.sql("INSERT INTO tag VALUES (1, 'a', 8, 1), (2, 'b', 8, 3);");
    let client = client(&database).await;

    client
        .delete("/api/v1/memo/notes/1/")
        .await
        .assert_http_accepted();
    client
        .delete("/api/v1/tags/2/")
        .await
        .assert_http_accepted();

    assert_eq!(
        shown(&client, "/api/v1/tags/1/").await["content_object"],
        Json::Null
    );
    assert_eq!(
        shown(&client, "/api/v1/memo/notes/3/").await["title"],
        "fixed"
    );
}

#[actix_web::test]
async fn can_only_be_asked_whether_it_is_null() {
    let Some(database) = database() else { return };
    let database = database
        .sql("INSERT INTO tag VALUES (1, 'a', 7, 1), (2, 'b', NULL, NULL), (3, 'c', 7, NULL);");
    let client = client(&database).await;
    let count = async |query: &str| {
        shown(&client, &format!("/api/v1/tags/?{query}")).await["meta"]["total_count"].clone()
    };

    assert_eq!(count("content_object__isnull=true").await, 2);
    assert_eq!(count("content_object__isnull=false").await, 1);
    assert_eq!(count("object_id=1").await, 1);
    for query in [
        "content_object=1",
        "content_object__title=bread",
        "content_object__title__isnull=true",
        "content_object__isnull__isnull=true",
        "content_object__isnull=maybe",
        "order_by=content_object",
        "order_by=content_object__title",
    ] {
        let answer = client.get(format!("/api/v1/tags/?{query}")).await;
        answer.assert_http_bad_request();
    }
}

#[actix_web::test]
async fn its_schema_is_that_of_a_relation_to_one_without_a_schema_of_its_own() {
    let Some(database) = database() else { return };
    let client = client(&database).await;

    let schema = shown(&client, "/api/v1/tags/schema/").await;

    assert_eq!(
        schema["fields"]["content_object"],
        json!({
            "blank": false,
            "default": "No default provided.",
            "help_text": "A single related resource. Can be either a URI or set of nested resource data.",
            "nullable": true,
            "primary_key": false,
            "readonly": false,
            "related_schema": "",
            "related_type": "to_one",
            "type": "related",
            "unique": false,
            "verbose_name": "content object",
        })
    );
    assert_eq!(schema["fields"]["object_id"]["readonly"], true);
    assert_eq!(schema["fields"].get("content_type_id"), None);
}

#[actix_web::test]
async fn numbers_of_content_types_are_those_of_the_database() {
    let Some(database) = database() else { return };
    let database = database.sql("UPDATE django_content_type SET id = 70 WHERE id = 7; INSERT INTO tag VALUES (1, 'a', 70, 1);");
    let client = client(&database).await;

    assert_eq!(
        shown(&client, "/api/v1/tags/1/").await["content_object"],
        "/api/v1/notes/1/"
    );
}

/// Leads to a resource whose content type the database does not have.
#[derive(ModelResource)]
#[resource(model = Tag, resource_name = "lost")]
struct LostResource {
    #[field(content_type = content_type_id, object_id = object_id, null)]
    content_object: GenericForeignKey<(NoteResource, UnknownResource)>,
}

/// Another resource over the notes.
#[derive(ModelResource)]
#[resource(model = Note, resource_name = "more/notes")]
struct MoreNoteResource;

/// Leads to one content type twice.
#[derive(ModelResource)]
#[resource(model = Tag, resource_name = "torn")]
struct TornResource {
    #[field(content_type = content_type_id, object_id = object_id, null)]
    content_object: GenericForeignKey<(NoteResource, MoreNoteResource)>,
}

/// Does not say that it may be null.
#[derive(ModelResource)]
#[resource(model = Tag, resource_name = "hasty")]
struct HastyResource {
    #[field(content_type = content_type_id, object_id = object_id)]
    content_object: GenericForeignKey<(NoteResource,)>,
}

#[test]
fn what_does_not_fit_together_fails_before_a_port_is_opened() {
    let Some(database) = database() else { return };
    let error = |api: Api| api.build().unwrap_err().to_string();

    let unregistered = Api::new("v1")
        .database(database.database())
        .register(NoteResource)
        .register(TagResource::new());
    let lost = api(&database)
        .register(UnknownResource)
        .register(LostResource::new());
    let torn = api(&database)
        .register(MoreNoteResource)
        .register(TornResource::new());
    let hasty = api(&database).register(HastyResource::new());

    let text = error(unregistered);
    assert!(
        text.contains("`content_object` of `tags`") && text.contains("MemoResource"),
        "{text}"
    );
    let text = error(lost);
    assert!(
        text.contains("`content_object` of `lost`")
            && text.contains("UnknownResource")
            && text.contains("`library.unknown` is not in the table `django_content_type`"),
        "{text}"
    );
    let text = error(torn);
    assert!(
        text.contains("`content_object` of `torn`")
            && text.contains("the same content type `library.note`"),
        "{text}"
    );
    let text = error(hasty);
    assert!(
        text.contains("`content_object` of `hasty`")
            && text.contains("`content_type_id`, which may be null: say `null`"),
        "{text}"
    );
}
