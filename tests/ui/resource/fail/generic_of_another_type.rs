#[path = "../../schema.rs"]
mod schema;

use diesel::prelude::*;
use schema::{Db, Note, SubjectResource, user};
use tastyrs::prelude::*;

#[derive(Queryable, Selectable, Identifiable, Model)]
#[diesel(table_name = user, primary_key(username), check_for_backend(Db))]
#[model(content_type = "auth.user")]
struct Named {
    username: String,
}

#[derive(ModelResource)]
#[resource(model = Named)]
struct NamedResource;

#[derive(ModelResource)]
#[resource(model = Note)]
struct NoteResource {
    #[field(content_type = slug, object_id = slog, null)]
    columns: GenericForeignKey<(NamedResource,)>,
    #[field(content_type = author_id, object_id = id, null)]
    keys: GenericForeignKey<(NamedResource,)>,
    #[field(content_type = author_id, object_id = is_active, null)]
    flag: GenericForeignKey<(NamedResource,)>,
    #[field(content_type = author_id, object_id = slug, null)]
    unnamed: GenericForeignKey<(NamedResource, SubjectResource)>,
}

fn main() {}
