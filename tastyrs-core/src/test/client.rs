//! Calls to an API in this process.

use std::{fmt, rc::Rc};

use actix_web::{
    App,
    body::MessageBody,
    dev::{Service, ServiceResponse},
    http::Method,
    test,
    web::ServiceConfig,
};
use futures_util::future::LocalBoxFuture;

use super::{TestApiRequest, TestResponse};
use crate::api::Mount;

/// A service of actix-web, whatever its type.
type Call = dyn Fn(test::TestRequest) -> LocalBoxFuture<'static, Result<TestResponse, String>>;

/// Calls an API in this process, without a socket; a clone calls the same.
///
/// # Examples
///
/// ```
/// use tastyrs_core::{api::Api, test::TestApiClient};
///
/// # #[actix_web::main]
/// # async fn main() -> tastyrs_core::Result<()> {
/// let api = Api::new("v1").build()?;
/// let client = TestApiClient::new(&api).await;
///
/// client.get("/api/v1/").await.assert_http_ok();
/// client.get("/api/v1/entries/").await.assert_http_not_found();
/// # Ok(())
/// # }
/// ```
///
/// # Compatibility
///
/// `TestApiClient`, `test.py:10`.
#[derive(Clone)]
pub struct TestApiClient {
    call: Rc<Call>,
}

impl fmt::Debug for TestApiClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestApiClient").finish_non_exhaustive()
    }
}

impl TestApiClient {
    /// Mounts an API below `/api`.
    pub async fn new(api: &Mount) -> Self {
        let scope = api.scope("/api");
        Self::app(move |app| {
            app.service(scope);
        })
        .await
    }

    /// Calls whatever `configure` mounts: several APIs, elsewhere than below `/api`, beside one's own routes.
    pub async fn app(configure: impl FnOnce(&mut ServiceConfig)) -> Self {
        let app = Rc::new(test::init_service(App::new().configure(configure)).await);
        let call = move |request: test::TestRequest| {
            let app = Rc::clone(&app);
            let answered = async move {
                let answered = app.call(request.to_request()).await;
                received(answered.map_err(|error| error.to_string())?).await
            };
            Box::pin(answered) as LocalBoxFuture<'static, _>
        };
        Self {
            call: Rc::new(call),
        }
    }

    /// A GET, whose data are parameters of the address.
    pub fn get(&self, uri: impl Into<String>) -> TestApiRequest {
        self.request(Method::GET, uri)
    }

    /// A POST, whose data are its body.
    pub fn post(&self, uri: impl Into<String>) -> TestApiRequest {
        self.request(Method::POST, uri)
    }

    /// A PUT, whose data are its body.
    pub fn put(&self, uri: impl Into<String>) -> TestApiRequest {
        self.request(Method::PUT, uri)
    }

    /// A PATCH, whose data are its body.
    pub fn patch(&self, uri: impl Into<String>) -> TestApiRequest {
        self.request(Method::PATCH, uri)
    }

    /// A DELETE, whose data are parameters of the address.
    pub fn delete(&self, uri: impl Into<String>) -> TestApiRequest {
        self.request(Method::DELETE, uri)
    }

    /// A request with any method; its data are its body for POST, PUT and PATCH, else parameters of the address.
    pub fn request(&self, method: Method, uri: impl Into<String>) -> TestApiRequest {
        TestApiRequest::new(self.clone(), method, uri.into())
    }

    pub(super) fn call(
        &self,
        request: test::TestRequest,
    ) -> LocalBoxFuture<'static, Result<TestResponse, String>> {
        (self.call)(request)
    }
}

/// The answer as it would arrive.
async fn received(answer: ServiceResponse<impl MessageBody>) -> Result<TestResponse, String> {
    let is_head = *answer.request().method() == Method::HEAD;
    let (status, headers) = (answer.status(), answer.headers().clone());
    let body = test::try_read_body(answer)
        .await
        .map_err(|error| error.into().to_string())?;
    // A server does not send what a handler put behind the head of an answer to HEAD.
    let body = if is_head {
        actix_web::web::Bytes::new()
    } else {
        body
    };
    Ok(TestResponse::new(status, headers, body))
}
