//! The objects that one is tied to, by a table between them or by their own column.

use std::collections::HashSet;

use super::{
    super::{Hooks, Hop, ModelResource, Rows, Source, write_row},
    Resolved, Writing, resolve, target,
};
use crate::{
    bundle::Bundle,
    data::Value,
    database::{Dialect, Fragment},
    errors::{Error, Result},
    fields::{By, FieldSpec, RelationSpec, told},
    queries::{Key, Node, key_filter},
};

/// The most objects that one relation of one object is sent.
const MOST_RELATED: usize = 10_000;

/// Ties an object to the many others that it was sent with: by difference, so that what stays is not touched.
///
/// # Compatibility
///
/// `save_m2m`, `resources.py:2499`, which clears all and ties anew.
pub(in crate::resource) fn save_m2m<'h, R: ModelResource + Hooks>(
    hop: &Hop<'h, R>,
    connection: &mut <R::Db as Dialect>::Connection,
    bundle: &mut Bundle<'h, R>,
    authorize: &mut dyn FnMut(&Bundle<'h, R>) -> Result<()>,
) -> Result<()> {
    for field in &hop.mounted.fields {
        let Some(relation) = field.spec.relation() else {
            continue;
        };
        let many = !matches!(relation.by, By::Column(_) | By::Generic(_));
        if !many || field.spec.readonly || !bundle.sent.sets(field.spec.name) {
            continue;
        }
        let values = many_values(&field.spec, bundle.data.get(field.spec.name))?;
        let own = Key::of(&Rows::column(&bundle.item(), hop.mounted.state.node().key))
            .ok_or(Error::NoObject)?;
        let mut writing = Writing::<R::Db>::of(hop, connection);
        let keys = many_keys(&mut writing, &field.spec, relation, values, &own)?;
        let Some(other_node) = hop.mounted.state.graph.target(relation) else {
            continue;
        };
        let nodes = (hop.mounted.state.node(), other_node);
        match &relation.by {
            By::Through {
                table,
                own: own_column,
                other,
            } => {
                let link = Link {
                    table,
                    own: own_column,
                    other,
                };
                link.tie::<R::Db>(writing.connection, nodes, &own, &keys, &mut || {
                    authorize(bundle)
                })?;
            }
            By::Reverse { column, .. } => {
                gather(&mut writing, nodes, relation, column, &own, &keys)?;
            }
            By::Column(_) | By::Generic(_) => {}
        }
    }
    Ok(())
}

/// The values of a relation to many; none where that is allowed.
///
/// # Compatibility
///
/// `ToManyField.hydrate_m2m`, `fields.py:883`, with its text.
fn many_values(field: &FieldSpec, value: Option<&Value<'_>>) -> Result<Vec<Value<'static>>> {
    let name = field.name;
    let values = match value {
        None | Some(Value::Null) if field.null || field.blank => return Ok(Vec::new()),
        None | Some(Value::Null) => {
            return Err(Error::bad_request(format!(
                "The '{name}' field has no data and doesn't allow a null value."
            )));
        }
        Some(Value::List(values)) => values,
        Some(other) => {
            return Err(Error::bad_request(format!(
                "The '{name}' field was given data that was not a list: {}.",
                told(other)
            )));
        }
    };
    if values.len() > MOST_RELATED {
        return Err(Error::bad_request(format!(
            "The '{name}' field was given more than {MOST_RELATED} objects."
        )));
    }
    let given = values.iter().filter(|value| !value.is_null());
    Ok(given.map(|value| value.clone().into_owned()).collect())
}

/// The keys of the objects that a relation to many was sent, each once; those that were sent as objects are written.
fn many_keys<DB: Dialect>(
    writing: &mut Writing<'_, '_, DB>,
    field: &FieldSpec,
    relation: &RelationSpec,
    values: Vec<Value<'static>>,
    own: &Key,
) -> Result<Vec<Key>> {
    let target = target::<DB>(writing.request, relation.target)?;
    let uris: Vec<&str> = values.iter().filter_map(Value::as_str).collect();
    let mut at = target.keys_at(writing, &uris)?.into_iter();
    let parent = match relation.by {
        By::Reverse { column, .. } => Some((column, own)),
        _ => None,
    };
    let mut keys = Vec::with_capacity(values.len());
    for value in values {
        let key = match value {
            Value::Text(_) => at.next().ok_or(Error::NotFound)?,
            other => match resolve(target, writing, field.name, other)? {
                Resolved::Row(key) => key,
                Resolved::Data(key, data) => target.save_nested(writing, key, data, parent)?,
            },
        };
        keys.push(key);
    }
    let mut seen = HashSet::new();
    keys.retain(|key| seen.insert(key.clone()));
    Ok(keys)
}

/// What is in one of two lists of keys and not in the other: what is new, and what is gone.
fn difference(before: &[Key], after: &[Key]) -> (Vec<Key>, Vec<Key>) {
    let without = |keys: &[Key], others: &[Key]| {
        let others: HashSet<&Key> = others.iter().collect();
        let left = keys.iter().filter(|key| !others.contains(key));
        left.cloned().collect::<Vec<_>>()
    };
    (without(after, before), without(before, after))
}

/// A table that holds the keys of both sides.
struct Link<'l> {
    table: &'l str,
    own: &'static str,
    other: &'static str,
}

