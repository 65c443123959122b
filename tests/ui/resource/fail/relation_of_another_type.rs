#[path = "../../schema.rs"]
mod schema;

use schema::*;
use tastyrs::prelude::*;

#[derive(ModelResource)]
#[resource(model = Note)]
struct NoteResource {
    #[field(attribute = title)]
    author: ToOne<UserResource>,
    #[field(through = subject_notes(label, subject_id))]
    subjects: ToMany<SubjectResource>,
    #[field(reverse = subject::name)]
    own_subjects: ToMany<SubjectResource>,
    #[field(reverse = subject_notes::note_id)]
    topics: ToMany<SubjectResource>,
}

fn main() {}
