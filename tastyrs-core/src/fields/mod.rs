//! The fields of a resource.
//!
//! - [`kind`](Kind): what a field holds
//! - [`types`](FieldType): the Rust types that it can have
//! - `spec`: a field as it is declared
//! - `markers`: what stands in the struct of a resource
//! - `checks`: the traits by which rustc checks a declaration

mod checks;
mod kind;
mod markers;
mod spec;
mod types;

#[doc(hidden)]
pub use checks::*;
pub use kind::Kind;
pub use markers::{Column, Computed, ToMany, ToOne};
pub(crate) use spec::{Attribute, By, FieldSpec, RelationSpec};
pub use spec::{DefaultValue, Field, Fields, ReadsField, UseIn};
pub use types::{Dehydrated, FieldType};
