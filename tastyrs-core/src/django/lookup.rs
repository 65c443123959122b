//! Where accounts are found in Django's tables.

use std::sync::{Arc, LazyLock};

use chrono::NaiveDateTime;

use super::{Account, Permissions, SecretKeys, UserTable};
use crate::{
    clock,
    data::Value,
    database::{Bind, Database, Dialect, Fragment, Loaded, Page, Statement, load},
    errors::{Error, Result},
    fields::{FieldType as _, Kind},
    http::User,
};

/// Django's own table of users.
pub(super) fn usual() -> &'static Arc<UserTable> {
    static USUAL: LazyLock<Arc<UserTable>> = LazyLock::new(Arc::default);
    &USUAL
}

/// Which of an account's secrets is asked for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Secret {
    Password,
    ApiKey,
}

/// What names an account.
#[derive(Debug, Clone)]
pub(super) enum By {
    Username(String),
    Id(i64),
}

/// Runs `work` on a blocking thread, with a connection.
async fn hop<DB: Dialect, T: Send + 'static>(
    database: &Database<DB>,
    work: impl Fn(&mut DB::Connection) -> Result<T> + Send + 'static,
) -> Result<T> {
    let permit = database.permit().await?;
    let database = database.clone();
    tokio::task::spawn_blocking(move || {
        let answer = database.asking(&permit, work);
        // Given back here: should the caller go away, the connection is still in use until now.
        drop(permit);
        answer
    })
    .await
    .map_err(|_| Error::Panicked("the blocking thread ended".to_owned()))?
}

pub(super) async fn account<DB: Dialect>(
    database: &Database<DB>,
    table: &Arc<UserTable>,
    secret: Secret,
    by: By,
) -> Result<Option<Account>> {
    // No name holds one, and PostgreSQL does not take it in a text.
    if matches!(&by, By::Username(name) if name.contains('\0')) {
        return Ok(None);
    }
    let table = Arc::clone(table);
    hop(database, move |connection| {
        select::<DB>(connection, &table, secret, by.clone())
    })
    .await
}

/// Some passwords of the newest accounts, which Django stored last and so with most rounds.
pub(super) async fn newest_passwords<DB: Dialect>(
    database: &Database<DB>,
    table: &Arc<UserTable>,
) -> Result<Vec<String>> {
    let table = Arc::clone(table);
    hop(database, move |connection| {
        let mut fragment = Fragment::new();
        fragment.sql(&format!(
            "SELECT {} FROM {} ORDER BY {} DESC LIMIT 50",
            DB::quote(&table.password),
            table_name::<DB>(&table.table),
            DB::quote(&table.id),
        ));
        let page = rows::<DB>(
            connection,
            fragment,
            vec![column("password", Kind::Text)],
            "loading passwords",
        )?;
        Ok((0..page.len()).map(|row| text(&page, row, 0)).collect())
    })
    .await
}

/// The account that signed in in a session.
pub(super) async fn with_session<DB: Dialect>(
    database: &Database<DB>,
    table: &Arc<UserTable>,
    session_key: &str,
    keys: &Arc<SecretKeys>,
) -> Result<Option<Account>> {
    let (table, keys) = (Arc::clone(table), Arc::clone(keys));
    let session_key = session_key.to_owned();
    hop(database, move |connection| {
        let Some(data) = session_data::<DB>(connection, &table, session_key.clone(), clock::now())?
        else {
            return Ok(None);
        };
        let Some(session) = keys.session(&data) else {
            return Ok(None);
        };
        let by = By::Id(session.user_id);
        let account = select::<DB>(connection, &table, Secret::Password, by)?;
        Ok(account.filter(|account| keys.is_of(&session, &account.secret)))
    })
    .await
}

/// What a session holds, unless it has expired.
fn session_data<DB: Dialect>(
    connection: &mut DB::Connection,
    table: &UserTable,
    session_key: String,
    now: NaiveDateTime,
) -> Result<Option<String>> {
    let mut fragment = Fragment::new();
    fragment
        .sql(&format!(
            "SELECT {}, {} FROM {} WHERE {} = ",
            DB::quote("session_data"),
            DB::quote("expire_date"),
            table_name::<DB>(&table.sessions),
            DB::quote("session_key"),
        ))
        .bind(Bind::Text(session_key));
    let columns = vec![
        column("session_data", Kind::Text),
        column("expire_date", Kind::DateTime),
    ];
    let page = rows::<DB>(connection, fragment, columns, "loading a session")?;
    if page.len() == 0 {
        return Ok(None);
    }
    let expires = NaiveDateTime::from_value(&page.value(0, 1));
    let lives = expires.is_some_and(|expires| expires > now);
    Ok(lives.then(|| text(&page, 0, 0)))
}

