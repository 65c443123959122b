//! `tastypie_apikey`.

use std::fmt;

use diesel::Connection;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha1::Sha1;

use super::hex;
use crate::{
    clock,
    database::{Bind, Dialect, Fragment},
    errors::{Error, Result},
    fields::Kind,
};

/// The key by which a user calls.
///
/// # Compatibility
///
/// `ApiKey`, `models.py:29`.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ApiKey {
    /// The key of the user's row.
    pub user_id: i64,
    /// What they send.
    pub key: String,
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiKey")
            .field("user_id", &self.user_id)
            .finish_non_exhaustive()
    }
}

impl ApiKey {
    /// Makes a key that nobody else has: 40 digits.
    ///
    /// # Errors
    ///
    /// [`Error::Unreachable`] where the system has no random numbers.
    ///
    /// # Examples
    ///
    /// ```
    /// use tastyrs_core::django::ApiKey;
    ///
    /// assert_eq!(ApiKey::generate_key()?.len(), 40);
    /// # Ok::<(), tastyrs_core::Error>(())
    /// ```
    ///
    /// # Compatibility
    ///
    /// `ApiKey.generate_key`, `models.py:43`: the HMAC with SHA-1 of a random UUID.
    pub fn generate_key() -> Result<String> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes).map_err(|error| {
            Error::Unreachable(format!("the source of random numbers: {error}"))
        })?;
        Ok(key_of(uuid::Builder::from_random_bytes(bytes).into_uuid()))
    }

    /// Makes a key for a user and stores it in `tastypie_apikey`.
    ///
    /// # Errors
    ///
    /// [`Error::Database`] where the user has one already, or where the database fails.
    ///
    /// # Compatibility
    ///
    /// `ApiKey.objects.create(user=user)`, and so `create_api_key`, `models.py:53`.
    pub fn create_for<C>(connection: &mut C, user_id: i64) -> Result<Self>
    where
        C: Connection<Backend: Dialect<Connection = C>>,
    {
        let key = Self::generate_key()?;
        insert::<C::Backend>(connection, user_id, &key)?;
        Ok(Self { user_id, key })
    }
}

fn key_of(uuid: uuid::Uuid) -> String {
    let mac = Hmac::<Sha1>::new_from_slice(uuid.as_bytes()).expect("a key of any length will do");
    hex(&mac.finalize().into_bytes())
}

fn insert<DB: Dialect>(connection: &mut DB::Connection, user_id: i64, key: &str) -> Result<()> {
    let columns = ["user_id", "key", "created"].map(DB::quote).join(", ");
    let table = DB::quote("tastypie_apikey");
    let mut statement = Fragment::new();
    statement
        .sql(&format!("INSERT INTO {table} ({columns}) VALUES ("))
        .bind(Bind::Int(user_id))
        .sql(", ")
        .bind(Bind::Text(key.to_owned()))
        .sql(", ")
        .bind(DB::stored(Bind::DateTime(clock::now()), Kind::DateTime))
        .sql(")");
    Connection::execute_returning_count(connection, &statement)
        .map(|_| ())
        .map_err(Error::database("storing an API key"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_made_as_tastypie_makes_it() {
        // By `hmac.new(uuid.UUID(int=1).bytes, digestmod=hashlib.sha1).hexdigest()`.
        let one = uuid::Uuid::from_u128(1);

        assert_eq!(key_of(one), "5f4505088c569a01af7fc9ff3d848f51db1c88e0");
        assert_ne!(
            ApiKey::generate_key().unwrap(),
            ApiKey::generate_key().unwrap()
        );
    }

    #[cfg(feature = "sqlite")]
    #[test]
    fn a_user_has_one_key() {
        use diesel::connection::SimpleConnection as _;

        let database =
            crate::database::Database::<diesel::sqlite::Sqlite>::open(":memory:").unwrap();
        let created = database.run(|db| {
            db.batch_execute(
                "CREATE TABLE tastypie_apikey (id integer PRIMARY KEY, key varchar(128) NOT NULL,
                     created datetime NOT NULL, user_id integer NOT NULL UNIQUE);",
            )?;
            let created = ApiKey::create_for(db, 7)?;
            assert!(matches!(
                ApiKey::create_for(db, 7),
                Err(Error::Database { .. })
            ));
            Ok(created)
        });

        let created = created.unwrap();
        assert_eq!((created.user_id, created.key.len()), (7, 40));
        assert!(!format!("{created:?}").contains(&created.key));
    }
}
