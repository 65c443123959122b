//! Generic foreign keys: one object of several resources, by the columns of a content type and of a key.

use std::{any::TypeId, collections::HashMap};

use super::{
    ColumnSpec, Hooks, Hop, ModelResource,
    draft::{Nested, RowDraft},
    hydrate::null_refused,
    links,
    related::{Loading, Rows, by_keys},
    row_store::Place,
    rows::RowsState,
};
use crate::{
    bundle::Bundle,
    data::{Data, Value},
    database::{Database, Dialect},
    errors::{Error, Result},
    fields::{FieldSpec, Generic, GenericTarget, Kind, Wanted, told},
    queries::{Key, Node, parse_key},
};

/// The numbers that the content types of some resources have in one database.
#[derive(Debug, Default)]
pub(super) struct ContentTypeIds(HashMap<TypeId, i64>);

impl ContentTypeIds {
    /// Looks the content types of a resource's generic foreign keys up.
    pub(super) fn of<DB: Dialect>(database: &Database<DB>, node: &Node) -> Result<Self> {
        let (mut ids, resource_name) = (HashMap::new(), &node.resource_name);
        for field in &node.fields {
            for target in field.generic().iter().flat_map(|generic| &generic.targets) {
                // That each has one was checked when the parts met.
                let Some(content_type) = target.content_type else {
                    continue;
                };
                let id = database.content_type(content_type)?.ok_or_else(|| {
                    Error::Configuration(format!(
                        "the field `{}` of `{resource_name}` leads to {}, whose content type `{content_type}` is not in \
                         the table `django_content_type`",
                        field.name, target.name
                    ))
                })?;
                ids.insert(target.resource, id);
            }
        }
        Ok(Self(ids))
    }

    fn id(&self, resource: TypeId) -> Option<i64> {
        self.0.get(&resource).copied()
    }
}

/// What the generic foreign keys of a page lead to.
#[derive(Debug)]
pub struct Found<'h> {
    content_type: usize,
    object_id: usize,
    by_type: HashMap<i64, OfType<'h>>,
}

/// The objects of one content type, by their keys.
#[derive(Debug)]
struct OfType<'h> {
    /// What the keys are, whatever the column is that refers to them.
    kind: Kind,
    by_key: HashMap<Key, Value<'h>>,
}

impl<'h> Found<'h> {
    /// What one object leads to; nothing where that is gone, or of no type that is known.
    pub(super) fn of(&self, column: &dyn Fn(usize) -> Value<'h>) -> Option<&Value<'h>> {
        let Value::Int(content_type) = column(self.content_type) else {
            return None;
        };
        let of_type = self.by_type.get(&content_type)?;
        let key = key_of(&column(self.object_id), of_type.kind)?;
        of_type.by_key.get(&key)
    }
}

/// The key that a column of object ids holds, as one of this kind; nothing where it cannot be one.
fn key_of(object_id: &Value<'_>, kind: Kind) -> Option<Key> {
    match object_id {
        Value::Text(text) => parse_key(text, kind),
        other => Key::of(other),
    }
}

/// Loads what a generic foreign key of these objects leads to: one query for each resource that any leads to.
pub(super) fn found<'h, DB: Dialect>(
    state: &RowsState<DB>,
    loading: &mut Loading<'h, '_, DB>,
    items: Rows<'_, 'h>,
    generic: &Generic,
    full: bool,
) -> Result<Found<'h>> {
    let mut object_ids: HashMap<i64, Vec<Value<'h>>> = HashMap::new();
    for row in 0..items.len {
        if let Value::Int(content_type) = (items.value)(row, generic.content_type) {
            let object_id = (items.value)(row, generic.object_id);
            object_ids.entry(content_type).or_default().push(object_id);
        }
    }
    let mut by_type = HashMap::with_capacity(generic.targets.len());
    for target in &generic.targets {
        let asked = state
            .content_types
            .id(target.resource)
            .and_then(|id| object_ids.remove_entry(&id));
        let (Some((id, object_ids)), Some(node), Some(rows)) = (
            asked,
            state.graph.node(target.resource),
            loading.request.site().related_rows::<DB>(target.resource),
        ) else {
            continue;
        };
        let kind = node.key().kind;
        let mut keys: Vec<Key> = object_ids
            .iter()
            .filter_map(|object_id| key_of(object_id, kind))
            .collect();
        keys.sort_unstable();
        keys.dedup();
        let by_key = by_keys(loading, rows, node, &keys, full)?;
        by_type.insert(id, OfType { kind, by_key });
    }
    Ok(Found {
        content_type: generic.content_type,
        object_id: generic.object_id,
        by_type,
    })
}

/// An object whose generic foreign key leads nowhere, though it may not.
///
/// # Compatibility
///
/// `ToOneField.dehydrate`, `fields.py:757`, whose text shows the model's `repr` too.
pub(super) fn empty(field: &str) -> Error {
    Error::bad_request(format!(
        "The model has an empty attribute '{field}' and doesn't allow a null value."
    ))
}

/// Whether a generic foreign key that was sent decides what stands in a column, so that the column's own field does not.
pub(super) fn decides<R: ModelResource + Hooks>(
    hop: &Hop<'_, R>,
    bundle: &Bundle<'_, R>,
    column: usize,
) -> bool {
    hop.mounted.fields.iter().any(|field| {
        let of_column = field
            .spec
            .generic()
            .is_some_and(|generic| generic.content_type == column || generic.object_id == column);
        of_column && !field.spec.readonly && bundle.sent_value(field.spec.name).is_some()
    })
}

