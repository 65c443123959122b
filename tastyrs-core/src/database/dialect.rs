//! What differs between the databases.

use std::{fmt, sync::Arc};

use chrono::{NaiveDate, NaiveDateTime, NaiveTime};
use diesel::{
    QueryResult,
    backend::Backend,
    connection::{DefaultLoadingMode, LoadConnection},
    query_builder::{AstPass, QueryFragment},
    r2d2::R2D2Connection,
    row::Row as _,
};
use uuid::Uuid;

use super::{Cell, DatabaseOptions, Fragment, Loaded, Page, Statement};
use crate::{
    errors::{Error, Result},
    fields::Kind,
    queries::{Lookup, Part},
};

/// A value bound in a statement.
#[derive(Debug, Clone, PartialEq)]
pub enum Bind {
    /// A whole number.
    Int(i64),
    /// A truth value.
    Bool(bool),
    /// A floating point number.
    Float(f64),
    /// Text, and on SQLite all that it keeps as text.
    Text(String),
    /// A decimal number.
    Decimal(bigdecimal::BigDecimal),
    /// A day.
    Date(NaiveDate),
    /// A time of day.
    Time(NaiveTime),
    /// A moment.
    DateTime(NaiveDateTime),
    /// A UUID.
    Uuid(Uuid),
    /// Bytes.
    Bytes(Vec<u8>),
}

/// A database that resources can be kept in.
///
/// Implemented for Diesel's `Sqlite` and, with the feature `postgres`, for its `Pg`; nobody else
/// implements it.
#[diagnostic::on_unimplemented(
    message = "tastyrs does not know the backend `{Self}`",
    note = "backends are Diesel's `Sqlite`, and `Pg` with the feature `postgres`"
)]
pub trait Dialect: Backend + Sized + Send + Sync + 'static {
    /// Diesel's connection to it.
    type Connection: LoadConnection<Backend = Self> + R2D2Connection + 'static;

    /// Whether `name` is a server's address rather than a file.
    #[doc(hidden)]
    fn is_remote() -> bool;
    /// What each new connection is told.
    #[doc(hidden)]
    fn prepare(connection: &mut Self::Connection, options: &DatabaseOptions) -> QueryResult<()>;
    /// The address by which connections are made.
    #[doc(hidden)]
    fn address(url: &str) -> String;
    /// Whether the connection still stands, as far as can be told without asking the other side.
    #[doc(hidden)]
    fn is_alive(connection: &mut Self::Connection) -> bool;
    /// Whether a transaction sees one state of the database, so that what only reads wants one.
    #[doc(hidden)]
    fn reads_in_transactions() -> bool;
    /// Begins a transaction that sees one state of the database until it ends, unless writers would have to wait for it.
    #[doc(hidden)]
    fn begin_snapshot(connection: &mut Self::Connection) -> QueryResult<bool>;
    /// Whether nulls come before all else in ascending order.
    #[doc(hidden)]
    fn nulls_first() -> bool;
    /// What stands between two values that are the same, nulls too.
    #[doc(hidden)]
    fn is_same() -> &'static str;
    /// Readies a connection on which a thread reads that must not be held up; whether it can be had at all.
    #[doc(hidden)]
    fn prepare_to_read_here(connection: &mut Self::Connection) -> QueryResult<bool> {
        let _ = connection;
        Ok(false)
    }
    /// A number that is another once any other connection has written.
    #[doc(hidden)]
    fn version(connection: &mut Self::Connection) -> QueryResult<i64> {
        let _ = connection;
        Err(diesel::result::Error::NotFound)
    }
    /// Begins a transaction that is right for reading or for writing.
    #[doc(hidden)]
    fn begin(connection: &mut Self::Connection, writes: bool) -> QueryResult<()>;
    #[doc(hidden)]
    fn push_bind<'b>(out: &mut AstPass<'_, 'b, Self>, value: &'b Bind) -> QueryResult<()>;
    /// A statement as text, its values as placeholders.
    #[doc(hidden)]
    fn sql_of(fragment: &dyn QueryFragment<Self>) -> String;
    /// Writes a statement with its bound values, as text that tells it from every other one.
    #[doc(hidden)]
    fn write_statement(statement: &Statement<Self>, out: &mut dyn fmt::Write) -> fmt::Result;
    /// What tells one state of a server from another that may show other rows, as an expression in SQL; nothing where a
    /// thread can tell by itself, by [`version`](Self::version).
    #[doc(hidden)]
    fn snapshot() -> Option<&'static str>;
    /// About how many rows a list has, which is all of its table or a part of it; nothing where the database has no
    /// guess. The table stands as in SQL.
    #[doc(hidden)]
    fn estimated(
        connection: &mut Self::Connection,
        table: &str,
        is_whole: bool,
        list: Statement<Self>,
    ) -> Result<Option<u64>>;
    /// A name as it stands in SQL.
    #[doc(hidden)]
    fn quote(name: &str) -> String;
    /// How a value that is compared with a column of this kind is bound.
    #[doc(hidden)]
    fn stored(value: Bind, kind: Kind) -> Bind;
    /// The forms in which it may keep a UUID.
    #[doc(hidden)]
    fn uuid_forms(uuid: Uuid) -> Vec<Bind>;
    /// Reads a value of a row, which is not null.
    #[doc(hidden)]
    fn read(
        field: <Self as Backend>::RawValue<'_>,
        column: Loaded,
        page: &mut Page,
    ) -> Result<Cell>;
    /// A column as the text in which patterns search.
    #[doc(hidden)]
    fn as_text(column: &str, kind: Kind) -> String;
    /// The comparison of a column's text with a pattern: what stands before the pattern, and behind it.
    #[doc(hidden)]
    fn pattern(lookup: Lookup, column: &str) -> (String, &'static str);
    /// Whether a column's text matches a regular expression.
    #[doc(hidden)]
    fn matches(column: &str, case_insensitive: bool, pattern: &str) -> Fragment;
    /// A part of a moment as a whole number, or as a day or time.
    #[doc(hidden)]
    fn part(part: Part, column: &str, kind: Kind) -> String;
    /// The least and greatest whole number that a column of this kind can hold.
    #[doc(hidden)]
    fn integer_range(kind: Kind) -> (i64, i64);
    /// Whether a column of floating point numbers can hold infinities and what is no number.
    #[doc(hidden)]
    fn holds_not_finite() -> bool;
    /// Whether text can hold the character NUL.
    #[doc(hidden)]
    fn holds_nul() -> bool;
    /// Whether it refuses text that is longer than its column.
    #[doc(hidden)]
    fn limits_text() -> bool;
    /// The second in which the month began, in UTC, that a second of a column lies in.
    #[doc(hidden)]
    fn month_start(seconds: &str) -> String;
    /// Creates `tastypie_apiaccess` where it is missing.
    #[doc(hidden)]
    fn create_access_table() -> &'static str;
    /// The references of a table that it checks without saying which one a row breaks: the column, the other table and
    /// its column. The table stands as in SQL, the rest are plain names.
    #[doc(hidden)]
    fn references(
        connection: &mut Self::Connection,
        table: &str,
    ) -> QueryResult<Vec<(String, String, String)>>;
    /// The columns of a table whose values must differ from row to row, by themselves or with others; nothing where that
    /// may be any. The table stands as in SQL, the columns are plain names.
    #[doc(hidden)]
    fn unique_columns(
        connection: &mut Self::Connection,
        table: &str,
    ) -> QueryResult<Option<Vec<String>>>;
    /// Whether a table has triggers or rules that may do something else in place of what a statement says, or is none. The
    /// table stands as in SQL.
    #[doc(hidden)]
    fn diverts(connection: &mut Self::Connection, table: &str) -> QueryResult<bool>;
    /// Refuses a regular expression that is wrong or may run for ever.
    #[doc(hidden)]
    fn check_pattern(pattern: &str) -> Result<()>;
}

