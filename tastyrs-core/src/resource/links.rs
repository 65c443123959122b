//! Relations as a client writes them: by address, by object, by object with an address.

use std::{
    any::TypeId,
    borrow::Cow,
    cell::{Cell, RefCell},
    collections::{BTreeSet, HashMap, HashSet},
    sync::Arc,
};

use super::{
    Hooks, Hop, Model, ModelResource, Mounted, Pages, RelatedRows, Rows, Source, Store, dehydrate,
    rows, save, write_row,
};
use crate::{
    bundle::{Bundle, Item, Sent},
    cache::Stale,
    data::{Data, Value},
    database::{Dialect, Fragment, Narrow, Slice},
    errors::{Error, Result},
    fields::{Attribute, By, Field, RelationSpec, Wanted, told},
    http::{Request, decode_path},
    queries::{Key, Node, key_filter, parse_key},
};

/// The most objects that one relation of one object is sent.
const MOST_RELATED: usize = 10_000;

/// What writing needs at hand, whatever the resource.
pub(crate) struct Writing<'h, 'c, DB: Dialect> {
    request: &'h Request,
    pages: &'h Pages,
    written: &'h RefCell<Vec<Stale>>,
    connection: &'c mut DB::Connection,
}

impl<'h, 'c, DB: Dialect> Writing<'h, 'c, DB> {
    pub(super) fn of<R>(hop: &Hop<'h, R>, connection: &'c mut DB::Connection) -> Self
    where
        R: ModelResource<Db = DB>,
    {
        Self {
            request: hop.request,
            pages: hop.pages,
            written: hop.written,
            connection,
        }
    }

    fn hop<R>(&self, mounted: &'h Arc<Mounted<R>>) -> Hop<'h, R>
    where
        R: ModelResource<Db = DB>,
    {
        Hop {
            mounted,
            request: self.request,
            pages: self.pages,
            loaded: Cell::new(0),
            total: Cell::new(None),
            objects: None,
            written: self.written,
        }
    }
}

/// What a client sent for one related object.
pub(super) enum Resolved {
    /// The address of a row.
    Row(Key),
    /// An object, and the row that it is, if it is one.
    Data(Option<Key>, Data<'static>),
}

/// A resource with a model, as those that are related to it write through it.
pub(crate) trait RelatedWrites<DB: Dialect> {
    /// The keys of the rows at these addresses.
    ///
    /// # Errors
    ///
    /// For the first that is wrong: [`Error::NotFound`] where it is no address of the resource, [`Error::BadRequest`]
    /// where no row is there, and what the authorization says to reading it.
    fn keys_at<'h>(&'h self, writing: &mut Writing<'h, '_, DB>, uris: &[&str]) -> Result<Vec<Key>>;

    /// The key of the row that an object's data names, by its address or by what is unique in it.
    fn key_of_data<'h>(
        &'h self,
        writing: &mut Writing<'h, '_, DB>,
        data: &Data<'_>,
    ) -> Result<Option<Key>>;

    /// Writes an object; `parent` is a column of it and the value that it has.
    fn save_nested<'h>(
        &'h self,
        writing: &mut Writing<'h, '_, DB>,
        key: Option<Key>,
        data: Data<'static>,
        parent: Option<(&'static str, &Key)>,
    ) -> Result<Key>;

    /// Sets a column of rows to the key of the object that they belong to from now on, or to nothing where that is
    /// allowed; it is a change to each of them.
    fn adopt<'h>(
        &'h self,
        writing: &mut Writing<'h, '_, DB>,
        keys: &[Key],
        column: &'static str,
        parent: Option<&Key>,
    ) -> Result<()>;
}

/// The resource that a relation leads to.
pub(super) fn target<DB: Dialect>(
    request: &Request,
    target: TypeId,
) -> Result<&dyn RelatedRows<DB>> {
    request.site().related_rows::<DB>(target).ok_or_else(|| {
        Error::Configuration("a relation leads to a resource that is not registered".to_owned())
    })
}

/// The name of an object in an address of its resource, whatever stands in front; nothing where it is no such address.
///
/// # Compatibility
///
/// `get_via_uri`, `resources.py:831`.
pub(super) fn name_in_uri<'u>(uri: &'u str, resource_name: &str) -> Option<Cow<'u, str>> {
    let (head, _) = uri.trim_end_matches('/').rsplit_once('/')?;
    let resource = head.strip_suffix(resource_name)?;
    if !resource.ends_with('/') {
        return None;
    }
    let name = uri.get(head.len() + 1..)?.strip_suffix('/')?;
    (name != "schema").then(|| decode_path(name))
}

/// An address at which no row is.
///
/// # Compatibility
///
/// `resource_from_uri`, `fields.py:570`, with its text.
fn not_at(resource_name: &str, uri: &str) -> Error {
    Error::bad_request(format!(
        "Could not find the provided {resource_name} object via resource URI '{}'.",
        told(&Value::from(uri))
    ))
}

