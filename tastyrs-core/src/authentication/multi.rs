//! Several ways to be let in.

use actix_web::http::StatusCode;

use super::{AnyAuthentication, Authenticate, Claim, credentials::NO_USER};
use crate::{
    api::Binding,
    errors::{Error, Result},
    http::Request,
};

/// Lets in whom the first of several authentications lets in, in their order.
///
/// Throttles know the caller by the name that this one gives, or as `nouser` before. Where all refuse, the caller is
/// answered with the first refusal that is more than a plain no: one with a challenge, an answer of its own, or that
/// of [`ApiKeyAuthentication`](super::ApiKeyAuthentication) to a key that does not fit.
///
/// # Examples
///
/// ```
/// use tastyrs_core::authentication::{
///     AnyAuthentication, ApiKeyAuthentication, BasicAuthentication, MultiAuthentication,
/// };
///
/// let both = MultiAuthentication::new((ApiKeyAuthentication::new(), BasicAuthentication::new()));
/// let same = MultiAuthentication::new(ApiKeyAuthentication::new()).or(BasicAuthentication::new());
/// # let _: [AnyAuthentication; 2] = [both.into(), same.into()];
/// ```
///
/// # Compatibility
///
/// `MultiAuthentication`, `authentication.py:504`. A failure, such as a database that cannot be reached, ends the
/// request, as an exception does there.
#[derive(Debug)]
pub struct MultiAuthentication {
    backends: Vec<AnyAuthentication>,
}

impl MultiAuthentication {
    /// Asks these in their order: one authentication, or a tuple of up to six.
    pub fn new(backends: impl Backends) -> Self {
        Self {
            backends: backends.list(),
        }
    }

    /// Asks another one where those before refuse.
    #[must_use]
    pub fn or(mut self, backend: impl Into<AnyAuthentication>) -> Self {
        self.backends.push(backend.into());
        self
    }
}

impl Authenticate for MultiAuthentication {
    async fn is_authenticated(&self, request: &mut Request) -> Result<()> {
        let mut answer: Option<Error> = None;
        for backend in &self.backends {
            request.extensions_mut().insert(WithoutChallenge(false));
            match backend.is_authenticated(request).await {
                Ok(()) => {
                    let identifier = backend.get_identifier(request);
                    request.set_identifier(identifier);
                    return Ok(());
                }
                Err(error) => match Refusal::of(&error, request) {
                    Refusal::None => return Err(error),
                    Refusal::Plain => {}
                    Refusal::Answer => answer = answer.or(Some(error)),
                },
            }
        }
        // One that stands among others is asked in its turn whether its refusal is an answer.
        request
            .extensions_mut()
            .insert(WithoutChallenge(answer.is_some()));
        Err(answer.unwrap_or(Error::Unauthorized { challenge: None }))
    }

    fn get_identifier(&self, request: &Request) -> String {
        request.identifier().unwrap_or(NO_USER).to_owned()
    }

    /// Nothing: those that are asked claim for themselves, and each refusal counts, also where another lets the caller in.
    fn claim(&self, _: &Request) -> Option<Claim> {
        None
    }

    fn bind(&self, binding: &Binding<'_>) -> Result<()> {
        self.backends
            .iter()
            .try_for_each(|backend| backend.bind(binding))
    }
}

/// What an error of an authentication means to the next one.
#[derive(Debug, PartialEq, Eq)]
enum Refusal {
    /// It is none: something failed, or the request was answered.
    None,
    /// Nothing but a no.
    Plain,
    /// One that is the caller's answer unless another authentication lets them in.
    Answer,
}

impl Refusal {
    /// # Compatibility
    ///
    /// Tastypie's authentications refuse by `False` or by an `HttpUnauthorized`; any other response ends the request.
    fn of(error: &Error, request: &Request) -> Self {
        match error {
            Error::Unauthorized { challenge: Some(_) } => Self::Answer,
            Error::Unauthorized { challenge: None } => {
                match request.extensions().get::<WithoutChallenge>() {
                    Some(WithoutChallenge(true)) => Self::Answer,
                    _ => Self::Plain,
                }
            }
            Error::Immediate(answer) if answer.status() == StatusCode::UNAUTHORIZED => Self::Answer,
            _ => Self::None,
        }
    }
}

/// Whether a refusal without a challenge is an answer rather than a plain no.
#[derive(Debug)]
struct WithoutChallenge(bool);

/// A refusal that is an answer though it has no challenge: Tastypie's `HttpUnauthorized()`.
pub(super) fn answers_without_challenge(request: &mut Request) -> Error {
    request.extensions_mut().insert(WithoutChallenge(true));
    Error::Unauthorized { challenge: None }
}

/// What [`MultiAuthentication::new`] takes: one authentication, or a tuple of up to six.
///
/// Nobody else implements it.
pub trait Backends: sealed::Sealed {
    #[doc(hidden)]
    fn list(self) -> Vec<AnyAuthentication>;
}

mod sealed {
    #[expect(unnameable_types, reason = "sealed")]
    pub trait Sealed {}
}

impl<A: Authenticate> sealed::Sealed for A {}

impl<A: Authenticate> Backends for A {
    fn list(self) -> Vec<AnyAuthentication> {
        vec![self.into()]
    }
}

macro_rules! tuples {
    ($(($($name:ident)+))+) => {$(
        impl<$($name: Into<AnyAuthentication>),+> sealed::Sealed for ($($name,)+) {}

        impl<$($name: Into<AnyAuthentication>),+> Backends for ($($name,)+) {
            fn list(self) -> Vec<AnyAuthentication> {
                #[expect(non_snake_case, reason = "a tuple's parts are named by their types")]
                let ($($name,)+) = self;
                vec![$($name.into()),+]
            }
        }
    )+};
}
tuples! { (A) (A B) (A B C) (A B C D) (A B C D E) (A B C D E F) }
