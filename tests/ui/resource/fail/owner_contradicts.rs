#[path = "../../schema.rs"]
mod schema;

use schema::Note;
use tastyrs::prelude::*;

#[derive(ModelResource)]
#[resource(model = Note, owner = author_id)]
struct AnonymousResource;

#[derive(ModelResource)]
#[resource(
    model = Note,
    authentication = ApiKeyAuthentication::new(),
    authorization = Authorization,
    owner = author_id
)]
struct TwiceResource;

#[derive(ModelResource)]
#[resource(model = Note, authentication = ApiKeyAuthentication::new(), owner(author_id))]
struct MisshapenResource;

fn main() {}
