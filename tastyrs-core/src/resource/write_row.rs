//! Rows as they are inserted, updated and deleted.

use std::{collections::HashSet, sync::Arc};

use super::{DeleteAction, OnDelete, draft::RowDraft, rows::RowsState};
use crate::{
    data::Value,
    database::{Bind, Dialect, Fragment, Loaded, Page, Statement, load},
    errors::{Error, Result},
    fields::Kind,
    queries::{Key, Node, NodeColumn, key_filter, never},
    serializers::document,
};

/// The columns of a table that a statement gives back.
#[derive(Debug)]
pub(super) struct Columns {
    /// Their names in SQL.
    pub(super) sql: String,
    pub(super) loaded: Arc<[Loaded]>,
    /// For each column of the model its place among them.
    pub(super) places: Vec<Option<u16>>,
}

impl Columns {
    /// Those that are `wanted`.
    pub(super) fn of(node: &Node, wanted: &dyn Fn(usize) -> bool) -> Self {
        let mut loaded = Vec::new();
        let mut places = vec![None; node.columns.len()];
        let mut sql = String::new();
        for (position, column) in node.columns.iter().enumerate() {
            if !wanted(position) {
                continue;
            }
            places[position] = u16::try_from(loaded.len()).ok();
            if !loaded.is_empty() {
                sql.push_str(", ");
            }
            sql.push_str(&column.sql);
            loaded.push(Loaded {
                name: column.name,
                kind: column.kind,
                decimal_places: column.decimal_places,
            });
        }
        Self {
            sql,
            loaded: loaded.into(),
            places,
        }
    }

    /// Has a statement give them back.
    pub(super) fn returned(&self, statement: &mut Fragment) {
        statement.sql(" RETURNING ").sql(&self.sql);
    }
}

/// A value as it is bound for a column; nothing for null.
fn bound<DB: Dialect>(value: &Value<'_>, kind: Kind) -> Option<Bind> {
    if kind == Kind::Json {
        return (!value.is_null()).then(|| Bind::Text(document(value)));
    }
    let bind = match value {
        Value::Null | Value::List(_) | Value::Map(_) => return None,
        Value::Bool(flag) => Bind::Bool(*flag),
        Value::Int(number) => Bind::Int(*number),
        Value::UInt(number) => Bind::Decimal((*number).into()),
        Value::Float(number) => Bind::Float(*number),
        Value::Decimal(digits) => Bind::Decimal(digits.parse().ok()?),
        Value::Text(text) => Bind::Text(text.clone().into_owned()),
        Value::Date(day) => Bind::Date(*day),
        Value::Time(time) => Bind::Time(*time),
        Value::DateTime(moment) => Bind::DateTime(*moment),
        Value::StoredDateTime(text) => Bind::DateTime(crate::data::stored_datetime(text)?),
        Value::Uuid(uuid) => Bind::Uuid(*uuid),
        Value::Bytes(bytes) => Bind::Bytes(bytes.to_vec()),
    };
    Some(DB::stored(bind, kind))
}

/// Appends a value of a column.
pub(super) fn push_value<DB: Dialect>(statement: &mut Fragment, value: &Value<'_>, kind: Kind) {
    match bound::<DB>(value, kind) {
        None => statement.sql("NULL"),
        // PostgreSQL takes no text for a document, unless it is told.
        Some(bind) if kind == Kind::Json && DB::is_remote() => {
            statement.sql("CAST(").bind(bind).sql(" AS jsonb)")
        }
        Some(bind) => statement.bind(bind),
    };
}

/// The condition under which a lone row is written: that what it refers to is there. Nothing where it needs nothing.
fn needed<DB: Dialect>(state: &RowsState<DB>, draft: &RowDraft) -> Option<Fragment> {
    let mut condition: Option<Fragment> = None;
    for (target, key) in draft.needed() {
        let condition = match &mut condition {
            None => condition.insert(Fragment::new()),
            Some(condition) => condition.sql(" AND "),
        };
        match state.graph.node(target) {
            Some(node) => condition
                .sql("EXISTS (SELECT 1 FROM ")
                .sql(&node.table)
                .sql(" WHERE ")
                .append(key_filter::<DB>(node.key(), &[key]))
                .sql(")"),
            // What cannot be looked for is not there: then nothing is written, and the transaction tells why.
            None => condition.append(never()),
        };
    }
    condition
}

/// About how many bytes the statement is that writes a row.
const STATEMENT_ROOM: usize = 512;

