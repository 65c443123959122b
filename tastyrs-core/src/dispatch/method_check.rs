//! Which methods a resource lets through.

use actix_web::http::{Method, StatusCode, header::ALLOW};

use super::immediate;
use crate::{
    compatibility::Compatibility,
    errors::Result,
    http::{METHOD_OVERRIDE, Request},
};

/// Lets a method through that is among `allowed`, and answers OPTIONS.
///
/// # Errors
///
/// [`Error::Immediate`](crate::Error::Immediate): 405, or 200 for OPTIONS, with `Allow` and the same in the body.
///
/// # Compatibility
///
/// `Resource.method_check`, `resources.py:513`.
pub(crate) fn method_check(request: &Request, allowed: &[Method]) -> Result<Method> {
    let method = request.method();
    let head = *method == Method::HEAD && !request.site().compatibility().is_tastypie();
    if allowed.contains(method) || (head && allowed.contains(&Method::GET)) {
        return Ok(method.clone());
    }
    let allows = allowed
        .iter()
        .map(Method::as_str)
        .collect::<Vec<_>>()
        .join(",");
    let status = if *method == Method::OPTIONS {
        StatusCode::OK
    } else {
        StatusCode::METHOD_NOT_ALLOWED
    };
    Err(immediate(status, &[(ALLOW, &allows)], allows.clone()))
}

/// Puts the method of `X-HTTP-Method-Override` in place of the one that was sent.
///
/// By default on POST alone, and only to a method that the resource allows; a wrong one is refused as a method
/// that is not allowed.
///
/// # Compatibility
///
/// `Resource.dispatch`, `resources.py:470`: on any method, to any.
pub(super) fn apply_override(
    request: &mut Request,
    allowed: &[Method],
    compatibility: Compatibility,
) {
    let wanted = request.headers().get(METHOD_OVERRIDE);
    let Some(wanted) = wanted.and_then(|wanted| wanted.to_str().ok()) else {
        return;
    };
    // A name that is none is refused like one that is not allowed.
    let method =
        Method::from_bytes(wanted.to_ascii_uppercase().as_bytes()).unwrap_or(Method::CONNECT);
    if compatibility.is_tastypie() {
        request.set_method(method);
    } else if *request.method() == Method::POST {
        request.set_method(if allowed.contains(&method) {
            method
        } else {
            Method::CONNECT
        });
    }
}
