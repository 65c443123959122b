//! Who calls, and whether they may.

use std::sync::Arc;

use crate::{
    authentication::AnyAuthentication,
    django::{Accounts, Permissions},
    errors::{Error, Result},
    http::Request,
    resource::{Hooks, mounted},
};

/// Has the resource's authentication let the caller in.
///
/// # Errors
///
/// - [`Error::Unauthorized`] where it does not.
/// - [`Error::Throttled`] where too many failed logins came before.
///
/// # Compatibility
///
/// `Resource.is_authenticated`, `resources.py:551`.
pub(crate) async fn is_authenticated<R: Hooks>(resource: &R, request: &mut Request) -> Result<()> {
    let mounted = mounted(resource, request)?;
    let meta = &mounted.meta;
    request
        .progress_mut()
        .login_throttle
        .clone_from(&meta.login_throttle);
    authenticated(&meta.authentication, request, &|| {
        meta.authorization.accounts()
    })
    .await
}

/// Lets the caller in, and has the request carry what they may do, where the authorization asks for that by naming
/// accounts.
async fn authenticated(
    authentication: &AnyAuthentication,
    request: &mut Request,
    accounts: &dyn Fn() -> Result<Option<Arc<dyn Accounts>>>,
) -> Result<()> {
    authentication.is_authenticated(request).await?;
    let Some(user) = request.user().cloned() else {
        return Ok(());
    };
    let Some(accounts) = accounts()? else {
        return Ok(());
    };
    let permissions = if !user.is_active {
        Permissions::none()
    } else if user.is_superuser {
        Permissions::all()
    } else {
        accounts.permissions(&user).await?
    };
    request.extensions_mut().insert(permissions);
    Ok(())
}

/// What an authorization's answer to one object means.
///
/// # Errors
///
/// [`Error::Forbidden`] for a known user, [`Error::Unauthorized`] for an anonymous one, and always with the switch.
///
/// # Compatibility
///
/// `unauthorized_result`, `resources.py:607`: 401.
pub(crate) fn permitted(answer: Result<bool>, request: &Request) -> Result<()> {
    match answer {
        Ok(true) => Ok(()),
        Ok(false) if request.user().is_some() && !request.site().compatibility().is_tastypie() => {
            Err(Error::Forbidden)
        }
        Ok(false) => Err(Error::Unauthorized { challenge: None }),
        Err(error) => Err(error),
    }
}
