#[path = "../../schema.rs"]
mod schema;

use schema::*;
use tastyrs::prelude::*;

struct Words;

#[derive(ModelResource)]
#[resource(model = Note)]
struct NoteResource {
    title: Column<i64>,
    #[field(dehydrate = Self::words)]
    words: Computed<Words>,
    #[field(dehydrate = Self::count)]
    count: Computed<i64>,
}

impl NoteResource {
    fn words(_: &Note) -> Words {
        Words
    }

    fn count(&self) -> i64 {
        3
    }
}

fn main() {}
