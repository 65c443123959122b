//! Requests and answers: the only part that names actix-web.
//!
//! - [`request`](Request): our own picture of a request, which may cross to a blocking thread
//! - [`answer`](Answer): an answer that may cross back
//! - [`query`](Query): the parameters of an address
//! - `uri`: addresses, quoted as Django quotes them

mod answer;
mod query;
mod request;
mod uri;

pub use answer::Answer;
pub(crate) use answer::header_value;
pub use query::Query;
pub(crate) use query::quote_plus;
pub use request::{Extensions, Request, User};
pub(crate) use request::{Head, METHOD_OVERRIDE};
pub(crate) use uri::{decode_path, quote_path, quote_segment};
