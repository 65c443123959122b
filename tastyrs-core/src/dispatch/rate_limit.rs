//! What a client learns of its limits.

use actix_web::{
    HttpResponse,
    http::{
        StatusCode,
        header::{ACCEPT, CACHE_CONTROL, HeaderName, HeaderValue},
    },
};
use tastyrs_throttle::{PROBLEM_JSON, Quota, Refusal, asks_for_problem, quota_exceeded};

use crate::http::{Answer, Request};

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
        let name = HeaderName::from_static(name);
        if name != CACHE_CONTROL || !site.compatibility().is_tastypie() {
            answer = answer.header(name, &value);
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
    asks_for_problem(request.header(ACCEPT.as_str()).unwrap_or_default())
}

/// Adds to an answer where its caller stands.
pub(super) fn tell(request: &Request, response: &mut HttpResponse) {
    let quotas: Vec<&Quota> = request.progress().quotas.iter().collect();
    if quotas.is_empty() {
        return;
    }
    for (name, value) in request.site().fields().admitted(&quotas) {
        if let Ok(value) = HeaderValue::from_str(&value) {
            let name = HeaderName::from_static(name);
            response.headers_mut().insert(name, value);
        }
    }
}
