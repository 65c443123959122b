#[path = "../../schema.rs"]
mod schema;

use schema::*;
use tastyrs::prelude::*;

#[derive(ModelResource)]
#[resource(
    model = Note,
    filtering(title = [exact, year], is_active = [exact, startswith, gt], created = [hour, contains], name = [minute]),
)]
struct NoteResource {
    #[field(attribute = slug)]
    name: Column<String>,
}

fn main() {}
