//! A REST API over notes, in one file: models, resources, a search of its own, throttles.
//!
//! `cargo run --release --example notes` makes `notes.db` with sample data at the first start and prints what to
//! try. `--port 8000` and `--database notes.db` say otherwise.

#![expect(clippy::print_stdout, reason = "it tells what to try")]
#![expect(missing_docs, reason = "the modules of tables are no API")]

use std::{
    hash::{BuildHasher as _, Hasher as _, RandomState},
    time::Duration,
};

use actix_web::{App, HttpServer};
use chrono::{NaiveDate, NaiveDateTime, NaiveTime};
use diesel::{connection::SimpleConnection as _, prelude::*, sqlite::Sqlite};
use serde::{Deserialize, Serialize};
use tastyrs::{data::Data, prelude::*};

/// The database of this program.
type Db = Sqlite;

diesel::table! {
    author (id) {
        id -> Integer,
        name -> Text,
        email -> Text,
    }
}

diesel::table! {
    note (id) {
        id -> Integer,
        author_id -> Nullable<Integer>,
        title -> Text,
        slug -> Text,
        content -> Text,
        is_active -> Bool,
        created -> Timestamp,
    }
}

diesel::table! {
    subject (id) {
        id -> Integer,
        name -> Text,
    }
}

diesel::table! {
    subject_notes (id) {
        id -> Integer,
        subject_id -> Integer,
        note_id -> Integer,
    }
}

#[derive(Queryable, Selectable, Identifiable, Model)]
#[diesel(table_name = author, check_for_backend(Db))]
struct Author {
    id: i32,
    name: String,
    email: String,
}

#[derive(Queryable, Selectable, Identifiable, Model)]
#[diesel(table_name = note, check_for_backend(Db))]
struct Note {
    id: i32,
    author_id: Option<i32>,
    /// What the note is called.
    #[model(max_length = 100)]
    title: String,
    slug: String,
    #[model(blank)]
    content: String,
    #[model(default = true)]
    is_active: bool,
    #[model(default = now)]
    created: NaiveDateTime,
}

#[derive(Queryable, Selectable, Identifiable, Model)]
#[diesel(table_name = subject, check_for_backend(Db))]
struct Subject {
    id: i32,
    name: String,
}

/// Who wrote: everything but how to reach them.
#[derive(ModelResource)]
#[resource(
    model = Author,
    resource_name = "authors",
    allowed_methods(get),
    excludes(email),
    filtering(name = ALL),
    ordering(name)
)]
struct AuthorResource;

/// The notes, which anybody may write: 150 calls an hour for each caller, which is what a throttle allows that says
/// nothing else.
#[derive(ModelResource)]
#[resource(
    model = Note,
    resource_name = "notes",
    hooks,
    authorization = Authorization,
    always_return_data,
    filtering(title = ALL, slug = [exact, in, startswith], created = ALL, author = ALL_WITH_RELATIONS),
    ordering(id, title, created, author),
    throttle = CacheThrottle::new()
)]
struct NoteResource {
    #[field(attribute = author_id, null)]
    author: ToOne<AuthorResource>,
    #[field(help_text = "words in the content", dehydrate = Self::words)]
    word_count: Computed<usize>,
}

#[derive(Deserialize)]
struct Search {
    #[serde(default)]
    q: String,
}

#[derive(Serialize)]
struct Found {
    objects: Vec<Data<'static>>,
}

impl Hooks for NoteResource {
    fn prepend_urls(&self) -> Urls<Self> {
        Urls::new().get("search/", "get_search", Self::search)
    }
}

impl NoteResource {
    fn words(note: &Note) -> usize {
        note.content.split_whitespace().count()
    }

    /// An endpoint of one's own takes the steps of every request by itself, in their order.
    async fn search(&self, request: &mut Request) -> Result<HttpResponse> {
        self.method_check(request, &[Method::GET])?;
        self.is_authenticated(request).await?;
        self.throttle_check(request).await?;
        self.log_throttled_access(request).await?;

        let search: Search = request.query()?;
        if search.q.len() > 1_000 {
            return Err(Error::bad_request("Search for less."));
        }
        let objects = self
            .in_db(request, move |notes, db| {
                let found: Vec<Note> = note::table
                    .filter(note::content.like(format!("%{}%", search.q)))
                    .order(note::id)
                    .limit(20)
                    .select(Note::as_select())
                    .load(db)?;
                notes.full_dehydrate_all(db, &found)
            })
            .await?;
        self.create_response(request, Found { objects })
    }
}

/// What notes are about: five calls in ten seconds, so that one sees what a throttle says.
#[derive(ModelResource)]
#[resource(
    model = Subject,
    resource_name = "subjects",
    allowed_methods(get),
    throttle = CacheThrottle::new().throttle_at(5).timeframe(Duration::from_secs(10))
)]
struct SubjectResource {
    #[field(through = subject_notes, null, full_detail)]
    notes: ToMany<NoteResource>,
}

/// The same, for those who are lucky.
#[derive(ModelResource)]
#[resource(
    model = Subject,
    resource_name = "lucky/subjects",
    allowed_methods(get),
    throttle = RandomThrottle
)]
struct LuckySubjectResource;

/// A throttle of one's own needs one method: here an even number turns the caller away.
struct RandomThrottle;

