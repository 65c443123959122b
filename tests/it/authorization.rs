//! What those who are let in may do.

use diesel::connection::SimpleConnection as _;
use tastyrs::{
    http::User,
    prelude::*,
    test::{LiveServer, TestDatabase, TestResponse},
};

use super::support::{Db, Note, library};

/// Lets in whoever says who they are: `X-User: 2`.
struct ByHeader;

impl Authenticate for ByHeader {
    async fn is_authenticated(&self, request: &mut Request) -> Result<()> {
        let said = request.header("x-user").unwrap_or_default();
        let Some((id, rest)) = said.split_once(' ') else {
            return Ok(());
        };
        let mut user = User::new(id.parse().unwrap_or(0), id);
        user.is_active = !rest.contains("inactive");
        user.is_superuser = rest.contains("super");
        request.set_user(user);
        Ok(())
    }
}

#[derive(ModelResource)]
#[resource(model = Note, resource_name = "own", authentication = ByHeader, owner = author_id, limit = 0)]
struct Own;

#[derive(ModelResource)]
#[resource(
    model = Note,
    resource_name = "permitted",
    authentication = ByHeader,
    authorization = DjangoAuthorization::new("library", "Note")
)]
struct Permitted;

#[derive(ModelResource)]
#[resource(
    model = Note,
    resource_name = "deletable",
    authentication = ByHeader,
    authorization = DjangoAuthorization::new("library", "note").read_perm_code("delete")
)]
struct Deletable;

#[derive(ModelResource)]
#[resource(
    model = Note,
    resource_name = "both",
    authentication = ByHeader,
    authorization = MultiAuthorization::new(DjangoAuthorization::new("library", "note"))
        .and(OwnerAuthorization::new("author_id"))
)]
struct Both;

#[derive(ModelResource)]
#[resource(
    model = Note,
    resource_name = "forgetful",
    authentication = ByHeader,
    authorization = DjangoAuthorization::new("library", "note"),
    hooks
)]
struct Forgetful;

impl Hooks for Forgetful {
    async fn is_authenticated(&self, request: &mut Request) -> Result<()> {
        ByHeader.is_authenticated(request).await
    }
}

struct Site {
    // It ends before its database does.
    served: LiveServer,
    database: TestDatabase<Db>,
}

/// Users 1 and 2 have written notes 3 and 6, and 1 and 4. By themselves 1 may view, 5 may delete; 2 may change by one
/// of the groups, and delete other things than notes.
fn site(compatibility: Compatibility) -> Site {
    let database = library(TestDatabase::temporary(), 6).sql(
                "CREATE TABLE django_content_type (id integer PRIMARY KEY, app_label text NOT NULL, model text NOT NULL);
                 CREATE TABLE auth_permission (id integer PRIMARY KEY, content_type_id integer NOT NULL,
                     codename text NOT NULL, name text NOT NULL);
                 CREATE TABLE auth_user_user_permissions (id integer PRIMARY KEY, user_id integer NOT NULL,
                     permission_id integer NOT NULL);
                 CREATE TABLE auth_user_groups (id integer PRIMARY KEY, user_id integer NOT NULL, group_id integer NOT NULL);
                 CREATE TABLE auth_group_permissions (id integer PRIMARY KEY, group_id integer NOT NULL,
                     permission_id integer NOT NULL);
                 INSERT INTO django_content_type VALUES (1, 'library', 'note'), (2, 'archive', 'note');
                 INSERT INTO auth_permission VALUES (1, 1, 'add_note', ''), (2, 1, 'change_note', ''),
                     (3, 1, 'delete_note', ''), (4, 1, 'view_note', ''), (5, 2, 'delete_note', '');
                 INSERT INTO auth_user_user_permissions (user_id, permission_id) VALUES (1, 4), (5, 3), (2, 5), (7, 1);
                 INSERT INTO auth_user_groups (user_id, group_id) VALUES (2, 1), (2, 2), (1, 3);
                 INSERT INTO auth_group_permissions (group_id, permission_id) VALUES (1, 2), (4, 3);",
    );
    let api = Api::new("v1")
        .compatible(compatibility)
        .database(database.database())
        .register(Own)
        .register(Permitted)
        .register(Deletable)
        .register(Both)
        .register(Forgetful);
    Site {
        served: LiveServer::with_workers(&api.build().unwrap(), 1),
        database,
    }
}

impl Site {
    fn get(&self, path: &str, user: &str) -> TestResponse {
        let path = format!("/api/v1/{path}");
        self.served.request("GET", &path, &[("X-User", user)])
    }

    fn run(&self, sql: &str) {
        self.database.run(|db| Ok(db.batch_execute(sql)?));
    }

    fn status(&self, path: &str, user: &str) -> u16 {
        self.get(path, user).status()
    }

    /// How many objects the list has for a user.
    fn total(&self, path: &str, user: &str) -> u64 {
        let answer = self.get(path, user);
        assert_eq!(answer.status(), 200, "{path} {user}");
        answer.json()["meta"]["total_count"].as_u64().unwrap()
    }
}

