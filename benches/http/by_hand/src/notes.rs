//! The endpoints: what is asked of the database, and what is written of its rows.

use actix_web::web::Bytes;
use chrono::{NaiveDateTime, Utc};
use diesel::{
    QueryResult,
    connection::{Connection, DefaultLoadingMode, LoadConnection},
    row::{Field as _, Row as _},
};
use serde::Deserialize;

use crate::{
    db::{Db, Store, text},
    json::integer,
    statement::{Bind, Known, Sql},
};

/// The columns of a note, in the order in which they are shown.
macro_rules! note {
    () => {
        "SELECT author_id, content, created, id, is_active, slug, title, updated FROM core_note"
    };
}
/// The columns of its author behind them.
const FULL: &str = "SELECT note.author_id, note.content, note.created, note.id, note.is_active, note.slug, \
    note.title, note.updated, auth_user.username FROM core_note note \
    LEFT JOIN auth_user ON auth_user.id = note.author_id";

/// Which notes, in which order, and which part of them.
#[derive(Debug, Clone)]
pub struct Search {
    pub limit: i64,
    pub offset: i64,
    pub title: Option<String>,
    pub title_startswith: Option<String>,
    pub slug: Option<String>,
    pub author: Option<String>,
    pub order_by: Option<String>,
}

impl Search {
    pub fn parse(query: &str) -> Self {
        let mut search = Self {
            limit: 20,
            offset: 0,
            title: None,
            title_startswith: None,
            slug: None,
            author: None,
            order_by: None,
        };
        for pair in query.split('&') {
            let Some((name, value)) = pair.split_once('=') else {
                continue;
            };
            let decoded = || decode(value);
            match name {
                "limit" => search.limit = value.parse().unwrap_or(20),
                "offset" => search.offset = value.parse().unwrap_or(0),
                "title" => search.title = Some(decoded()),
                "title__startswith" => search.title_startswith = Some(decoded()),
                "slug" => search.slug = Some(decoded()),
                "author__username" => search.author = Some(decoded()),
                "order_by" => search.order_by = Some(decoded()),
                _ => {}
            }
        }
        search
    }

    fn is_plain(&self) -> bool {
        self.title.is_none()
            && self.title_startswith.is_none()
            && self.slug.is_none()
            && self.author.is_none()
            && self.order_by.is_none()
    }

    fn condition<D: Db>(&self) -> (String, Vec<Bind>) {
        let mut conditions = Vec::new();
        let mut binds = Vec::new();
        let mut with = |sql: &'static str, value: String| {
            conditions.push(sql);
            binds.push(Bind::Text(value));
        };
        if let Some(title) = &self.title {
            with("title = ?", title.clone());
        }
        if let Some(start) = &self.title_startswith {
            let escaped = start
                .replace('\\', "\\\\")
                .replace('%', "\\%")
                .replace('_', "\\_");
            with(
                if D::IS_REMOTE {
                    "title LIKE ?"
                } else {
                    "title LIKE ? ESCAPE '\\'"
                },
                escaped + "%",
            );
        }
        if let Some(slug) = &self.slug {
            with("slug = ?", slug.clone());
        }
        if let Some(author) = &self.author {
            with(
                "author_id IN (SELECT id FROM auth_user WHERE username = ?)",
                author.clone(),
            );
        }
        let condition = if conditions.is_empty() {
            String::new()
        } else {
            format!(" WHERE {}", conditions.join(" AND "))
        };
        (condition, binds)
    }

    fn order(&self) -> String {
        let asked = self.order_by.as_deref().unwrap_or("id");
        let (name, direction) = asked
            .strip_prefix('-')
            .map_or((asked, "ASC"), |name| (name, "DESC"));
        match name {
            "created" | "title" => format!(" ORDER BY {name} {direction}, id ASC"),
            _ => format!(" ORDER BY id {direction}"),
        }
    }

    fn slice(&self) -> String {
        format!(" LIMIT {} OFFSET {}", self.limit, self.offset)
    }

    /// What stands before the objects of a page.
    fn head(&self, path: &str, total: i64, out: &mut Vec<u8>) {
        out.extend_from_slice(b"{\"meta\": {\"limit\": ");
        integer(self.limit, out);
        out.extend_from_slice(b", \"next\": ");
        self.link(
            path,
            (self.offset + self.limit < total).then_some(self.offset + self.limit),
            out,
        );
        out.extend_from_slice(b", \"offset\": ");
        integer(self.offset, out);
        out.extend_from_slice(b", \"previous\": ");
        self.link(
            path,
            (self.offset >= self.limit).then_some(self.offset - self.limit),
            out,
        );
        out.extend_from_slice(b", \"total_count\": ");
        integer(total, out);
        out.extend_from_slice(b"}, \"objects\": [");
    }

    fn link(&self, path: &str, offset: Option<i64>, out: &mut Vec<u8>) {
        let Some(offset) = offset else {
            return out.extend_from_slice(b"null");
        };
        out.push(b'"');
        out.extend_from_slice(path.as_bytes());
        out.push(b'?');
        let pairs = [
            ("title", &self.title),
            ("title__startswith", &self.title_startswith),
            ("slug", &self.slug),
            ("author__username", &self.author),
            ("order_by", &self.order_by),
        ];
        for (name, value) in pairs {
            if let Some(value) = value {
                out.extend_from_slice(name.as_bytes());
                out.push(b'=');
                encode(value, out);
                out.push(b'&');
            }
        }
        out.extend_from_slice(b"limit=");
        integer(self.limit, out);
        out.extend_from_slice(b"&offset=");
        integer(offset, out);
        out.push(b'"');
    }
}

