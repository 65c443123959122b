//! Objects that are rows of a table.

use std::{
    any::Any,
    collections::{HashMap, HashSet},
    hash::{DefaultHasher, Hasher as _},
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use super::{
    Hooks, Hop, Model, ModelFor, ModelResource, Mounted, Resource, ShownField, Source,
    generic::ContentTypeIds,
    references::Reference,
    related::{self, Related, RelatedRows},
    violations,
};
use crate::{
    api::Declaring,
    bundle::Item,
    cache,
    data::Value,
    database::{
        Database, Dialect, Failure, Fragment, Loaded, Narrow, Page, Permit, Slice, Statement,
        Total, load,
    },
    dispatch,
    errors::{Error, Result},
    fields::{Attribute, By, Field, Fields, Kind, UseIn},
    http::Request,
    meta::Meta,
    queries::{
        Graph, Key, Node, NodeColumn, apply_sorting, build_filters, default_order, key_filter,
        never, pagination::Asked, parse_key,
    },
};

/// The source of a resource over a model: rows of its table.
#[derive(Debug)]
pub struct Rows;

/// What a resource over a model keeps of its API.
#[derive(Debug)]
pub struct RowsState<DB: Dialect> {
    pub(super) database: Database<DB>,
    pub(super) graph: Arc<Graph>,
    node: usize,
    /// The columns that are loaded of a row, and their names in SQL.
    pub(super) loaded: Arc<[Loaded]>,
    pub(super) columns_sql: String,
    /// What stands before the condition of a statement that loads them.
    select_where: String,
    /// For each column of the model its place among those that are loaded.
    places: Vec<Option<u16>>,
    /// The filters and orders whose statements are kept prepared; a client can ask for any number of others.
    kept: Mutex<HashSet<u64>>,
    /// Read from the database when a row is first written.
    references: OnceLock<Vec<Reference>>,
    /// Tells it from all others of this process.
    number: u64,
    /// What lists and details show, where it is what was loaded and nothing else.
    shown_in_lists: Option<Box<[ShownField]>>,
    shown_in_details: Option<Box<[ShownField]>>,
    /// Whether a page of the whole list is the answer of one statement and nobody's code, once its total is known.
    list_is_lone: bool,
    /// Whether a detail is the answer of one statement and nobody's code: no hook looks at it, and no other row.
    detail_is_lone: bool,
    /// Of the resources that its generic foreign keys lead to.
    pub(super) content_types: ContentTypeIds,
}

/// The most statements of a resource that are kept prepared, apart from those without filter and order.
const MOST_KEPT: usize = 64;

impl<DB: Dialect> RowsState<DB> {
    pub(super) fn node(&self) -> &Node {
        &self.graph.nodes[self.node]
    }

    /// Marks filters and an order as not to be kept prepared, once enough others are.
    pub(super) fn keep_prepared<'f>(&self, fragments: impl IntoIterator<Item = &'f mut Fragment>) {
        let fragments: Vec<&mut Fragment> = fragments.into_iter().collect();
        if fragments.is_empty() || fragments.iter().any(|fragment| fragment.is_uncached()) {
            return;
        }
        let mut hasher = DefaultHasher::new();
        for fragment in &fragments {
            fragment.hash_text(&mut hasher);
        }
        let text = hasher.finish();
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() < MOST_KEPT {
            kept.insert(text);
        } else if !kept.contains(&text) {
            for fragment in fragments {
                fragment.uncached();
            }
        }
    }

    /// What the table refers to, where the database does not say which reference a row breaks.
    pub(super) fn references(&self, connection: &mut DB::Connection) -> Result<&[Reference]> {
        if self.references.get().is_none() {
            let read = Reference::all::<DB>(connection, self.node())?;
            return Ok(self.references.get_or_init(|| read));
        }
        Ok(self.references.get().map_or(&[], Vec::as_slice))
    }

    /// The columns that are loaded, to be selected.
    fn columns(&self) -> Fragment {
        let mut columns = Fragment::new();
        columns.sql(&self.columns_sql);
        columns
    }

    /// The place of a model's column that is always loaded.
    pub(super) fn place(&self, column: usize) -> usize {
        self.places
            .get(column)
            .copied()
            .flatten()
            .map_or(0, usize::from)
    }
}

