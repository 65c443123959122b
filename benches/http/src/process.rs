//! Servers as processes: their start, their time and their memory.

use std::{
    net::{TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use crate::{Result, client::Client};

/// Runs a program to its end.
pub fn run(command: &mut Command) -> Result<()> {
    let status = command
        .status()
        .map_err(|error| format!("{command:?}: {error}"))?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("{command:?}: {status}").into())
    }
}

/// A server that runs until this is dropped.
#[derive(Debug)]
pub struct Server {
    pub port: u16,
    /// From its start to its first answer.
    pub started_in: Duration,
    child: Child,
}

impl Server {
    pub fn start(mut command: Command) -> Result<Self> {
        let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
        let start = Instant::now();
        let child = command
            .args(["--port", &port.to_string()])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| format!("{command:?}: {error}"))?;
        let mut server = Self {
            port,
            started_in: Duration::ZERO,
            child,
        };
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            if server.child.try_wait()?.is_some() || start.elapsed() > Duration::from_secs(60) {
                return Err(format!("{command:?} does not answer").into());
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        Client::connect(port)?.send(b"GET /api/v1/notes/7/ HTTP/1.1\r\nHost: bench\r\n\r\n")?;
        server.started_in = start.elapsed();
        Ok(server)
    }

    /// The processor's time that it has used.
    pub fn cpu(&self) -> Result<Duration> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        let behind = stat.rsplit_once(')').map_or("", |(_, behind)| behind);
        let ticks: u64 = behind
            .split_whitespace()
            .skip(11)
            .take(2)
            .filter_map(|ticks| ticks.parse::<u64>().ok())
            .sum();
        // A tick is a hundredth of a second on every Linux that has /proc.
        Ok(Duration::from_millis(ticks * 10))
    }

    /// The memory that it takes, in MiB.
    pub fn resident(&self) -> Result<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let kibibytes = status.lines().find_map(|line| {
            line.strip_prefix("VmRSS:")?
                .trim()
                .strip_suffix(" kB")?
                .parse()
                .ok()
        });
        Ok(kibibytes.unwrap_or(0.0_f64) / 1024.0)
    }

    /// Asks it to end, and waits until it did.
    pub fn stop(mut self) -> Result<()> {
        run(Command::new("kill").args(["-INT", &self.child.id().to_string()]))?;
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
