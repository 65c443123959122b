//! CPU a request over HTTP: a server of one worker in a process of its own, and clients that keep their connections.

use std::future::Future;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command};
use std::thread;
use std::time::Duration;

use actix_extensible_rate_limit::RateLimiter;
use actix_extensible_rate_limit::backend::SimpleInputFunctionBuilder;
use actix_extensible_rate_limit::backend::memory::InMemoryBackend;
use actix_extensible_rate_limit::backend::redis::RedisBackend;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::{App, HttpResponse, HttpServer, web};
use nix::time::{clock_getcpuclockid, clock_gettime};
use nix::unistd::Pid;
use redis_of_the_peer::aio::ConnectionManager;
use tastyrs_throttle::actix::Throttling;
use tastyrs_throttle::{AnyThrottle, CacheThrottle, Fields, RedisThrottle};

use crate::Outcome;

/// Each server, and whether it asks Redis. `cheapest` answers with nothing behind a route; the next two with what a
/// refusal has at least, and with what it has where fields are told, all of it written beforehand.
const SERVERS: &[(&str, bool)] = &[
    (CHEAPEST, false),
    ("a fixed 429, two fields", false),
    ("a fixed 429, four fields", false),
    (NONE, false),
    ("CacheThrottle", false),
    ("CacheThrottle, without fields", false),
    ("actix-extensible-rate-limit", false),
    #[cfg(feature = "gpl")]
    ("actix-governor", false),
    ("RedisThrottle", true),
    ("actix-extensible-rate-limit, Redis", true),
];
const CHEAPEST: &str = "cheapest";
const NONE: &str = "none";
/// In each of so many rounds a server is asked so often: short turns, so that all meet the same moods of the machine.
const REQUESTS: usize = 3_200;
const ROUNDS: usize = 31;

/// How many clients call at once, each over a connection that it keeps.
const CLIENTS: [usize; 2] = [1, 32];

/// Prints what a request costs that is let through, and one that is turned away, in microseconds of CPU, beside the
/// cheapest answer, and how much a throttle adds to the server without one: the medians of several rounds, which take
/// turns. Only servers whose name holds `wanted` are measured, and the two that others are set beside.
pub(crate) fn table(wanted: &str) -> Outcome<()> {
    let has_redis = TcpStream::connect(address(&redis())).is_ok();
    if !has_redis {
        println!("no Redis answers at {}: its rows are left out", redis());
    }
    let mut rows = Vec::new();
    for &(name, wants_redis) in SERVERS {
        for refused in [false, true] {
            let unlimited = !(name == "actix-governor"
                || name.contains("rate-limit")
                || name.contains("Throttle"));
            let is_wanted = name.contains(wanted) || [CHEAPEST, NONE].contains(&name);
            if (unlimited && refused) || (wants_redis && !has_redis) || !is_wanted {
                continue;
            }
            rows.push(Row::start(name, refused)?);
        }
    }
    for _ in 0..ROUNDS {
        for row in &mut rows {
            row.measure()?;
        }
    }
    println!(
        "with so many clients: CPU, in microseconds; beside the cheapest; added to none, in microseconds"
    );
    println!(
        "{:<36} {:>9} {:>22} {:>22}",
        "server", "request", CLIENTS[0], CLIENTS[1]
    );
    for row in &rows {
        let request = if row.refused { "refused" } else { "allowed" };
        print!("{:<36} {request:>9}", row.name);
        for (which, micros) in row.micros.iter().enumerate() {
            let beside = |name: &str| {
                let other = rows.iter().find(|row| row.name == name);
                other.map_or(&[][..], |row| &row.micros[which])
            };
            let ratio = median(micros, beside(CHEAPEST), |ours, theirs| ours / theirs);
            let added = median(micros, beside(NONE), |ours, theirs| ours - theirs);
            let micros = median(micros, micros, |micros, _| micros);
            print!("  {micros:>6.2} {ratio:>6.3} {added:>6.2}");
        }
        println!();
    }
    Ok(())
}

/// A server with its clients, and what was measured: the microseconds of CPU a request, by round.
struct Row {
    name: &'static str,
    refused: bool,
    server: Server,
    clients: [Vec<Client>; CLIENTS.len()],
    micros: [Vec<f64>; CLIENTS.len()],
}

