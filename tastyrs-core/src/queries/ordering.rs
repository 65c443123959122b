//! The order in which a client wants a list.

use super::{Graph, Lookup, Node, filtering::MOST_STEPS};
use crate::{
    compatibility::Compatibility,
    database::{Dialect, Fragment},
    errors::{Error, Result},
    fields::{Attribute, By, FieldSpec},
    http::Query,
};

/// The order that a request asks for, ending in the key so that pages do not overlap.
///
/// # Errors
///
/// [`Error::BadRequest`] where a field does not exist or does not allow ordering.
///
/// # Compatibility
///
/// `BaseModelResource.apply_sorting`, `resources.py:2139`: `order_by`, or its old name `sort_by`, any number
/// of times, with `-` in front for the other direction.
pub(crate) fn apply_sorting<DB: Dialect>(
    graph: &Graph,
    node: &Node,
    query: &Query,
    compatibility: Compatibility,
) -> Result<Option<Fragment>> {
    let Some(terms) = order_terms::<DB>(graph, node, query, compatibility)? else {
        return Ok(None);
    };
    let by_key = terms.iter().any(|term| term.is_key(node));
    let mut order = ordered(&terms);
    if !by_key {
        order.sql(", ").append(default_order(node));
    }
    Ok(Some(order))
}

/// What rows are ordered by, and in which direction.
#[derive(Debug, Clone)]
pub(crate) struct Term {
    pub(super) expression: String,
    pub(super) descending: bool,
}

impl Term {
    pub(super) fn is_key(&self, node: &Node) -> bool {
        self.expression == node.key().sql
    }
}

/// Terms as they stand behind ORDER BY.
pub(super) fn ordered(terms: &[Term]) -> Fragment {
    let mut order = Fragment::new();
    for (position, term) in terms.iter().enumerate() {
        order
            .sql(if position > 0 { ", " } else { "" })
            .sql(&term.expression)
            .sql(if term.descending { " DESC" } else { " ASC" });
    }
    order
}

/// The order that a request asks for, as it asks.
pub(super) fn order_terms<DB: Dialect>(
    graph: &Graph,
    node: &Node,
    query: &Query,
    compatibility: Compatibility,
) -> Result<Option<Vec<Term>>> {
    let name = if query.get("order_by").is_some() {
        "order_by"
    } else {
        "sort_by"
    };
    let asked = query.all(name);
    if asked.is_empty() {
        return Ok(None);
    }
    if asked.len() > node.columns.len() + 8 {
        return Err(Error::bad_request("There are more orderings than fields."));
    }
    let mut terms = Vec::with_capacity(asked.len());
    for wanted in asked {
        let (path, descending) = match wanted.strip_prefix('-') {
            Some(path) => (path, true),
            None => (wanted, false),
        };
        let bits: Vec<&str> = path.split("__").take(MOST_STEPS + 1).collect();
        if bits.len() > MOST_STEPS {
            return Err(Error::bad_request(
                "The order goes through too many relations.",
            ));
        }
        let field = checked(node, bits[0])?;
        let ordering = Ordering {
            graph,
            path,
            compatibility,
        };
        terms.push(Term {
            expression: ordering.expression::<DB>(node, field, &bits)?,
            descending,
        });
    }
    Ok(Some(terms))
}

/// The field that a client may order by.
fn checked<'n>(node: &'n Node, name: &str) -> Result<&'n FieldSpec> {
    let field = node.field(name).ok_or_else(|| {
        Error::bad_request(format!("No matching '{name}' field for ordering on."))
    })?;
    if !node.ordering.iter().any(|allowed| allowed == name) {
        return Err(Error::bad_request(format!(
            "The '{name}' field does not allow ordering."
        )));
    }
    if !matches!(
        field.attribute,
        Attribute::Column(_) | Attribute::Relation(_)
    ) {
        return Err(Error::bad_request(format!(
            "The '{name}' field has no 'attribute' for ordering with."
        )));
    }
    Ok(field)
}

struct Ordering<'a> {
    graph: &'a Graph,
    path: &'a str,
    compatibility: Compatibility,
}

