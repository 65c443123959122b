#[path = "../../schema.rs"]
mod schema;

use schema::*;
use tastyrs::prelude::*;

#[derive(ModelResource)]
#[resource(model = Note, filtering(title = [starts_with, exact, exact], slug = EVERYTHING, id = exact, created))]
struct NoteResource;

fn main() {}
