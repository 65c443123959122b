//! SQL as text, with a `?` where a value is bound.

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::{
    QueryResult,
    backend::Backend,
    pg::Pg,
    query_builder::{AstPass, Query, QueryFragment, QueryId},
    sql_types::{BigInt, Bool, Nullable, Text, Timestamptz, Untyped},
    sqlite::Sqlite,
};

#[derive(Debug, Clone)]
pub enum Bind {
    Int(i64),
    Key(Option<i64>),
    Bool(bool),
    Text(String),
    Moment(DateTime<Utc>),
    /// The same as SQLite keeps it.
    MomentText(String),
}

impl Bind {
    pub fn moment<D: crate::db::Db>(moment: NaiveDateTime) -> Self {
        if D::IS_REMOTE {
            Self::Moment(moment.and_utc())
        } else {
            Self::MomentText(moment.format("%Y-%m-%d %H:%M:%S%.6f").to_string())
        }
    }
}

pub trait Binds: Backend {
    fn push<'b>(out: &mut AstPass<'_, 'b, Self>, bind: &'b Bind) -> QueryResult<()>
    where
        Self: Sized;
}

impl Binds for Sqlite {
    fn push<'b>(out: &mut AstPass<'_, 'b, Self>, bind: &'b Bind) -> QueryResult<()> {
        match bind {
            Bind::Int(number) => out.push_bind_param::<BigInt, _>(number),
            Bind::Key(key) => out.push_bind_param::<Nullable<BigInt>, _>(key),
            Bind::Bool(flag) => out.push_bind_param::<Bool, _>(flag),
            Bind::Text(text) | Bind::MomentText(text) => out.push_bind_param::<Text, _>(text),
            Bind::Moment(_) => Ok(()),
        }
    }
}

impl Binds for Pg {
    fn push<'b>(out: &mut AstPass<'_, 'b, Self>, bind: &'b Bind) -> QueryResult<()> {
        match bind {
            Bind::Int(number) => out.push_bind_param::<BigInt, _>(number),
            Bind::Key(key) => out.push_bind_param::<Nullable<BigInt>, _>(key),
            Bind::Bool(flag) => out.push_bind_param::<Bool, _>(flag),
            Bind::Text(text) | Bind::MomentText(text) => out.push_bind_param::<Text, _>(text),
            Bind::Moment(moment) => out.push_bind_param::<Timestamptz, _>(moment),
        }
    }
}

/// A statement whose number is the key of the cache, so that its text is not even made.
#[derive(Debug)]
pub struct Known<const NUMBER: usize> {
    pub text: &'static str,
    pub binds: Vec<Bind>,
}

impl<const NUMBER: usize> QueryId for Known<NUMBER> {
    type QueryId = Self;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl<const NUMBER: usize, DB: Binds> QueryFragment<DB> for Known<NUMBER> {
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        walk(self.text, &self.binds, out)
    }
}

impl<const NUMBER: usize> Query for Known<NUMBER> {
    type SqlType = Untyped;
}

/// Any other statement, known by its text.
#[derive(Debug)]
pub struct Sql {
    pub text: String,
    pub binds: Vec<Bind>,
}

impl QueryId for Sql {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<DB: Binds> QueryFragment<DB> for Sql {
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        walk(&self.text, &self.binds, out)
    }
}

impl Query for Sql {
    type SqlType = Untyped;
}

fn walk<'b, DB: Binds>(
    text: &str,
    binds: &'b [Bind],
    mut out: AstPass<'_, 'b, DB>,
) -> QueryResult<()> {
    let mut binds = binds.iter();
    for (position, piece) in text.split('?').enumerate() {
        if position > 0
            && let Some(bind) = binds.next()
        {
            DB::push(&mut out, bind)?;
        }
        out.push_sql(piece);
    }
    Ok(())
}