impl Link<'_> {
    /// Leaves exactly these keys tied to the own one.
    fn tie<DB: Dialect>(
        &self,
        connection: &mut DB::Connection,
        nodes: (&Node, &Node),
        own: &Key,
        keys: &[Key],
        authorize: &mut dyn FnMut() -> Result<()>,
    ) -> Result<()> {
        let own_column = write_row::column_of::<DB>(self.table, self.own, nodes.0.key());
        let other_column = write_row::column_of::<DB>(self.table, self.other, nodes.1.key());
        let is_own = || key_filter::<DB>(&own_column, std::slice::from_ref(own));
        let before = write_row::keys_where::<DB>(connection, self.table, &other_column, is_own())?;
        let (added, removed) = difference(&before, keys);
        if added.is_empty() && removed.is_empty() {
            return Ok(());
        }
        authorize()?;
        for removed in removed.chunks(500) {
            let mut statement = Fragment::new();
            statement.sql(&format!("DELETE FROM {} WHERE ", self.table));
            statement.append(is_own()).sql(" AND ");
            statement.append(key_filter::<DB>(&other_column, removed));
            write_row::run::<DB>(connection, statement, "removing links")?;
        }
        for added in added.chunks(200) {
            let mut statement = Fragment::new();
            statement.sql(&format!(
                "INSERT INTO {} ({}, {}) VALUES ",
                self.table, own_column.quoted, other_column.quoted
            ));
            for (position, key) in added.iter().enumerate() {
                statement.sql(if position > 0 { ", (" } else { "(" });
                push_key::<DB>(&mut statement, own);
                statement.sql(", ");
                push_key::<DB>(&mut statement, key);
                statement.sql(")");
            }
            if added.len() > 1 {
                statement.uncached();
            }
            write_row::run::<DB>(connection, statement, "adding links")?;
        }
        Ok(())
    }
}

fn push_key<DB: Dialect>(statement: &mut Fragment, key: &Key) {
    match key.binds::<DB>().into_iter().next() {
        Some(bind) => statement.bind(bind),
        None => statement.sql("NULL"),
    };
}

/// Has exactly these rows of the other table refer to the own one; those that did and no longer do refer to nothing,
/// where their column allows it.
fn gather<DB: Dialect>(
    writing: &mut Writing<'_, '_, DB>,
    (own_node, node): (&Node, &Node),
    relation: &RelationSpec,
    column: &'static str,
    own: &Key,
    keys: &[Key],
) -> Result<()> {
    let referring = write_row::column_of::<DB>(&node.table, column, own_node.key());
    let condition = key_filter::<DB>(&referring, std::slice::from_ref(own));
    let before =
        write_row::keys_where::<DB>(writing.connection, &node.table, node.key(), condition)?;
    let (added, removed) = difference(&before, keys);
    let target = target::<DB>(writing.request, relation.target)?;
    target.adopt(writing, &added, column, Some(own))?;
    target.adopt(writing, &removed, column, None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_differs_is_tied_anew() {
        let keys = |numbers: &[i64]| numbers.iter().copied().map(Key::Int).collect::<Vec<_>>();

        let (added, removed) = difference(&keys(&[1, 2, 3]), &keys(&[3, 4]));

        assert_eq!((added, removed), (keys(&[4]), keys(&[1, 2])));
    }
}
