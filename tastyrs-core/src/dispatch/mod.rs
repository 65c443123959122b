//! The order of the steps, and the steps.
//!
//! - `method_check`, `is_authenticated`, `throttle_check`, `log_throttled_access`: a file each
//! - `rate_limit`: what a client learns of its limits
//! - `wrap_view`: where an answer or an error becomes what is sent
//! - `blocking`: the hop to a thread where rows may be touched

mod blocking;
mod is_authenticated;
mod log_throttled_access;
mod method_check;
mod rate_limit;
mod throttle_check;
mod wrap_view;

use actix_web::{
    HttpResponse,
    http::{Method, StatusCode, header::HeaderName},
    web::Bytes,
};
use tastyrs_throttle::{Counts, Outcome, Quota, Reservation};
use tokio::sync::oneshot;

pub(crate) use self::{
    blocking::{blocking, panicked},
    is_authenticated::{is_authenticated, permitted},
    log_throttled_access::log_throttled_access,
    method_check::method_check,
    throttle_check::{throttle_check, throttle_check_cost},
    wrap_view::{render, settle, wrap_view},
};
use crate::{
    authentication::LoginThrottle,
    data::Value,
    errors::{Error, Result},
    http::{Answer, Request},
    meta::Meta,
    resource::{Hooks, Resource},
    serializers::build_content_type,
};

/// Whether a request goes to the list or to one object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestType {
    /// To the list.
    List,
    /// To one object.
    Detail,
}

/// Which steps a request has taken.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    /// What the address names: a key, or keys between semicolons.
    pub(crate) named: String,
    /// What the address says in the places that an endpoint left open.
    pub(crate) captures: Vec<(&'static str, String)>,
    /// What limits failed logins, where the resource says otherwise than the API.
    pub(crate) login_throttle: Option<LoginThrottle>,
    /// Whether `throttle_check` was called.
    pub(crate) throttle_checked: bool,
    /// The place that it took.
    pub(crate) reservation: Option<Reservation>,
    /// How many places that one is.
    pub(crate) cost: u32,
    /// Where its caller stands, if clients are told.
    pub(crate) quotas: Vec<Quota>,
    /// Who takes the request over when its answer begins, and settles its place when the answer ends.
    pub(crate) sender: Option<oneshot::Sender<Request>>,
}

/// The steps of a request to the list or to one object.
///
/// # Compatibility
///
/// `Resource.dispatch`, `resources.py:463`.
pub(crate) async fn dispatch<R: Hooks>(
    resource: &R,
    request_type: RequestType,
    request: &mut Request,
) -> Result<HttpResponse> {
    let mounted = crate::resource::mounted(resource, request)?;
    let meta = &mounted.meta;
    let allowed = match request_type {
        RequestType::List => &meta.list_allowed_methods,
        RequestType::Detail => &meta.detail_allowed_methods,
    };
    method_check::apply_override(request, allowed, mounted.compatibility);
    let method = resource.method_check(request, allowed)?;
    admitted(resource, request, async |request: &mut Request| {
        verb(resource, &method, request_type, request).await
    })
    .await
}

/// The steps behind `method_check`, and then the work of a request whose place is kept; with the switch the place is
/// given back where the work ends in an error, unless its throttle counts otherwise.
///
/// It is kept before the work, so that who hangs up meanwhile is counted.
pub(crate) async fn admitted<R: Hooks>(
    resource: &R,
    request: &mut Request,
    work: impl AsyncFnOnce(&mut Request) -> Result<HttpResponse>,
) -> Result<HttpResponse> {
    resource.is_authenticated(request).await?;
    resource.throttle_check(request).await?;
    resource.log_throttled_access(request).await?;
    let answer = work(request).await;
    if answer.is_err()
        && request.is_whole()
        && request.site().compatibility().is_tastypie()
        && let Some(reservation) = &mut request.progress_mut().reservation
    {
        // Which status it becomes is seen later, and then asked again.
        reservation.ended(Outcome::Raised(500), Counts::Answered);
    }
    answer
}

async fn verb<R: Hooks>(
    resource: &R,
    method: &Method,
    request_type: RequestType,
    request: &mut Request,
) -> Result<HttpResponse> {
    match (method, request_type) {
        (&Method::GET | &Method::HEAD, RequestType::List) => resource.get_list(request).await,
        (&Method::GET | &Method::HEAD, RequestType::Detail) => resource.get_detail(request).await,
        (&Method::POST, RequestType::List) => resource.post_list(request).await,
        (&Method::POST, RequestType::Detail) => resource.post_detail(request).await,
        (&Method::PUT, RequestType::List) => resource.put_list(request).await,
        (&Method::PUT, RequestType::Detail) => resource.put_detail(request).await,
        (&Method::PATCH, RequestType::List) => resource.patch_list(request).await,
        (&Method::PATCH, RequestType::Detail) => resource.patch_detail(request).await,
        (&Method::DELETE, RequestType::List) => resource.delete_list(request).await,
        (&Method::DELETE, RequestType::Detail) => resource.delete_detail(request).await,
        _ => resource.not_implemented(request).await,
    }
}

/// Writes data in the format that the client wants; `room` is about how many bytes it becomes.
///
/// # Compatibility
///
/// `create_response`, `resources.py:1193`.
pub(crate) fn create_answer<R: Resource>(
    meta: &Meta<R>,
    request: &Request,
    data: &Value<'_>,
    room: usize,
) -> Result<Answer> {
    let format = meta
        .serializer
        .determine_format(request, &meta.default_format)?;
    let body = meta
        .serializer
        .serialize_for(request, data, &format, room)?;
    Ok(answer(&format, body))
}

/// The answer that is data in the format of this media type.
pub(crate) fn answer(format: &str, body: impl Into<Bytes>) -> Answer {
    Answer::new(StatusCode::OK)
        .content_type(&build_content_type(format))
        .body(body)
}

/// An answer without a body that ends the request.
pub(crate) fn immediate(status: StatusCode, headers: &[(HeaderName, &str)], body: String) -> Error {
    let answer = headers
        .iter()
        .fold(Answer::new(status), |answer, (name, value)| {
            answer.header(name.clone(), value)
        });
    Error::Immediate(Box::new(answer.body(body)))
}
