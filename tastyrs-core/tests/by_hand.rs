//! The traits as they are implemented without a derive.

#![cfg(feature = "sqlite")]
#![expect(missing_docs, reason = "the table's module is no API")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use actix_web::{App, test};
use diesel::{connection::SimpleConnection as _, prelude::*, sqlite::Sqlite};
use tastyrs_core::{
    Compatibility, Result,
    api::Api,
    authorization::{Authorization, Authorize},
    bundle::Bundle,
    data::{Data, Value},
    database::{Database, Row},
    fields::{DefaultValue, Field, FieldType, Fields},
    http::Request,
    meta::Meta,
    queries::{Filtering, Lookup},
    resource::{
        ColumnOf, ColumnSpec, Hooks, Model, ModelFor, ModelResource, ObjectSource, Objects,
        Resource, Rows, table_sql,
    },
};
use tastyrs_throttle::{Access, Throttle, Verdict};

diesel::table! {
    author (id) {
        id -> Integer,
        name -> Text,
    }
}

diesel::table! {
    note (id) {
        id -> Integer,
        author_id -> Nullable<Integer>,
        title -> Text,
        created -> Timestamp,
    }
}

struct Author {
    id: i32,
    name: String,
}

struct Note {
    id: i32,
    author_id: Option<i32>,
    title: String,
    created: chrono::NaiveDateTime,
}

macro_rules! model {
    ($model:ident, $table:ident, $($position:literal $field:ident: $type:ty $(, $option:ident($($argument:expr)?))*;)*) => {
        impl Model for $model {
            type Db = Sqlite;
            type Key = i32;
            type Columns = ($(ColumnOf<$type, $table::$field>,)*);
            const COLUMNS: &'static [ColumnSpec] = &[
                $(ColumnSpec::new::<$type>(stringify!($field), <$table::$field as diesel::Column>::NAME)$(.$option($($argument)?))*,)*
            ];
            const KEY: usize = 0;

            fn columns() -> Self::Columns {
                ($(ColumnOf::<$type, $table::$field>::new(),)*)
            }

            fn value(&self, column: usize) -> Value<'_> {
                match column {
                    $($position => self.$field.to_value(),)*
                    _ => Value::Null,
                }
            }

            fn from_row(row: &Row<'_>) -> Result<Self> {
                Ok(Self { $($field: row.get($position, stringify!($field))?,)* })
            }
        }

        impl ModelFor<Sqlite> for $model {
            type Query = diesel::helper_types::IntoBoxed<'static, $table::table, Sqlite>;

            fn query() -> Self::Query {
                $table::table.into_boxed()
            }

            fn table_sql() -> String {
                table_sql::<Sqlite, _>(&$table::table)
            }
        }
    };
}
model!(Author, author, 0 id: i32, primary_key(); 1 name: String;);
model!(
    Note, note,
    0 id: i32, primary_key();
    1 author_id: Option<i32>;
    2 title: String, verbose_name("The Title"), default(DefaultValue::Text("untitled"));
    3 created: chrono::NaiveDateTime;
);

struct AuthorResource;
struct NoteResource;

macro_rules! resource {
    ($resource:ident, $model:ident, $meta:expr, $fields:expr) => {
        impl Resource for $resource {
            type Object = $model;
            type List = <$model as ModelFor<Sqlite>>::Query;
            type Source = Rows;
            const READS_OBJECTS: bool = true;

            fn meta() -> Meta<Self> {
                $meta
            }

            fn fields() -> Fields<Self> {
                $fields
            }
        }

        impl ModelResource for $resource {
            type Model = $model;
            type Db = Sqlite;
        }
    };
}
resource!(
    AuthorResource,
    Author,
    Meta::new("authors")
        .filtering("name", Filtering::All)
        .ordering(["name"]),
    Fields::new().columns(None, &[])
);
resource!(
    NoteResource,
    Note,
    Meta::new("notes")
        .authorization(Authorization)
        .filtering(
            "title",
            Filtering::Only(vec![Lookup::Exact, Lookup::Startswith])
        )
        .filtering("author", Filtering::AllWithRelations)
        .ordering(["title", "author"]),
    Fields::new()
        .field(
            Field::to_one::<AuthorResource>("author", "author_id")
                .null()
                .full_detail(true)
        )
        .field(Field::computed::<usize>("length").dehydrate(|note: &Note| note.title.len()))
        .columns(None, &[])
);

