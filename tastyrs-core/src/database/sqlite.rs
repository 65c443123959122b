//! SQLite: embedded, with times kept as text the way Django keeps them.

use std::fmt;

use chrono::{NaiveDate, NaiveTime};
use diesel::{
    QueryResult, RunQueryDsl as _, SqliteConnection,
    connection::{
        AnsiTransactionManager, DefaultLoadingMode, LoadConnection, SimpleConnection,
        TransactionManager as _,
    },
    dsl,
    query_builder::{AstPass, QueryFragment},
    row::{Field, Row as _},
    sql_types as sql,
    sqlite::{Sqlite, SqliteType},
};
use uuid::Uuid;

use super::{
    Bind, Cell, DatabaseOptions, Dialect, Fragment, Lent, Loaded, Statement, decimal,
    dialect::{plain_sql, quoted, written},
};
use crate::{
    data::stored_datetime,
    errors::Result,
    fields::Kind,
    queries::{Lookup, Part, check_regular_expression, matches},
};

#[diesel::declare_sql_function]
extern "SQL" {
    /// Whether a text matches a regular expression; a bad one matches nothing.
    fn tastyrs_regexp(
        pattern: sql::Text,
        case_insensitive: sql::Bool,
        value: sql::Nullable<sql::Text>,
    ) -> sql::Bool;
}

fn has_write_ahead_log(connection: &mut SqliteConnection) -> QueryResult<bool> {
    #[derive(diesel::QueryableByName)]
    struct Journal {
        #[diesel(sql_type = sql::Text)]
        journal_mode: String,
    }
    let journal: Journal = diesel::sql_query("PRAGMA journal_mode").get_result(connection)?;
    Ok(journal.journal_mode == "wal")
}

impl Dialect for Sqlite {
    type Connection = SqliteConnection;

    fn is_remote() -> bool {
        false
    }

    fn prepare(connection: &mut SqliteConnection, options: &DatabaseOptions) -> QueryResult<()> {
        connection.batch_execute(
            "PRAGMA busy_timeout=2000; PRAGMA foreign_keys=ON; PRAGMA synchronous=NORMAL;",
        )?;
        if options.write_ahead_log == Some(true) {
            connection.batch_execute("PRAGMA journal_mode=WAL;")?;
        }
        tastyrs_regexp_utils::register_impl(
            connection,
            |pattern: String, case_insensitive: bool, value: Option<String>| {
                value.is_some_and(|value| matches(&pattern, case_insensitive, &value))
            },
        )
    }

    fn address(url: &str) -> String {
        url.to_owned()
    }

    fn is_alive(_: &mut SqliteConnection) -> bool {
        true
    }

    fn reads_in_transactions() -> bool {
        true
    }

    fn begin_snapshot(connection: &mut SqliteConnection) -> QueryResult<bool> {
        // Without a write-ahead log whoever reads keeps writers out.
        if !has_write_ahead_log(connection)? {
            return Ok(false);
        }
        AnsiTransactionManager::begin_transaction(connection).map(|()| true)
    }

    fn nulls_first() -> bool {
        true
    }

