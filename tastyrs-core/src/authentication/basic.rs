//! A name and a password.

use std::time::Instant;

use base64::{
    Engine as _,
    alphabet::STANDARD,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};

use super::{
    Authenticate, Claim,
    credentials::{Credentials, Directory, NO_USER, authorization_data, is_whole, name_and_secret},
};
use crate::{
    api::Binding,
    django::{Accounts, Hashing},
    errors::{Error, Result},
    http::{Request, User},
};

/// Lets in who sends the password of their account, by HTTP's own `Authorization: Basic`.
///
/// Passwords are those of the table `auth_user` as Django hashes them, `pbkdf2_sha256` or `pbkdf2_sha1`; any other
/// never matches. They are slow to check on purpose: a right one is remembered for a minute, unless the account
/// changes. Throttles know the caller by the name that was sent, or as `nouser`.
///
/// # Examples
///
/// ```
/// use tastyrs_core::authentication::{AnyAuthentication, BasicAuthentication};
///
/// let authentication: AnyAuthentication = BasicAuthentication::new().realm("kitchen").into();
/// # let _ = authentication;
/// ```
///
/// # Compatibility
///
/// `BasicAuthentication`, `authentication.py:121`, over Django's `ModelBackend`: an account that is not active is
/// refused like a wrong password. A wrong password takes as long for a name that nobody has.
#[derive(Debug)]
pub struct BasicAuthentication {
    directory: Directory,
    require_active: bool,
    challenge: String,
}

impl Default for BasicAuthentication {
    fn default() -> Self {
        Self::new()
    }
}

impl BasicAuthentication {
    /// Looks accounts up in the API's own database; its realm is `django-tastypie`.
    pub fn new() -> Self {
        Self {
            directory: Directory::default(),
            require_active: true,
            challenge: challenge("django-tastypie"),
        }
    }

    /// Sets what a browser shows where it asks for the password.
    ///
    /// What no header can hold is left out.
    #[must_use]
    pub fn realm(mut self, realm: &str) -> Self {
        self.challenge = challenge(realm);
        self
    }

    /// Sets whether the account must be active; it must unless said otherwise.
    #[must_use]
    pub fn require_active(mut self, require: bool) -> Self {
        self.require_active = require;
        self
    }

    /// Looks accounts up elsewhere, as in a database that is not the API's.
    #[must_use]
    pub fn accounts(mut self, accounts: impl Accounts) -> Self {
        self.directory = Directory::told(accounts);
        self
    }

    fn unauthorized(&self) -> Error {
        Error::Unauthorized {
            challenge: Some(self.challenge.clone()),
        }
    }

    /// Who it is that has this name and password; nobody where they do not fit.
    async fn user(
        &self,
        hashing: &Hashing,
        username: &str,
        password: &str,
    ) -> Result<Option<User>> {
        let accounts = self.directory.get()?;
        if hashing.knows_no_cost() {
            let passwords = accounts.some_passwords().await?;
            hashing.learn(passwords.iter().map(String::as_str));
        }
        let account = accounts.with_password(username).await?;
        let stored = account.as_ref().map(|account| account.secret.as_str());
        let right = hashing.check(password, stored, Instant::now()).await?;
        let may = |user: &User| right && (user.is_active || !self.require_active);
        Ok(account.map(|account| account.user).filter(may))
    }
}

impl Authenticate for BasicAuthentication {
    async fn is_authenticated(&self, request: &mut Request) -> Result<()> {
        let (username, password) = sent(request).ok_or_else(|| self.unauthorized())?;
        let user = self.user(Hashing::shared(), &username, &password).await?;
        request.set_user(user.ok_or_else(|| self.unauthorized())?);
        request.set_identifier(username);
        Ok(())
    }

    fn get_identifier(&self, request: &Request) -> String {
        request.identifier().map_or_else(
            || {
                let name = extract_credentials(request).map(|(username, _)| username);
                name.filter(|name| !name.is_empty())
                    .unwrap_or_else(|| NO_USER.to_owned())
            },
            ToOwned::to_owned,
        )
    }

    fn claim(&self, request: &Request) -> Option<Claim> {
        sent(request).map(|(username, _)| Claim::Account(username))
    }

    fn bind(&self, binding: &Binding<'_>) -> Result<()> {
        self.directory.bind(binding, "BasicAuthentication")
    }
}

/// The value of `WWW-Authenticate`, with the word `Realm` as Tastypie writes it.
fn challenge(realm: &str) -> String {
    let mut text = "Basic Realm=\"".to_owned();
    for character in realm
        .chars()
        .filter(|character| matches!(character, ' '..='~'))
    {
        if matches!(character, '"' | '\\') {
            text.push('\\');
        }
        text.push(character);
    }
    text.push('"');
    text
}

/// A name and a password that were sent; nothing where either is missing.
fn sent(request: &Request) -> Option<Credentials> {
    extract_credentials(request).filter(is_whole)
}