/// Finds out what a client means by the value of a relation.
///
/// # Compatibility
///
/// `build_related_resource`, `fields.py:654`.
pub(super) fn resolve<'h, DB: Dialect>(
    target: &'h dyn RelatedRows<DB>,
    writing: &mut Writing<'h, '_, DB>,
    field: &str,
    value: Value<'static>,
) -> Result<Resolved> {
    match value {
        Value::Text(uri) => {
            let keys = target.keys_at(writing, &[uri.as_ref()])?;
            keys.into_iter()
                .next()
                .map(Resolved::Row)
                .ok_or(Error::NotFound)
        }
        Value::Map(data) if data.is_empty() => Err(Error::bad_request(format!(
            "The '{field}' field was given an object without data."
        ))),
        Value::Map(data) => Ok(Resolved::Data(target.key_of_data(writing, &data)?, data)),
        other => Err(Error::bad_request(format!(
            "The '{field}' field was given data that was not a URI, not a dictionary-alike and does not have a 'pk' attribute: {}.",
            told(&other)
        ))),
    }
}

/// Ties an object to the many others that it was sent with: by difference, so that what stays is not touched.
///
/// # Compatibility
///
/// `save_m2m`, `resources.py:2499`, which clears all and ties anew.
pub(super) fn save_m2m<'h, R: ModelResource + Hooks>(
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
        let values = many_values(field, bundle.data.get(field.spec.name))?;
        let own = Key::of(&Rows::column(&bundle.item(), hop.mounted.state.node().key))
            .ok_or(Error::NoObject)?;
        let keys = many_keys(hop, connection, field, relation, values, &own)?;
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
                let state = &hop.mounted.state;
                let Some(other) = state.graph.target(relation) else {
                    continue;
                };
                let nodes = (state.node(), other);
                link.tie::<R::Db>(connection, nodes, &own, &keys, &mut || authorize(bundle))?;
            }
            By::Reverse { column, .. } => {
                gather(hop, connection, relation, column, &own, &keys)?;
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
fn many_values<R: ModelResource>(
    field: &Field<R>,
    value: Option<&Value<'_>>,
) -> Result<Vec<Value<'static>>> {
    let name = field.spec.name;
    let values = match value {
        None | Some(Value::Null) if field.spec.null || field.spec.blank => return Ok(Vec::new()),
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
fn many_keys<R: ModelResource + Hooks>(
    hop: &Hop<'_, R>,
    connection: &mut <R::Db as Dialect>::Connection,
    field: &Field<R>,
    relation: &RelationSpec,
    values: Vec<Value<'static>>,
    own: &Key,
) -> Result<Vec<Key>> {
    let target = target::<R::Db>(hop.request, relation.target)?;
    let mut writing = Writing::<R::Db>::of(hop, connection);
    let uris: Vec<&str> = values.iter().filter_map(Value::as_str).collect();
    let mut at = target.keys_at(&mut writing, &uris)?.into_iter();
    let parent = match relation.by {
        By::Reverse { column, .. } => Some((column, own)),
        _ => None,
    };
    let mut keys = Vec::with_capacity(values.len());
    for value in values {
        let key = match value {
            Value::Text(_) => at.next().ok_or(Error::NotFound)?,
            other => match resolve(target, &mut writing, field.spec.name, other)? {
                Resolved::Row(key) => key,
                Resolved::Data(key, data) => target.save_nested(&mut writing, key, data, parent)?,
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
fn gather<R: ModelResource + Hooks>(
    hop: &Hop<'_, R>,
    connection: &mut <R::Db as Dialect>::Connection,
    relation: &RelationSpec,
    column: &'static str,
    own: &Key,
    keys: &[Key],
) -> Result<()> {
    let Some(node) = hop.mounted.state.graph.target(relation) else {
        return Ok(());
    };
    let referring =
        write_row::column_of::<R::Db>(&node.table, column, hop.mounted.state.node().key());
    let condition = key_filter::<R::Db>(&referring, std::slice::from_ref(own));
    let before = write_row::keys_where::<R::Db>(connection, &node.table, node.key(), condition)?;
    let (added, removed) = difference(&before, keys);
    let target = target::<R::Db>(hop.request, relation.target)?;
    let mut writing = Writing::<R::Db>::of(hop, connection);
    target.adopt(&mut writing, &added, column, Some(own))?;
    target.adopt(&mut writing, &removed, column, None)
}

impl<R: ModelResource + Hooks> RelatedWrites<R::Db> for Arc<Mounted<R>> {
    fn keys_at<'h>(
        &'h self,
        writing: &mut Writing<'h, '_, R::Db>,
        uris: &[&str],
    ) -> Result<Vec<Key>> {
        let hop = writing.hop(self);
        let (node, resource_name) = (self.state.node(), &self.meta.resource_name);
        let detail = &node.columns[node.detail];
        let key_in = |uri: &&str| {
            if uri.is_empty() {
                return Err(not_at(resource_name, uri));
            }
            name_in_uri(uri, resource_name)
                .and_then(|name| parse_key(&name, detail.kind))
                .ok_or(Error::NotFound)
        };
        // What is wrong is told of the first that is: a missing row before an address that is none.
        let mut wrong = None;
        let mut names = Vec::with_capacity(uris.len());
        for uri in uris {
            match key_in(uri) {
                Ok(key) => names.push(key),
                Err(error) => {
                    wrong = Some(error);
                    break;
                }
            }
        }
        let mut found: HashMap<Key, Item<'h, R>> = HashMap::with_capacity(names.len());
        // One that is named twice must not stand in two of the queries.
        let mut seen = HashSet::with_capacity(names.len());
        let distinct: Vec<Key> = names
            .iter()
            .filter(|name| seen.insert(*name))
            .cloned()
            .collect();
        for names in distinct.chunks(500) {
            let list = hop
                .get_object_list(hop.request)?
                .narrow(key_filter::<R::Db>(detail, names));
            for item in rows::rows(&hop, writing.connection, list, None)? {
                let Some(name) = Key::of(&Rows::column(&item, node.detail)) else {
                    continue;
                };
                if found.insert(name.clone(), item).is_some() {
                    return Err(Error::bad_request(format!(
                        "More than one object is found at '{name}'."
                    )));
                }
            }
        }
        let mut keys = Vec::with_capacity(names.len());
        for (uri, name) in uris.iter().zip(&names) {
            let item = found.get(name).ok_or_else(|| not_at(resource_name, uri))?;
            hop.authorized_read_detail(&Bundle::new(*item, hop.request, false, 0))?;
            keys.extend(Key::of(&Rows::column(item, node.key)));
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
        let mut list = hop.get_object_list(hop.request)?;
        let mut named = false;
        for (name, value) in data.iter() {
            let position = match self.fields.iter().find(|field| field.spec.name == name) {
                None if name == "pk" => node.key,
                Some(Field { spec, .. }) if spec.unique => match spec.attribute {
                    Attribute::Column(position) => position,
                    _ => continue,
                },
                _ => continue,
            };
            if value.is_null() || value.as_str() == Some("") {
                continue;
            }
            let column = &node.columns[position];
            let value = Wanted::any(column.name, column.kind, false).read(value)?;
            if let Some(key) = Key::of(&value) {
                named = true;
                list = list.narrow(key_filter::<R::Db>(column, &[key]));
            }
        }
        if !named {
            return Ok(None);
        }
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
        let item = match &key {
            None => Item::Nothing,
            Some(key) => item_of_key(&hop, writing.connection, key)?,
        };
        let sent = match key {
            None => Sent::Whole,
            Some(_) => Sent::Part(data.iter().map(|(name, _)| name.to_owned()).collect()),
        };
        let mut draft = if key.is_some() {
            Rows::edit(&hop, &item)?
        } else {
            Rows::blank(&hop)?
        };
        if let Some((column, parent)) = parent {
            let position = R::Model::COLUMNS
                .iter()
                .position(|known| known.name_in_table() == column);
            if let Some(position) = position {
                draft.set(position, parent.value());
            }
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
        let position = R::Model::COLUMNS
            .iter()
            .position(|known| known.name_in_table() == column);
        let Some(position) = position else {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_one_of_the_resource_whatever_stands_in_front() {
        let name = |uri| name_in_uri(uri, "auth/user").map(Cow::into_owned);

        assert_eq!(name("/api/v1/auth/user/3/").as_deref(), Some("3"));
        assert_eq!(
            name("http://else.where/v9/auth/user/a%20b/").as_deref(),
            Some("a b")
        );
        assert_eq!(name("/api/v1/auth/user/3//").as_deref(), Some("3/"));
        for wrong in [
            "3",
            "/",
            "",
            "nonsense",
            "/api/v1/auth/user/",
            "/api/v1/auth/user/3",
            "/api/v1/auth/user/3/?x=1",
            "/api/v1/auth/user/schema/",
            "/api/v1/auth/user/set/1;2/",
            "/api/v1/xauth/user/3/",
            "/api/v1/user/3/",
        ] {
            assert_eq!(name(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn only_what_differs_is_tied_anew() {
        let keys = |numbers: &[i64]| numbers.iter().copied().map(Key::Int).collect::<Vec<_>>();

        let (added, removed) = difference(&keys(&[1, 2, 3]), &keys(&[3, 4]));

        assert_eq!((added, removed), (keys(&[4]), keys(&[1, 2])));
    }
}