impl Hooks for AuthorResource {}

impl Hooks for NoteResource {
    fn dehydrate(&self, bundle: &mut Bundle<'_, Self>) -> Result<()> {
        let shouted = bundle.obj()?.title.to_uppercase();
        bundle.data.insert("shouted", shouted);
        Ok(())
    }

    fn alter_list_data_to_serialize(&self, _: &Request, data: &mut Data<'_>) -> Result<()> {
        data.rename("meta", "paging");
        Ok(())
    }
}

struct Word(String);
struct WordResource;

impl Resource for WordResource {
    type Object = Word;
    type List = Vec<Word>;
    type Source = Objects;
    const READS_OBJECTS: bool = true;

    fn meta() -> Meta<Self> {
        Meta::new("words").authorization(NothingHidden)
    }

    fn fields() -> Fields<Self> {
        Fields::new().field(Field::read::<String>("word", |word: &Word| {
            word.0.to_value()
        }))
    }
}

impl Hooks for WordResource {}

/// Lets nobody see the word `hidden`.
struct NothingHidden;

impl Authorize<WordResource> for NothingHidden {
    fn read_list(&self, list: Vec<Word>, _: &Request) -> Result<Vec<Word>> {
        Ok(list.into_iter().filter(|word| word.0 != "hidden").collect())
    }
}

struct CountedResource;

impl Resource for CountedResource {
    type Object = Word;
    type List = Vec<Word>;
    type Source = Objects;
    const READS_OBJECTS: bool = true;

    fn meta() -> Meta<Self> {
        Meta::new("counted").throttle(Panicking)
    }

    fn fields() -> Fields<Self> {
        Fields::new()
    }
}

impl Hooks for CountedResource {}

impl ObjectSource for CountedResource {
    fn obj_get_list(&self, _: &Request) -> Result<Vec<Word>> {
        Ok(Vec::new())
    }

    fn obj_get(&self, _: &Request, name: &str) -> Result<Word> {
        Ok(Word(name.to_owned()))
    }

    fn detail_uri(&self, word: &Word) -> String {
        word.0.clone()
    }
}

struct Panicking;

impl Throttle for Panicking {
    async fn should_be_throttled(&self, _: &Access<'_>) -> tastyrs_throttle::Result<Verdict> {
        Ok(Verdict::Allowed)
    }

    async fn accessed(&self, _: &Access<'_>) -> tastyrs_throttle::Result<()> {
        panic!("a throttle that panics")
    }
}

impl ObjectSource for WordResource {
    fn obj_get_list(&self, _: &Request) -> Result<Vec<Word>> {
        Ok(["alpha", "beta"].map(|word| Word(word.to_owned())).into())
    }

    fn obj_get(&self, _: &Request, name: &str) -> Result<Word> {
        assert_ne!(name, "boom", "a source that panics");
        Ok(Word(name.to_owned()))
    }

    fn detail_uri(&self, word: &Word) -> String {
        word.0.clone()
    }
}

fn database() -> Database<Sqlite> {
    let database = Database::<Sqlite>::open(":memory:").unwrap();
    database
        .transaction(|db| {
            Ok(db.batch_execute(
                "CREATE TABLE author (id integer PRIMARY KEY, name text NOT NULL);
                 CREATE TABLE note (id integer PRIMARY KEY, author_id integer, title text NOT NULL, created datetime NOT NULL);
                 INSERT INTO author VALUES (1, 'ada'), (2, 'brian');
                 INSERT INTO note VALUES (1, 2, 'one', '2010-03-19 01:18:01'), (2, 1, 'two', '2011-06-15 12:30:45.123456'),
                                         (3, NULL, 'three', '2012-01-01 00:00:00');",
            )?)
        })
        .unwrap();
    database
}

async fn get(path: &str) -> (u16, String) {
    let api = Api::new("v1")
        .compatible(Compatibility::Tastypie)
        .database(database())
        .register(AuthorResource)
        .register(NoteResource)
        .register(WordResource)
        .register(CountedResource)
        .build()
        .unwrap();
    let app = test::init_service(App::new().service(api.scope("/api"))).await;
    let answer = test::call_service(&app, test::TestRequest::get().uri(path).to_request()).await;
    let status = answer.status().as_u16();
    (
        status,
        String::from_utf8(test::read_body(answer).await.to_vec()).unwrap(),
    )
}