/// What a user may do.
pub(super) async fn permissions<DB: Dialect>(
    database: &Database<DB>,
    table: &Arc<UserTable>,
    user: &User,
) -> Result<Permissions> {
    if !user.is_active {
        return Ok(Permissions::none());
    }
    if user.is_superuser {
        return Ok(Permissions::all());
    }
    let (id, table) = (user.id, Arc::clone(table));
    hop(database, move |connection| {
        let columns = vec![
            column("app_label", Kind::Text),
            column("codename", Kind::Text),
        ];
        let statement = permission_statement::<DB>(id, &table);
        let page = rows::<DB>(connection, statement, columns, "loading permissions")?;
        Ok((0..page.len())
            .map(|row| format!("{}.{}", text(&page, row, 0), text(&page, row, 1)))
            .collect())
    })
    .await
}

/// # Compatibility
///
/// `ModelBackend.get_all_permissions`, `django/contrib/auth/backends.py`.
fn permission_statement<DB: Dialect>(user_id: i64, table: &UserTable) -> Fragment {
    let name = DB::quote;
    let of = |table: &str, column: &str| format!("{}.{}", DB::quote(table), DB::quote(column));
    let mut fragment = Fragment::new();
    fragment
        .sql(&format!(
            "SELECT {}, {} FROM {} INNER JOIN {} ON {} = {} WHERE {} IN (SELECT {} FROM {} WHERE {} = ",
            of("django_content_type", "app_label"),
            of("auth_permission", "codename"),
            name("auth_permission"),
            name("django_content_type"),
            of("auth_permission", "content_type_id"),
            of("django_content_type", "id"),
            of("auth_permission", "id"),
            name("permission_id"),
            table_name::<DB>(&table.permissions),
            name(&table.reference),
        ))
        .bind(Bind::Int(user_id))
        .sql(&format!(
            ") OR {} IN (SELECT {} FROM {} WHERE {} IN (SELECT {} FROM {} WHERE {} = ",
            of("auth_permission", "id"),
            name("permission_id"),
            name("auth_group_permissions"),
            name("group_id"),
            name("group_id"),
            table_name::<DB>(&table.groups),
            name(&table.reference),
        ))
        .bind(Bind::Int(user_id))
        .sql("))");
    fragment
}

/// One statement, so that whether there is a key takes no longer to find out than that there is none.
fn select<DB: Dialect>(
    connection: &mut DB::Connection,
    table: &UserTable,
    secret: Secret,
    by: By,
) -> Result<Option<Account>> {
    let users = table_name::<DB>(&table.table);
    let keys = table_name::<DB>(&table.api_keys);
    let of = |table: &str, name: &str| format!("{table}.{}", DB::quote(name));
    let flag = |name: &Option<String>, otherwise: &str| {
        name.as_ref()
            .map_or_else(|| otherwise.to_owned(), |name| of(&users, name))
    };
    let (secret, tables) = match secret {
        Secret::Password => (of(&users, &table.password), users.clone()),
        Secret::ApiKey => {
            let (user_id, id) = (of(&keys, "user_id"), of(&users, &table.id));
            let joined = format!("{users} INNER JOIN {keys} ON {user_id} = {id}");
            (of(&keys, "key"), joined)
        }
    };
    let (key, value) = match by {
        By::Username(name) => (&table.username, Bind::Text(name)),
        By::Id(id) => (&table.id, Bind::Int(id)),
    };
    let names = [
        of(&users, &table.id),
        of(&users, &table.username),
        flag(&table.is_active, "TRUE"),
        flag(&table.is_staff, "FALSE"),
        flag(&table.is_superuser, "FALSE"),
        secret,
    ];
    let mut fragment = Fragment::new();
    fragment
        .sql(&format!(
            "SELECT {} FROM {tables} WHERE {} = ",
            names.join(", "),
            of(&users, key)
        ))
        .bind(value)
        // A name that two have is nobody's.
        .sql(" LIMIT 2");
    let columns = vec![
        column("id", Kind::BigInt),
        column("username", Kind::Text),
        column("is_active", Kind::Bool),
        column("is_staff", Kind::Bool),
        column("is_superuser", Kind::Bool),
        column("secret", Kind::Text),
    ];
    let page = rows::<DB>(connection, fragment, columns, "loading an account")?;
    if page.len() != 1 {
        return Ok(None);
    }
    let flag = |column| matches!(page.value(0, column), Value::Bool(true));
    let Value::Int(id) = page.value(0, 0) else {
        return Err(Error::Column {
            column: "id",
            wanted: "a whole number",
        });
    };
    let mut user = User::new(id, text(&page, 0, 1));
    (user.is_active, user.is_staff, user.is_superuser) = (flag(2), flag(3), flag(4));
    Ok(Some(Account::new(user, text(&page, 0, 5))))
}

