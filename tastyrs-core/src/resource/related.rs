//! The objects behind relations, loaded by the page: one query a relation, never one a row.

use std::{
    borrow::Cow,
    cell::{Cell, OnceCell, RefCell},
    collections::HashMap,
    sync::Arc,
};

use super::{
    Hooks, Hop, ModelResource, Pages, RelatedWrites, Resource, Source, dehydrate,
    dehydrate::Addresses,
    generic::{self, Found},
    rows,
};
use crate::{
    bundle::Item,
    cache::Stale,
    data::Value,
    database::{Dialect, Fragment, Loaded, Page, Statement, load},
    errors::Result,
    fields::{By, Field, RelationSpec, UseIn},
    http::Request,
    queries::{Key, Node, NodeColumn, key_filter},
};

/// What a relation leads to, for all objects of a page.
#[derive(Debug)]
pub enum Related<'h> {
    /// The field is no relation, or is not shown.
    None,
    /// The address that the key in a column makes.
    Address(Addresses<'h>),
    /// By the key in a column.
    One {
        column: usize,
        by_key: HashMap<Key, Value<'h>>,
    },
    /// By the own key.
    Many {
        key: usize,
        by_key: HashMap<Key, Value<'h>>,
    },
    /// By a content type and a key.
    Generic(Found<'h>),
}

impl<'h> Related<'h> {
    /// What it leads to from one object, which is the one at this place of the page.
    ///
    /// `column` gives the values of its columns.
    pub(super) fn of(
        &self,
        column: &dyn Fn(usize) -> Value<'h>,
        place: usize,
    ) -> Cow<'_, Value<'h>> {
        let by = |position: usize, by_key| {
            let by_key: &HashMap<Key, Value<'h>> = by_key;
            by_key.get(&Key::of(&column(position))?)
        };
        let (found, nothing) = match self {
            Self::None => (None, Value::Null),
            Self::Address(addresses) => (None, addresses.of(place)),
            Self::One { column, by_key } => (by(*column, by_key), Value::Null),
            Self::Many { key, by_key } => (by(*key, by_key), Value::List(Vec::new())),
            Self::Generic(found) => (found.of(column), Value::Null),
        };
        found.map_or(Cow::Owned(nothing), Cow::Borrowed)
    }
}

/// A resource with a model, as those that are related to it see it.
pub(crate) trait RelatedRows<DB: Dialect>: RelatedWrites<DB> + Send + Sync {
    /// The columns that it needs of a row, and their names in SQL.
    fn columns(&self) -> (&[Loaded], &str);

    /// The place of its key among those columns.
    fn key(&self) -> usize;

    /// Rows of it as data.
    fn full<'h>(
        &'h self,
        loading: &mut Loading<'h, '_, DB>,
        page: &'h Page,
    ) -> Result<Vec<Value<'h>>>;

    /// The addresses of its rows.
    fn addresses<'h>(&self, request: &Request, pages: &'h Pages<'h>, page: &Page)
    -> Vec<Value<'h>>;
}

/// What loading needs at hand.
pub(crate) struct Loading<'h, 'c, DB: Dialect> {
    pub(crate) request: &'h Request,
    pub(crate) pages: &'h Pages<'h>,
    pub(crate) connection: &'c mut DB::Connection,
    pub(crate) written: &'h RefCell<Vec<Stale>>,
    pub(crate) for_list: bool,
}

impl<R: ModelResource + Hooks> RelatedRows<R::Db> for Arc<super::Mounted<R>> {
    fn columns(&self) -> (&[Loaded], &str) {
        (&self.state.columns.loaded, &self.state.columns.sql)
    }

    fn key(&self) -> usize {
        self.state.place(self.state.node().key)
    }

    fn full<'h>(
        &'h self,
        loading: &mut Loading<'h, '_, R::Db>,
        page: &'h Page,
    ) -> Result<Vec<Value<'h>>> {
        let hop = Hop {
            mounted: self,
            request: loading.request,
            pages: loading.pages,
            loaded: Cell::new(0),
            totals: OnceCell::new(),
            objects: None,
            written: loading.written,
            is_lone: Cell::new(false),
        };
        let items: Vec<Item<'h, R>> = rows::items(self, page);
        let data = dehydrate::all(&hop, loading.connection, &items, loading.for_list)?;
        Ok(data.into_iter().map(Value::Map).collect())
    }

    fn addresses<'h>(
        &self,
        request: &Request,
        pages: &'h Pages<'h>,
        page: &Page,
    ) -> Vec<Value<'h>> {
        let list_uri = self.list_uri(request);
        let place = self.state.place(self.state.node().detail);
        let names = (0..page.len()).map(|row| Key::of(&page.value(row, place)));
        let addresses = Addresses::new(pages, &list_uri, names);
        (0..page.len()).map(|row| addresses.of(row)).collect()
    }
}

/// Loads what the relations of these objects lead to, a value of each field.
pub(super) fn load_related<'h, R: ModelResource + Hooks>(
    hop: &Hop<'h, R>,
    connection: &mut <R::Db as Dialect>::Connection,
    items: &[Item<'h, R>],
    for_list: bool,
) -> Result<Vec<Related<'h>>> {
    let mut loading = Loading::<R::Db> {
        request: hop.request,
        pages: hop.pages,
        connection,
        written: hop.written,
        for_list,
    };
    let fields = &hop.mounted.fields;
    let mut related = Vec::with_capacity(fields.len());
    for field in fields {
        related.push(one(hop, &mut loading, items, field)?);
    }
    Ok(related)
}

