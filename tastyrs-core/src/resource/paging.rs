//! A part of a list: the rows that it has, and how many objects there are in all.
//!
//! Why a total need not be counted each time, and what a page by keys is: `docs/decisions/totals.md`.

use std::sync::Arc;

use super::{
    Hooks, Hop, ModelResource, ObjectSource, Resource, Source, objects,
    rows::{RowsState, kept, narrowed},
    shown::Written,
};
use crate::{
    bundle::Item,
    compatibility::Compatibility,
    data::{Data, Value},
    database::{
        Cell, Counting, Dialect, Failure, Fragment, Lent, List, Loaded, Order, Page, Slice,
        Statement, TakesRows, TotalsHere, each_row, lend, load,
    },
    errors::{Error, Result},
    fields::Kind,
    http::Request,
    meta::TotalCount,
    queries::{
        Key, Keyset, apply_sorting, build_filters, default_order, key_filter,
        pagination::{Addresses, Asked, From},
        parse_key,
    },
    serializers::Serializer,
};

/// A part of a list.
#[derive(Debug)]
pub struct Paged<'h, R: Resource> {
    pub(super) asked: Asked,
    pub(super) objects: Objects<'h, R>,
    /// Whether something comes behind it; in a part that ends before an object, whether something comes before it.
    pub(super) more: bool,
    /// How many objects the list has, as far as that is told.
    pub(super) total: Option<u64>,
}

/// The objects of a part of a list.
#[derive(Debug)]
pub(super) enum Objects<'h, R: Resource> {
    /// They were loaded.
    Items(Vec<Item<'h, R>>),
    /// They were written as they came.
    Written(Box<Written<'h>>),
}

impl<R: Resource> Objects<'_, R> {
    /// How many were found, which may be one too many.
    fn found(&self) -> usize {
        match self {
            Self::Items(items) => items.len(),
            Self::Written(written) => written.found(),
        }
    }
}

impl<'h, R: Hooks> Paged<'h, R> {
    /// A part whose objects may be one too many, which tells that there is more.
    fn looked_ahead(asked: Asked, mut objects: Objects<'h, R>) -> Self {
        let limit = usize::try_from(asked.limit).unwrap_or(usize::MAX);
        let more = limit > 0 && objects.found() > limit;
        if let Objects::Items(items) = &mut objects {
            if more {
                items.truncate(limit);
            }
            if matches!(asked.from, From::Before(_)) {
                items.reverse();
            }
        }
        Self {
            asked,
            objects,
            more,
            total: None,
        }
    }

    /// A part of a list of so many objects, which tells whether there is more behind an offset.
    fn of(asked: Asked, objects: Objects<'h, R>, total: u64) -> Self {
        let mut paged = Self::looked_ahead(asked, objects);
        if let From::Offset(offset) = paged.asked.from {
            paged.more = offset.saturating_add(paged.asked.limit) < total;
        }
        paged.total = Some(total);
        paged
    }

    /// Its `meta`.
    pub(super) fn meta(&self, hop: &Hop<'_, R>) -> Data<'static> {
        let asked = &self.asked;
        let names = match &self.objects {
            Objects::Items(items) if asked.is_keyset() => items.first().zip(items.last()),
            _ => None,
        };
        let names = names.and_then(|(first, last)| {
            let name = |item| R::Source::detail_name(hop.mounted, item);
            Some((name(first)?.to_string(), name(last)?.to_string()))
        });
        let ends = names.as_ref().map(|(first, last)| (&**first, &**last));
        let addresses = Addresses {
            query: hop.request.params(),
            list_uri: &hop.mounted.list_uri(hop.request),
            compatibility: hop.mounted.compatibility,
        };
        let [next, previous] = if asked.limit > 0 {
            asked.neighbours(self.more, ends, &addresses)
        } else {
            [None, None]
        };
        told(asked, next, previous, self.total)
    }
}

/// What a list tells of a part of it, whatever its resource.
fn told(
    asked: &Asked,
    next: Option<String>,
    previous: Option<String>,
    total: Option<u64>,
) -> Data<'static> {
    let whole = |number: u64| Value::from(i64::try_from(number).unwrap_or(i64::MAX));
    let mut meta = Data::with_capacity(5);
    meta.push("limit", whole(asked.limit));
    if asked.limit > 0 {
        meta.push("next", next.into());
    }
    if let From::Offset(offset) = asked.from {
        meta.push("offset", whole(offset));
    }
    if asked.limit > 0 {
        meta.push("previous", previous.into());
    }
    if let Some(total) = total {
        meta.push("total_count", whole(total));
    }
    meta
}

