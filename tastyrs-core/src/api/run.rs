//! Serving until the process is told to end.

use std::{fmt, io, pin::pin};

use actix_http::{Request, Response};
use actix_service::{IntoServiceFactory, Service, ServiceFactory};
use actix_web::{Error, HttpServer, body::MessageBody, dev::AppConfig};
use futures_util::future::{Either, join, select};

use super::Mount;

impl Mount {
    /// Serves until SIGTERM or SIGINT, then ends without losing anything: no connection is accepted any more, requests
    /// under way are answered (for as long as the server's `shutdown_timeout` says, 30 seconds), and what throttles still
    /// have to write down is written ([`drain`](Self::drain)). A second signal ends the process at once.
    ///
    /// The server's own handling of signals is turned off: it would cut requests under way at SIGINT.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// use actix_web::{App, HttpServer};
    /// use tastyrs_core::api::Api;
    ///
    /// #[actix_web::main]
    /// async fn main() -> Result<(), Box<dyn std::error::Error>> {
    ///     let api = Api::new("v1").build()?;
    ///     let mounted = api.clone();
    ///     let server = HttpServer::new(move || App::new().service(mounted.scope("/api")));
    ///     api.serve(server.bind(("127.0.0.1", 8000))?).await?;
    ///     Ok(())
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// What the server meets, and what [`drain`](Self::drain) does.
    pub async fn serve<F, I, S, B>(&self, server: HttpServer<F, I, S, B>) -> io::Result<()>
    where
        F: Fn() -> I + Send + Clone + 'static,
        I: IntoServiceFactory<S, Request>,
        S: ServiceFactory<Request, Config = AppConfig> + 'static,
        S::Error: Into<Error> + 'static,
        S::InitError: fmt::Debug,
        S::Response: Into<Response<B>> + 'static,
        <S::Service as Service<Request>>::Future: 'static,
        S::Service: 'static,
        B: MessageBody + 'static,
    {
        let mut signals = Signals::new()?;
        let server = server.disable_signals().run();
        let handle = server.handle();
        let mut server = pin!(server);
        let told = match select(&mut server, pin!(signals.next())).await {
            Either::Left((ended, _)) => {
                ended?;
                None
            }
            Either::Right((name, _)) => Some(name),
        };
        if let Some(name) = told {
            tracing::info!(target: "tastyrs::api", signal = name, "the process ends when its requests are answered");
            tokio::spawn(end_at_the_next(signals));
            join(handle.stop(true), server).await.1?;
        }
        self.drain().await.map_err(io::Error::other)
    }
}

/// Ends the process at the next signal.
async fn end_at_the_next(mut signals: Signals) {
    let name = signals.next().await;
    tracing::warn!(target: "tastyrs::api", signal = name, "a second signal: the process ends at once");
    std::process::exit(1);
}

/// The signals by which a process is told to end.
#[cfg(unix)]
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    async fn next(&mut self) -> &'static str {
        match select(pin!(self.interrupt.recv()), pin!(self.terminate.recv())).await {
            Either::Left(_) => "SIGINT",
            Either::Right(_) => "SIGTERM",
        }
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn new() -> io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) -> &'static str {
        // An error is that it cannot be listened to.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
        "Ctrl-C"
    }
}