/// Inserts a row, and gives it back as it is stored.
pub(super) fn insert<DB: Dialect>(
    state: &RowsState<DB>,
    connection: &mut DB::Connection,
    draft: &RowDraft,
    returned: &Columns,
) -> Result<Page> {
    let node = state.node();
    let set = draft.inserted();
    let mut statement = Fragment::with_room(STATEMENT_ROOM, set.len() + 1);
    statement.sql("INSERT INTO ").sql(&node.table);
    if set.is_empty() {
        statement.sql(" DEFAULT VALUES");
    } else {
        for (position, column) in set.iter().enumerate() {
            statement.sql(if position > 0 { ", " } else { " (" });
            statement.sql(&node.columns[*column].quoted);
        }
        let needed = needed(state, draft);
        statement.sql(if needed.is_none() {
            ") VALUES ("
        } else {
            ") SELECT "
        });
        for (position, column) in set.iter().enumerate() {
            statement.sql(if position > 0 { ", " } else { "" });
            push_value::<DB>(
                &mut statement,
                &draft.values[*column],
                node.columns[*column].kind,
            );
        }
        match needed {
            None => statement.sql(")"),
            Some(needed) => statement.sql(" WHERE ").append(needed),
        };
    }
    returned.returned(&mut statement);
    state.keep_prepared([&mut statement]);
    load::<DB>(
        connection,
        Statement::new(statement),
        Arc::clone(&returned.loaded),
        "inserting a row",
    )
}

/// Updates the columns of a row that are set, and gives it back as it is stored; nothing where no column is.
pub(super) fn update<DB: Dialect>(
    state: &RowsState<DB>,
    connection: &mut DB::Connection,
    draft: &RowDraft,
    returned: &Columns,
) -> Result<Option<Page>> {
    let node = state.node();
    let key = draft.key_of_loaded(node.key).ok_or(Error::NotFound)?;
    let set = draft.updated(node.key);
    if set.is_empty() {
        return Ok(None);
    }
    let mut statement = Fragment::with_room(STATEMENT_ROOM, set.len() + 2);
    statement.sql("UPDATE ").sql(&node.table).sql(" SET ");
    for (place, position) in set.into_iter().enumerate() {
        let column = &node.columns[position];
        statement.sql(if place > 0 { ", " } else { "" });
        statement.sql(&column.quoted).sql(" = ");
        push_value::<DB>(&mut statement, &draft.values[position], column.kind);
    }
    statement
        .sql(" WHERE ")
        .append(key_filter::<DB>(node.key(), &[key]));
    if let Some(needed) = needed(state, draft) {
        statement.sql(" AND ").append(needed);
    }
    returned.returned(&mut statement);
    state.keep_prepared([&mut statement]);
    let page = load::<DB>(
        connection,
        Statement::new(statement),
        Arc::clone(&returned.loaded),
        "updating a row",
    )?;
    // It went while it was written.
    if page.len() == 0 {
        return Err(Error::NotFound);
    }
    Ok(Some(page))
}

/// Runs a statement that gives no rows back.
pub(super) fn run<DB: Dialect>(
    connection: &mut DB::Connection,
    statement: Fragment,
    doing: &'static str,
) -> Result<()> {
    load::<DB>(connection, Statement::new(statement), Vec::new(), doing).map(drop)
}

/// Deletes a row to which no rule of its model has anything refer.
pub(super) fn delete_one<DB: Dialect>(
    connection: &mut DB::Connection,
    node: &Node,
    key: Key,
    returned: &Columns,
) -> Result<()> {
    let mut statement = Fragment::new();
    statement
        .sql(&format!("DELETE FROM {} WHERE ", node.table))
        .append(key_filter::<DB>(node.key(), &[key]));
    returned.returned(&mut statement);
    let columns = Arc::clone(&returned.loaded);
    let page = load::<DB>(
        connection,
        Statement::new(statement),
        columns,
        "deleting a row",
    )?;
    if page.len() == 0 {
        return Err(Error::NotFound);
    }
    Ok(())
}

/// The most keys that stand in one statement.
const MOST_KEYS: usize = 500;

/// A column of another table, as statements name it.
pub(super) fn column_of<DB: Dialect>(
    table: &str,
    name: &'static str,
    like: &NodeColumn,
) -> NodeColumn {
    let quoted = DB::quote(name);
    NodeColumn {
        name,
        sql: format!("{table}.{quoted}"),
        quoted,
        ..like.clone()
    }
}

