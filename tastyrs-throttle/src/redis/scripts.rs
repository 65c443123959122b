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

/// How many arguments a question has that is about no limit.
const ARGUMENTS: usize = 16;
/// Where among them the key is, and the id.
const KEY: usize = 3;
const ID: usize = 6;

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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
        let mut command = Cmd::new();
        self.arguments(|argument| {
            command.arg(argument);
        });
        command
    }

    /// Writes the same command as its bytes, behind others. What is behind the id is the same for most
    /// that a process asks, and is written anew where it is not.
    pub(crate) fn write(&self, bytes: &mut Vec<u8>, rest: &mut Rest) {
        rest.be_of(self);
        bytes.extend_from_slice(&rest.begin);
        bulk(bytes, self.key.as_bytes());
        bulk(bytes, b"");
        match self.now {
            None => bulk(bytes, b""),
            Some(now) => bulk(bytes, itoa::Buffer::new().format(now).as_bytes()),
        }
        bulk(bytes, self.id);
        bytes.extend_from_slice(&rest.end);
    }

    /// Whether all but the key, the time and the id is the same.
    fn is_like(&self, asked: &Asked) -> bool {
        self.cost == asked.cost
            && self.what == asked.what
            && self.told == asked.told
            && self.memory == asked.memory
            && self.limits.len() == asked.limits.len()
            && self
                .limits
                .iter()
                .zip(&asked.limits)
                .all(|(ours, theirs)| (ours.throttle_at, ours.timeframe) == *theirs)
    }

    fn arguments(&self, mut argument: impl FnMut(&[u8])) {
        let flag = |is| if is { &b"1"[..] } else { b"" };
        let mut number = itoa::Buffer::new();
        argument(b"EVALSHA");
        argument(DECIDE.get_hash().as_bytes());
        argument(b"1");
        argument(self.key.as_bytes());
        argument(b"");
        argument(self.now.map_or(&[], |now| number.format(now).as_bytes()));
        argument(self.id);
        argument(match self.what {
            What::Take => b"take",
            What::Look => b"look",
            What::Add { .. } => b"add",
        });
        argument(number.format(self.cost).as_bytes());
        argument(number.format(self.memory.ttl).as_bytes());
        argument(number.format(micros(self.memory.longest)).as_bytes());
        argument(number.format(self.memory.ring.max(1)).as_bytes());
        argument(flag(self.memory.shared));
        argument(flag(self.told));
        match self.what {
            What::Add { at, first } => {
                argument(match at {
                    At::Time(at) => number.format(at).as_bytes(),
                    // Below zero, so zero is said otherwise.
                    At::Ago(ago) => match i64::try_from(ago.as_micros()) {
                        Ok(0) => b"",
                        Ok(ago) => number.format(-ago).as_bytes(),
                        Err(_) => number.format(i64::MIN).as_bytes(),
                    },
                });
                argument(number.format(first).as_bytes());
            }
            What::Take | What::Look => {
                argument(b"");
                argument(b"");
            }
        }
        for limit in self.limits {
            argument(number.format(limit.throttle_at).as_bytes());
            argument(number.format(micros(limit.timeframe)).as_bytes());
        }
    }
}

/// What a question was about, but for the key, the time and the id; and the bytes of all that was
/// before the key and behind the id.
#[derive(Default)]
pub(crate) struct Rest {
    asked: Option<Asked>,
    begin: Vec<u8>,
    end: Vec<u8>,
}

struct Asked {
    what: What,
    cost: u32,
    memory: Memory,
    told: bool,
    /// How many places a limit has, and the length of its window.
    limits: Vec<(u32, u64)>,
}

impl Rest {
    fn be_of(&mut self, question: &Question<'_>) {
        if self
            .asked
            .as_ref()
            .is_some_and(|asked| question.is_like(asked))
        {
            return;
        }
        self.begin.clear();
        self.end.clear();
        self.begin.push(b'*');
        let count = ARGUMENTS + 2 * question.limits.len();
        let mut number = itoa::Buffer::new();
        self.begin
            .extend_from_slice(number.format(count).as_bytes());
        self.begin.extend_from_slice(b"\r\n");
        let mut position = 0;
        question.arguments(|argument| {
            match position {
                ..KEY => bulk(&mut self.begin, argument),
                KEY..=ID => {}
                _ => bulk(&mut self.end, argument),
            }
            position += 1;
        });
        let limits = question.limits.iter();
        self.asked = Some(Asked {
            what: question.what,
            cost: question.cost,
            memory: question.memory,
            told: question.told,
            limits: limits
                .map(|limit| (limit.throttle_at, limit.timeframe))
                .collect(),
        });
    }
}

