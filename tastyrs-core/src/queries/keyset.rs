//! Where a list goes on behind a row, so that its last rows are found as fast as its first ones.

use super::{
    Graph, Key, Node, key_filter,
    ordering::{Term, order_terms, ordered},
};
use crate::{
    compatibility::Compatibility,
    database::{Bind, Dialect, Fragment},
    errors::Result,
    http::Query,
};

/// The order of a list as terms, of which the last is the key.
#[derive(Debug, Clone)]
pub(crate) struct Keyset {
    terms: Vec<Term>,
}

impl Keyset {
    /// The order that a request asks for; by key where it asks for none.
    ///
    /// # Errors
    ///
    /// Those of [`apply_sorting`](super::apply_sorting).
    pub(crate) fn read<DB: Dialect>(
        graph: &Graph,
        node: &Node,
        query: &Query,
        compatibility: Compatibility,
    ) -> Result<Self> {
        let mut terms = order_terms::<DB>(graph, node, query, compatibility)?.unwrap_or_default();
        match terms.iter().position(|term| term.is_key(node)) {
            // No two rows have the same key, so what is asked for behind it says nothing.
            Some(key) => terms.truncate(key + 1),
            None => terms.push(Term {
                expression: node.key().sql.clone(),
                descending: false,
            }),
        }
        Ok(Self { terms })
    }

    /// Whether it is the order of the keys alone, so that a key tells where the list goes on.
    pub(crate) fn is_by_key(&self) -> bool {
        self.terms.len() == 1
    }

    /// The order the other way round.
    pub(crate) fn reversed(mut self) -> Self {
        for term in &mut self.terms {
            term.descending = !term.descending;
        }
        self
    }

    /// The order.
    pub(crate) fn order(&self) -> Fragment {
        ordered(&self.terms)
    }

    /// The condition that a row comes behind the row of this key. Where the order is not by key alone, that row must be
    /// there still: the database looks its values up itself, so that they are compared as it keeps them.
    pub(crate) fn behind<DB: Dialect>(&self, node: &Node, key: &Key) -> Fragment {
        let mut condition = Fragment::new();
        let Some((last, before)) = self.terms.split_last() else {
            return condition;
        };
        let by_number = self.is_by_key() && matches!(key, Key::Int(_));
        if !by_number {
            // Without its row, nothing is behind it.
            condition.uncached().sql("EXISTS (SELECT 1 FROM ");
            condition.sql(&node.table).sql(" WHERE ");
            condition.append(key_filter::<DB>(node.key(), std::slice::from_ref(key)));
            condition.sql(") AND ");
        }
        let mut open = 0;
        for term in before {
            let Term {
                expression,
                descending,
            } = term;
            let there = value_of::<DB>(node, expression, key);
            let further = if *descending { " < " } else { " > " };
            let not_null = is_not_null(node, expression);
            if not_null && open == 0 {
                // It says nothing new, but an index finds where to begin by it.
                let from = if *descending { " <= " } else { " >= " };
                condition
                    .sql(expression)
                    .sql(from)
                    .append(there.clone())
                    .sql(" AND ");
            }
            condition
                .sql("(")
                .sql(expression)
                .sql(further)
                .append(there.clone());
            if !not_null {
                condition.sql(" OR ");
                // Behind a null is all that is none, or behind all that is none is a null.
                if DB::nulls_first() == *descending {
                    condition.sql("(").sql(expression).sql(" IS NULL AND ");
                    condition.append(there.clone()).sql(" IS NOT NULL)");
                } else {
                    condition.append(there.clone()).sql(" IS NULL AND ");
                    condition.sql(expression).sql(" IS NOT NULL");
                }
            }
            condition.sql(" OR (").sql(expression).sql(DB::is_same());
            condition.append(there).sql(" AND ");
            open += 1;
        }
        condition
            .sql(&last.expression)
            .sql(if last.descending { " < " } else { " > " });
        match key {
            Key::Int(number) => condition.bind(Bind::Int(*number)),
            // Others may be kept in several forms.
            key => condition.append(value_of::<DB>(node, &last.expression, key)),
        };
        for _ in 0..open {
            condition.sql("))");
        }
        condition
    }
}

/// What an expression is for the row of this key; inside, the table's name stands for that row.
fn value_of<DB: Dialect>(node: &Node, expression: &str, key: &Key) -> Fragment {
    let mut value = Fragment::new();
    value.sql(&format!("(SELECT {expression} FROM {} WHERE ", node.table));
    value.append(key_filter::<DB>(node.key(), std::slice::from_ref(key)));
    value.sql(")");
    value
}

/// Whether an expression is a column that is never null.
fn is_not_null(node: &Node, expression: &str) -> bool {
    let mut columns = node.columns.iter();
    columns.any(|column| column.sql == expression && !column.nullable)
}
