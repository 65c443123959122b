//! Objects as data.

use super::{Hooks, Hop, Pages, Source, generic, related::Related, shown};
use crate::{
    bundle::{Bundle, Item},
    data::{Data, Value},
    database::{Cells, Row},
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
    let mut own = NewAddresses::new(&list_uri, items.len());
    for item in items {
        own.push(R::Source::detail_name(hop.mounted, item));
    }
    let own = own.kept(hop.pages);
    if let Some(fields) = R::Source::shown(hop.mounted, for_list) {
        let mut rows = Vec::with_capacity(items.len());
        rows.extend(items.iter().filter_map(loaded));
        if rows.len() == items.len() {
            return Ok(shown::all(hop.pages, fields, rows, own, related));
        }
    }
    items
        .iter()
        .enumerate()
        .map(|(place, item)| one(hop, *item, place, &related, &own, for_list))
        .collect()
}

/// An object as a row, if it is one that was loaded.
fn loaded<'h, R: Hooks>(item: &Item<'h, R>) -> Option<(Row<'h>, Cells<'h>)> {
    match item {
        Item::Row { row, .. } => Some((*row, row.cells()?)),
        Item::Object(_) | Item::Nothing => None,
    }
}

fn one<'h, R: Hooks>(
    hop: &Hop<'h, R>,
    item: Item<'h, R>,
    place: usize,
    related: &[Related<'h>],
    own: &Addresses<'h>,
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
            None => value(&item, &bundle, place, field, &related[*position], own)?,
        };
        bundle.data.push(field.spec.name, value);
    }
    mounted.resource.dehydrate(&mut bundle)?;
    Ok(bundle.data.into_object())
}

/// What a field says of an object.
fn value<'h, R: Hooks>(
    item: &Item<'h, R>,
    bundle: &Bundle<'h, R>,
    place: usize,
    field: &Field<R>,
    related: &Related<'h>,
    own: &Addresses<'h>,
) -> Result<Value<'h>> {
    let column = |column| R::Source::column(item, column);
    let value = match &field.spec.attribute {
        Attribute::None => Value::Null,
        Attribute::Column(position) => {
            let value = column(*position);
            match field.spec.decimal_places {
                Some(places) => with_places(value, places),
                None => value,
            }
        }
        Attribute::ResourceUri => match own.of(place) {
            Value::Null => Value::from(""),
            address => address,
        },
        Attribute::AbsoluteUrl => R::Source::absolute_url(bundle.obj()?).into(),
        Attribute::Object => match (field.read, item) {
            (Some(read), Item::Object(object)) => read(object),
            _ => Value::Null,
        },
        Attribute::Relation(_) => match related {
            Related::Generic(found) if !field.spec.null => found
                .of(&column)
                .cloned()
                .ok_or_else(|| generic::empty(field.spec.name))?,
            related => related.of(&column, place).into_owned(),
        },
    };
    Ok(match value {
        Value::Null if !field.spec.null => field.spec.default.value().unwrap_or(Value::Null),
        value => value,
    })
}

/// A decimal with the places of its column; rows have them already, models may not.
pub(super) fn with_places(value: Value<'_>, places: u32) -> Value<'_> {
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
    push_detail_uri(list_uri, name, &mut uri);
    uri
}

pub(super) fn push_detail_uri(list_uri: &str, name: &Key, uri: &mut String) {
    uri.push_str(list_uri);
    push_name(name, uri);
}

/// Appends what stands in an address behind that of the list.
pub(super) fn push_name(name: &Key, uri: &mut String) {
    match name {
        Key::Int(number) => uri.push_str(itoa::Buffer::new().format(*number)),
        other => crate::http::quote_segment(&other.to_string(), uri),
    }
    uri.push('/');
}

/// The addresses of objects below that of their list, in one text.
#[derive(Debug)]
pub struct Addresses<'h> {
    text: &'h str,
    ends: Vec<usize>,
}

/// Addresses that are being written.
pub(super) struct NewAddresses<'u> {
    list_uri: &'u str,
    text: String,
    ends: Vec<usize>,
}

impl<'u> NewAddresses<'u> {
    /// Has room for so many below the address of their list.
    pub(super) fn new(list_uri: &'u str, objects: usize) -> Self {
        Self {
            list_uri,
            text: String::with_capacity(objects * (list_uri.len() + 8)),
            ends: Vec::with_capacity(objects),
        }
    }

    /// Appends that of the object of this name; one without a name has none.
    pub(super) fn push(&mut self, name: Option<Key>) {
        if let Some(name) = name {
            push_detail_uri(self.list_uri, &name, &mut self.text);
        }
        self.ends.push(self.text.len());
    }

    pub(super) fn kept<'h>(self, pages: &'h Pages<'h>) -> Addresses<'h> {
        Addresses {
            text: pages.keep_text(self.text),
            ends: self.ends,
        }
    }
}

impl<'h> Addresses<'h> {
    /// That of the object at this place.
    pub(super) fn of(&self, place: usize) -> Value<'h> {
        let start = place.checked_sub(1).map_or(0, |before| self.ends[before]);
        match self.text.get(start..self.ends[place]) {
            Some("") | None => Value::Null,
            Some(address) => address.into(),
        }
    }
}
