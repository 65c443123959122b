//! The data: made once, and copied for each server.

use std::{
    fmt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use crate::{Result, process::run};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Sqlite,
    Postgres,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
        })
    }
}

/// The data of one kind of database.
#[derive(Debug)]
pub struct Data {
    pub kind: Kind,
    folder: PathBuf,
    server: String,
    name: String,
}

/// A database of one server's own, which goes when this is dropped.
#[derive(Debug)]
pub struct Copy {
    pub kind: Kind,
    pub url: String,
    path: Option<PathBuf>,
    server: String,
    name: String,
}

impl Data {
    pub fn make(kind: Kind, notes: u32) -> Result<Self> {
        let folder = std::env::temp_dir().join(format!("tastyrs-bench-{}", std::process::id()));
        std::fs::create_dir_all(&folder)?;
        let server = std::env::var("TASTYRS_TEST_POSTGRES_URL")
            .unwrap_or_else(|_| "postgres://postgres@127.0.0.1:5432".to_owned());
        let data = Self {
            kind,
            folder,
            server,
            name: format!("tastyrs_bench_{}", std::process::id()),
        };
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("make_data.py");
        let mut python = Command::new("python3");
        python.arg(script).args(["--notes", &notes.to_string()]);
        match kind {
            Kind::Sqlite => {
                let _ = std::fs::remove_file(data.file());
                run(python.arg(data.file()))?;
            }
            Kind::Postgres => {
                sql(&data.server, &format!("CREATE DATABASE {}", data.name))?;
                let mut made = python.arg("--postgres").stdout(Stdio::piped()).spawn()?;
                let sent = made.stdout.take().ok_or("the script writes")?;
                let mut psql = Command::new("psql");
                psql.args(["-q", "-v", "ON_ERROR_STOP=1", "-d"])
                    .arg(format!("{}/{}", data.server, data.name))
                    .stdin(sent)
                    .stdout(Stdio::null());
                run(&mut psql)?;
                made.wait()?;
            }
        }
        Ok(data)
    }

    fn file(&self) -> PathBuf {
        self.folder.join("notes.sqlite3")
    }

    /// A database with the same in it.
    pub fn copy(&self, whose: &str) -> Result<Copy> {
        let whose: String = whose.chars().filter(char::is_ascii_lowercase).collect();
        match self.kind {
            Kind::Sqlite => {
                let path = self.folder.join(format!("{whose}.sqlite3"));
                std::fs::copy(self.file(), &path)?;
                Ok(Copy {
                    kind: self.kind,
                    url: format!("sqlite://{}", path.display()),
                    path: Some(path),
                    server: String::new(),
                    name: String::new(),
                })
            }
            Kind::Postgres => {
                let name = format!("{}_{whose}", self.name);
                sql(
                    &self.server,
                    &format!("CREATE DATABASE {name} TEMPLATE {}", self.name),
                )?;
                Ok(Copy {
                    kind: self.kind,
                    // libpq would encrypt where the server can, and sqlx as it is built here cannot.
                    url: format!("{}/{name}?sslmode=disable", self.server),
                    path: None,
                    server: self.server.clone(),
                    name,
                })
            }
        }
    }
}

impl Drop for Data {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
        if self.kind == Kind::Postgres {
            let _ = sql(
                &self.server,
                &format!("DROP DATABASE {} WITH (FORCE)", self.name),
            );
        }
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        match &self.path {
            Some(path) => {
                for behind in ["", "-wal", "-shm"] {
                    let _ = std::fs::remove_file(format!("{}{behind}", path.display()));
                }
            }
            None => {
                let _ = sql(
                    &self.server,
                    &format!("DROP DATABASE {} WITH (FORCE)", self.name),
                );
            }
        }
    }
}

fn sql(server: &str, statement: &str) -> Result<()> {
    let mut psql = Command::new("psql");
    psql.args(["-q", "-d", &format!("{server}/postgres"), "-c", statement]);
    run(&mut psql)
}