static NUMBERS: AtomicU64 = AtomicU64::new(0);

/// Whether the first objects of the whole list are asked for, and few of them.
fn is_short<R: Resource>(mounted: &Mounted<R>, request: &Request) -> bool {
    let meta = &mounted.meta;
    let is_whole = request
        .params()
        .iter()
        .all(|(name, _)| matches!(name, "limit" | "offset" | "format"));
    is_whole && Asked::read(request.params(), meta.limit, meta.max_limit).is_ok_and(Asked::is_short)
}

/// Whether the row tells what is shown of a field, and no code of one's own runs for it.
fn is_of_the_row<R: Resource>(field: &Field<R>, graph: &Graph, for_list: bool) -> bool {
    let by_key = |target: &Node| target.key == target.detail;
    let is_told = field.spec.relation().is_none_or(|relation| {
        matches!(relation.by, By::Column(_))
            && !relation.full.is(for_list)
            && graph.target(relation).is_some_and(by_key)
    });
    let runs = field.dehydrate.is_some() || matches!(field.use_in, UseIn::When(_));
    is_told && !runs && !matches!(field.spec.attribute, Attribute::AbsoluteUrl)
}

/// The rows of a page as what is dehydrated.
pub(super) fn items<'h, R: ModelResource>(
    mounted: &'h Mounted<R>,
    page: &'h Page,
) -> Vec<Item<'h, R>> {
    (0..page.len())
        .map(|row| Item::Row {
            row: crate::database::Row::new(page, row, &mounted.state.places),
            read: <R::Model as Model>::from_row,
        })
        .collect()
}

impl<R: ModelResource> Source<R> for Rows {
    type State = RowsState<R::Db>;
    type Connection = <R::Db as Dialect>::Connection;

    fn declare(meta: &Meta<R>, fields: &Fields<R>, declaring: &mut Declaring) -> Result<()> {
        let table = <R::Model as ModelFor<R::Db>>::table_sql();
        let columns: Vec<NodeColumn> = R::Model::COLUMNS
            .iter()
            .map(|column| {
                let quoted = R::Db::quote(column.column);
                NodeColumn {
                    name: column.name,
                    sql: format!("{table}.{quoted}"),
                    quoted,
                    kind: column.kind,
                    nullable: column.nullable,
                    decimal_places: column.decimal_places,
                }
            })
            .collect();
        if meta.include_absolute_url && !R::Model::HAS_ABSOLUTE_URL {
            return Err(Error::Configuration(format!(
                "`include_absolute_url` of `{}` asks for an address that its model does not have: say `absolute_url` there",
                meta.resource_name
            )));
        }
        let detail = match meta.detail_uri_name.as_ref() {
            "pk" => R::Model::KEY,
            name => columns
                .iter()
                .position(|column| column.name == name)
                .ok_or_else(|| {
                    Error::Configuration(format!(
                        "`detail_uri_name` of `{}` is `{name}`, which is no column of its model",
                        meta.resource_name
                    ))
                })?,
        };
        declaring.node::<R::Db, R>(Node {
            resource_name: meta.resource_name.to_string(),
            table,
            columns,
            key: R::Model::KEY,
            detail,
            fields: fields.0.iter().map(|field| field.spec.clone()).collect(),
            filtering: meta
                .filtering
                .iter()
                .map(|(name, rule)| (name.to_string(), rule.clone()))
                .collect(),
            ordering: meta.ordering.iter().map(ToString::to_string).collect(),
        })
    }

