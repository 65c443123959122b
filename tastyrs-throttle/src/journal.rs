//! Group commit: requests hand in their rows, and one writer writes what has come in.
//!
//! While one insert is under way the next rows gather, so the busier the server, the more rows
//! share an insert. The writer is a thread of its own, which ends when nothing has come for a
//! while: a request that is dropped strands nobody, and neither does a runtime that ends.

use std::collections::VecDeque;
use std::fmt;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use tokio::runtime::Handle;
use tokio::sync::oneshot;

use crate::access_log::AccessLog;
use crate::access_row::AccessRow;
use crate::durability::Durability;
use crate::errors::{Error, Result};

/// The rows of one insert, at most.
const BATCH: usize = 1_000;
/// The rows that wait behind their answers, at most; beyond it requests wait.
const QUEUE: usize = 10_000;
/// The rows that wait, at most, when those of dropped requests are among them: nobody waits for
/// these, and beyond this they are lost.
const QUEUE_WITH_DROPPED: usize = 2 * QUEUE;
/// How long a request waits for its row, and a drain for all rows.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long rows that nobody waits for rest after an insert that failed, and at most after several.
const REST: Duration = Duration::from_millis(100);
const LONGEST_REST: Duration = Duration::from_secs(2);
/// How long the writer stays when there is nothing to write.
const LINGER: Duration = Duration::from_secs(1);
/// The inserts in which the rows of a refused one are tried again, at most.
const TRIALS: usize = 64;

/// The queue in front of an [`AccessLog`].
pub(crate) struct Journal {
    log: Arc<dyn AccessLog>,
    durability: Durability,
    patience: Duration,
    /// The runtime in which the throttle was bound.
    runtime: Option<Handle>,
    state: Mutex<State>,
    /// Something came for the writer.
    came: Condvar,
}

#[derive(Default)]
struct State {
    /// Oldest first.
    queue: VecDeque<Waiting>,
    /// How many rows in the queue have a request that waits.
    asking: usize,
    /// The number of the next row.
    next: u64,
    /// The number of the first row of the insert that is under way.
    writing: Option<u64>,
    has_writer: bool,
    /// Until when rows that nobody waits for rest, and how many inserts have failed in a row.
    rests_until: Option<Instant>,
    failures: u32,
    drains: Vec<Drain>,
}

struct Waiting {
    row: AccessRow,
    claim: Claim,
}

/// What is known of a row beside the row.
struct Claim {
    number: u64,
    since: Instant,
    told: Option<oneshot::Sender<Result<()>>>,
}

/// Somebody who waits until all rows before a number are written.
struct Drain {
    before: u64,
    until: Instant,
    told: oneshot::Sender<Result<()>>,
}

impl Journal {
    pub(crate) fn new(log: Arc<dyn AccessLog>, durability: Durability) -> Arc<Self> {
        Self::patient(log, durability, PATIENCE)
    }

    pub(crate) fn patient(
        log: Arc<dyn AccessLog>,
        durability: Durability,
        patience: Duration,
    ) -> Arc<Self> {
        Arc::new(Self {
            log,
            durability,
            patience,
            runtime: Handle::try_current().ok(),
            state: Mutex::default(),
            came: Condvar::new(),
        })
    }

    pub(crate) fn is_of(&self, log: &Arc<dyn AccessLog>) -> bool {
        Arc::ptr_eq(&self.log, log)
    }

    /// Returns when the row is as safe as was asked for, or could not be made so. Dropped before,
    /// the row is written all the same.
    pub(crate) async fn write(self: &Arc<Self>, row: AccessRow) -> Result<()> {
        let answer = {
            let mut state = self.state();
            let waits = match self.durability {
                Durability::BeforeAnswer => true,
                Durability::Behind { .. } => state.queue.len() >= QUEUE,
            };
            let (told, answer) = if waits {
                let (told, answer) = oneshot::channel();
                (Some(told), Some(answer))
            } else {
                (None, None)
            };
            self.push(&mut state, row, told);
            answer
        };
        match answer {
            Some(answer) => answer.await.unwrap_or(Err(Error::WriterEnded)),
            None => Ok(()),
        }
    }

    /// Sees to it that the row is written, and waits for nothing.
    pub(crate) fn write_in_the_background(self: &Arc<Self>, row: AccessRow) {
        let mut state = self.state();
        if state.queue.len() >= QUEUE_WITH_DROPPED {
            drop(state);
            tracing::error!("the row of a dropped request is lost: the access log is too slow");
            return;
        }
        self.push(&mut state, row, None);
    }

