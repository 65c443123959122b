//! Where an answer or an error becomes what is sent.

use std::panic::AssertUnwindSafe;

use actix_web::{
    HttpResponse,
    http::{
        StatusCode,
        header::{RETRY_AFTER, WWW_AUTHENTICATE},
    },
};
use futures_util::FutureExt as _;
use tastyrs_throttle::{Counts, Outcome};

use super::{blocking::panicked, rate_limit};
use crate::{
    cache::{self, AnyCache},
    data::{Data, Value},
    database::Failure,
    errors::{Error, Result},
    http::{Answer, Request},
    serializers::{Serializer, build_content_type},
};

/// The text that stands for whatever went wrong inside.
///
/// # Compatibility
///
/// `TASTYPIE_CANNED_ERROR`, `resources.py:303`.
const CANNED: &str = "Sorry, this request could not be processed. Please try again later.";

/// Runs a view, settles the request's place, and makes what is sent of what came of it.
///
/// # Compatibility
///
/// `Resource.wrap_view`, `resources.py:198`: an answer that was returned carries `Vary` and, for a successful GET,
/// `Cache-Control`; one that was raised carries neither.
pub(crate) async fn wrap_view(
    request: &mut Request,
    serializer: &Serializer,
    default_format: &str,
    cache: &AnyCache,
    view: impl AsyncFnOnce(&mut Request) -> Result<HttpResponse>,
) -> HttpResponse {
    let viewed = AssertUnwindSafe(view(request)).catch_unwind().await;
    let answer = viewed.unwrap_or_else(|panic| Err(panicked(&*panic)));
    if !request.is_whole() {
        // The thread that it was lent to ended with the process; there is nobody to tell more.
        return Answer::new(StatusCode::SERVICE_UNAVAILABLE).into();
    }
    let rendered = |request: &Request, error: &Error| -> HttpResponse {
        render(request, serializer, default_format, error).into()
    };
    let (outcome, mut response) = match answer {
        Ok(mut response) => {
            cache::patch(cache, request, &mut response);
            (Outcome::Answered(response.status().as_u16()), response)
        }
        Err(error) => {
            let response = rendered(request, &error);
            (Outcome::Raised(response.status().as_u16()), response)
        }
    };
    let sender = request.progress_mut().sender.take();
    let sender = sender.filter(|_| matches!(outcome, Outcome::Answered(_)));
    let settled = if sender.is_some() {
        Ok(())
    } else {
        let settled = AssertUnwindSafe(settle(request, outcome)).catch_unwind();
        let settled = settled.await;
        settled.unwrap_or_else(|panic| Err(panicked(&*panic)))
    };
    if let (Outcome::Answered(_), Err(failed)) = (outcome, settled) {
        response = rendered(request, &failed);
    }
    rate_limit::tell(request, &mut response);
    if let Some(sender) = sender {
        // Where nobody takes it, it is dropped, and its place settled so.
        let _ = sender.send(request.lend());
    }
    response
}

/// Counts the request's place where it was kept, and gives it back where it was not.
pub(crate) async fn settle(request: &mut Request, outcome: Outcome) -> Result<()> {
    match request.progress_mut().reservation.take() {
        Some(mut reservation) => {
            reservation.ended(outcome, Counts::All);
            Ok(reservation.settle().await?)
        }
        None => Ok(()),
    }
}

