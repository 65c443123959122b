//! The benchmark's endpoints on axum and sqlx, as people write them.
//!
//! `as_written --port 8004 --database sqlite:///path/to/file|postgres://... [--throttle-at N] [--workers N]
//!     [--resources N]`
#![expect(non_snake_case, reason = "parameters are named as clients send them")]

mod api;
mod json;

use std::{
    collections::{HashMap, HashSet, VecDeque},
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use api::{FullNote, Note, NoteRow, Page, Patches, Search, Sent, Set, Tag, User, key_of};
use axum::{
    Json, Router,
    extract::{ConnectInfo, Path, Query, Request, State},
    http::{StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::get,
};
use chrono::Utc;
use serde::Serialize;

/// At most so many requests of a caller in an hour.
#[derive(Clone)]
struct Throttle {
    at: usize,
    hits: Arc<Mutex<HashMap<IpAddr, VecDeque<Instant>>>>,
}

const HOUR: Duration = Duration::from_secs(3600);

async fn throttle(
    State(throttle): State<Throttle>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request,
    next: Next,
) -> Response {
    let wait = {
        let mut hits = throttle.hits.lock().unwrap();
        let hits = hits.entry(peer.ip()).or_default();
        let now = Instant::now();
        while hits
            .front()
            .is_some_and(|hit| now.duration_since(*hit) >= HOUR)
        {
            hits.pop_front();
        }
        if hits.len() < throttle.at {
            hits.push_back(now);
            None
        } else {
            Some(
                hits.front()
                    .map_or(HOUR, |hit| HOUR - now.duration_since(*hit)),
            )
        }
    };
    match wait {
        None => next.run(request).await,
        Some(wait) => {
            let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            (
                StatusCode::TOO_MANY_REQUESTS,
                [(header::RETRY_AFTER, seconds.to_string())],
            )
                .into_response()
        }
    }
}

struct Failed(Box<dyn std::error::Error>);

impl<E: std::error::Error + 'static> From<E> for Failed {
    fn from(error: E) -> Self {
        Self(Box::new(error))
    }
}

impl IntoResponse for Failed {
    fn into_response(self) -> Response {
        (StatusCode::INTERNAL_SERVER_ERROR, self.0.to_string()).into_response()
    }
}

type Answer = Result<Response, Failed>;

fn answer(value: &impl Serialize) -> Answer {
    let headers = [
        (header::CONTENT_TYPE, "application/json"),
        (header::VARY, "Accept"),
        (header::CACHE_CONTROL, "no-cache"),
    ];
    Ok((headers, json::to_vec(value)?).into_response())
}

/// The same handlers for each database: sqlx has no way to write them once.
macro_rules! handlers {
    ($module:ident, $database:ty, $like:literal, $moment:expr) => {
        mod $module {
            use sqlx::{Pool, QueryBuilder};

            use super::*;

            type Db = State<Pool<$database>>;

            const NOTE: &str = "SELECT CAST(id AS BIGINT) AS id, CAST(author_id AS BIGINT) AS author_id, title, slug, \
                content, is_active, created, updated FROM core_note";

            fn filtered(start: &str, search: &Search) -> QueryBuilder<$database> {
                let mut query = QueryBuilder::new(start);
                query.push(" WHERE 1 = 1");
                if let Some(title) = &search.title {
                    query.push(" AND title = ").push_bind(title.clone());
                }
                if let Some(start) = &search.title__startswith {
                    let escaped = start.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
                    query.push(" AND title LIKE ").push_bind(escaped + "%").push($like);
                }
                if let Some(slug) = &search.slug {
                    query.push(" AND slug = ").push_bind(slug.clone());
                }
                if let Some(author) = &search.author__username {
                    query
                        .push(" AND author_id IN (SELECT id FROM auth_user WHERE username = ")
                        .push_bind(author.clone())
                        .push(")");
                }
                query
            }

            async fn page(db: &Pool<$database>, search: &Search) -> Result<(i64, Vec<NoteRow>), sqlx::Error> {
                let (total,): (i64,) = filtered("SELECT COUNT(*) FROM core_note", search)
                    .build_query_as()
                    .fetch_one(db)
                    .await?;
                let order = match search.order_by.as_deref() {
                    Some("created") => "created ASC, id ASC",
                    Some("-created") => "created DESC, id ASC",
                    Some("title") => "title ASC, id ASC",
                    Some("-title") => "title DESC, id ASC",
                    Some("-id") => "id DESC",
                    _ => "id ASC",
                };
                let mut query = filtered(NOTE, search);
                query.push(" ORDER BY ").push(order);
                query.push(" LIMIT ").push_bind(search.limit);
                query.push(" OFFSET ").push_bind(search.offset);
                Ok((total, query.build_query_as().fetch_all(db).await?))
            }

            pub async fn list(State(db): Db, Query(search): Query<Search>) -> Answer {
                let (total, rows) = page(&db, &search).await?;
                let objects: Vec<Note> = rows.into_iter().map(Note::from).collect();
                answer(&Page { meta: search.meta("/api/v1/notes/", total), objects })
            }

            pub async fn full(State(db): Db, Query(search): Query<Search>) -> Answer {
                let (total, rows) = page(&db, &search).await?;
                let authors: HashSet<i64> = rows.iter().filter_map(|row| row.author_id).collect();
                let mut query = QueryBuilder::<$database>::new(
                    "SELECT CAST(id AS BIGINT), username FROM auth_user WHERE id IN (",
                );
                let mut list = query.separated(", ");
                for author in authors {
                    list.push_bind(author);
                }
                query.push(")");
                let users: Vec<(i64, String)> = query.build_query_as().fetch_all(&db).await?;
                let users: HashMap<i64, String> = users.into_iter().collect();

                let mut query = QueryBuilder::<$database>::new(
                    "SELECT CAST(core_note_tags.note_id AS BIGINT), CAST(core_tag.id AS BIGINT), core_tag.name \
                     FROM core_note_tags JOIN core_tag ON core_tag.id = core_note_tags.tag_id WHERE note_id IN (",
                );
                let mut list = query.separated(", ");
                for row in &rows {
                    list.push_bind(row.id);
                }
                query.push(") ORDER BY core_tag.id");
                let found: Vec<(i64, i64, String)> = query.build_query_as().fetch_all(&db).await?;
                let mut tags: HashMap<i64, Vec<Tag>> = HashMap::new();
                for (note, id, name) in found {
                    tags.entry(note).or_default().push(Tag {
                        id,
                        name,
                        resource_uri: format!("/api/v1/tags/{id}/"),
                    });
                }
                let objects: Vec<FullNote> = rows
                    .into_iter()
                    .map(|row| FullNote {
                        author: row.author_id.map(|id| User {
                            id,
                            resource_uri: format!("/api/v1/users/{id}/"),
                            username: users.get(&id).cloned().unwrap_or_default(),
                        }),
                        content: row.content,
                        created: row.created,
                        id: row.id,
                        is_active: row.is_active,
                        resource_uri: format!("/api/v1/fullnotes/{}/", row.id),
                        slug: row.slug,
                        tags: tags.remove(&row.id).unwrap_or_default(),
                        title: row.title,
                        updated: row.updated,
                    })
                    .collect();
                answer(&Page { meta: search.meta("/api/v1/fullnotes/", total), objects })
            }

            pub async fn detail(State(db): Db, Path(id): Path<i64>) -> Answer {
                let row: Option<NoteRow> = sqlx::query_as(
                    "SELECT CAST(id AS BIGINT) AS id, CAST(author_id AS BIGINT) AS author_id, title, slug, content, \
                     is_active, created, updated FROM core_note WHERE id = $1",
                )
                .bind(id)
                .fetch_optional(&db)
                .await?;
                match row {
                    Some(row) => answer(&Note::from(row)),
                    None => Ok(StatusCode::NOT_FOUND.into_response()),
                }
            }

            pub async fn set(State(db): Db, Path(keys): Path<String>) -> Answer {
                let mut query = QueryBuilder::<$database>::new(NOTE);
                query.push(" WHERE id IN (");
                let mut list = query.separated(", ");
                for key in keys.split(';').filter_map(|key| key.parse::<i64>().ok()) {
                    list.push_bind(key);
                }
                query.push(")");
                let rows: Vec<NoteRow> = query.build_query_as().fetch_all(&db).await?;
                let found: HashMap<i64, Note> = rows.into_iter().map(|row| (row.id, row.into())).collect();
                let mut set = Set { not_found: Vec::new(), objects: Vec::new() };
                for key in keys.split(';') {
                    match key.parse().ok().and_then(|key: i64| found.get(&key)) {
                        Some(note) => set.objects.push(note.clone()),
                        None => set.not_found.push(key.to_owned()),
                    }
                }
                answer(&set)
            }

            pub async fn create(State(db): Db, Json(sent): Json<Sent>) -> Answer {
                let now = Utc::now().naive_utc();
                let (id,): (i64,) = sqlx::query_as(
                    "INSERT INTO core_note (author_id, title, slug, content, is_active, created, updated) \
                     VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING CAST(id AS BIGINT)",
                )
                .bind(sent.author.as_deref().and_then(key_of))
                .bind(sent.title)
                .bind(sent.slug)
                .bind(sent.content)
                .bind(sent.is_active)
                .bind($moment(sent.created.unwrap_or(now)))
                .bind($moment(now))
                .fetch_one(&db)
                .await?;
                let location = format!("/api/v1/notes/{id}/");
                Ok((StatusCode::CREATED, [(header::LOCATION, location)]).into_response())
            }

            pub async fn update(State(db): Db, Path(id): Path<i64>, Json(sent): Json<Sent>) -> Answer {
                let now = Utc::now().naive_utc();
                let done = sqlx::query(
                    "UPDATE core_note SET author_id = $1, title = $2, slug = $3, content = $4, is_active = $5, \
                     created = $6, updated = $7 WHERE id = $8",
                )
                .bind(sent.author.as_deref().and_then(key_of))
                .bind(sent.title)
                .bind(sent.slug)
                .bind(sent.content)
                .bind(sent.is_active)
                .bind($moment(sent.created.unwrap_or(now)))
                .bind($moment(now))
                .bind(id)
                .execute(&db)
                .await?;
                Ok(if done.rows_affected() > 0 {
                    StatusCode::NO_CONTENT
                } else {
                    StatusCode::NOT_FOUND
                }
                .into_response())
            }

            pub async fn patch(State(db): Db, Json(sent): Json<Patches>) -> Answer {
                let mut transaction = db.begin().await?;
                for patch in sent.objects {
                    sqlx::query("UPDATE core_note SET title = $1 WHERE id = $2")
                        .bind(patch.title)
                        .bind(key_of(&patch.resource_uri))
                        .execute(&mut *transaction)
                        .await?;
                }
                transaction.commit().await?;
                Ok(StatusCode::ACCEPTED.into_response())
            }

            /// With so many times the addresses of the notes, as if there were as many tables.
            pub fn router(db: Pool<$database>, resources: u32) -> Router {
                let mut router = Router::new();
                for number in 0..resources {
                    let notes = match number {
                        0 => "/api/v1/notes/".to_owned(),
                        _ => format!("/api/v1/notes{number}/"),
                    };
                    router = router
                        .route(&notes, get(list).post(create).patch(patch))
                        .route(&format!("{notes}{{id}}/"), get(detail).put(update))
                        .route(&format!("{notes}set/{{keys}}/"), get(set));
                }
                router.route("/api/v1/fullnotes/", get(full)).with_state(db)
            }
        }
    };
}
handlers!(
    sqlite,
    sqlx::Sqlite,
    " ESCAPE '\\'",
    |moment: chrono::NaiveDateTime| moment.format("%Y-%m-%d %H:%M:%S%.6f").to_string()
);
handlers!(
    postgres,
    sqlx::Postgres,
    "",
    |moment: chrono::NaiveDateTime| moment.and_utc()
);

/// The value of an option of the command line.
fn option(name: &str) -> Option<String> {
    std::env::args()
        .skip_while(|argument| argument != name)
        .nth(1)
}

async fn serve() -> Result<(), Box<dyn std::error::Error>> {
    let port: u16 = option("--port").map_or(Ok(8004), |port| port.parse())?;
    let url = option("--database").ok_or("--database says which database to serve")?;
    let resources = option("--resources").map_or(Ok(1), |resources| resources.parse())?;
    let mut router = if url.starts_with("postgres") {
        postgres::router(
            sqlx::postgres::PgPoolOptions::new()
                .max_connections(8)
                .connect(&url)
                .await?,
            resources,
        )
    } else {
        sqlite::router(
            sqlx::sqlite::SqlitePoolOptions::new()
                .max_connections(8)
                .connect(&url)
                .await?,
            resources,
        )
    };
    if let Some(at) = option("--throttle-at") {
        let state = Throttle {
            at: at.parse()?,
            hits: Arc::default(),
        };
        router = router.layer(middleware::from_fn_with_state(state, throttle));
    }
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await?;
    axum::serve(
        listener,
        router.into_make_service_with_connect_info::<SocketAddr>(),
    )
    .await?;
    Ok(())
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let workers = option("--workers").map_or(Ok(2), |workers| workers.parse())?;
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(workers)
        .enable_all()
        .build()?
        .block_on(serve())
}
