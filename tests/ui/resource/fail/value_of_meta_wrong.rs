#[path = "../../schema.rs"]
mod schema;

use schema::*;
use tastyrs::prelude::*;

#[derive(ModelResource)]
#[resource(model = Note, limit = "many", meta = Self::configure)]
struct NoteResource;

impl NoteResource {
    fn configure(limit: u64) -> u64 {
        limit
    }
}

fn main() {}
