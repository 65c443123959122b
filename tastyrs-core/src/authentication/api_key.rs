//! A name and a key.

use actix_web::http::{
    Method,
    header::{CONTENT_TYPE, HeaderMap},
};

use super::{
    Authenticate, Claim,
    credentials::{Credentials, Directory, NO_USER, authorization_data, is_whole, name_and_secret},
    multi::answers_without_challenge,
};
use crate::{
    api::Binding,
    django::{Accounts, same_secret},
    errors::{Error, Result},
    http::{Query, Request, User},
};

/// Lets in who sends the key of their account: `Authorization: ApiKey ada:9e52503a0984e6...`.
///
/// Keys are those of the table `tastypie_apikey`, by the name in `auth_user`, in the API's own database. Throttles
/// know the caller by the name that was sent, or as `nouser`.
///
/// # Examples
///
/// ```
/// use tastyrs_core::authentication::{AnyAuthentication, ApiKeyAuthentication};
///
/// let authentication: AnyAuthentication = ApiKeyAuthentication::new().query(true).into();
/// # let _ = authentication;
/// ```
///
/// # Compatibility
///
/// `ApiKeyAuthentication`, `authentication.py:180`. It departs where that is weak:
///
/// - `?username=ada&api_key=...`, or a form that holds them, is looked at only where
///   [`query`](Self::query) or [`Compatibility::Tastypie`](crate::Compatibility::Tastypie) says so.
/// - The key is compared in constant time, and before the account is found not to be active, so that nobody
///   learns that of an account whose key they do not have.
/// - The header may hold a name outside ASCII, in UTF-8.
#[derive(Debug)]
pub struct ApiKeyAuthentication {
    directory: Directory,
    require_active: bool,
    query: Option<bool>,
}

impl Default for ApiKeyAuthentication {
    fn default() -> Self {
        Self::new()
    }
}

impl ApiKeyAuthentication {
    /// Looks keys up in the API's own database.
    pub fn new() -> Self {
        Self {
            directory: Directory::default(),
            require_active: true,
            query: None,
        }
    }

    /// Sets whether the account must be active; it must unless said otherwise.
    #[must_use]
    pub fn require_active(mut self, require: bool) -> Self {
        self.require_active = require;
        self
    }

    /// Sets whether name and key may stand in the address, as `username` and `api_key`, or in a form that is posted.
    ///
    /// Addresses end up in logs, histories and links, and so would the key. Unless said here, they may where the API
    /// is [`Compatibility::Tastypie`](crate::Compatibility::Tastypie) and nowhere else.
    #[must_use]
    pub fn query(mut self, allow: bool) -> Self {
        self.query = Some(allow);
        self
    }

    /// Looks keys up elsewhere, as in a database that is not the API's.
    #[must_use]
    pub fn accounts(mut self, accounts: impl Accounts) -> Self {
        self.directory = Directory::told(accounts);
        self
    }

    /// What was sent; nothing where that cannot be understood.
    ///
    /// # Compatibility
    ///
    /// `extract_credentials`, `authentication.py:194`.
    fn extract_credentials(&self, request: &Request) -> Option<Credentials> {
        let in_query = self
            .query
            .unwrap_or_else(|| request.site().compatibility().is_tastypie());
        in_header(request.headers()).unwrap_or_else(|| {
            in_query.then(|| {
                let form = form(request.method(), request.headers(), request.body());
                in_parameters(request.params(), &form)
            })
        })
    }

    /// Who it is that has this name and key.
    async fn user(&self, credentials: Option<Credentials>) -> Result<User, Refusal> {
        let (username, api_key) = credentials.filter(is_whole).ok_or(Refusal::Unauthorized)?;
        let account = self
            .directory
            .get()?
            .with_api_key(&username)
            .await?
            .ok_or(Refusal::Unauthorized)?;
        if !same_secret(account.secret.as_bytes(), api_key.as_bytes()) {
            return Err(Refusal::Unauthorized);
        }
        if self.require_active && !account.user.is_active {
            return Err(Refusal::Inactive);
        }
        Ok(account.user)
    }
}

/// Why nobody was let in.
#[derive(Debug)]
enum Refusal {
    /// Name and key do not fit.
    Unauthorized,
    /// They do, but the account is not active.
    Inactive,
    /// It could not be found out.
    Failed(Error),
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl Authenticate for ApiKeyAuthentication {
    async fn is_authenticated(&self, request: &mut Request) -> Result<()> {
        let credentials = self.extract_credentials(request);
        let identifier = identifier(credentials.as_ref());
        match self.user(credentials).await {
            Ok(user) => {
                request.set_identifier(identifier);
                request.set_user(user);
                Ok(())
            }
            Err(Refusal::Unauthorized) => Err(answers_without_challenge(request)),
            Err(Refusal::Inactive) => Err(Error::Unauthorized { challenge: None }),
            Err(Refusal::Failed(error)) => Err(error),
        }
    }

    fn get_identifier(&self, request: &Request) -> String {
        request.identifier().map_or_else(
            || identifier(self.extract_credentials(request).as_ref()),
            ToOwned::to_owned,
        )
    }

    fn claim(&self, request: &Request) -> Option<Claim> {
        let sent = self.extract_credentials(request).filter(is_whole);
        sent.map(|(username, _)| Claim::Account(username))
    }

    fn bind(&self, binding: &Binding<'_>) -> Result<()> {
        self.directory.bind(binding, "ApiKeyAuthentication")
    }
}

fn identifier(credentials: Option<&Credentials>) -> String {
    let username = credentials
        .map(|(username, _)| username.as_str())
        .filter(|name| !name.is_empty());
    username.unwrap_or(NO_USER).to_owned()
}

/// What the header holds: nothing where it is another's, nothing inside where it has no name and key.
#[expect(
    clippy::option_option,
    reason = "a header that is not understood does not fall back to the query"
)]
fn in_header(headers: &HeaderMap) -> Option<Option<Credentials>> {
    authorization_data(headers, "apikey").map(name_and_secret)
}

