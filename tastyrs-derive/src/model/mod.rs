//! Options to a sound declaration: what is judged here is everything that the tokens show.
//!
//! - `table`: `#[derive(Model)]`
//! - `resource`: `#[derive(ModelResource)]` and `#[derive(Resource)]`
//! - `field`: what stands in the struct of a resource
//! - `generic`: the generic foreign keys among it
//! - `content_type`: what generic foreign keys know a model by
//! - `meta`: what `class Meta` is in Tastypie
//! - `filtering`: the words of `filtering` and `ordering`
//! - `names`: names from one case to another
//! - `default`: the value where a client says none

mod content_type;
mod default;
mod field;
mod filtering;
mod generic;
mod meta;
mod names;
mod resource;
mod table;

pub(crate) use content_type::ContentType;
pub(crate) use default::Default;
pub(crate) use field::{Field, Kind, OwnState, Relation, UseIn};
pub(crate) use filtering::{Filter, Rule};
pub(crate) use generic::Generic;
pub(crate) use meta::Meta;
pub(crate) use names::pascal_case;
pub(crate) use resource::{Resource, Shown};
pub(crate) use table::{Action, Column, OnDelete, Table};
