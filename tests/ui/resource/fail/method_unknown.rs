#[path = "../../schema.rs"]
mod schema;

use schema::*;
use tastyrs::prelude::*;

#[derive(ModelResource)]
#[resource(model = Note, allowed_methods(get, pots, head))]
struct NoteResource;

fn main() {}