fn decode(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        out.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digits = [bytes.next().unwrap_or(b'0'), bytes.next().unwrap_or(b'0')];
                let digits = std::str::from_utf8(&digits).unwrap_or("00");
                u8::from_str_radix(digits, 16).unwrap_or(b'?')
            }
            byte => byte,
        });
    }
    String::from_utf8(out).unwrap_or_default()
}

fn encode(text: &str, out: &mut Vec<u8>) {
    for byte in text.bytes() {
        match byte {
            b' ' => out.push(b'+'),
            byte if byte.is_ascii_alphanumeric() || b"_.-~".contains(&byte) => out.push(byte),
            byte => out.extend_from_slice(format!("%{byte:02X}").as_bytes()),
        }
    }
}

/// Writes a note of a row; `tags` is what stands in its place, and the author is written out, where it is given.
fn note<'r, D: Db>(
    row: &impl diesel::row::Row<'r, D>,
    tags: Option<&[(i64, Vec<u8>)]>,
    out: &mut Vec<u8>,
) -> i64 {
    macro_rules! with {
        ($place:expr, $value:ident => $write:expr) => {
            if let Some(field) = row.get($place)
                && let Some($value) = field.value()
            {
                $write
            }
        };
    }
    let mut key = 0;
    out.extend_from_slice(b"{\"author\": ");
    let author = row
        .get(0)
        .and_then(|field| field.value().map(|value| D::int(value)));
    match (author, tags) {
        (None, _) => out.extend_from_slice(b"null"),
        (Some(author), None) => {
            out.extend_from_slice(b"\"/api/v1/users/");
            integer(author, out);
            out.extend_from_slice(b"/\"");
        }
        (Some(author), Some(_)) => {
            out.extend_from_slice(b"{\"id\": ");
            integer(author, out);
            out.extend_from_slice(b", \"resource_uri\": \"/api/v1/users/");
            integer(author, out);
            out.extend_from_slice(b"/\", \"username\": ");
            with!(8, value => text::<D>(value, out));
            out.push(b'}');
        }
    }
    out.extend_from_slice(b", \"content\": ");
    with!(1, value => text::<D>(value, out));
    out.extend_from_slice(b", \"created\": ");
    with!(2, value => D::moment(value, out));
    out.extend_from_slice(b", \"id\": ");
    with!(3, value => key = D::int(value));
    integer(key, out);
    out.extend_from_slice(b", \"is_active\": ");
    with!(4, value => out.extend_from_slice(if D::flag(value) { b"true" } else { b"false" }));
    out.extend_from_slice(match tags {
        None => b", \"resource_uri\": \"/api/v1/notes/",
        Some(_) => b", \"resource_uri\": \"/api/v1/fullnotes/",
    });
    integer(key, out);
    out.extend_from_slice(b"/\", \"slug\": ");
    with!(5, value => text::<D>(value, out));
    if let Some(tags) = tags {
        out.extend_from_slice(b", \"tags\": [");
        let mut is_first = true;
        for (_, tag) in tags.iter().filter(|(note, _)| *note == key) {
            if !is_first {
                out.extend_from_slice(b", ");
            }
            is_first = false;
            out.extend_from_slice(tag);
        }
        out.push(b']');
    }
    out.extend_from_slice(b", \"title\": ");
    with!(6, value => text::<D>(value, out));
    out.extend_from_slice(b", \"updated\": ");
    with!(7, value => D::moment(value, out));
    out.push(b'}');
    key
}

