//! The kitchen answers as django-tastypie did: the recorded conversations of `tests/conformance`, played in process.
//!
//! - `case`: a recorded conversation
//! - `player`: plays one on a database and an API of its own
//! - `compare`: the rules by which an answer is the same
//! - `database`: the fixture
//! - `floor`: how many pass, and how many must
//!
//! `cargo test --test it conformance -- --nocapture` prints the table and the first differences of each area. With
//! `CONFORMANCE_ONLY` set to an area, an id or the start of one, or to nothing for all, those are played, every case
//! that fails is named, and the floor does not count.

mod case;
mod compare;
pub(crate) mod database;
mod floor;
mod player;
