//! How many calls there were, by caller and period.

use chrono::{DateTime, NaiveDateTime};
use tastyrs_throttle::AccessRow;

use super::{
    TABLE,
    rows::{ACCESSED, ID, IDENTIFIER, SLACK_SECS, first_at, select, whole},
};
use crate::{
    database::{Bind, Database, Dialect, Fragment},
    errors::Result,
};

/// A length of time by which calls are counted, in UTC.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Period {
    /// From one full hour to the next.
    Hour,
    /// From midnight to midnight.
    #[default]
    Day,
    /// From the first of a month to the first of the next.
    Month,
}

impl Period {
    /// Its name: `hour`, `day` or `month`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Month => "month",
        }
    }

    /// The period of this name.
    pub fn of(name: &str) -> Option<Self> {
        [Self::Hour, Self::Day, Self::Month]
            .into_iter()
            .find(|period| period.name() == name)
    }

    /// The second in which it began that a second of a column lies in, in SQL.
    fn start_sql<DB: Dialect>(self, seconds: &str) -> String {
        match self {
            Self::Hour => format!("({seconds} - {seconds} % 3600)"),
            Self::Day => format!("({seconds} - {seconds} % 86400)"),
            Self::Month => DB::month_start(seconds),
        }
    }

    /// How far back is asked where nobody says: a day of hours, a month of days, a year of months.
    fn usual_secs(self) -> i64 {
        match self {
            Self::Hour => 86_400,
            Self::Day => 31 * 86_400,
            Self::Month => 366 * 86_400,
        }
    }
}

/// How many calls of one caller were written down in one period.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Usage {
    /// Who called.
    pub identifier: String,
    /// When the period began, in UTC.
    pub start: NaiveDateTime,
    /// How long it is.
    pub period: Period,
    /// How many calls there were.
    pub calls: u64,
}

/// Which calls are counted, and by which period.
///
/// # Examples
///
/// ```
/// use tastyrs_core::django::{Period, UsageQuery};
///
/// let query = UsageQuery::new(Period::Month).identifier("ada");
///
/// assert_eq!(query.period, Period::Month);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct UsageQuery {
    /// By which period.
    pub period: Period,
    /// Of whom; of everybody.
    pub identifier: Option<String>,
    /// From when on, in UTC; unless it is said from 24 hours, 31 days or 366 days ago.
    pub from: Option<NaiveDateTime>,
    /// Until before when, in UTC; until now and beyond.
    pub until: Option<NaiveDateTime>,
    /// The most that are answered; 10,000.
    pub limit: u32,
}

impl UsageQuery {
    /// Everybody's calls of the last 24 hours, 31 days or 366 days.
    pub fn new(period: Period) -> Self {
        Self {
            period,
            identifier: None,
            from: None,
            until: None,
            limit: 10_000,
        }
    }

    /// Counts the calls of one caller.
    #[must_use]
    pub fn identifier(self, identifier: impl Into<String>) -> Self {
        Self {
            identifier: Some(identifier.into()),
            ..self
        }
    }

    /// Counts calls from this moment on.
    #[must_use]
    pub fn from(self, from: NaiveDateTime) -> Self {
        Self {
            from: Some(from),
            ..self
        }
    }

    /// Counts calls before this moment.
    #[must_use]
    pub fn until(self, until: NaiveDateTime) -> Self {
        Self {
            until: Some(until),
            ..self
        }
    }

    /// Answers no more than so many.
    #[must_use]
    pub fn limit(self, limit: u32) -> Self {
        Self { limit, ..self }
    }
}

/// Counts calls, by the beginning of the period and then by identifier.
pub(super) fn usage<DB: Dialect>(
    database: &Database<DB>,
    query: &UsageQuery,
    now_secs: i64,
) -> Result<Vec<Usage>> {
    let secs = |moment: NaiveDateTime| moment.and_utc().timestamp();
    let usual = now_secs.saturating_sub(query.period.usual_secs());
    let from = query.from.map_or(usual, secs);
    // A little further back, since those who write have clocks of their own.
    let Some(first) = first_at(database, from.saturating_sub(SLACK_SECS))? else {
        return Ok(Vec::new());
    };
    let name = DB::quote;
    let (id, identifier, accessed) = (name("id"), name("identifier"), name("accessed"));
    let start = query.period.start_sql::<DB>(&accessed);
    let mut statement = Fragment::new();
    statement
        .sql(&format!(
            "SELECT {identifier}, {start} AS start, count(*) FROM {} WHERE {id} >= ",
            name(TABLE)
        ))
        .bind(Bind::Int(first))
        .sql(&format!(" AND {accessed} >= "))
        .bind(Bind::Int(from));
    if let Some(until) = query.until {
        statement
            .sql(&format!(" AND {accessed} < "))
            .bind(Bind::Int(secs(until)));
    }
    if let Some(asked) = &query.identifier {
        let recorded = AccessRow::identifier_of(asked).into_owned();
        statement
            .sql(&format!(" AND {identifier} = "))
            .bind(Bind::Text(recorded));
    }
    statement
        .sql(" GROUP BY 1, 2 ORDER BY 2, 1 LIMIT ")
        .bind(Bind::Int(query.limit.into()));
    let page = select(database, &statement, &[IDENTIFIER, ACCESSED, ID])?;
    let used = |row| Usage {
        identifier: page.value(row, 0).as_str().unwrap_or_default().to_owned(),
        start: DateTime::from_timestamp(whole(&page, row, 1), 0)
            .unwrap_or_default()
            .naive_utc(),
        period: query.period,
        calls: whole(&page, row, 2).unsigned_abs(),
    };
    Ok((0..page.len()).map(used).collect())
}
