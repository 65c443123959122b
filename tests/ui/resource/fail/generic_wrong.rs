#[path = "../../schema.rs"]
mod schema;

use schema::*;
use tastyrs::prelude::*;

#[derive(ModelResource)]
#[resource(
    model = Note,
    filtering(half = ALL, twice = [isnull, exact], author_id = ALL),
    ordering(twice),
)]
struct NoteResource {
    bare: GenericForeignKey<(UserResource, SubjectResource)>,
    #[field(content_type = author_id)]
    half: GenericForeignKey<(UserResource, SubjectResource)>,
    #[field(content_type = author_id, object_id = author_id)]
    same: GenericForeignKey<(UserResource, SubjectResource)>,
    #[field(content_type = author_id, object_id = slug)]
    none: GenericForeignKey<()>,
    #[field(content_type = author_id, object_id = slug)]
    alone: GenericForeignKey<UserResource>,
    #[field(content_type = author_id, object_id = slug)]
    twice: GenericForeignKey<(UserResource, SubjectResource, UserResource)>,
    #[field(content_type = author_id, object_id = slug, attribute = slug)]
    other: GenericForeignKey<(UserResource, SubjectResource)>,
}

fn main() {}
