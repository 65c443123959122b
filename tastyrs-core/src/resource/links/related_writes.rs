//! A resource as those that are related to it write through it.

use std::{
    collections::{BTreeSet, HashSet},
    sync::Arc,
};

use super::{
    super::{
        ColumnSpec, Hooks, Hop, Model, ModelResource, Mounted, Rows, Source, Store, dehydrate,
        rows, save,
    },
    RelatedWrites, Writing, name_in_uri, not_at,
};
use crate::{
    bundle::{Bundle, Item, Sent},
    data::{Data, Value},
    database::{Dialect, Fragment, Narrow, Slice},
    errors::{Error, Result},
    fields::{Attribute, FieldSpec, Wanted, told},
    queries::{Key, Node, key_filter, parse_key},
};

impl<R: ModelResource + Hooks> RelatedWrites<R::Db> for Arc<Mounted<R>> {
    fn keys_at<'h>(
        &'h self,
        writing: &mut Writing<'h, '_, R::Db>,
        uris: &[&str],
    ) -> Result<Vec<Key>> {
        let hop = writing.hop(self);
        let (node, resource_name) = (self.state.node(), &self.meta.resource_name);
        let (names, wrong) = names_in(node, resource_name, uris);
        let mut items = Vec::with_capacity(names.len());
        for names in distinct(&names).chunks(500) {
            items.extend(rows::of_names(&hop, writing.connection, names)?);
        }
        let shown = |item: &Item<'h, R>| Key::of(&Rows::column(item, node.detail));
        let places = places(items.iter().map(shown))?;
        let mut keys = Vec::with_capacity(names.len());
        for (uri, name) in uris.iter().zip(&names) {
            let place = places.binary_search_by(|(known, _)| known.cmp(name));
            let place = place.map_err(|_| not_at(resource_name, uri))?;
            let item = items[places[place].1];
            hop.authorized_read_detail(&Bundle::new(item, hop.request, false, 0))?;
            keys.extend(Key::of(&Rows::column(&item, node.key)));
        }
        match wrong {
            Some(wrong) => Err(wrong),
            None => Ok(keys),
        }
    }

    fn key_of_data<'h>(
        &'h self,
        writing: &mut Writing<'h, '_, R::Db>,
        data: &Data<'_>,
    ) -> Result<Option<Key>> {
        if self.meta.include_resource_uri {
            match data.get("resource_uri") {
                None | Some(Value::Null) => {}
                Some(Value::Text(uri)) => {
                    return Ok(self.keys_at(writing, &[uri.as_ref()])?.pop());
                }
                Some(other) => return Err(not_at(&self.meta.resource_name, &told(other))),
            }
        }
        let hop = writing.hop(self);
        let node = self.state.node();
        let list = hop.get_object_list(hop.request)?;
        let unique = unique_in::<R::Db>(node, data)?;
        if unique.is_empty() {
            return Ok(None);
        }
        let list = unique.into_iter().fold(list, Narrow::narrow);
        match rows::rows(&hop, writing.connection, list, Some(Slice::TWO))?[..] {
            [item] => {
                hop.authorized_read_detail(&Bundle::new(item, hop.request, false, 0))?;
                Ok(Key::of(&Rows::column(&item, node.key)))
            }
            _ => Ok(None),
        }
    }

    fn save_nested<'h>(
        &'h self,
        writing: &mut Writing<'h, '_, R::Db>,
        key: Option<Key>,
        data: Data<'static>,
        parent: Option<(&'static str, &Key)>,
    ) -> Result<Key> {
        let hop = writing.hop(self);
        let (item, sent, mut draft) = match &key {
            None => (Item::Nothing, Sent::Whole, Rows::blank(&hop)?),
            Some(key) => {
                let item = item_of_key(&hop, writing.connection, key)?;
                (item, Sent::names_of(&data), Rows::edit(&hop, &item)?)
            }
        };
        if let Some((column, parent)) = parent
            && let Some(position) = position(R::Model::COLUMNS, column)
        {
            draft.set(position, parent.value());
        }
        let mut bundle = Bundle::inbound(data, hop.request, item, draft);
        bundle.sent = sent;
        save::save_nested(&hop, writing.connection, &mut bundle)?;
        Key::of(&Rows::column(&bundle.item(), self.state.node().key)).ok_or(Error::NoObject)
    }

    fn adopt<'h>(
        &'h self,
        writing: &mut Writing<'h, '_, R::Db>,
        keys: &[Key],
        column: &'static str,
        parent: Option<&Key>,
    ) -> Result<()> {
        let Some(position) = position(R::Model::COLUMNS, column) else {
            return Ok(());
        };
        // Who must belong to somebody stays with whom it belonged to.
        if parent.is_none() && !R::Model::COLUMNS[position].nullable {
            return Ok(());
        }
        let hop = writing.hop(self);
        for key in keys {
            let item = match item_of_key(&hop, writing.connection, key) {
                // What the resource hides stays where it is.
                Err(Error::NotFound) if parent.is_none() => continue,
                item => item?,
            };
            let mut data = Data::new();
            if R::READS_OBJECTS || self.meta.validation.is_some() {
                data = dehydrate::all(&hop, writing.connection, &[item], false)?
                    .pop()
                    .unwrap_or_default();
            }
            let mut draft = Rows::edit(&hop, &item)?;
            draft.set(position, parent.map_or(Value::Null, Key::value));
            let mut bundle = Bundle::inbound(data, hop.request, item, draft);
            bundle.sent = Sent::Part(BTreeSet::new());
            bundle.keeps_auto_now = true;
            hop.save(&hop, writing.connection, &mut bundle)?;
        }
        Ok(())
    }
}

