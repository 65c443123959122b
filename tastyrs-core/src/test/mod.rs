//! What tests of an API need: a client, assertions about its answers, databases that are gone afterwards.
//!
//! It is the feature `test`, which belongs into `[dev-dependencies]`, so that no server carries it.
//!
//! - [`TestApiClient`]: calls an API in this process, without a socket
//! - [`TestApiRequest`]: a request before it is sent
//! - [`TestResponse`]: an answer, and the assertions about it
//! - [`assert_keys`], [`assert_valid_json`]: assertions about data
//! - [`serialize`]: data in a format
//! - [`create_basic`], [`create_apikey`]: the header `Authorization`
//! - [`TestDatabase`]: a database of a test's own
//! - [`LiveServer`]: an API behind a port, for what needs one, as many clients at once
//! - [`Clock`]: the time of a throttle, moved by hand
//!
//! What goes wrong panics: in a test there is nobody else to tell.
//!
//! # Examples
//!
//! ```
//! use tastyrs_core::{api::Api, test::TestApiClient};
//!
//! # #[actix_web::main]
//! # async fn main() -> tastyrs_core::Result<()> {
//! let api = Api::new("v1").build()?;
//! let client = TestApiClient::new(&api).await;
//!
//! let response = client.get("/api/v1/").await;
//!
//! response.assert_valid_json_response();
//! assert_eq!(response.text(), "{}");
//! # Ok(())
//! # }
//! ```
//!
//! # Compatibility
//!
//! `tastypie/test.py`: `TestApiClient` and `ResourceTestCaseMixin`, whose `assertHttpOK` is
//! [`assert_http_ok`](TestResponse::assert_http_ok) here, and so on.

mod assertions;
mod client;
mod credentials;
mod database;
mod formats;
mod request;
mod response;
mod server;

pub use tastyrs_throttle::Clock;

#[cfg(feature = "plist")]
pub use self::assertions::assert_valid_plist;
#[cfg(feature = "xml")]
pub use self::assertions::assert_valid_xml;
#[cfg(feature = "yaml")]
pub use self::assertions::assert_valid_yaml;
pub use self::{
    assertions::{assert_keys, assert_valid_json},
    client::TestApiClient,
    credentials::{create_apikey, create_basic},
    database::TestDatabase,
    formats::serialize,
    request::TestApiRequest,
    response::TestResponse,
    server::{LiveServer, send},
};

#[cfg(test)]
mod tests;
