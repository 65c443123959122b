//! Servers as processes: their start, their time and their memory.

use std::{
    net::{TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use nix::{
    time::{clock_getcpuclockid, clock_gettime},
    unistd::Pid,
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
            std::thread::sleep(Duration::from_micros(250));
        }
        Client::connect(port)?
            .expect(b"GET /api/v1/notes/7/ HTTP/1.1\r\nHost: bench\r\n\r\n", 200)?;
        server.started_in = start.elapsed();
        Ok(server)
    }

    /// The processor's time that all its threads have used, those that ended with them, in nanoseconds.
    pub fn cpu(&self) -> Result<Duration> {
        let process = Pid::from_raw(self.child.id().try_into()?);
        Ok(clock_gettime(clock_getcpuclockid(process)?)?.into())
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