impl Row {
    fn start(name: &'static str, refused: bool) -> Outcome<Self> {
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let refuses = if refused { "1" } else { "0" };
        let server = Server(
            Command::new(std::env::current_exe()?)
                .args(["serve", name, refuses, &port.to_string()])
                .spawn()?,
        );
        let [one, many] = CLIENTS.map(|clients| {
            (0..clients)
                .map(|_| Client::to(port))
                .collect::<Outcome<Vec<_>>>()
        });
        let mut row = Self {
            name,
            refused,
            server,
            clients: [one?, many?],
            micros: Default::default(),
        };
        // The one request that passes where others are refused is among these.
        for clients in &mut row.clients {
            all(clients, |client| {
                (0..100).try_for_each(|_| client.get().map(drop))
            })?;
        }
        Ok(row)
    }

    fn measure(&mut self) -> Outcome<()> {
        let (name, is_turned_away) = (self.name, self.refused || self.name.contains("429"));
        for (clients, micros) in self.clients.iter_mut().zip(&mut self.micros) {
            let each = REQUESTS / clients.len();
            let before = self.server.cpu()?;
            all(clients, |client| {
                (0..each).try_for_each(|_| match client.get()? {
                    status if (status == 429) == is_turned_away => Ok(()),
                    status => Err(format!("{name} answered {status}").into()),
                })
            })?;
            let requests = each * clients.len();
            micros.push((self.server.cpu()? - before) / requests as f64);
        }
        Ok(())
    }
}

/// The median over the rounds of what is asked of a server and another in the same round.
fn median(ours: &[f64], others: &[f64], what: impl Fn(f64, f64) -> f64) -> f64 {
    let mut all: Vec<_> = ours
        .iter()
        .zip(others)
        .map(|(ours, others)| what(*ours, *others))
        .collect();
    all.sort_by(f64::total_cmp);
    all.get(all.len() / 2).copied().unwrap_or(f64::NAN)
}

fn redis() -> String {
    std::env::var("TASTYRS_TEST_REDIS_URL").unwrap_or_else(|_| "redis://127.0.0.1:6379".to_owned())
}

fn address(url: &str) -> String {
    let host = url.rsplit("//").next().unwrap_or(url);
    host.split('/').next().unwrap_or(host).to_owned()
}

/// Lets all of them do that at once.
fn all(clients: &mut [Client], what: impl Fn(&mut Client) -> Outcome<()> + Sync) -> Outcome<()> {
    let what = &what;
    let done = thread::scope(|scope| {
        let threads: Vec<_> = clients
            .iter_mut()
            .map(|client| scope.spawn(move || what(client).map_err(|error| error.to_string())))
            .collect();
        threads
            .into_iter()
            .map(|thread| {
                thread
                    .join()
                    .unwrap_or_else(|_| Err("a client panicked".to_owned()))
            })
            .collect::<Result<(), _>>()
    });
    done.map_err(Into::into)
}

/// A server that ends with its measurement.
struct Server(Child);

