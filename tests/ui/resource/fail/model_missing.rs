#[path = "../../schema.rs"]
mod schema;

use tastyrs::prelude::*;

#[derive(ModelResource)]
#[resource(resource_name = "notes", hook)]
struct NoteResource;

struct Plain;

#[derive(ModelResource)]
#[resource(model = Plain, excludes(id))]
struct PlainResource;

fn main() {}