    fn is_same() -> &'static str {
        " IS "
    }

    fn prepare_to_read_here(connection: &mut SqliteConnection) -> QueryResult<bool> {
        connection.batch_execute("PRAGMA busy_timeout=0; PRAGMA query_only=ON;")?;
        has_write_ahead_log(connection)
    }

    fn version(connection: &mut SqliteConnection) -> QueryResult<i64> {
        let mut pragma = Fragment::new();
        pragma.sql("PRAGMA data_version");
        let rows = LoadConnection::<DefaultLoadingMode>::load(connection, Statement::new(pragma))?;
        let mut version = 0;
        for row in rows {
            if let Some(mut value) = row?.get(0).as_ref().and_then(Field::value) {
                version = value.read_long();
            }
        }
        Ok(version)
    }

    fn begin(connection: &mut SqliteConnection, writes: bool) -> QueryResult<()> {
        if writes {
            AnsiTransactionManager::begin_transaction_sql(connection, "BEGIN IMMEDIATE")
        } else {
            AnsiTransactionManager::begin_transaction(connection)
        }
    }

    fn push_bind<'b>(out: &mut AstPass<'_, 'b, Self>, value: &'b Bind) -> QueryResult<()> {
        match value {
            Bind::Int(number) => out.push_bind_param::<sql::BigInt, _>(number),
            Bind::Bool(flag) => out.push_bind_param::<sql::Bool, _>(flag),
            Bind::Float(number) => out.push_bind_param::<sql::Double, _>(number),
            Bind::Text(text) => out.push_bind_param::<sql::Text, _>(text),
            Bind::Bytes(bytes) => out.push_bind_param::<sql::Binary, _>(bytes),
            Bind::Decimal(_)
            | Bind::Date(_)
            | Bind::Time(_)
            | Bind::DateTime(_)
            | Bind::Uuid(_)
            | Bind::Ints(_) => Err(diesel::result::Error::QueryBuilderError(
                "a value that SQLite keeps as text was not made text".into(),
            )),
        }
    }

    fn sql_of(fragment: &dyn QueryFragment<Self>) -> String {
        plain_sql(fragment, &Self)
    }

    fn write_statement(statement: &Statement<Self>, out: &mut dyn fmt::Write) -> fmt::Result {
        written(statement, out)
    }

    fn snapshot() -> Option<&'static str> {
        None
    }

    fn estimated(
        connection: &mut SqliteConnection,
        table: &str,
        is_whole: bool,
        _: Statement<Self>,
    ) -> Result<Option<u64>> {
        #[derive(diesel::QueryableByName)]
        struct Analyzed {
            #[diesel(sql_type = sql::Nullable<sql::BigInt>)]
            rows: Option<i64>,
        }
        if !is_whole {
            return Ok(None);
        }
        let (_, name) = named(table);
        // The first number is that of the rows; a partial index has fewer. Without `ANALYZE` there is no such table.
        let analyzed = diesel::sql_query(
            "SELECT MAX(CAST(stat AS INTEGER)) AS rows FROM sqlite_stat1 WHERE tbl = ?",
        )
        .bind::<sql::Text, _>(name)
        .get_result::<Analyzed>(connection);
        let rows = analyzed.ok().and_then(|analyzed| analyzed.rows);
        Ok(rows.map(i64::unsigned_abs))
    }

    fn quote(name: &str) -> String {
        quoted(name, '`')
    }

    fn stored(value: Bind, _: Kind) -> Bind {
        match value {
            Bind::Decimal(number) => Bind::Text(number.to_plain_string()),
            Bind::Date(day) => Bind::Text(day.format("%Y-%m-%d").to_string()),
            Bind::Time(time) => {
                Bind::Text(time.format(with_fraction("%H:%M:%S", time)).to_string())
            }
            Bind::DateTime(moment) => Bind::Text(
                moment
                    .format(with_fraction("%Y-%m-%d %H:%M:%S", moment.time()))
                    .to_string(),
            ),
            Bind::Uuid(uuid) => Bind::Text(uuid.simple().to_string()),
            other => other,
        }
    }

    fn one_of(numbers: Vec<i64>) -> Fragment {
        let mut array = String::with_capacity(8 * numbers.len());
        for number in numbers {
            array.push(if array.is_empty() { '[' } else { ',' });
            array.push_str(itoa::Buffer::new().format(number));
        }
        array.push(']');
        let mut fragment = Fragment::new();
        fragment.sql(" IN (SELECT value FROM json_each(");
        fragment.bind(Bind::Text(array)).sql("))");
        fragment
    }

    fn uuid_forms(uuid: Uuid) -> Vec<Bind> {
        // Django keeps 32 digits, others the form with hyphens; Diesel keeps the bytes.
        vec![
            Bind::Text(uuid.simple().to_string()),
            Bind::Text(uuid.hyphenated().to_string()),
            Bind::Bytes(uuid.as_bytes().to_vec()),
        ]
    }

    #[inline]
    fn read<T>(
        mut field: <Self as diesel::backend::Backend>::RawValue<'_>,
        column: &Loaded,
        take: impl FnOnce(Lent<'_>) -> T,
    ) -> Result<T> {
        let unreadable = || column.unreadable();
        let digits;
        Ok(take(match column.kind {
            Kind::SmallInt | Kind::Integer | Kind::BigInt => Cell::Int(field.read_long()),
            Kind::Bool => Cell::Bool(field.read_integer() != 0),
            Kind::Float | Kind::Double => Cell::Float(field.read_double()),
            Kind::Text | Kind::List | Kind::Dict => Cell::Text(field.read_text()),
            Kind::Json => {
                let text = field.read_text();
                serde_json::from_str::<serde::de::IgnoredAny>(text).map_err(|_| unreadable())?;
                Cell::Json(text)
            }
            Kind::Decimal => {
                let binary = matches!(
                    field.value_type(),
                    Some(SqliteType::Double | SqliteType::Float)
                );
                digits = if binary {
                    decimal::from_float(field.read_double(), column.decimal_places)
                        .ok_or_else(unreadable)?
                } else {
                    let number = field.read_text().parse().map_err(|_| unreadable())?;
                    decimal::digits(&number, column.decimal_places)
                };
                Cell::Decimal(&digits)
            }
            Kind::DateTime => {
                let text = field.read_text();
                if is_stored_datetime(text.as_bytes()) {
                    Cell::StoredDateTime(text)
                } else {
                    Cell::DateTime(
                        stored_datetime(text)
                            .or_else(|| lenient(text))
                            .ok_or_else(unreadable)?,
                    )
                }
            }
            Kind::Date => {
                let text = field.read_text();
                let day = text.get(..10).unwrap_or(text);
                Cell::Date(NaiveDate::parse_from_str(day, "%Y-%m-%d").map_err(|_| unreadable())?)
            }
            Kind::Time => {
                let text = field.read_text();
                let time = NaiveTime::parse_from_str(text, "%H:%M:%S%.f")
                    .or_else(|_| NaiveTime::parse_from_str(text, "%H:%M"));
                Cell::Time(time.map_err(|_| unreadable())?)
            }
            Kind::Uuid => {
                let uuid = match field.value_type() {
                    Some(SqliteType::Binary) => Uuid::from_slice(field.read_blob()),
                    _ => Uuid::parse_str(field.read_text()),
                };
                Cell::Uuid(uuid.map_err(|_| unreadable())?)
            }
            Kind::Bytes => Cell::Bytes(field.read_blob()),
        }))
    }

    fn as_text(column: &str, _: Kind) -> String {
        column.to_owned()
    }

    fn pattern(_: Lookup, column: &str) -> (String, &'static str) {
        // LIKE ignores the case of ASCII letters here, whichever lookup asks.
        (format!("{column} LIKE "), " ESCAPE '\\'")
    }

    fn matches(column: &str, case_insensitive: bool, pattern: &str) -> Fragment {
        let mut fragment = Fragment::new();
        fragment
            .sql("tastyrs_regexp(")
            .bind(Bind::Text(pattern.to_owned()));
        fragment.sql(", ").bind(Bind::Bool(case_insensitive));
        fragment.sql(&format!(", CAST({column} AS TEXT))"));
        fragment
    }

    fn part(part: Part, column: &str, kind: Kind) -> String {
        let number = |format: &str| format!("CAST(strftime('{format}', {column}) AS INTEGER)");
        match part {
            Part::Year => number("%Y"),
            Part::IsoYear => number("%G"),
            Part::Quarter => format!("((CAST(strftime('%m', {column}) AS INTEGER) + 2) / 3)"),
            Part::Month => number("%m"),
            Part::Week => number("%V"),
            Part::Day => number("%d"),
            Part::WeekDay => format!("(CAST(strftime('%w', {column}) AS INTEGER) + 1)"),
            Part::IsoWeekDay => number("%u"),
            Part::Hour => number("%H"),
            Part::Minute => number("%M"),
            Part::Second => number("%S"),
            Part::Date => format!("substr({column}, 1, 10)"),
            Part::Time if kind == Kind::DateTime => format!("substr({column}, 12)"),
            Part::Time => column.to_owned(),
        }
    }

    fn integer_range(_: Kind) -> (i64, i64) {
        (i64::MIN, i64::MAX)
    }

    fn holds_not_finite() -> bool {
        false
    }

    fn holds_nul() -> bool {
        true
    }

    fn limits_text() -> bool {
        false
    }

    fn month_start(seconds: &str) -> String {
        format!("CAST(strftime('%s', {seconds}, 'unixepoch', 'start of month') AS INTEGER)")
    }

    fn create_access_table() -> &'static str {
        r#"CREATE TABLE IF NOT EXISTS "tastypie_apiaccess" (
            "id" integer NOT NULL PRIMARY KEY AUTOINCREMENT,
            "identifier" varchar(255) NOT NULL,
            "url" text NOT NULL,
            "request_method" varchar(10) NOT NULL,
            "accessed" integer unsigned NOT NULL CHECK ("accessed" >= 0)
        )"#
    }

    fn references(
        connection: &mut SqliteConnection,
        table: &str,
    ) -> QueryResult<Vec<(String, String, String)>> {
        #[derive(diesel::QueryableByName)]
        struct Reference {
            #[diesel(sql_type = sql::Text)]
            table: String,
            #[diesel(sql_type = sql::Text)]
            from: String,
            #[diesel(sql_type = sql::Nullable<sql::Text>)]
            to: Option<String>,
        }
        let known: Vec<Reference> =
            diesel::sql_query(format!("PRAGMA foreign_key_list({table})")).load(connection)?;
        let named = |known: Reference| Some((known.from, known.table, known.to?));
        Ok(known.into_iter().filter_map(named).collect())
    }

    fn unique_columns(
        connection: &mut SqliteConnection,
        table: &str,
    ) -> QueryResult<Option<Vec<String>>> {
        #[derive(diesel::QueryableByName)]
        struct Index {
            #[diesel(sql_type = sql::Text)]
            name: String,
            #[diesel(sql_type = sql::Bool)]
            unique: bool,
            #[diesel(sql_type = sql::Bool)]
            partial: bool,
        }
        /// Nothing for what is computed.
        #[derive(diesel::QueryableByName)]
        struct Column {
            #[diesel(sql_type = sql::Nullable<sql::Text>)]
            name: Option<String>,
        }
        let indices: Vec<Index> =
            diesel::sql_query(format!("PRAGMA index_list({table})")).load(connection)?;
        let mut columns = Vec::new();
        for index in indices.into_iter().filter(|index| index.unique) {
            // Which rows it holds may depend on any column.
            if index.partial {
                return Ok(None);
            }
            let pragma = format!("PRAGMA index_info({})", Self::quote(&index.name));
            for column in diesel::sql_query(pragma).load::<Column>(connection)? {
                match column.name {
                    Some(name) => columns.push(name),
                    None => return Ok(None),
                }
            }
        }
        Ok(Some(columns))
    }

    fn diverts(connection: &mut SqliteConnection, table: &str) -> QueryResult<bool> {
        let (schema, name) = named(table);
        let schema = schema
            .map(|schema| format!("{schema}."))
            .unwrap_or_default();
        diesel::select(
            dsl::sql::<sql::Bool>(&format!(
                "EXISTS (SELECT 1 FROM {schema}sqlite_master
                 WHERE type IN ('trigger', 'view') AND tbl_name = "
            ))
            .bind::<sql::Text, _>(name)
            .sql(" COLLATE NOCASE)"),
        )
        .get_result(connection)
    }

    fn check_pattern(pattern: &str) -> Result<()> {
        check_regular_expression(pattern)
    }
}

