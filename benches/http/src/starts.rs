//! Starts alone: how long until the first answer, and what is resident then.

use std::process::Command;

use crate::{Result, process::Server, timing::median};

/// How many starts are looked at.
pub const STARTS: u32 = 8;

/// What they showed.
#[derive(Debug)]
pub struct Starts {
    /// After the first answer, the median.
    pub idle_mib: f64,
    /// From the process's start to its first answer.
    pub best_ms: f64,
    pub median_ms: f64,
}

impl Starts {
    /// Starts what `command` makes, one after the other.
    pub fn of(command: impl Fn() -> Command) -> Result<Self> {
        let (mut idle, mut millis) = (Vec::new(), Vec::new());
        for _ in 0..STARTS {
            let server = Server::start(command())?;
            idle.push(server.resident()?);
            millis.push(server.started_in.as_secs_f64() * 1e3);
        }
        Ok(Self {
            idle_mib: median(idle.into_iter()),
            best_ms: millis.iter().copied().fold(f64::MAX, f64::min),
            median_ms: median(millis.into_iter()),
        })
    }

    /// The columns that `cells` fills.
    pub const COLUMNS: [&str; 3] = [
        "MiB idle",
        "ms to the first answer, best of 8",
        "median of 8",
    ];

    pub fn cells(&self) -> [String; 3] {
        [self.idle_mib, self.best_ms, self.median_ms].map(|value| format!("{value:.1}"))
    }
}