    fn state(
        meta: &Meta<R>,
        fields: &Fields<R>,
        declaring: &Declaring,
    ) -> Result<RowsState<R::Db>> {
        let (graph, node) = declaring.graph::<R::Db, R>();
        let database = declaring.database::<R::Db>().ok_or_else(|| {
            Error::Configuration(format!(
                "`{}` needs a database: give the API one by `.database(...)` before it is built",
                meta.resource_name
            ))
        })?;
        // A hook may ask for the whole model, and what is changed is compared with it; else only what is shown is
        // loaded.
        let mut wanted: Vec<bool> = vec![R::READS_OBJECTS; R::Model::COLUMNS.len()];
        let this = &graph.nodes[node];
        for position in [this.key, this.detail] {
            wanted[position] = true;
        }
        for field in &fields.0 {
            match &field.spec.attribute {
                Attribute::Column(column) => wanted[*column] = true,
                Attribute::Relation(relation) => {
                    for (column, wanted) in wanted.iter_mut().enumerate() {
                        *wanted |= relation.by.is_over(column);
                    }
                }
                Attribute::AbsoluteUrl => wanted.fill(true),
                Attribute::None | Attribute::ResourceUri | Attribute::Object => {}
            }
        }
        let mut loaded = Vec::new();
        let mut places = vec![None; wanted.len()];
        let mut columns_sql = String::new();
        for (position, column) in this
            .columns
            .iter()
            .enumerate()
            .filter(|(position, _)| wanted[*position])
        {
            places[position] = u16::try_from(loaded.len()).ok();
            if !loaded.is_empty() {
                columns_sql.push_str(", ");
            }
            columns_sql.push_str(&column.sql);
            loaded.push(Loaded {
                name: column.name,
                kind: column.kind,
                decimal_places: column.decimal_places,
            });
        }
        let select_where = format!("SELECT {columns_sql} FROM {} WHERE ", this.table);
        let is_lone = |for_list| {
            let mut fields = fields.0.iter();
            !R::HAS_HOOKS
                && meta.authorization.answers_at_once()
                && fields.all(|field| is_of_the_row(field, &graph, for_list))
        };
        let detail_is_lone = is_lone(false);
        let list_is_lone = is_lone(true) && meta.authorization.shows_whole_lists();
        let shown = |for_list| {
            (!R::HAS_HOOKS)
                .then(|| ShownField::all(&fields.0, &places, for_list))
                .flatten()
        };
        let (shown_in_lists, shown_in_details) = (shown(true), shown(false));
        let specs = fields.0.iter().map(|field| &field.spec);
        let content_types = ContentTypeIds::of(&database, &meta.resource_name, specs)?;
        Ok(RowsState {
            database,
            graph,
            node,
            loaded: loaded.into(),
            select_where,
            columns_sql,
            places,
            kept: Mutex::default(),
            references: OnceLock::new(),
            number: NUMBERS.fetch_add(1, Ordering::Relaxed),
            shown_in_lists,
            shown_in_details,
            list_is_lone,
            detail_is_lone,
            content_types,
        })
    }

    fn related_rows(mounted: &Arc<Mounted<R>>) -> Option<Box<dyn Any + Send + Sync>>
    where
        R: Hooks,
    {
        let rows: Box<dyn RelatedRows<R::Db>> = Box::new(Arc::clone(mounted));
        Some(Box::new(rows))
    }

    fn all(_: &R, _: &Request) -> Result<R::List> {
        Ok(<R::Model as ModelFor<R::Db>>::query())
    }

    fn none(list: R::List) -> R::List {
        list.narrow(never())
    }

    async fn hop<T, F>(
        mounted: &Arc<Mounted<R>>,
        request: &mut Request,
        writes: bool,
        work: F,
    ) -> Result<T>
    where
        R: Hooks,
        T: Send + 'static,
        F: FnOnce(&Hop<'_, R>, &mut Self::Connection) -> Result<T> + Send + 'static,
    {
        hopped(mounted, request, move |hop, database, permit| {
            database
                .with(permit, writes, |connection| work(hop, connection))
                // Django's constraints wait for the end of the transaction.
                .map_err(|error| violations::explain(hop.mounted, error))
        })
        .await
    }

    async fn read<T, F>(mounted: &Arc<Mounted<R>>, request: &mut Request, work: F) -> Result<T>
    where
        R: Hooks,
        T: Send + 'static,
        F: for<'h> Fn(&Hop<'h, R>, &mut Self::Connection) -> Result<T> + Send + 'static,
    {
        hopped(mounted, request, move |hop, database, permit| {
            database.reading(permit, |connection| work(hop, connection))
        })
        .await
    }

