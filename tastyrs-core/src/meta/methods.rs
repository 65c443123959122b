//! The methods that a resource may allow.

use actix_web::http::Method;

/// Tastypie's methods, in its order.
pub(crate) const ALL_METHODS: &[Method] = &[
    Method::GET,
    Method::POST,
    Method::PUT,
    Method::DELETE,
    Method::PATCH,
];

/// A method as a schema writes it.
pub(crate) fn method_name(method: &Method) -> String {
    method.as_str().to_ascii_lowercase()
}
