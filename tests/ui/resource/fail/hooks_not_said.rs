#[path = "../../schema.rs"]
mod schema;

use schema::*;
use tastyrs::prelude::*;

#[derive(ModelResource)]
#[resource(model = Note)]
struct NoteResource;

impl Hooks for NoteResource {}

fn main() {}
