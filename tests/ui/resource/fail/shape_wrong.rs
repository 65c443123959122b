#[path = "../../schema.rs"]
mod schema;

use schema::*;
use tastyrs::prelude::*;

#[derive(ModelResource)]
#[resource(model = Note)]
enum NoteResource {}

#[derive(ModelResource)]
#[resource(model = Note)]
struct TupleResource(ToOne<UserResource>);

#[derive(ModelResource)]
#[resource(model = Note)]
struct ManyResource<T> {
    #[field(skip)]
    state: T,
}

fn main() {}