    async fn read_list<T, F>(mounted: &Arc<Mounted<R>>, request: &mut Request, work: F) -> Result<T>
    where
        R: Hooks,
        T: Send + 'static,
        F: for<'h> Fn(&Hop<'h, R>, &mut Self::Connection) -> Result<T> + Send + 'static,
    {
        let (state, database) = (&mounted.state, &mounted.state.database);
        if !state.list_is_lone || !is_short(mounted, request) {
            return Self::read(mounted, request, work).await;
        }
        let unchanged = |total: &Total| database.version_here() == Some(total.version);
        // One that held before is likely to hold, so it is looked at only once, behind the page.
        if let Some(total) = database.total_here(state.number)
            && (total.held || unchanged(&total))
        {
            let here = Hop::run(mounted, request, |hop| {
                hop.total.set(Some(total.rows));
                database.here(|connection| work(hop, connection))
            });
            // Who wrote since it was counted changed the page, the total or both.
            let holds = here.is_some() && unchanged(&total);
            if holds != total.held {
                database.total_held_here(state.number, holds);
            }
            if let Some(answer) = here.filter(|_| holds) {
                return answer;
            }
        }
        let Some(version) = database.version_here() else {
            return Self::read(mounted, request, work).await;
        };
        let (answer, total) = hopped(mounted, request, move |hop, database, permit| {
            let answer = database.reading(permit, |connection| work(hop, connection))?;
            Ok((answer, hop.total.get()))
        })
        .await?;
        if let Some(total) = total {
            database.keep_total_here(state.number, version, total);
        }
        Ok(answer)
    }

    async fn read_keyed<T, F>(
        mounted: &Arc<Mounted<R>>,
        request: &mut Request,
        work: F,
    ) -> Result<T>
    where
        R: Hooks,
        T: Send + 'static,
        F: for<'h> Fn(&Hop<'h, R>, &mut Self::Connection) -> Result<T> + Send + 'static,
    {
        if !mounted.state.detail_is_lone {
            return Self::read(mounted, request, work).await;
        }
        let database = &mounted.state.database;
        let here = Hop::run(mounted, request, |hop| {
            database.here(|connection| work(hop, connection))
        });
        if let Some(answer) = here {
            return answer;
        }
        // One statement sees one state of the database, with a transaction around it or without.
        hopped(mounted, request, move |hop, database, permit| {
            database.asking(permit, |connection| work(hop, connection))
        })
        .await
    }

    fn page<'h>(
        hop: &Hop<'h, R>,
        connection: &mut Self::Connection,
    ) -> Result<(Vec<Item<'h, R>>, Asked, u64)>
    where
        R: Hooks,
    {
        let state = &hop.mounted.state;
        let (query, compatibility) = (hop.request.params(), hop.mounted.compatibility);
        let mut filters = build_filters::<R::Db>(&state.graph, state.node(), query, compatibility)?;
        let mut order = apply_sorting::<R::Db>(&state.graph, state.node(), query, compatibility)?;
        state.keep_prepared(filters.iter_mut().chain(&mut order));
        let searches = !filters.is_empty() || order.is_some();

        let list = narrowed(hop, filters.clone())?;
        let asked = hop.asked()?;

        let list = match order {
            Some(order) => list.order(order),
            None => list.then_order(default_order(state.node())),
        };
        let slice = asked.slice();
        if R::Db::is_remote() && slice.limit.is_some() {
            let rows = list.rows(state.columns()).slice(slice);
            let statement = rows.counted(narrowed(hop, filters)?.count());
            let (page, total) = load_counted(state, connection, statement)
                .map_err(|error| told_of_search(error, searches))?;
            return Ok((kept(hop, page), asked, total));
        }
        let items = rows(hop, connection, list, Some(slice))
            .map_err(|error| told_of_search(error, searches))?;
        let total = match asked.total(items.len()).or(hop.total.get()) {
            Some(total) => total,
            None => count(hop, connection, filters)?,
        };
        hop.total.set(Some(total));
        Ok((items, asked, total))
    }

    fn named<'h>(
        hop: &Hop<'h, R>,
        connection: &mut Self::Connection,
        name: &str,
    ) -> Result<Vec<Item<'h, R>>>
    where
        R: Hooks,
    {
        let state = &hop.mounted.state;
        let column = &state.node().columns[state.node().detail];
        let key = parse_key(name, column.kind).ok_or(Error::NotFound)?;
        let condition = key_filter::<R::Db>(column, &[key]);
        let statement = if R::HAS_HOOKS {
            let list = hop.get_object_list(hop.request)?.narrow(condition);
            list.rows(state.columns())
        } else {
            // Nobody narrows the list, so its statement need not be put together anew.
            let mut statement = Fragment::new();
            statement.sql(&state.select_where).append(condition);
            Statement::new(statement)
        };
        loaded(hop, connection, statement.slice(Slice::TWO))
    }

    fn set<'h>(
        hop: &Hop<'h, R>,
        connection: &mut Self::Connection,
        names: &[&str],
    ) -> Result<Vec<Option<Item<'h, R>>>>
    where
        R: Hooks,
    {
        let state = &hop.mounted.state;
        let column = &state.node().columns[state.node().detail];
        let mut keys: Vec<Key> = names
            .iter()
            .filter_map(|name| parse_key(name, column.kind))
            .collect();
        keys.sort_unstable();
        keys.dedup();
        let query = hop.request.params();
        let mut filters =
            build_filters::<R::Db>(&state.graph, state.node(), query, hop.mounted.compatibility)?;
        filters.push(key_filter::<R::Db>(column, &keys));
        for filter in &mut filters {
            filter.uncached();
        }
        let list = narrowed(hop, filters)?.then_order(default_order(state.node()));
        let items = rows(hop, connection, list, None)?;
        // An id counts as it is written: `01` is not `1`. Of several rows behind one name the first is shown.
        let mut by_name: HashMap<String, Item<'h, R>> = HashMap::new();
        for item in items {
            if let Some(key) = Key::of(&Self::column(&item, state.node().detail)) {
                by_name.entry(key.to_string()).or_insert(item);
            }
        }
        Ok(names
            .iter()
            .map(|name| by_name.get(*name).copied())
            .collect())
    }

    fn related<'h>(
        hop: &Hop<'h, R>,
        connection: &mut Self::Connection,
        items: &[Item<'h, R>],
        for_list: bool,
    ) -> Result<Vec<Related<'h>>>
    where
        R: Hooks,
    {
        related::load_related(hop, connection, items, for_list)
    }

    fn shown(mounted: &Mounted<R>, for_list: bool) -> Option<&[ShownField]> {
        let state = &mounted.state;
        let shown = if for_list {
            &state.shown_in_lists
        } else {
            &state.shown_in_details
        };
        shown.as_deref()
    }

    fn column<'h>(item: &Item<'h, R>, column: usize) -> Value<'h> {
        match item {
            Item::Row { row, .. } => row.value(column).unwrap_or_default(),
            Item::Object(object) => object.value(column),
            Item::Nothing => Value::Null,
        }
    }

    fn canonical_name(mounted: &Mounted<R>, name: &str) -> Option<String> {
        let node = mounted.state.node();
        match parse_key(name, node.columns[node.detail].kind)? {
            Key::None => None,
            key => Some(key.to_string()),
        }
    }

    fn to_bytes(item: &Item<'_, R>) -> Option<Vec<u8>> {
        match item {
            Item::Row { row, .. } => row.to_bytes(),
            Item::Object(_) | Item::Nothing => None,
        }
    }

    fn from_bytes<'h>(hop: &Hop<'h, R>, bytes: &[u8]) -> Option<Item<'h, R>> {
        let page = Page::from_row_bytes(bytes, &hop.mounted.state.loaded)?;
        Some(kept(hop, page)[0])
    }

    fn detail_name(mounted: &Mounted<R>, item: &Item<'_, R>) -> Option<Key> {
        let value = Self::column(item, mounted.state.node().detail);
        let key = Key::of(&value);
        value.let_go();
        key
    }

    fn absolute_url(object: &R::Object) -> Option<String> {
        object.absolute_url()
    }
}

