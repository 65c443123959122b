//! What is the caller's own, in one word and in several.

#![deny(missing_docs, missing_debug_implementations, unreachable_pub, dead_code, unused, unused_qualifications, rust_2018_idioms)]

#[path = "../../schema.rs"]
mod schema;

use schema::{Note, UserResource};
use tastyrs::prelude::*;

/// One's own notes.
#[derive(Debug, ModelResource)]
#[resource(model = Note, authentication = ApiKeyAuthentication::new(), owner = author_id)]
struct OwnResource;

/// One's own notes, whose author is shown.
#[derive(ModelResource)]
#[resource(model = Note, authentication = BasicAuthentication::new(), owner = author_id, fields(id, title))]
struct ShownResource {
    #[field(attribute = author_id, null, readonly)]
    author: ToOne<UserResource>,
}

/// One's own notes, for whom Django permits it.
#[derive(ModelResource)]
#[resource(
    model = Note,
    authentication = SessionAuthentication::new("secret"),
    authorization = MultiAuthorization::new(DjangoAuthorization::new("notes", "Note"))
        .and(OwnerAuthorization::new("author_id"))
)]
struct PermittedResource;

fn main() {
    let _ = (OwnResource, ShownResource::new(), PermittedResource);
}