/// Deletes rows by their keys, and what their model says of the rows that refer to them.
///
/// # Compatibility
///
/// Django's `Collector` (`django/db/models/deletion.py`): it is not left to the database.
pub(super) fn delete<DB: Dialect>(
    connection: &mut DB::Connection,
    node: &Node,
    keys: &[Key],
    rules: &[OnDelete],
) -> Result<()> {
    let mut going = Going::new();
    let mut steps = Vec::new();
    go(&node.table, node.key(), keys, rules, &mut steps);
    // Not on the stack of the thread: a row may have as many descendants as it likes.
    while let Some(step) = steps.pop() {
        match step {
            Step::Go {
                table,
                key,
                keys,
                rules,
            } => {
                if !rules.is_empty() {
                    going.extend(keys.iter().map(|key| (table.clone(), key.clone())));
                }
                let follow = rules.into_iter().rev().map(|rule| Step::Follow {
                    rule,
                    key: key.clone(),
                    keys: Arc::clone(&keys),
                });
                let follow: Vec<Step> = follow.collect();
                steps.push(Step::Delete { table, key, keys });
                steps.extend(follow);
            }
            Step::Follow { rule, key, keys } => {
                let column = column_of::<DB>(&rule.table, rule.column, &key);
                refer_no_more::<DB>(connection, &rule, &column, &keys, &going, &mut steps)?;
            }
            Step::Delete { table, key, keys } => {
                let mut statement = Fragment::new();
                statement
                    .sql(&format!("DELETE FROM {table} WHERE "))
                    .append(key_filter::<DB>(&key, &keys));
                run::<DB>(connection, statement, "deleting rows")?;
            }
        }
    }
    Ok(())
}

/// The rows that are on their way out; one that is its own ancestor would be followed for ever.
type Going = HashSet<(String, Key)>;

/// A part of a delete that is still to be done.
enum Step {
    /// Rows go, after those that refer to them.
    Go {
        table: String,
        key: NodeColumn,
        keys: Arc<[Key]>,
        rules: Vec<OnDelete>,
    },
    /// What a rule says is done to the rows that refer to others.
    Follow {
        rule: OnDelete,
        key: NodeColumn,
        keys: Arc<[Key]>,
    },
    /// Rows are deleted.
    Delete {
        table: String,
        key: NodeColumn,
        keys: Arc<[Key]>,
    },
}

/// Appends the steps by which rows go, the last first.
fn go(table: &str, key: &NodeColumn, keys: &[Key], rules: &[OnDelete], steps: &mut Vec<Step>) {
    steps.extend(keys.chunks(MOST_KEYS).rev().map(|keys| Step::Go {
        table: table.to_owned(),
        key: key.clone(),
        keys: keys.into(),
        rules: rules.to_vec(),
    }));
}

/// Does to the rows that refer to these keys what a rule says.
fn refer_no_more<DB: Dialect>(
    connection: &mut DB::Connection,
    rule: &OnDelete,
    column: &NodeColumn,
    keys: &[Key],
    going: &Going,
    steps: &mut Vec<Step>,
) -> Result<()> {
    let which = key_filter::<DB>(column, keys);
    let mut statement = Fragment::new();
    match rule.action {
        DeleteAction::SetNull => {
            statement.sql(&format!(
                "UPDATE {} SET {} = NULL WHERE ",
                rule.table, column.quoted
            ));
        }
        DeleteAction::Cascade if (rule.next)().is_empty() => {
            statement.sql(&format!("DELETE FROM {} WHERE ", rule.table));
        }
        DeleteAction::Cascade | DeleteAction::Protect => {
            let key = NodeColumn {
                kind: rule.key_kind,
                ..column_of::<DB>(&rule.table, rule.key, column)
            };
            let mut found = keys_where::<DB>(connection, &rule.table, &key, which)?;
            found.retain(|key| !going.contains(&(rule.table.clone(), key.clone())));
            if found.is_empty() {
                return Ok(());
            }
            if rule.action == DeleteAction::Protect {
                return Err(Error::Conflict(
                    "Other objects still refer to this one.".to_owned(),
                ));
            }
            go(&rule.table, &key, &found, &(rule.next)(), steps);
            return Ok(());
        }
    }
    statement.append(which);
    run::<DB>(connection, statement, "changing rows that refer to others")
}

/// The keys of the rows of a table for which a condition holds.
pub(super) fn keys_where<DB: Dialect>(
    connection: &mut DB::Connection,
    table: &str,
    key: &NodeColumn,
    condition: Fragment,
) -> Result<Vec<Key>> {
    let mut statement = Fragment::new();
    statement
        .sql(&format!("SELECT {} FROM {table} WHERE ", key.sql))
        .append(condition);
    let page = load::<DB>(
        connection,
        Statement::new(statement),
        vec![key_column(key)],
        "loading keys",
    )?;
    Ok(keys_of_page(&page))
}

pub(super) fn key_column(key: &NodeColumn) -> Loaded {
    Loaded {
        name: key.name,
        kind: key.kind,
        decimal_places: None,
    }
}

pub(super) fn keys_of_page(page: &Page) -> Vec<Key> {
    keys_at(page, 0)
}

/// The keys in a column of a page.
pub(super) fn keys_at(page: &Page, column: usize) -> Vec<Key> {
    (0..page.len())
        .filter_map(|row| Key::of(&page.value(row, column)))
        .collect()
}
