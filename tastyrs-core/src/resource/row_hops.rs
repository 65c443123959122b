//! How work on rows comes to a connection, on a blocking thread or on the one where the request is.
//!
//! The work is boxed by the resource that has it, so that what is here is compiled for each type that comes back, and not
//! for each view of each resource.

use std::{cell::RefCell, sync::Arc};

use super::{Reads, hop::Start, rows::RowsState, violations};
use crate::{
    cache,
    database::{Counting, Dialect, Permit, TotalsHere},
    dispatch,
    errors::Result,
    http::Request,
};

/// Work that may write.
pub(super) type Writing<DB, T> =
    Box<dyn FnOnce(&Start<'_>, &mut <DB as Dialect>::Connection) -> Result<T> + Send>;
/// Work that writes one object, and may be done again where it wrote nothing.
pub(super) type WritingOne<DB, T> =
    Box<dyn FnMut(&Start<'_>, &mut <DB as Dialect>::Connection) -> Result<T> + Send>;
/// Work that only reads, and may be done again.
pub(super) type Reading<DB, T> =
    Box<dyn Fn(&Start<'_>, &mut <DB as Dialect>::Connection) -> Result<T> + Send>;

/// Works in a transaction, on a blocking thread.
pub(super) async fn write<DB: Dialect, T: Send + 'static>(
    state: &Arc<RowsState<DB>>,
    request: &mut Request,
    writes: bool,
    work: Writing<DB, T>,
) -> Result<T> {
    let permit = if writes {
        state.database.permit_to_write().await?
    } else {
        state.database.permit().await?
    };
    let state = Arc::clone(state);
    hopped(request, permit, move |start, permit| {
        let work = |connection: &mut DB::Connection| work(start, connection);
        in_transaction(&state, permit, writes, work)
    })
    .await
}

/// Writes one object on a blocking thread: by a lone statement where that may be, and in a transaction where nothing came of
/// it.
pub(super) async fn write_one<DB: Dialect, T: Send + 'static>(
    state: &Arc<RowsState<DB>>,
    request: &mut Request,
    is_lone: bool,
    mut work: WritingOne<DB, T>,
) -> Result<T> {
    let permit = state.database.permit_to_write().await?;
    let state = Arc::clone(state);
    hopped(request, permit, move |start, permit| {
        if is_lone {
            let lone = Start { is_lone, ..*start };
            let written = state.database.at_once(permit, |connection| {
                if state.diverts(connection)? {
                    return Ok(None);
                }
                work(&lone, connection).map(Some)
            });
            if let Some(written) = written.transpose() {
                return written;
            }
        }
        let work = |connection: &mut DB::Connection| work(start, connection);
        in_transaction(&state, permit, true, work)
    })
    .await
}

fn in_transaction<DB: Dialect, T>(
    state: &RowsState<DB>,
    permit: &Permit,
    writes: bool,
    work: impl FnOnce(&mut DB::Connection) -> Result<T>,
) -> Result<T> {
    let answer = state.database.with(permit, writes, work);
    // Django's constraints wait for the end of the transaction.
    answer.map_err(|error| violations::explained(state, error))
}

/// Reads where it may block, or at once where that takes no time.
pub(super) async fn read<DB: Dialect, T: Send + 'static>(
    state: &Arc<RowsState<DB>>,
    request: &mut Request,
    reads: Reads,
    work: Reading<DB, T>,
) -> Result<T> {
    match reads {
        Reads::Keyed if state.detail_is_lone => keyed(state, request, work).await,
        Reads::Page if state.lists.keep_totals => page(state, request, work).await,
        Reads::Keyed | Reads::Page | Reads::Anything => anything(state, request, work).await,
    }
}

async fn anything<DB: Dialect, T: Send + 'static>(
    state: &RowsState<DB>,
    request: &mut Request,
    work: Reading<DB, T>,
) -> Result<T> {
    let database = state.database.clone();
    let permit = database.permit().await?;
    hopped(request, permit, move |start, permit| {
        database.reading(permit, |connection| work(start, connection))
    })
    .await
}