/// What of a list a request asks for.
struct Wanted<DB: Dialect> {
    filters: Vec<Fragment>,
    asked: Asked,
    /// Where it goes on, if an object tells that.
    place: Option<Place>,
    rows: Statement<DB>,
}

/// The place in a list that an object tells.
struct Place {
    keyset: Keyset,
    /// The object, unless the part begins with the first one.
    object: Option<Key>,
    /// Whether the object must be there for it.
    by_value: bool,
}

/// The part of a list that a request asks for.
pub(super) fn page<'h, R: ModelResource + Hooks>(
    hop: &Hop<'h, R>,
    connection: &mut <R::Db as Dialect>::Connection,
) -> Result<Paged<'h, R>> {
    let meta = &hop.mounted.meta;
    let listing = Listing::<R::Db> {
        state: &hop.mounted.state,
        request: hop.request,
        compatibility: hop.mounted.compatibility,
        counts: meta.total_count,
        serializer: &meta.serializer,
        default_format: &meta.default_format,
        totals: hop.totals,
        narrowed: &|filters| Ok(Box::new(narrowed(hop, filters)?)),
    };
    let Part { asked, rows, total } = listing.part(connection)?;
    // What was seen is there.
    let seen = asked.seen(rows.found());
    let objects = match rows {
        Taken::Page(page) => Objects::Items(kept(hop, page)),
        Taken::Written(written) => Objects::Written(written),
    };
    Ok(match total {
        Some(total) if listing.counts.is_counted() => Paged::of(asked, objects, total),
        total => Paged {
            total: total.map(|total| total.max(seen)),
            ..Paged::looked_ahead(asked, objects)
        },
    })
}

/// A list as its parts are loaded, whatever its resource.
struct Listing<'l, 'h, DB: Dialect> {
    state: &'h RowsState<DB>,
    request: &'l Request,
    compatibility: Compatibility,
    counts: TotalCount,
    serializer: &'l Serializer,
    default_format: &'l str,
    /// What was counted before.
    totals: Option<&'l TotalsHere>,
    /// The objects that the caller may read and asked for.
    narrowed: &'l dyn Fn(Vec<Fragment>) -> Result<Box<dyn List<DB>>>,
}

/// The rows of a part, and how many the list has in all, or about how many.
struct Part<'h> {
    asked: Asked,
    rows: Taken<'h>,
    total: Option<u64>,
}

impl<'h, DB: Dialect> Listing<'_, 'h, DB> {
    fn part(&self, connection: &mut DB::Connection) -> Result<Part<'h>> {
        let (state, node) = (self.state, self.state.node());
        let (query, compatibility) = (self.request.params(), self.compatibility);
        let mut filters = build_filters::<DB>(&state.graph, node, query, compatibility)?;
        let mut order = apply_sorting::<DB>(&state.graph, node, query, compatibility)?;
        state.keep_prepared(filters.iter_mut().chain(&mut order));
        let searches = !filters.is_empty() || order.is_some();
        let list = (self.narrowed)(filters.clone())?;
        let asked = state.asked(query)?;

        let (place, behind, order) = if asked.is_keyset() {
            let place = Place::read(self, connection, &asked)?;
            let mut by_place = place.keyset.order();
            if order.is_some_and(|order| order.is_uncached()) {
                by_place.uncached();
            }
            let object = place.object.as_ref();
            let behind = object.map(|key| place.keyset.behind::<DB>(node, key));
            (Some(place), behind, Order::By(by_place))
        } else {
            let order = match order {
                Some(order) => Order::By(order),
                None => Order::Then(default_order(node)),
            };
            (None, None, order)
        };
        let slice = asked.slice(!self.counts.is_counted() || place.is_some());
        let rows = list.rows(behind, Some(order), state.selected());
        let wanted = Wanted {
            filters,
            asked,
            rows: rows.slice(slice),
            place,
        };
        wanted
            .load(self, connection)
            .map_err(|error| told_of_search(error, searches))
    }

    /// Where so many rows of it go: they are kept, unless they can be written as they come.
    fn taken(&self, asked: &Asked, most_rows: usize) -> Result<Taken<'h>> {
        let state = self.state;
        if let Some(fields) = &state.shown_in_lists
            && state.rows_tell_all
            && !asked.is_keyset()
        {
            let format = self
                .serializer
                .determine_format(self.request, self.default_format)?;
            if let Some(objects) = self.serializer.json_objects(&format) {
                let written = Written::new(state, fields, self.request, asked, (format, objects));
                return Ok(Taken::Written(Box::new(written)));
            }
        }
        let columns = Arc::clone(&state.columns.loaded);
        Ok(Taken::Page(Page::new(columns, most_rows)))
    }

    /// Those of its rows, two at most, that meet a condition.
    fn two(&self, connection: &mut DB::Connection, condition: Fragment) -> Result<Page> {
        let list = (self.narrowed)(vec![condition])?;
        let rows = list.rows(None, None, self.state.selected());
        let columns = Arc::clone(&self.state.columns.loaded);
        load::<DB>(connection, rows.slice(Slice::TWO), columns, "loading rows")
    }
}

