//! Objects that are rows of a table.

use std::{
    any::Any,
    borrow::Cow,
    collections::{HashMap, HashSet},
    hash::{BuildHasher as _, Hasher as _},
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use foldhash::quality::FixedState;

use super::{
    ColumnSpec, Hooks, Hop, Model, ModelFor, ModelResource, Mounted, Paged, Reads, ShownField,
    Source,
    generic::ContentTypeIds,
    paging,
    references::Reference,
    related::{self, Related, RelatedRows, addressed},
    row_hops,
    store::Single,
    write_row::Columns,
    writes::is_seen_whole,
};
use crate::{
    api::Declaring,
    bundle::Item,
    data::Value,
    database::{Database, Dialect, Fragment, Narrow, Page, Row, Slice, Statement, load},
    errors::{Error, Result},
    fields::{Answers, Attribute, By, Field, FieldSpec, Fields, Kind},
    http::{Query, Request},
    meta::{Meta, TotalCount},
    queries::{
        Filtering, Graph, Key, Node, NodeColumn, build_filters, default_order, key_filter, never,
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
    pub(super) shown_in_lists: Option<Box<[ShownField]>>,
    shown_in_details: Option<Box<[ShownField]>>,
    pub(super) lists: Lists,
    /// Whether each row of a list tells all that is shown of it, by what it holds and nobody's code, and stands behind the
    /// rest of the answer: then it can be written as it comes.
    pub(super) rows_tell_all: bool,
    /// Whether a detail is the answer of one statement and nobody's code: no hook looks at it, and no other row.
    pub(super) detail_is_lone: bool,
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
    pub(super) are_lone: bool,
    /// How many objects a page has where the client does not say, and at most.
    pub(super) limit: u64,
    pub(super) max_limit: u64,
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
        let mut hasher = FixedState::default().build_hasher();
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

    /// Which part of the list is asked for.
    pub(super) fn asked(&self, query: &Query) -> Result<Asked> {
        let is_field = |name: &str| self.has_field(name);
        Asked::read(query, self.lists.limit, self.lists.max_limit, &is_field)
    }

    /// Whether the resource has a field of this name.
    pub(super) fn has_field(&self, name: &str) -> bool {
        self.node().field(name).is_some()
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

/// What a resource says of its rows, whatever its type.
struct Said<'s> {
    /// Of each field in which answers it stands; nothing where hooks have a say in all of them.
    answers: Option<&'s [Option<Answers>]>,
    reads_objects: bool,
    /// Whether all that may be asked for is known, and no code of one's own narrows it.
    nobody_narrows: bool,
    /// Whether that is all of the table.
    are_whole: bool,
    total_count: TotalCount,
    /// What the objects of a list stand under.
    collection_name: &'s str,
    limit: u64,
    max_limit: u64,
}

impl<DB: Dialect> RowsState<DB> {
    fn new(
        (graph, node): (Arc<Graph>, usize),
        database: Option<Database<DB>>,
        said: &Said<'_>,
        lone: Lone,
    ) -> Result<Self> {
        let this = &graph.nodes[node];
        let database = database.ok_or_else(|| {
            Error::Configuration(format!(
                "`{}` needs a database: give the API one by `.database(...)` before it is built",
                this.resource_name
            ))
        })?;
        let columns = Columns::of(this, &wanted(this, said.reads_objects));
        let names = Columns::of(this, &|column| column == this.key || column == this.detail);
        let select_where = format!("SELECT {} FROM {} WHERE ", columns.sql, this.table);
        let rows_tell_all = |for_list| {
            said.answers.is_some_and(|answers| {
                let mut fields = this.fields.iter().zip(answers);
                fields.all(|(field, answers)| {
                    answers.is_some() && is_of_the_row(field, &graph, for_list)
                })
            })
        };
        let is_lone = |for_list| said.nobody_narrows && rows_tell_all(for_list);
        let detail_is_lone = is_lone(false);
        let lists = Lists {
            are_whole: said.are_whole,
            keep_totals: match said.total_count {
                TotalCount::Exact => said.nobody_narrows,
                TotalCount::Cached => true,
                TotalCount::Estimated | TotalCount::None => false,
            },
            are_lone: said.are_whole && is_lone(true),
            limit: said.limit,
            max_limit: said.max_limit,
        };
        let rows_tell_all = rows_tell_all(true) && *said.collection_name > *"meta";
        let shown =
            |for_list| ShownField::all(&this.fields, said.answers?, &columns.places, for_list);
        let (shown_in_lists, shown_in_details) = (shown(true), shown(false));
        let content_types = ContentTypeIds::of(&database, this)?;
        Ok(Self {
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
            rows_tell_all,
            detail_is_lone,
            lone,
            diverts: OnceLock::new(),
            content_types,
        })
    }
}

/// Which columns are loaded: a hook may ask for the whole model, and what is changed is compared with it; else only what
/// is shown is.
fn wanted(node: &Node, all: bool) -> impl Fn(usize) -> bool {
    let mut wanted = vec![all; node.columns.len()];
    for position in [node.key, node.detail] {
        wanted[position] = true;
    }
    for field in &node.fields {
        match &field.attribute {
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
    move |column| wanted[column]
}

/// Whether the row tells what is shown of a field whose value its source tells.
fn is_of_the_row(field: &FieldSpec, graph: &Graph, for_list: bool) -> bool {
    let mut relation = field.relation().into_iter();
    let is_told = relation.all(|relation| addressed(graph, relation, for_list).is_some());
    is_told && !matches!(field.attribute, Attribute::AbsoluteUrl)
}

/// The columns of a table, as statements name them.
fn node_columns<DB: Dialect>(table: &str, columns: &[ColumnSpec]) -> Vec<NodeColumn> {
    let columns = columns.iter().map(|column| {
        let quoted = DB::quote(column.column);
        NodeColumn {
            name: column.name,
            sql: format!("{table}.{quoted}"),
            quoted,
            kind: column.kind,
            nullable: column.nullable,
            decimal_places: column.decimal_places,
        }
    });
    columns.collect()
}

/// The column by which an address names an object.
fn detail_column(
    resource_name: &str,
    detail_uri_name: &str,
    key: usize,
    columns: &[NodeColumn],
) -> Result<usize> {
    if detail_uri_name == "pk" {
        return Ok(key);
    }
    let position = columns
        .iter()
        .position(|column| column.name == detail_uri_name);
    position.ok_or_else(|| {
        Error::Configuration(format!(
            "`detail_uri_name` of `{resource_name}` is `{detail_uri_name}`, which is no column of its model"
        ))
    })
}

/// By which fields clients may filter, and how.
fn filtering(said: &[(Cow<'static, str>, Filtering)]) -> Vec<(String, Filtering)> {
    let rules = said.iter();
    rules
        .map(|(name, rule)| (name.to_string(), rule.clone()))
        .collect()
}

fn ordering(said: &[Cow<'static, str>]) -> Vec<String> {
    said.iter().map(ToString::to_string).collect()
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
    type State = Arc<RowsState<R::Db>>;
    type Connection = <R::Db as Dialect>::Connection;

    fn declare(meta: &Meta<R>, fields: &Fields<R>, declaring: &mut Declaring) -> Result<()> {
        let table = <R::Model as ModelFor<R::Db>>::table_sql();
        let columns = node_columns::<R::Db>(&table, R::Model::COLUMNS);
        if meta.include_absolute_url && !R::Model::HAS_ABSOLUTE_URL {
            return Err(Error::Configuration(format!(
                "`include_absolute_url` of `{}` asks for an address that its model does not have: say `absolute_url` there",
                meta.resource_name
            )));
        }
        let detail = detail_column(
            &meta.resource_name,
            &meta.detail_uri_name,
            R::Model::KEY,
            &columns,
        )?;
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
            filtering: filtering(&meta.filtering),
            ordering: ordering(&meta.ordering),
        })
    }

    fn state(
        meta: &Meta<R>,
        fields: &Fields<R>,
        declaring: &Declaring,
    ) -> Result<Arc<RowsState<R::Db>>> {
        let answers: Vec<Option<Answers>> = fields.0.iter().map(Field::answers).collect();
        let nobody_narrows = !R::HAS_HOOKS && meta.authorization.answers_at_once();
        let said = Said {
            answers: (!R::HAS_HOOKS).then_some(&answers),
            reads_objects: R::READS_OBJECTS,
            nobody_narrows,
            are_whole: nobody_narrows && meta.authorization.shows_whole_lists(),
            total_count: meta.total_count,
            collection_name: &meta.collection_name,
            limit: meta.limit,
            max_limit: meta.max_limit,
        };
        let (graph, node) = declaring.graph::<R::Db, R>();
        let lone = Lone::of(meta, fields, &graph, &graph.nodes[node]);
        let database = declaring.database::<R::Db>();
        RowsState::new((graph, node), database, &said, lone).map(Arc::new)
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

    fn hop<T, F>(
        mounted: &Arc<Mounted<R>>,
        request: &mut Request,
        writes: bool,
        work: F,
    ) -> impl Future<Output = Result<T>>
    where
        R: Hooks,
        T: Send + 'static,
        F: FnOnce(&Hop<'_, R>, &mut Self::Connection) -> Result<T> + Send + 'static,
    {
        let here = Arc::clone(mounted);
        let work: row_hops::Writing<R::Db, T> =
            Box::new(move |start, connection| Hop::run(&here, start, |hop| work(hop, connection)));
        row_hops::write(&mounted.state, request, writes, work)
    }

    fn read<T, F>(
        mounted: &Arc<Mounted<R>>,
        request: &mut Request,
        reads: Reads,
        work: F,
    ) -> impl Future<Output = Result<T>>
    where
        R: Hooks,
        T: Send + 'static,
        F: for<'h> Fn(&Hop<'h, R>, &mut Self::Connection) -> Result<T> + Send + 'static,
    {
        let here = Arc::clone(mounted);
        let work: row_hops::Reading<R::Db, T> =
            Box::new(move |start, connection| Hop::run(&here, start, |hop| work(hop, connection)));
        row_hops::read(&mounted.state, request, reads, work)
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
        if hop.is_lone {
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
        state.keep_prepared(&mut filters);
        filters.push(key_filter::<R::Db>(column, &keys));
        let list = narrowed(hop, filters)?.then_order(default_order(state.node()));
        let items = rows(hop, connection, list, None)?;
        // An id counts as it is written: `01` is not `1`. Of several rows behind one name the first is shown.
        let mut by_name: HashMap<String, usize> = HashMap::new();
        for (place, item) in items.iter().enumerate() {
            if let Some(key) = Key::of(&Self::column(item, state.node().detail)) {
                by_name.entry(key.to_string()).or_insert(place);
            }
        }
        let item = |name: &&str| by_name.get(*name).map(|place| items[*place]);
        Ok(names.iter().map(item).collect())
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
    if hop.is_lone {
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

/// Keeps a page until the hop ends.
pub(super) fn kept<'h, R: ModelResource>(hop: &Hop<'h, R>, page: Page) -> Vec<Item<'h, R>> {
    hop.loaded.set(hop.loaded.get() + page.written());
    items(hop.mounted, hop.pages.keep(page))
}
