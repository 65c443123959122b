//! `auth_user`, or what stands for it.

use std::{fmt, sync::Arc};

use tastyrs_throttle::BoxFuture;

use super::{
    Account, Accounts, Permissions, SecretKeys,
    lookup::{self, By, Secret},
};
use crate::{
    database::{Database, Dialect},
    errors::Result,
    http::User,
};

/// The names of the table of users, of its columns, and of the tables that refer to it.
///
/// The defaults are those of Django's own `User`. A model of users of one's own has other names:
///
/// ```
/// # use diesel::sqlite::Sqlite;
/// # use tastyrs_core::{Result, api::Api, database::Database};
/// use tastyrs_core::django::UserTable;
///
/// # fn main() -> Result<()> {
/// let database = Database::<Sqlite>::open(":memory:")?;
/// let members = UserTable::new("members_member").username("email").without_is_staff();
/// let api = Api::new("v1").accounts(members.of(database.clone())).database(database);
/// # let _ = api.build()?;
/// # Ok(())
/// # }
/// ```
///
/// # Compatibility
///
/// Django's `AUTH_USER_MODEL` and `USERNAME_FIELD`. Keys of users are whole numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserTable {
    pub(super) table: String,
    pub(super) id: String,
    pub(super) username: String,
    pub(super) password: String,
    pub(super) is_active: Option<String>,
    pub(super) is_staff: Option<String>,
    pub(super) is_superuser: Option<String>,
    pub(super) api_keys: String,
    pub(super) sessions: String,
    pub(super) groups: String,
    pub(super) permissions: String,
    /// The column of the last two that refers to the user.
    pub(super) reference: String,
}

impl Default for UserTable {
    fn default() -> Self {
        Self::new("auth_user")
    }
}

