//! A signed token.

use std::{fmt, time::Duration};

use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde_json::{Map, Value};

use super::{
    Authenticate, Claim,
    credentials::{Directory, NO_USER, authorization_data},
    digest_response::quoted,
};
use crate::{
    api::Binding,
    django::Accounts,
    errors::{Error, Result},
    http::{Request, User},
};

/// The most bytes of a token.
const MOST_BYTES: usize = 8 * 1024;

/// The fewest bytes of a secret: as many as HMAC-SHA-256 makes of it (RFC 7518, section 3.2).
const FEWEST_BYTES: usize = 32;

/// A key by which tokens are checked; it knows the one algorithm that it is for, whatever a token says.
#[derive(Clone)]
pub struct JwtKey {
    algorithm: Algorithm,
    key: DecodingKey,
    /// The `kid` of the tokens that it signed, where it has one.
    id: Option<String>,
}

impl fmt::Debug for JwtKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JwtKey")
            .field("algorithm", &self.algorithm)
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

impl JwtKey {
    /// A secret that is shared with whoever signs, for HS256.
    ///
    /// # Errors
    ///
    /// [`Error::Configuration`] where it has less than 32 bytes, and so could be guessed.
    pub fn hs256(secret: impl AsRef<[u8]>) -> Result<Self> {
        let secret = secret.as_ref();
        if secret.len() < FEWEST_BYTES {
            return Err(Error::Configuration(format!(
                "a secret for HS256 must have {FEWEST_BYTES} bytes, and this one has {}",
                secret.len()
            )));
        }
        Ok(Self {
            algorithm: Algorithm::HS256,
            key: DecodingKey::from_secret(secret),
            id: None,
        })
    }

    /// The public key of whoever signs, as PEM, for RS256.
    ///
    /// # Errors
    ///
    /// [`Error::Configuration`] where it is no such key.
    pub fn rs256(pem: impl AsRef<[u8]>) -> Result<Self> {
        let key = DecodingKey::from_rsa_pem(pem.as_ref()).map_err(|error| {
            Error::Configuration(format!("the public key for RS256 cannot be read: {error}"))
        })?;
        Ok(Self {
            algorithm: Algorithm::RS256,
            key,
            id: None,
        })
    }

    /// Is for tokens whose `kid` is this, and no others.
    #[must_use]
    pub fn id(mut self, id: impl Into<String>) -> Self {
        self.id = Some(id.into());
        self
    }
}

/// Whom a token lets in.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Names {
    /// The account whose name this claim holds.
    Username(String),
    /// The account whose key in the table of users this claim holds.
    Id(String),
    /// Whoever the claims say, whether or not there is an account: their key, and their name.
    Claims { id: String, username: String },
}

/// The claims of the token that let the caller in: `request.extensions().get::<JwtClaims>()`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JwtClaims(pub Map<String, Value>);

/// Lets in who sends a token that somebody trusted has signed: `Authorization: Bearer eyJhbGciOi...`.
///
/// A token must say when it expires (`exp`), and may say from when on it is good (`nbf`). Where an audience or an issuer
/// is set, it must name one; a token that names an audience where none is set is refused, since it is meant for somebody
/// else. The account is looked up by the claim `sub`, its name, unless said otherwise. Throttles know the caller by
/// their name, or as `nouser`.
///
/// # Examples
///
/// ```
/// use tastyrs_core::authentication::{AnyAuthentication, JwtAuthentication, JwtKey};
///
/// # fn main() -> tastyrs_core::Result<()> {
/// let key = JwtKey::hs256("a secret of at least thirty-two bytes")?;
/// let authentication: AnyAuthentication = JwtAuthentication::new(key)
///     .audience("notes")
///     .issuer("https://login.example")
///     .into();
/// # let _ = authentication;
/// # Ok(())
/// # }
/// ```
///
/// # Compatibility
///
/// Tastypie has none; it stands where its `OAuthAuthentication` stood. RFC 6750 and RFC 7519, with the header alone.
#[derive(Debug)]
pub struct JwtAuthentication {
    directory: Directory,
    keys: Vec<JwtKey>,
    audiences: Vec<String>,
    issuers: Vec<String>,
    leeway: Duration,
    names: Names,
    require_active: bool,
    realm: String,
}

impl JwtAuthentication {
    /// Checks tokens by this key.
    pub fn new(key: JwtKey) -> Self {
        Self {
            directory: Directory::default(),
            keys: vec![key],
            audiences: Vec::new(),
            issuers: Vec::new(),
            leeway: Duration::from_secs(60),
            names: Names::Username("sub".to_owned()),
            require_active: true,
            realm: "django-tastypie".to_owned(),
        }
    }