/// Reads what is found by its key, by one statement.
async fn keyed<DB: Dialect, T: Send + 'static>(
    state: &RowsState<DB>,
    request: &mut Request,
    work: Reading<DB, T>,
) -> Result<T> {
    if let Some(answer) = here(state, request, None, &work) {
        return answer;
    }
    let database = state.database.clone();
    let permit = database.permit().await?;
    // One statement sees one state of the database, with a transaction around it or without.
    hopped(request, permit, move |start, permit| {
        database.asking(permit, |connection| work(start, connection))
    })
    .await
}

/// Reads a page of a list whose totals are kept.
async fn page<DB: Dialect, T: Send + 'static>(
    state: &RowsState<DB>,
    request: &mut Request,
    work: Reading<DB, T>,
) -> Result<T> {
    let database = &state.database;
    if state.lists.are_lone && is_short(state, request) {
        // The state that was seen last is likely to be that of now, so it is looked at only once, behind the page, and
        // not at all where the page tells its total by itself.
        let totals = database.totals_as_seen().or_else(|| database.totals_here());
        let whole = Counting::whole(state.number);
        if let Some(totals) = totals.filter(|totals| totals.known(whole).is_some())
            && let Some(answer) = here(state, request, Some(&totals), &work)
            // Who wrote since it was counted changed the page, the total or both.
            && (!totals.was_taken() || database.is_current(&totals))
        {
            return answer;
        }
    }
    let Some(totals) = database.totals_here() else {
        return anything(state, request, work).await;
    };
    let before = totals.clone();
    let database = database.clone();
    let permit = database.permit().await?;
    let (answer, was_taken, work) = hopped(request, permit, move |start, permit| {
        let start = Start {
            totals: Some(&totals),
            ..*start
        };
        let answer = database.reading(permit, |connection| work(&start, connection));
        Ok((answer, totals.was_taken(), work))
    })
    .await?;
    if was_taken && !state.database.is_current(&before) {
        return anything(state, request, work).await;
    }
    answer
}

/// Reads on this thread, if it may.
fn here<DB: Dialect, T>(
    state: &RowsState<DB>,
    request: &Request,
    totals: Option<&TotalsHere>,
    work: &Reading<DB, T>,
) -> Option<Result<T>> {
    let written = RefCell::default();
    let start = Start {
        totals,
        ..Start::of(request, &written)
    };
    state.database.here(|connection| work(&start, connection))
}

/// Whether objects of the whole list are asked for that are found at once, in the order of their keys, and few of them.
fn is_short<DB: Dialect>(state: &RowsState<DB>, request: &Request) -> bool {
    let node = state.node();
    let is_place = |name: &str| match name {
        "limit" | "offset" | "format" => true,
        // Another name is looked up first, by a statement of its own.
        "after" | "before" => !state.has_field(name) && node.key == node.detail,
        _ => false,
    };
    let mut parameters = request.params().iter();
    parameters.all(|(name, _)| is_place(name))
        && state
            .asked(request.params())
            .is_ok_and(|asked| asked.is_short())
}

/// Works on a blocking thread, with the right to a connection; what was written is forgotten when that is over.
async fn hopped<T: Send + 'static>(
    request: &mut Request,
    permit: Permit,
    work: impl FnOnce(&Start<'_>, &Permit) -> Result<T> + Send + 'static,
) -> Result<T> {
    let (answer, forgetting) = dispatch::blocking(request, move |request| {
        let written = RefCell::default();
        let answer = work(&Start::of(request, &written), &permit);
        drop(permit);
        // A transaction whose end is in doubt may have written.
        let forgetting = cache::forget(written.take());
        Ok((answer, forgetting))
    })
    .await?;
    if let Some(forgetting) = forgetting {
        let _ = forgetting.await;
    }
    answer
}