/// Writes an argument.
fn bulk(bytes: &mut Vec<u8>, argument: &[u8]) {
    let length = argument.len();
    match u8::try_from(length) {
        Ok(length @ ..10) => bytes.extend_from_slice(&[b'$', b'0' + length, b'\r', b'\n']),
        Ok(length @ 10..100) => {
            let (tens, units) = (b'0' + length / 10, b'0' + length % 10);
            bytes.extend_from_slice(&[b'$', tens, units, b'\r', b'\n']);
        }
        _ => {
            bytes.push(b'$');
            bytes.extend_from_slice(itoa::Buffer::new().format(length).as_bytes());
            bytes.extend_from_slice(b"\r\n");
        }
    }
    bytes.extend_from_slice(argument);
    bytes.extend_from_slice(b"\r\n");
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
    pub(crate) fn of(numbers: &[i64], limits: &[Limit]) -> Option<Self> {
        let length = |number: i64| u64::try_from(number).ok().map(Duration::from_micros);
        let told = numbers.get(2..)?.chunks_exact(3);
        // As many as there will be, so that they need not move.
        let mut quotas = Vec::with_capacity(told.len().min(limits.len()));
        for (told, limit) in told.zip(limits) {
            let taken = u64::try_from(told[0]).ok()?;
            let mut quota = Quota::new(limit.name.clone(), limit.throttle_at.into());
            quota.remaining = quota.limit.saturating_sub(taken);
            quota.window = Some(Duration::from_nanos(limit.timeframe));
            quota.reset = length(told[1]);
            quota.violated = told[2] >= 0;
            quotas.push(quota);
        }
        Some(Self {
            wait: length(*numbers.first()?),
            at: u64::try_from(*numbers.get(1)?).ok()?,
            quotas,
        })
    }
}

/// The numbers that a script answered.
pub(crate) fn numbers(value: &Value) -> Option<Vec<i64>> {
    let Value::Array(values) = value else {
        return None;
    };
    let number = |value: &Value| match value {
        Value::Int(number) => Some(*number),
        _ => None,
    };
    values.iter().map(number).collect()
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rate::Rates;

    #[test]
    fn an_argument_is_written_behind_its_length() {
        for length in (0..300).chain([999, 1_000, 65_536]) {
            let argument = "x".repeat(length);
            let mut bytes = Vec::new();

            bulk(&mut bytes, argument.as_bytes());

            assert_eq!(bytes, format!("${length}\r\n{argument}\r\n").into_bytes());
        }
    }

    /// Questions that are alike but for one thing, each asked behind the one before.
    #[test]
    fn what_is_another_question_is_written_anew() {
        let one = Rates::new(["10/s"]).unwrap();
        let more = Rates::new(["11/s", "1000/d"]).unwrap();
        let longer = Rates::new(["10/2s"]).unwrap();
        let memory = Memory {
            ttl: 1_000,
            longest: 1_000_000_000,
            ring: 10,
            shared: false,
        };
        let first = Question {
            key: "tastyrs:throttle:notes:{daniel}",
            now: None,
            id: b"0123456789abcdef",
            what: What::Take,
            cost: 1,
            memory,
            told: true,
            limits: one.limits(),
        };
        let with = |memory| Question { memory, ..first };
        let limited = |limits| Question { limits, ..first };
        let mut rest = Rest::default();
        for other in [
            Question { key: "k", ..first },
            Question {
                now: Some(7),
                ..first
            },
            Question {
                id: b"abcdefghijklmnop",
                ..first
            },
            Question {
                what: What::Look,
                ..first
            },
            Question { cost: 3, ..first },
            Question {
                told: false,
                ..first
            },
            with(Memory {
                ttl: 2_000,
                ..memory
            }),
            with(Memory {
                longest: 2_000_000_000,
                ..memory
            }),
            with(Memory { ring: 20, ..memory }),
            with(Memory {
                shared: true,
                ..memory
            }),
            limited(&[]),
            limited(&more.limits()[..1]),
            limited(more.limits()),
            limited(longer.limits()),
        ] {
            for question in [first, other] {
                let mut bytes = Vec::new();

                question.write(&mut bytes, &mut rest);

                assert_eq!(bytes, question.command().get_packed_command());
            }
        }
    }

    #[test]
    fn a_question_is_the_same_bytes_however_it_is_sent() {
        let rates = Rates::new(["10/s", "1000/d"]).unwrap();
        let ago = |micros| At::Ago(Duration::from_micros(micros));
        let whats = [
            What::Take,
            What::Look,
            What::Add {
                at: ago(0),
                first: 0,
            },
            What::Add {
                at: ago(5),
                first: 3,
            },
            What::Add {
                at: At::Ago(Duration::MAX),
                first: u32::MAX,
            },
            What::Add {
                at: At::Time(u64::MAX),
                first: 1,
            },
        ];
        let mut rest = Rest::default();
        for (number, what) in whats.into_iter().enumerate() {
            let question = Question {
                key: "tastyrs:throttle:notes:{daniel}",
                now: (number % 2 == 0).then_some(1_764_057_600_000_000),
                id: b"0123456789abcd\r\n",
                what,
                cost: 1,
                memory: Memory {
                    ttl: 1,
                    longest: 86_400_000_000_000,
                    ring: 0,
                    shared: true,
                },
                told: number % 3 == 0,
                limits: &rates.limits()[..number % 3],
            };

            let command = question.command().get_packed_command();
            let expected = [b"before", &command[..]].concat();
            // The second time, the rest is known.
            for _ in 0..2 {
                let mut bytes = b"before".to_vec();
                question.write(&mut bytes, &mut rest);
                assert_eq!(bytes, expected);
            }
        }
    }
}