/// Walks the rows of a statement.
macro_rules! each {
    ($D:ty, $connection:expr, $statement:expr, $row:ident => $work:expr) => {
        for row in LoadConnection::<DefaultLoadingMode>::load($connection, $statement)? {
            let $row = row?;
            $work
        }
    };
}

/// The first number of the first row.
fn number<D: Db, Q>(connection: &mut D::Connection, statement: Q) -> QueryResult<i64>
where
    Q: diesel::query_builder::Query
        + diesel::query_builder::QueryFragment<D>
        + diesel::query_builder::QueryId,
    D: diesel::expression::QueryMetadata<Q::SqlType>,
{
    let mut number = 0;
    each!(D, connection, statement, row => {
        if let Some(field) = row.get(0) && let Some(value) = field.value() {
            number = D::int(value);
        }
    });
    Ok(number)
}

/// Objects one behind the other.
fn between(is_first: &mut bool, out: &mut Vec<u8>) {
    if !std::mem::take(is_first) {
        out.extend_from_slice(b", ");
    }
}

/// Whose list: the notes as they are, or with author and tags written out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    Notes,
    Full,
}

impl Shown {
    fn path(self) -> &'static str {
        match self {
            Self::Notes => "/api/v1/notes/",
            Self::Full => "/api/v1/fullnotes/",
        }
    }
}

pub async fn list<D: Db>(store: &Store<D>, query: &str, shown: Shown) -> QueryResult<Bytes> {
    let search = Search::parse(query);
    if search.is_plain()
        && search.offset < 1_000
        && let Some(answer) = store.here(|connection| {
            let total = total::<D>(store, connection)?;
            page::<D>(connection, &search, shown, Some(total))
        })
    {
        return answer;
    }
    store
        .elsewhere(move |connection| page::<D>(connection, &search, shown, None))
        .await
}

/// The total of all notes, counted anew when anybody wrote.
fn total<D: Db>(store: &Store<D>, connection: &mut D::Connection) -> QueryResult<i64> {
    let version = number::<D, _>(
        connection,
        Known::<0> {
            text: "PRAGMA data_version",
            binds: Vec::new(),
        },
    )?;
    let (known, total) = *store.total.borrow();
    if known == version {
        return Ok(total);
    }
    let total = number::<D, _>(
        connection,
        Known::<1> {
            text: "SELECT COUNT(*) FROM core_note",
            binds: Vec::new(),
        },
    )?;
    *store.total.borrow_mut() = (version, total);
    Ok(total)
}

fn page<D: Db>(
    connection: &mut D::Connection,
    search: &Search,
    shown: Shown,
    total: Option<i64>,
) -> QueryResult<Bytes> {
    let mut out = Vec::with_capacity(17_000);
    let mut is_first = true;
    let tags = match shown {
        Shown::Notes => None,
        Shown::Full => Some(tags::<D>(connection, search)?),
    };
    let tags = tags.as_deref();
    let (condition, binds) = search.condition::<D>();
    if let (Some(total), Shown::Notes, 20, 0) = (total, shown, search.limit, search.offset) {
        search.head(shown.path(), total, &mut out);
        let statement = Known::<2> {
            text: concat!(note!(), " ORDER BY id ASC LIMIT 20"),
            binds: Vec::new(),
        };
        each!(D, connection, statement, row => {
            between(&mut is_first, &mut out);
            note::<D>(&row, tags, &mut out);
        });
        out.extend_from_slice(b"]}");
        return Ok(out.into());
    }
    let columns = match shown {
        Shown::Notes => note!(),
        Shown::Full => FULL,
    };
    let (order, slice) = (search.order(), search.slice());
    if D::IS_REMOTE {
        // Page and total are one round trip.
        let text = format!(
            "SELECT page.*, counted.total FROM (SELECT COUNT(*) FROM core_note{condition}) AS counted (total) \
             LEFT JOIN ({columns}{condition}{}{slice}) AS page ON TRUE",
            if shown == Shown::Full {
                " ORDER BY note.id ASC"
            } else {
                &order
            },
        );
        let last = if shown == Shown::Full { 9 } else { 8 };
        let binds = [binds.clone(), binds].concat();
        each!(D, connection, Sql { text, binds }, row => {
            if is_first {
                let total = row.get(last).and_then(|field| field.value().map(|value| D::int(value)));
                search.head(shown.path(), total.unwrap_or(0), &mut out);
            }
            if row.get(3).is_some_and(|field| !field.is_null()) {
                between(&mut is_first, &mut out);
                note::<D>(&row, tags, &mut out);
            }
        });
        out.extend_from_slice(b"]}");
        return Ok(out.into());
    }
    let total = match total {
        Some(total) => total,
        None => number::<D, _>(
            connection,
            Sql {
                text: format!("SELECT COUNT(*) FROM core_note{condition}"),
                binds: binds.clone(),
            },
        )?,
    };
    search.head(shown.path(), total, &mut out);
    let order = if shown == Shown::Full {
        " ORDER BY note.id ASC"
    } else {
        &order
    };
    let text = format!("{columns}{condition}{order}{slice}");
    each!(D, connection, Sql { text, binds }, row => {
        between(&mut is_first, &mut out);
        note::<D>(&row, tags, &mut out);
    });
    out.extend_from_slice(b"]}");
    Ok(out.into())
}

