//! Who may see what throttles decided.

use std::{fmt, sync::Arc};

use crate::{
    authentication::AnyAuthentication,
    errors::{Error, Result},
    http::Request,
};

/// Who may see the page of [`Api::throttle_page`](crate::api::Api::throttle_page): whom an authentication lets in, and
/// a check then passes. The page shows who calls, so it is open to nobody unless it is said here.
#[derive(Clone)]
pub struct Guard {
    pub(super) authentication: AnyAuthentication,
    check: Arc<dyn Fn(&Request) -> bool + Send + Sync>,
}

impl Guard {
    /// Lets active superusers in whom the authentication knows.
    pub fn superusers(authentication: impl Into<AnyAuthentication>) -> Self {
        Self::new(authentication, |request| {
            let user = request.user();
            user.is_some_and(|user| user.is_active && user.is_superuser)
        })
    }

    /// Lets those in whom the authentication knows and `check` passes.
    pub fn new(
        authentication: impl Into<AnyAuthentication>,
        check: impl Fn(&Request) -> bool + Send + Sync + 'static,
    ) -> Self {
        Self {
            authentication: authentication.into(),
            check: Arc::new(check),
        }
    }

    /// Lets the caller in or not.
    ///
    /// # Errors
    ///
    /// What the authentication says, and [`Error::Forbidden`] where the check does not pass.
    pub(super) async fn admit(&self, request: &mut Request) -> Result<()> {
        self.authentication.is_authenticated(request).await?;
        if (self.check)(request) {
            Ok(())
        } else {
            Err(Error::Forbidden)
        }
    }
}

impl fmt::Debug for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Guard")
    }
}