/// Sets the columns of a generic foreign key to what was sent: an address, or an object with its address.
///
/// # Compatibility
///
/// `GenericForeignKeyField.resource_from_uri`, `contrib/contenttypes/fields.py:46`, and `GenericResource.get_via_uri`,
/// `contrib/contenttypes/resources.py:25`: the address says which resource it is.
pub(super) fn refer<DB: Dialect>(
    writing: &mut links::Writing<'_, '_, DB>,
    state: &RowsState<DB>,
    draft: &mut RowDraft,
    place: Place<'_>,
    generic: &Generic,
    value: Value<'static>,
) -> Result<()> {
    let (name, object_id) = (place.field.name, place.position);
    if value.is_null() {
        let columns = [generic.content_type, object_id];
        let nullable = |column: &usize| place.columns[*column].nullable;
        if place.field.null && columns.iter().all(nullable) {
            for column in columns {
                draft.set(column, Value::Null);
            }
        } else if place.strict && !place.field.blank {
            return Err(null_refused(name));
        }
        return Ok(());
    }
    // The data of an object is read in twice where its validation cleans it.
    if draft.written.contains(&object_id) {
        return Ok(());
    }
    let uri = address(name, &value)?;
    let (resource, content_type) = leads_to(state, generic, uri).ok_or(Error::NotFound)?;
    let target = links::target::<DB>(writing.request, resource)?;
    let key = target.keys_at(writing, &[uri])?;
    let key = key.into_iter().next().ok_or(Error::NotFound)?;
    let columns = [
        (generic.content_type, Value::Int(content_type)),
        (object_id, as_object_id(name, place.column(), &key)?),
    ];
    match value {
        // It is written before what refers to it, and stays the object that it is.
        Value::Map(data) => {
            draft.nested.retain(|nested| !nested.sets(object_id));
            draft.nested.push(Nested {
                column: object_id,
                generic: Some(columns),
                target: resource,
                key: Some(key),
                data,
            });
        }
        _ => {
            for (column, value) in columns {
                draft.set(column, value);
            }
        }
    }
    Ok(())
}

/// The address that was sent, alone or within an object.
fn address<'v>(field: &str, value: &'v Value<'static>) -> Result<&'v str> {
    let within = |data: &'v Data<'static>| data.get("resource_uri").and_then(Value::as_str);
    match value {
        Value::Text(uri) => Ok(uri),
        Value::Map(data) => within(data).ok_or_else(|| {
            Error::bad_request(format!(
                "The '{field}' field was given an object without a 'resource_uri', which says of which kind it is."
            ))
        }),
        other => Err(Error::bad_request(format!(
            "The '{field}' field was given data that was not a URI, not a dictionary-alike and does not have a 'pk' attribute: {}.",
            told(other)
        ))),
    }
}

/// The resource that an address is one of, and its content type. Of `user` and `auth/user` it is the longer one.
fn leads_to<DB: Dialect>(
    state: &RowsState<DB>,
    generic: &Generic,
    uri: &str,
) -> Option<(TypeId, i64)> {
    let named = generic.targets.iter().filter_map(|target| {
        let node = state.graph.node(target.resource)?;
        links::name_in_uri(uri, &node.resource_name)?;
        let content_type = state.content_types.id(target.resource)?;
        Some((node.resource_name.len(), target.resource, content_type))
    });
    let (_, resource, content_type) = named.max_by_key(|(length, ..)| *length)?;
    Some((resource, content_type))
}

/// A key as a column of object ids holds it.
fn as_object_id(field: &str, column: &ColumnSpec, key: &Key) -> Result<Value<'static>> {
    let wanted = Wanted {
        range: column.kind.range(),
        max_length: column.max_length,
        ..Wanted::any(field, column.kind, false)
    };
    wanted.read(&key.value())
}

/// What is checked when the parts of an API meet: that each kind of object has a name of its own in the database.
pub(crate) fn check(node: &Node, field: &FieldSpec) -> Result<()> {
    let Some(generic) = field.generic() else {
        return Ok(());
    };
    let wrong = |what: String| {
        Err(Error::Configuration(format!(
            "the field `{}` of `{}` {what}",
            field.name, node.resource_name
        )))
    };
    if generic.targets.is_empty() {
        return wrong("leads to no resource".to_owned());
    }
    for (position, target) in generic.targets.iter().enumerate() {
        let Some(content_type) = target.content_type else {
            return wrong(format!(
                "leads to {}, whose model has no content type: say `#[model(content_type = \"app.model\")]` there",
                target.name
            ));
        };
        let same = |other: &&GenericTarget| other.content_type == Some(content_type);
        if let Some(other) = generic.targets[..position].iter().find(same) {
            return wrong(format!(
                "leads to {} and to {}, which have the same content type `{content_type}`",
                other.name, target.name
            ));
        }
    }
    let nullable = [generic.content_type, generic.object_id]
        .map(|column| &node.columns[column])
        .into_iter()
        .find(|column| column.nullable);
    match nullable {
        Some(column) if !field.null => wrong(format!(
            "is over the column `{}`, which may be null: say `null`",
            column.name
        )),
        _ => Ok(()),
    }
}