impl Throttle for RandomThrottle {
    async fn should_be_throttled(&self, _: &Access<'_>) -> tastyrs::throttle::Result<Verdict> {
        let drawn = RandomState::new().build_hasher().finish();
        Ok(if drawn.is_multiple_of(2) {
            Verdict::Throttled(RetryAfter::Unknown)
        } else {
            Verdict::Allowed
        })
    }
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // What went wrong inside is told here, and to no client.
    tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::WARN)
        .init();
    let (port, path) = arguments()?;
    let database = Database::<Db>::open(&path)?;
    seed(&database)?;
    let api = Api::new("v1")
        .database(database)
        .register(AuthorResource)
        .register(NoteResource::new())
        .register(SubjectResource::new())
        .register(LuckySubjectResource)
        .build()?;
    let mounted = api.clone();
    let server = HttpServer::new(move || App::new().service(mounted.scope("/api")))
        .bind(("127.0.0.1", port))?;

    let root = format!("http://127.0.0.1:{port}/api/v1");
    println!("The notes of {path} are served at {root}/ - try:\n");
    for (what, address) in [
        ("what there is", "/"),
        ("a page of notes", "/notes/?limit=2"),
        (
            "a filter through a relation, in an order",
            "/notes/?author__name__startswith=Ada&order_by=-created",
        ),
        ("what the notes tell of themselves", "/notes/schema/"),
        ("a search of its own", "/notes/search/?q=honey"),
        (
            "the sixth call in ten seconds is turned away",
            "/subjects/?n=[1-6]",
        ),
        ("every second call, by chance", "/lucky/subjects/"),
    ] {
        println!("  # {what}\n  curl -i '{root}{address}'\n");
    }
    let json = "-H 'Content-Type: application/json'";
    println!("  # a new note, a change to it, and its end");
    println!(
        "  curl -i {root}/notes/ {json} -d '{{\"title\": \"Rye\", \"slug\": \"rye\", \"author\": \"/api/v1/authors/1/\"}}'"
    );
    println!("  curl -i -X PATCH {root}/notes/61/ {json} -d '{{\"content\": \"Rye and honey.\"}}'");
    println!("  curl -i -X DELETE {root}/notes/61/\n");
    api.serve(server).await?;
    Ok(())
}

/// The port and the file, as the command line says.
fn arguments() -> Result<(u16, String), Box<dyn std::error::Error>> {
    let (mut port, mut path) = (8000, "notes.db".to_owned());
    let mut arguments = std::env::args().skip(1);
    while let Some(option) = arguments.next() {
        let value = arguments
            .next()
            .ok_or_else(|| format!("{option} needs a value"))?;
        match option.as_str() {
            "--port" => {
                port = value
                    .parse()
                    .map_err(|_| format!("--port {value} is no port"))?;
            }
            "--database" => path = value,
            _ => {
                return Err(
                    format!("unknown option {option}; there are --port and --database").into(),
                );
            }
        }
    }
    Ok((port, path))
}

/// Makes the tables and the sample data, where they are missing.
fn seed(database: &Database<Db>) -> Result<()> {
    const INGREDIENTS: [&str; 9] = [
        "apple", "bread", "cider", "dough", "eggs", "flour", "honey", "mint", "rye",
    ];
    database.transaction(|db| {
        db.batch_execute(
            "CREATE TABLE IF NOT EXISTS author (id integer PRIMARY KEY, name text NOT NULL, email text NOT NULL);
             CREATE TABLE IF NOT EXISTS note (
                 id integer PRIMARY KEY, author_id integer REFERENCES author (id), title text NOT NULL,
                 slug text NOT NULL, content text NOT NULL, is_active bool NOT NULL, created datetime NOT NULL);
             CREATE INDEX IF NOT EXISTS note_author ON note (author_id);
             CREATE TABLE IF NOT EXISTS subject (id integer PRIMARY KEY, name text NOT NULL);
             CREATE TABLE IF NOT EXISTS subject_notes (
                 id integer PRIMARY KEY, subject_id integer NOT NULL REFERENCES subject (id),
                 note_id integer NOT NULL REFERENCES note (id), UNIQUE (subject_id, note_id));",
        )?;
        if note::table.count().get_result::<i64>(db)? > 0 {
            return Ok(());
        }
        for (id, name) in [(1, "Ada Lovelace"), (2, "Brian O'Neill"), (3, "Chloé Müller")] {
            let email = format!("author{id}@example.org");
            diesel::insert_into(author::table)
                .values((author::id.eq(id), author::name.eq(name), author::email.eq(email)))
                .execute(db)?;
        }
        for (id, name) in [(1, "Baking"), (2, "Drinks"), (3, "Leftovers")] {
            diesel::insert_into(subject::table).values((subject::id.eq(id), subject::name.eq(name))).execute(db)?;
        }
        let start = NaiveDate::from_ymd_opt(2026, 1, 1).unwrap_or_default().and_time(NaiveTime::MIN);
        for (id, place) in (1..=60_i32).zip(0_usize..) {
            let [first, second] = [place, place * 5 + 2].map(|place| INGREDIENTS[place % INGREDIENTS.len()]);
            diesel::insert_into(note::table)
                .values((
                    note::id.eq(id),
                    note::author_id.eq((id % 7 != 0).then_some(id % 3 + 1)),
                    note::title.eq(format!("{first} and {second}, {id}")),
                    note::slug.eq(format!("{first}-{second}-{id}")),
                    note::content.eq(format!("Note {id} mixes {first} with {second}.")),
                    note::is_active.eq(id % 4 != 0),
                    note::created.eq(start + chrono::TimeDelta::minutes(i64::from(id) * 24_481)),
                ))
                .execute(db)?;
            diesel::insert_into(subject_notes::table)
                .values((subject_notes::subject_id.eq(id % 3 + 1), subject_notes::note_id.eq(id)))
                .execute(db)?;
        }
        Ok(())
    })
}
