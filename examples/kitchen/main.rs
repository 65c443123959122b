//! The kitchen: the application behind the recorded answers of django-tastypie, declared with tastyrs.
//!
//! `kitchen --port 8001 --database kitchen.sqlite3` serves it on an existing database; with the feature `postgres`
//! the database is the URL of one. It turns on what existing clients of Tastypie lean on.

#![expect(missing_debug_implementations, reason = "a program has no API")]
#![expect(unreachable_pub, reason = "its modules are read by the tests too")]

mod api;
mod memory;
mod models;
mod notes;
mod resources;
mod schema;
mod throttles;

use actix_web::{App, HttpServer};

#[actix_web::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let (mut port, mut database) = (8001, None);
    while let Some(option) = arguments.next() {
        let value = arguments
            .next()
            .ok_or_else(|| format!("{option} needs a value"))?;
        match option.as_str() {
            "--port" => port = value.parse()?,
            "--database" => database = Some(value),
            _ => {
                return Err(
                    format!("unknown option {option}; there are --port and --database").into(),
                );
            }
        }
    }
    let database = database.ok_or("--database says which database to serve")?;

    let api = api::build(&database)?;
    let mounted = api.clone();
    let server = HttpServer::new(move || App::new().service(mounted.scope("/api")))
        .workers(2)
        .bind(("127.0.0.1", port))?;
    api.serve(server).await?;
    Ok(())
}
