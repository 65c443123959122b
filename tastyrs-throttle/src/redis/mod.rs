//! Counting in Redis or Valkey, so that many machines count together.
//!
//! `throttle` is what users meet; `desk` is what its requests and their places share. `scripts`
//! asks the one question of `decide.lua` and reads its answer, `key` names what stands in Redis,
//! `refusals` remembers who need not ask again. `connection` is Redis as everybody in the process
//! shares it, and whether it is there; `driver` is the thread behind it.

mod connection;
mod desk;
mod driver;
mod key;
mod place;
mod refusals;
mod scripts;
mod throttle;

pub use connection::{Redis, RedisHealth};
pub use throttle::{OnStoreFailure, RedisThrottle};

pub(crate) use place::SharedPlace;
