//! What Django signed, and sessions among it.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use miniz_oxide::inflate::decompress_to_vec_zlib_with_limit;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::{hex, same_secret};

/// The most bytes of a session, as it is stored and as it was.
const MOST_BYTES: usize = 1024 * 1024;

/// Django's `SECRET_KEY`, with those that were it before.
///
/// # Examples
///
/// ```
/// use tastyrs_core::django::SecretKeys;
///
/// let keys = SecretKeys::new("the one of settings.py").fallback("the one of last year");
///
/// assert_eq!(format!("{keys:?}"), "SecretKeys(2)");
/// ```
///
/// # Compatibility
///
/// `SECRET_KEY` and `SECRET_KEY_FALLBACKS`. Sessions are read as Django 3.1 and later write them into the table
/// `django_session`, as JSON; older ones, and those that are pickled, are nobody's.
#[derive(Clone)]
pub struct SecretKeys(Vec<String>);

impl fmt::Debug for SecretKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretKeys({})", self.0.len())
    }
}

/// Who signed in in a session.
pub(super) struct Session {
    pub(super) user_id: i64,
    /// By which it is told that the password is still the one with which they did.
    auth_hash: String,
}

impl SecretKeys {
    /// The key of `settings.py`.
    pub fn new(secret_key: impl Into<String>) -> Self {
        Self(vec![secret_key.into()])
    }

    /// Adds one that was it before: what it signed is still good.
    #[must_use]
    pub fn fallback(mut self, secret_key: impl Into<String>) -> Self {
        self.0.push(secret_key.into());
        self
    }

    /// Whether one of them is empty, with which everybody could sign.
    pub(crate) fn has_empty(&self) -> bool {
        self.0.iter().any(String::is_empty)
    }

    /// Who signed in in the session that `data` holds; nothing where nobody did, or where it was not signed by us.
    ///
    /// # Compatibility
    ///
    /// `SessionBase.decode`, `django/contrib/sessions/backends/base.py`, and `get_user`,
    /// `django/contrib/auth/__init__.py`.
    pub(super) fn session(&self, data: &str) -> Option<Session> {
        let values = self.loads(data, "django.contrib.sessions.SessionStore")?;
        let user_id = match values.get("_auth_user_id")? {
            Value::String(id) => id.parse().ok()?,
            Value::Number(id) => id.as_i64()?,
            _ => return None,
        };
        values.get("_auth_user_backend")?.as_str()?;
        let auth_hash = values.get("_auth_user_hash")?.as_str()?.to_owned();
        Some(Session { user_id, auth_hash })
    }

    /// Whether a session was signed in to with this password, as it is stored.
    ///
    /// # Compatibility
    ///
    /// `get_session_auth_hash`, `django/contrib/auth/base_user.py`.
    pub(super) fn is_of(&self, session: &Session, password: &str) -> bool {
        let salt = "django.contrib.auth.models.AbstractBaseUser.get_session_auth_hash";
        self.0.iter().any(|key| {
            let hash = hex(&salted_hmac(salt, password, key));
            same_secret(hash.as_bytes(), session.auth_hash.as_bytes())
        })
    }

    /// Reads what was signed under a salt: `[.]payload:timestamp:signature`.
    ///
    /// # Compatibility
    ///
    /// `signing.loads`, `django/core/signing.py`.
    fn loads(&self, signed: &str, salt: &str) -> Option<Value> {
        if signed.len() > MOST_BYTES {
            return None;
        }
        let (value, signature) = signed.rsplit_once(':')?;
        let salt = format!("{salt}signer");
        let is_signed = self.0.iter().any(|key| {
            let ours = URL_SAFE_NO_PAD.encode(salted_hmac(&salt, value, key));
            same_secret(ours.as_bytes(), signature.as_bytes())
        });
        if !is_signed {
            return None;
        }
        let (payload, _timestamp) = value.rsplit_once(':')?;
        let json = match payload.strip_prefix('.') {
            Some(packed) => {
                let packed = URL_SAFE_NO_PAD.decode(packed).ok()?;
                decompress_to_vec_zlib_with_limit(&packed, MOST_BYTES).ok()?
            }
            None => URL_SAFE_NO_PAD.decode(payload).ok()?,
        };
        serde_json::from_slice(&json).ok()
    }
}

impl From<String> for SecretKeys {
    fn from(secret_key: String) -> Self {
        Self::new(secret_key)
    }
}

impl From<&str> for SecretKeys {
    fn from(secret_key: &str) -> Self {
        Self::new(secret_key)
    }
}

