//! Who calls.
//!
//! - [`Authenticate`]: the trait, for one's own
//! - [`Authentication`]: lets everybody in, and knows them by their address
//! - [`ApiKeyAuthentication`]: by a name and a key
//! - [`BasicAuthentication`]: by a name and a password
//! - [`DigestAuthentication`]: by a name and a key that does not go over the wire; `digest_response` is what a client
//!   answers, `nonces` what it answers to
//! - [`SessionAuthentication`]: by the session of a Django site
//! - `jwt`, with the feature of that name: by a signed token
//! - [`MultiAuthentication`]: by the first of several that lets them in
//! - [`LoginThrottle`]: how many failed logins are let through; [`Claim`] is what counts, `account_key` by which name,
//!   `login` the way to its end, `flights` are those whose end is not known yet
//! - `credentials`: the header that says who calls, and where their account is found
//! - `csrf`: whether a page of our own sent the request

mod account_key;
mod api_key;
mod basic;
mod claim;
mod credentials;
mod csrf;
mod digest;
mod digest_response;
mod flights;
#[cfg(feature = "jwt")]
mod jwt;
mod login;
mod login_throttle;
mod multi;
mod nonces;
mod open;
mod session;
#[cfg(feature = "sqlite")]
#[cfg(test)]
mod tests;

use std::{fmt, pin::Pin, sync::Arc};

pub(crate) use self::credentials::Directory;
#[cfg(feature = "jwt")]
pub use self::jwt::{JwtAuthentication, JwtClaims, JwtKey};
pub use self::{
    api_key::ApiKeyAuthentication,
    basic::BasicAuthentication,
    claim::Claim,
    digest::{Algorithm as DigestAlgorithm, DigestAuthentication},
    login_throttle::LoginThrottle,
    multi::{Backends, MultiAuthentication},
    open::Authentication,
    session::SessionAuthentication,
};
use actix_web::http::header::AUTHORIZATION;

use crate::{api::Binding, errors::Result, http::Request};

/// Finds out who calls.
///
/// # Examples
///
/// ```
/// use tastyrs_core::{Error, Result, authentication::Authenticate, http::{Request, User}};
///
/// struct ByHeader;
///
/// impl Authenticate for ByHeader {
///     async fn is_authenticated(&self, request: &mut Request) -> Result<()> {
///         let name = request.header("x-user").map(ToOwned::to_owned);
///         let name = name.ok_or(Error::Unauthorized { challenge: None })?;
///         request.set_identifier(name.as_str());
///         request.set_user(User::new(0, name));
///         Ok(())
///     }
/// }
/// # let _ = tastyrs_core::authentication::AnyAuthentication::new(ByHeader);
/// ```
///
/// # Compatibility
///
/// `Authentication`, `authentication.py:53`.
pub trait Authenticate: Send + Sync + 'static {
    /// Lets the caller in, and says who they are by [`Request::set_user`] and [`Request::set_identifier`].
    ///
    /// # Errors
    ///
    /// [`Error::Unauthorized`](crate::Error::Unauthorized) where nobody is let in.
    fn is_authenticated(&self, request: &mut Request) -> impl Future<Output = Result<()>>;

    /// The name by which throttles know the caller; what the request was told, or its address.
    ///
    /// # Compatibility
    ///
    /// `get_identifier`, `authentication.py:105`.
    fn get_identifier(&self, request: &Request) -> String {
        request
            .identifier()
            .map_or_else(|| open::address(request), ToOwned::to_owned)
    }

    /// What the request claims that could be guessed; nothing where it holds no such thing, or nothing that will be
    /// looked at. Where this is something and the caller is not let in, a [`LoginThrottle`] counts it.
    ///
    /// Unless it is overridden, whoever sends the header `Authorization` claims to know a secret. An authentication that
    /// reads another header says so here; one that asks others claims nothing by itself, since they do.
    fn claim(&self, request: &Request) -> Option<Claim> {
        let sent = request.headers().contains_key(AUTHORIZATION);
        sent.then_some(Claim::Secret)
    }

    /// Is told of the database when the API is built.
    ///
    /// # Errors
    ///
    /// [`Error::Configuration`](crate::Error::Configuration) where it lacks something.
    fn bind(&self, binding: &Binding<'_>) -> Result<()> {
        let _ = binding;
        Ok(())
    }
}

type Local<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// The object-safe twin of [`Authenticate`].
trait Erased: Send + Sync {
    fn is_authenticated<'a>(&'a self, request: &'a mut Request) -> Local<'a, Result<()>>;
    fn get_identifier(&self, request: &Request) -> String;
    fn claim(&self, request: &Request) -> Option<Claim>;
    fn bind(&self, binding: &Binding<'_>) -> Result<()>;
}

impl<A: Authenticate> Erased for A {
    fn is_authenticated<'a>(&'a self, request: &'a mut Request) -> Local<'a, Result<()>> {
        Box::pin(Authenticate::is_authenticated(self, request))
    }

    fn get_identifier(&self, request: &Request) -> String {
        Authenticate::get_identifier(self, request)
    }

    fn claim(&self, request: &Request) -> Option<Claim> {
        Authenticate::claim(self, request)
    }

    fn bind(&self, binding: &Binding<'_>) -> Result<()> {
        Authenticate::bind(self, binding)
    }
}

/// A handle of any authentication.
#[derive(Clone)]
pub struct AnyAuthentication(Arc<dyn Erased>);

impl AnyAuthentication {
    /// Holds an authentication.
    pub fn new(authentication: impl Authenticate) -> Self {
        Self(Arc::new(authentication))
    }

    /// Lets the caller in or not.
    ///
    /// # Errors
    ///
    /// - [`Error::Unauthorized`](crate::Error::Unauthorized) where nobody is let in.
    /// - [`Error::Throttled`](crate::Error::Throttled) where the [`LoginThrottle`] has its limit reached; nothing was
    ///   looked at then.
    pub async fn is_authenticated(&self, request: &mut Request) -> Result<()> {
        let throttle = LoginThrottle::of(request);
        let guess = throttle.and_then(|throttle| Some((throttle, self.0.claim(request)?)));
        match guess {
            Some((throttle, claim)) => {
                let attempt = throttle.attempt(request, &claim).await?;
                login::login(Arc::clone(&self.0), request, attempt).await
            }
            None => self.0.is_authenticated(request).await,
        }
    }

    /// The name by which throttles know the caller.
    pub fn get_identifier(&self, request: &Request) -> String {
        self.0.get_identifier(request)
    }

    pub(crate) fn bind(&self, binding: &Binding<'_>) -> Result<()> {
        self.0.bind(binding)
    }
}

impl fmt::Debug for AnyAuthentication {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AnyAuthentication")
    }
}

impl<A: Authenticate> From<A> for AnyAuthentication {
    fn from(authentication: A) -> Self {
        Self::new(authentication)
    }
}
