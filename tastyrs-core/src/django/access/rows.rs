//! The statements that write, read and delete rows of `tastypie_apiaccess`.

use tastyrs_throttle::{AccessRow, Recorded};

use super::TABLE;
use crate::{
    data::Value,
    database::{Bind, Database, Dialect, Fragment, Loaded, Page, Statement, load},
    errors::{Error, Result},
    fields::Kind,
};

/// How many rows are read at once; the longest are 3 KiB.
const PAGE: i64 = 2_000;
/// How many rows are looked at to tell when a place of the table was written.
const LOOK: i64 = 1_000;
/// How far the clocks of those who write may be apart, or be set back, in seconds.
pub(super) const SLACK_SECS: i64 = 3_600;

pub(super) const ID: Loaded = column("id", Kind::BigInt);
pub(super) const IDENTIFIER: Loaded = column("identifier", Kind::Text);
pub(super) const URL: Loaded = column("url", Kind::Text);
pub(super) const ACCESSED: Loaded = column("accessed", Kind::BigInt);

pub(super) const fn column(name: &'static str, kind: Kind) -> Loaded {
    Loaded {
        name,
        kind,
        decimal_places: None,
    }
}

/// Makes the table where it is missing.
pub(super) fn create<DB: Dialect>(connection: &mut DB::Connection) -> Result<()> {
    diesel::connection::SimpleConnection::batch_execute(connection, DB::create_access_table())
        .map_err(Error::database("creating `tastypie_apiaccess`"))
}

/// Inserts rows in one statement.
pub(super) fn insert<DB: Dialect>(
    connection: &mut DB::Connection,
    rows: &[AccessRow],
) -> Result<()> {
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
    for (position, row) in rows.iter().enumerate() {
        statement.sql(if position > 0 { ", (" } else { "(" });
        for text in [&row.identifier, &row.url, &row.request_method] {
            statement.bind(Bind::Text(text.clone())).sql(", ");
        }
        statement.bind(Bind::Int(row.accessed_secs)).sql(")");
    }
    execute::<DB>(connection, &statement, "writing accesses").map(drop)
}

pub(super) fn execute<DB: Dialect>(
    connection: &mut DB::Connection,
    statement: &Fragment,
    doing: &'static str,
) -> Result<usize> {
    diesel::connection::Connection::execute_returning_count(connection, statement)
        .map_err(Error::database(doing))
}

/// Runs a query whose values stand in these columns.
pub(super) fn select<DB: Dialect>(
    database: &Database<DB>,
    query: &Fragment,
    columns: &[Loaded],
) -> Result<Page> {
    let permit = database.wait_for_permit()?;
    database.asking(&permit, |connection| {
        load::<DB>(
            connection,
            Statement::new(query.clone()),
            columns,
            "reading accesses",
        )
    })
}

pub(super) fn whole(page: &Page, row: usize, column: usize) -> i64 {
    match page.value(row, column) {
        Value::Int(number) => number,
        _ => 0,
    }
}

/// Shows `each` the rows at or after a second, oldest first and a page at a time.
pub(super) fn since<DB: Dialect>(
    database: &Database<DB>,
    since_secs: i64,
    mut each: impl FnMut(Recorded<'_>),
) -> Result<()> {
    let Some(mut from) = first_at(database, since_secs.saturating_sub(SLACK_SECS))? else {
        return Ok(());
    };
    loop {
        let mut query = Fragment::new();
        query
            .sql(&format!(
                "SELECT {id}, {identifier}, {url}, {accessed} FROM {table} WHERE {id} >= ",
                id = DB::quote("id"),
                identifier = DB::quote("identifier"),
                url = DB::quote("url"),
                accessed = DB::quote("accessed"),
                table = DB::quote(TABLE),
            ))
            .bind(Bind::Int(from))
            .sql(&format!(" AND {} >= ", DB::quote("accessed")))
            .bind(Bind::Int(since_secs))
            .sql(&format!(" ORDER BY {} LIMIT {PAGE}", DB::quote("id")));
        let page = select(database, &query, &[ID, IDENTIFIER, URL, ACCESSED])?;
        let Some(last) = page.len().checked_sub(1) else {
            return Ok(());
        };
        for row in 0..=last {
            let (identifier, url) = (page.value(row, 1), page.value(row, 2));
            each(Recorded::new(
                identifier.as_str().unwrap_or_default(),
                url.as_str().unwrap_or_default(),
                whole(&page, row, 3),
            ));
        }
        from = whole(&page, last, 0).saturating_add(1);
    }
}

/// A key from which on all rows stand that were written at or after a second, and few others; nothing where there are
/// no rows at all.
///
/// It takes rows to be in the order of time. Where a few thousand are not, as after a clock that was set wrong for a
/// while, it does not notice; so whoever asks goes back a little further than need be.
pub(super) fn first_at<DB: Dialect>(database: &Database<DB>, secs: i64) -> Result<Option<i64>> {
    let (id, table) = (DB::quote("id"), DB::quote(TABLE));
    let mut ends = Fragment::new();
    // Each by itself, since SQLite finds but one end by the key.
    ends.sql(&format!(
        "SELECT (SELECT min({id}) FROM {table}), (SELECT max({id}) FROM {table})"
    ));
    let page = select(database, &ends, &[ID, ID])?;
    if page.len() == 0 || matches!(page.value(0, 0), Value::Null) {
        return Ok(None);
    }
    let (mut low, mut high) = (whole(&page, 0, 0), whole(&page, 0, 1));
    while low < high {
        let middle = low + (high - low) / 2;
        if newest_from(database, middle)? >= secs {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    Ok(Some(low))
}

/// When the newest of the rows behind a key was written.
fn newest_from<DB: Dialect>(database: &Database<DB>, from: i64) -> Result<i64> {
    let (id, accessed) = (DB::quote("id"), DB::quote("accessed"));
    let mut query = Fragment::new();
    query
        .sql(&format!(
            "SELECT max({accessed}) FROM (SELECT {accessed} FROM {} WHERE {id} >= ",
            DB::quote(TABLE)
        ))
        .bind(Bind::Int(from))
        .sql(&format!(" ORDER BY {id} LIMIT {LOOK}) AS looked"));
    let page = select(database, &query, &[ACCESSED])?;
    Ok(match page.value(0, 0) {
        Value::Int(secs) => secs,
        _ => i64::MIN,
    })
}