impl Place {
    /// Finds the object that tells the place, among those that the caller may see: else its place would tell what is
    /// hidden.
    fn read<DB: Dialect>(
        listing: &Listing<'_, '_, DB>,
        connection: &mut DB::Connection,
        asked: &Asked,
    ) -> Result<Self> {
        let state = listing.state;
        let (graph, node) = (&state.graph, state.node());
        let keyset =
            Keyset::read::<DB>(graph, node, listing.request.params(), listing.compatibility)?;
        let (name, keyset) = match &asked.from {
            From::After(Some(name)) => (name, keyset),
            From::Before(name) => (name, keyset.reversed()),
            From::After(None) | From::Offset(_) => {
                return Ok(Self {
                    keyset,
                    object: None,
                    by_value: false,
                });
            }
        };
        let column = &node.columns[node.detail];
        let named = parse_key(name, column.kind).ok_or_else(gone)?;
        if keyset.is_by_key() && node.detail == node.key && matches!(named, Key::Int(_)) {
            return Ok(Self {
                keyset,
                object: Some(named),
                by_value: false,
            });
        }
        let found = listing.two(connection, key_filter::<DB>(column, &[named]))?;
        let key = if found.len() > 0 {
            Key::of(&found.value(0, state.place(node.key)))
        } else {
            None
        };
        Ok(Self {
            keyset,
            object: Some(key.ok_or_else(gone)?),
            by_value: true,
        })
    }
}

fn gone() -> Error {
    Error::bad_request("The object that tells where the page is, is not in the list (any more).")
}

impl<DB: Dialect> Wanted<DB> {
    fn load<'h>(
        self,
        listing: &Listing<'_, 'h, DB>,
        connection: &mut DB::Connection,
    ) -> Result<Part<'h>> {
        let mut rows = listing.taken(&self.asked, self.rows.most_rows())?;
        if listing.counts.is_counted()
            && self.asked.limit > 0
            && let Some(snapshot) = DB::snapshot()
        {
            return self.load_counted(listing, connection, rows, snapshot);
        }
        each_row(connection, self.rows, &mut rows, "loading rows")?;
        check(listing, connection, self.place.as_ref(), &rows)?;
        let total = match (listing.counts, self.asked.total(rows.found())) {
            (TotalCount::None, _) => None,
            (_, Some(total)) => Some(total),
            (TotalCount::Estimated, None) => Some(estimated(listing, connection, self.filters)?),
            (TotalCount::Exact | TotalCount::Cached, None) => {
                Some(counted(listing, connection, self.filters)?)
            }
        };
        Ok(Part {
            asked: self.asked,
            rows,
            total,
        })
    }

    /// Loads the rows, and counts in the same statement unless nothing has changed since that was done before.
    fn load_counted<'h>(
        self,
        listing: &Listing<'_, 'h, DB>,
        connection: &mut DB::Connection,
        rows: Taken<'h>,
        snapshot: &'static str,
    ) -> Result<Part<'h>> {
        let state = listing.state;
        let count = (listing.narrowed)(self.filters)?.count();
        let counting = state
            .lists
            .keep_totals
            .then(|| Counting::of(state.number, &count));
        let totals = state.database.totals();
        let known = counting.and_then(|counting| totals.get(counting));
        let in_state = known.as_ref().map_or("", |(in_state, _)| in_state);
        let statement = self.rows.counted(count, snapshot, in_state);
        let mut counted = Counted {
            rows,
            columns: &state.columns.loaded,
            key: state.place(state.node().key),
            is_first: true,
            total: None,
            state: None,
        };
        each_row(connection, statement, &mut counted, "loading a page")?;
        if counted.is_first {
            return Err(cut_elsewhere());
        }
        let total = counted
            .total
            .or(known.map(|(_, rows)| rows))
            .ok_or_else(cut_elsewhere)?;
        if let Some((counting, now)) = counting.zip(counted.state) {
            totals.keep(counting, now, total);
        }
        check(listing, connection, self.place.as_ref(), &counted.rows)?;
        Ok(Part {
            asked: self.asked,
            rows: counted.rows,
            total: Some(total),
        })
    }
}

