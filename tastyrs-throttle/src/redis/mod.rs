//! Counting in Redis or Valkey, so that many machines count together.
//!
//! `throttle` is what users meet; `desk` is what its requests and their places share. `scripts`
//! asks the one question of `decide.lua` and reads its answer, `key` names what stands in Redis,
//! `refusals` remembers who need not ask again. `connection` is Redis as everybody in the process
//! shares it, and whether it is there; `driver` is the thread behind it. Where
//! a runtime is known to have I/O, by `here`, its throttles ask over a `line` of its own, which `carrier`
//! sends and reads, by `wire`, and whose `answers` lie where those who asked look for them.

mod answers;
mod carrier;
mod connection;
mod desk;
mod driver;
mod here;
mod key;
mod line;
mod place;
mod refusals;
mod scripts;
mod throttle;
mod wire;

pub use connection::{Redis, RedisHealth};
pub use throttle::{OnStoreFailure, RedisThrottle};

#[cfg(feature = "actix")]
pub(crate) use here::has_io;
pub(crate) use place::SharedPlace;
