//! A throttle alone, on a plain actix-web app: five calls in ten seconds from each address.
//!
//! ```sh
//! cargo run --example throttled -- --port 8000
//! ```
#![expect(clippy::print_stdout, reason = "an example says what to try")]

use std::time::Duration;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::error::ErrorInternalServerError;
use actix_web::http::header;
use actix_web::middleware::{Next, from_fn};
use actix_web::{App, Error, HttpResponse, HttpServer, web};
use tastyrs::throttle::{Access, Admission, AnyThrottle, CacheThrottle};

/// Takes a place for the caller's address before the handler runs, and settles it before the
/// answer leaves.
async fn throttled(
    throttle: web::Data<AnyThrottle>,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let peer = request.peer_addr().map(|peer| peer.ip().to_string());
    let identifier = peer.unwrap_or_else(|| "unknown".to_owned());
    let access = Access::new(&identifier).method(request.method().as_str());

    match throttle
        .reserve(&access)
        .await
        .map_err(ErrorInternalServerError)?
    {
        Admission::Admitted(mut place) => {
            // Kept before the work begins, so a caller who hangs up has called all the same.
            place.keep();
            let response = next.call(request).await?;
            place.settle().await.map_err(ErrorInternalServerError)?;
            Ok(response.map_into_left_body())
        }
        Admission::Refused(refusal) => {
            let mut answer = HttpResponse::TooManyRequests();
            if let Some(value) = refusal.retry_after.header_value() {
                answer.insert_header((header::RETRY_AFTER, value));
            }
            Ok(request.into_response(answer.finish()).map_into_right_body())
        }
    }
}

async fn hello() -> &'static str {
    "hello\n"
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let port = port()?;
    let throttle = CacheThrottle::new()
        .throttle_at(5)
        .timeframe(Duration::from_secs(10));
    // Made once, outside of the closure: all workers count together.
    let throttle = web::Data::new(AnyThrottle::new(throttle));

    println!("http://127.0.0.1:{port}/ answers 5 times in 10 seconds. To try:");
    println!("  for i in 1 2 3 4 5 6; do curl -i http://127.0.0.1:{port}/; done");

    HttpServer::new(move || {
        App::new()
            .app_data(throttle.clone())
            .wrap(from_fn(throttled))
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