/// Where the rows of a part of a list go.
enum Taken<'h> {
    Page(Page),
    Written(Box<Written<'h>>),
}

impl Taken<'_> {
    /// How many were found, which may be one too many.
    fn found(&self) -> usize {
        match self {
            Self::Page(page) => page.len(),
            Self::Written(written) => written.found(),
        }
    }
}

impl<DB: Dialect> TakesRows<DB> for Taken<'_> {
    fn take<'r>(&mut self, row: &impl diesel::row::Row<'r, DB>) -> Result<()> {
        match self {
            Self::Page(page) => page.take(row),
            Self::Written(written) => written.take(row),
        }
    }
}

/// Rows that each have what was counted behind them, and the state of the server.
struct Counted<'h> {
    rows: Taken<'h>,
    columns: &'h [Loaded],
    /// The place of the key, which is null where there is no row.
    key: usize,
    is_first: bool,
    /// How many there are in all, if that was counted.
    total: Option<u64>,
    state: Option<Arc<str>>,
}

impl<DB: Dialect> TakesRows<DB> for Counted<'_> {
    fn take<'r>(&mut self, row: &impl diesel::row::Row<'r, DB>) -> Result<()> {
        if std::mem::replace(&mut self.is_first, false) {
            let behind = self.columns.len();
            self.total = lend(row, behind, &COUNT, total)?;
            self.state = lend(row, behind + 1, &STATE, |state| match state {
                Cell::Text(state) => Some(Arc::from(state)),
                _ => None,
            })?;
            let key = &self.columns[self.key];
            if lend(row, self.key, key, |key| matches!(key, Cell::Null))? {
                return Ok(());
            }
        }
        self.rows.take(row)
    }
}

/// Where a page has no rows, the object that tells their place must be there still.
fn check<DB: Dialect>(
    listing: &Listing<'_, '_, DB>,
    connection: &mut DB::Connection,
    place: Option<&Place>,
    rows: &Taken<'_>,
) -> Result<()> {
    match place {
        Some(place) if rows.found() == 0 => place.check(listing, connection),
        _ => Ok(()),
    }
}

impl Place {
    /// Whether the object is there still, where a part behind it was found to be empty: another may have deleted it since
    /// it was found.
    fn check<DB: Dialect>(
        &self,
        listing: &Listing<'_, '_, DB>,
        connection: &mut DB::Connection,
    ) -> Result<()> {
        let (Some(key), true) = (&self.object, self.by_value) else {
            return Ok(());
        };
        if DB::reads_in_transactions() {
            return Ok(());
        }
        let is_it = key_filter::<DB>(listing.state.node().key(), std::slice::from_ref(key));
        if listing.two(connection, is_it)?.len() == 0 {
            return Err(gone());
        }
        Ok(())
    }
}

