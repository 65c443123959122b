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

/// Where a server finds its database.
#[derive(Debug)]
pub struct Address {
    pub kind: Kind,
    pub url: String,
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
    pub address: Address,
    path: Option<PathBuf>,
    server: String,
    name: String,
}

impl Data {
    /// So many notes, and what they refer to.
    pub fn make(kind: Kind, notes: u32) -> Result<Self> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("make_data.py");
        let mut python = Command::new("python3");
        python.arg(script).args(["--notes", &notes.to_string()]);
        let data = Self::empty(kind)?;
        match kind {
            Kind::Sqlite => run(python.arg(data.file()))?,
            Kind::Postgres => {
                let mut made = python.arg("--postgres").stdout(Stdio::piped()).spawn()?;
                let sent = made.stdout.take().ok_or("the script writes")?;
                run(data.psql().stdin(sent))?;
                made.wait()?;
            }
        }
        Ok(data)
    }

    /// What the example `kitchen` serves, as its tests have it.
    pub fn of_the_kitchen(kind: Kind) -> Result<Self> {
        let tables = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/conformance");
        let data = Self::empty(kind)?;
        match kind {
            Kind::Sqlite => {
                let script = "import sqlite3, sys\n\
                     sqlite3.connect(sys.argv[1]).executescript(open(sys.argv[2]).read())";
                let mut python = Command::new("python3");
                run(python
                    .args(["-c", script])
                    .arg(data.file())
                    .arg(tables.join("kitchen.sqlite.sql")))?;
            }
            Kind::Postgres => run(data
                .psql()
                .arg("-f")
                .arg(tables.join("kitchen.postgres.sql")))?,
        }
        Ok(data)
    }

    fn empty(kind: Kind) -> Result<Self> {
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
        if kind == Kind::Postgres {
            sql(&data.server, &format!("CREATE DATABASE {}", data.name))?;
        }
        Ok(data)
    }

    fn psql(&self) -> Command {
        let mut psql = Command::new("psql");
        psql.args(["-q", "-v", "ON_ERROR_STOP=1", "-d"])
            .arg(format!("{}/{}", self.server, self.name))
            .stdout(Stdio::null());
        psql
    }

    /// Itself, for those who only read.
    pub fn address(&self) -> Address {
        let url = match self.kind {
            Kind::Sqlite => format!("sqlite://{}", self.file().display()),
            Kind::Postgres => unencrypted(&self.server, &self.name),
        };
        Address {
            kind: self.kind,
            url,
        }
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
                    address: Address {
                        kind: self.kind,
                        url: format!("sqlite://{}", path.display()),
                    },
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
                    address: Address {
                        kind: self.kind,
                        url: unencrypted(&self.server, &name),
                    },
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

/// libpq would encrypt where the server can, and sqlx as it is built here cannot.
fn unencrypted(server: &str, name: &str) -> String {
    format!("{server}/{name}?sslmode=disable")
}

fn sql(server: &str, statement: &str) -> Result<()> {
    let mut psql = Command::new("psql");
    psql.args(["-q", "-d", &format!("{server}/postgres"), "-c", statement]);
    run(&mut psql)
}