fn rows<DB: Dialect>(
    connection: &mut DB::Connection,
    fragment: Fragment,
    columns: Vec<Loaded>,
    doing: &'static str,
) -> Result<Page> {
    load::<DB>(connection, Statement::new(fragment), columns, doing)
}

const fn column(name: &'static str, kind: Kind) -> Loaded {
    Loaded {
        name,
        kind,
        decimal_places: None,
    }
}

fn text(page: &Page, row: usize, column: usize) -> String {
    page.value(row, column)
        .as_str()
        .unwrap_or_default()
        .to_owned()
}

/// A table's name as it stands in SQL; it may have a schema in front.
fn table_name<DB: Dialect>(name: &str) -> String {
    let parts: Vec<String> = name.split('.').map(DB::quote).collect();
    parts.join(".")
}

#[cfg(feature = "sqlite")]
#[cfg(test)]
mod tests {
    use diesel::{SqliteConnection, connection::SimpleConnection as _, sqlite::Sqlite};

    use super::*;
    use crate::django::Accounts as _;

    fn database() -> Database<Sqlite> {
        let database = Database::open(":memory:").unwrap();
        database
            .run(|connection: &mut SqliteConnection| {
                connection
                    .batch_execute(
                        "CREATE TABLE auth_user (id integer PRIMARY KEY, password varchar(128) NOT NULL,
                             is_superuser bool NOT NULL, username varchar(150) NOT NULL UNIQUE,
                             is_staff bool NOT NULL, is_active bool NOT NULL);
                         CREATE TABLE tastypie_apikey (id integer PRIMARY KEY, key varchar(128) NOT NULL,
                             user_id integer NOT NULL UNIQUE);
                         INSERT INTO auth_user VALUES (1, 'p1', 0, 'ada', 0, 1), (3, 'p3', 0, 'chloé', 1, 1),
                             (4, 'p4', 1, 'dmitri', 0, 0), (6, 'p6', 0, 'Ada Two', 0, 1);
                         INSERT INTO tastypie_apikey VALUES (1, 'k1', 1), (2, 'k4', 4);",
                    )
                    .map_err(Error::from)
            })
            .unwrap();
        database
    }

    #[actix_web::test]
    async fn finds_an_account_by_its_exact_name() {
        let database = database();

        let ada = database.with_password("ada").await.unwrap();
        let chloe = database.with_password("chloé").await.unwrap().unwrap();
        let other_case = database.with_password("ADA").await.unwrap();
        let quoted = database.with_password("' OR 1=1 --").await.unwrap();
        let zero = database.with_password("ada\0").await.unwrap();

        assert_eq!(ada, Some(Account::new(User::new(1, "ada"), "p1")));
        assert!(chloe.user.is_staff);
        assert_eq!((other_case, quoted, zero), (None, None, None));
    }

    #[actix_web::test]
    async fn finds_a_key_by_the_name_of_its_account() {
        let database = database();

        let ada = database.with_api_key("ada").await.unwrap();
        let dmitri = database.with_api_key("dmitri").await.unwrap().unwrap();
        let without = database.with_api_key("Ada Two").await.unwrap();
        let nobody = database.with_api_key("nobody").await.unwrap();

        assert_eq!(ada, Some(Account::new(User::new(1, "ada"), "k1")));
        assert_eq!(dmitri.secret, "k4");
        assert!(!dmitri.user.is_active && dmitri.user.is_superuser);
        assert_eq!((without, nobody), (None, None));
    }

    #[actix_web::test]
    async fn samples_the_newest_passwords() {
        assert_eq!(
            database().some_passwords().await.unwrap(),
            ["p6", "p4", "p3", "p1"]
        );
    }
}
