//! Who has an account, and what proves it.

use std::{fmt, future, sync::Arc};

use tastyrs_throttle::BoxFuture;

use super::{Permissions, SecretKeys};
use crate::{errors::Result, http::User};

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
/// A [`Database`](crate::database::Database) does it in Django's tables, `auth_user`, `tastypie_apikey` and
/// `django_session`, on a blocking thread; a [`UserTable`](super::UserTable) in tables of other names. What is not
/// written of one's own knows nobody, and permits nothing.
pub trait Accounts: fmt::Debug + Send + Sync + 'static {
    /// The account of this name with its password, as it is stored.
    ///
    /// # Errors
    ///
    /// [`Error::Busy`](crate::Error::Busy) where no connection is free in time, and [`Error::Database`](crate::Error::Database) where the database fails.
    fn with_password<'a>(&'a self, username: &'a str) -> BoxFuture<'a, Result<Option<Account>>>;

    /// The account of this name with its API key; nothing where it has none.
    ///
    /// # Errors
    ///
    /// [`Error::Busy`](crate::Error::Busy) where no connection is free in time, and [`Error::Database`](crate::Error::Database) where the database fails.
    fn with_api_key<'a>(&'a self, username: &'a str) -> BoxFuture<'a, Result<Option<Account>>>;

    /// Some passwords as they are stored, by which to tell what checking one costs: a name that nobody has must
    /// take as long to refuse.
    ///
    /// # Errors
    ///
    /// [`Error::Busy`](crate::Error::Busy) where no connection is free in time, and [`Error::Database`](crate::Error::Database) where the database fails.
    fn some_passwords(&self) -> BoxFuture<'_, Result<Vec<String>>> {
        Box::pin(future::ready(Ok(Vec::new())))
    }

    /// The account of this key in the table of users, with its password as it is stored.
    ///
    /// # Errors
    ///
    /// As [`with_password`](Self::with_password).
    fn by_id(&self, id: i64) -> BoxFuture<'_, Result<Option<Account>>> {
        let _ = id;
        Box::pin(future::ready(Ok(None)))
    }

    /// The account that signed in in the session of this key, with its password as it is stored: where the session was
    /// signed by one of these keys, has not expired, and the password was not changed since.
    ///
    /// # Errors
    ///
    /// As [`with_password`](Self::with_password).
    fn with_session<'a>(
        &'a self,
        session_key: &'a str,
        keys: &'a Arc<SecretKeys>,
    ) -> BoxFuture<'a, Result<Option<Account>>> {
        let _ = (session_key, keys);
        Box::pin(future::ready(Ok(None)))
    }

    /// What a user may do, by themselves and by their groups.
    ///
    /// # Errors
    ///
    /// As [`with_password`](Self::with_password).
    fn permissions<'a>(&'a self, user: &'a User) -> BoxFuture<'a, Result<Permissions>> {
        let _ = user;
        Box::pin(future::ready(Ok(Permissions::none())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_not_shown() {
        assert!(!format!("{:?}", Account::new(User::new(1, "ada"), "hidden")).contains("hidden"));
    }
}
