#[path = "../../schema.rs"]
mod schema;

use schema::User;
use tastyrs::prelude::*;

#[derive(ModelResource)]
#[resource(model = User, filtering(password = [exact], username = ALL), ordering(login))]
struct UserResource {
    #[field(attribute = password)]
    login: Column<String>,
}

#[derive(ModelResource)]
#[resource(model = User, secrets(password, username), filtering(password = [exact]))]
struct AdminResource;

fn main() {}
