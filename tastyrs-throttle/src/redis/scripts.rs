//! The scripts that Redis runs: their arguments and their answers.

use std::sync::LazyLock;
use std::time::Duration;

use redis::{Cmd, Script, Value};

use crate::quota::Quota;
use crate::rate::Limit;

static DECIDE: LazyLock<Script> = LazyLock::new(|| Script::new(DECIDE_TEXT));
static GIVE_BACK: LazyLock<Script> = LazyLock::new(|| Script::new(GIVE_BACK_TEXT));
const DECIDE_TEXT: &str = include_str!("decide.lua");
const GIVE_BACK_TEXT: &str = include_str!("give_back.lua");

/// What a process calls a request's places: 8 bytes of its own, and a number.
pub(crate) type Id = [u8; 16];

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    /// Decide, and take the places.
    Take,
    /// Decide alone.
    Look,
    /// Count places without asking, the first of which has this number.
    Add { at: At, first: u32 },
}

/// When places were taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum At {
    /// At this time of Redis, in microseconds.
    Time(u64),
    /// So long ago.
    Ago(Duration),
}

/// One question to `decide.lua`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Question<'a> {
    pub(crate) key: &'a str,
    /// In microseconds, where Redis is not to tell it.
    pub(crate) now: Option<u64>,
    pub(crate) id: &'a Id,
    pub(crate) what: What,
    pub(crate) cost: u32,
    pub(crate) memory: Memory,
    pub(crate) told: bool,
    pub(crate) limits: &'a [Limit],
}

/// For how long and how much is remembered.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Memory {
    /// In milliseconds.
    pub(crate) ttl: u64,
    /// The longest window, in nanoseconds.
    pub(crate) longest: u64,
    /// The largest number of places.
    pub(crate) ring: u32,
    /// Whether throttles that were made apart may share it.
    pub(crate) shared: bool,
}

impl Question<'_> {
    pub(crate) fn command(&self) -> Cmd {
        let flag = |is| if is { "1" } else { "" };
        let mut command = redis::cmd("EVALSHA");
        command.arg(DECIDE.get_hash()).arg(1).arg(self.key);
        command.arg("");
        match self.now {
            Some(now) => command.arg(now),
            None => command.arg(""),
        };
        command
            .arg(&self.id[..])
            .arg(match self.what {
                What::Take => "take",
                What::Look => "look",
                What::Add { .. } => "add",
            })
            .arg(self.cost)
            .arg(self.memory.ttl)
            .arg(micros(self.memory.longest))
            .arg(self.memory.ring.max(1))
            .arg(flag(self.memory.shared))
            .arg(flag(self.told));
        match self.what {
            What::Add { at, first } => {
                match at {
                    At::Time(at) => command.arg(at),
                    // Below zero, so zero is said otherwise.
                    At::Ago(ago) => match i64::try_from(ago.as_micros()) {
                        Ok(0) => command.arg(""),
                        Ok(ago) => command.arg(-ago),
                        Err(_) => command.arg(i64::MIN),
                    },
                };
                command.arg(first);
            }
            What::Take | What::Look => {
                command.arg("").arg("");
            }
        }
        for limit in self.limits {
            command.arg(limit.throttle_at).arg(micros(limit.timeframe));
        }
        command
    }
}

/// Gives the places of `id` with these numbers back.
pub(crate) fn give_back(key: &str, id: &Id, from: u32, to: u32) -> Cmd {
    let mut command = redis::cmd("EVALSHA");
    command
        .arg(GIVE_BACK.get_hash())
        .arg(1)
        .arg(key)
        .arg(&id[..])
        .arg(from)
        .arg(to);
    command
}

/// What Redis said to a question.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Reply {
    /// How long to wait, if there is no place.
    pub(crate) wait: Option<Duration>,
    /// When the places were taken, in microseconds.
    pub(crate) at: u64,
    pub(crate) quotas: Vec<Quota>,
}

impl Reply {
    pub(crate) fn of(value: &Value, limits: &[Limit]) -> Option<Self> {
        let Value::Array(values) = value else {
            return None;
        };
        let number = |value: &Value| match value {
            Value::Int(number) => Some(*number),
            _ => None,
        };
        let length = |number: i64| u64::try_from(number).ok().map(Duration::from_micros);
        let quotas = values.get(2..)?.chunks_exact(3).zip(limits);
        Some(Self {
            wait: length(number(values.first()?)?),
            at: u64::try_from(number(values.get(1)?)?).ok()?,
            quotas: quotas
                .map(|(told, limit)| {
                    let taken = u64::try_from(number(&told[0])?).ok()?;
                    let mut quota = Quota::new(limit.name.clone(), limit.throttle_at.into());
                    quota.remaining = quota.limit.saturating_sub(taken);
                    quota.window = Some(Duration::from_nanos(limit.timeframe));
                    quota.reset = length(number(&told[1])?);
                    quota.violated = number(&told[2])? >= 0;
                    Some(quota)
                })
                .collect::<Option<_>>()?,
        })
    }
}

/// The same command with the script's text instead of its digest, for a Redis that does not have
/// it; nothing where it is no script of ours.
pub(crate) fn in_full(command: &Cmd) -> Option<Cmd> {
    let hash = argument(command, 1)?;
    let text = [(&DECIDE, DECIDE_TEXT), (&GIVE_BACK, GIVE_BACK_TEXT)]
        .into_iter()
        .find(|(script, _)| script.get_hash().as_bytes() == hash)?
        .1;
    Some(with(command, &[(0, b"EVAL"), (1, text.as_bytes())]))
}

/// The same command, asked again because its answer was lost: what was done is not done twice.
pub(crate) fn again(command: Cmd) -> Cmd {
    match argument(&command, 1) {
        Some(hash) if hash == DECIDE.get_hash().as_bytes() => with(&command, &[(4, b"1")]),
        _ => command,
    }
}

fn argument(command: &Cmd, position: usize) -> Option<&[u8]> {
    match command.args_iter().nth(position)? {
        redis::Arg::Simple(bytes) => Some(bytes),
        _ => None,
    }
}

fn with(command: &Cmd, changes: &[(usize, &[u8])]) -> Cmd {
    let mut other = Cmd::new();
    for (position, argument) in command.args_iter().enumerate() {
        let change = changes.iter().find(|(changed, _)| *changed == position);
        match (change, argument) {
            (Some((_, bytes)), _) => other.arg(*bytes),
            (None, redis::Arg::Simple(bytes)) => other.arg(bytes),
            (None, _) => &mut other,
        };
    }
    other
}

/// Whole microseconds, rounded up.
fn micros(nanos: u64) -> u64 {
    nanos.div_ceil(1_000)
}
