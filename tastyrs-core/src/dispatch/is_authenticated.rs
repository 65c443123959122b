//! Who calls, and whether they may.

use crate::{
    authorization::AnyAuthorization,
    django::Permissions,
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
    request
        .progress_mut()
        .login_throttle
        .clone_from(&mounted.meta.login_throttle);
    mounted
        .meta
        .authentication
        .is_authenticated(request)
        .await?;
    load_permissions(&mounted.meta.authorization, request).await
}

/// Has the request carry what its caller may do, where the authorization asks for that.
async fn load_permissions<R: Hooks>(
    authorization: &AnyAuthorization<R>,
    request: &mut Request,
) -> Result<()> {
    let Some(user) = request.user().cloned() else {
        return Ok(());
    };
    let Some(accounts) = authorization.accounts()? else {
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
