#[path = "../../schema.rs"]
mod schema;

use schema::Note;
use tastyrs::prelude::*;

#[derive(ModelResource)]
#[resource(model = Note, authentication = ApiKeyAuthentication::new(), owner = autor_id)]
struct MisspeltResource;

#[derive(ModelResource)]
#[resource(model = Note, authentication = ApiKeyAuthentication::new(), owner = title)]
struct TextResource;

fn main() {}
