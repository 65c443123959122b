//! A throttle alone, on a plain actix-web app: five calls in ten seconds from each address.
//!
//! ```sh
//! cargo run --example throttled -- --port 8000
//! ```
#![expect(clippy::print_stdout, reason = "an example says what to try")]

use actix_web::{App, HttpServer, web};
use tastyrs::throttle::{CacheThrottle, actix::Throttling};

async fn hello() -> &'static str {
    "hello\n"
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let port = port()?;
    // Made once, outside of the closure: all workers count together.
    let throttling = Throttling::new(CacheThrottle::new().rate("5/10s"));

    println!("http://127.0.0.1:{port}/ answers 5 times in 10 seconds. To try:");
    println!("  for i in 1 2 3 4 5 6; do curl -i http://127.0.0.1:{port}/; done");

    HttpServer::new(move || {
        App::new()
            .wrap(throttling.clone())
            .route("/", web::get().to(hello))
    })
    .bind(("127.0.0.1", port))?
    .run()
    .await?;
    Ok(())
}

/// Reads `--port`, 8000 unless it is given.
fn port() -> Result<u16, Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    match (arguments.next().as_deref(), arguments.next()) {
        (None, _) => Ok(8000),
        (Some("--port"), Some(port)) => port
            .parse()
            .map_err(|error| format!("--port {port}: {error}").into()),
        (Some(_), _) => Err("usage: throttled [--port 8000]".into()),
    }
}