fn one<'h, R: ModelResource + Hooks>(
    hop: &Hop<'h, R>,
    loading: &mut Loading<'h, '_, R::Db>,
    items: &[Item<'h, R>],
    field: &Field<R>,
) -> Result<Related<'h>> {
    let state = &hop.mounted.state;
    let shown = match field.use_in {
        UseIn::All | UseIn::When(_) => true,
        UseIn::List => loading.for_list,
        UseIn::Detail => !loading.for_list,
    };
    let Some(relation) = field
        .spec
        .relation()
        .filter(|_| shown && field.dehydrate.is_none())
    else {
        return Ok(Related::None);
    };
    let full = relation.full.is(loading.for_list);
    if let By::Generic(generic) = &relation.by {
        return generic::found(hop, loading, items, generic, full).map(Related::Generic);
    }
    let (Some(target), Some(rows)) = (
        state.graph.target(relation),
        hop.request.site().related_rows::<R::Db>(relation.target),
    ) else {
        return Ok(Related::None);
    };
    let by_key = target.key == target.detail;

    if let By::Column(column) = relation.by {
        if !full && by_key {
            let list_uri = hop
                .request
                .site()
                .list_uri(hop.request.prefix(), &target.resource_name);
            let names = items
                .iter()
                .map(|item| Key::of(&R::Source::column(item, column)));
            let addresses = Addresses::new(hop.pages, &list_uri, names);
            return Ok(Related::Address(addresses));
        }
        let keys = keys_of(items, column);
        let by_key = by_keys(loading, rows, target, &keys, full)?;
        return Ok(Related::One { column, by_key });
    }

    let key = state.node().key;
    let keys = keys_of(items, key);
    let mut by_key = HashMap::with_capacity(keys.len());
    if !keys.is_empty()
        && let Some((body, own)) =
            many::<R::Db>(state.node(), relation, target, &keys, rows.columns().1)
    {
        let (page, values) = related_values(loading, rows, body, full, Some(own))?;
        let own_place = rows.columns().0.len();
        for (row, value) in values.into_iter().enumerate() {
            if let Some(key) = Key::of(&page.value(row, own_place)) {
                let many = by_key.entry(key).or_insert_with(|| Value::List(Vec::new()));
                if let Value::List(many) = many {
                    many.push(value);
                }
            }
        }
    }
    Ok(Related::Many { key, by_key })
}

/// The objects of a resource that have these keys: their data, or their addresses.
pub(super) fn by_keys<'h, DB: Dialect>(
    loading: &mut Loading<'h, '_, DB>,
    rows: &'h dyn RelatedRows<DB>,
    target: &Node,
    keys: &[Key],
    full: bool,
) -> Result<HashMap<Key, Value<'h>>> {
    let mut by_key = HashMap::with_capacity(keys.len());
    if keys.is_empty() {
        return Ok(by_key);
    }
    let mut body = Fragment::new();
    body.sql(&format!(
        "SELECT {} FROM {} WHERE ",
        rows.columns().1,
        target.table
    ));
    body.append(key_filter::<DB>(target.key(), keys));
    let (page, values) = related_values(loading, rows, body, full, None)?;
    for (row, value) in values.into_iter().enumerate() {
        if let Some(key) = Key::of(&page.value(row, rows.key())) {
            by_key.insert(key, value);
        }
    }
    Ok(by_key)
}

/// The rows on the other side of a relation to many, each with the own key behind its columns.
fn many<DB: Dialect>(
    node: &Node,
    relation: &RelationSpec,
    target: &Node,
    keys: &[Key],
    columns: &str,
) -> Option<(Fragment, Loaded)> {
    let mut body = Fragment::new();
    let own_sql = match &relation.by {
        By::Through { table, own, other } => {
            let (own, other) = (DB::quote(own), DB::quote(other));
            body.sql(&format!(
                "SELECT {columns}, {table}.{own} FROM {table} INNER JOIN {} ON {} = {table}.{other} WHERE ",
                target.table,
                target.key().sql,
            ));
            format!("{table}.{own}")
        }
        By::Reverse { table, column } => {
            let own = DB::quote(column);
            body.sql(&format!(
                "SELECT {columns}, {table}.{own} FROM {table} WHERE "
            ));
            format!("{table}.{own}")
        }
        By::Column(_) | By::Generic(_) => return None,
    };
    let own = NodeColumn {
        sql: own_sql,
        ..node.key().clone()
    };
    body.append(key_filter::<DB>(&own, keys));
    body.sql(&format!(" ORDER BY {} ASC", target.key().sql));
    Some((
        body,
        Loaded {
            name: own.name,
            kind: own.kind,
            decimal_places: None,
        },
    ))
}

/// Runs the query of a relation, and makes data or addresses of its rows.
fn related_values<'h, DB: Dialect>(
    loading: &mut Loading<'h, '_, DB>,
    rows: &'h dyn RelatedRows<DB>,
    body: Fragment,
    full: bool,
    own: Option<Loaded>,
) -> Result<(&'h Page, Vec<Value<'h>>)> {
    let columns: Arc<[Loaded]> = rows.columns().0.iter().copied().chain(own).collect();
    let page = load::<DB>(
        loading.connection,
        Statement::new(body),
        columns,
        "loading related rows",
    )?;
    let page: &'h Page = loading.pages.keep(page);
    let values = if full {
        rows.full(loading, page)?
    } else {
        rows.addresses(loading.request, loading.pages, page)
    };
    Ok((page, values))
}

/// The keys that a column of these objects holds, each once.
fn keys_of<R: Resource>(items: &[Item<'_, R>], column: usize) -> Vec<Key> {
    let mut keys: Vec<Key> = items
        .iter()
        .filter_map(|item| Key::of(&R::Source::column(item, column)))
        .collect();
    keys.sort_unstable();
    keys.dedup();
    keys
}
