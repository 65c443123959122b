//! The references of a table, where the database does not say which one a row breaks.

use super::{
    draft::{Origin, RowDraft},
    write_row,
};
use crate::{
    database::Dialect,
    errors::{Error, Result},
    queries::{Key, Node, NodeColumn, key_filter},
};

/// A column that refers to the rows of a table.
#[derive(Debug)]
pub(super) struct Reference {
    pub(super) column: usize,
    table: String,
    key: NodeColumn,
}

impl Reference {
    /// The references of a resource's table that its database checks without saying which one failed.
    pub(super) fn all<DB: Dialect>(
        connection: &mut DB::Connection,
        node: &Node,
    ) -> Result<Vec<Self>> {
        let known = DB::references(connection, &node.table)
            .map_err(Error::database("reading the references of a table"))?;
        let reference = |(from, table, to): &(String, String, String)| {
            let quoted = DB::quote(from);
            let column = node
                .columns
                .iter()
                .position(|column| column.quoted == quoted)?;
            let (table, to) = (DB::quote(table), DB::quote(to));
            let key = NodeColumn {
                sql: format!("{table}.{to}"),
                quoted: to,
                ..node.columns[column].clone()
            };
            Some(Self { column, table, key })
        };
        Ok(known.iter().filter_map(reference).collect())
    }

    /// Whether a row is about to refer to nothing.
    pub(super) fn is_broken<DB: Dialect>(
        &self,
        connection: &mut DB::Connection,
        draft: &RowDraft,
    ) -> Result<bool> {
        if draft.origins[self.column] != Origin::Set {
            return Ok(false);
        }
        let Some(key) = Key::of(&draft.values[self.column]) else {
            return Ok(false);
        };
        let is_it = key_filter::<DB>(&self.key, &[key]);
        let found = write_row::keys_where::<DB>(connection, &self.table, &self.key, is_it)?;
        Ok(found.is_empty())
    }
}
