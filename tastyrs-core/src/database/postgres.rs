//! PostgreSQL: rows come in its binary format, moments in UTC.

use std::{fmt, time::Duration};

use chrono::{NaiveDate, NaiveDateTime, NaiveTime};
use diesel::{
    PgConnection, QueryResult, RunQueryDsl as _,
    connection::{AnsiTransactionManager, SimpleConnection, TransactionManager as _},
    deserialize::FromSql,
    dsl,
    pg::{Pg, PgValue},
    query_builder::{AstPass, QueryFragment},
    sql_types as sql,
};
use uuid::Uuid;

use super::{
    Bind, Cell, DatabaseOptions, Dialect, Fragment, Loaded, Page, Statement, address, decimal,
    dialect::{load, plain_sql, quoted, written},
};
use crate::{
    data::Value,
    errors::{Error, Result},
    fields::Kind,
    queries::{Lookup, Part, check_regular_expression},
};

impl Dialect for Pg {
    type Connection = PgConnection;

    fn is_remote() -> bool {
        true
    }

    fn prepare(connection: &mut PgConnection, options: &DatabaseOptions) -> QueryResult<()> {
        let millis = |timeout: Duration| timeout.as_millis().min(i32::MAX.unsigned_abs().into());
        // What the server says is understood in English only; whoever may not ask for it gets its own language.
        connection.batch_execute(&format!(
            "SET TIME ZONE 'UTC';
             SET statement_timeout = {};
             SET lock_timeout = {};
             SET idle_in_transaction_session_timeout = {};
             DO $$ BEGIN
                 PERFORM set_config('lc_messages', 'C', false);
             EXCEPTION WHEN insufficient_privilege THEN NULL;
             END $$;",
            millis(options.statement_timeout),
            millis(options.lock_timeout),
            millis(options.idle_in_transaction_timeout),
        ))
    }

    fn address(url: &str) -> String {
        address::with_defaults(url)
    }

    fn is_alive(connection: &mut PgConnection) -> bool {
        // Looking for notifications reads what has come, without waiting. What a server says last comes first, and the
        // end of the connection behind it.
        (0..2).all(|_| {
            connection
                .notifications_iter()
                .all(|notified| notified.is_ok())
        })
    }

    fn reads_in_transactions() -> bool {
        // Each statement sees what is committed when it begins, in a transaction or not.
        false
    }

    fn begin_snapshot(connection: &mut PgConnection) -> QueryResult<bool> {
        AnsiTransactionManager::begin_transaction_sql(
            connection,
            "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        )
        .map(|()| true)
    }

    fn nulls_first() -> bool {
        false
    }

    fn is_same() -> &'static str {
        " IS NOT DISTINCT FROM "
    }

    fn begin(connection: &mut PgConnection, _: bool) -> QueryResult<()> {
        AnsiTransactionManager::begin_transaction(connection)
    }

