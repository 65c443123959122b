//! A connection in the runtime of those who ask over it.
//!
//! So a question costs no switch to another thread and back. Whoever asks leaves the bytes of the
//! question and waits; the task of `carrier`, which runs behind all that ask in the same turn, sends
//! them together and hands out the answers in their order.

use std::collections::VecDeque;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Waker};
use std::time::{Duration, Instant};

use dashmap::DashMap;
use dashmap::mapref::entry::Entry;
use tokio::runtime::{Handle, Id};
use tokio::sync::oneshot;

use super::carrier::{self, Address};
use super::connection::{Errand, State};
use super::here;
use super::scripts::Question;

/// How many questions are on their way over a line, at most. Others go by the driver.
const IN_FLIGHT: usize = 4_096;

/// The lines of a process, by their runtimes.
#[derive(Default)]
pub(super) struct Lines(DashMap<Id, Arc<Line>>);

/// One of them.
#[derive(Default)]
pub(super) struct Line(Mutex<Ends>);

/// What those who ask and the task share.
#[derive(Default)]
pub(super) struct Ends {
    pub(super) stage: Stage,
    /// What is yet to be sent.
    pub(super) unsent: Vec<u8>,
    /// How many of those who wait, the last ones, are asked for by that.
    unsent_questions: usize,
    waiting: VecDeque<Waiting>,
    /// The number of the first of them.
    first: u64,
    /// The task, where it is to be told that there is something to send.
    task: Option<Waker>,
}

/// How far a line is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Stage {
    #[default]
    Connecting,
    Open,
    Closed,
}

/// Who waits for an answer.
struct Waiting {
    budget: Duration,
    /// Until when, once it was sent.
    deadline: Option<Instant>,
    reply: oneshot::Sender<Answer>,
    /// What Redis is to be told where nobody waits any more, and places may have been taken.
    errand: Option<Errand>,
}

/// What becomes of a question. Where Redis is away, there is none.
#[derive(Debug)]
pub(super) enum Answer {
    Numbers(Vec<i64>),
    /// An error that is the question's own.
    Error(String),
    /// The connection ended. It may have been done.
    Lost,
}

/// A question that was asked over a line.
pub(super) struct Asked {
    line: Arc<Line>,
    number: u64,
}

impl Lines {
    /// The line of the current runtime; nothing where there cannot be one. If there is none yet, it is
    /// made, and serves who comes later.
    pub(super) fn here(&self, address: &Address, state: &Arc<State>) -> Option<Arc<Line>> {
        let runtime = Handle::try_current().ok()?;
        let id = runtime.id();
        if let Some(line) = self.0.get(&id) {
            return Some(Arc::clone(&line));
        }
        if !here::is_known(id) {
            return None;
        }
        let line = match self.0.entry(id) {
            Entry::Occupied(line) => return Some(Arc::clone(line.get())),
            Entry::Vacant(none) => Arc::clone(&none.insert(Arc::default())),
        };
        let carried = carrier::carry(address.clone(), Arc::clone(&line), Arc::clone(state), id);
        runtime.spawn(carried);
        Some(line)
    }

    /// Forgets the line of a runtime.
    pub(super) fn forget(&self, id: Id) {
        self.0.remove(&id);
    }

    /// Closes all. Whoever waits is told that there is no answer; what Redis is still to be told is
    /// returned.
    pub(super) fn close(&self) -> Vec<Errand> {
        // None is held while another thread is woken.
        let lines: Vec<_> = self.0.iter().map(|line| Arc::clone(&line)).collect();
        lines.iter().flat_map(|line| line.close(false)).collect()
    }
}

impl Line {
    pub(super) fn lock(&self) -> MutexGuard<'_, Ends> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks, if the line is open.
    pub(super) fn ask(
        self: &Arc<Self>,
        question: &Question<'_>,
        budget: Duration,
    ) -> Option<(Asked, oneshot::Receiver<Answer>)> {
        let mut ends = self.lock();
        if ends.stage != Stage::Open || ends.waiting.len() >= IN_FLIGHT {
            return None;
        }
        let (reply, answer) = oneshot::channel();
        question.write(&mut ends.unsent);
        ends.unsent_questions += 1;
        let number = ends.first + ends.waiting.len() as u64;
        ends.waiting.push_back(Waiting {
            budget,
            deadline: None,
            reply,
            errand: None,
        });
        let task = ends.task.take();
        drop(ends);
        if let Some(task) = task {
            task.wake();
        }
        let line = Arc::clone(self);
        Some((Asked { line, number }, answer))
    }

    /// Closes the line. Whoever waits is told that there is no answer, or that it `may_be_had`
    /// elsewhere; what Redis is still to be told is returned.
    pub(super) fn close(&self, may_be_had: bool) -> Vec<Errand> {
        let mut ends = self.lock();
        ends.stage = Stage::Closed;
        ends.unsent.clear();
        ends.unsent_questions = 0;
        let waiting = mem::take(&mut ends.waiting);
        ends.first += waiting.len() as u64;
        let task = ends.task.take();
        drop(ends);
        if let Some(task) = task {
            task.wake();
        }
        let mut errands = Vec::new();
        for waiting in waiting {
            errands.extend(waiting.errand);
            if may_be_had {
                // Who hung up wants no answer.
                let _ = waiting.reply.send(Answer::Lost);
            }
        }
        errands
    }
}

impl Ends {
    /// Has the task woken when there is something to send.
    pub(super) fn wait(&mut self, cx: &Context<'_>) {
        if !self
            .task
            .as_ref()
            .is_some_and(|task| task.will_wake(cx.waker()))
        {
            self.task = Some(cx.waker().clone());
        }
    }

    /// Says until when those must be answered whose questions are sent now; the first of these
    /// moments is returned.
    pub(super) fn sent(&mut self) -> Option<Instant> {
        let now = Instant::now();
        let sent = self.waiting.len() - self.unsent_questions;
        self.unsent_questions = 0;
        self.waiting
            .iter_mut()
            .skip(sent)
            .map(|waiting| *waiting.deadline.insert(now + waiting.budget))
            .min()
    }

    /// The first moment at which an answer is late.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.waiting
            .iter()
            .filter_map(|waiting| waiting.deadline)
            .min()
    }

    /// Answers the first who waits. What is to be told because they hung up is returned.
    pub(super) fn answer(&mut self, answer: Answer) -> Option<Errand> {
        let waiting = self.waiting.pop_front()?;
        self.first += 1;
        let took = matches!(&answer, Answer::Numbers(numbers) if numbers.first() < Some(&0));
        // Who hung up wants no answer.
        let _ = waiting.reply.send(answer);
        waiting.errand.filter(|_| took)
    }
}

impl Asked {
    /// Leaves an errand for when the question is answered; it is returned where that is so already.
    pub(super) fn leave(&self, errand: Errand) -> Option<Errand> {
        let mut ends = self.line.lock();
        let place = self
            .number
            .checked_sub(ends.first)
            .and_then(|place| usize::try_from(place).ok());
        match place.and_then(|place| ends.waiting.get_mut(place)) {
            Some(waiting) => {
                waiting.errand = Some(errand);
                None
            }
            None => Some(errand),
        }
    }
}
