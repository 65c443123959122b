//! Tokens to options; nothing is judged here but the form.
//!
//! - `options`: `name`, `name = value` and `name(...)`, the form of all our attributes
//! - `diesel`: what Diesel's own attribute says
//! - `docs`: doc comments
//! - `rust_type`: what can be told of a type by its tokens

mod diesel;
mod docs;
mod options;
mod rust_type;

pub(crate) use diesel::{Diesel, DieselField};
pub(crate) use docs::first_paragraph;
pub(crate) use options::{Known, Options, last_segment, parse_name, word_of};
pub(crate) use rust_type::{Holds, RustType, only_argument};