/// # Compatibility
///
/// `salted_hmac` with SHA-256, `django/utils/crypto.py`.
fn salted_hmac(salt: &str, value: &str, secret: &str) -> [u8; 32] {
    let key = Sha256::new()
        .chain_update(salt)
        .chain_update(secret)
        .finalize();
    let mac = Hmac::<Sha256>::new_from_slice(&key).expect("a key of any length will do");
    mac.chain_update(value).finalize().into_bytes().into()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) const SECRET_KEY: &str = "kitchen-secret-key-of-the-tests";
    const PASSWORD: &str = "pbkdf2_sha256$1000$salt1$+Dt2jO/LgGOXLW3Uy/2xUI4tqTVOfWaJADk34sxmlw0=";

    // Each made by the session store of Django 5.2.
    pub(crate) const ADA: &str = ".eJxVjMsOwiAQAP-FsyHS5VE8evcbyC4sUjWQlPZk_HdD0oNeZybzFgH3rYS98xqWJC5CidMvI4xPrkOkB9Z7k7HVbV1IjkQetstbS_y6Hu3foGAvYxszgwPDzlrjIlrrJkINZHRSWs0xT9Eg-HPWBhiIjFdsAXGmhMk78fkC28M4Ag:1r31eq:7ZST1t_ihroqPEXfXAuDYhkhErCGJxR7bCXWcokvIlA";
    const LARGE: &str = ".eJztk0EOgjAQRa9iuiYNUNoCS_eeQA2ZmQ6CmjYpZWW8u5Cw0CsYtu_9vN1_iQ7mNHTzxLEbnWhFIbJvhkAP9qtwd_C3ICn4FEeU60RudpKn4Ph53LY_gQGmYc1Sz8oqzdYYbQmMsSVCpVBXrqiKmvqSNKgm7yutWCHqpmCjAGp04Bq7RAliEu1ZYGRwB_DugHNKHBe1ox39ObpmwofEy5Uuc573JN4fMnpCJw:1r31eq:lEzwgD4-Xx0mlEEiETfvziAj9bK6ZVBr6ulp-j5QKEw";
    const WITHOUT_HASH: &str = ".eJyrVopPLC3JiC8tTi2Kz0xRslIyVNJBFktKTM5OzQNJpGQl5qXn6yXn55UUZSbpgZToQWWL9XzzU1JznKBqawE67h8t:1r31eq:IWkWsv9PUklY_-kbNkG3tjjyoQx49OmGJrCEs9AFj78";
    pub(crate) const NOBODY: &str = "eyJ4IjoxfQ:1r31eq:dhsibjUPi8-3rq6AwTzpPOp8INcTjc6W6114eut0fDs";
    /// By the key `an-older-secret-key`.
    const OLDER: &str = ".eJxVjLsOAiEURP-F2hBwCQ9Le7-B3AfIqoFk2a02_ruSbKHNFDNnzi4ibGuJW09LnFlchBan3w6BnqmOgR9Q701Sq-syoxyIPNYub43T63qwf4ICvQytTUiozlaHbDxwChM6NiPspHUmHYiJskneByRlVP4eMoPHrJ1j8f4ABSc5VQ:1r31eq:u9sxodEf403p72K8LXSFH0Jjd7uazemMT1cYHPrv3v0";

    fn keys() -> SecretKeys {
        SecretKeys::new(SECRET_KEY)
    }

    /// Whose session it is, if it is that of the password.
    fn user(keys: &SecretKeys, data: &str, password: &str) -> Option<i64> {
        let session = keys.session(data)?;
        keys.is_of(&session, password).then_some(session.user_id)
    }

    #[test]
    fn reads_sessions_as_django_writes_them() {
        assert_eq!(user(&keys(), ADA, PASSWORD), Some(1));
        assert_eq!(user(&keys(), LARGE, PASSWORD), Some(1));
        assert_eq!(user(&keys(), WITHOUT_HASH, PASSWORD), None);
        assert_eq!(user(&keys(), NOBODY, PASSWORD), None);
    }

    #[test]
    fn a_session_ends_when_the_password_changes() {
        assert_eq!(user(&keys(), ADA, "pbkdf2_sha256$1000$salt2$other"), None);
        assert_eq!(user(&keys(), ADA, ""), None);
    }

    #[test]
    fn an_older_key_is_good_where_it_was_named() {
        let both = keys().fallback("an-older-secret-key");

        assert_eq!(user(&both, OLDER, PASSWORD), Some(1));
        assert_eq!(user(&both, ADA, PASSWORD), Some(1));
        assert_eq!(user(&keys(), OLDER, PASSWORD), None);
        assert_eq!(user(&SecretKeys::new("another"), ADA, PASSWORD), None);
    }

    #[test]
    fn no_character_may_be_changed_or_left_out() {
        for place in 0..ADA.len() {
            let mut bytes = ADA.as_bytes().to_vec();
            bytes[place] = if bytes[place] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(bytes).unwrap();
            assert!(keys().session(&changed).is_none(), "{place}");
            assert!(keys().session(ADA.get(..place).unwrap()).is_none());
            assert!(keys().session(ADA.get(place + 1..).unwrap()).is_none());
        }
        for other in [
            "",
            ":",
            "::",
            ".:1r31eq:",
            "é:é:é",
            &"a:".repeat(MOST_BYTES),
        ] {
            assert!(keys().session(other).is_none());
        }
    }

    /// As one who has the key could make it, or a bug: much text from few bytes.
    #[test]
    fn what_grows_beyond_all_bounds_is_not_unpacked() {
        let json = format!("{{\"x\": \"{}\"}}", "y".repeat(8 * MOST_BYTES));
        let packed = miniz_oxide::deflate::compress_to_vec_zlib(json.as_bytes(), 6);
        let value = format!(".{}:1r31eq", URL_SAFE_NO_PAD.encode(packed));
        let mac = salted_hmac(
            "django.contrib.sessions.SessionStoresigner",
            &value,
            SECRET_KEY,
        );
        let signed = format!("{value}:{}", URL_SAFE_NO_PAD.encode(mac));

        assert!(signed.len() < MOST_BYTES);
        assert!(
            keys()
                .loads(&signed, "django.contrib.sessions.SessionStore")
                .is_none()
        );
    }
}
