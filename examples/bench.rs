//! The contender of the benchmarks: users, tags and notes as django-tastypie would serve them.
//!
//! `benches/http` builds it, makes its data and measures it beside servers that were written by hand.
//!
//! `bench --port 8002 --database sqlite:///path/to/file [--throttle-at N [--written before|MILLISECONDS]]`;
//! with the feature `postgres` the database is the URL of one. `--written` has accesses written down, before the answer or so
//! long behind it.
#![expect(missing_docs, reason = "the modules of tables are no API")]

use std::time::Duration;

use actix_web::{App, HttpServer};
use chrono::NaiveDateTime;
use diesel::prelude::*;
use tastyrs::{prelude::*, throttle::Durability};

#[cfg(feature = "postgres")]
type Db = diesel::pg::Pg;
#[cfg(not(feature = "postgres"))]
type Db = diesel::sqlite::Sqlite;

diesel::table! {
    auth_user (id) {
        id -> Integer,
        username -> Text,
    }
}

diesel::table! {
    core_note (id) {
        id -> Integer,
        title -> Text,
        slug -> Text,
        content -> Text,
        is_active -> Bool,
        created -> Timestamp,
        updated -> Timestamp,
        author_id -> Nullable<Integer>,
    }
}

diesel::table! {
    core_tag (id) {
        id -> Integer,
        name -> Text,
    }
}

diesel::table! {
    core_note_tags (id) {
        id -> Integer,
        note_id -> Integer,
        tag_id -> Integer,
    }
}

#[derive(Queryable, Selectable, Identifiable, Model)]
#[diesel(table_name = auth_user, check_for_backend(Db))]
struct User {
    id: i32,
    username: String,
}

#[derive(Queryable, Selectable, Identifiable, Model)]
#[diesel(table_name = core_note, check_for_backend(Db))]
struct Note {
    id: i32,
    title: String,
    slug: String,
    content: String,
    #[model(default = true)]
    is_active: bool,
    #[model(default = now)]
    created: NaiveDateTime,
    #[model(auto_now)]
    updated: NaiveDateTime,
    author_id: Option<i32>,
}

#[derive(Queryable, Selectable, Identifiable, Model)]
#[diesel(table_name = core_tag, check_for_backend(Db))]
struct Tag {
    id: i32,
    name: String,
}

#[derive(ModelResource)]
#[resource(model = User, resource_name = "users", filtering(username = [exact]))]
struct UserResource;

#[derive(ModelResource)]
#[resource(model = Tag, resource_name = "tags")]
struct TagResource;

#[derive(ModelResource)]
#[resource(
    model = Note,
    resource_name = "notes",
    filtering(title = [exact, startswith], slug = [exact], author = ALL_WITH_RELATIONS),
    ordering(created, title, id),
    authorization = Authorization,
    meta = Self::configure
)]
struct NoteResource {
    #[field(attribute = author_id, null)]
    author: ToOne<UserResource>,
}

/// The same notes with what is related to them written out.
#[derive(ModelResource)]
#[resource(model = Note, resource_name = "fullnotes")]
struct FullNoteResource {
    #[field(attribute = author_id, null, full)]
    author: ToOne<UserResource>,
    #[field(through = core_note_tags(note_id, tag_id), null, full)]
    tags: ToMany<TagResource>,
}

impl NoteResource {
    /// No throttle unless the command line asks for one.
    fn configure(meta: Meta<Self>) -> Meta<Self> {
        let Some(limit) = option("--throttle-at").and_then(|limit| limit.parse().ok()) else {
            return meta;
        };
        let Some(written) = option("--written") else {
            return meta.throttle(CacheThrottle::new().throttle_at(limit));
        };
        let durability = match written.parse() {
            Ok(millis) => Durability::Behind {
                flush: Duration::from_millis(millis),
            },
            Err(_) => Durability::BeforeAnswer,
        };
        let throttle = CacheDbThrottle::new().throttle_at(limit);
        meta.throttle(throttle.durability(durability))
    }
}

/// The value of an option of the command line.
fn option(name: &str) -> Option<String> {
    std::env::args()
        .skip_while(|argument| argument != name)
        .nth(1)
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let port: u16 = option("--port").map_or(Ok(8002), |port| port.parse())?;
    let url = option("--database").ok_or("--database says which database to serve")?;
    let workers = option("--workers").map_or(Ok(2), |workers| workers.parse())?;
    let database = Database::<Db>::open(url.strip_prefix("sqlite://").unwrap_or(&url))?;
    let api = Api::new("v1")
        .compatible(Compatibility::Tastypie)
        .database(database)
        .register(UserResource)
        .register(TagResource)
        .register(NoteResource::new())
        .register(FullNoteResource::new())
        .build()?;
    let mounted = api.clone();
    let server = HttpServer::new(move || App::new().service(mounted.scope("/api")))
        .workers(workers)
        .bind(("127.0.0.1", port))?;
    api.serve(server).await?;
    Ok(())
}
