//! CPU a request over HTTP: a server of one worker in a process of its own, and one client that keeps its connection.

use std::fs;
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
use actix_web::{App, HttpResponse, HttpServer, web};
use redis_of_the_peer::aio::ConnectionManager;
use tastyrs_throttle::actix::Throttling;
use tastyrs_throttle::{AnyThrottle, CacheThrottle, Fields, RedisThrottle};

use crate::Outcome;

/// Each server, and whether it asks Redis. `cheapest` answers with nothing behind a route.
const SERVERS: &[(&str, bool)] = &[
    ("cheapest", false),
    ("none", false),
    ("CacheThrottle", false),
    ("CacheThrottle, without fields", false),
    ("actix-extensible-rate-limit", false),
    #[cfg(feature = "gpl")]
    ("actix-governor", false),
    ("RedisThrottle", true),
    ("actix-extensible-rate-limit, Redis", true),
];
const REQUESTS: u32 = 20_000;
const ROUNDS: usize = 5;

/// Prints what a request costs that is let through, and one that is turned away, in microseconds of CPU: the median of
/// several rounds, which take turns.
pub(crate) fn table() -> Outcome<()> {
    let has_redis = TcpStream::connect(address(&redis())).is_ok();
    if !has_redis {
        println!("no Redis answers at {}: its rows are left out", redis());
    }
    let mut rows = Vec::new();
    for (name, wants_redis) in SERVERS {
        for refused in [false, true] {
            let unlimited = matches!(*name, "cheapest" | "none");
            if (unlimited && refused) || (*wants_redis && !has_redis) {
                continue;
            }
            rows.push((*name, refused, Vec::new()));
        }
    }
    for _ in 0..ROUNDS {
        for (name, refused, micros) in &mut rows {
            micros.push(measured(name, *refused)?);
        }
    }
    println!("{:<36} {:>9} {:>12}", "server", "request", "CPU, µs");
    for (name, refused, mut micros) in rows {
        micros.sort_by(f64::total_cmp);
        let request = if refused { "refused" } else { "allowed" };
        println!("{name:<36} {request:>9} {:>12.1}", micros[ROUNDS / 2]);
    }
    Ok(())
}

fn redis() -> String {
    std::env::var("TASTYRS_TEST_REDIS_URL").unwrap_or_else(|_| "redis://127.0.0.1:6379".to_owned())
}

fn address(url: &str) -> String {
    let host = url.rsplit("//").next().unwrap_or(url);
    host.split('/').next().unwrap_or(host).to_owned()
}

/// The CPU that a server took for one request, in microseconds.
fn measured(name: &str, refused: bool) -> Outcome<f64> {
    let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let mut server = Server(
        Command::new(std::env::current_exe()?)
            .args([
                "serve",
                name,
                if refused { "1" } else { "0" },
                &port.to_string(),
            ])
            .spawn()?,
    );
    let mut client = Client::to(port)?;
    for _ in 0..REQUESTS / 10 {
        client.get()?;
    }
    let before = server.cpu()?;
    for _ in 0..REQUESTS {
        let status = client.get()?;
        if (status == 429) != refused {
            return Err(format!("{name} answered {status}").into());
        }
    }
    Ok((server.cpu()? - before) / f64::from(REQUESTS))
}

/// A server that ends with its measurement.
struct Server(Child);

impl Server {
    /// The CPU that it has taken, in microseconds: user and system, of hundredths of a second.
    fn cpu(&mut self) -> Outcome<f64> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.0.id()))?;
        let behind = stat.rsplit(')').next().ok_or("no stat")?;
        let ticks: Vec<f64> = behind
            .split_whitespace()
            .skip(11)
            .take(2)
            .map(str::parse)
            .collect::<Result<_, _>>()?;
        Ok(ticks.iter().sum::<f64>() * 10_000.0)
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
        ($app:expr) => {
            block_on(async move {
                HttpServer::new(move || $app)
                    .workers(1)
                    .bind(("127.0.0.1", port))?
                    .run()
                    .await
            })
        };
    }
    match name {
        "cheapest" => run!(App::new().route("/", web::get().to(HttpResponse::Ok))),
        "none" => run!(App::new().route("/", hello())),
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
        "actix-extensible-rate-limit" => block_on(async move {
            // It sweeps by a task, which wants a runtime.
            let backend = InMemoryBackend::builder().build();
            HttpServer::new(move || {
                App::new()
                    .wrap(
                        RateLimiter::builder(backend.clone(), input())
                            .add_headers()
                            .build(),
                    )
                    .route("/", hello())
            })
            .workers(1)
            .bind(("127.0.0.1", port))?
            .run()
            .await?;
            Ok::<_, Box<dyn std::error::Error>>(())
        }),
        "actix-extensible-rate-limit, Redis" => block_on(async move {
            let client = redis_of_the_peer::Client::open(redis())?;
            let backend = RedisBackend::builder(ConnectionManager::new(client).await?).build();
            HttpServer::new(move || {
                App::new()
                    .wrap(
                        RateLimiter::builder(backend.clone(), input())
                            .add_headers()
                            .build(),
                    )
                    .route("/", hello())
            })
            .workers(1)
            .bind(("127.0.0.1", port))?
            .run()
            .await?;
            Ok::<_, Box<dyn std::error::Error>>(())
        }),
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

fn block_on<T, E: Into<Box<dyn std::error::Error>>>(
    server: impl Future<Output = Result<T, E>>,
) -> Outcome<()> {
    actix_web::rt::System::new()
        .block_on(server)
        .map(drop)
        .map_err(Into::into)
}
