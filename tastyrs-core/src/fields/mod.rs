//! The fields of a resource.
//!
//! - [`kind`](Kind): what a field holds
//! - [`types`](FieldType): the Rust types that it can have
//! - [`field`](Field): a field as it is declared; `spec`: what it says of itself, whatever its resource
//! - `hydrate`: what a client sends as a value; `moment`: dates and times in it
//! - `markers`: what stands in the struct of a resource
//! - `moment`: dates and times as clients write them
//! - `checks`: the traits by which rustc checks a declaration

mod checks;
mod field;
mod hydrate;
mod kind;
mod markers;
mod moment;
mod spec;
mod types;

#[doc(hidden)]
pub use checks::*;
pub use field::{Field, Fields, HydratesField, ReadsField};
#[doc(hidden)]
pub use hydrate::assign;
pub(crate) use hydrate::{Wanted, same, told};
pub use kind::Kind;
pub use markers::{Column, Computed, GenericForeignKey, ToMany, ToOne};
pub(crate) use spec::{Answers, Attribute, By, FieldSpec, Generic, RelationSpec};
pub use spec::{DefaultValue, GenericTarget, UseIn};
pub use types::{Dehydrated, FieldType};
