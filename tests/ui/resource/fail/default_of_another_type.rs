#[path = "../../schema.rs"]
mod schema;

use schema::*;
use tastyrs::prelude::*;

#[derive(ModelResource)]
#[resource(model = Note)]
struct NoteResource {
    #[field(default = "yes")]
    flag: Computed<bool>,
    #[field(default = now)]
    title: Column<String>,
    #[field(default = None)]
    count: Computed<i64>,
    #[field(default = Self::three)]
    words: Computed<String>,
}

impl NoteResource {
    fn three() -> i64 {
        3
    }
}

fn main() {}
