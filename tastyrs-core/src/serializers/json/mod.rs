//! JSON as Python writes and reads it.
//!
//! - `write`: values to bytes
//! - `read`: bytes to values

mod read;
mod write;

pub(crate) use self::write::{python_float, write};
pub(super) use self::{read::read, write::write_with};
