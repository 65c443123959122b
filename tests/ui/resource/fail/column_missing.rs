#[path = "../../schema.rs"]
mod schema;

use schema::*;
use tastyrs::prelude::*;

#[derive(ModelResource)]
#[resource(
    model = Note,
    filtering(slugg = [exact, startswith], titel = ALL),
    ordering(titel, id),
    detail_uri_name = slugs,
)]
struct NoteResource {
    #[field(attribute = autor_id)]
    author: ToOne<UserResource>,
    #[field(attribute = heading)]
    head: Column<String>,
    is_activ: Column<bool>,
}

#[derive(ModelResource)]
#[resource(model = Note, excludes(tittle))]
struct BriefResource;

#[derive(ModelResource)]
#[resource(model = Note, fields(id, titel))]
struct ShortResource;

fn main() {}
