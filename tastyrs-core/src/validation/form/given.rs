//! What a form is given of an object.

use std::{borrow::Cow, sync::Arc};

use super::{Names, value::is_blank};
use crate::{
    bundle::{Bundle, Item},
    data::Value,
    fields::{Attribute, By, Field},
    http::decode_path,
    resource::{Mounted, Resource, Source},
};

/// The values of a form's fields, without those that are as good as nothing.
pub(super) type Given<'g> = Vec<(Cow<'g, str>, Cow<'g, Value<'g>>)>;

/// What a form with fields of these names is given.
///
/// # Compatibility
///
/// `form_args`, `validation.py:52`: the data, and what it does not say from the object; of related objects their keys.
pub(super) fn given<'g, R: Resource>(bundle: &'g Bundle<'_, R>, names: Names) -> Given<'g> {
    let mounted = mounted(bundle);
    let mut given = Given::new();
    let mut add = |name: Cow<'g, str>| {
        let field = mounted.as_ref().and_then(|mounted| {
            let mut fields = mounted.fields.iter();
            fields.find(|field| field.spec.name == name)
        });
        let is_relation = field.is_some_and(|field| field.spec.relation().is_some());
        let value = match (bundle.data.get(&name), field) {
            (Some(value), _) if is_relation => Cow::Owned(key(value, 0)),
            (Some(value), _) => Cow::Borrowed(value),
            (None, Some(field)) => Cow::Owned(of_object(bundle, field)),
            (None, None) => Cow::Owned(Value::Null),
        };
        if !is_blank(&value) {
            given.push((name, value));
        }
    };
    if let Some(names) = names {
        for name in names {
            add(Cow::Borrowed(name));
        }
    } else {
        for (name, _) in bundle.data.iter() {
            add(Cow::Borrowed(name));
        }
        for field in mounted.iter().flat_map(|mounted| &mounted.fields) {
            if !bundle.data.contains(field.spec.name) {
                add(Cow::Borrowed(field.spec.name));
            }
        }
    }
    given
}

/// The names of the fields that lead to other objects.
pub(super) fn relations<R: Resource>(bundle: &Bundle<'_, R>) -> Vec<&'static str> {
    let mounted = mounted(bundle);
    let fields = mounted.iter().flat_map(|mounted| &mounted.fields);
    fields
        .filter(|field| field.spec.relation().is_some())
        .map(|field| field.spec.name)
        .collect()
}

fn mounted<R: Resource>(bundle: &Bundle<'_, R>) -> Option<Arc<Mounted<R>>> {
    bundle.request().site().resource::<R>()
}

/// What the object has in a field, or where there is none what it would have.
fn of_object<'a, R: Resource>(bundle: &Bundle<'a, R>, field: &Field<R>) -> Value<'a> {
    let default = || field.spec.default.value().unwrap_or_default();
    match (&field.spec.attribute, bundle.item()) {
        (Attribute::Column(_) | Attribute::Object, Item::Nothing) | (Attribute::None, _) => {
            default()
        }
        (Attribute::Column(column), item) => R::Source::column(&item, *column),
        (Attribute::Object, Item::Object(object)) => {
            field.read.map_or_else(default, |read| read(object))
        }
        (Attribute::Relation(relation), item) => match &relation.by {
            By::Column(column) => R::Source::column(&item, *column),
            By::Generic(generic) => R::Source::column(&item, generic.object_id),
            By::Through { .. } | By::Reverse { .. } => Value::Null,
        },
        _ => Value::Null,
    }
}

/// The most objects in objects that are looked into.
const DEEPEST: usize = 8;

/// The key of a related object, of what a client sends in its place: its address, or its data.
fn key<'v>(value: &'v Value<'_>, depth: usize) -> Value<'v> {
    match value {
        Value::Text(address) => {
            let name = address.trim().trim_end_matches('/').rsplit('/').next();
            Value::Text(decode_path(name.unwrap_or_default()))
        }
        Value::Map(data) if depth < DEEPEST => ["resource_uri", "pk", "id"]
            .iter()
            .find_map(|name| data.get(name))
            .map_or(Value::Null, |value| key(value, depth + 1)),
        Value::List(values) if depth < DEEPEST => {
            Value::List(values.iter().map(|value| key(value, depth + 1)).collect())
        }
        Value::Int(number) => Value::Int(*number),
        Value::Uuid(uuid) => Value::Uuid(*uuid),
        _ => Value::Null,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Data;

    #[test]
    fn a_related_object_is_reduced_to_its_key_however_it_is_sent() {
        let full: Data<'_> = [("resource_uri", "/api/v1/users/a%20b/"), ("name", "x")]
            .into_iter()
            .collect();
        let unsaved: Data<'_> = [("name", "x")].into_iter().collect();

        assert_eq!(key(&"/api/v1/users/7/".into(), 0), "7".into());
        assert_eq!(key(&Value::Map(full), 0), "a b".into());
        assert_eq!(key(&Value::Map(unsaved), 0), Value::Null);
        assert_eq!(
            key(&vec!["/users/1/", "/users/2/"].into(), 0),
            vec!["1", "2"].into()
        );
        assert_eq!(key(&Value::Null, 0), Value::Null);
    }
}
