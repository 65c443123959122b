//! The server that is killed: this program, started with `serve`.

use std::{
    net::{TcpListener, TcpStream},
    process::{Child, Command},
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::{Duration, Instant},
};

use actix_web::{App, HttpServer};
use tastyrs::{api::Mount, prelude::*, throttle::Durability};

use super::STARTS_WITHIN;
use crate::Outcome;

/// A server in a process of its own.
pub struct Server {
    child: Child,
    port: u16,
}

impl Server {
    /// Starts one over a database, with a limit and the way in which rows are written: `before`, or milliseconds.
    pub fn start(url: &str, throttle_at: usize, written: &str) -> Outcome<Self> {
        let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
        let child = Command::new(std::env::current_exe()?)
            .args([
                "serve",
                &port.to_string(),
                url,
                &throttle_at.to_string(),
                written,
            ])
            .spawn()?;
        let mut server = Self { child, port };
        let began = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            if let Some(status) = server.child.try_wait()? {
                return Err(format!("the server ended: {status}").into());
            }
            if began.elapsed() > STARTS_WITHIN {
                return Err("the server does not listen".into());
            }
            thread::sleep(Duration::from_millis(2));
        }
        Ok(server)
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// Kills it when it has given so many answers.
    pub fn kill_after(&mut self, answers: &AtomicUsize, enough: usize) {
        let began = Instant::now();
        while answers.load(Ordering::SeqCst) < enough && began.elapsed() < STARTS_WITHIN {
            thread::sleep(Duration::from_micros(200));
        }
        self.end();
    }

    fn end(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.end();
    }
}

#[derive(Resource)]
#[resource(object = u64, resource_name = "notes", allowed_methods(get), meta = Self::configure)]
struct NoteResource;

impl ObjectSource for NoteResource {
    fn obj_get_list(&self, _: &Request) -> Result<Vec<u64>> {
        Ok(vec![7])
    }

    fn obj_get(&self, _: &Request, name: &str) -> Result<u64> {
        name.parse().map_err(|_| Error::NotFound)
    }

    fn detail_uri(&self, number: &u64) -> String {
        number.to_string()
    }
}

impl NoteResource {
    fn configure(meta: Meta<Self>) -> Meta<Self> {
        let mut arguments = std::env::args().skip(4);
        let throttle_at = arguments.next().and_then(|limit| limit.parse().ok());
        let durability = match arguments.next().and_then(|millis| millis.parse().ok()) {
            Some(millis) => Durability::Behind {
                flush: Duration::from_millis(millis),
            },
            None => Durability::BeforeAnswer,
        };
        let throttle = CacheDbThrottle::new()
            .throttle_at(throttle_at.unwrap_or(u32::MAX))
            .timeframe(Duration::from_secs(86_400));
        meta.throttle(throttle.durability(durability))
    }
}

/// Serves on a port, over a database.
pub fn serve(arguments: &[String]) -> Outcome<()> {
    let [port, url, ..] = arguments else {
        return Err("serve PORT DATABASE LIMIT WRITTEN".into());
    };
    let port: u16 = port.parse()?;
    // In the runtime that serves it, as a program's `main` does.
    actix_web::rt::System::new().block_on(async {
        let api = build(url)?;
        let mounted = api.clone();
        let server = HttpServer::new(move || App::new().service(mounted.scope("/api")))
            .workers(2)
            .bind(("127.0.0.1", port))?;
        api.serve(server).await?;
        Ok(())
    })
}

fn build(url: &str) -> Outcome<Mount> {
    let api = Api::new("v1");
    let api = if url.starts_with("postgres") {
        api.database(Database::<diesel::pg::Pg>::open(url)?)
    } else {
        api.database(Database::<diesel::sqlite::Sqlite>::open(url)?)
    };
    Ok(api.register(NoteResource).build()?)
}
