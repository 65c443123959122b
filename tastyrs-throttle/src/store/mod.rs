//! Where accesses are counted: a sharded map of sliding windows with a cap.
//!
//! - [`handle`]: [`Store`], which throttles share, and how it makes room
//! - [`shard`]: a part of the map behind a lock of its own, and whom it forgets
//! - [`slab`]: the entries of a shard, without a gap
//! - [`window`]: the accesses of one identifier; [`ring`] holds those of whom has many
//! - [`tick`]: the grain of time
//! - [`part`]: a shard with its lock, and what all shards are told
//! - [`place`]: what a request holds until it ends

mod handle;
mod part;
mod place;
mod ring;
mod shard;
mod slab;
mod tick;
mod window;

pub use handle::Store;
#[cfg(feature = "redis")]
pub(crate) use handle::never;
pub(crate) use handle::{Refused, now};
pub(crate) use place::Place;
