#[path = "../../schema.rs"]
mod schema;

use schema::*;
use tastyrs::prelude::*;

#[derive(ModelResource)]
#[resource(
    model = Note,
    fields(id, title, slug),
    excludes(slug, author),
    allowed_methods(get),
    list_allowed_methods(get),
    detail_allowed_methods(get),
    limit = 100,
    max_limit = 50,
)]
struct NoteResource {
    #[field(attribute = author_id, full, full_list = false)]
    author: ToOne<UserResource>,
}

#[derive(ModelResource)]
#[resource(model = Note, no_new)]
struct UnitResource;

fn main() {}
