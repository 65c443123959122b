//! What a request behind the middleware comes to.

use std::borrow::Cow;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use actix_web::body::{BoxBody, EitherBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use actix_web::{Error, HttpResponse};

use crate::fields::Field;
use crate::middleware::{Answer, OLDER, REMAINING, has_less};

/// What becomes of a request behind a [`Throttling`].
#[must_use = "futures do nothing unless polled"]
pub struct Answering<B>(Step<B>);

enum Step<B> {
    Answered(Option<ServiceResponse>),
    UnderWay(Pin<Box<dyn Future<Output = Result<ServiceResponse<EitherBody<B>>, Error>>>>),
}

impl<B> Answering<B> {
    pub(super) fn answered(request: ServiceRequest, answer: Answer) -> Self {
        Self(Step::Answered(Some(answered(request, answer))))
    }

    pub(super) fn under_way(
        answer: impl Future<Output = Result<ServiceResponse<EitherBody<B>>, Error>> + 'static,
    ) -> Self {
        Self(Step::UnderWay(Box::pin(answer)))
    }
}

impl<B> Future for Answering<B> {
    type Output = Result<ServiceResponse<EitherBody<B>>, Error>;

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
pub(super) fn answered(request: ServiceRequest, answer: Answer) -> ServiceResponse {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = HttpResponse::new(status);
    for (name, value) in answer.fields {
        if let Some(value) = header_value(value) {
            let name = HeaderName::from_static(name);
            response.headers_mut().insert(name, value);
        }
    }
    request.into_response(match answer.body {
        Some(Cow::Borrowed(body)) => response.set_body(BoxBody::new(body)),
        Some(Cow::Owned(body)) => response.set_body(BoxBody::new(body)),
        None => response,
    })
}

/// Adds to an answer what the client is told. Throttles further inside may have told it something
/// already: of the older fields, which know one limit alone, those with less left stand.
pub(super) fn tell(headers: &mut HeaderMap, fields: Vec<Field>) {
    let there = headers.get(REMAINING).and_then(|value| value.to_str().ok());
    let stands = there.is_some_and(|there| has_less(there, &fields));
    if there.is_some() && !stands {
        for name in OLDER {
            headers.remove(name);
        }
    }
    for (name, value) in fields {
        if let Some(value) = header_value(value)
            && !(stands && OLDER.contains(&name))
        {
            headers.append(HeaderName::from_static(name), value);
        }
    }
}

fn header_value(value: Cow<'static, str>) -> Option<HeaderValue> {
    match value {
        Cow::Borrowed(value) => Some(HeaderValue::from_static(value)),
        Cow::Owned(value) => HeaderValue::try_from(value).ok(),
    }
}
