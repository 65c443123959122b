//! `auth_user` and `tastypie_apikey`: who has an account, and the secret that proves it.

use std::{fmt, future};

use tastyrs_throttle::BoxFuture;

use crate::{
    data::Value,
    database::{Bind, Database, Dialect, Fragment, Loaded, Statement, load},
    errors::{Error, Result},
    fields::Kind,
    http::User,
};

/// Whoever has an account, with the secret that proves it.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Account {
    /// Who it is.
    pub user: User,
    /// The password as it is stored, or the API key.
    pub secret: String,
}

impl Account {
    /// An account.
    pub fn new(user: User, secret: impl Into<String>) -> Self {
        Self {
            user,
            secret: secret.into(),
        }
    }
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account")
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}

/// Where accounts are looked up.
///
/// A [`Database`] does it in Django's tables, `auth_user` and `tastypie_apikey`, on a blocking thread.
pub trait Accounts: fmt::Debug + Send + Sync + 'static {
    /// The account of this name with its password, as it is stored.
    ///
    /// # Errors
    ///
    /// [`Error::Busy`] where no connection is free in time, and [`Error::Database`] where the database fails.
    fn with_password<'a>(&'a self, username: &'a str) -> BoxFuture<'a, Result<Option<Account>>>;

    /// The account of this name with its API key; nothing where it has none.
    ///
    /// # Errors
    ///
    /// [`Error::Busy`] where no connection is free in time, and [`Error::Database`] where the database fails.
    fn with_api_key<'a>(&'a self, username: &'a str) -> BoxFuture<'a, Result<Option<Account>>>;

    /// Some passwords as they are stored, by which to tell what checking one costs: a name that nobody has must
    /// take as long to refuse.
    ///
    /// # Errors
    ///
    /// [`Error::Busy`] where no connection is free in time, and [`Error::Database`] where the database fails.
    fn some_passwords(&self) -> BoxFuture<'_, Result<Vec<String>>> {
        Box::pin(future::ready(Ok(Vec::new())))
    }
}

impl<DB: Dialect> Accounts for Database<DB> {
    fn with_password<'a>(&'a self, username: &'a str) -> BoxFuture<'a, Result<Option<Account>>> {
        Box::pin(find(self, username, Secret::Password))
    }

    fn with_api_key<'a>(&'a self, username: &'a str) -> BoxFuture<'a, Result<Option<Account>>> {
        Box::pin(find(self, username, Secret::ApiKey))
    }

    fn some_passwords(&self) -> BoxFuture<'_, Result<Vec<String>>> {
        Box::pin(hop(self, newest_passwords::<DB>))
    }
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

#[derive(Debug, Clone, Copy)]
enum Secret {
    Password,
    ApiKey,
}

async fn find<DB: Dialect>(
    database: &Database<DB>,
    username: &str,
    secret: Secret,
) -> Result<Option<Account>> {
    // No name holds one, and PostgreSQL does not take it in a text.
    if username.contains('\0') {
        return Ok(None);
    }
    let username = username.to_owned();
    hop(database, move |connection| {
        select::<DB>(connection, username.clone(), secret)
    })
    .await
}

const fn column(name: &'static str, kind: Kind) -> Loaded {
    Loaded {
        name,
        kind,
        decimal_places: None,
    }
}

fn select<DB: Dialect>(
    connection: &mut DB::Connection,
    username: String,
    secret: Secret,
) -> Result<Option<Account>> {
    let secret_name = match secret {
        Secret::Password => "password",
        Secret::ApiKey => "key",
    };
    let columns = vec![
        column("id", Kind::BigInt),
        column("username", Kind::Text),
        column("is_active", Kind::Bool),
        column("is_staff", Kind::Bool),
        column("is_superuser", Kind::Bool),
        column(secret_name, Kind::Text),
    ];
    let page = load::<DB>(
        connection,
        statement::<DB>(username, secret, &columns),
        columns,
        "loading an account",
    )?;
    if page.len() == 0 {
        return Ok(None);
    }
    let flag = |column| matches!(page.value(0, column), Value::Bool(true));
    let text = |column| {
        page.value(0, column)
            .as_str()
            .unwrap_or_default()
            .to_owned()
    };
    let Value::Int(id) = page.value(0, 0) else {
        return Err(Error::Column {
            column: "id",
            wanted: "a whole number",
        });
    };
    let mut user = User::new(id, text(1));
    (user.is_active, user.is_staff, user.is_superuser) = (flag(2), flag(3), flag(4));
    Ok(Some(Account::new(user, text(5))))
}

/// One statement, so that whether there is a key takes no longer to find out than that there is none.
fn statement<DB: Dialect>(username: String, secret: Secret, columns: &[Loaded]) -> Statement<DB> {
    let (users, keys) = (DB::quote("auth_user"), DB::quote("tastypie_apikey"));
    let of = |table: &str, name: &str| format!("{table}.{}", DB::quote(name));
    let mut names: Vec<String> = columns
        .iter()
        .map(|column| of(&users, column.name))
        .collect();
    let tables = match secret {
        Secret::Password => users.clone(),
        Secret::ApiKey => {
            names[columns.len() - 1] = of(&keys, "key");
            let (user_id, id) = (of(&keys, "user_id"), of(&users, "id"));
            format!("{users} INNER JOIN {keys} ON {user_id} = {id}")
        }
    };
    let mut fragment = Fragment::new();
    fragment
        .sql(&format!(
            "SELECT {} FROM {tables} WHERE {} = ",
            names.join(", "),
            of(&users, "username")
        ))
        .bind(Bind::Text(username));
    Statement::new(fragment)
}

/// Those of the newest accounts, which Django stored last and so with most rounds.
fn newest_passwords<DB: Dialect>(connection: &mut DB::Connection) -> Result<Vec<String>> {
    let password = DB::quote("password");
    let mut fragment = Fragment::new();
    fragment.sql(&format!(
        "SELECT {password} FROM {} ORDER BY {} DESC LIMIT 50",
        DB::quote("auth_user"),
        DB::quote("id")
    ));
    let columns = vec![column("password", Kind::Text)];
    let page = load::<DB>(
        connection,
        Statement::new(fragment),
        columns,
        "loading passwords",
    )?;
    Ok((0..page.len())
        .filter_map(|row| page.value(row, 0).as_str().map(ToOwned::to_owned))
        .collect())
}

#[cfg(feature = "sqlite")]
#[cfg(test)]
mod tests {
    use diesel::{SqliteConnection, connection::SimpleConnection as _, sqlite::Sqlite};

    use super::*;

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

    #[test]
    fn a_secret_is_not_shown() {
        assert!(!format!("{:?}", Account::new(User::new(1, "ada"), "hidden")).contains("hidden"));
    }
}
