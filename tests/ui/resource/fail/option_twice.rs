#[path = "../../schema.rs"]
mod schema;

use schema::*;
use tastyrs::prelude::*;

#[derive(ModelResource)]
#[resource(model = Note, limit = 20, limit = 30, ordering(id, id), filtering(id = ALL, id = [exact]))]
#[resource(hooks, hooks)]
struct NoteResource {
    #[field(attribute = author_id, null)]
    #[field(null)]
    author: ToOne<UserResource>,
}

impl Hooks for NoteResource {}

fn main() {}
