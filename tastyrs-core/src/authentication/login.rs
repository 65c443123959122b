//! A login that comes to its end though its caller hangs up.

use std::{
    panic::AssertUnwindSafe,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    thread,
};

use actix_web::rt::{self, System};
use futures_util::FutureExt as _;

use super::{Erased, login_throttle::Attempt};
use crate::{dispatch::panicked, errors::Result, http::Request};

/// Has an authentication let the caller in, and counts the attempt by what becomes of it.
///
/// Where the caller hangs up meanwhile, it goes on by itself: who was impatient is not taken for who guesses, and who
/// guesses does not get away by hanging up.
///
/// # Errors
///
/// What the authentication answers, and [`Error::Throttle`](crate::Error::Throttle) where a failure could not be written down.
pub(super) async fn login(
    authentication: Arc<dyn Erased>,
    request: &mut Request,
    attempt: Attempt,
) -> Result<()> {
    let mut lent = request.lend();
    let login = Login(Some(Box::pin(async move {
        let answer = AssertUnwindSafe(authentication.is_authenticated(&mut lent));
        let answer = answer.catch_unwind().await;
        let answer = answer.unwrap_or_else(|panic| Err(panicked(&*panic)));
        let counted = attempt.ended(&answer).await;
        (lent, counted.and(answer))
    })));
    let (lent, answer) = login.await;
    request.restore(lent);
    answer
}

type Ended = (Request, Result<()>);

/// Nothing once it has ended.
struct Login(Option<Pin<Box<dyn Future<Output = Ended>>>>);

impl Future for Login {
    type Output = Ended;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Ended> {
        let Some(login) = &mut self.0 else {
            return Poll::Pending;
        };
        let ended = login.as_mut().poll(context);
        if ended.is_ready() {
            self.0 = None;
        }
        ended
    }
}

impl Drop for Login {
    fn drop(&mut self) {
        // Elsewhere than on a thread of actix nobody would take it up; there the attempt counts as failed.
        if let Some(login) = self.0.take()
            && System::try_current().is_some()
            && !thread::panicking()
        {
            rt::spawn(login);
        }
    }
}
