//! `tastypie_apiaccess`: who called what, and when.

use tastyrs_throttle::{AccessLog, AccessRow, BoxFuture, Error, Result};

use crate::{
    data::Value,
    database::{Bind, Database, Dialect, Fragment, Loaded, Statement, load},
    errors,
    fields::Kind,
};

const TABLE: &str = "tastypie_apiaccess";

/// The access log of throttles that write their accesses down.
///
/// # Compatibility
///
/// `ApiAccess`, `models.py:10`; the table is created where it is missing.
#[derive(Debug)]
pub struct AccessTable<DB: Dialect> {
    database: Database<DB>,
}

impl<DB: Dialect> AccessTable<DB> {
    /// The table in this database.
    pub fn new(database: Database<DB>) -> Self {
        Self { database }
    }
}

/// What the table's failures are to a throttle.
fn failed(doing: &'static str) -> impl FnOnce(errors::Error) -> Error {
    move |error| Error::access_log(doing, error)
}

impl<DB: Dialect> AccessLog for AccessTable<DB> {
    fn record(&self, rows: Vec<AccessRow>) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            let database = self.database.clone();
            let written = match tokio::runtime::Handle::try_current() {
                Ok(runtime) => {
                    let permit = database
                        .permit()
                        .await
                        .map_err(failed("waiting for a connection"))?;
                    let written = runtime.spawn_blocking(move || {
                        database.with(&permit, true, |connection| insert::<DB>(connection, rows))
                    });
                    written.await.unwrap_or_else(|_| {
                        Err(errors::Error::Panicked(
                            "the blocking thread ended".to_owned(),
                        ))
                    })
                }
                // A process that is ending has no runtime any more, and nothing that a wait would delay.
                Err(_) => database.transaction(|connection| insert::<DB>(connection, rows)),
            };
            written.map_err(failed("writing accesses"))
        })
    }

    fn recent(&self, since_secs: i64, prefixes: &[String]) -> Result<Vec<AccessRow>> {
        self.database
            .transaction(|connection| {
                execute::<DB>(
                    connection,
                    DB::create_access_table(),
                    "creating `tastypie_apiaccess`",
                )?;
                select::<DB>(connection, since_secs, prefixes)
            })
            .map_err(failed("reading accesses"))
    }
}

fn execute<DB: Dialect>(
    connection: &mut DB::Connection,
    sql: &str,
    doing: &'static str,
) -> errors::Result<()> {
    diesel::connection::SimpleConnection::batch_execute(connection, sql)
        .map_err(errors::Error::database(doing))
}

fn insert<DB: Dialect>(
    connection: &mut DB::Connection,
    rows: Vec<AccessRow>,
) -> errors::Result<()> {
    let columns = ["identifier", "url", "request_method", "accessed"]
        .map(DB::quote)
        .join(", ");
    let mut statement = Fragment::new();
    statement.sql(&format!(
        "INSERT INTO {} ({columns}) VALUES ",
        DB::quote(TABLE)
    ));
    if rows.len() > 8 {
        statement.uncached();
    }
    for (position, row) in rows.into_iter().enumerate() {
        statement.sql(if position > 0 { ", (" } else { "(" });
        statement
            .bind(Bind::Text(row.identifier))
            .sql(", ")
            .bind(Bind::Text(row.url))
            .sql(", ");
        statement
            .bind(Bind::Text(row.request_method))
            .sql(", ")
            .bind(Bind::Int(row.accessed_secs))
            .sql(")");
    }
    diesel::connection::Connection::execute_returning_count(connection, &statement)
        .map(|_| ())
        .map_err(errors::Error::database("writing accesses"))
}

fn select<DB: Dialect>(
    connection: &mut DB::Connection,
    since_secs: i64,
    prefixes: &[String],
) -> errors::Result<Vec<AccessRow>> {
    let column = |name, kind| Loaded {
        name,
        kind,
        decimal_places: None,
    };
    let columns = vec![
        column("identifier", Kind::Text),
        column("url", Kind::Text),
        column("request_method", Kind::Text),
        column("accessed", Kind::BigInt),
    ];
    let names: Vec<String> = columns
        .iter()
        .map(|column| DB::quote(column.name))
        .collect();
    let mut statement = Fragment::new();
    statement.sql(&format!(
        "SELECT {} FROM {} WHERE {} >= ",
        names.join(", "),
        DB::quote(TABLE),
        names[3]
    ));
    statement
        .bind(Bind::Int(since_secs))
        .sql(&format!(" ORDER BY {}", names[3]));
    let page = load::<DB>(
        connection,
        Statement::new(statement),
        columns,
        "reading accesses",
    )?;
    let text = |row, column| {
        page.value(row, column)
            .as_str()
            .unwrap_or_default()
            .to_owned()
    };
    Ok((0..page.len())
        .map(|row| AccessRow {
            identifier: text(row, 0),
            url: text(row, 1),
            request_method: text(row, 2),
            accessed_secs: match page.value(row, 3) {
                Value::Int(secs) => secs,
                _ => 0,
            },
        })
        // An address is known from the API's name on; what stands in front of it is the mount's.
        .filter(|row| {
            let path = row.url.split('?').next().unwrap_or_default();
            prefixes.iter().any(|prefix| path.contains(prefix.as_str()))
        })
        .collect())
}
