//! A piece of SQL with its bound values: what filters, orderings and relations are made of.

use diesel::{
    QueryResult,
    expression::{AppearsOnTable, Expression, SelectableExpression, ValidGrouping, is_aggregate},
    query_builder::{AstPass, Query, QueryFragment, QueryId},
    sql_types::{Nullable, Untyped},
};

use super::{Bind, Dialect};

/// SQL text and the values bound in it, in order.
///
/// Names in it come from declarations and never from a client; what a client sends is bound.
#[derive(Debug, Clone, Default)]
pub struct Fragment {
    text: String,
    /// Each bound value behind how many bytes of the text it stands.
    binds: Vec<(usize, Bind)>,
    /// Whether its text has more forms than a statement cache should hold.
    many_forms: bool,
}

impl Fragment {
    /// Holds nothing yet.
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Holds nothing yet, and has room for so many bytes of text and bound values.
    pub(crate) fn with_room(bytes: usize, binds: usize) -> Self {
        Self {
            text: String::with_capacity(bytes),
            binds: Vec::with_capacity(binds),
            many_forms: false,
        }
    }

    /// Appends `sql` as it stands.
    pub(crate) fn sql(&mut self, sql: &str) -> &mut Self {
        if self.text.capacity() == 0 {
            // There is often more to come.
            self.text.reserve(sql.len() + 64);
        }
        self.text.push_str(sql);
        self
    }

    /// Appends a bound value.
    pub(crate) fn bind(&mut self, value: Bind) -> &mut Self {
        self.binds.push((self.text.len(), value));
        self
    }

    /// Appends another fragment.
    pub(crate) fn append(&mut self, other: Self) -> &mut Self {
        self.many_forms |= other.many_forms;
        if self.text.is_empty() && self.binds.is_empty() {
            self.text = other.text;
            self.binds = other.binds;
            return self;
        }
        let before = self.text.len();
        self.text.push_str(&other.text);
        let binds = other.binds.into_iter();
        self.binds
            .extend(binds.map(|(place, value)| (before + place, value)));
        self
    }

    /// Appends `(a, b, ...)`: whole numbers as text, since they are many and harmless, the rest bound.
    pub(crate) fn list(&mut self, values: impl IntoIterator<Item = Bind>) -> &mut Self {
        self.many_forms = true;
        self.sql("(");
        for (position, value) in values.into_iter().enumerate() {
            if position > 0 {
                self.sql(", ");
            }
            match value {
                Bind::Int(number) => self.sql(&number.to_string()),
                other => self.bind(other),
            };
        }
        self.sql(")")
    }

    /// Whether its text has too many forms to keep each one prepared.
    pub(crate) fn is_uncached(&self) -> bool {
        self.many_forms
    }

    /// Its text, apart from the bound values.
    pub(crate) fn hash_text(&self, hasher: &mut impl std::hash::Hasher) {
        hasher.write(self.text.as_bytes());
        for (place, _) in &self.binds {
            hasher.write_usize(*place);
        }
    }

    /// Says that its text has too many forms to keep each one prepared.
    pub(crate) fn uncached(&mut self) -> &mut Self {
        self.many_forms = true;
        self
    }
}

impl Fragment {
    /// Writes a part of the text.
    fn walk_text<DB: Dialect>(&self, from: usize, to: usize, out: &mut AstPass<'_, '_, DB>) {
        if let Some(part) = self.text.get(from..to).filter(|part| !part.is_empty()) {
            out.push_sql(part);
        }
    }
}

impl<DB: Dialect> QueryFragment<DB> for Fragment {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        if self.many_forms {
            out.unsafe_to_cache_prepared();
        }
        let mut written = 0;
        for (place, value) in &self.binds {
            self.walk_text(written, *place, &mut out);
            DB::push_bind(&mut out, value)?;
            written = *place;
        }
        self.walk_text(written, self.text.len(), &mut out);
        Ok(())
    }
}

impl QueryId for Fragment {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

/// A [`Fragment`] where a condition stands.
#[derive(Debug, Clone)]
pub(crate) struct Condition(pub(crate) Fragment);

/// A [`Fragment`] where columns or an order stand.
#[derive(Debug, Clone)]
pub(crate) struct Listed(pub(crate) Fragment);

macro_rules! expression {
    ($name:ty, $sql_type:ty, $aggregate:ty) => {
        impl Expression for $name {
            type SqlType = $sql_type;
        }
        impl<GB> ValidGrouping<GB> for $name {
            type IsAggregate = $aggregate;
        }
        // Its names are those of the table that it is put on: whoever builds one sees to it.
        impl<QS: ?Sized> AppearsOnTable<QS> for $name {}
        impl<QS: ?Sized> SelectableExpression<QS> for $name {}
        impl QueryId for $name {
            type QueryId = ();
            const HAS_STATIC_QUERY_ID: bool = false;
        }
        impl<DB: Dialect> QueryFragment<DB> for $name {
            fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
                <Fragment as QueryFragment<DB>>::walk_ast(&self.0, out)
            }
        }
    };
}
expression!(
    Condition,
    Nullable<diesel::sql_types::Bool>,
    is_aggregate::No
);
expression!(Listed, Untyped, is_aggregate::Never);

