//! What a throttle costs beside what one would otherwise pick.
//!
//!     cargo run --release                 # everything
//!     cargo run --release -- nanos 1000 1 # ns a call: so many keys, so many threads
//!     cargo run --release -- bytes        # bytes a key
//!     cargo run --release -- http         # CPU a request over HTTP, on Linux
//!     cargo run --release -- http Redis   # of the servers whose name holds that
//!     cargo run --release -- count NAME KEYS CALLS # calls of one contender, for callgrind

#![expect(clippy::print_stdout, reason = "a bench prints its table")]

mod bytes;
mod contenders;
mod http;
mod nanos;

use std::alloc::System;

use cap::Cap;

/// Counts what is asked of the allocator.
#[global_allocator]
static ALLOCATOR: Cap<System> = Cap::new(System, usize::MAX);

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

fn main() -> Outcome<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        [] => {
            nanos::table(&[1_000, 100_000, 1_000_000], &[1, 2])?;
            println!();
            bytes::table(&[1_000, 100_000, 1_000_000])
        }
        ["nanos"] => nanos::table(&[1_000, 100_000, 1_000_000], &[1, 2]),
        ["nanos", keys, threads] => nanos::table(&[keys.parse()?], &[threads.parse()?]),
        ["bytes"] => bytes::table(&[1_000, 100_000, 1_000_000]),
        ["http"] => http::table(""),
        ["http", server] => http::table(server),
        ["serve", name, refused, port] => http::serve(name, *refused == "1", port.parse()?),
        ["count", name, keys, calls] => nanos::count(name, keys.parse()?, calls.parse()?, 1, 1),
        ["count", name, keys, calls, threads, rounds] => nanos::count(
            name,
            keys.parse()?,
            calls.parse()?,
            threads.parse()?,
            rounds.parse()?,
        ),
        other => Err(format!("not known: {other:?}").into()),
    }
}