/// The tags of the notes of a page, written out.
fn tags<D: Db>(
    connection: &mut D::Connection,
    search: &Search,
) -> QueryResult<Vec<(i64, Vec<u8>)>> {
    let statement = Sql {
        text: format!(
            "SELECT through.note_id, core_tag.id, core_tag.name FROM core_note_tags through \
             INNER JOIN core_tag ON core_tag.id = through.tag_id \
             WHERE through.note_id IN (SELECT id FROM core_note ORDER BY id ASC{}) ORDER BY core_tag.id ASC",
            search.slice()
        ),
        binds: Vec::new(),
    };
    let mut tags = Vec::new();
    each!(D, connection, statement, row => {
        let int = |place: usize| {
            row.get(place).and_then(|field| field.value().map(|value| D::int(value))).unwrap_or(0)
        };
        let mut out = Vec::with_capacity(80);
        out.extend_from_slice(b"{\"id\": ");
        integer(int(1), &mut out);
        out.extend_from_slice(b", \"name\": ");
        if let Some(field) = row.get(2) && let Some(value) = field.value() {
            text::<D>(value, &mut out);
        }
        out.extend_from_slice(b", \"resource_uri\": \"/api/v1/tags/");
        integer(int(1), &mut out);
        out.extend_from_slice(b"/\"}");
        tags.push((int(0), out));
    });
    Ok(tags)
}

pub async fn detail<D: Db>(store: &Store<D>, key: i64) -> QueryResult<Option<Bytes>> {
    fn found<D: Db>(connection: &mut D::Connection, key: i64) -> QueryResult<Option<Bytes>> {
        let mut out = Vec::with_capacity(1_000);
        let statement = Known::<3> {
            text: concat!(note!(), " WHERE id = ?"),
            binds: vec![Bind::Int(key)],
        };
        each!(D, connection, statement, row => {
            note::<D>(&row, None, &mut out);
        });
        Ok((!out.is_empty()).then(|| out.into()))
    }
    match store.here(|connection| found::<D>(connection, key)) {
        Some(answer) => answer,
        None => {
            store
                .elsewhere(move |connection| found::<D>(connection, key))
                .await
        }
    }
}