impl Ordering<'_> {
    fn impossible(&self) -> Error {
        Error::bad_request(format!("Cannot order by '{}'.", self.path))
    }

    /// What to order the rows of `node` by.
    fn expression<DB: Dialect>(
        &self,
        node: &Node,
        field: &FieldSpec,
        bits: &[&str],
    ) -> Result<String> {
        match &field.attribute {
            Attribute::Column(position) => {
                self.column::<DB>(node, *position, &node.columns[*position].sql, &bits[1..])
            }
            Attribute::Relation(relation) => {
                let target = self
                    .graph
                    .target(relation)
                    .ok_or_else(|| self.impossible())?;
                let key = node.key();
                match &relation.by {
                    By::Column(position) if bits.len() == 1 => {
                        Ok(node.columns[*position].sql.clone())
                    }
                    By::Column(position) => {
                        self.related::<DB>(target, &node.columns[*position].sql, &bits[1..], 1)
                    }
                    By::Through { table, own, other } if bits.len() == 1 => {
                        let (own, other) = (DB::quote(own), DB::quote(other));
                        Ok(format!(
                            "(SELECT MIN({table}.{other}) FROM {table} WHERE {table}.{own} = {})",
                            key.sql
                        ))
                    }
                    By::Reverse { table, column } if bits.len() == 1 => {
                        let (own, other) = (DB::quote(column), &target.key().quoted);
                        Ok(format!(
                            "(SELECT MIN({table}.{other}) FROM {table} WHERE {table}.{own} = {})",
                            key.sql
                        ))
                    }
                    _ => Err(self.impossible()),
                }
            }
            _ => Err(self.impossible()),
        }
    }

    /// A column of the row behind a relation, as a subquery that ends in it.
    fn related<DB: Dialect>(
        &self,
        node: &Node,
        from: &str,
        bits: &[&str],
        depth: usize,
    ) -> Result<String> {
        let name = bits[0];
        let field = if self.compatibility.is_tastypie() {
            node.field(name).ok_or_else(|| self.impossible())?
        } else {
            checked(node, name)?
        };
        let alias = format!("t{depth}");
        let key = &node.key().quoted;
        let inside = format!(
            "FROM {} AS {alias} WHERE {alias}.{key} = {from}",
            node.table
        );
        let column = |position: usize| format!("{alias}.{}", node.columns[position].quoted);
        match &field.attribute {
            Attribute::Column(position) => {
                let expression =
                    self.column::<DB>(node, *position, &column(*position), &bits[1..])?;
                Ok(format!("(SELECT {expression} {inside})"))
            }
            Attribute::Relation(relation) => match &relation.by {
                By::Column(position) if bits.len() == 1 => {
                    Ok(format!("(SELECT {} {inside})", column(*position)))
                }
                By::Column(position) => {
                    let target = self
                        .graph
                        .target(relation)
                        .ok_or_else(|| self.impossible())?;
                    let from = format!("(SELECT {} {inside})", column(*position));
                    self.related::<DB>(target, &from, &bits[1..], depth + 1)
                }
                _ => Err(self.impossible()),
            },
            _ => Err(self.impossible()),
        }
    }

    /// A column, or a part of the moment that it holds.
    fn column<DB: Dialect>(
        &self,
        node: &Node,
        position: usize,
        sql: &str,
        rest: &[&str],
    ) -> Result<String> {
        let kind = node.columns[position].kind;
        match rest {
            [] => Ok(sql.to_owned()),
            [part] if self.compatibility.is_tastypie() => {
                let lookup: Lookup = part.parse().map_err(|()| self.impossible())?;
                let part = lookup
                    .part()
                    .filter(|_| lookup.suits(kind))
                    .ok_or_else(|| self.impossible())?;
                Ok(DB::part(part, sql, kind))
            }
            _ => Err(self.impossible()),
        }
    }
}

/// The order of a list for which no other was asked.
pub(crate) fn default_order(node: &Node) -> Fragment {
    let mut order = Fragment::new();
    order.sql(&node.key().sql).sql(" ASC");
    order
}
