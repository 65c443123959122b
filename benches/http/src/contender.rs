//! The servers, and how they are built.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use crate::{
    Result,
    data::{Copy, Kind},
    process::{Server, run},
};

/// A server that answers the benchmark's requests.
#[derive(Debug, Clone)]
pub struct Contender {
    pub name: &'static str,
    /// Its program for SQLite, and the one for PostgreSQL.
    programs: [PathBuf; 2],
}

impl Contender {
    pub fn program(&self, kind: Kind) -> &Path {
        &self.programs[usize::from(kind == Kind::Postgres)]
    }

    /// Starts it on a port that is free.
    pub fn start(&self, copy: &Copy, throttle_at: Option<u32>, workers: u32) -> Result<Server> {
        let mut command = Command::new(self.program(copy.kind));
        arguments(&mut command, copy, throttle_at, workers);
        Server::start(command)
    }
}

/// What each contender is told, but for its port.
pub fn arguments(command: &mut Command, copy: &Copy, throttle_at: Option<u32>, workers: u32) {
    command.args(["--database", &copy.url, "--workers", &workers.to_string()]);
    if let Some(limit) = throttle_at {
        command.args(["--throttle-at", &limit.to_string()]);
    }
}

/// Where this package is, and what it builds.
const HERE: &str = env!("CARGO_MANIFEST_DIR");

/// All of them, built or not.
pub fn built() -> Vec<Contender> {
    let target = Path::new(HERE).join("target");
    let ours = |kind: Kind| target.join("contenders").join(format!("tastyrs-{kind}"));
    let other = |name: &'static str, program: &str| {
        let program = target.join(program).join("release").join(program);
        Contender {
            name,
            programs: [program.clone(), program],
        }
    };
    vec![
        Contender {
            name: "tastyrs",
            programs: [ours(Kind::Sqlite), ours(Kind::Postgres)],
        },
        other("actix-web + Diesel", "by_hand"),
        other("axum + sqlx", "as_written"),
    ]
}

/// Builds all of them.
pub fn build(kinds: &[Kind]) -> Result<Vec<Contender>> {
    let here = Path::new(HERE);
    let root = here.join("../..");
    let cargo = |manifest: PathBuf, target: &Path| {
        let mut cargo = Command::new("cargo");
        cargo
            .args(["build", "--release", "--manifest-path"])
            .arg(manifest)
            .env("CARGO_TARGET_DIR", target);
        cargo
    };
    let all = built();
    std::fs::create_dir_all(here.join("target/contenders"))?;
    let project =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    for kind in kinds {
        let mut build = cargo(root.join("Cargo.toml"), &project);
        build.args(["--example", "bench"]);
        if *kind == Kind::Postgres {
            build.args(["--features", "postgres"]);
        }
        run(&mut build)?;
        // Both are built at one place.
        std::fs::copy(
            project.join("release/examples/bench"),
            all[0].program(*kind),
        )?;
    }
    for name in ["by_hand", "as_written"] {
        let manifest = here.join(name).join("Cargo.toml");
        run(&mut cargo(manifest, &here.join("target").join(name)))?;
    }
    Ok(all)
}
