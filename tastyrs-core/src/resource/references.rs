//! The references of a table, where the database does not say which one a row breaks.

use super::{
    draft::{Origin, RowDraft},
    write_row,
};
use crate::{
    database::Dialect,
    errors::{Error, Result},
    queries::{Graph, Key, Node, NodeColumn, key_filter},
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

    /// What a row is about to refer to, where that was not looked up yet.
    pub(super) fn unknown(&self, graph: &Graph, draft: &RowDraft) -> Option<Key> {
        if draft.origins[self.column] != Origin::Set {
            return None;
        }
        let leads_here =
            |node: &Node| node.table == self.table && node.key().quoted == self.key.quoted;
        let target = draft.looked_up(self.column);
        if target
            .and_then(|target| graph.node(target))
            .is_some_and(leads_here)
        {
            return None;
        }
        Key::of(&draft.values[self.column])
    }

    /// Those of these keys that rows have.
    pub(super) fn known<DB: Dialect>(
        &self,
        connection: &mut DB::Connection,
        keys: &[Key],
    ) -> Result<Vec<Key>> {
        let is_one = key_filter::<DB>(&self.key, keys);
        write_row::keys_where::<DB>(connection, &self.table, &self.key, is_one)
    }
}