/// The SQL of a fragment without bound values.
pub(super) fn plain_sql<DB>(fragment: &dyn QueryFragment<DB>, backend: &DB) -> String
where
    DB: Dialect,
    DB::QueryBuilder: Default,
{
    let mut builder = DB::QueryBuilder::default();
    fragment
        .to_sql(&mut builder, backend)
        .expect("the name of a table has no values that could fail");
    diesel::query_builder::QueryBuilder::<DB>::finish(builder)
}

/// A statement with its bound values.
pub(super) fn written<DB>(statement: &Statement<DB>, out: &mut dyn fmt::Write) -> fmt::Result
where
    DB: Dialect + Default,
    DB::QueryBuilder: Default,
{
    write!(out, "{}", diesel::debug_query::<DB, _>(statement))
}

/// A name between quotes of the database.
pub(super) fn quoted(name: &str, quote: char) -> String {
    let doubled: String = name
        .chars()
        .flat_map(|c| std::iter::repeat_n(c, 1 + usize::from(c == quote)))
        .collect();
    format!("{quote}{doubled}{quote}")
}

/// Runs a statement and keeps its rows.
pub(crate) fn load<DB: Dialect>(
    connection: &mut DB::Connection,
    statement: Statement<DB>,
    columns: impl Into<Arc<[Loaded]>>,
    doing: &'static str,
) -> Result<Page> {
    load_rows::<DB>(connection, statement, &columns.into(), doing)
}

fn load_rows<DB: Dialect>(
    connection: &mut DB::Connection,
    statement: Statement<DB>,
    columns: &Arc<[Loaded]>,
    doing: &'static str,
) -> Result<Page> {
    let expected = statement.most_rows();
    let mut page = Page::new(Arc::clone(columns));
    let rows = LoadConnection::<DefaultLoadingMode>::load(connection, statement)
        .map_err(Error::database(doing))?;
    for row in rows {
        let row = row.map_err(Error::database(doing))?;
        for (place, column) in columns.iter().enumerate() {
            let cell = match row.get(place).as_ref().map(diesel::row::Field::value) {
                Some(Some(value)) => DB::read(value, *column, &mut page)?,
                Some(None) => Cell::Null,
                None => {
                    return Err(Error::Column {
                        column: column.name,
                        wanted: "a column of the answer",
                    });
                }
            };
            page.push(cell);
        }
        if page.len() == 1 && expected > 2 {
            page.expect(expected - 1);
        }
    }
    Ok(page)
}
