//! Rows that are inserted and updated many at a time: those that follow each other and set the same columns share a
//! statement.

use std::collections::HashSet;

use super::{
    ColumnSpec,
    draft::RowDraft,
    rows::RowsState,
    violations,
    write_row::{self, Columns, push_value},
};
use crate::{
    database::{Dialect, Fragment, Page, Statement, attempt, load},
    errors::Result,
    queries::{Key, Node},
};

/// The most rows of one statement. The statement of so many is kept prepared; how many others there are is a client's to
/// say.
pub(super) const MOST_ROWS: usize = 100;

/// The fewest rows that are worth a statement, which is prepared anew.
const FEWEST_ROWS: usize = 4;

/// Rows as they were written.
pub(super) struct Written {
    pub(super) pages: Vec<Page>,
    /// For each row its page and its place there; nothing where it is there and stays as it is.
    pub(super) places: Vec<Option<(usize, usize)>>,
}

/// Writes rows in as few statements as may be. Nothing comes of it, and nothing was done, where that is not worth while
/// or something went wrong: then they are written one by one, and the first that is wrong is told.
pub(super) fn write_all<DB: Dialect>(
    state: &RowsState<DB>,
    connection: &mut DB::Connection,
    columns: &[ColumnSpec],
    drafts: &[&mut RowDraft],
    returned: &Columns,
) -> Result<Option<Written>> {
    let node = state.node();
    let groups = groups(node, drafts);
    if groups.iter().all(|group| group.rows < FEWEST_ROWS)
        || !refers_to_what_is_there(state, connection, drafts)?
    {
        return Ok(None);
    }
    let mut told_apart = None;
    if groups.iter().any(|group| !group.new) {
        told_apart = Some(state.told_apart(connection)?);
    }
    attempt::<DB, _>(connection, |connection| {
        let mut written = Written {
            pages: Vec::new(),
            places: Vec::with_capacity(drafts.len()),
        };
        for group in &groups {
            let start = written.places.len();
            let rows = &drafts[start..start + group.rows];
            let updates_any_order = || {
                let apart = |column: &usize| match told_apart {
                    Some(Some(apart)) => apart.contains(column),
                    _ => true,
                };
                !group
                    .set
                    .iter()
                    .any(|column| columns[*column].unique || apart(column))
                    && are_one_each::<DB>(node, rows)
            };
            if group.set.is_empty()
                || group.rows < FEWEST_ROWS
                || !(group.new || updates_any_order())
            {
                for row in rows {
                    written.one(write_one(state, connection, row, returned)?);
                }
                continue;
            }
            let statement = if group.new {
                insert_all::<DB>(node, &group.set, rows, returned)
            } else {
                update_all::<DB>(node, &group.set, rows, returned)
            };
            let doing = if group.new {
                "inserting rows"
            } else {
                "updating rows"
            };
            let page = load::<DB>(
                connection,
                Statement::new(statement),
                returned.loaded.clone(),
                doing,
            )?;
            let place = usize::from(returned.places[node.key].unwrap_or_default());
            let keys = write_row::keys_at(&page, place);
            let order = if group.new {
                in_order(node, rows, &keys).then(|| (0..rows.len()).collect())
            } else {
                by_key(node, rows, &keys)
            };
            let Some(order) = order else {
                return Ok(None);
            };
            written.many(page, order);
        }
        Ok(Some(written))
    })
}

impl Written {
    fn one(&mut self, page: Option<Page>) {
        let place = page.filter(|page| page.len() > 0).map(|page| {
            self.pages.push(page);
            (self.pages.len() - 1, 0)
        });
        self.places.push(place);
    }

    fn many(&mut self, page: Page, order: Vec<usize>) {
        let number = self.pages.len();
        self.pages.push(page);
        let places = order.into_iter().map(|place| Some((number, place)));
        self.places.extend(places);
    }
}

/// Stores a row, and gives it back as it is stored; nothing where it is there and stays as it is.
pub(super) fn write_one<DB: Dialect>(
    state: &RowsState<DB>,
    connection: &mut DB::Connection,
    draft: &RowDraft,
    returned: &Columns,
) -> Result<Option<Page>> {
    let page = if draft.loaded.is_none() {
        write_row::insert::<DB>(state, connection, draft, returned).map(Some)
    } else {
        write_row::update::<DB>(state, connection, draft, returned)
    };
    page.map_err(|error| violations::explained(state, error))
}

/// Rows that follow each other, are all new or all there, and set the same columns.
struct Group {
    new: bool,
    set: Vec<usize>,
    rows: usize,
}

fn groups(node: &Node, drafts: &[&mut RowDraft]) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for draft in drafts {
        let new = draft.loaded.is_none();
        let set = if new {
            draft.inserted()
        } else {
            draft.updated(node.key)
        };
        match groups.last_mut() {
            Some(last) if last.new == new && last.set == set && last.rows < MOST_ROWS => {
                last.rows += 1;
            }
            _ => groups.push(Group { new, set, rows: 1 }),
        }
    }
    groups
}

