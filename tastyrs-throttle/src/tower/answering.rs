//! What a request behind the layer comes to.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::{Response, StatusCode};

use super::headers::{header_name, header_value};
use crate::middleware::Answer;
use crate::throttle::BoxFuture;

/// What becomes of a request behind a [`ThrottleLayer`](super::ThrottleLayer).
#[must_use = "futures do nothing unless polled"]
pub struct Answering<B, E>(Step<B, E>);

enum Step<B, E> {
    Answered(Option<Response<B>>),
    UnderWay(BoxFuture<'static, Result<Response<B>, E>>),
}

impl<B: Default + From<String>, E> Answering<B, E> {
    pub(super) fn answered(answer: &Answer<'_>) -> Self {
        Self(Step::Answered(Some(answered(answer))))
    }

    pub(super) fn under_way(
        answer: impl Future<Output = Result<Response<B>, E>> + Send + 'static,
    ) -> Self {
        Self(Step::UnderWay(Box::pin(answer)))
    }
}

/// Nothing in it is pinned but what is on the heap.
impl<B, E> Unpin for Answering<B, E> {}

impl<B, E> Future for Answering<B, E> {
    type Output = Result<Response<B>, E>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut self.0 {
            Step::UnderWay(answer) => answer.as_mut().poll(context),
            Step::Answered(answer) => match answer.take() {
                Some(answer) => Poll::Ready(Ok(answer)),
                None => Poll::Pending,
            },
        }
    }
}

impl<B, E> fmt::Debug for Answering<B, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Answering")
    }
}

/// Writes an answer of the layer's own.
pub(super) fn answered<B: Default + From<String>>(answer: &Answer<'_>) -> Response<B> {
    let body = answer.body().map(|body| B::from(body.into_owned()));
    let mut response = Response::new(body.unwrap_or_default());
    *response.status_mut() =
        StatusCode::from_u16(answer.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    answer.fields(&mut |name, text| {
        if let Some(value) = header_value(name, text) {
            headers.append(header_name(name), value);
        }
    });
    response
}
