#[path = "../../schema.rs"]
mod schema;

use schema::*;
use tastyrs::prelude::*;

#[derive(ModelResource)]
#[resource(model = Note, resource_name = notes, limit, excludes = password, hooks(dehydrate), filtering = ALL, ordering = id)]
struct NoteResource {
    #[field(attribute = "author_id")]
    author: ToOne<UserResource>,
    #[field(use_in = 3, default = 0)]
    mark: Computed<i64>,
    #[field(help_text =, default = 0)]
    other: Computed<i64>,
}

#[derive(ModelResource)]
#[resource = "notes"]
struct BareResource;

fn main() {}