/// What an error is to a client: what it did wrong, and nothing about the inside, which goes to the log.
pub(crate) fn render(
    request: &Request,
    serializer: &Serializer,
    default_format: &str,
    error: &Error,
) -> Answer {
    let body = |status, name: &'static str, text: &str| {
        let data: Data<'_> = [(name, text)].into_iter().collect();
        written(request, serializer, default_format, status, data)
    };
    let canned = |status| body(status, "error_message", CANNED);
    match error {
        Error::BadRequest(text) => body(StatusCode::BAD_REQUEST, "error", &sanitize(text)),
        Error::Invalid {
            resource_name,
            errors,
        } => {
            let mut data = Data::with_capacity(1);
            data.insert(resource_name.as_str(), Value::from(errors.clone()));
            written(
                request,
                serializer,
                default_format,
                StatusCode::BAD_REQUEST,
                data,
            )
        }
        Error::Conflict(text) => body(StatusCode::CONFLICT, "error", &sanitize(text)),
        Error::NotImplemented(source) => {
            tracing::debug!(target: "tastyrs::request", path = request.path(), source, "the source does not do this");
            Answer::new(StatusCode::NOT_IMPLEMENTED)
        }
        Error::NotFound => canned(StatusCode::NOT_FOUND),
        Error::Unauthorized { challenge } => {
            let answer = Answer::new(StatusCode::UNAUTHORIZED);
            match challenge {
                Some(challenge) => answer.header(WWW_AUTHENTICATE, challenge),
                None => answer,
            }
        }
        Error::Forbidden => Answer::new(StatusCode::FORBIDDEN),
        Error::Throttled(refusal) => rate_limit::refused(request, refusal),
        Error::Immediate(answer) => (**answer).clone(),
        Error::UnsupportedSerializationFormat => canned(StatusCode::NOT_ACCEPTABLE),
        Error::UnsupportedDeserializationFormat(_) => canned(StatusCode::UNSUPPORTED_MEDIA_TYPE),
        Error::BodyTooLarge { .. } => {
            body(StatusCode::PAYLOAD_TOO_LARGE, "error", &error.to_string())
        }
        Error::BodyTimeout => body(StatusCode::REQUEST_TIMEOUT, "error", &error.to_string()),
        Error::Body(_) => body(
            StatusCode::BAD_REQUEST,
            "error",
            "the body could not be read",
        ),
        Error::Busy => {
            tracing::warn!(target: "tastyrs::request", path = request.path(), "nothing became free in time: connections, hashes or bodies");
            canned(StatusCode::SERVICE_UNAVAILABLE).header(RETRY_AFTER, "1")
        }
        Error::Database { source, doing } => match Failure::of(source) {
            Failure::Others => body(
                StatusCode::CONFLICT,
                "error",
                "Another object has a value that must be unique, or what is referred to is missing or would go.",
            ),
            Failure::Request => body(
                StatusCode::BAD_REQUEST,
                "error",
                "The database does not take a value of the request.",
            ),
            Failure::Passing | Failure::TooLong => {
                tracing::warn!(target: "tastyrs::request", path = request.path(), doing, error = %source, "the database is away or busy");
                canned(StatusCode::SERVICE_UNAVAILABLE).header(RETRY_AFTER, "1")
            }
            Failure::Inside => broken(request, error, canned),
        },
        Error::Throttle(throttle) if throttle.is_of_the_access_log() => {
            tracing::error!(target: "tastyrs::request", path = request.path(), error = %throttle, "an access was not written");
            canned(StatusCode::SERVICE_UNAVAILABLE).header(RETRY_AFTER, "1")
        }
        // It was said once, when the store went away.
        Error::Throttle(tastyrs_throttle::Error::StoreAway) => {
            canned(StatusCode::SERVICE_UNAVAILABLE).header(RETRY_AFTER, "1")
        }
        Error::Throttle(_)
        | Error::Uncertain(_)
        | Error::Unreachable(_)
        | Error::Column { .. }
        | Error::NoObject
        | Error::Panicked(_)
        | Error::Configuration(_) => broken(request, error, canned),
    }
}

/// What went wrong inside, which the log is told.
fn broken(request: &Request, error: &Error, canned: impl FnOnce(StatusCode) -> Answer) -> Answer {
    let cause = std::error::Error::source(error).map(ToString::to_string);
    tracing::error!(target: "tastyrs::request", path = request.path(), %error, cause, "internal server error");
    canned(StatusCode::INTERNAL_SERVER_ERROR)
}

/// The error in the format that the client wants, as far as it can be understood.
///
/// # Compatibility
///
/// `error_response`, `resources.py:1206`: with `callback` in the address, JSON; where `Accept` is wrong, the default.
fn written(
    request: &Request,
    serializer: &Serializer,
    default_format: &str,
    status: StatusCode,
    data: Data<'_>,
) -> Answer {
    let format = if request.params().get("callback").is_some() {
        Ok("application/json".into())
    } else {
        serializer.determine_format(request, default_format)
    };
    let format = format.unwrap_or_else(|_| default_format.to_owned().into());
    match serializer.serialize_for(request, &Value::Map(data), &format, 256) {
        Ok(body) => Answer::new(status)
            .content_type(&build_content_type(&format))
            .body(body),
        Err(_) => Answer::new(status)
            .content_type("text/plain")
            .body("Additional errors occurred, but serialization of those errors failed."),
    }
}

/// Text from a client, safe to show in a page.
///
/// # Compatibility
///
/// `sanitize`, `resources.py:61`: quotes stay as they are.
fn sanitize(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
