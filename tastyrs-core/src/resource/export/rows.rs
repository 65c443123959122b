//! Batches of rows: each begins behind the last row of the one before.

use std::{cell::RefCell, fmt, sync::Arc};

use super::batches::{Batch, Batches, Going};
use crate::{
    bundle::Item,
    database::{Dialect, Narrow as _, Session, Slice},
    dispatch,
    errors::{Error, Result},
    http::Request,
    queries::{Key, Keyset, build_filters, key_filter},
    resource::{
        Hooks, Hop, ModelFor, ModelResource, Mounted, Rows, Source,
        hop::Start,
        rows::{narrowed, rows},
    },
};

/// What an export of rows holds from one batch to the next.
pub struct RowsSession<DB: Dialect> {
    database: Session<DB>,
    /// The key of the last row.
    behind: Option<Key>,
}

impl<DB: Dialect> fmt::Debug for RowsSession<DB> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RowsSession")
            .field("database", &self.database)
            .finish_non_exhaustive()
    }
}

impl<R: ModelResource> Batches<R> for Rows {
    type Session = RowsSession<R::Db>;

    fn session(mounted: &Mounted<R>) -> Result<Self::Session> {
        Ok(RowsSession {
            database: mounted.state.database.session()?,
            behind: None,
        })
    }

    async fn batch(
        mounted: &Arc<Mounted<R>>,
        request: &mut Request,
        mut going: Going<Self::Session>,
    ) -> Result<(Going<Self::Session>, Batch)>
    where
        R: Hooks,
    {
        let permit = going.session.database.permit().await?;
        let here = Arc::clone(mounted);
        dispatch::blocking(request, move |request| {
            let written = RefCell::default();
            let start = Start::of(request, &written);
            Hop::run(&here, &start, |hop| {
                let Going { session, pace } = &mut going;
                let RowsSession { database, behind } = session;
                let changes = !database.is_snapshot();
                let batch = database.run(permit, |connection| {
                    let items = next(hop, connection, behind.as_ref(), changes, pace.rows())?;
                    let node = hop.mounted.state.node();
                    if let Some(last) = items.last() {
                        *behind = Key::of(&<Self as Source<R>>::column(last, node.key));
                    }
                    pace.write(hop, connection, &items)
                })?;
                Ok((going, batch))
            })
        })
        .await
    }
}

/// The rows behind that of a key, in the order that the request asks for.
fn next<'h, R: ModelResource + Hooks>(
    hop: &Hop<'h, R>,
    connection: &mut <R::Db as Dialect>::Connection,
    behind: Option<&Key>,
    changes: bool,
    limit: u64,
) -> Result<Vec<Item<'h, R>>> {
    let state = &hop.mounted.state;
    let (graph, node) = (&state.graph, state.node());
    let (query, compatibility) = (hop.request.params(), hop.mounted.compatibility);
    let mut filters = build_filters::<R::Db>(graph, node, query, compatibility)?;
    let keyset = Keyset::read::<R::Db>(graph, node, query, compatibility)?;
    if let Some(key) = behind {
        let by_value = !keyset.is_by_key() || !matches!(key, Key::Int(_));
        if by_value && changes {
            let row = <R::Model as ModelFor<R::Db>>::query();
            let row = row.narrow(key_filter::<R::Db>(node.key(), std::slice::from_ref(key)));
            if rows(hop, connection, row, Some(Slice::TWO))?.is_empty() {
                let gone = "The object at which an export goes on is gone.";
                return Err(Error::Conflict(gone.to_owned()));
            }
        }
        filters.push(keyset.behind::<R::Db>(node, key));
    }
    let slice = Slice {
        limit: Some(limit),
        offset: 0,
        usual: false,
    };
    let mut order = keyset.order();
    order.uncached();
    let list = narrowed(hop, filters)?.order(order);
    rows(hop, connection, list, Some(slice))
}