    /// Checks tokens by another key too, as while keys change.
    #[must_use]
    pub fn or(mut self, key: JwtKey) -> Self {
        self.keys.push(key);
        self
    }

    /// Adds an audience: a token must be for one of them (`aud`).
    #[must_use]
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.audiences.push(audience.into());
        self
    }

    /// Adds an issuer: a token must be from one of them (`iss`).
    #[must_use]
    pub fn issuer(mut self, issuer: impl Into<String>) -> Self {
        self.issuers.push(issuer.into());
        self
    }

    /// Sets how far clocks may lie apart; a minute unless said otherwise.
    #[must_use]
    pub fn leeway(mut self, leeway: Duration) -> Self {
        self.leeway = leeway;
        self
    }

    /// Looks the account up by its name, which this claim holds.
    #[must_use]
    pub fn username(mut self, claim: impl Into<String>) -> Self {
        self.names = Names::Username(claim.into());
        self
    }

    /// Looks the account up by its key in the table of users, which this claim holds as a number or its digits.
    #[must_use]
    pub fn user_id(mut self, claim: impl Into<String>) -> Self {
        self.names = Names::Id(claim.into());
        self
    }

    /// Takes the caller's key and name from these claims, and looks nobody up: whoever signs says who is active. Nobody
    /// is let in as staff or as a superuser by this.
    #[must_use]
    pub fn trust_claims(mut self, id: impl Into<String>, username: impl Into<String>) -> Self {
        self.names = Names::Claims {
            id: id.into(),
            username: username.into(),
        };
        self
    }

    /// Sets whether the account must be active; it must unless said otherwise.
    #[must_use]
    pub fn require_active(mut self, require: bool) -> Self {
        self.require_active = require;
        self
    }

    /// Sets the realm of the challenge; what no header can hold is left out.
    #[must_use]
    pub fn realm(mut self, realm: impl Into<String>) -> Self {
        self.realm = realm.into();
        self
    }

    /// Looks accounts up elsewhere, as in a database that is not the API's.
    #[must_use]
    pub fn accounts(mut self, accounts: impl Accounts) -> Self {
        self.directory = Directory::told(accounts);
        self
    }

    fn validation(&self, key: &JwtKey) -> Validation {
        let mut validation = Validation::new(key.algorithm);
        validation.algorithms = vec![key.algorithm];
        validation.leeway = self.leeway.as_secs();
        validation.validate_exp = true;
        validation.validate_nbf = true;
        validation.validate_aud = true;
        let mut required = vec!["exp"];
        if !self.audiences.is_empty() {
            validation.set_audience(&self.audiences);
            required.push("aud");
        }
        if !self.issuers.is_empty() {
            validation.set_issuer(&self.issuers);
            required.push("iss");
        }
        validation.set_required_spec_claims(&required);
        validation
    }

    /// What a token claims, where one of the keys signed it for us.
    fn claims(&self, token: &[u8]) -> Option<Map<String, Value>> {
        if token.len() > MOST_BYTES {
            return None;
        }
        let header = decode_header(token).ok()?;
        let fits = |key: &&JwtKey| {
            key.algorithm == header.alg && (key.id.is_none() || key.id == header.kid)
        };
        self.keys.iter().filter(fits).find_map(|key| {
            let decoded = decode::<Map<String, Value>>(token, &key.key, &self.validation(key));
            Some(decoded.ok()?.claims)
        })
    }

    async fn user(&self, claims: &Map<String, Value>) -> Result<Option<User>> {
        let text = |claim: &str| claims.get(claim).and_then(Value::as_str);
        let number = |claim: &str| match claims.get(claim)? {
            Value::Number(number) => number.as_i64(),
            Value::String(digits) => digits.parse().ok(),
            _ => None,
        };
        let account = match &self.names {
            Names::Username(claim) => match text(claim).filter(|name| !name.is_empty()) {
                Some(name) => self.directory.get()?.with_password(name).await?,
                None => None,
            },
            Names::Id(claim) => match number(claim) {
                Some(id) => self.directory.get()?.by_id(id).await?,
                None => None,
            },
            Names::Claims { id, username } => {
                let said = number(id).zip(text(username).filter(|name| !name.is_empty()));
                return Ok(said.map(|(id, name)| User::new(id, name)));
            }
        };
        let may = |user: &User| user.is_active || !self.require_active;
        Ok(account.map(|account| account.user).filter(may))
    }

    /// # Compatibility
    ///
    /// RFC 6750, section 3: what was wrong is said only of a token that was sent.
    fn challenge(&self, sent: bool) -> Error {
        let error = if sent {
            ", error=\"invalid_token\""
        } else {
            ""
        };
        Error::Unauthorized {
            challenge: Some(format!("Bearer realm={}{error}", quoted(&self.realm))),
        }
    }
}