/// Whether all that rows refer to by plain columns is there, where the database does not say which one refers to nothing.
fn refers_to_what_is_there<DB: Dialect>(
    state: &RowsState<DB>,
    connection: &mut DB::Connection,
    drafts: &[&mut RowDraft],
) -> Result<bool> {
    for reference in state.references(connection)? {
        let unknown = drafts
            .iter()
            .filter_map(|draft| reference.unknown(&state.graph, draft));
        let keys: HashSet<Key> = unknown.collect();
        if keys.is_empty() {
            continue;
        }
        let keys: Vec<Key> = keys.into_iter().collect();
        let known: HashSet<Key> = reference
            .known::<DB>(connection, &keys)?
            .into_iter()
            .collect();
        if !keys.iter().all(|key| known.contains(key)) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether each is another row, and has one form in which it is found.
fn are_one_each<DB: Dialect>(node: &Node, rows: &[&mut RowDraft]) -> bool {
    let mut keys = HashSet::with_capacity(rows.len());
    rows.iter().all(|row| {
        row.key_of_loaded(node.key)
            .is_some_and(|key| key.binds::<DB>().len() == 1 && keys.insert(key))
    })
}

fn insert_all<DB: Dialect>(
    node: &Node,
    set: &[usize],
    rows: &[&mut RowDraft],
    returned: &Columns,
) -> Fragment {
    let names: Vec<&str> = set
        .iter()
        .map(|column| node.columns[*column].quoted.as_str())
        .collect();
    let mut statement = Fragment::new();
    statement.sql(&format!(
        "INSERT INTO {} ({}) VALUES ",
        node.table,
        names.join(", ")
    ));
    for (place, row) in rows.iter().enumerate() {
        statement.sql(if place > 0 { ", (" } else { "(" });
        for (place, column) in set.iter().enumerate() {
            statement.sql(if place > 0 { ", " } else { "" });
            push_value::<DB>(
                &mut statement,
                &row.values[*column],
                node.columns[*column].kind,
            );
        }
        statement.sql(")");
    }
    finished(statement, rows.len(), returned)
}

fn update_all<DB: Dialect>(
    node: &Node,
    set: &[usize],
    rows: &[&mut RowDraft],
    returned: &Columns,
) -> Fragment {
    // A column of nothing but nulls has no type of its own.
    let is_null = |column: &usize| rows.iter().all(|row| row.values[*column].is_null());
    let (nulls, given): (Vec<usize>, Vec<usize>) = set.iter().partition(|column| is_null(column));
    let mut statement = Fragment::new();
    statement.sql(&format!("UPDATE {} SET ", node.table));
    // Both databases give the columns of VALUES these names.
    let given_sets = given.iter().enumerate();
    let sets = given_sets.map(|(place, column)| (*column, format!("given.column{}", place + 2)));
    let sets = sets.chain(nulls.iter().map(|column| (*column, "NULL".to_owned())));
    for (place, (column, value)) in sets.enumerate() {
        statement.sql(if place > 0 { ", " } else { "" });
        statement
            .sql(&node.columns[column].quoted)
            .sql(" = ")
            .sql(&value);
    }
    statement.sql(" FROM (VALUES ");
    for (place, row) in rows.iter().enumerate() {
        statement.sql(if place > 0 { ", (" } else { "(" });
        let bind = row
            .key_of_loaded(node.key)
            .and_then(|key| key.binds::<DB>().pop());
        match bind {
            Some(bind) => statement.bind(bind),
            None => statement.sql("NULL"),
        };
        for column in &given {
            statement.sql(", ");
            push_value::<DB>(
                &mut statement,
                &row.values[*column],
                node.columns[*column].kind,
            );
        }
        statement.sql(")");
    }
    statement.sql(&format!(
        ") AS given WHERE {} = given.column1",
        node.key().sql
    ));
    finished(statement, rows.len(), returned)
}

fn finished(mut statement: Fragment, rows: usize, returned: &Columns) -> Fragment {
    returned.returned(&mut statement);
    if rows < MOST_ROWS {
        statement.uncached();
    }
    statement
}

/// Whether rows came back in the order in which they were sent: with the keys that they were sent with, or with those that
/// the database gave them one after the other.
fn in_order(node: &Node, rows: &[&mut RowDraft], keys: &[Key]) -> bool {
    if keys.len() != rows.len() {
        return false;
    }
    let sent = |row: &RowDraft| {
        row.writes(node.key)
            .then(|| Key::of(&row.values[node.key]))
            .flatten()
    };
    let as_sent = |(row, key): (&&mut RowDraft, &Key)| sent(row).as_ref() == Some(key);
    let counted = |pair: &[Key]| matches!(pair, [Key::Int(one), Key::Int(next)] if one < next);
    rows.iter().zip(keys).all(as_sent) || keys.windows(2).all(counted)
}

/// Where the row of each draft stands among those of these keys.
fn by_key(node: &Node, rows: &[&mut RowDraft], keys: &[Key]) -> Option<Vec<usize>> {
    let places: std::collections::HashMap<&Key, usize> = keys
        .iter()
        .enumerate()
        .map(|(place, key)| (key, place))
        .collect();
    let place = |row: &&mut RowDraft| places.get(&row.key_of_loaded(node.key)?).copied();
    rows.iter().map(place).collect()
}
