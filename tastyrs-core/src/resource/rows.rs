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
    Hooks, Hop, Model, ModelFor, ModelResource, Mounted, Paged, Resource, ShownField, Source,
    generic::ContentTypeIds,
    paging,
    references::Reference,
    related::{self, Related, RelatedRows},
    store::Single,
    violations,
    write_row::Columns,
    writes::is_seen_whole,
};
use crate::{
    api::Declaring,
    bundle::Item,
    cache,
    data::Value,
    database::{
        Counting, Database, Dialect, Fragment, Narrow, Page, Permit, Row, Slice, Statement, load,
    },
    dispatch,
    errors::{Error, Result},
    fields::{Attribute, By, Field, Fields, Kind, UseIn},
    http::Request,
    meta::{Meta, TotalCount},
    queries::{
        Graph, Key, Node, NodeColumn, build_filters, default_order, key_filter, never,
        pagination::Asked, parse_key,
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
    /// The columns that are loaded of a row.
    pub(super) columns: Columns,
    /// Its key and its name, which is all that comes back of a row that was written and nobody looks at.
    pub(super) names: Columns,
    /// What stands before the condition of a statement that loads them.
    select_where: String,
    /// The filters and orders whose statements are kept prepared; a client can ask for any number of others.
    kept: Mutex<HashSet<u64>>,
    /// Read from the database when a row is first written.
    references: OnceLock<Vec<Reference>>,
    /// Read from the database when rows are first changed by one statement.
    told_apart: OnceLock<Option<Vec<usize>>>,
    /// Tells it from all others of this process.
    pub(super) number: u64,
    /// What lists and details show, where it is what was loaded and nothing else.
    shown_in_lists: Option<Box<[ShownField]>>,
    shown_in_details: Option<Box<[ShownField]>>,
    pub(super) lists: Lists,
    /// Whether a detail is the answer of one statement and nobody's code: no hook looks at it, and no other row.
    detail_is_lone: bool,
    pub(super) lone: Lone,
    /// Read from the database when a row is first written by a lone statement.
    diverts: OnceLock<bool>,
    /// Of the resources that its generic foreign keys lead to.
    pub(super) content_types: ContentTypeIds,
}

/// What is known of lists when the resource is registered.
#[derive(Debug)]
pub(super) struct Lists {
    /// Whether one without filters is all of the table, whoever asks.
    pub(super) are_whole: bool,
    /// Whether what was counted is told again while nothing changes: the same statement counts the same rows then.
    pub(super) keep_totals: bool,
    /// Whether a page of the whole list is the answer of one statement and nobody's code, once its total is known.
    are_lone: bool,
}

/// Which writes of one object are lone: one statement, and nobody's code that could tell or that looks at more than was
/// sent.
#[derive(Debug)]
pub(super) struct Lone {
    creates: bool,
    changes: bool,
    deletes: bool,
}

impl Lone {
    fn of<R: ModelResource>(
        meta: &Meta<R>,
        fields: &Fields<R>,
        graph: &Graph,
        node: &Node,
    ) -> Self {
        let asks_nobody = !R::HAS_HOOKS && meta.authorization.answers_at_once();
        // What is shown afterwards may take other rows.
        let is_of_the_row = !meta.always_return_data
            && fields.0.iter().all(|field| match field.spec.relation() {
                Some(relation) if !field.spec.readonly => match relation.by {
                    By::Column(_) => graph.target(relation).is_some_and(|target| target.is_plain),
                    By::Generic(_) => true,
                    By::Through { .. } | By::Reverse { .. } => false,
                },
                _ => true,
            });
        let cleans = meta
            .validation
            .as_ref()
            .is_some_and(|validation| validation.cleans());
        let hydrates = fields.0.iter().any(|field| field.hydrate.is_some());
        Self {
            creates: asks_nobody && is_of_the_row && !cleans && !hydrates,
            changes: is_of_the_row && node.is_plain && !is_seen_whole(meta, &fields.0),
            deletes: node.is_plain && R::Model::on_delete().is_empty(),
        }
    }

    pub(super) fn is(&self, single: Single) -> bool {
        match single {
            Single::Create => self.creates,
            Single::Change => self.changes,
            Single::Delete => self.deletes,
        }
    }
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

    /// The columns that tell rows apart, by themselves or with others; nothing where any column may.
    pub(super) fn told_apart(&self, connection: &mut DB::Connection) -> Result<Option<&[usize]>> {
        if self.told_apart.get().is_none() {
            let node = self.node();
            let names = DB::unique_columns(connection, &node.table)
                .map_err(Error::database("reading the constraints of a table"))?;
            let position = |name: &String| {
                let quoted = DB::quote(name);
                let is_it = |column: &NodeColumn| column.quoted == quoted;
                node.columns.iter().position(is_it)
            };
            let columns = names.map(|names| names.iter().filter_map(position).collect());
            return Ok(self.told_apart.get_or_init(|| columns).as_deref());
        }
        Ok(self.told_apart.get().and_then(Option::as_deref))
    }

    /// Whether something else may be done in place of what a statement says, so that it does not tell whether anything
    /// was.
    pub(super) fn diverts(&self, connection: &mut DB::Connection) -> Result<bool> {
        if let Some(known) = self.diverts.get() {
            return Ok(*known);
        }
        let diverts = DB::diverts(connection, &self.node().table)
            .map_err(Error::database("reading the triggers of a table"))?;
        Ok(*self.diverts.get_or_init(|| diverts))
    }

    /// The columns that are loaded, to be selected.
    pub(super) fn selected(&self) -> Fragment {
        let mut columns = Fragment::new();
        columns.sql(&self.columns.sql);
        columns
    }

    /// The place of a model's column that is always loaded.
    pub(super) fn place(&self, column: usize) -> usize {
        self.columns
            .places
            .get(column)
            .copied()
            .flatten()
            .map_or(0, usize::from)
    }
}

static NUMBERS: AtomicU64 = AtomicU64::new(0);

/// Whether objects of the whole list are asked for that are found at once, in the order of their keys, and few of them.
fn is_short<R: ModelResource>(mounted: &Mounted<R>, request: &Request) -> bool {
    let (meta, node) = (&mounted.meta, mounted.state.node());
    let is_field = |name: &str| mounted.has_field(name);
    let is_place = |name: &str| match name {
        "limit" | "offset" | "format" => true,
        // Another name is looked up first, by a statement of its own.
        "after" | "before" => !is_field(name) && node.key == node.detail,
        _ => false,
    };
    let mut parameters = request.params().iter();
    parameters.all(|(name, _)| is_place(name))
        && Asked::read(request.params(), meta.limit, meta.max_limit, is_field)
            .is_ok_and(|asked| asked.is_short())
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
        .map(|row| item(page, row, &mounted.state.columns))
        .collect()
}

/// A row of a page that has these columns.
pub(super) fn item<'h, R: ModelResource>(
    page: &'h Page,
    row: usize,
    columns: &'h Columns,
) -> Item<'h, R> {
    Item::Row {
        row: Row::new(page, row, &columns.places),
        read: <R::Model as Model>::from_row,
    }
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
        let key = columns[R::Model::KEY].kind;
        declaring.node::<R::Db, R>(Node {
            resource_name: meta.resource_name.to_string(),
            table,
            key: R::Model::KEY,
            detail,
            is_plain: detail == R::Model::KEY
                && (key.is_integer() || key == Kind::Uuid)
                && !R::HAS_HOOKS
                && meta.authorization.answers_at_once(),
            columns,
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
        let columns = Columns::of(this, |column| wanted[column]);
        let names = Columns::of(this, |column| column == this.key || column == this.detail);
        let select_where = format!("SELECT {} FROM {} WHERE ", columns.sql, this.table);
        let is_lone = |for_list| {
            let mut fields = fields.0.iter();
            !R::HAS_HOOKS
                && meta.authorization.answers_at_once()
                && fields.all(|field| is_of_the_row(field, &graph, for_list))
        };
        let detail_is_lone = is_lone(false);
        let nobody_narrows = !R::HAS_HOOKS && meta.authorization.answers_at_once();
        let are_whole = nobody_narrows && meta.authorization.shows_whole_lists();
        let lists = Lists {
            are_whole,
            keep_totals: match meta.total_count {
                TotalCount::Exact => nobody_narrows,
                TotalCount::Cached => true,
                TotalCount::Estimated | TotalCount::None => false,
            },
            are_lone: are_whole && is_lone(true),
        };
        let shown = |for_list| {
            (!R::HAS_HOOKS)
                .then(|| ShownField::all(&fields.0, &columns.places, for_list))
                .flatten()
        };
        let (shown_in_lists, shown_in_details) = (shown(true), shown(false));
        let lone = Lone::of(meta, fields, &graph, this);
        let specs = fields.0.iter().map(|field| &field.spec);
        let content_types = ContentTypeIds::of(&database, &meta.resource_name, specs)?;
        Ok(RowsState {
            database,
            graph,
            node,
            columns,
            names,
            select_where,
            kept: Mutex::default(),
            references: OnceLock::new(),
            told_apart: OnceLock::new(),
            number: NUMBERS.fetch_add(1, Ordering::Relaxed),
            shown_in_lists,
            shown_in_details,
            lists,
            detail_is_lone,
            lone,
            diverts: OnceLock::new(),
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
        hopped(mounted, request, writes, move |hop, database, permit| {
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
        hopped(mounted, request, false, move |hop, database, permit| {
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
        if !state.lists.keep_totals {
            return Self::read(mounted, request, work).await;
        }
        if state.lists.are_lone && is_short(mounted, request) {
            // The state that was seen last is likely to be that of now, so it is looked at only once, behind the page.
            let totals = database.totals_as_seen().or_else(|| database.totals_here());
            let whole = Counting::whole(state.number);
            let totals = totals.filter(|totals| totals.get(whole).is_some());
            let here = totals.and_then(|totals| {
                Hop::run(mounted, request, |hop| {
                    let totals = hop.totals.get_or_init(|| totals);
                    let answer = database.here(|connection| work(hop, connection))?;
                    // Who wrote since it was counted changed the page, the total or both.
                    database.is_current(totals).then_some(answer)
                })
            });
            if let Some(answer) = here {
                return answer;
            }
        }
        let Some(totals) = database.totals_here() else {
            return Self::read(mounted, request, work).await;
        };
        let before = totals.clone();
        let (answer, was_taken, work) =
            hopped(mounted, request, false, move |hop, database, permit| {
                let totals = hop.totals.get_or_init(|| totals);
                let answer = database.reading(permit, |connection| work(hop, connection));
                Ok((answer, totals.was_taken(), work))
            })
            .await?;
        if was_taken && !database.is_current(&before) {
            return Self::read(mounted, request, work).await;
        }
        answer
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
        hopped(mounted, request, false, move |hop, database, permit| {
            database.asking(permit, |connection| work(hop, connection))
        })
        .await
    }

    fn page<'h>(hop: &Hop<'h, R>, connection: &mut Self::Connection) -> Result<Paged<'h, R>>
    where
        R: Hooks,
    {
        paging::page(hop, connection)
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
        if hop.is_lone.get() {
            return Ok(called(hop, &key).into_iter().collect());
        }
        let condition = key_filter::<R::Db>(column, &[key]);
        let statement = if R::HAS_HOOKS {
            let list = hop.get_object_list(hop.request)?.narrow(condition);
            list.rows(state.selected())
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
        let page = Page::from_row_bytes(bytes, &hop.mounted.state.columns.loaded)?;
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

pub(super) fn rows<'h, R: ModelResource>(
    hop: &Hop<'h, R>,
    connection: &mut <R::Db as Dialect>::Connection,
    list: R::List,
    slice: Option<Slice>,
) -> Result<Vec<Item<'h, R>>> {
    let state = &hop.mounted.state;
    let mut statement: Statement<R::Db> = list.rows(state.selected());
    if let Some(slice) = slice {
        statement = statement.slice(slice);
    }
    loaded(hop, connection, statement)
}

/// The rows of these names.
pub(super) fn of_names<'h, R: ModelResource + Hooks>(
    hop: &Hop<'h, R>,
    connection: &mut <R::Db as Dialect>::Connection,
    names: &[Key],
) -> Result<Vec<Item<'h, R>>> {
    if hop.is_lone.get() {
        return Ok(names.iter().filter_map(|name| called(hop, name)).collect());
    }
    let node = hop.mounted.state.node();
    let is_one = key_filter::<R::Db>(&node.columns[node.detail], names);
    let list = hop.get_object_list(hop.request)?.narrow(is_one);
    rows(hop, connection, list, None)
}

/// A row of which its key is all that is known; whether it is there, a lone statement sees.
fn called<'h, R: ModelResource>(hop: &Hop<'h, R>, key: &Key) -> Option<Item<'h, R>> {
    let names = &hop.mounted.state.names;
    let page = Page::of_key(Arc::clone(&names.loaded), key)?;
    Some(item(hop.pages.keep(page), 0, names))
}

/// Runs a statement of the resource's columns, and keeps its rows.
fn loaded<'h, R: ModelResource>(
    hop: &Hop<'h, R>,
    connection: &mut <R::Db as Dialect>::Connection,
    statement: Statement<R::Db>,
) -> Result<Vec<Item<'h, R>>> {
    let columns = Arc::clone(&hop.mounted.state.columns.loaded);
    let page = load::<R::Db>(connection, statement, columns, "loading rows")?;
    Ok(kept(hop, page))
}

/// Works on a blocking thread, with the right to a connection.
pub(super) async fn hopped<R, T, F>(
    mounted: &Arc<Mounted<R>>,
    request: &mut Request,
    writes: bool,
    work: F,
) -> Result<T>
where
    R: ModelResource + Hooks,
    T: Send + 'static,
    F: FnOnce(&Hop<'_, R>, &Database<R::Db>, &Permit) -> Result<T> + Send + 'static,
{
    let database = mounted.state.database.clone();
    let permit = if writes {
        database.permit_to_write().await?
    } else {
        database.permit().await?
    };
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
pub(super) fn kept<'h, R: ModelResource>(hop: &Hop<'h, R>, page: Page) -> Vec<Item<'h, R>> {
    hop.loaded.set(hop.loaded.get() + page.written());
    items(hop.mounted, hop.pages.keep(page))
}
