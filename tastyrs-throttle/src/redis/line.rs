//! A connection in the runtime of those who ask over it.
//!
//! So a question costs no switch to another thread and back. Whoever asks leaves the bytes of the
//! question and waits; the task of `carrier`, which runs behind all that ask in the same turn, sends
//! them together and hands out the answers in their order.

use std::collections::VecDeque;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use dashmap::DashMap;
use dashmap::mapref::entry::Entry;
use foldhash::fast::RandomState;
use tokio::runtime::{Handle, Id};

use super::answers::{Answer, Answers};
use super::carrier::{self, Address};
use super::connection::{ERRAND, Errand, State};
use super::here;
use super::scripts::{Question, Reply, Rest};
use crate::rate::Limit;

/// How many questions are on their way over a line, at most. Others go by the driver.
const IN_FLIGHT: usize = 4_096;

/// The lines of a process, by their runtimes.
#[derive(Default)]
pub(super) struct Lines(DashMap<Id, Arc<Line>, RandomState>);

/// One of them.
#[derive(Default)]
pub(super) struct Line(Mutex<Ends>);

/// What those who ask and the task share.
#[derive(Default)]
pub(super) struct Ends {
    pub(super) stage: Stage,
    /// What is yet to be sent.
    pub(super) unsent: Vec<u8>,
    /// What most questions have in common, as it was written last.
    rest: Rest,
    /// How many of those who wait, the last ones, are asked for by that.
    unsent_questions: usize,
    waiting: VecDeque<Waiting>,
    /// What those who wait are told.
    answers: Answers,
    /// The number of the first of them.
    first: u64,
    /// How many of them are errands.
    errands: usize,
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

/// What is to be answered.
struct Waiting {
    budget: Duration,
    /// Until when, once it was sent.
    deadline: Option<Instant>,
    what: What,
}

enum What {
    /// Its answer is expected at this place.
    Question(usize),
    Errand(Errand),
}

/// A question that was asked over a line.
pub(super) struct Asked {
    line: Arc<Line>,
    number: u64,
    /// Where its answer is expected, until it was read.
    place: Option<usize>,
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

    /// Asks, if the line is open, and everything is told over it that is `untold`.
    pub(super) fn ask(
        self: Arc<Self>,
        question: &Question<'_>,
        budget: Duration,
        untold: usize,
    ) -> Option<Asked> {
        let mut ends = self.lock();
        if ends.stage != Stage::Open || ends.waiting.len() >= IN_FLIGHT || ends.errands != untold {
            return None;
        }
        let Ends { unsent, rest, .. } = &mut *ends;
        question.write(unsent, rest);
        let number = ends.first + ends.waiting.len() as u64;
        let place = ends.answers.expect();
        let task = ends.push(budget, What::Question(place));
        drop(ends);
        if let Some(task) = task {
            task.wake();
        }
        Some(Asked {
            line: self,
            number,
            place: Some(place),
        })
    }

    /// Closes the line. Whoever waits is told that there is no answer, or that it `may_be_had`
    /// elsewhere; what Redis is still to be told is returned.
    pub(super) fn close(&self, may_be_had: bool) -> Vec<Errand> {
        let mut ends = self.lock();
        ends.stage = Stage::Closed;
        ends.unsent.clear();
        ends.unsent_questions = 0;
        let waiting = mem::take(&mut ends.waiting);
        ends.errands = 0;
        ends.first += waiting.len() as u64;
        let (mut errands, mut wakers) = (Vec::new(), Vec::new());
        wakers.extend(ends.task.take());
        for waiting in waiting {
            match waiting.what {
                What::Errand(errand) => errands.push(errand),
                What::Question(place) => wakers.extend(ends.answers.put(
                    place,
                    if may_be_had {
                        Answer::Lost
                    } else {
                        Answer::Nothing
                    },
                )),
            }
        }
        drop(ends);
        wakers.into_iter().for_each(Waker::wake);
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

    /// Answers the first who waits, who is then among the `woken`: to be woken when the line is not
    /// held any more. An errand that is yet to be done is returned.
    pub(super) fn answer(
        &mut self,
        answer: Answer<&[i64]>,
        woken: &mut Vec<Waker>,
    ) -> Option<Errand> {
        let waiting = self.waiting.pop_front()?;
        self.first += 1;
        match waiting.what {
            What::Question(place) => {
                woken.extend(self.answers.put(place, answer));
                None
            }
            What::Errand(errand) => {
                self.errands -= 1;
                Some(errand).filter(|_| matches!(answer, Answer::Error(_)))
            }
        }
    }

    /// Waits for an answer to the command that was written last. The task is returned, if it is to
    /// be woken.
    fn push(&mut self, budget: Duration, what: What) -> Option<Waker> {
        self.unsent_questions += 1;
        self.waiting.push_back(Waiting {
            budget,
            deadline: None,
            what,
        });
        self.task.take()
    }
}

impl Asked {
    /// Waits for the answer: that of a script about these limits, or nothing where it is none.
    pub(super) fn poll_answer(
        &mut self,
        cx: &Context<'_>,
        limits: &[Limit],
    ) -> Poll<Answer<Option<Reply>>> {
        let Some(place) = self.place else {
            return Poll::Ready(Answer::Lost);
        };
        let read = |numbers: &[i64]| Reply::of(numbers, limits);
        let (answer, unwanted) = self.line.lock().answers.poll(place, cx, read);
        drop(unwanted);
        if answer.is_ready() {
            self.place = None;
        }
        answer
    }

    /// Sends an errand behind the question; it is returned where that was answered.
    pub(super) fn send_behind(&self, errand: Errand) -> Option<Errand> {
        let mut ends = self.line.lock();
        if self.number < ends.first {
            return Some(errand);
        }
        errand.command().write_packed_command(&mut ends.unsent);
        ends.errands += 1;
        let task = ends.push(ERRAND, What::Errand(errand));
        drop(ends);
        if let Some(task) = task {
            task.wake();
        }
        None
    }
}

impl Drop for Asked {
    fn drop(&mut self) {
        if let Some(place) = self.place {
            let unwanted = self.line.lock().answers.leave(place);
            drop(unwanted);
        }
    }
}
