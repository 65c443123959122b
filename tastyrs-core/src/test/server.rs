//! An API behind a port, and a client that hides nothing.

use std::{
    fmt,
    io::{self, Read as _, Write as _},
    net::{SocketAddr, TcpStream, ToSocketAddrs},
    sync::mpsc,
    thread::{self, JoinHandle},
    time::Duration,
};

use actix_web::{
    App, HttpServer,
    dev::ServerHandle,
    http::{
        StatusCode,
        header::{HeaderMap, HeaderName, HeaderValue},
    },
    rt::System,
    web::ServiceConfig,
};

use super::TestResponse;
use crate::api::Mount;

/// An API behind a port of this machine, which is closed when it is dropped.
///
/// It runs on threads of its own, so a test may be blocking, and may call from many threads at once. A
/// [`TestApiClient`](super::TestApiClient) is quicker where no socket is needed.
///
/// # Examples
///
/// ```
/// use tastyrs_core::{api::Api, test::LiveServer};
///
/// # fn main() -> tastyrs_core::Result<()> {
/// let server = LiveServer::new(&Api::new("v1").build()?);
///
/// assert_eq!(server.get("/api/v1/").status(), 200);
/// # Ok(())
/// # }
/// ```
///
/// # Compatibility
///
/// Django's `LiveServerTestCase`.
pub struct LiveServer {
    address: SocketAddr,
    handle: ServerHandle,
    thread: Option<JoinHandle<()>>,
}

impl fmt::Debug for LiveServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LiveServer")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

impl LiveServer {
    /// Serves an API below `/api`, with two workers.
    ///
    /// # Panics
    ///
    /// Where no port can be opened.
    #[track_caller]
    pub fn new(api: &Mount) -> Self {
        Self::with_workers(api, 2)
    }

    /// Serves an API below `/api`, with so many workers.
    ///
    /// # Panics
    ///
    /// Where no port can be opened.
    #[track_caller]
    pub fn with_workers(api: &Mount, workers: usize) -> Self {
        let api = api.clone();
        Self::app(workers, move |app| {
            app.service(api.scope("/api"));
        })
    }

    /// Serves whatever `configure` mounts, with so many workers.
    ///
    /// # Panics
    ///
    /// Where no port can be opened.
    #[track_caller]
    pub fn app(
        workers: usize,
        configure: impl Fn(&mut ServiceConfig) + Clone + Send + 'static,
    ) -> Self {
        let (sender, receiver) = mpsc::channel();
        let thread = thread::spawn(move || {
            let served = System::new().block_on(async {
                let server = HttpServer::new(move || App::new().configure(configure.clone()))
                    .workers(workers)
                    .shutdown_timeout(1)
                    .disable_signals()
                    .bind(("127.0.0.1", 0))?;
                let address = server.addrs().first().copied();
                let server = server.run();
                // Whoever waited may be gone; the server then ends with its test.
                let _ = sender.send(Ok((address, server.handle())));
                server.await
            });
            if let Err(error) = served {
                let _ = sender.send(Err(error));
            }
        });
        match receiver.recv() {
            Ok(Ok((Some(address), handle))) => Self {
                address,
                handle,
                thread: Some(thread),
            },
            Ok(Err(error)) => panic!("no port can be opened: {error}"),
            Ok(Ok((None, _))) | Err(_) => panic!("no port can be opened"),
        }
    }

    /// Where it answers.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The port at which it answers, on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Asks for a path, and waits for the answer.
    ///
    /// # Panics
    ///
    /// Where no answer comes.
    #[track_caller]
    pub fn get(&self, path: &str) -> TestResponse {
        self.request("GET", path, &[])
    }

    /// Sends a request without a body, with these headers, and waits for the answer.
    ///
    /// # Panics
    ///
    /// Where no answer comes.
    #[track_caller]
    pub fn request(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> TestResponse {
        let mut request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n",
            self.address
        );
        for (name, value) in headers {
            request.extend([name, ": ", value, "\r\n"]);
        }
        request.push_str("\r\n");
        send(self.address, request.as_bytes())
    }
}

impl Drop for LiveServer {
    fn drop(&mut self) {
        // The server stops at once, whoever waits for it.
        drop(self.handle.stop(false));
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Sends bytes, and reads what is answered until the other side closes; for requests that no client would send.
///
/// The request should say `Connection: close`. The body is what came over the wire, chunks and all.
///
/// # Panics
///
/// Where nobody listens, or what comes is no answer of HTTP.
#[track_caller]
pub fn send(address: impl ToSocketAddrs, request: &[u8]) -> TestResponse {
    let line = request
        .split(|byte| *byte == b'\r')
        .next()
        .unwrap_or_default();
    let line = String::from_utf8_lossy(line).into_owned();
    match exchange(address, request) {
        Ok(bytes) => match parse(&bytes) {
            Some(response) => response.to(line),
            None => panic!(
                "{line} was answered with {:?}",
                String::from_utf8_lossy(&bytes)
            ),
        },
        Err(error) => panic!("{line} was not answered: {error}"),
    }
}

fn exchange(address: impl ToSocketAddrs, request: &[u8]) -> io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(60)))?;
    stream.write_all(request)?;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn parse(bytes: &[u8]) -> Option<TestResponse> {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
    let (head, body) = (
        str::from_utf8(bytes.get(..end)?).ok()?,
        bytes.get(end + 4..)?,
    );
    let mut lines = head.split("\r\n");
    let status = lines.next()?.split(' ').nth(1)?.parse::<u16>().ok()?;
    let mut headers = HeaderMap::new();
    for line in lines {
        let (name, value) = line.split_once(':')?;
        headers.append(
            HeaderName::from_bytes(name.as_bytes()).ok()?,
            HeaderValue::from_str(value.trim()).ok()?,
        );
    }
    let status = StatusCode::from_u16(status).ok()?;
    Some(TestResponse::new(status, headers, body.to_vec().into()))
}