/// The objects that the caller may read and asked for.
pub(super) fn narrowed<R: ModelResource + Hooks>(
    hop: &Hop<'_, R>,
    filters: Vec<Fragment>,
) -> Result<R::List> {
    let list = hop.get_object_list(hop.request)?;
    let list = filters.into_iter().fold(list, Narrow::narrow);
    hop.authorized_read_list(list, hop.request)
}

/// The column in which a statement counts.
const COUNT: Loaded = Loaded {
    name: "count",
    kind: Kind::BigInt,
    decimal_places: None,
};

fn count<R: ModelResource + Hooks>(
    hop: &Hop<'_, R>,
    connection: &mut <R::Db as Dialect>::Connection,
    filters: Vec<Fragment>,
) -> Result<u64> {
    let statement = narrowed(hop, filters)?.count();
    let page = load::<R::Db>(connection, statement, [COUNT], "counting rows")?;
    total(&page, 0)
}

/// Loads a page and the number of objects of which it is a part.
fn load_counted<DB: Dialect>(
    state: &RowsState<DB>,
    connection: &mut DB::Connection,
    statement: Statement<DB>,
) -> Result<(Page, u64)> {
    let columns: Arc<[Loaded]> = state.loaded.iter().copied().chain([COUNT]).collect();
    let mut page = load::<DB>(connection, statement, columns, "loading a page")?;
    let total = total(&page, state.loaded.len())?;
    if page.value(0, state.place(state.node().key)).is_null() {
        page.clear();
    }
    Ok((page, total))
}