/// A whole statement whose table and columns are no longer part of its type.
pub struct Statement<DB: Dialect> {
    body: Box<dyn QueryFragment<DB> + Send>,
    /// ` LIMIT 20 OFFSET 40`, where it has one.
    tail: Fragment,
    most_rows: usize,
}

impl<DB: Dialect> std::fmt::Debug for Statement<DB> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Statement")
            .field("tail", &self.tail)
            .finish_non_exhaustive()
    }
}

impl<DB: Dialect> Statement<DB> {
    pub(crate) fn new(body: impl QueryFragment<DB> + Send + 'static) -> Self {
        Self {
            body: Box::new(body),
            tail: Fragment::new(),
            most_rows: 0,
        }
    }

    /// How many rows it has at most; 0 where nothing says.
    pub(crate) fn most_rows(&self) -> usize {
        self.most_rows
    }

    /// The rows of `self`, each with what `count` counts behind it, and with the state of the server that shows this;
    /// where there are none, a row of nulls. In the state `known` nothing is counted.
    ///
    /// The count is one row, so a loop over the other is the only way to join them, and its order stays.
    pub(crate) fn counted(self, count: Self, state: &'static str, known: &str) -> Self {
        Self {
            most_rows: self.most_rows,
            ..Self::new(Counted {
                rows: self,
                count,
                state,
                known: Bind::Text(known.to_owned()),
            })
        }
    }

    /// `self` behind a word that asks something about it.
    #[cfg(feature = "postgres")]
    pub(super) fn behind(self, word: &'static str) -> Self {
        Self::new(Behind {
            word,
            statement: self,
        })
    }

    /// Cuts `limit` rows out from `offset` on.
    pub(crate) fn slice(mut self, slice: Slice) -> Self {
        self.most_rows = slice
            .limit
            .map_or(0, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
        self.tail = slice.fragment();
        self
    }
}

/// Rows, and how many there are in all, in one statement.
struct Counted<DB: Dialect> {
    rows: Statement<DB>,
    count: Statement<DB>,
    state: &'static str,
    known: Bind,
}

impl<DB: Dialect> QueryFragment<DB> for Counted<DB> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql(
            "SELECT page.*, counted.total, counted.state FROM (SELECT CASE WHEN now.state = ",
        );
        DB::push_bind(&mut out, &self.known)?;
        // A subquery that nothing outside has a part in: the server runs it only where it comes to it.
        out.push_sql(" THEN NULL ELSE (");
        self.count.walk_ast(out.reborrow())?;
        out.push_sql(") END, now.state FROM (SELECT ");
        out.push_sql(self.state);
        out.push_sql(") AS now (state)) AS counted (total, state) LEFT JOIN (");
        self.rows.walk_ast(out.reborrow())?;
        out.push_sql(") AS page ON TRUE");
        Ok(())
    }
}

/// A statement with a word before it.
#[cfg(feature = "postgres")]
struct Behind<DB: Dialect> {
    word: &'static str,
    statement: Statement<DB>,
}

#[cfg(feature = "postgres")]
impl<DB: Dialect> QueryFragment<DB> for Behind<DB> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        // Clients choose what is behind it, and it is seldom asked for.
        out.unsafe_to_cache_prepared();
        out.push_sql(self.word);
        self.statement.walk_ast(out)
    }
}

/// Which part of a result is asked for; no limit is all of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Slice {
    pub(crate) limit: Option<u64>,
    pub(crate) offset: u64,
    /// Whether the limit is one that most requests have, so that it may stand in the text.
    pub(crate) usual: bool,
}

impl Slice {
    /// The first two, which tell whether there is one.
    pub(crate) const TWO: Self = Self {
        limit: Some(2),
        offset: 0,
        usual: true,
    };

    /// `SQLite` plans a statement anew when the value bound to its LIMIT changes, as it does each time that
    /// bindings are cleared: usual limits stand in the text.
    fn fragment(self) -> Fragment {
        let mut tail = Fragment::new();
        let limit = self
            .limit
            .map(|limit| i64::try_from(limit).unwrap_or(i64::MAX));
        let offset = i64::try_from(self.offset).unwrap_or(i64::MAX);
        match limit {
            Some(limit) if self.usual && offset == 0 => {
                tail.sql(&format!(" LIMIT {limit}"));
            }
            Some(limit) => {
                tail.sql(" LIMIT ")
                    .bind(Bind::Int(limit))
                    .sql(" OFFSET ")
                    .bind(Bind::Int(offset));
            }
            None if offset == 0 => {}
            None => {
                tail.sql(" LIMIT ")
                    .bind(Bind::Int(i64::MAX))
                    .sql(" OFFSET ")
                    .bind(Bind::Int(offset));
            }
        }
        tail
    }
}

impl<DB: Dialect> QueryFragment<DB> for Statement<DB> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        self.body.walk_ast(out.reborrow())?;
        <Fragment as QueryFragment<DB>>::walk_ast(&self.tail, out)
    }
}

impl<DB: Dialect> QueryId for Statement<DB> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<DB: Dialect> Query for Statement<DB> {
    type SqlType = Untyped;
}
