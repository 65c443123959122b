//! What a database refuses because of other rows, told by the names of fields.

use diesel::result::{DatabaseErrorInformation, DatabaseErrorKind};

use super::{Hooks, Hop, Model, ModelResource, Mounted, draft::RowDraft};
use crate::{
    database::Dialect,
    errors::{Error, Result},
    fields::Attribute,
};

/// Names the fields where a row goes against others.
pub(super) fn explain<R: ModelResource>(mounted: &Mounted<R>, error: Error) -> Error {
    let Error::Database {
        source: diesel::result::Error::DatabaseError(kind, told),
        ..
    } = &error
    else {
        return error;
    };
    let columns = columns_in(&**told);
    let mut fields: Vec<&str> = columns
        .iter()
        .map(|column| field_of(mounted, column))
        .collect();
    // A generic foreign key has two columns.
    fields.dedup();
    match (kind, fields.as_slice()) {
        (DatabaseErrorKind::UniqueViolation, [field]) => Error::Conflict(format!(
            "Another object has this value of the '{field}' field, which must be unique."
        )),
        (DatabaseErrorKind::UniqueViolation, [_, _, ..]) => Error::Conflict(format!(
            "Another object has these values of the fields '{}', which must be unique together.",
            fields.join("', '")
        )),
        (DatabaseErrorKind::ForeignKeyViolation, _) if is_referred_to(&**told) => {
            Error::Conflict("Other objects still refer to this one.".to_owned())
        }
        (DatabaseErrorKind::ForeignKeyViolation, [field, ..]) => refers_to_nothing(field),
        _ => error,
    }
}

fn refers_to_nothing(field: &str) -> Error {
    Error::Conflict(format!(
        "The '{field}' field refers to an object that does not exist."
    ))
}

/// The field that shows a column, or the column where none does.
fn field_of<'f, R: ModelResource>(mounted: &'f Mounted<R>, column: &'f str) -> &'f str {
    let position = R::Model::COLUMNS
        .iter()
        .position(|known| known.name_in_table() == column);
    let shows = |attribute: &Attribute| match attribute {
        Attribute::Column(of) => Some(*of) == position,
        Attribute::Relation(relation) => {
            position.is_some_and(|position| relation.by.is_over(position))
        }
        _ => false,
    };
    mounted
        .fields
        .iter()
        .find(|field| shows(&field.spec.attribute))
        .map_or(column, |field| field.spec.name)
}

/// The columns that a database names: `UNIQUE constraint failed: note.slug, note.year` in SQLite's message,
/// `Key (slug, year)=(a, 1) already exists.` in PostgreSQL's details.
fn columns_in(told: &(dyn DatabaseErrorInformation + Send + Sync)) -> Vec<String> {
    if let Some(details) = told.details() {
        let inside = details
            .strip_prefix("Key (")
            .and_then(|rest| rest.split_once(")="))
            .map_or("", |(columns, _)| columns);
        let columns = inside
            .split(',')
            .map(|column| column.trim().trim_matches('"'));
        return columns
            .filter(|column| !column.is_empty())
            .map(ToOwned::to_owned)
            .collect();
    }
    let Some(columns) = told.message().strip_prefix("UNIQUE constraint failed: ") else {
        return Vec::new();
    };
    let columns = columns
        .split(", ")
        .filter_map(|column| column.rsplit('.').next());
    columns.map(ToOwned::to_owned).collect()
}

/// Whether a row would go to which others refer.
fn is_referred_to(told: &(dyn DatabaseErrorInformation + Send + Sync)) -> bool {
    told.details()
        .is_some_and(|details| details.contains("is still referenced"))
}

/// Checks the references that a client sets by a plain column, where the database does not say which one failed.
///
/// What a relation sets was looked up already.
pub(super) fn check_references<R: ModelResource + Hooks>(
    hop: &Hop<'_, R>,
    connection: &mut <R::Db as Dialect>::Connection,
    draft: &RowDraft,
) -> Result<()> {
    let state = &hop.mounted.state;
    for reference in state.references(connection)? {
        if reference.is_broken::<R::Db>(connection, draft)? {
            let column = R::Model::COLUMNS[reference.column].name_in_table();
            return Err(refers_to_nothing(field_of(hop.mounted, column)));
        }
    }
    Ok(())
}