impl Authenticate for JwtAuthentication {
    async fn is_authenticated(&self, request: &mut Request) -> Result<()> {
        let token = authorization_data(request.headers(), "bearer");
        let token = token.ok_or_else(|| self.challenge(false))?;
        let claims = self.claims(token).ok_or_else(|| self.challenge(true))?;
        let user = self.user(&claims).await?;
        let user = user.ok_or_else(|| self.challenge(true))?;
        request.set_identifier(user.username.as_str());
        request.set_user(user);
        request.extensions_mut().insert(JwtClaims(claims));
        Ok(())
    }

    fn get_identifier(&self, request: &Request) -> String {
        request.identifier().unwrap_or(NO_USER).to_owned()
    }

    /// Nothing: a signature cannot be guessed, and a token that has expired is everyday's.
    fn claim(&self, _: &Request) -> Option<Claim> {
        None
    }

    fn bind(&self, binding: &Binding<'_>) -> Result<()> {
        if matches!(self.names, Names::Claims { .. }) {
            return Ok(());
        }
        self.directory.bind(binding, "JwtAuthentication")
    }
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::{EncodingKey, Header, encode};
    use serde_json::json;
    use tastyrs_throttle::BoxFuture;

    use super::*;
    use crate::{clock, django::Account};

    const SECRET: &str = "a secret of at least thirty-two bytes";
    const PUBLIC: &str = "-----BEGIN PUBLIC KEY-----\n\
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA4FHzsgqkltBg47pgjrDl\n\
tbu0BQgJwrNe2+uMA4p/aDJRWumlRh4p/g8n8r3Td64h0uikCKmCONMHxbzCiqcX\n\
MM2SGZ7Cb0YmjLTA/FrMEtRX2IZ+SfjCOkxS1riwszdxUdGGOBgjxLRMEPljphXT\n\
KYDqo1K1cNrWdl2pvOZDbs6nZYsk9Lou/JnJosksR3UHfkERrY2gVgxYgJJZ+Pmv\n\
LQ4fqTBPZOdIgf65V8s6jgZJvDD9kbHJkYM9LxvltarB4+VvmsWKYw4ylR5U0c/H\n\
qVQshCiRMPurnTyEjPuJr2CQ+094GyvGqXfx2oorhlMfrCVJgikSOCcuvvNd/7ms\n\
awIDAQAB\n\
-----END PUBLIC KEY-----\n";
    /// Signed by its private key, by `PyJWT`, good until 2100.
    const RS256: &str = "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJhZGEiLCJleHAiOjQxMDI0NDQ4MDB9.FjejDFp8g6brI90D1zUJCoGQbxmQPP6L0V_H1YaSQYxLS8rw3ZbJtmrvq4zYc7_HfBaPGx2VK0t6W9FnLioJfNSLIHJsb8TI9uPwyVuJYrWWdyMhgJuTf0RQ_vOd96aKm-c4wiS2RyaBRLoRElsOLoJ5TPlvK3ZYtpJAA0ayrdRzD7VTGAJNttXxALPmUA_lEY_1cKkooADpcpYcucKKFysYq16KpYMYR6Ue4LKx5bBFltQAUhBdcHaRKMFUhFMxFwkYMXtmLJ3n8kH7_114IkyV4VdQu8oEltgNFjoy34WZqLYMnRpOahYACWew-6ymu1bY_LA27nYoyk7JHcF-0Q";
    /// The same, by another algorithm.
    const RS512: &str = "eyJhbGciOiJSUzUxMiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJhZGEiLCJleHAiOjQxMDI0NDQ4MDB9.eZXrFOIaWNfyVdCVaTPgFRLxYON8oV0XhdYf7DNjY71_suajfQf9BwSz_kszEsxxtuYNxK9HYGqnCbfHmFmLiZPKotxFkjTjdWAxdExoXsoFqR93g0WI2unbzG2ETybxwm2GbHGkDAT7dEnGRu0ezXKGoITolkpVyh_7rFK5c3i9VKj9iM6dDFjPBxJP5Umj-uWpFY0kz_5C1tSzFGfTOtb2TfJ9HJnxdL3M8XCxIOyEslrQKCPhZrJ5BHW4V13qL0xNxmFJdTuAx9rtC-LQDFhBGj9bES7NksHnR2g1SqbgKIscYjDiBLUuzJ1WQ1O1LcUBfxm_W8NbiyQdFYx57g";

