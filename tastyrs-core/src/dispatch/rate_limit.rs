//! What a client learns of its limits.

use actix_web::{
    HttpResponse,
    http::{
        StatusCode,
        header::{ACCEPT, CACHE_CONTROL, HeaderName, RETRY_AFTER},
    },
};
use tastyrs_throttle::{PROBLEM_JSON, Quota, Refusal, asks_for_problem, quota_exceeded};

use crate::http::{Answer, Request, header_value};

/// A refusal: 429, when to come back, and a body for those alone who ask for one.
///
/// # Compatibility
///
/// An empty body, as Tastypie's. Without the switch `Cache-Control` says that it is not to be stored. With it nothing
/// does, as in Tastypie, and no cache stores a 429 that nothing is said of (RFC 9110, section 15.1).
pub(super) fn refused(request: &Request, refusal: &Refusal) -> Answer {
    let site = request.site();
    let mut answer = Answer::new(StatusCode::TOO_MANY_REQUESTS);
    for (name, value) in site.fields().refused(refusal) {
        let name = header_name(name);
        if name != CACHE_CONTROL || !site.compatibility().is_tastypie() {
            answer = answer.field(name, value);
        }
    }
    if wants_problem(request) {
        answer = answer
            .content_type(PROBLEM_JSON)
            .body(quota_exceeded(refusal));
    }
    answer
}

/// Whether a client asks for a body that says what was wrong.
pub(super) fn wants_problem(request: &Request) -> bool {
    let accept = request.headers().get(ACCEPT);
    accept.is_some_and(|accept| accept.to_str().is_ok_and(asks_for_problem))
}

/// Adds to an answer where its caller stands.
pub(super) fn tell(request: &Request, response: &mut HttpResponse) {
    let quotas: Vec<&Quota> = request.progress().quotas.iter().collect();
    if quotas.is_empty() {
        return;
    }
    for (name, value) in request.site().fields().admitted(&quotas) {
        if let Some(value) = header_value(value) {
            response.headers_mut().insert(header_name(name), value);
        }
    }
}

/// The name of a field of throttles, ready made where it is not one of the older ones.
fn header_name(name: &'static str) -> HeaderName {
    const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
    const LIMIT: HeaderName = HeaderName::from_static("ratelimit");
    match name {
        "retry-after" => RETRY_AFTER,
        "cache-control" => CACHE_CONTROL,
        "ratelimit-policy" => POLICY,
        "ratelimit" => LIMIT,
        name => HeaderName::from_static(name),
    }
}