#[actix_web::test]
async fn a_list_is_filtered_ordered_and_dehydrated() {
    let (status, body) =
        get("/api/v1/notes/?author__name__startswith=a&order_by=-title&limit=1").await;

    assert_eq!(
        (status, body.as_str()),
        (
            200,
            "{\"objects\": [{\"author\": \"/api/v1/authors/1/\", \"created\": \"2011-06-15T12:30:45.123456\", \
             \"id\": 2, \"length\": 3, \"resource_uri\": \"/api/v1/notes/2/\", \"shouted\": \"TWO\", \"title\": \"two\"}], \
             \"paging\": {\"limit\": 1, \"next\": null, \"offset\": 0, \"previous\": null, \"total_count\": 1}}"
        )
    );
}

#[actix_web::test]
async fn a_detail_writes_what_is_related_to_it_out() {
    let (status, body) = get("/api/v1/notes/1/").await;

    assert_eq!(status, 200);
    assert!(
        body.contains(
            "\"author\": {\"id\": 2, \"name\": \"brian\", \"resource_uri\": \"/api/v1/authors/2/\"}"
        ),
        "{body}"
    );
}

#[actix_web::test]
async fn an_order_goes_through_a_relation() {
    let (status, body) = get("/api/v1/notes/?order_by=-author__name").await;

    let places = ["\"brian\"", "\"id\": 1", "\"id\": 2", "\"id\": 3"].map(|id| body.find(id));
    assert_eq!(status, 200);
    assert!(places[1] < places[2] && places[2] < places[3], "{body}");
}

#[actix_web::test]
async fn what_is_not_allowed_is_told() {
    assert_eq!(
        get("/api/v1/notes/?title__contains=x").await,
        (
            400,
            "{\"error\": \"'contains' is not an allowed filter on the 'title' field.\"}".to_owned()
        )
    );
    assert_eq!(get("/api/v1/notes/99/").await, (404, String::new()));
    assert_eq!(get("/api/v1/notes/x/").await.0, 404);
}

#[actix_web::test]
async fn a_source_without_a_model_has_a_list_and_details() {
    assert_eq!(
        get("/api/v1/words/?limit=1&offset=1").await.1,
        "{\"meta\": {\"limit\": 1, \"next\": null, \"offset\": 1, \"previous\": \"/api/v1/words/?limit=1&offset=0\", \
         \"total_count\": 2}, \"objects\": [{\"resource_uri\": \"/api/v1/words/beta/\", \"word\": \"beta\"}]}"
    );
    assert_eq!(
        get("/api/v1/words/gamma/").await.1,
        "{\"resource_uri\": \"/api/v1/words/gamma/\", \"word\": \"gamma\"}"
    );
}

#[actix_web::test]
async fn a_set_of_a_source_shows_only_what_the_list_may_show() {
    let (status, body) = get("/api/v1/words/set/alpha;hidden/").await;

    assert_eq!(status, 200);
    assert_eq!(
        body,
        "{\"not_found\": [\"hidden\"], \"objects\": [{\"resource_uri\": \"/api/v1/words/alpha/\", \"word\": \"alpha\"}]}"
    );
}

#[actix_web::test]
async fn a_throttle_that_panics_when_it_counts_is_a_500() {
    let (status, body) = get("/api/v1/counted/x/").await;

    assert_eq!(status, 500);
    assert!(body.contains("error_message"), "{body}");
}

#[actix_web::test]
async fn a_panic_is_a_500_and_tells_nothing() {
    assert_eq!(
        get("/api/v1/words/boom/").await,
        (500, "{\"error_message\": \"Sorry, this request could not be processed. Please try again later.\"}".to_owned())
    );
}

#[actix_web::test]
async fn an_address_without_its_last_slash_leads_to_the_one_with_it() {
    assert_eq!(get("/api/v1/notes").await.0, 301);
    assert_eq!(get("/api/v1").await.0, 301);
    assert_eq!(get("/api/v1/nothing").await.0, 404);
}