macro_rules! names {
    ($($(#[$doc:meta])* $name:ident => $field:ident = $value:expr;)*) => {
        $(
            $(#[$doc])*
            #[must_use]
            pub fn $name(mut self, name: impl Into<String>) -> Self {
                let name = name.into();
                self.$field = $value(name);
                self
            }
        )*
    };
}

impl UserTable {
    /// A table of users, with Django's columns.
    ///
    /// The tables of its groups and permissions are named as Django names them: those of `members_member` are
    /// `members_member_groups` and `members_member_user_permissions`, and refer to it by `member_id`.
    pub fn new(table: impl Into<String>) -> Self {
        let table = table.into();
        let model = table.rsplit_once('_').map_or(&*table, |(_, model)| model);
        Self {
            id: "id".to_owned(),
            username: "username".to_owned(),
            password: "password".to_owned(),
            is_active: Some("is_active".to_owned()),
            is_staff: Some("is_staff".to_owned()),
            is_superuser: Some("is_superuser".to_owned()),
            api_keys: "tastypie_apikey".to_owned(),
            sessions: "django_session".to_owned(),
            groups: format!("{table}_groups"),
            permissions: format!("{table}_user_permissions"),
            reference: format!("{model}_id"),
            table,
        }
    }

    names! {
        /// Sets the column of the key, which is a whole number.
        id => id = |name| name;
        /// Sets the column of the name by which users sign in, as in `email`.
        username => username = |name| name;
        /// Sets the column of the password, as Django stores it.
        password => password = |name| name;
        /// Sets the column that says who may sign in.
        is_active => is_active = Some;
        /// Sets the column that says who may use the site's administration.
        is_staff => is_staff = Some;
        /// Sets the column that says who may do everything.
        is_superuser => is_superuser = Some;
        /// Sets the table of API keys.
        api_keys => api_keys = |name| name;
        /// Sets the table of sessions.
        sessions => sessions = |name| name;
        /// Sets the table that says which user is in which group.
        user_groups => groups = |name| name;
        /// Sets the table that says which user has which permission.
        user_permissions => permissions = |name| name;
        /// Sets the column by which these two refer to the user.
        reference => reference = |name| name;
    }

    /// Has no column that says who may sign in: everybody may.
    #[must_use]
    pub fn without_is_active(mut self) -> Self {
        self.is_active = None;
        self
    }

    /// Has no column that says who may use the site's administration: nobody may.
    #[must_use]
    pub fn without_is_staff(mut self) -> Self {
        self.is_staff = None;
        self
    }

    /// Has no column that says who may do everything: nobody may.
    #[must_use]
    pub fn without_is_superuser(mut self) -> Self {
        self.is_superuser = None;
        self
    }

    /// The accounts of this table in a database.
    pub fn of<DB: Dialect>(self, database: Database<DB>) -> DjangoAccounts<DB> {
        DjangoAccounts {
            database,
            table: Arc::new(self),
        }
    }
}

/// Accounts in Django's tables, by the names that a [`UserTable`] gives them.
pub struct DjangoAccounts<DB: Dialect> {
    database: Database<DB>,
    table: Arc<UserTable>,
}

impl<DB: Dialect> fmt::Debug for DjangoAccounts<DB> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DjangoAccounts")
            .field("table", &self.table.table)
            .finish_non_exhaustive()
    }
}

/// Looks accounts up in the tables that `$of` finds in an `$accounts`: the database, and the names in it.
macro_rules! accounts {
    ($accounts:ident, $of:expr) => {
        impl<DB: Dialect> Accounts for $accounts<DB> {
            fn with_password<'a>(
                &'a self,
                username: &'a str,
            ) -> BoxFuture<'a, Result<Option<Account>>> {
                let (database, table) = $of(self);
                let by = By::Username(username.to_owned());
                Box::pin(lookup::account(database, table, Secret::Password, by))
            }

            fn with_api_key<'a>(
                &'a self,
                username: &'a str,
            ) -> BoxFuture<'a, Result<Option<Account>>> {
                let (database, table) = $of(self);
                let by = By::Username(username.to_owned());
                Box::pin(lookup::account(database, table, Secret::ApiKey, by))
            }

            fn some_passwords(&self) -> BoxFuture<'_, Result<Vec<String>>> {
                let (database, table) = $of(self);
                Box::pin(lookup::newest_passwords(database, table))
            }

            fn by_id(&self, id: i64) -> BoxFuture<'_, Result<Option<Account>>> {
                let (database, table) = $of(self);
                Box::pin(lookup::account(
                    database,
                    table,
                    Secret::Password,
                    By::Id(id),
                ))
            }

            fn with_session<'a>(
                &'a self,
                session_key: &'a str,
                keys: &'a Arc<SecretKeys>,
            ) -> BoxFuture<'a, Result<Option<Account>>> {
                let (database, table) = $of(self);
                Box::pin(lookup::with_session(database, table, session_key, keys))
            }

            fn permissions<'a>(&'a self, user: &'a User) -> BoxFuture<'a, Result<Permissions>> {
                let (database, table) = $of(self);
                Box::pin(lookup::permissions(database, table, user))
            }
        }
    };
}

accounts!(DjangoAccounts, DjangoAccounts::tables);
accounts!(Database, usual_tables);

impl<DB: Dialect> DjangoAccounts<DB> {
    fn tables(&self) -> (&Database<DB>, &Arc<UserTable>) {
        (&self.database, &self.table)
    }
}

fn usual_tables<DB: Dialect>(database: &Database<DB>) -> (&Database<DB>, &Arc<UserTable>) {
    (database, lookup::usual())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_beside_it_are_named_as_django_names_them() {
        let usual = UserTable::default();
        let own = UserTable::new("crm_staff_member");

        assert_eq!(usual.groups, "auth_user_groups");
        assert_eq!(usual.permissions, "auth_user_user_permissions");
        assert_eq!(usual.reference, "user_id");
        assert_eq!(own.groups, "crm_staff_member_groups");
        assert_eq!(own.reference, "member_id");
    }
}
