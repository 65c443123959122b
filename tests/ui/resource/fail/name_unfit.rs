#[path = "../../schema.rs"]
mod schema;

use schema::*;
use tastyrs::prelude::*;

#[derive(ModelResource)]
#[resource(model = Note, resource_name = "/my notes/")]
struct NoteResource;

#[derive(ModelResource)]
#[resource(model = Note)]
struct Resource;

fn main() {}