impl<'h, R: ObjectSource + Hooks> Paged<'h, R> {
    /// The part of a list that is there as a whole.
    pub(super) fn of_objects(hop: &Hop<'h, R>, objects: Vec<R::Object>) -> Result<Self> {
        let asked = hop.asked()?;
        let place = |name: &str| {
            let mut objects = objects.iter();
            let is_it = |object: &R::Object| hop.mounted.resource.detail_uri(object) == name;
            objects.position(is_it).ok_or_else(gone)
        };
        let whole = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
        let limit = if asked.limit == 0 {
            usize::MAX
        } else {
            whole(asked.limit)
        };
        let total = objects.len();
        let (begin, end) = match &asked.from {
            From::Offset(offset) => (whole(*offset), whole(*offset).saturating_add(limit)),
            From::After(None) => (0, limit),
            From::After(Some(name)) => {
                let begin = place(name)? + 1;
                (begin, begin.saturating_add(limit))
            }
            From::Before(name) => {
                let end = place(name)?;
                (end.saturating_sub(limit), end)
            }
        };
        let more = match asked.from {
            From::Before(_) => begin > 0,
            From::Offset(_) | From::After(_) => end < total,
        };
        let wanted = objects.into_iter().take(end).skip(begin).collect();
        let tells = hop.mounted.meta.total_count != TotalCount::None;
        Ok(Self {
            asked,
            objects: Objects::Items(objects::kept(hop, wanted)),
            more,
            total: tells.then_some(total as u64),
        })
    }
}

/// The column in which a statement counts.
const COUNT: Loaded = Loaded {
    name: "count",
    kind: Kind::BigInt,
    decimal_places: None,
};
/// The column that tells the state of a server.
const STATE: Loaded = Loaded {
    name: "state",
    kind: Kind::Text,
    decimal_places: None,
};

/// How many objects the caller may read and asked for.
fn counted<DB: Dialect>(
    listing: &Listing<'_, '_, DB>,
    connection: &mut DB::Connection,
    filters: Vec<Fragment>,
) -> Result<u64> {
    let (state, kept) = (listing.state, listing.totals);
    let whole =
        (state.lists.are_whole && filters.is_empty()).then(|| Counting::whole(state.number));
    if let Some(total) = kept.zip(whole).and_then(|(kept, whole)| kept.take(whole)) {
        return Ok(total);
    }
    let statement = (listing.narrowed)(filters)?.count();
    let Some(kept) = kept else {
        return count::<DB>(connection, statement);
    };
    let counting = whole.unwrap_or_else(|| Counting::of(state.number, &statement));
    if let Some(total) = kept.take(counting) {
        return Ok(total);
    }
    let total = count::<DB>(connection, statement)?;
    kept.keep(counting, total);
    Ok(total)
}

fn count<DB: Dialect>(connection: &mut DB::Connection, statement: Statement<DB>) -> Result<u64> {
    struct Count(Option<u64>);

    impl<DB: Dialect> TakesRows<DB> for Count {
        fn take<'r>(&mut self, row: &impl diesel::row::Row<'r, DB>) -> Result<()> {
            self.0 = lend(row, 0, &COUNT, total)?;
            Ok(())
        }
    }

    let mut count = Count(None);
    each_row(connection, statement, &mut count, "counting rows")?;
    count.0.ok_or_else(cut_elsewhere)
}

/// About how many objects the caller may read and asked for; counted where the database has no guess.
fn estimated<DB: Dialect>(
    listing: &Listing<'_, '_, DB>,
    connection: &mut DB::Connection,
    filters: Vec<Fragment>,
) -> Result<u64> {
    let state = listing.state;
    let is_whole = state.lists.are_whole && filters.is_empty();
    let list = (listing.narrowed)(filters.clone())?.rows(None, None, key_column(state));
    match DB::estimated(connection, &state.node().table, is_whole, list)? {
        Some(rows) => Ok(rows),
        None => counted(listing, connection, filters),
    }
}

fn key_column<DB: Dialect>(state: &RowsState<DB>) -> Fragment {
    let mut columns = Fragment::new();
    columns.sql(&state.node().key().sql);
    columns
}

/// What a statement counted.
fn total(count: Lent<'_>) -> Option<u64> {
    match count {
        Cell::Int(total) => Some(total.unsigned_abs()),
        _ => None,
    }
}

fn cut_elsewhere() -> Error {
    let text = "`get_object_list` cut its list by an offset or a limit, which pages do";
    Error::Configuration(text.to_owned())
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