impl Server {
    /// The CPU that it has taken, in microseconds: user and system.
    fn cpu(&self) -> Outcome<f64> {
        let process = Pid::from_raw(self.0.id().try_into()?);
        let spent = Duration::from(clock_gettime(clock_getcpuclockid(process)?)?);
        Ok(spent.as_secs_f64() * 1_000_000.0)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

struct Client(BufReader<TcpStream>);

impl Client {
    fn to(port: u16) -> Outcome<Self> {
        for _ in 0..500 {
            if let Ok(stream) = TcpStream::connect(("127.0.0.1", port)) {
                stream.set_nodelay(true)?;
                return Ok(Self(BufReader::new(stream)));
            }
            thread::sleep(Duration::from_millis(20));
        }
        Err("the server does not listen".into())
    }

    /// Sends a request, and returns the status of its answer.
    fn get(&mut self) -> Outcome<u16> {
        let request = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
        self.0.get_mut().write_all(request)?;
        let (mut line, mut status, mut length) = (String::new(), None, 0);
        loop {
            line.clear();
            self.0.read_line(&mut line)?;
            let header = line.trim_end();
            if header.is_empty() {
                break;
            }
            if status.is_none() {
                status = header
                    .split(' ')
                    .nth(1)
                    .and_then(|status| status.parse().ok());
            } else if let Some((name, value)) = header.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                length = value.trim().parse()?;
            }
        }
        self.0.read_exact(&mut vec![0; length])?;
        status.ok_or_else(|| "no status".into())
    }
}

/// Serves until it is killed; where requests are to be refused, all but the first of an hour.
pub(crate) fn serve(name: &str, refused: bool, port: u16) -> Outcome<()> {
    let (limit, window) = if refused {
        (1, Duration::from_secs(3_600))
    } else {
        (100_000_000, Duration::from_secs(1))
    };
    let counted = || CacheThrottle::new().throttle_at(limit).timeframe(window);
    let shared = || -> Outcome<AnyThrottle> {
        let throttle = RedisThrottle::open(&redis())?.prefix(format!("tastyrs:bench:{port}:"));
        Ok(throttle.throttle_at(limit).timeframe(window).into())
    };
    let input = move || {
        SimpleInputFunctionBuilder::new(window, limit.into())
            .peer_ip_key()
            .custom_key(&port.to_string())
            .build()
    };
    let hello = || web::get().to(|| async { "hello" });
    macro_rules! run {
        // What is set up before is set up in the runtime.
        ($(let $it:pat = $setup:expr;)* $app:expr) => {
            block_on(async move {
                $(let $it = $setup;)*
                HttpServer::new(move || $app)
                    .workers(1)
                    // Clients wait while others have their turn.
                    .keep_alive(Duration::from_secs(3_600))
                    .bind(("127.0.0.1", port))?
                    .run()
                    .await?;
                Ok(())
            })
        };
    }
    macro_rules! run_peer {
        ($backend:expr) => {
            run!(
                // One sweeps by a task and the other connects: both want a runtime.
                let backend = $backend;
                App::new()
                    .wrap(
                        RateLimiter::builder(backend.clone(), input())
                            .add_headers()
                            .build(),
                    )
                    .route("/", hello())
            )
        };
    }
    match name {
        CHEAPEST => run!(App::new().route("/", web::get().to(HttpResponse::Ok))),
        "a fixed 429, two fields" => {
            run!(App::new().route("/", web::get().to(|| async { fixed(2) })))
        }
        "a fixed 429, four fields" => {
            run!(App::new().route("/", web::get().to(|| async { fixed(4) })))
        }
        NONE => run!(App::new().route("/", hello())),
        "CacheThrottle" => {
            let throttling = Throttling::new(counted());
            run!(App::new().wrap(throttling.clone()).route("/", hello()))
        }
        "CacheThrottle, without fields" => {
            let throttling = Throttling::new(counted()).fields(Fields::None);
            run!(App::new().wrap(throttling.clone()).route("/", hello()))
        }
        "RedisThrottle" => {
            let throttling = Throttling::new(shared()?);
            run!(App::new().wrap(throttling.clone()).route("/", hello()))
        }
        "actix-extensible-rate-limit" => run_peer!(InMemoryBackend::builder().build()),
        "actix-extensible-rate-limit, Redis" => {
            let client = redis_of_the_peer::Client::open(redis())?;
            run_peer!(RedisBackend::builder(ConnectionManager::new(client).await?).build())
        }
        #[cfg(feature = "gpl")]
        "actix-governor" => {
            let mut config = actix_governor::GovernorConfigBuilder::default();
            let mut config = config
                .period(window / limit.min(1_000_000))
                .burst_size(limit)
                .use_headers();
            let config = config.finish().ok_or("a wrong setting")?;
            run!(
                App::new()
                    .wrap(actix_governor::Governor::new(&config))
                    .route("/", hello())
            )
        }
        other => Err(format!("not known: {other}").into()),
    }
}

/// A refusal with as many of its fields, as a handler answers it that need not decide or write anything.
fn fixed(fields: usize) -> HttpResponse {
    const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
    const LIMIT: HeaderName = HeaderName::from_static("ratelimit");
    let all = [
        (header::RETRY_AFTER, "3600"),
        (header::CACHE_CONTROL, "no-store"),
        (POLICY, "\"1/h\";q=1;w=3600"),
        (LIMIT, "\"1/h\";r=0;t=3600"),
    ];
    let mut answer = HttpResponse::new(StatusCode::TOO_MANY_REQUESTS);
    for (name, value) in all.into_iter().take(fields) {
        answer
            .headers_mut()
            .append(name, HeaderValue::from_static(value));
    }
    answer
}

fn block_on(server: impl Future<Output = Outcome<()>>) -> Outcome<()> {
    actix_web::rt::System::new().block_on(server)
}