/// What the address or else the form says, each of the two for itself.
fn in_parameters(address: &Query, form: &Query) -> Credentials {
    let sent = |name| {
        let text = |query: &Query| {
            query
                .get(name)
                .filter(|text| !text.is_empty())
                .map(ToOwned::to_owned)
        };
        text(address).or_else(|| text(form)).unwrap_or_default()
    };
    (sent("username"), sent("api_key"))
}

/// The parameters of a form that is posted.
///
/// # Compatibility
///
/// Django's `request.POST`, but for forms in several parts, which it reads too.
fn form(method: &Method, headers: &HeaderMap, body: &[u8]) -> Query {
    let content_type = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let mime = content_type.split(';').next().unwrap_or_default().trim();
    if *method == Method::POST && mime.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        Query::parse(&String::from_utf8_lossy(body))
    } else {
        Query::default()
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{AUTHORIZATION, HeaderName, HeaderValue};
    use tastyrs_throttle::BoxFuture;

    use super::*;
    use crate::django::Account;

    /// One account, of any name but `nobody`.
    #[derive(Debug)]
    struct One(User);

    impl Accounts for One {
        fn with_password<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<Option<Account>>> {
            Box::pin(async { Ok(None) })
        }

        fn with_api_key<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Option<Account>>> {
            let account = (name != "nobody").then(|| Account::new(self.0.clone(), "9e52"));
            Box::pin(async { Ok(account) })
        }
    }

    fn keyed(user: User) -> ApiKeyAuthentication {
        ApiKeyAuthentication::new().accounts(One(user))
    }

    fn sent(username: &str, key: &str) -> Credentials {
        (username.to_owned(), key.to_owned())
    }

    fn headers(name: HeaderName, value: &'static str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(name, HeaderValue::from_static(value));
        headers
    }

    #[actix_web::test]
    async fn lets_in_who_has_the_key() {
        let authentication = keyed(User::new(1, "ada"));

        let right = authentication.user(Some(sent("ada", "9e52"))).await;

        assert_eq!(right.unwrap().id, 1);
        for wrong in [
            None,
            Some(sent("", "9e52")),
            Some(sent("ada", "")),
            Some(sent("ada", "9e5")),
            Some(sent("ada", "9e52:more")),
            Some(sent("ada", "9E52")),
            Some(sent("nobody", "9e52")),
        ] {
            assert!(matches!(
                authentication.user(wrong).await,
                Err(Refusal::Unauthorized)
            ));
        }
    }

    #[actix_web::test]
    async fn says_that_an_account_is_not_active_only_to_who_has_its_key() {
        let mut inactive = User::new(4, "dmitri");
        inactive.is_active = false;
        let lenient = keyed(inactive.clone()).require_active(false);
        let authentication = keyed(inactive);

        let right = authentication.user(Some(sent("dmitri", "9e52"))).await;
        let wrong = authentication.user(Some(sent("dmitri", "x"))).await;

        assert!(matches!(right, Err(Refusal::Inactive)));
        assert!(matches!(wrong, Err(Refusal::Unauthorized)));
        assert!(lenient.user(Some(sent("dmitri", "9e52"))).await.is_ok());
    }

    #[actix_web::test]
    async fn asked_before_its_api_is_built_it_says_so() {
        let refusal = ApiKeyAuthentication::new()
            .user(Some(sent("ada", "9e52")))
            .await;

        assert!(matches!(
            refusal,
            Err(Refusal::Failed(Error::Configuration(_)))
        ));
    }

    #[test]
    fn a_header_that_is_not_understood_does_not_fall_back() {
        assert_eq!(
            in_header(&headers(AUTHORIZATION, "ApiKey ada:9e52")),
            Some(Some(sent("ada", "9e52")))
        );
        assert_eq!(
            in_header(&headers(AUTHORIZATION, "ApiKey ada9e52")),
            Some(None)
        );
        assert_eq!(in_header(&headers(AUTHORIZATION, "Basic abc")), None);
        assert_eq!(in_header(&HeaderMap::new()), None);
    }

    #[test]
    fn the_address_goes_before_the_form_and_the_last_value_counts() {
        let address = Query::parse("username=nobody&username=Ada+Two&api_key=");
        let form = Query::parse("username=brian&api_key=a90d");

        assert_eq!(in_parameters(&address, &form), sent("Ada Two", "a90d"));
        assert_eq!(
            in_parameters(&Query::default(), &Query::default()),
            sent("", "")
        );
    }

    #[test]
    fn only_a_form_that_is_posted_is_read() {
        let body = b"username=ada&api_key=9e52";
        let form_type = headers(
            CONTENT_TYPE,
            "application/x-www-form-urlencoded; charset=utf-8",
        );
        let json = headers(CONTENT_TYPE, "application/json");

        assert_eq!(
            form(&Method::POST, &form_type, body).get("username"),
            Some("ada")
        );
        assert_eq!(form(&Method::PUT, &form_type, body), Query::default());
        assert_eq!(form(&Method::POST, &json, body), Query::default());
    }

    #[test]
    fn who_sent_no_name_is_nobody() {
        assert_eq!(identifier(Some(&sent("ada", ""))), "ada");
        assert_eq!(identifier(Some(&sent("", "9e52"))), "nouser");
        assert_eq!(identifier(None), "nouser");
    }
}
