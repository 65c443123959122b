//! What the objects of a list refer to, looked up for many at once.

use std::{any::TypeId, cell::RefCell, collections::HashMap};

use super::{
    super::{Hooks, Hop, Model, ModelResource, Rows, Source, rows, rows::RowsState},
    Writing, name_in_uri, target,
};
use crate::{
    bundle::Item,
    data::{Data, Value},
    database::{Dialect, Narrow},
    errors::{Error, Result},
    fields::{Attribute, By, FieldSpec, RelationSpec},
    queries::{Key, key_filter, parse_key},
};

/// The keys of rows that may be referred to, by the resource and the address.
#[derive(Debug, Default)]
pub(in crate::resource) struct Known(RefCell<HashMap<TypeId, HashMap<String, Key>>>);

impl Known {
    /// The key of the row that the value of a relation is the address of, if it was looked up.
    pub(in crate::resource) fn get(&self, target: TypeId, value: &Value<'_>) -> Option<Key> {
        let known = self.0.borrow();
        known.get(&target)?.get(value.as_str()?).cloned()
    }

    /// Forgets all: what was looked up may be old.
    pub(in crate::resource) fn clear(&self) {
        self.0.borrow_mut().clear();
    }
}

/// Objects that were looked up, to be taken once each.
#[doc(hidden)]
#[derive(Debug)]
pub struct Ahead<T> {
    /// Where each stands among them, by its name.
    places: HashMap<Key, usize>,
    items: Vec<T>,
}

impl<T> Default for Ahead<T> {
    fn default() -> Self {
        Self {
            places: HashMap::new(),
            items: Vec::new(),
        }
    }
}

impl<T: Copy> Ahead<T> {
    /// Whether none is left.
    pub(in crate::resource) fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    pub(in crate::resource) fn take(&mut self, name: &Key) -> Option<T> {
        self.places.remove(name).map(|place| self.items[place])
    }

    pub(in crate::resource) fn clear(&mut self) {
        self.places.clear();
    }
}

/// Finds the rows whose addresses are sent in the objects of a list, by their names, and the keys of those that the
/// objects refer to. What is wrong, or not there, is left to be found again when its turn comes.
pub(in crate::resource) fn look_ahead<'h, R: ModelResource + Hooks>(
    hop: &Hop<'h, R>,
    connection: &mut <R::Db as Dialect>::Connection,
    objects: &[Value<'static>],
) -> Result<Ahead<Item<'h, R>>> {
    hop.pages.known.clear();
    let state = &hop.mounted.state;
    for field in &hop.mounted.fields {
        if let Some(relation) = field.spec.relation()
            && matches!(relation.by, By::Column(_))
            && !field.spec.readonly
            && is_elsewhere(state, relation)
        {
            let uris = texts(objects, field.spec.name);
            let mut writing = Writing::<R::Db>::of(hop, connection);
            look_up(&mut writing, relation.target, uris)?;
        }
    }
    let node = state.node();
    // A name that several rows may have is not looked up for many.
    if !R::Model::COLUMNS[node.detail].unique {
        return Ok(Ahead::default());
    }
    let detail = &node.columns[node.detail];
    let key_in = |uri: &str| {
        let name = name_in_uri(uri, &hop.mounted.meta.resource_name)?;
        parse_key(&name, detail.kind).filter(|key| *key != Key::None)
    };
    let uris = texts(objects, "resource_uri").into_iter();
    let mut names: Vec<Key> = uris.filter_map(key_in).collect();
    if names.len() < 2 {
        return Ok(Ahead::default());
    }
    names.sort_unstable();
    names.dedup();
    let list = hop
        .get_object_list(hop.request)?
        .narrow(key_filter::<R::Db>(detail, &names));
    let items = rows::rows(hop, connection, list, None)?;
    let mut places = HashMap::with_capacity(items.len());
    for (place, item) in items.iter().enumerate() {
        if let Some(name) = Key::of(&Rows::column(item, node.detail)) {
            places.insert(name, place);
        }
    }
    Ok(Ahead { places, items })
}

/// The texts that are sent for a field, each once.
fn texts<'o>(objects: &'o [Value<'static>], name: &str) -> Vec<&'o str> {
    let sent = |object: &'o Value<'static>| match object {
        Value::Map(data) => data.get(name)?.as_str(),
        _ => None,
    };
    let mut texts: Vec<&str> = objects.iter().filter_map(sent).collect();
    texts.sort_unstable();
    texts.dedup();
    texts
}

/// Keeps the keys of the rows at these addresses, if all of them are right.
fn look_up<DB: Dialect>(
    writing: &mut Writing<'_, '_, DB>,
    resource: TypeId,
    uris: Vec<&str>,
) -> Result<()> {
    if uris.len() < 2 {
        return Ok(());
    }
    let keys = match target::<DB>(writing.request, resource)?.keys_at(writing, &uris) {
        Err(Error::Database { doing, source }) => return Err(Error::Database { doing, source }),
        Err(_) => return Ok(()),
        Ok(keys) => keys,
    };
    if keys.len() == uris.len() {
        let keys = uris.into_iter().map(ToOwned::to_owned).zip(keys);
        let mut known = writing.pages.known.0.borrow_mut();
        known.entry(resource).or_default().extend(keys);
    }
    Ok(())
}

/// Whether a relation leads to another table, which the objects that wait do not change.
fn is_elsewhere<DB: Dialect>(state: &RowsState<DB>, relation: &RelationSpec) -> bool {
    let target = state.graph.target(relation);
    target.is_some_and(|target| target.table != state.node().table)
}

/// Whether what data says of a field asks for objects to be written, or may lead to one that waits to be written.
pub(in crate::resource) fn needs_order<DB: Dialect>(
    state: &RowsState<DB>,
    field: &FieldSpec,
    data: &Data<'_>,
) -> bool {
    let Attribute::Relation(relation) = &field.attribute else {
        return false;
    };
    if field.readonly {
        return false;
    }
    let is_address = |value: &Value<'_>| matches!(value, Value::Text(_) | Value::Null);
    let is_read = match (&relation.by, data.get(field.name)) {
        (By::Column(_) | By::Generic(_), None) | (By::Column(_), Some(Value::Null)) => {
            return false;
        }
        (By::Through { .. } | By::Reverse { .. }, None | Some(Value::Null)) => true,
        (By::Column(_), Some(value)) => is_address(value),
        (By::Through { .. }, Some(Value::List(values))) => values.iter().all(is_address),
        (By::Reverse { .. }, Some(Value::List(values))) => values.is_empty(),
        (_, Some(_)) => false,
    };
    !is_read || !is_elsewhere(state, relation)
}
