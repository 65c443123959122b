#[path = "../../schema.rs"]
mod schema;

use schema::*;
use tastyrs::prelude::*;

struct Thing {
    id: i32,
    name: String,
}

#[derive(Resource)]
#[resource(object = Thing, model = Note, filtering(nam = ALL), ordering(id, size))]
struct MemoryResource {
    id: Column<i32>,
    name: Column<i64>,
    titel: Column<String>,
    #[field(attribute = author_id)]
    author: ToOne<UserResource>,
}

#[derive(Resource)]
#[resource(resource_name = "nothing")]
struct NothingResource;

fn main() {}