    fn now() -> i64 {
        clock::now().and_utc().timestamp()
    }

    fn good() -> Value {
        json!({"sub": "ada", "exp": now() + 300})
    }

    fn with(changes: Value) -> Value {
        let mut claims = good();
        let (Value::Object(claims_map), Value::Object(changes)) = (&mut claims, changes) else {
            panic!("claims are an object");
        };
        claims_map.extend(changes);
        claims
    }

    fn signed(claims: &Value) -> String {
        let key = EncodingKey::from_secret(SECRET.as_bytes());
        encode(&Header::new(Algorithm::HS256), claims, &key).unwrap()
    }

    fn by_secret() -> JwtAuthentication {
        JwtAuthentication::new(JwtKey::hs256(SECRET).unwrap())
    }

    fn takes(authentication: &JwtAuthentication, token: &str) -> bool {
        authentication.claims(token.as_bytes()).is_some()
    }

    fn base64(text: &str) -> String {
        use base64::Engine as _;
        base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text)
    }

    #[test]
    fn a_token_is_good_from_when_until_when_it_says() {
        for (claims, is_good) in [
            (good(), true),
            (with(json!({"exp": now() - 30})), true),
            (with(json!({"exp": now() - 90})), false),
            (with(json!({"exp": "soon"})), false),
            (with(json!({"exp": null})), false),
            (json!({"sub": "ada"}), false),
            (with(json!({"nbf": now() + 30})), true),
            (with(json!({"nbf": now() + 90})), false),
            (json!({}), false),
        ] {
            assert_eq!(takes(&by_secret(), &signed(&claims)), is_good, "{claims}");
        }
        let strict = by_secret().leeway(Duration::ZERO);
        assert!(!takes(&strict, &signed(&with(json!({"exp": now() - 30})))));
    }

    #[test]
    fn a_token_is_for_its_audience_and_from_its_issuer() {
        let choosy = by_secret()
            .audience("notes")
            .issuer("https://login.example");
        let right = json!({"aud": ["other", "notes"], "iss": "https://login.example"});

        assert!(takes(&choosy, &signed(&with(right))));
        for wrong in [
            json!({}),
            json!({"aud": "notes"}),
            json!({"iss": "https://login.example"}),
            json!({"aud": "other", "iss": "https://login.example"}),
            json!({"aud": "notes", "iss": "https://evil.example"}),
        ] {
            assert!(!takes(&choosy, &signed(&with(wrong))));
        }
        // Meant for somebody else, where nothing says that it may be for us.
        assert!(!takes(
            &by_secret(),
            &signed(&with(json!({"aud": "notes"})))
        ));
    }

    #[test]
    fn a_token_that_nobody_signed_is_refused() {
        let whole = signed(&good());
        let (payload, signature) = whole.rsplit_once('.').unwrap();
        let body = base64(&good().to_string());
        for header in [
            r#"{"alg":"none"}"#,
            r#"{"alg":"None","typ":"JWT"}"#,
            r#"{"alg":"NONE"}"#,
            r#"{"alg":""}"#,
            r#"{"typ":"JWT"}"#,
            r#"{"alg":"HS256"}"#,
            r#"{"alg":"HS512"}"#,
        ] {
            for end in ["", signature] {
                let token = format!("{}.{body}.{end}", base64(header));
                assert!(!takes(&by_secret(), &token), "{header}");
            }
        }
        assert!(!takes(&by_secret(), &format!("{payload}.")));
        assert!(!takes(&by_secret(), payload));
        assert!(takes(&by_secret(), &whole));
    }

    #[test]
    fn what_is_no_token_is_refused() {
        let whole = signed(&good());
        for place in 0..whole.len() {
            assert!(!takes(&by_secret(), whole.get(..place).unwrap()));
        }
        let long = signed(&with(json!({"x": "y".repeat(9_000)})));
        for token in ["", ".", "..", "...", "é.é.é", "a.b.c", long.as_str()] {
            assert!(!takes(&by_secret(), token));
        }
        assert!(by_secret().claims(b"\xff.\xff.\xff").is_none());
    }

    #[test]
    fn a_public_key_checks_what_the_private_one_signed() {
        let by_key = JwtAuthentication::new(JwtKey::rs256(PUBLIC).unwrap());

        assert!(takes(&by_key, RS256));
        assert!(!takes(&by_secret(), RS256));
        assert!(!takes(&by_key, RS512));
    }

    /// The public key is no secret: whoever signs by it as if it were one is refused.
    #[test]
    fn a_public_key_is_not_taken_for_a_secret() {
        let by_key = JwtAuthentication::new(JwtKey::rs256(PUBLIC).unwrap());
        let both = JwtAuthentication::new(JwtKey::rs256(PUBLIC).unwrap())
            .or(JwtKey::hs256(SECRET).unwrap());
        for secret in [PUBLIC.as_bytes(), PUBLIC.trim().as_bytes()] {
            let forged = EncodingKey::from_secret(secret);
            let token = encode(&Header::new(Algorithm::HS256), &good(), &forged).unwrap();

            assert!(!takes(&by_key, &token));
            assert!(!takes(&both, &token));
        }
        assert!(takes(&both, &signed(&good())));
    }

    #[test]
    fn a_key_with_an_id_is_for_its_own_tokens() {
        let by_id = JwtAuthentication::new(JwtKey::hs256(SECRET).unwrap().id("new"));
        let named = |id: Option<&str>| {
            let mut header = Header::new(Algorithm::HS256);
            header.kid = id.map(ToOwned::to_owned);
            encode(
                &header,
                &good(),
                &EncodingKey::from_secret(SECRET.as_bytes()),
            )
            .unwrap()
        };

        assert!(takes(&by_id, &named(Some("new"))));
        assert!(!takes(&by_id, &named(Some("old"))));
        assert!(!takes(&by_id, &named(None)));
        assert!(takes(&by_secret(), &named(Some("../../etc/passwd"))));
    }

    #[test]
    fn a_secret_that_could_be_guessed_is_refused() {
        assert!(JwtKey::hs256("secret").is_err());
        assert!(JwtKey::hs256("").is_err());
        assert!(JwtKey::rs256("no key").is_err());
        assert!(!format!("{:?}", JwtKey::hs256(SECRET).unwrap()).contains("secret of"));
    }

    /// `ada`, whose key is 1, and `dmitri`, who is not active.
    #[derive(Debug)]
    struct Two;

    impl Accounts for Two {
        fn with_password<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Option<Account>>> {
            let mut user = User::new(1, name);
            user.is_active = name == "ada";
            let known = ["ada", "dmitri"].contains(&name);
            Box::pin(async move { Ok(known.then(|| Account::new(user, "!"))) })
        }

        fn with_api_key<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<Option<Account>>> {
            Box::pin(async { Ok(None) })
        }

        fn by_id(&self, id: i64) -> BoxFuture<'_, Result<Option<Account>>> {
            self.with_password(if id == 1 { "ada" } else { "nobody" })
        }
    }

    async fn named(authentication: &JwtAuthentication, claims: Value) -> Option<String> {
        let Value::Object(claims) = claims else {
            return None;
        };
        let user = authentication.user(&claims).await.unwrap();
        user.map(|user| user.username)
    }

    #[actix_web::test]
    async fn the_account_is_looked_up_as_was_said() {
        let by_name = by_secret().accounts(Two);
        let by_id = by_secret().accounts(Two).user_id("uid");
        let lenient = by_secret().accounts(Two).require_active(false);
        let ada = Some("ada".to_owned());

        assert_eq!(named(&by_name, json!({"sub": "ada"})).await, ada);
        for claims in [
            json!({"sub": "dmitri"}),
            json!({"sub": "eve"}),
            json!({"sub": ""}),
            json!({"sub": 1}),
            json!({}),
        ] {
            assert_eq!(named(&by_name, claims).await, None);
        }
        assert_eq!(named(&by_id, json!({"uid": 1})).await, ada);
        assert_eq!(named(&by_id, json!({"uid": "1"})).await, ada);
        assert_eq!(named(&by_id, json!({"uid": 2})).await, None);
        assert_eq!(named(&by_id, json!({"sub": "ada"})).await, None);
        assert!(named(&lenient, json!({"sub": "dmitri"})).await.is_some());
    }

    #[actix_web::test]
    async fn claims_are_believed_where_that_was_said() {
        let trusting = by_secret().trust_claims("uid", "name");

        let claims = json!({"uid": 7, "name": "eve", "is_superuser": true, "is_staff": true});
        let Value::Object(map) = claims else {
            panic!("an object")
        };
        let user = trusting.user(&map).await.unwrap().unwrap();

        assert_eq!((user.id, user.username.as_str()), (7, "eve"));
        assert!(!user.is_superuser && !user.is_staff);
        assert_eq!(named(&trusting, json!({"name": "eve"})).await, None);
        assert_eq!(named(&trusting, json!({"uid": 7})).await, None);
    }
}
