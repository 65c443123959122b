//! Options to a sound declaration: what is judged here is everything that the tokens show.
//!
//! - `table`: `#[derive(Model)]`
//! - `resource`: `#[derive(ModelResource)]` and `#[derive(Resource)]`
//! - `field`: what stands in the struct of a resource
//! - `meta`: what `class Meta` is in Tastypie
//! - `filtering`: the words of `filtering` and `ordering`
//! - `names`: names from one case to another
//! - `default`: the value where a client says none

mod default;
mod field;
mod filtering;
mod meta;
mod names;
mod resource;
mod table;

pub(crate) use default::Default;
pub(crate) use field::{Field, Kind, OwnState, Relation, UseIn};
pub(crate) use filtering::{Filter, Rule};
pub(crate) use meta::Meta;
pub(crate) use names::pascal_case;
pub(crate) use resource::{Resource, Shown};
pub(crate) use table::{Action, Column, OnDelete, Table};
