//! Servers of a test's own.

use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::skipped;

/// A redis-server that ends with its test.
pub(crate) struct Server {
    port: u16,
    directory: PathBuf,
    arguments: Vec<String>,
    child: Option<Child>,
}

impl Server {
    /// Starts one; nothing where there is no such program.
    pub(crate) fn start(arguments: &[&str]) -> Option<Self> {
        let has = Command::new("redis-server").arg("--version").output();
        if has.is_err() {
            skipped("no redis-server to start");
            return None;
        }
        let port = free_port();
        let directory = std::env::temp_dir().join(format!("tastyrs-redis-{port}"));
        std::fs::create_dir_all(&directory).unwrap();
        let mut server = Self {
            port,
            directory,
            arguments: arguments.iter().map(ToString::to_string).collect(),
            child: None,
        };
        server.restart();
        Some(server)
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    #[cfg(feature = "redis-cluster")]
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Starts it again at the same port, empty.
    pub(crate) fn restart(&mut self) {
        let child = Command::new("redis-server")
            .args(["--port", &self.port.to_string(), "--bind", "127.0.0.1"])
            .args(["--save", "", "--appendonly", "no"])
            .args(["--enable-debug-command", "local"])
            .arg("--dir")
            .arg(&self.directory)
            .args(&self.arguments)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        self.child = Some(child);
        let begun = Instant::now();
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            assert!(begun.elapsed() < Duration::from_secs(20), "it never starts");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    pub(crate) fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// Stops it where it is, with its connections open.
    pub(crate) fn freeze(&self) {
        self.signal("-STOP");
    }

    pub(crate) fn thaw(&self) {
        self.signal("-CONT");
    }

    fn signal(&self, signal: &str) {
        let id = self.child.as_ref().unwrap().id().to_string();
        let sent = Command::new("kill").args([signal, &id]).status().unwrap();
        assert!(sent.success());
    }

    /// A connection of one's own.
    pub(crate) fn connection(&self) -> redis::Connection {
        let client = redis::Client::open(self.url()).unwrap();
        client.get_connection().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

/// A port that nobody has, low enough for the one of a cluster's bus 10,000 above.
fn free_port() -> u16 {
    loop {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        if port < 55_000 && TcpListener::bind(("127.0.0.1", port + 10_000)).is_ok() {
            return port;
        }
    }
}
