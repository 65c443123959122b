#[path = "../../schema.rs"]
mod schema;

use schema::*;
use tastyrs::prelude::*;

#[derive(ModelResource)]
#[resource(model = Note, excludes(slug, resource_uri), filtering(slug = ALL, author_id = ALL), ordering(slug))]
struct NoteResource {
    #[field(attribute = author_id)]
    author: ToOne<UserResource>,
}

#[derive(ModelResource)]
#[resource(model = Note, fields(id), ordering(title))]
struct BriefResource;

fn main() {}
