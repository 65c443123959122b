#[path = "../../schema.rs"]
mod schema;

use schema::*;
use tastyrs::prelude::*;

struct Nothing;

#[derive(ModelResource)]
#[resource(model = Note)]
struct NoteResource {
    #[field(content_type = author_id, object_id = slug, null)]
    content_object: GenericForeignKey<(Nothing,)>,
}

fn main() {}
