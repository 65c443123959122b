//! The hop to a thread where rows may be touched.

use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind},
};

use crate::{
    errors::{Error, Result},
    http::Request,
};

/// Runs `work` on a blocking thread, to which the request goes along, and comes back.
///
/// Should the caller go away meanwhile, the work is still finished and the request's place settled.
///
/// # Errors
///
/// What `work` answers, and [`Error::Panicked`] where it panics.
pub(crate) fn blocking<T: Send + 'static>(
    request: &mut Request,
    work: impl FnOnce(&Request) -> Result<T> + Send + 'static,
) -> impl Future<Output = Result<T>> {
    let work: Work = Box::new(move |request| Ok(Box::new(work(request)?) as Answered));
    answered(request, work)
}

type Answered = Box<dyn Any + Send>;
type Work = Box<dyn FnOnce(&Request) -> Result<Answered> + Send>;

/// What work answers, as what it is: compiled for each type, and not for each closure.
async fn answered<T: 'static>(request: &mut Request, work: Work) -> Result<T> {
    let answer = hop(request, work).await?;
    let answer = answer
        .downcast()
        .map_err(|_| Error::Panicked("a blocking thread answered with another type".to_owned()))?;
    Ok(*answer)
}

/// The hop of all work alike: what tokio makes of a closure is compiled once, and not for each view of each resource.
async fn hop(request: &mut Request, work: Work) -> Result<Answered> {
    let lent = request.lend();
    let (lent, answer) = actix_web::rt::task::spawn_blocking(move || {
        let answer = catch_unwind(AssertUnwindSafe(|| work(&lent)));
        (lent, answer.unwrap_or_else(|panic| Err(panicked(&*panic))))
    })
    .await
    .map_err(|_| Error::Panicked("the blocking thread ended".to_owned()))?;
    request.restore(lent);
    answer
}

/// What a panic says, for the log.
pub(crate) fn panicked(panic: &(dyn Any + Send)) -> Error {
    let text = panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic without a text".to_owned());
    Error::Panicked(text)
}
