//! The header that says who calls, and where their account is found.

use std::{
    ptr,
    sync::{Arc, OnceLock},
};

use actix_web::http::header::{AUTHORIZATION, HeaderMap};

use crate::{
    api::Binding,
    django::Accounts,
    errors::{Error, Result},
};

/// The identifier of who sent no name.
pub(super) const NO_USER: &str = "nouser";

/// A name, and the password or key that goes with it; what was not sent is empty.
pub(super) type Credentials = (String, String);

/// What stands behind the scheme in the `Authorization` header; nothing where it has another scheme.
///
/// # Compatibility
///
/// `get_authorization_data`, `authentication.py:64`.
pub(super) fn authorization_data<'h>(headers: &'h HeaderMap, scheme: &str) -> Option<&'h [u8]> {
    let value = headers.get(AUTHORIZATION)?.as_bytes().trim_ascii();
    let space = value.iter().position(|byte| *byte == b' ')?;
    let (sent, data) = value.split_at_checked(space)?;
    sent.eq_ignore_ascii_case(scheme.as_bytes())
        .then(|| data.get(1..).unwrap_or_default())
}

/// Takes `name:secret` apart; nothing where it has no colon or is no UTF-8.
pub(super) fn name_and_secret(data: &[u8]) -> Option<Credentials> {
    let (name, secret) = str::from_utf8(data).ok()?.split_once(':')?;
    Some((name.to_owned(), secret.to_owned()))
}

/// Whether neither part is missing.
pub(super) fn is_whole((name, secret): &Credentials) -> bool {
    !name.is_empty() && !secret.is_empty()
}

/// Where an authentication or authorization looks accounts up: where it was told to, or in the API's own database.
#[derive(Debug, Default)]
pub(crate) struct Directory {
    accounts: OnceLock<Arc<dyn Accounts>>,
    told: bool,
}

impl Directory {
    pub(crate) fn told(accounts: impl Accounts) -> Self {
        let accounts: Arc<dyn Accounts> = Arc::new(accounts);
        Self {
            accounts: OnceLock::from(accounts),
            told: true,
        }
    }

    pub(crate) fn shared(&self) -> Result<Arc<dyn Accounts>> {
        self.accounts.get().map(Arc::clone).ok_or_else(unbound)
    }

    pub(super) fn get(&self) -> Result<&dyn Accounts> {
        self.accounts
            .get()
            .map(|accounts| &**accounts)
            .ok_or_else(unbound)
    }

    /// Takes the API's database.
    ///
    /// One API's users must not get into another: who shares an authentication between APIs is told.
    pub(crate) fn bind(&self, binding: &Binding<'_>, authentication: &str) -> Result<()> {
        if self.told {
            return Ok(());
        }
        let Some(accounts) = binding.accounts() else {
            return Err(Error::Configuration(format!(
                "the {authentication} of `{}` looks accounts up in a database, and the API has none: \
                 give it one by `Api::database`",
                binding.resource_name
            )));
        };
        let bound = self.accounts.get_or_init(|| Arc::clone(&accounts));
        if ptr::addr_eq(Arc::as_ptr(bound), Arc::as_ptr(&accounts)) {
            return Ok(());
        }
        Err(Error::Configuration(format!(
            "the {authentication} of `{}` is also that of another API: give each API one of its own, or say by \
             `.accounts(..)` which database they share",
            binding.resource_name
        )))
    }
}

fn unbound() -> Error {
    Error::Configuration("an authentication was asked before its API was built".to_owned())
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    fn data(header: &[u8]) -> Option<Vec<u8>> {
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, HeaderValue::from_bytes(header).unwrap());
        authorization_data(&headers, "apikey").map(<[u8]>::to_vec)
    }

    #[test]
    fn the_scheme_is_known_in_any_case() {
        for header in [
            "ApiKey ada:1",
            "apikey ada:1",
            "APIKEY ada:1",
            " ApiKey ada:1 ",
        ] {
            assert_eq!(
                data(header.as_bytes()).as_deref(),
                Some(&b"ada:1"[..]),
                "{header}"
            );
        }
        assert_eq!(data(b"ApiKey  ada:1").as_deref(), Some(&b" ada:1"[..]));
        assert_eq!(data(b"ApiKey \xff:1").as_deref(), Some(&b"\xff:1"[..]));
    }

    #[test]
    fn another_header_is_none() {
        for header in [
            "",
            " ",
            "ApiKey",
            "ApiKey ",
            "Token ada:1",
            "ApiKeys ada:1",
            "ada:1",
            "ApiKey\tada:1",
        ] {
            assert_eq!(data(header.as_bytes()), None, "{header}");
        }
        assert_eq!(authorization_data(&HeaderMap::new(), "apikey"), None);
    }

    #[test]
    fn the_first_colon_ends_the_name() {
        let parts = |name: &str, secret: &str| Some((name.to_owned(), secret.to_owned()));

        assert_eq!(name_and_secret(b"ada:1:2"), parts("ada", "1:2"));
        assert_eq!(name_and_secret(b":1"), parts("", "1"));
        assert_eq!(name_and_secret(b"ada:"), parts("ada", ""));
        assert_eq!(name_and_secret("chloé:1".as_bytes()), parts("chloé", "1"));
        assert_eq!(name_and_secret(b"ada"), None);
        assert_eq!(name_and_secret(b"\xff:1"), None);
    }
}
