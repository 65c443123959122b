#[path = "../../schema.rs"]
mod schema;

use schema::*;
use tastyrs::prelude::*;

#[derive(ModelResource)]
#[resource(model = Note)]
struct NoteResource {
    author: ToOne<UserResource>,
    subjects: ToMany<SubjectResource>,
    #[field(through = subject_notes, reverse = subject::note_id)]
    both: ToMany<SubjectResource>,
    #[field(through = subject_notes(note_id))]
    half: ToMany<SubjectResource>,
    #[field(reverse = note_id)]
    bare: ToMany<SubjectResource>,
    #[field(through = note_notes)]
    notes: ToMany<Self>,
}

fn main() {}
