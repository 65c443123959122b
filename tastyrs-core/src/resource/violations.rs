//! What a database refuses because of other rows, told by the names of fields.

use diesel::result::{DatabaseErrorInformation, DatabaseErrorKind};

use super::{ColumnSpec, ModelResource, Mounted, draft::RowDraft, rows::RowsState};
use crate::{
    database::{Dialect, ENDING},
    errors::{Error, Result},
    fields::{Attribute, FieldSpec},
    queries::Node,
};

/// Names the fields where a row goes against others.
pub(super) fn explain<R: ModelResource>(mounted: &Mounted<R>, error: Error) -> Error {
    explained(&mounted.state, error)
}

/// Names the fields where a row goes against others, whatever the resource.
pub(super) fn explained<DB: Dialect>(state: &RowsState<DB>, error: Error) -> Error {
    let Error::Database {
        doing,
        source: diesel::result::Error::DatabaseError(kind, told),
    } = &error
    else {
        return error;
    };
    let fields = named_in(&**told).and_then(|named| {
        let field = |column: &String| field_of(state, named.table.as_deref(), column);
        let fields = named.columns.iter().map(field);
        // A generic foreign key has two columns.
        fields.collect::<Option<Vec<&str>>>().map(|mut fields| {
            fields.dedup();
            fields
        })
    });
    match (kind, fields.as_deref()) {
        (DatabaseErrorKind::UniqueViolation, Some([field])) => Error::Conflict(format!(
            "Another object has this value of the '{field}' field, which must be unique."
        )),
        (DatabaseErrorKind::UniqueViolation, Some([_, _, ..])) => Error::Conflict(format!(
            "Another object has these values of the fields '{}', which must be unique together.",
            fields.unwrap_or_default().join("', '")
        )),
        (DatabaseErrorKind::ForeignKeyViolation, _) if is_referred_to(&**told) => {
            still_referred_to()
        }
        // What a request refers to was looked up where the database does not name it: a row went.
        (DatabaseErrorKind::ForeignKeyViolation, None) if *doing == ENDING && !DB::is_remote() => {
            still_referred_to()
        }
        (DatabaseErrorKind::ForeignKeyViolation, Some([field, ..])) => refers_to_nothing(field),
        _ => error,
    }
}

fn still_referred_to() -> Error {
    Error::Conflict("Other objects still refer to this one.".to_owned())
}

fn refers_to_nothing(field: &str) -> Error {
    Error::Conflict(format!(
        "The '{field}' field refers to an object that does not exist."
    ))
}

/// The field that shows a column of a table, the own one or that of another resource; a column that none shows is
/// nobody's to know.
fn field_of<'f, DB: Dialect>(
    state: &'f RowsState<DB>,
    table: Option<&str>,
    column: &str,
) -> Option<&'f str> {
    let table = table.map(DB::quote);
    let is_it = |node: &&Node| match &table {
        Some(table) => node.table.rsplit('.').next() == Some(table),
        None => true,
    };
    let own = Some(state.node()).filter(is_it);
    let node = own.or_else(|| state.graph.nodes.iter().find(is_it))?;
    let quoted = DB::quote(column);
    let position = node
        .columns
        .iter()
        .position(|known| known.quoted == quoted)?;
    let shows = |field: &&FieldSpec| match &field.attribute {
        Attribute::Column(of) => *of == position,
        Attribute::Relation(relation) => relation.by.is_over(position),
        _ => false,
    };
    node.fields.iter().find(shows).map(|field| field.name)
}

/// The columns that a database names, and their table where it names that.
struct Named {
    table: Option<String>,
    columns: Vec<String>,
}

/// What a database names: `UNIQUE constraint failed: note.slug, note.year` in SQLite's message,
/// `Key (slug, year)=(a, 1) already exists.` in PostgreSQL's details.
fn named_in(told: &(dyn DatabaseErrorInformation + Send + Sync)) -> Option<Named> {
    if let Some(details) = told.details() {
        let (columns, _) = details.strip_prefix("Key (")?.split_once(")=")?;
        let columns = columns
            .split(',')
            .map(|column| column.trim().trim_matches('"'));
        return Some(Named {
            table: told.table_name().map(ToOwned::to_owned),
            columns: columns.map(ToOwned::to_owned).collect(),
        });
    }
    let columns = told.message().strip_prefix("UNIQUE constraint failed: ")?;
    let mut table = None;
    let columns = columns.split(", ").filter_map(|column| {
        let (of, column) = column.rsplit_once('.')?;
        table = Some(of.to_owned());
        Some(column.to_owned())
    });
    let columns = columns.collect();
    Some(Named { table, columns })
}

/// Whether a row would go to which others refer.
fn is_referred_to(told: &(dyn DatabaseErrorInformation + Send + Sync)) -> bool {
    told.details()
        .is_some_and(|details| details.contains("is still referenced"))
}

/// Checks the references that a client sets by a plain column, where the database does not say which one failed.
///
/// What a relation sets was looked up already, in the same transaction. Where a lone row fails, it is tried again in one.
pub(super) fn check_references<DB: Dialect>(
    state: &RowsState<DB>,
    columns: &[ColumnSpec],
    connection: &mut DB::Connection,
    draft: &RowDraft,
) -> Result<()> {
    if draft.is_lone() {
        return Ok(());
    }
    for reference in state.references(connection)? {
        if let Some(key) = reference.unknown(&state.graph, draft)
            && reference.known::<DB>(connection, &[key])?.is_empty()
        {
            let column = columns[reference.column].name_in_table();
            return Err(match field_of(state, None, column) {
                Some(field) => refers_to_nothing(field),
                None => Error::Conflict("What is referred to does not exist.".to_owned()),
            });
        }
    }
    Ok(())
}
