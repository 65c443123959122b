//! A redis-server that can be killed, frozen and slowed.

use std::{
    net::{TcpListener, TcpStream},
    path::PathBuf,
    process::{Child, Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use crate::Outcome;

pub struct Server {
    port: u16,
    directory: PathBuf,
    child: Child,
}

impl Server {
    pub fn start() -> Outcome<Self> {
        let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
        let directory = std::env::temp_dir().join(format!("tastyrs-long-redis-{port}"));
        std::fs::create_dir_all(&directory)?;
        let child = spawn(port, &directory)?;
        Ok(Self {
            port,
            directory,
            child,
        })
    }

    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    pub fn kill(&mut self) -> Outcome<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Starts it again, empty.
    pub fn restart(&mut self) -> Outcome<()> {
        self.child = spawn(self.port, &self.directory)?;
        Ok(())
    }

    pub fn signal(&self, signal: &str) -> Outcome<()> {
        let id = self.child.id().to_string();
        Command::new("kill").args([signal, &id]).status()?;
        Ok(())
    }

    /// Sends a command, and waits for its answer.
    pub fn command(&self, words: &[&str]) -> Outcome<()> {
        Command::new("redis-cli")
            .args(["-p", &self.port.to_string()])
            .args(words)
            .stdout(Stdio::null())
            .status()?;
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

fn spawn(port: u16, directory: &PathBuf) -> Outcome<Child> {
    let child = Command::new("redis-server")
        .args(["--port", &port.to_string(), "--bind", "127.0.0.1"])
        .args(["--save", "", "--appendonly", "no"])
        .args(["--enable-debug-command", "local"])
        .arg("--dir")
        .arg(directory)
        .stdout(Stdio::null())
        .spawn()?;
    let begun = Instant::now();
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        if begun.elapsed() > Duration::from_secs(10) {
            return Err("redis-server does not start".into());
        }
        sleep(Duration::from_millis(5));
    }
    Ok(child)
}
