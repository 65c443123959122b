//! Objects as data.

use super::{Hooks, Hop, Source, generic, related::Related};
use crate::{
    bundle::{Bundle, Item},
    data::{Data, Value},
    errors::Result,
    fields::{Attribute, Field, UseIn},
    queries::Key,
};

/// The data of each of these objects; what is related to them is loaded for all at once.
///
/// # Compatibility
///
/// `full_dehydrate`, `resources.py:888`: the fields, then their hooks, then `dehydrate`.
pub(super) fn all<'h, R: Hooks>(
    hop: &Hop<'h, R>,
    connection: &mut <R::Source as Source<R>>::Connection,
    items: &[Item<'h, R>],
    for_list: bool,
) -> Result<Vec<Data<'h>>> {
    let related = R::Source::related(hop, connection, items, for_list)?;
    let list_uri = hop.mounted.list_uri(hop.request);
    items
        .iter()
        .map(|item| one(hop, *item, &related, &list_uri, for_list))
        .collect()
}

fn one<'h, R: Hooks>(
    hop: &Hop<'h, R>,
    item: Item<'h, R>,
    related: &[Related<'h>],
    list_uri: &str,
    for_list: bool,
) -> Result<Data<'h>> {
    let mounted = hop.mounted;
    let mut bundle = Bundle::new(item, hop.request, for_list, mounted.sorted.len());
    for position in &mounted.sorted {
        let field = &mounted.fields[*position];
        let used = match field.use_in {
            UseIn::All => true,
            UseIn::List => for_list,
            UseIn::Detail => !for_list,
            UseIn::When(used) => used(&bundle),
        };
        if !used {
            continue;
        }
        let value = match &field.dehydrate {
            Some(hook) => hook(&mounted.resource, &bundle)?,
            None => value(hop, &bundle, field, &related[*position], list_uri)?,
        };
        bundle.data.push(field.spec.name, value);
    }
    mounted.resource.dehydrate(&mut bundle)?;
    Ok(bundle.data.into_object())
}

/// What a field says of an object.
fn value<'h, R: Hooks>(
    hop: &Hop<'h, R>,
    bundle: &Bundle<'h, R>,
    field: &Field<R>,
    related: &Related<'h>,
    list_uri: &str,
) -> Result<Value<'h>> {
    let value = match &field.spec.attribute {
        Attribute::None => Value::Null,
        Attribute::Column(column) => {
            let value = R::Source::column(&bundle.item(), *column);
            match field.spec.decimal_places {
                Some(places) => with_places(value, places),
                None => value,
            }
        }
        Attribute::ResourceUri => match R::Source::detail_name(hop.mounted, &bundle.item()) {
            Some(name) => Value::from(detail_uri(list_uri, &name)),
            None => Value::from(""),
        },
        Attribute::AbsoluteUrl => R::Source::absolute_url(bundle.obj()?).into(),
        Attribute::Object => match (field.read, bundle.item()) {
            (Some(read), Item::Object(object)) => read(object),
            _ => Value::Null,
        },
        Attribute::Relation(_) => match related {
            Related::Generic(found) => match found.of(bundle) {
                None if !field.spec.null => return Err(generic::empty(field.spec.name)),
                found => found.into(),
            },
            related => related.of(bundle),
        },
    };
    Ok(match value {
        Value::Null if !field.spec.null => field.spec.default.value().unwrap_or(Value::Null),
        value => value,
    })
}

/// A decimal with the places of its column; rows have them already, models may not.
fn with_places(value: Value<'_>, places: u32) -> Value<'_> {
    match value {
        Value::Decimal(digits)
            if digits.split_once('.').map_or(0, |(_, after)| after.len()) != places as usize =>
        {
            Value::Decimal(crate::database::with_places(&digits, places).into())
        }
        value => value,
    }
}

/// The address of an object below the address of its list.
pub(super) fn detail_uri(list_uri: &str, name: &Key) -> String {
    let mut uri = String::with_capacity(list_uri.len() + 24);
    uri.push_str(list_uri);
    match name {
        Key::Int(number) => uri.push_str(itoa::Buffer::new().format(*number)),
        other => crate::http::quote_segment(&other.to_string(), &mut uri),
    }
    uri.push('/');
    uri
}
