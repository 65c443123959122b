//! A sound declaration to tokens.
//!
//! - `table`: `#[derive(Model)]`
//! - `resource`: the other two
//! - `fields`, `meta`: the two halves of a resource
//! - `checks`: what rustc checks, under the span of the word that may be wrong
//! - `default`: the value where a client says none

mod checks;
mod default;
mod fields;
mod meta;
mod resource;
mod table;

pub(crate) use resource::resource;
pub(crate) use table::table;
