//! A name and a key that does not go over the wire.

use std::time::Duration;

use md5::Md5;
use sha2::{Digest as _, Sha256};

use super::{
    Authenticate, Claim,
    credentials::{Directory, NO_USER, authorization_data},
    digest_response::{DigestResponse, quoted},
    nonces::{Known, Nonces},
};
use crate::{
    api::Binding,
    django::{Accounts, hex, same_secret},
    errors::{Error, Result},
    http::Request,
};

/// How a client hashes what it answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Algorithm {
    /// MD5, which every client knows.
    #[default]
    Md5,
    /// SHA-256, which newer clients know.
    Sha256,
}

impl Algorithm {
    const fn name(self) -> &'static str {
        match self {
            Self::Md5 => "MD5",
            Self::Sha256 => "SHA-256",
        }
    }

    pub(super) fn hash(self) -> fn(&str) -> String {
        match self {
            Self::Md5 => |text| hex(&Md5::digest(text)),
            Self::Sha256 => |text| hex(&Sha256::digest(text)),
        }
    }
}

/// How many nonces are watched at once.
const MOST_NONCES: usize = 16_384;

/// How long a nonce may be used.
const LIFETIME: Duration = Duration::from_secs(300);

/// Lets in who proves that they have the key of their account, without sending it: HTTP's `Authorization: Digest`.
///
/// The secret is the API key in `tastypie_apikey`, not the password, which Django does not keep. Throttles know the
/// caller by their name, or as `nouser`.
///
/// A nonce is ours, five minutes good, and with each count once: what somebody listened to cannot be sent again. It
/// is watched by the process that let the caller in; machines that share a [`secret`](Self::secret) accept each
/// other's nonces, and each lets a count pass once.
///
/// # Examples
///
/// ```
/// use tastyrs_core::authentication::{AnyAuthentication, DigestAuthentication};
///
/// let authentication: AnyAuthentication = DigestAuthentication::new().realm("kitchen").into();
/// # let _ = authentication;
/// ```
///
/// # Compatibility
///
/// `DigestAuthentication`, `authentication.py:343`, with RFC 7616's `qop=auth`. It departs where that is weak: the
/// answer must be for the address that is asked for, and the counts are looked at.
#[derive(Debug)]
pub struct DigestAuthentication {
    directory: Directory,
    require_active: bool,
    realm: String,
    algorithm: Algorithm,
    nonces: Nonces,
}

impl Default for DigestAuthentication {
    fn default() -> Self {
        Self::new()
    }
}

impl DigestAuthentication {
    /// Looks keys up in the API's own database; its realm is `django-tastypie`.
    pub fn new() -> Self {
        Self {
            directory: Directory::default(),
            require_active: true,
            realm: "django-tastypie".to_owned(),
            algorithm: Algorithm::default(),
            nonces: Nonces::new(None, LIFETIME, MOST_NONCES),
        }
    }

    /// Sets what a browser shows where it asks for the key, and what the key is hashed with.
    ///
    /// What is not printable ASCII is left out.
    #[must_use]
    pub fn realm(mut self, realm: &str) -> Self {
        self.realm = realm
            .chars()
            .filter(|character| matches!(character, ' '..='~'))
            .collect();
        self
    }

    /// Sets how a client hashes what it answers; MD5 unless said otherwise, as in Tastypie.
    #[must_use]
    pub fn algorithm(mut self, algorithm: Algorithm) -> Self {
        self.algorithm = algorithm;
        self
    }

    /// Sets whether the account must be active; it must unless said otherwise.
    #[must_use]
    pub fn require_active(mut self, require: bool) -> Self {
        self.require_active = require;
        self
    }

    /// Sets by what nonces are signed, so that machines behind one address know each other's.
    #[must_use]
    pub fn secret(mut self, secret: impl AsRef<[u8]>) -> Self {
        self.nonces = Nonces::new(Some(secret.as_ref()), LIFETIME, MOST_NONCES);
        self
    }

    /// Looks keys up elsewhere, as in a database that is not the API's.
    #[must_use]
    pub fn accounts(mut self, accounts: impl Accounts) -> Self {
        self.directory = Directory::told(accounts);
        self
    }

    /// A refusal with a new nonce; `stale` where the client need not ask its user again.
    fn challenge(&self, stale: bool) -> Error {
        let nonce = match self.nonces.give() {
            Ok(nonce) => nonce,
            Err(error) => return error,
        };
        let stale = if stale { ", stale=true" } else { "" };
        Error::Unauthorized {
            challenge: Some(format!(
                "Digest realm={}, nonce=\"{nonce}\", opaque=\"tastyrs\", algorithm={}, qop=\"auth\", charset=UTF-8{stale}",
                quoted(&self.realm),
                self.algorithm.name(),
            )),
        }
    }

    /// What was answered to a challenge of ours for this request, as far as that can be told without the key.
    fn answer(&self, request: &Request) -> Option<DigestResponse> {
        let data = authorization_data(request.headers(), "digest")?;
        let answer = DigestResponse::parse(data)?;
        let algorithm = answer.algorithm.as_deref().unwrap_or("MD5");
        let fits = answer.realm == self.realm
            && algorithm.eq_ignore_ascii_case(self.algorithm.name())
            && !answer.username.is_empty()
            && answer.is_for(request.full_path());
        fits.then_some(answer)
    }

    /// Whether the answer is that of the key.
    fn is_right(&self, answer: &DigestResponse, request: &Request, key: &str) -> bool {
        let is = |method: &str| {
            let expected = answer.expected(method, key, self.algorithm.hash());
            same_secret(expected.as_bytes(), answer.response.as_bytes())
        };
        // A client hashes the method that it sends, not the one that it asks for instead.
        let overridden = request.header("x-http-method-override").is_some();
        is(request.method().as_str()) || (overridden && is("POST"))
    }
}

impl Authenticate for DigestAuthentication {
    async fn is_authenticated(&self, request: &mut Request) -> Result<()> {
        let answer = self.answer(request).ok_or_else(|| self.challenge(false))?;
        let nonce = match self.nonces.look_at(&answer.nonce) {
            Known::Fresh(nonce) => nonce,
            Known::Stale => return Err(self.challenge(true)),
            Known::Foreign => return Err(self.challenge(false)),
        };
        let accounts = self.directory.get()?;
        let account = accounts.with_api_key(&answer.username).await?;
        // Who has no key takes as long to refuse as who has another.
        let key = account
            .as_ref()
            .map_or("", |account| account.secret.as_str());
        let is_right = self.is_right(&answer, request, key) && !key.is_empty();
        let user = account
            .filter(|_| is_right)
            .map(|account| account.user)
            .ok_or_else(|| self.challenge(false))?;
        if !self.nonces.take(nonce, answer.count) {
            return Err(self.challenge(true));
        }
        if self.require_active && !user.is_active {
            return Err(Error::Unauthorized { challenge: None });
        }
        request.set_identifier(user.username.as_str());
        request.set_user(user);
        Ok(())
    }

    fn get_identifier(&self, request: &Request) -> String {
        request.identifier().unwrap_or(NO_USER).to_owned()
    }

    /// The name, where the answer is to a nonce that may still be used: of any other the key is not looked at.
    fn claim(&self, request: &Request) -> Option<Claim> {
        let answer = self.answer(request)?;
        let is_fresh = matches!(self.nonces.look_at(&answer.nonce), Known::Fresh(_));
        is_fresh.then_some(Claim::Account(answer.username))
    }

    fn bind(&self, binding: &Binding<'_>) -> Result<()> {
        self.directory.bind(binding, "DigestAuthentication")
    }
}
