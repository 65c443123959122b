//! What a client may ask of a list: filters, orderings, pages.
//!
//! - [`lookup`](Lookup): what a filter asks of a column
//! - `values`: the text of a request as values, read as Python and Django read it
//! - `python`: numbers as Python reads them
//! - `graph`: what filters and orderings know of resources and their relations
//! - `filtering`: which filters a request may ask for; `comparison`: what one asks of a column
//! - `ordering`, `pagination`; `keyset`: where a list goes on behind a row

mod comparison;
mod filtering;
mod graph;
mod keyset;
mod lookup;
mod ordering;
pub(crate) mod pagination;
mod pattern;
pub(crate) mod python;
mod values;

pub use filtering::Filtering;
pub(crate) use filtering::{build_filters, key_filter, never};
pub(crate) use graph::{Graph, Key, Node, NodeColumn};
pub(crate) use keyset::Keyset;
pub use lookup::Lookup;
pub(crate) use lookup::Part;
pub(crate) use ordering::{apply_sorting, default_order};
pub(crate) use pattern::check_regular_expression;
#[cfg(feature = "sqlite")]
pub(crate) use pattern::matches;
pub(crate) use values::{date, datetime, parse_key};
