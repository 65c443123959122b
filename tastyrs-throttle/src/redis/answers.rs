//! Where those who ask over a line find their answers.

use std::mem;
use std::task::{Context, Poll, Waker};

/// A place for each answer that somebody waits for. One that is done with serves the next, with the
/// room for its numbers, so an answer takes no memory of its own.
#[derive(Default)]
pub(super) struct Answers {
    slots: Vec<Slot>,
    /// The places that nobody waits at.
    free: Vec<usize>,
}

#[derive(Default)]
struct Slot {
    said: Option<Said>,
    /// What the script answered, if that is what was said.
    numbers: Vec<i64>,
    /// Who is to be told.
    waker: Option<Waker>,
    /// Whether nobody waits any more.
    is_left: bool,
}

enum Said {
    Numbers,
    Error(String),
    Lost,
    Nothing,
}

/// What becomes of a question, as far as it was read.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Answer<T> {
    Numbers(T),
    /// An error that is the question's own.
    Error(String),
    /// The connection ended. It may have been done.
    Lost,
    /// There is none, because Redis is away.
    Nothing,
}

/// For how many numbers a place keeps its room.
const KEPT: usize = 64;

impl Answers {
    /// A place for an answer.
    pub(super) fn expect(&mut self) -> usize {
        self.free.pop().unwrap_or_else(|| {
            self.slots.push(Slot::default());
            self.slots.len() - 1
        })
    }

    /// Leaves the answer at its place. Who waits there is to be woken, when nothing is held.
    pub(super) fn put(&mut self, place: usize, answer: Answer<&[i64]>) -> Option<Waker> {
        let slot = &mut self.slots[place];
        if slot.is_left {
            self.forget(place);
            return None;
        }
        slot.said = Some(match answer {
            Answer::Numbers(numbers) => {
                slot.numbers.extend_from_slice(numbers);
                Said::Numbers
            }
            Answer::Error(error) => Said::Error(error),
            Answer::Lost => Said::Lost,
            Answer::Nothing => Said::Nothing,
        });
        slot.waker.take()
    }

    /// Reads the answer, once it is there; until then, the task is woken for it. A waker that is not
    /// wanted any more is returned as well, to be dropped when nothing is held.
    pub(super) fn poll<T>(
        &mut self,
        place: usize,
        cx: &Context<'_>,
        read: impl FnOnce(&[i64]) -> T,
    ) -> (Poll<Answer<T>>, Option<Waker>) {
        let slot = &mut self.slots[place];
        let answer = match slot.said.take() {
            Some(Said::Numbers) => Answer::Numbers(read(&slot.numbers)),
            Some(Said::Error(error)) => Answer::Error(error),
            Some(Said::Lost) => Answer::Lost,
            Some(Said::Nothing) => Answer::Nothing,
            None => {
                let is_known = slot
                    .waker
                    .as_ref()
                    .is_some_and(|waker| waker.will_wake(cx.waker()));
                let other = if is_known {
                    None
                } else {
                    slot.waker.replace(cx.waker().clone())
                };
                return (Poll::Pending, other);
            }
        };
        (Poll::Ready(answer), self.forget(place))
    }

    /// Waits no longer. The waker is returned, to be dropped when nothing is held.
    pub(super) fn leave(&mut self, place: usize) -> Option<Waker> {
        let slot = &mut self.slots[place];
        if slot.said.is_some() {
            return self.forget(place);
        }
        slot.is_left = true;
        slot.waker.take()
    }

    /// Makes a place ready for the next who asks.
    fn forget(&mut self, place: usize) -> Option<Waker> {
        let slot = &mut self.slots[place];
        slot.said = None;
        slot.is_left = false;
        slot.numbers.clear();
        if slot.numbers.capacity() > KEPT {
            slot.numbers = Vec::new();
        }
        let waker = mem::take(&mut slot.waker);
        self.free.push(place);
        waker
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::Wake;

    use super::*;

    #[derive(Default)]
    struct Woken(AtomicUsize);

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn poll(answers: &mut Answers, place: usize, waker: &Waker) -> Poll<Answer<Vec<i64>>> {
        let cx = Context::from_waker(waker);
        answers.poll(place, &cx, <[i64]>::to_vec).0
    }

    #[test]
    fn an_answer_is_found_where_it_was_expected_and_its_place_serves_the_next() {
        let (mut answers, noop) = (Answers::default(), Waker::noop());
        let (first, second) = (answers.expect(), answers.expect());

        answers.put(second, Answer::Numbers(&[1, 2]));
        answers.put(first, Answer::Error("WRONGTYPE".to_owned()));

        assert_eq!(
            poll(&mut answers, second, noop),
            Poll::Ready(Answer::Numbers(vec![1, 2]))
        );
        assert_eq!(answers.expect(), second);
        assert_eq!(poll(&mut answers, second, noop), Poll::Pending);
        answers.put(second, Answer::Numbers(&[3]));
        assert_eq!(
            poll(&mut answers, second, noop),
            Poll::Ready(Answer::Numbers(vec![3]))
        );
        assert_eq!(
            poll(&mut answers, first, noop),
            Poll::Ready(Answer::Error("WRONGTYPE".to_owned()))
        );
        assert_eq!(answers.slots.len(), 2);
    }

    #[test]
    fn who_asked_last_is_woken_and_once() {
        let mut answers = Answers::default();
        let place = answers.expect();
        let (first, last) = (Arc::new(Woken::default()), Arc::new(Woken::default()));

        for woken in [&first, &last, &last] {
            let waker = Waker::from(Arc::clone(woken));
            assert_eq!(poll(&mut answers, place, &waker), Poll::Pending);
        }
        if let Some(waker) = answers.put(place, Answer::Lost) {
            waker.wake();
        }

        let woken = [first, last].map(|woken| woken.0.load(Ordering::Relaxed));
        assert_eq!(woken, [0, 1]);
        let noop = Waker::noop();
        assert_eq!(poll(&mut answers, place, noop), Poll::Ready(Answer::Lost));
    }

    #[test]
    fn a_place_that_was_left_is_free_when_its_answer_came_and_not_before() {
        let mut answers = Answers::default();
        let (early, late) = (answers.expect(), answers.expect());

        answers.put(early, Answer::Numbers(&[1]));
        answers.leave(early);
        answers.leave(late);

        assert_eq!(answers.expect(), early);
        assert_eq!(answers.expect(), 2);
        answers.put(late, Answer::Numbers(&[2; KEPT + 1]));
        assert_eq!(answers.expect(), late);
        assert_eq!(answers.slots[late].numbers.capacity(), 0);
        assert_eq!(poll(&mut answers, late, Waker::noop()), Poll::Pending);
    }
}