pub async fn set<D: Db>(store: &Store<D>, keys: Vec<i64>) -> QueryResult<Bytes> {
    fn found<D: Db>(connection: &mut D::Connection, keys: &[i64]) -> QueryResult<Bytes> {
        let list: Vec<String> = keys.iter().map(ToString::to_string).collect();
        let statement = Sql {
            text: format!(concat!(note!(), " WHERE id IN ({})"), list.join(", ")),
            binds: Vec::new(),
        };
        let mut written = Vec::with_capacity(16_000);
        let mut places = Vec::new();
        each!(D, connection, statement, row => {
            let start = written.len();
            let key = note::<D>(&row, None, &mut written);
            places.push((key, start..written.len()));
        });
        let mut out = Vec::with_capacity(written.len() + 100);
        let (mut is_first, mut missing) = (true, Vec::new());
        for key in keys {
            match places.iter().find(|(known, _)| known == key) {
                Some((_, place)) => {
                    out.extend_from_slice(if is_first { b"" } else { b", " });
                    is_first = false;
                    out.extend_from_slice(&written[place.clone()]);
                }
                None => missing.push(format!("\"{key}\"")),
            }
        }
        let mut body = Vec::with_capacity(out.len() + 100);
        body.push(b'{');
        if !missing.is_empty() {
            body.extend_from_slice(format!("\"not_found\": [{}], ", missing.join(", ")).as_bytes());
        }
        body.extend_from_slice(b"\"objects\": [");
        body.extend_from_slice(&out);
        body.extend_from_slice(b"]}");
        Ok(body.into())
    }
    match store.here(|connection| found::<D>(connection, &keys)) {
        Some(answer) => answer,
        None => {
            store
                .elsewhere(move |connection| found::<D>(connection, &keys))
                .await
        }
    }
}

/// A note as a client sends it.
#[derive(Debug, Deserialize)]
pub struct Sent {
    author: Option<String>,
    title: String,
    slug: String,
    content: String,
    #[serde(default = "yes")]
    is_active: bool,
    created: Option<NaiveDateTime>,
}

fn yes() -> bool {
    true
}

/// The number in an address.
pub fn key_of(uri: &str) -> Option<i64> {
    uri.trim_end_matches('/').rsplit('/').next()?.parse().ok()
}

impl Sent {
    fn binds<D: Db>(self) -> Vec<Bind> {
        let now = Utc::now().naive_utc();
        vec![
            Bind::Key(self.author.as_deref().and_then(key_of)),
            Bind::Text(self.content),
            Bind::moment::<D>(self.created.unwrap_or(now)),
            Bind::Bool(self.is_active),
            Bind::Text(self.slug),
            Bind::Text(self.title),
            Bind::moment::<D>(now),
        ]
    }
}

/// Runs a write so that no other one can come between.
fn writing<D: Db, T>(
    connection: &mut D::Connection,
    work: impl FnOnce(&mut D::Connection) -> QueryResult<T>,
) -> QueryResult<T> {
    use diesel::connection::SimpleConnection as _;
    if D::IS_REMOTE {
        return connection.transaction(work);
    }
    connection.batch_execute("BEGIN IMMEDIATE")?;
    let answer = work(connection);
    connection.batch_execute(if answer.is_ok() { "COMMIT" } else { "ROLLBACK" })?;
    answer
}

pub async fn create<D: Db>(store: &Store<D>, sent: Sent) -> QueryResult<i64> {
    store
        .elsewhere(move |connection| {
            // One statement is a transaction of its own.
            number::<D, _>(
                connection,
                Known::<4> {
                    text: "INSERT INTO core_note (author_id, content, created, is_active, slug, title, updated) \
                           VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING id",
                    binds: sent.binds::<D>(),
                },
            )
        })
        .await
}

pub async fn update<D: Db>(store: &Store<D>, key: i64, sent: Sent) -> QueryResult<bool> {
    store
        .elsewhere(move |connection| {
            let mut binds = sent.binds::<D>();
            binds.push(Bind::Int(key));
            let statement = Known::<5> {
                text: "UPDATE core_note SET author_id = ?, content = ?, created = ?, is_active = ?, slug = ?, \
                       title = ?, updated = ? WHERE id = ?",
                binds,
            };
            connection
                .execute_returning_count(&statement)
                .map(|count| count > 0)
        })
        .await
}

/// What is sent of one object of a list that is changed.
#[derive(Debug, Deserialize)]
pub struct Patch {
    resource_uri: String,
    title: String,
}

/// A list that is changed.
#[derive(Debug, Deserialize)]
pub struct Patches {
    objects: Vec<Patch>,
}

pub async fn patch<D: Db>(store: &Store<D>, sent: Patches) -> QueryResult<()> {
    store
        .elsewhere(move |connection| {
            writing::<D, _>(connection, |connection| {
                for patch in sent.objects {
                    connection.execute_returning_count(&Known::<6> {
                        text: "UPDATE core_note SET title = ? WHERE id = ?",
                        binds: vec![
                            Bind::Text(patch.title),
                            Bind::Key(key_of(&patch.resource_uri)),
                        ],
                    })?;
                }
                Ok(())
            })
        })
        .await
}
