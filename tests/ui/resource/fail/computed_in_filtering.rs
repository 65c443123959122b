#[path = "../../schema.rs"]
mod schema;

use schema::*;
use tastyrs::prelude::*;

#[derive(ModelResource)]
#[resource(model = Note, filtering(words = ALL), ordering(words, subjects))]
struct NoteResource {
    #[field(default = 0)]
    words: Computed<i64>,
    #[field(through = subject_notes)]
    subjects: ToMany<SubjectResource>,
}

fn main() {}