    /// Returns when every row is written that was handed in before.
    pub(crate) async fn drain(self: &Arc<Self>) -> Result<()> {
        let answer = {
            let mut state = self.state();
            if state.first().is_none() {
                return Ok(());
            }
            let (told, answer) = oneshot::channel();
            let drain = Drain {
                before: state.next,
                until: Instant::now() + self.patience,
                told,
            };
            state.drains.push(drain);
            self.wake(&mut state);
            answer
        };
        answer.await.unwrap_or(Err(Error::WriterEnded))
    }

    fn push(
        self: &Arc<Self>,
        state: &mut State,
        row: AccessRow,
        told: Option<oneshot::Sender<Result<()>>>,
    ) {
        let claim = Claim {
            number: state.next,
            since: Instant::now(),
            told,
        };
        state.next += 1;
        state.asking += usize::from(claim.told.is_some());
        state.queue.push_back(Waiting { row, claim });
        self.wake(state);
    }

    /// Tells the writer that something came; where there is none, one is hired.
    fn wake(self: &Arc<Self>, state: &mut State) {
        if mem::replace(&mut state.has_writer, true) {
            // While an insert is under way it looks by itself when that has ended.
            if state.writing.is_none() {
                self.came.notify_one();
            }
            return;
        }
        let journal = Arc::clone(self);
        let writer = thread::Builder::new().name("access log".to_owned());
        if let Err(error) = writer.spawn(move || journal.work()) {
            tracing::error!(%error, "no thread for the access log's writer");
            // Whoever waits is told by the end of its sender.
            *state = State {
                next: state.next,
                ..State::default()
            };
        }
    }

    fn work(&self) {
        let _inside = self.runtime.as_ref().map(Handle::enter);
        while let Some(batch) = self.next_batch() {
            self.write_batch(batch);
            self.state().writing = None;
        }
    }

