//! What a request behind the middleware comes to.

use std::borrow::Cow;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use actix_web::body::{BoxBody, EitherBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::{Error, HttpResponse};

use super::headers::{header_name, header_value};
use crate::middleware::Answer;

/// What becomes of a request behind a [`Throttling`](super::Throttling).
#[must_use = "futures do nothing unless polled"]
pub struct Answering<B>(Step<B>);

enum Step<B> {
    Answered(Option<ServiceResponse>),
    UnderWay(Pin<Box<dyn Future<Output = Answered<B>>>>),
}

type Answered<B> = Result<ServiceResponse<EitherBody<B>>, Error>;

impl<B> Answering<B> {
    pub(super) fn answered(request: ServiceRequest, answer: &Answer<'_>) -> Self {
        Self(Step::Answered(Some(answered(request, answer))))
    }

    pub(super) fn under_way(answer: impl Future<Output = Answered<B>> + 'static) -> Self {
        Self(Step::UnderWay(Box::pin(answer)))
    }
}

impl<B> Future for Answering<B> {
    type Output = Answered<B>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut self.get_mut().0 {
            Step::UnderWay(answer) => answer.as_mut().poll(context),
            Step::Answered(answer) => match answer.take() {
                Some(answer) => Poll::Ready(Ok(answer.map_into_right_body())),
                None => Poll::Pending,
            },
        }
    }
}

impl<B> fmt::Debug for Answering<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Answering")
    }
}

/// Writes an answer of the middleware's own.
pub(super) fn answered(request: ServiceRequest, answer: &Answer<'_>) -> ServiceResponse {
    let status = StatusCode::from_u16(answer.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = HttpResponse::new(status);
    let headers = response.headers_mut();
    answer.fields(&mut |name, text| {
        if let Some(value) = header_value(name, text) {
            headers.append(header_name(name), value);
        }
    });
    request.into_response(match answer.body() {
        Some(Cow::Borrowed(body)) => response.set_body(BoxBody::new(body)),
        Some(Cow::Owned(body)) => response.set_body(BoxBody::new(body)),
        None => response,
    })
}
