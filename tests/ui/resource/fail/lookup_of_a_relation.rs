#[path = "../../schema.rs"]
mod schema;

use schema::*;
use tastyrs::prelude::*;

#[derive(ModelResource)]
#[resource(model = Note, filtering(author = [exact, startswith], title = ALL_WITH_RELATIONS))]
struct NoteResource {
    #[field(attribute = author_id)]
    author: ToOne<UserResource>,
}

fn main() {}
