//! The benchmark's endpoints by hand, on actix-web and Diesel, as fast as safe code gets.
//!
//! `by_hand --port 8003 --database sqlite:///path/to/file|postgres://... [--throttle-at N] [--workers N]
//!     [--resources N]`

mod db;
mod json;
mod notes;
mod statement;

use std::{
    collections::{HashMap, VecDeque},
    net::IpAddr,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use actix_web::{
    App, HttpRequest, HttpResponse, HttpServer,
    http::header,
    web::{self, Bytes},
};
use db::{Db, Pool, Store};
use diesel::{QueryResult, pg::Pg, sqlite::Sqlite};
use notes::Shown;

/// At most so many requests of a caller in an hour.
struct Throttle {
    at: Option<usize>,
    hits: Mutex<HashMap<IpAddr, VecDeque<Instant>>>,
}

const HOUR: Duration = Duration::from_secs(3600);

impl Throttle {
    /// The answer of a caller who came too often; anybody else is counted.
    fn refuse(&self, request: &HttpRequest) -> Option<HttpResponse> {
        let (at, caller) = (self.at?, request.peer_addr()?.ip());
        let now = Instant::now();
        let mut hits = self.hits.lock().expect("nobody panics");
        let hits = hits.entry(caller).or_default();
        while hits
            .front()
            .is_some_and(|hit| now.duration_since(*hit) >= HOUR)
        {
            hits.pop_front();
        }
        if hits.len() < at {
            hits.push_back(now);
            return None;
        }
        let wait = hits
            .front()
            .map_or(HOUR, |hit| HOUR - now.duration_since(*hit));
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        Some(
            HttpResponse::TooManyRequests()
                .insert_header((header::RETRY_AFTER, seconds.to_string()))
                .finish(),
        )
    }
}

struct Server<D: Db> {
    store: Store<D>,
    throttle: Arc<Throttle>,
}

type Data<D> = web::Data<Server<D>>;

fn json(answer: QueryResult<Bytes>) -> HttpResponse {
    match answer {
        Ok(body) => HttpResponse::Ok()
            .insert_header((
                header::CONTENT_TYPE,
                header::HeaderValue::from_static("application/json"),
            ))
            .insert_header((header::VARY, header::HeaderValue::from_static("Accept")))
            .insert_header((
                header::CACHE_CONTROL,
                header::HeaderValue::from_static("no-cache"),
            ))
            .body(body),
        Err(error) => HttpResponse::InternalServerError().body(error.to_string()),
    }
}

macro_rules! throttled {
    ($server:expr, $request:expr) => {
        if let Some(refused) = $server.throttle.refuse(&$request) {
            return refused;
        }
    };
}

async fn list<D: Db>(server: Data<D>, request: HttpRequest) -> HttpResponse {
    throttled!(server, request);
    json(notes::list(&server.store, request.query_string(), Shown::Notes).await)
}

async fn full<D: Db>(server: Data<D>, request: HttpRequest) -> HttpResponse {
    throttled!(server, request);
    json(notes::list(&server.store, request.query_string(), Shown::Full).await)
}

async fn detail<D: Db>(server: Data<D>, request: HttpRequest, key: web::Path<i64>) -> HttpResponse {
    throttled!(server, request);
    match notes::detail(&server.store, *key).await {
        Ok(None) => HttpResponse::NotFound().finish(),
        Ok(Some(body)) => json(Ok(body)),
        Err(error) => json(Err(error)),
    }
}

async fn set<D: Db>(
    server: Data<D>,
    request: HttpRequest,
    keys: web::Path<String>,
) -> HttpResponse {
    throttled!(server, request);
    let keys = keys.split(';').filter_map(|key| key.parse().ok()).collect();
    json(notes::set(&server.store, keys).await)
}

async fn create<D: Db>(server: Data<D>, request: HttpRequest, body: Bytes) -> HttpResponse {
    throttled!(server, request);
    let Ok(sent) = serde_json::from_slice(&body) else {
        return HttpResponse::BadRequest().finish();
    };
    match notes::create(&server.store, sent).await {
        Ok(key) => HttpResponse::Created()
            .insert_header((header::LOCATION, format!("/api/v1/notes/{key}/")))
            .finish(),
        Err(error) => json(Err(error)),
    }
}

async fn update<D: Db>(
    server: Data<D>,
    request: HttpRequest,
    key: web::Path<i64>,
    body: Bytes,
) -> HttpResponse {
    throttled!(server, request);
    let Ok(sent) = serde_json::from_slice(&body) else {
        return HttpResponse::BadRequest().finish();
    };
    match notes::update(&server.store, *key, sent).await {
        Ok(true) => HttpResponse::NoContent().finish(),
        Ok(false) => HttpResponse::NotFound().finish(),
        Err(error) => json(Err(error)),
    }
}

async fn patch<D: Db>(server: Data<D>, request: HttpRequest, body: Bytes) -> HttpResponse {
    throttled!(server, request);
    let Ok(sent) = serde_json::from_slice(&body) else {
        return HttpResponse::BadRequest().finish();
    };
    match notes::patch(&server.store, sent).await {
        Ok(()) => HttpResponse::Accepted().finish(),
        Err(error) => json(Err(error)),
    }
}

/// What the command line asks for.
struct Options {
    url: String,
    port: u16,
    workers: usize,
    /// So many times the addresses of the notes, as if there were as many tables.
    resources: usize,
}

async fn serve<D: Db>(options: Options, throttle: Throttle) -> std::io::Result<()> {
    let (pool, throttle) = (Arc::new(Pool::new()), Arc::new(throttle));
    let Options {
        url,
        port,
        workers,
        resources,
    } = options;
    HttpServer::new(move || {
        let server = Server::<D> {
            store: Store::open(&url, &pool),
            throttle: Arc::clone(&throttle),
        };
        let mut app = App::new()
            .app_data(web::Data::new(server))
            .route("/api/v1/notes/", web::get().to(list::<D>))
            .route("/api/v1/notes/", web::post().to(create::<D>))
            .route("/api/v1/notes/", web::patch().to(patch::<D>))
            .route("/api/v1/notes/{key}/", web::get().to(detail::<D>))
            .route("/api/v1/notes/{key}/", web::put().to(update::<D>))
            .route("/api/v1/notes/set/{keys}/", web::get().to(set::<D>));
        for number in 1..resources {
            // One after the other is looked at until one fits, so each has its addresses behind a prefix.
            let notes = web::scope(&format!("/api/v1/notes{number}"))
                .route("/", web::get().to(list::<D>))
                .route("/", web::post().to(create::<D>))
                .route("/", web::patch().to(patch::<D>))
                .route("/{key}/", web::get().to(detail::<D>))
                .route("/{key}/", web::put().to(update::<D>))
                .route("/set/{keys}/", web::get().to(set::<D>));
            app = app.service(notes);
        }
        app.route("/api/v1/fullnotes/", web::get().to(full::<D>))
    })
    .workers(workers)
    .bind(("127.0.0.1", port))?
    .run()
    .await
}

/// The value of an option of the command line.
fn option(name: &str) -> Option<String> {
    std::env::args()
        .skip_while(|argument| argument != name)
        .nth(1)
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let options = Options {
        url: option("--database").ok_or("--database says which database to serve")?,
        port: option("--port").map_or(Ok(8003), |port| port.parse())?,
        workers: option("--workers").map_or(Ok(2), |workers| workers.parse())?,
        resources: option("--resources").map_or(Ok(1), |resources| resources.parse())?,
    };
    let throttle = Throttle {
        at: option("--throttle-at").and_then(|limit| limit.parse().ok()),
        hits: Mutex::default(),
    };
    if options.url.starts_with("postgres") {
        serve::<Pg>(options, throttle).await?;
    } else {
        serve::<Sqlite>(options, throttle).await?;
    }
    Ok(())
}
