//! The kitchen answers as django-tastypie did: the recorded conversations of `tests/conformance`, played in process.
//!
//! - `case`: a recorded conversation
//! - `player`: plays one on a database and an API of its own
//! - `compare`: the rules by which an answer is the same
//! - `database`: copies of the fixture, and rows of any query
//! - `floor`: how many pass, and how many must
//!
//! `cargo test --test it conformance -- --nocapture` prints the table and the first difference of each case that
//! fails. With `CONFORMANCE_ONLY=AREA`, or an id or the start of one, only those are played and the floor does not
//! count.

mod case;
mod compare;
mod database;
mod floor;
mod player;