/// The number in a column of a page's first row.
fn total(page: &Page, column: usize) -> Result<u64> {
    if page.len() > 0
        && let Value::Int(total) = page.value(0, column)
    {
        return Ok(total.unsigned_abs());
    }
    let text = "`get_object_list` cut its list by an offset or a limit, which pages do";
    Err(Error::Configuration(text.to_owned()))
}

/// A search that runs too long is the client's to change; anything else that does may come again.
fn told_of_search(error: Error, searches: bool) -> Error {
    match error {
        Error::Database { source, .. } if searches && Failure::of(&source) == Failure::TooLong => {
            Error::bad_request(
                "The search takes too long: ask for less, or in an order that is faster to find.",
            )
        }
        error => error,
    }
}

pub(super) fn rows<'h, R: ModelResource>(
    hop: &Hop<'h, R>,
    connection: &mut <R::Db as Dialect>::Connection,
    list: R::List,
    slice: Option<Slice>,
) -> Result<Vec<Item<'h, R>>> {
    let state = &hop.mounted.state;
    let mut statement: Statement<R::Db> = list.rows(state.columns());
    if let Some(slice) = slice {
        statement = statement.slice(slice);
    }
    loaded(hop, connection, statement)
}

/// Runs a statement of the resource's columns, and keeps its rows.
fn loaded<'h, R: ModelResource>(
    hop: &Hop<'h, R>,
    connection: &mut <R::Db as Dialect>::Connection,
    statement: Statement<R::Db>,
) -> Result<Vec<Item<'h, R>>> {
    let columns = Arc::clone(&hop.mounted.state.loaded);
    let page = load::<R::Db>(connection, statement, columns, "loading rows")?;
    Ok(kept(hop, page))
}

/// Works on a blocking thread, with the right to a connection.
async fn hopped<R, T, F>(mounted: &Arc<Mounted<R>>, request: &mut Request, work: F) -> Result<T>
where
    R: ModelResource + Hooks,
    T: Send + 'static,
    F: FnOnce(&Hop<'_, R>, &Database<R::Db>, &Permit) -> Result<T> + Send + 'static,
{
    let database = mounted.state.database.clone();
    let permit = database.permit().await?;
    let here = Arc::clone(mounted);
    let (answer, forgetting) = dispatch::blocking(request, move |request| {
        let (answer, written) = Hop::run(&here, request, |hop| {
            (work(hop, &database, &permit), hop.written.take())
        });
        drop(permit);
        // A transaction whose end is in doubt may have written.
        let forgetting = cache::forget(written);
        Ok((answer, forgetting))
    })
    .await?;
    if let Some(forgetting) = forgetting {
        let _ = forgetting.await;
    }
    answer
}

/// Keeps a page until the hop ends.
fn kept<'h, R: ModelResource>(hop: &Hop<'h, R>, page: Page) -> Vec<Item<'h, R>> {
    hop.loaded.set(hop.loaded.get() + page.written());
    items(hop.mounted, hop.pages.keep(page))
}
