//! A request before it is sent.

use std::{
    fmt,
    future::IntoFuture,
    net::{IpAddr, Ipv4Addr, SocketAddr},
};

use actix_web::{
    http::{
        Method, Uri,
        header::{
            ACCEPT, AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HOST, HeaderMap, HeaderName,
            HeaderValue,
        },
    },
    test::TestRequest,
    web::Bytes,
};
use futures_util::future::LocalBoxFuture;
use serde::Serialize;

use super::{TestApiClient, TestResponse, formats::content_type, serialize};
use crate::{data::Value, http::quote_plus, serializers::to_value};

/// A request of a [`TestApiClient`], which is sent when it is awaited.
///
/// # Examples
///
/// ```
/// use tastyrs_core::{api::Api, test::{TestApiClient, create_apikey}};
///
/// # #[actix_web::main]
/// # async fn main() -> tastyrs_core::Result<()> {
/// let api = Api::new("v1").build()?;
/// let client = TestApiClient::new(&api).await;
///
/// let response = client
///     .post("/api/v1/entries/")
///     .data([("title", "Another post"), ("slug", "another-post")])
///     .authentication(create_apikey("daniel", "204db7bc"))
///     .await;
///
/// response.assert_http_not_found();
/// # Ok(())
/// # }
/// ```
#[must_use = "a request is sent when it is awaited"]
pub struct TestApiRequest {
    client: TestApiClient,
    method: Method,
    uri: String,
    content_type: String,
    data: Option<Value<'static>>,
    body: Option<Bytes>,
    headers: HeaderMap,
    peer: IpAddr,
}

impl fmt::Debug for TestApiRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestApiRequest")
            .field("method", &self.method)
            .field("uri", &self.uri)
            .finish_non_exhaustive()
    }
}

impl TestApiRequest {
    pub(super) fn new(client: TestApiClient, method: Method, uri: String) -> Self {
        Self {
            client,
            method,
            uri,
            content_type: "application/json".to_owned(),
            data: None,
            body: None,
            headers: HeaderMap::new(),
            peer: Ipv4Addr::LOCALHOST.into(),
        }
    }

    /// Sets the format by its name, `json` unless said otherwise: a GET accepts it, others send it.
    ///
    /// # Panics
    ///
    /// Where no format has that name.
    #[track_caller]
    pub fn format(mut self, name: &str) -> Self {
        content_type(name).clone_into(&mut self.content_type);
        self
    }

    /// Sets what is sent: the body of a POST, PUT or PATCH, in the format of the request, and the parameters of any
    /// other request, by name or as pairs, where a list repeats its name.
    ///
    /// # Panics
    ///
    /// Where the data have no such form, as a map whose keys are no text.
    #[track_caller]
    pub fn data(mut self, data: impl Serialize) -> Self {
        match to_value(&data) {
            Ok(data) => self.data = Some(data),
            Err(error) => panic!("{error}"),
        }
        self
    }

    /// Sets the body as it is, whatever the method, in place of data.
    pub fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = Some(body.into());
        self
    }

    /// Sets the header `Authorization`, as from [`create_basic`](super::create_basic).
    #[track_caller]
    pub fn authentication(self, authorization: impl AsRef<str>) -> Self {
        self.header(AUTHORIZATION.as_str(), authorization)
    }

    /// Sets a header, in place of one of that name that the client sends by itself.
    ///
    /// # Panics
    ///
    /// Where the name or the value cannot stand in a request.
    #[track_caller]
    pub fn header(mut self, name: &str, value: impl AsRef<str>) -> Self {
        let value = value.as_ref();
        match (
            HeaderName::from_bytes(name.as_bytes()),
            HeaderValue::from_bytes(value.as_bytes()),
        ) {
            (Ok(name), Ok(value)) => self.headers.insert(name, value),
            _ => panic!("`{name}: {value}` cannot stand in a request"),
        };
        self
    }

    /// Sets the address from which it seems to come; 127.0.0.1 unless said otherwise.
    pub fn peer(mut self, peer: impl Into<IpAddr>) -> Self {
        self.peer = peer.into();
        self
    }

    /// Whether data are sent as the body.
    fn sends(&self) -> bool {
        [Method::POST, Method::PUT, Method::PATCH].contains(&self.method)
    }

    /// The request as actix-web takes it.
    fn into_parts(mut self) -> (TestApiClient, String, TestRequest) {
        let sends = self.sends();
        if let Some(data) = self.data.take() {
            if sends {
                self.body
                    .get_or_insert(serialize(&data, &self.content_type).into());
            } else {
                self.uri
                    .push(if self.uri.contains('?') { '&' } else { '?' });
                self.uri.push_str(&parameters(&data));
            }
        }
        let Self {
            client,
            method,
            uri,
            content_type,
            body,
            headers,
            peer,
            ..
        } = self;
        let label = format!("{method} {uri}");
        assert!(uri.parse::<Uri>().is_ok(), "`{uri}` is no address");
        let named = if method == Method::GET {
            ACCEPT
        } else {
            CONTENT_TYPE
        };
        let mut request = TestRequest::with_uri(&uri)
            .method(method)
            .peer_addr(SocketAddr::new(peer, 50_000))
            .insert_header((HOST, "testserver"))
            .insert_header((named, content_type));
        if sends || body.is_some() {
            let body = body.unwrap_or_default();
            request = request
                .insert_header((CONTENT_LENGTH, body.len()))
                .set_payload(body);
        }
        for (name, value) in headers {
            request = request.insert_header((name, value));
        }
        (client, label, request)
    }
}

impl IntoFuture for TestApiRequest {
    type Output = TestResponse;
    type IntoFuture = LocalBoxFuture<'static, TestResponse>;

    /// Sends it.
    ///
    /// # Panics
    ///
    /// Where it cannot be sent: an address that is none, data that its format cannot write. Where the service fails
    /// without an answer.
    fn into_future(self) -> Self::IntoFuture {
        let (client, label, request) = self.into_parts();
        Box::pin(async move {
            match client.call(request).await {
                Ok(response) => response.to(label),
                Err(error) => panic!("{label} was not answered: {error}"),
            }
        })
    }
}

/// Data as the parameters of an address.
fn parameters(data: &Value<'_>) -> String {
    let mut pairs = Vec::new();
    match data {
        Value::Map(data) => {
            for (name, value) in data.iter() {
                push_pairs(name, value, &mut pairs);
            }
        }
        Value::List(values) => {
            for pair in values {
                match pair {
                    Value::List(pair) if pair.len() == 2 => {
                        push_pairs(&scalar(&pair[0]), &pair[1], &mut pairs);
                    }
                    _ => panic!("parameters are pairs of a name and a value"),
                }
            }
        }
        _ => panic!("parameters are values by name, or pairs"),
    }
    pairs.join("&")
}

fn push_pairs(name: &str, value: &Value<'_>, pairs: &mut Vec<String>) {
    if let Value::List(values) = value {
        for value in values {
            push_pairs(name, value, pairs);
        }
    } else {
        pairs.push(format!(
            "{}={}",
            quote_plus(name),
            quote_plus(&scalar(value))
        ));
    }
}

/// One value as it stands in an address.
fn scalar(value: &Value<'_>) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(text)) => text,
        Ok(value @ (serde_json::Value::Bool(_) | serde_json::Value::Number(_))) => {
            value.to_string()
        }
        _ => panic!("{value:?} cannot stand in an address"),
    }
}
