//! The servers, and how they are built.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use crate::{
    Result,
    data::{Address, Kind},
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

    /// It as a command, told all but its port.
    pub fn command(&self, on: &Address, workers: u32) -> Command {
        let mut command = Command::new(self.program(on.kind));
        arguments(&mut command, on, None, workers);
        command
    }

    /// Starts it on a port that is free.
    pub fn start(&self, on: &Address, throttle_at: Option<u32>, workers: u32) -> Result<Server> {
        let mut command = Command::new(self.program(on.kind));
        arguments(&mut command, on, throttle_at, workers);
        Server::start(command)
    }
}

/// What each contender is told, but for its port.
pub fn arguments(command: &mut Command, on: &Address, throttle_at: Option<u32>, workers: u32) {
    command.args(["--database", &on.url, "--workers", &workers.to_string()]);
    if let Some(limit) = throttle_at {
        command.args(["--throttle-at", &limit.to_string()]);
    }
}

/// Where this package is, and what it builds.
const HERE: &str = env!("CARGO_MANIFEST_DIR");

/// Where `program` of ours lies when it was built for `kind`.
fn ours(program: &str, kind: Kind) -> PathBuf {
    let contenders = Path::new(HERE).join("target/contenders");
    contenders.join(format!("{program}-{kind}"))
}

/// All of them, built or not.
pub fn built() -> Vec<Contender> {
    let target = Path::new(HERE).join("target");
    let other = |name: &'static str, program: &str| {
        let program = target.join(program).join("release").join(program);
        Contender {
            name,
            programs: [program.clone(), program],
        }
    };
    vec![
        of_ours("tastyrs"),
        other("actix-web + Diesel", "by_hand"),
        other("axum + sqlx", "as_written"),
    ]
}

/// The one that registers as many resources as it is told to.
pub fn many() -> Contender {
    of_ours("many")
}

/// The example of 30 resources, which serves data of its own.
pub fn kitchen() -> Contender {
    of_ours("kitchen")
}

fn of_ours(program: &str) -> Contender {
    Contender {
        name: "tastyrs",
        programs: [ours(program, Kind::Sqlite), ours(program, Kind::Postgres)],
    }
}

/// Builds all of them.
pub fn build(kinds: &[Kind]) -> Result<()> {
    build_example("bench", "tastyrs", kinds)?;
    for name in ["by_hand", "as_written"] {
        let manifest = Path::new(HERE).join(name).join("Cargo.toml");
        run(&mut cargo(
            &manifest,
            &Path::new(HERE).join("target").join(name),
        ))?;
    }
    Ok(())
}

/// Builds what registers as many resources as it is told to.
pub fn build_many(kinds: &[Kind]) -> Result<()> {
    // It shares a workspace with the one by hand, and most of what both need.
    let target = Path::new(HERE).join("target/by_hand");
    for kind in kinds {
        let mut build = cargo(&Path::new(HERE).join("many/Cargo.toml"), &target);
        build_for(*kind, &mut build, &target.join("release/many"), "many")?;
    }
    Ok(())
}

/// Builds the example of 30 resources.
pub fn build_kitchen(kinds: &[Kind]) -> Result<()> {
    build_example("kitchen", "kitchen", kinds)
}

fn build_example(example: &str, program: &str, kinds: &[Kind]) -> Result<()> {
    let root = Path::new(HERE).join("../..");
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    for kind in kinds {
        let mut build = cargo(&root.join("Cargo.toml"), &target);
        build.args(["--example", example]);
        let made = target.join("release/examples").join(example);
        build_for(*kind, &mut build, &made, program)?;
    }
    Ok(())
}

/// Builds a program for one kind of database, and puts it where those for the others are too.
fn build_for(kind: Kind, build: &mut Command, made: &Path, program: &str) -> Result<()> {
    if kind == Kind::Postgres {
        build.args(["--features", "postgres"]);
    }
    run(build)?;
    std::fs::create_dir_all(Path::new(HERE).join("target/contenders"))?;
    std::fs::copy(made, ours(program, kind))?;
    Ok(())
}

fn cargo(manifest: &Path, target: &Path) -> Command {
    let mut cargo = Command::new("cargo");
    cargo
        .args(["build", "--release", "--manifest-path"])
        .arg(manifest)
        .env("CARGO_TARGET_DIR", target);
    cargo
}