/// The row of a key, among those that the resource has.
fn item_of_key<'h, R: ModelResource + Hooks>(
    hop: &Hop<'h, R>,
    connection: &mut <R::Db as Dialect>::Connection,
    key: &Key,
) -> Result<Item<'h, R>> {
    let filter = key_filter::<R::Db>(hop.mounted.state.node().key(), std::slice::from_ref(key));
    let list = hop.get_object_list(hop.request)?.narrow(filter);
    let found = rows::rows(hop, connection, list, Some(Slice::TWO))?;
    found.first().copied().ok_or(Error::NotFound)
}

// What follows is of no resource, so that it is compiled once.

/// What data says of the row that it names: the conditions that its key and its unique columns meet.
fn unique_in<DB: Dialect>(node: &Node, data: &Data<'_>) -> Result<Vec<Fragment>> {
    let mut conditions = Vec::new();
    for (name, value) in data.iter() {
        let position = match node.field(name) {
            None if name == "pk" => node.key,
            Some(FieldSpec {
                unique: true,
                attribute: Attribute::Column(position),
                ..
            }) => *position,
            _ => continue,
        };
        if value.is_nothing() {
            continue;
        }
        let column = &node.columns[position];
        let value = Wanted::any(column.name, column.kind, false).read(value)?;
        if let Some(key) = Key::of(&value) {
            conditions.push(key_filter::<DB>(column, &[key]));
        }
    }
    Ok(conditions)
}

/// The names in these addresses up to the first that is none, and what is wrong with that one: a missing row is told
/// before it.
fn names_in(node: &Node, resource_name: &str, uris: &[&str]) -> (Vec<Key>, Option<Error>) {
    let kind = node.columns[node.detail].kind;
    let mut names = Vec::with_capacity(uris.len());
    for uri in uris {
        if uri.is_empty() {
            return (names, Some(not_at(resource_name, uri)));
        }
        match name_in_uri(uri, resource_name).and_then(|name| parse_key(&name, kind)) {
            Some(name) => names.push(name),
            None => return (names, Some(Error::NotFound)),
        }
    }
    (names, None)
}

/// Each of these once: one that is named twice must not stand in two of the queries.
fn distinct(names: &[Key]) -> Vec<Key> {
    if names.len() < 2 {
        return names.to_vec();
    }
    let mut seen = HashSet::with_capacity(names.len());
    let distinct = names.iter().filter(|name| seen.insert(*name));
    distinct.cloned().collect()
}

/// Where among objects those of these names stand, in the order of the names.
fn places(names: impl Iterator<Item = Option<Key>>) -> Result<Vec<(Key, usize)>> {
    let mut places: Vec<(Key, usize)> = names
        .enumerate()
        .filter_map(|(place, name)| Some((name?, place)))
        .collect();
    places.sort_unstable();
    let twice = places.windows(2).find(|pair| pair[0].0 == pair[1].0);
    match twice {
        Some(pair) => Err(Error::bad_request(format!(
            "More than one object is found at '{}'.",
            pair[0].0
        ))),
        None => Ok(places),
    }
}

/// The position of a column, by its name in the table.
fn position(columns: &[ColumnSpec], name: &str) -> Option<usize> {
    columns
        .iter()
        .position(|column| column.name_in_table() == name)
}