/// What was sent; nothing where that cannot be understood.
fn extract_credentials(request: &Request) -> Option<Credentials> {
    let data = authorization_data(request.headers(), "basic")?;
    name_and_secret(&decode(data)?)
}

/// Reads base64 as Python does: what is not of its alphabet is passed over, and its padding must be there.
///
/// # Compatibility
///
/// `base64.b64decode`, which Tastypie calls without `validate`.
fn decode(text: &[u8]) -> Option<Vec<u8>> {
    const LENIENT: GeneralPurpose = GeneralPurpose::new(
        &STANDARD,
        GeneralPurposeConfig::new()
            .with_decode_allow_trailing_bits(true)
            .with_decode_padding_mode(DecodePaddingMode::RequireNone),
    );
    if !text.is_ascii() {
        return None;
    }
    let mut kept = Vec::with_capacity(text.len());
    let mut padding = 0;
    for byte in text {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'+' | b'/' => {
                kept.push(*byte);
                padding = 0;
            }
            b'=' if kept.len() % 4 >= 2 => {
                padding += 1;
                if kept.len() % 4 + padding == 4 {
                    break;
                }
            }
            _ => {}
        }
    }
    let whole = (kept.len() + padding) % 4 == 0;
    whole.then(|| LENIENT.decode(&kept).ok())?
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use tastyrs_throttle::BoxFuture;

    use super::*;
    use crate::django::Account;

    const ADA: &str = "pbkdf2_sha256$1000$salt1$+Dt2jO/LgGOXLW3Uy/2xUI4tqTVOfWaJADk34sxmlw0=";

    /// `ada` and `dmitri`, who is not active.
    #[derive(Debug, Default)]
    struct Two {
        sampled: AtomicU32,
    }

    impl Accounts for Two {
        fn with_password<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Option<Account>>> {
            let mut user = User::new(1, name);
            user.is_active = name == "ada";
            let account = ["ada", "dmitri"]
                .contains(&name)
                .then(|| Account::new(user, ADA));
            Box::pin(async { Ok(account) })
        }

        fn with_api_key<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<Option<Account>>> {
            Box::pin(async { Ok(None) })
        }

        fn some_passwords(&self) -> BoxFuture<'_, Result<Vec<String>>> {
            self.sampled.fetch_add(1, Ordering::Relaxed);
            Box::pin(async { Ok(vec![ADA.to_owned()]) })
        }
    }

    async fn named(
        authentication: &BasicAuthentication,
        name: &str,
        password: &str,
    ) -> Option<String> {
        let user = authentication
            .user(Hashing::shared(), name, password)
            .await
            .unwrap();
        user.map(|user| user.username)
    }

    #[actix_web::test]
    async fn lets_in_who_has_the_password() {
        let authentication = BasicAuthentication::new().accounts(Two::default());

        assert_eq!(
            named(&authentication, "ada", "secret-1").await.as_deref(),
            Some("ada")
        );
        assert_eq!(named(&authentication, "ada", "secret-2").await, None);
        assert_eq!(named(&authentication, "nobody", "secret-1").await, None);
    }

    #[actix_web::test]
    async fn an_account_must_be_active_unless_that_is_not_required() {
        let strict = BasicAuthentication::new().accounts(Two::default());
        let lenient = BasicAuthentication::new()
            .accounts(Two::default())
            .require_active(false);

        assert_eq!(named(&strict, "dmitri", "secret-1").await, None);
        assert_eq!(
            named(&lenient, "dmitri", "secret-1").await.as_deref(),
            Some("dmitri")
        );
        assert_eq!(named(&lenient, "dmitri", "secret-2").await, None);
    }

    #[test]
    fn the_challenge_is_that_of_tastypie() {
        assert_eq!(
            BasicAuthentication::new().challenge,
            "Basic Realm=\"django-tastypie\""
        );
        assert_eq!(
            challenge("a \"b\"\r\nSet-Cookie: é\\"),
            "Basic Realm=\"a \\\"b\\\"Set-Cookie: \\\\\""
        );
    }

    /// Each was tried with Python's `base64.b64decode`.
    #[test]
    fn reads_base64_as_python_does() {
        for (text, bytes) in [
            ("YWRhOnNlY3JldC0x", Some("ada:secret-1")),
            ("YnJpYW46c2VjcmV0LTI=", Some("brian:secret-2")),
            ("YnJpYW46c2VjcmV0LTI", None),
            ("YWRhOg==", Some("ada:")),
            ("YWRhOg=", None),
            ("YWRhOg", None),
            ("YWRhOg==YWRh", Some("ada:")),
            ("YWRh\tOnNl Y3JldC0x", Some("ada:secret-1")),
            ("=YWRh", Some("ada")),
            ("YW=Rh", Some("ada")),
            ("YWRhOh==", Some("ada:")),
            ("!!!!", Some("")),
            ("", Some("")),
            ("Y", None),
        ] {
            assert_eq!(
                decode(text.as_bytes()).as_deref(),
                bytes.map(str::as_bytes),
                "{text}"
            );
        }
        assert_eq!(decode("YWRhé".as_bytes()), None);
    }
}
