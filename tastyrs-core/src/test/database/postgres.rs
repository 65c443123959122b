//! Databases of PostgreSQL.

use diesel::{
    Connection as _, ConnectionResult, PgConnection, connection::SimpleConnection as _, pg::Pg,
};

use super::{Removal, TestDatabase, name};

/// The variable that names a server at which databases may be made, as in
/// `postgres://postgres@127.0.0.1:5432`.
const SERVER: &str = "TASTYRS_TEST_POSTGRES_URL";

/// A connection to a server, from which databases are made and dropped.
fn admin(server: &str) -> ConnectionResult<PgConnection> {
    PgConnection::establish(&format!("{server}/postgres"))
}

impl TestDatabase<Pg> {
    /// An empty database in UTF-8 at the server that `TASTYRS_TEST_POSTGRES_URL` names; without that variable
    /// nothing, so that the test can be skipped.
    ///
    /// # Panics
    ///
    /// Where the server does not answer, or lets nobody make a database.
    #[track_caller]
    pub fn at_server() -> Option<Self> {
        let server = std::env::var(SERVER).ok()?;
        let server = server.trim_end_matches('/').to_owned();
        let name = name();
        let made = admin(&server).map(|mut admin| {
            admin.batch_execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"))?;
            admin.batch_execute(&format!(
                "CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C.UTF-8'"
            ))
        });
        match made {
            Ok(Ok(())) => Some(Self::at(
                format!("{server}/{name}"),
                Removal::new(move || {
                    // What cannot be removed harms nobody, and the test has its verdict.
                    let _ = admin(&server).map(|mut admin| {
                        admin.batch_execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
                    });
                }),
            )),
            Ok(Err(error)) => panic!("no database can be made at {SERVER}: {error}"),
            Err(error) => panic!("{SERVER} does not answer: {error}"),
        }
    }
}