    /// Waits for rows that are due; after a while in which none came there are none.
    fn next_batch(&self) -> Option<Vec<Waiting>> {
        let mut state = self.state();
        loop {
            let now = Instant::now();
            state.give_up(now, self.patience);
            state.tell_drains();
            let due = self.due(&state, now);
            match due {
                Some(wait) if wait.is_zero() => return Some(state.take()),
                None if state.queue.is_empty() => {
                    let waited = self.came.wait_timeout(state, LINGER);
                    let (later, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
                    state = later;
                    if timeout.timed_out() && state.queue.is_empty() {
                        state.has_writer = false;
                        return None;
                    }
                }
                due => {
                    let wait = due.unwrap_or(LINGER);
                    let waited = self.came.wait_timeout(state, wait);
                    state = waited.unwrap_or_else(PoisonError::into_inner).0;
                }
            }
        }
    }

    /// In how long the next insert is due, if there is something to insert.
    fn due(&self, state: &State, now: Instant) -> Option<Duration> {
        let oldest = state.queue.front()?;
        if oldest.claim.told.is_some() {
            return Some(Duration::ZERO);
        }
        // Who waits behind rows that rest waits for their next turn.
        let in_full =
            state.asking > 0 || !state.drains.is_empty() || state.queue.len() >= QUEUE / 2;
        let flush = match self.durability {
            Durability::Behind { flush } if !in_full => {
                flush.saturating_sub(now.duration_since(oldest.claim.since))
            }
            _ => Duration::ZERO,
        };
        let rest = state
            .rests_until
            .map_or(Duration::ZERO, |until| until.saturating_duration_since(now));
        Some(flush.max(rest))
    }

    fn write_batch(&self, batch: Vec<Waiting>) {
        let (rows, claims): (Vec<_>, Vec<_>) = batch
            .into_iter()
            .map(|waiting| (waiting.row, waiting.claim))
            .unzip();
        let mut parts = vec![(Arc::<[AccessRow]>::from(rows), claims)];
        let mut trials = 0;
        while let Some((rows, mut claims)) = parts.pop() {
            let error = match self.record(&rows, &mut claims) {
                Ok(()) => {
                    self.state().took();
                    tell(claims, &Ok(()));
                    continue;
                }
                Err(error) => error,
            };
            trials += 1;
            match error {
                Error::RowsRefused { .. } if rows.len() > 1 && trials < TRIALS => {
                    let rest = claims.split_off(claims.len() / 2);
                    let (one, other) = rows.split_at(claims.len());
                    // The older rows first.
                    parts.push((Arc::from(other), rest));
                    parts.push((Arc::from(one), claims));
                }
                Error::AccessLog { .. } => {
                    tracing::error!(%error, source = source(&error), rows = rows.len(), "rows were not written to the access log");
                    self.state().keep(&rows, &mut claims);
                    tell(claims, &Err(error));
                }
                _ => {
                    tracing::error!(%error, source = source(&error), rows = rows.len(), "rows are lost to the access log");
                    tell(claims, &Err(error));
                }
            }
        }
    }

    /// Asks the log to write rows. Meanwhile whoever has waited too long is told so.
    fn record(&self, rows: &Arc<[AccessRow]>, claims: &mut [Claim]) -> Result<()> {
        let waker = Waker::from(Arc::new(Unpark(thread::current())));
        let mut context = Context::from_waker(&waker);
        let written = catch_unwind(AssertUnwindSafe(|| {
            let mut future = self.log.record(Arc::clone(rows));
            loop {
                if let Poll::Ready(written) = future.as_mut().poll(&mut context) {
                    return written;
                }
                thread::park_timeout(self.patience / 8);
                self.give_up(claims);
            }
        }));
        written.unwrap_or(Err(Error::WriterEnded))
    }

    /// Tells those who have waited too long that the log does not answer.
    fn give_up(&self, claims: &mut [Claim]) {
        let now = Instant::now();
        for claim in claims {
            if now.duration_since(claim.since) >= self.patience
                && let Some(told) = claim.told.take()
            {
                let _ = told.send(Err(Error::overdue()));
            }
        }
        self.state().give_up(now, self.patience);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// The number of the oldest row that is not written.
    fn first(&self) -> Option<u64> {
        let waiting = self.queue.front().map(|waiting| waiting.claim.number);
        self.writing.or(waiting)
    }

    fn take(&mut self) -> Vec<Waiting> {
        let count = self.queue.len().min(BATCH);
        let batch: Vec<_> = self.queue.drain(..count).collect();
        self.asking -= batch
            .iter()
            .filter(|waiting| waiting.claim.told.is_some())
            .count();
        self.writing = batch.first().map(|waiting| waiting.claim.number);
        batch
    }

    /// Notes that the log took rows.
    fn took(&mut self) {
        self.failures = 0;
        self.rests_until = None;
    }

    /// Puts the rows back that nobody waits for, to be tried again.
    fn keep(&mut self, rows: &[AccessRow], claims: &mut Vec<Claim>) {
        let now = Instant::now();
        let rest = REST * 2_u32.saturating_pow(self.failures.min(8));
        self.failures += 1;
        self.rests_until = Some(now + rest.min(LONGEST_REST));
        let kept = mem::take(claims).into_iter().zip(rows).rev();
        for (claim, row) in kept {
            if claim.told.is_some() {
                claims.push(claim);
            } else {
                let row = row.clone();
                self.queue.push_front(Waiting { row, claim });
            }
        }
    }

    /// Tells those who wait for rows that are all written.
    fn tell_drains(&mut self) {
        if self.drains.is_empty() {
            return;
        }
        let first = self.first().unwrap_or(u64::MAX);
        let (done, open): (Vec<_>, Vec<_>) = mem::take(&mut self.drains)
            .into_iter()
            .partition(|drain| drain.before <= first);
        self.drains = open;
        for drain in done {
            let _ = drain.told.send(Ok(()));
        }
    }

    /// Tells those who have waited too long; a row whose request was told so is not written.
    fn give_up(&mut self, now: Instant, patience: Duration) {
        while let Some(place) = self.overdue(now, patience) {
            self.asking -= 1;
            if let Some(told) = self.queue.remove(place).and_then(|row| row.claim.told) {
                let _ = told.send(Err(Error::overdue()));
            }
        }
        if self.drains.is_empty() {
            return;
        }
        let (over, open): (Vec<_>, Vec<_>) = mem::take(&mut self.drains)
            .into_iter()
            .partition(|drain| drain.until <= now);
        self.drains = open;
        for drain in over {
            let rows = self.queue.len();
            tracing::error!(rows, "the access log did not take all rows in time");
            let _ = drain.told.send(Err(Error::overdue()));
        }
    }

    /// The place of the first row whose request waits, if it has waited too long.
    fn overdue(&self, now: Instant, patience: Duration) -> Option<usize> {
        if self.asking == 0 {
            return None;
        }
        let asks = |waiting: &Waiting| waiting.claim.told.is_some();
        let place = self.queue.iter().position(asks)?;
        let waited = now.duration_since(self.queue.get(place)?.claim.since);
        (waited >= patience).then_some(place)
    }
}

fn tell(claims: Vec<Claim>, written: &Result<()>) {
    for told in claims.into_iter().filter_map(|claim| claim.told) {
        // A request that was dropped does not listen.
        let _ = told.send(written.clone());
    }
}

/// What an error was caused by, for the log.
fn source(error: &Error) -> String {
    std::error::Error::source(error).map_or_else(String::new, ToString::to_string)
}

impl fmt::Debug for Journal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Journal")
            .field("durability", &self.durability)
            .finish_non_exhaustive()
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Runs a future to its end on this thread.
#[cfg(test)]
pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut context = Context::from_waker(&waker);
    let mut future = std::pin::pin!(future);
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(output) => return output,
            Poll::Pending => thread::park(),
        }
    }
}
