//! A server of the tests' own, which they may stop.

use std::{
    fs,
    net::TcpListener,
    os::unix::{
        fs::{MetadataExt as _, chown},
        process::CommandExt as _,
    },
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
};

/// A server in a directory of its own, on a port of its own, gone when the test ends.
pub(super) struct Server {
    bin: PathBuf,
    directory: PathBuf,
    port: u16,
    /// PostgreSQL does not run as root.
    user: Option<(u32, u32)>,
}

impl Server {
    /// Makes and starts one; nothing where PostgreSQL's programs are not installed.
    #[expect(clippy::print_stdout, reason = "a test that is skipped says so")]
    pub(super) fn new() -> Option<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let Some(bin) = programs() else {
            println!("skipped: PostgreSQL's `initdb` and `pg_ctl` are not installed");
            return None;
        };
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let directory =
            std::env::temp_dir().join(format!("tastyrs-server-{}-{count}", std::process::id()));
        fs::create_dir(&directory).unwrap();
        let is_root = fs::metadata(&directory).unwrap().uid() == 0;
        let user = is_root.then(|| user("postgres").or_else(|| user("nobody")).unwrap());
        if let Some((uid, gid)) = user {
            chown(&directory, Some(uid), Some(gid)).unwrap();
        }
        let port = TcpListener::bind(("127.0.0.1", 0))
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let server = Self {
            bin,
            directory,
            port,
            user,
        };
        server.run(
            "initdb",
            &[
                "-N", "-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale", "C.UTF-8",
            ],
        );
        server.start();
        Some(server)
    }

    pub(super) fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}", self.port)
    }

    pub(super) fn start(&self) {
        let log = self.directory.join("log");
        let options = format!(
            "-p {} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off",
            self.port
        );
        self.run(
            "pg_ctl",
            &["start", "-w", "-l", log.to_str().unwrap(), "-o", &options],
        );
    }

    /// Stops it as a loss of power would.
    pub(super) fn stop(&self) {
        self.run("pg_ctl", &["stop", "-m", "immediate", "-w"]);
    }

    fn command(&self, program: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(self.bin.join(program));
        command
            .arg("-D")
            .arg(self.directory.join("data"))
            .args(arguments)
            .current_dir(&self.directory)
            .stdin(Stdio::null())
            // The server would hold a pipe open for as long as it runs.
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        if let Some((uid, gid)) = self.user {
            command.uid(uid).gid(gid);
        }
        command
    }

    fn run(&self, program: &str, arguments: &[&str]) {
        let status = self.command(program, arguments).status().unwrap();
        assert!(status.success(), "{program} {arguments:?}: {status}");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self
            .command("pg_ctl", &["stop", "-m", "immediate", "-w"])
            .status();
        let _ = fs::remove_dir_all(&self.directory);
    }
}

/// Where the programs of the newest version are.
fn programs() -> Option<PathBuf> {
    let mut versions: Vec<PathBuf> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(|version| Some(version.ok()?.path().join("bin")))
        .collect();
    versions.sort();
    let on_path = std::env::var_os("PATH").unwrap_or_default();
    let known = versions
        .into_iter()
        .rev()
        .chain(std::env::split_paths(&on_path));
    let has = |bin: &Path| bin.join("initdb").exists() && bin.join("pg_ctl").exists();
    known.into_iter().find(|bin| has(bin))
}

/// The numbers of a user and its group.
fn user(name: &str) -> Option<(u32, u32)> {
    let users = fs::read_to_string("/etc/passwd").ok()?;
    let line = users
        .lines()
        .find(|line| line.split(':').next() == Some(name))?;
    let mut numbers = line.split(':').skip(2);
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}