#[test]
fn owners_see_what_is_their_own() {
    let site = site(Compatibility::Strict);

    assert_eq!(site.total("own/", "1 -"), 2);
    assert_eq!(site.total("own/", "2 super"), 2);
    assert_eq!(site.total("own/", "99 -"), 0);
    assert_eq!(site.total("own/", "9000000000 -"), 0);
    assert_eq!(site.total("own/", "nobody"), 0);
    assert_eq!(site.status("own/3/", "1 -"), 200);
    assert_eq!(site.status("own/1/", "1 -"), 403);
    assert_eq!(site.status("own/3/", "nobody"), 401);
    let set = site.get("own/set/1;3;6/", "1 -");
    let set = set.text();
    assert!(set.contains("\"not_found\": [\"1\"]"), "{set}");
    assert!(!set.contains("note 1"), "{set}");
}

/// Nobody's, as long as it has no owner: not even theirs who have no key.
#[test]
fn what_has_no_owner_is_nobodys() {
    let site = site(Compatibility::Strict);
    site.run("UPDATE note SET author_id = NULL WHERE id = 3");

    assert_eq!(site.status("own/3/", "1 -"), 403);
    assert_eq!(site.status("own/3/", "0 -"), 403);
    assert_eq!(site.total("own/", "0 -"), 0);
    assert_eq!(site.total("own/", "1 -"), 1);
}

#[test]
fn the_schema_of_what_is_owned_is_shown_to_who_is_known() {
    let ours = site(Compatibility::Strict);
    let theirs = site(Compatibility::Tastypie);

    assert_eq!(ours.status("own/schema/", "1 -"), 200);
    assert_eq!(ours.status("own/schema/", "nobody"), 401);
    assert_eq!(theirs.status("own/schema/", "1 -"), 401);
    assert_eq!(theirs.status("own/1/", "1 -"), 401);
    assert_eq!(theirs.status("own/3/", "1 -"), 200);
}

#[test]
fn permissions_count_by_user_and_by_group() {
    let site = site(Compatibility::Strict);

    for (user, may_read) in [
        ("1 -", true),
        ("2 -", true),
        ("5 -", false),
        ("7 -", false),
        ("6 -", false),
        ("6 super", true),
        ("6 super inactive", false),
        ("1 inactive", false),
        ("nobody", false),
    ] {
        let refused = if user == "nobody" { 401 } else { 403 };
        let wanted = if may_read { (6, 200) } else { (0, refused) };
        assert_eq!(
            (
                site.total("permitted/", user),
                site.status("permitted/1/", user)
            ),
            wanted,
            "{user}"
        );
        assert_eq!(site.status("permitted/schema/", user), wanted.1, "{user}");
    }
}

#[test]
fn with_the_switch_one_reads_by_the_permission_to_change() {
    let site = site(Compatibility::Tastypie);

    assert_eq!(site.total("permitted/", "1 -"), 0);
    assert_eq!(site.total("permitted/", "2 -"), 6);
    assert_eq!(site.status("permitted/1/", "1 -"), 401);
    assert_eq!(site.status("permitted/1/", "2 -"), 200);
}

#[test]
fn which_permission_lets_one_read_can_be_said() {
    let site = site(Compatibility::Strict);

    assert_eq!(site.total("deletable/", "5 -"), 6);
    assert_eq!(site.total("deletable/", "1 -"), 0);
    // To delete what is of the same name in another app.
    assert_eq!(site.total("deletable/", "2 -"), 0);
}

#[test]
fn a_permission_that_is_taken_away_is_gone_at_once() {
    let site = site(Compatibility::Strict);
    assert_eq!(site.total("permitted/", "1 -"), 6);

    site.run("DELETE FROM auth_user_user_permissions");

    assert_eq!(site.total("permitted/", "1 -"), 0);
}

#[test]
fn several_must_agree() {
    let site = site(Compatibility::Strict);

    assert_eq!(site.total("both/", "1 -"), 2);
    assert_eq!(site.total("both/", "5 -"), 0);
    assert_eq!(site.total("both/", "6 super"), 0);
    assert_eq!(site.status("both/3/", "1 -"), 200);
    assert_eq!(site.status("both/1/", "1 -"), 403);
    assert_eq!(site.status("both/1/", "6 super"), 403);
}

#[test]
fn permissions_that_were_not_loaded_are_not_guessed() {
    let site = site(Compatibility::Strict);

    assert_eq!(site.status("forgetful/", "1 -"), 500);
    assert_eq!(site.status("forgetful/1/", "1 -"), 500);
    assert_eq!(site.total("forgetful/", "nobody"), 0);
}

#[test]
fn a_column_that_is_not_there_is_told_when_the_api_is_built() {
    #[derive(ModelResource)]
    #[resource(model = Note, authentication = ByHeader, authorization = OwnerAuthorization::new("writer_id"))]
    struct Misspelt;
    #[derive(ModelResource)]
    #[resource(model = Note, authentication = ByHeader, authorization = OwnerAuthorization::new("title"))]
    struct Text;
    let notes = library(TestDatabase::in_memory(), 1);

    let misspelt = Api::new("v1")
        .database(notes.database())
        .register(Misspelt)
        .build();
    let text = Api::new("v1")
        .database(notes.database())
        .register(Text)
        .build();

    assert!(misspelt.unwrap_err().to_string().contains("`writer_id`"));
    assert!(text.unwrap_err().to_string().contains("`title`"));
}
