//! Group commit: requests hand in their rows, and one writer at a time writes what has come in.
//!
//! While one insert is under way the next rows gather, so the busier the server, the more rows
//! share an insert. The writer is a task of its own: a request that is dropped strands nobody.

use std::collections::VecDeque;
use std::fmt;
use std::future::Future;
use std::mem;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use crate::access_log::{AccessLog, AccessRow};
use crate::errors::{Error, Result};

/// The rows of one insert, at most.
const BATCH: usize = 1_000;
/// The rows that wait, at most; the next request waits for room.
const QUEUE: usize = 10_000;
/// The rows that wait, at most, when those of dropped requests are among them: they cannot wait
/// for room, and beyond this they are lost.
const QUEUE_WITH_DROPPED: usize = 2 * QUEUE;

/// The queue in front of an [`AccessLog`].
pub(crate) struct Journal {
    log: Arc<dyn AccessLog>,
    room: Arc<Semaphore>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    queue: VecDeque<Waiting>,
    is_writing: bool,
}

struct Waiting {
    row: AccessRow,
    told: Option<oneshot::Sender<Result<()>>>,
    room: Option<OwnedSemaphorePermit>,
}

impl Journal {
    pub(crate) fn new(log: Arc<dyn AccessLog>) -> Arc<Self> {
        let room = Arc::new(Semaphore::new(QUEUE));
        Arc::new(Self {
            log,
            room,
            state: Mutex::default(),
        })
    }

    pub(crate) fn is_of(&self, log: &Arc<dyn AccessLog>) -> bool {
        Arc::ptr_eq(&self.log, log)
    }

    /// Returns when the row is written, or could not be. Dropped before, the row is written all
    /// the same.
    pub(crate) async fn write(self: &Arc<Self>, row: AccessRow) -> Result<()> {
        let mut unsent = Unsent {
            journal: self,
            row: Some(row),
        };
        let room = Arc::clone(&self.room).acquire_owned().await.ok();
        let (told, answer) = oneshot::channel();
        if let Some(row) = unsent.row.take() {
            self.push(Waiting {
                row,
                told: Some(told),
                room,
            });
        }
        answer.await.unwrap_or(Err(Error::WriterEnded))
    }

    /// Sees to it that the row is written, and waits for nothing.
    pub(crate) fn write_in_the_background(self: &Arc<Self>, row: AccessRow) {
        let room = Arc::clone(&self.room).try_acquire_owned().ok();
        if room.is_none() && self.state().queue.len() >= QUEUE_WITH_DROPPED {
            tracing::error!("the row of a dropped request is lost: the access log is too slow");
            return;
        }
        self.push(Waiting {
            row,
            told: None,
            room,
        });
    }

    fn push(self: &Arc<Self>, waiting: Waiting) {
        let mut state = self.state();
        state.queue.push_back(waiting);
        if !mem::replace(&mut state.is_writing, true) {
            drop(state);
            let turn = Turn::new(Arc::clone(self));
            match Handle::try_current() {
                Ok(runtime) => drop(runtime.spawn(turn.write())),
                Err(_) => turn.write_on_a_thread(),
            }
        }
    }

    /// Takes the next rows; where there are none, the writer's turn is over.
    fn take(&self) -> Option<Vec<Waiting>> {
        let mut state = self.state();
        if state.queue.is_empty() {
            state.is_writing = false;
            return None;
        }
        let count = state.queue.len().min(BATCH);
        Some(state.queue.drain(..count).collect())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Journal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Journal").finish_non_exhaustive()
    }
}

/// A row whose request waits for room.
struct Unsent<'a> {
    journal: &'a Arc<Journal>,
    row: Option<AccessRow>,
}

impl Drop for Unsent<'_> {
    fn drop(&mut self) {
        if let Some(row) = self.row.take() {
            self.journal.write_in_the_background(row);
        }
    }
}

/// The right to write. Dropped before its time, with its runtime or by a panic of the log, it
/// passes to a thread, so that the rows that wait are written or their requests are told.
struct Turn {
    journal: Arc<Journal>,
    is_over: bool,
    is_on_a_thread: bool,
    has_taken: bool,
}

impl Turn {
    fn new(journal: Arc<Journal>) -> Self {
        Self {
            journal,
            is_over: false,
            is_on_a_thread: false,
            has_taken: false,
        }
    }

    async fn write(mut self) {
        while let Some(batch) = self.journal.take() {
            self.has_taken = true;
            let (rows, waiting): (Vec<_>, Vec<_>) = batch
                .into_iter()
                .map(|waiting| (waiting.row, (waiting.told, waiting.room)))
                .unzip();
            let count = rows.len();
            let written = self.journal.log.record(rows).await;
            if let Err(error) = &written {
                tracing::error!(%error, rows = count, "rows were not written to the access log");
            }
            for (told, _room) in waiting {
                if let Some(told) = told {
                    // A request that was dropped does not listen.
                    let _ = told.send(written.clone());
                }
            }
        }
        self.is_over = true;
    }

    fn write_on_a_thread(mut self) {
        self.is_on_a_thread = true;
        let writer = thread::Builder::new().name("access log".to_owned());
        if let Err(error) = writer.spawn(move || block_on(self.write())) {
            tracing::error!(%error, "no thread for the access log's writer");
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if self.is_over {
            return;
        }
        if self.is_on_a_thread && !self.has_taken {
            // There is no thread to be had: the requests are told, by dropping their senders.
            let mut state = self.journal.state();
            let lost = mem::take(&mut state.queue);
            state.is_writing = false;
            drop(state);
            drop(lost);
            return;
        }
        Self::new(Arc::clone(&self.journal)).write_on_a_thread();
    }
}

/// Runs a future to its end on this thread.
pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }

    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut context = Context::from_waker(&waker);
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(output) => return output,
            Poll::Pending => thread::park(),
        }
    }
}