    fn push_bind<'b>(out: &mut AstPass<'_, 'b, Self>, value: &'b Bind) -> QueryResult<()> {
        match value {
            Bind::Int(number) => out.push_bind_param::<sql::BigInt, _>(number),
            Bind::Bool(flag) => out.push_bind_param::<sql::Bool, _>(flag),
            Bind::Float(number) => out.push_bind_param::<sql::Double, _>(number),
            Bind::Text(text) => out.push_bind_param::<sql::Text, _>(text),
            Bind::Bytes(bytes) => out.push_bind_param::<sql::Binary, _>(bytes),
            Bind::Decimal(number) => out.push_bind_param::<sql::Numeric, _>(number),
            Bind::Date(day) => out.push_bind_param::<sql::Date, _>(day),
            Bind::Time(time) => out.push_bind_param::<sql::Time, _>(time),
            Bind::DateTime(moment) => out.push_bind_param::<sql::Timestamp, _>(moment),
            Bind::Uuid(uuid) => out.push_bind_param::<sql::Uuid, _>(uuid),
        }
    }

    fn sql_of(fragment: &dyn QueryFragment<Self>) -> String {
        plain_sql(fragment, &Self)
    }

    fn write_statement(statement: &Statement<Self>, out: &mut dyn fmt::Write) -> fmt::Result {
        written(statement, out)
    }

    fn snapshot() -> Option<&'static str> {
        // Whoever commits later is not in the snapshot yet. On a server that follows another it does not tell all; and
        // another server may have come to the same numbers with other rows.
        Some(
            "CASE WHEN pg_is_in_recovery() THEN NULL ELSE \
             pg_current_snapshot()::text || ' ' || pg_postmaster_start_time()::text END",
        )
    }

    fn estimated(
        connection: &mut PgConnection,
        _: &str,
        _: bool,
        list: Statement<Self>,
    ) -> Result<Option<u64>> {
        const PLAN: Loaded = Loaded {
            name: "QUERY PLAN",
            kind: Kind::Text,
            decimal_places: None,
        };
        let explain = list.behind("EXPLAIN (FORMAT JSON) ");
        let plan = load::<Self>(connection, explain, [PLAN], "asking for a plan")?;
        if plan.len() == 0 {
            return Ok(None);
        }
        let Value::Text(plan) = plan.value(0, 0) else {
            return Ok(None);
        };
        let plan: serde_json::Value = serde_json::from_str(&plan).unwrap_or_default();
        Ok(plan[0]["Plan"]["Plan Rows"].as_u64())
    }

    fn quote(name: &str) -> String {
        quoted(name, '"')
    }

    fn stored(value: Bind, _: Kind) -> Bind {
        value
    }

    fn uuid_forms(uuid: Uuid) -> Vec<Bind> {
        vec![Bind::Uuid(uuid)]
    }

    fn read(field: PgValue<'_>, column: Loaded, page: &mut Page) -> Result<Cell> {
        fn from<ST, T: FromSql<ST, Pg>>(field: PgValue<'_>, column: Loaded) -> Result<T> {
            T::from_sql(field).map_err(|_| Error::Column {
                column: column.name,
                wanted: column.kind.dehydrated_type(),
            })
        }
        fn text<'f>(field: &'f PgValue<'_>, column: Loaded) -> Result<&'f str> {
            std::str::from_utf8(field.as_bytes()).map_err(|_| Error::Column {
                column: column.name,
                wanted: column.kind.dehydrated_type(),
            })
        }
        Ok(match column.kind {
            Kind::SmallInt | Kind::Integer | Kind::BigInt => {
                Cell::Int(match field.as_bytes().len() {
                    2 => i64::from(from::<sql::SmallInt, i16>(field, column)?),
                    4 => i64::from(from::<sql::Integer, i32>(field, column)?),
                    _ => from::<sql::BigInt, i64>(field, column)?,
                })
            }
            Kind::Bool => Cell::Bool(from::<sql::Bool, bool>(field, column)?),
            Kind::Float | Kind::Double => Cell::Float(if field.as_bytes().len() == 4 {
                widened(from::<sql::Float, f32>(field, column)?)
            } else {
                from::<sql::Double, f64>(field, column)?
            }),
            Kind::Text | Kind::List | Kind::Dict => Cell::Text(page.write(text(&field, column)?)?),
            // `jsonb` carries its version in front.
            Kind::Json => {
                Cell::Json(page.write(text(&field, column)?.trim_start_matches('\u{1}'))?)
            }
            Kind::Decimal => {
                if let Some(word) = no_number(field.as_bytes()) {
                    return Ok(Cell::Decimal(page.write(word)?));
                }
                let number = from::<sql::Numeric, bigdecimal::BigDecimal>(field, column)?;
                Cell::Decimal(page.write(&decimal::digits(&number, column.decimal_places))?)
            }
            Kind::DateTime => Cell::DateTime(from::<sql::Timestamp, NaiveDateTime>(field, column)?),
            Kind::Date => Cell::Date(from::<sql::Date, NaiveDate>(field, column)?),
            Kind::Time => Cell::Time(from::<sql::Time, NaiveTime>(field, column)?),
            Kind::Uuid => Cell::Uuid(from::<sql::Uuid, Uuid>(field, column)?),
            Kind::Bytes => Cell::Bytes(page.write_bytes(field.as_bytes())?),
        })
    }

    fn as_text(column: &str, kind: Kind) -> String {
        if kind == Kind::Text {
            column.to_owned()
        } else {
            format!("{column}::text")
        }
    }

    fn pattern(lookup: Lookup, column: &str) -> (String, &'static str) {
        match lookup {
            Lookup::Iexact | Lookup::Icontains | Lookup::Istartswith | Lookup::Iendswith => {
                (format!("UPPER({column}) LIKE UPPER("), ")")
            }
            _ => (format!("{column} LIKE "), ""),
        }
    }

    fn matches(column: &str, case_insensitive: bool, pattern: &str) -> Fragment {
        let mut fragment = Fragment::new();
        fragment
            .sql(column)
            .sql(if case_insensitive { " ~* " } else { " ~ " })
            .bind(Bind::Text(pattern.to_owned()));
        fragment
    }

    fn part(part: Part, column: &str, kind: Kind) -> String {
        let number = |field: &str| format!("CAST(EXTRACT({field} FROM {column}) AS bigint)");
        match part {
            Part::Year => number("YEAR"),
            Part::IsoYear => number("ISOYEAR"),
            Part::Quarter => number("QUARTER"),
            Part::Month => number("MONTH"),
            Part::Week => number("WEEK"),
            Part::Day => number("DAY"),
            Part::WeekDay => format!("(CAST(EXTRACT(DOW FROM {column}) AS bigint) + 1)"),
            Part::IsoWeekDay => number("ISODOW"),
            Part::Hour => number("HOUR"),
            Part::Minute => number("MINUTE"),
            Part::Second => format!("CAST(FLOOR(EXTRACT(SECOND FROM {column})) AS bigint)"),
            Part::Date => format!("CAST({column} AS date)"),
            Part::Time if kind == Kind::DateTime => format!("CAST({column} AS time)"),
            Part::Time => column.to_owned(),
        }
    }

    fn integer_range(kind: Kind) -> (i64, i64) {
        match kind {
            Kind::SmallInt => (i64::from(i16::MIN), i64::from(i16::MAX)),
            Kind::Integer => (i64::from(i32::MIN), i64::from(i32::MAX)),
            _ => (i64::MIN, i64::MAX),
        }
    }

    fn holds_not_finite() -> bool {
        true
    }

    fn holds_nul() -> bool {
        false
    }

    fn limits_text() -> bool {
        true
    }

    fn month_start(seconds: &str) -> String {
        format!(
            "CAST(EXTRACT(EPOCH FROM date_trunc('month', to_timestamp({seconds}) AT TIME ZONE 'UTC')) AS bigint)"
        )
    }

    fn create_access_table() -> &'static str {
        r#"CREATE TABLE IF NOT EXISTS "tastypie_apiaccess" (
            "id" bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
            "identifier" varchar(255) NOT NULL,
            "url" text NOT NULL,
            "request_method" varchar(10) NOT NULL,
            "accessed" integer NOT NULL CHECK ("accessed" >= 0)
        )"#
    }

    fn references(_: &mut PgConnection, _: &str) -> QueryResult<Vec<(String, String, String)>> {
        // It says which one a row breaks.
        Ok(Vec::new())
    }

    fn unique_columns(
        connection: &mut PgConnection,
        table: &str,
    ) -> QueryResult<Option<Vec<String>>> {
        /// Nothing for what is computed, and where an index holds some of the rows alone.
        #[derive(diesel::QueryableByName)]
        struct Column {
            #[diesel(sql_type = sql::Nullable<sql::Text>)]
            name: Option<String>,
        }
        let columns: Vec<Column> = diesel::sql_query(
            "SELECT CASE WHEN i.indexprs IS NULL AND i.indpred IS NULL THEN a.attname::text END AS name
             FROM pg_index i
             LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)
             WHERE i.indrelid = to_regclass($1) AND (i.indisunique OR i.indisexclusion)",
        )
        .bind::<sql::Text, _>(table)
        .load(connection)?;
        Ok(columns.into_iter().map(|column| column.name).collect())
    }

    fn diverts(connection: &mut PgConnection, table: &str) -> QueryResult<bool> {
        diesel::select(
            dsl::sql::<sql::Bool>(
                "NOT EXISTS (SELECT FROM pg_class c
                 WHERE c.relkind = 'r' AND NOT c.relhasrules AND NOT EXISTS (
                     SELECT FROM pg_trigger t
                     WHERE t.tgrelid = c.oid AND NOT t.tgisinternal AND t.tgtype & 66 <> 0
                 ) AND c.oid = to_regclass(",
            )
            .bind::<sql::Text, _>(table)
            .sql("))"),
        )
        .get_result(connection)
    }

    fn check_pattern(pattern: &str) -> Result<()> {
        // What ours refuses, look-around and back references, is what may run for ever there.
        check_regular_expression(pattern)
    }
}

/// The number that the digits of half as many bits say, as clients of Python are shown it.
fn widened(number: f32) -> f64 {
    number
        .to_string()
        .parse()
        .unwrap_or_else(|_| f64::from(number))
}

/// What a `numeric` holds where it is no number, as Python writes it; its sign tells.
fn no_number(numeric: &[u8]) -> Option<&'static str> {
    match numeric.get(4..6)? {
        [0xC0, 0] => Some("NaN"),
        [0xD0, 0] => Some("Infinity"),
        [0xF0, 0] => Some("-Infinity"),
        _ => None,
    }
}
