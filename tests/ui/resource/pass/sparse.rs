//! Declarations that say little emit nothing that a strict crate would be warned of.

#![deny(warnings)]

#[path = "../../schema.rs"]
mod schema;

use schema::{Note, SubjectResource, User, subject};
use tastyrs::prelude::*;

#[derive(ModelResource)]
#[resource(model = Note)]
struct UnitResource;

#[derive(ModelResource)]
#[resource(model = Note, list_allowed_methods())]
struct EmptyResource {}

#[derive(ModelResource)]
#[resource(model = Note)]
struct ManyResource {
    #[field(reverse = subject::note_id)]
    subjects: ToMany<SubjectResource>,
}

#[derive(ModelResource)]
#[resource(model = User, secrets(password), filtering(password = [exact]), ordering(username))]
struct LoginResource;

#[derive(ModelResource)]
#[resource(model = Note, fields(id, title, author_id), no_new)]
struct ParentResource {
    #[field(attribute = author_id, null)]
    author: ToOne<LoginResource>,
    #[field(default = 3)]
    three: Computed<i64>,
}

macro_rules! declared {
    ($resource:ident, $model:ty, $name:literal, $limit:expr, $column:ident, $($filter:ident),*) => {
        #[derive(ModelResource)]
        #[resource(model = $model, resource_name = $name, limit = $limit, filtering($column = [$($filter),*], title = [exact]), ordering($column))]
        struct $resource {
            #[field(attribute = author_id, null)]
            author: ToOne<crate::LoginResource>,
            #[field(through = schema::subject_notes(note_id, subject_id))]
            subjects: ToMany<schema::SubjectResource>,
            #[field(attribute = $column)]
            other: Column<String>,
        }
    };
}
declared!(SluggedResource, schema::Note, "slugged", 5, slug, exact, startswith);

fn main() {
    let _ = SluggedResource::new();
    let _ = (UnitResource, LoginResource, EmptyResource::new(), ManyResource::new());
    let _ = ParentResource { author: ToOne::new(), three: Computed::new() };
}