/// SQLite compares times as text: six digits of fraction, or none.
fn with_fraction(format: &'static str, time: NaiveTime) -> &'static str {
    use chrono::Timelike as _;
    match (format, time.nanosecond() / 1_000 == 0) {
        (_, true) => format,
        ("%H:%M:%S", false) => "%H:%M:%S%.6f",
        _ => "%Y-%m-%d %H:%M:%S%.6f",
    }
}

/// The schema of a table, if SQL names it, and the table's name without quotes.
fn named(table: &str) -> (Option<&str>, String) {
    let (schema, name) = match table.rsplit_once('.') {
        Some((schema, name)) => (Some(schema), name),
        None => (None, table),
    };
    (schema, name.trim_matches('`').replace("``", "`"))
}

/// Whether text has the form `2010-03-19 01:18:01`, with six digits of fraction or none.
fn is_stored_datetime(text: &[u8]) -> bool {
    const FORM: [u8; 26] = *b"0000-00-00 00:00:00.000000";
    /// How far a byte may be from that of the form.
    const MOST: [u8; 26] = {
        let mut most = [0; 26];
        let mut place = 0;
        while place < most.len() {
            if FORM[place] == b'0' {
                most[place] = 9;
            }
            place += 1;
        }
        most
    };
    // Words that overlap cover each byte.
    let fits = |place: usize| {
        let word = |bytes: &[u8]| Some(u64::from_le_bytes(*bytes.get(place..)?.first_chunk()?));
        let words = word(text).zip(word(&FORM)).zip(word(&MOST));
        words.is_some_and(|((word, form), most)| is_at_most(word ^ form, most))
    };
    match text.len() {
        19 => fits(0) && fits(8) && fits(11),
        26 => fits(0) && fits(8) && fits(16) && fits(18) && !text.ends_with(b"000000"),
        _ => false,
    }
}

/// Whether no byte of a word is above that of another, which are at most 0x7f.
#[inline]
fn is_at_most(word: u64, most: u64) -> bool {
    const HIGH: u64 = 0x8080_8080_8080_8080;
    // What is added is at most 0x7f, and so is what it is added to: no byte carries into the next.
    let above = (word & !HIGH) + (!HIGH - most);
    (above | word) & HIGH == 0
}

/// A moment in another form than Django's, as other programs write it.
fn lenient(text: &str) -> Option<chrono::NaiveDateTime> {
    chrono::DateTime::parse_from_rfc3339(text)
        .map(|moment| moment.naive_utc())
        .ok()
        .or_else(|| chrono::NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f").ok())
        .or_else(|| chrono::NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").ok())
        .or_else(|| {
            NaiveDate::parse_from_str(text, "%Y-%m-%d")
                .ok()?
                .and_hms_opt(0, 0, 0)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_the_form_in_which_django_keeps_a_moment() {
        assert!(is_stored_datetime(b"2010-03-19 01:18:01"));
        assert!(is_stored_datetime(b"2010-03-19 01:18:01.120000"));
        assert!(!is_stored_datetime(b"2010-03-19T01:18:01"));
        assert!(!is_stored_datetime(b"2010-03-19 01:18:01.12"));
        assert!(!is_stored_datetime(b"2010-03-19 01:18:01.000000"));
        assert!(!is_stored_datetime(b""));
    }

    #[test]
    fn a_moment_with_a_wrong_byte_is_of_another_form() {
        for form in ["2010-03-19 01:18:01", "2010-03-19 01:18:01.120009"] {
            for place in 0..form.len() {
                for byte in 0..=255 {
                    let mut text = form.as_bytes().to_vec();
                    let stood = std::mem::replace(&mut text[place], byte);

                    let fits = is_stored_datetime(&text);

                    let both_digits = stood.is_ascii_digit() && byte.is_ascii_digit();
                    assert_eq!(fits, both_digits || stood == byte, "{text:?}");
                }
            }
        }
    }

    #[test]
    fn moments_are_bound_with_six_digits_of_fraction_or_none() {
        let day = NaiveDate::from_ymd_opt(2010, 3, 19).unwrap();

        let whole = Sqlite::stored(
            Bind::DateTime(day.and_hms_opt(1, 18, 1).unwrap()),
            Kind::DateTime,
        );
        let cut = Sqlite::stored(
            Bind::DateTime(day.and_hms_micro_opt(1, 18, 1, 500_000).unwrap()),
            Kind::DateTime,
        );

        assert_eq!(whole, Bind::Text("2010-03-19 01:18:01".to_owned()));
        assert_eq!(cut, Bind::Text("2010-03-19 01:18:01.500000".to_owned()));
    }
}
