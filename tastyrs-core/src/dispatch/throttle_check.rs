//! Who calls too often.

use tastyrs_throttle::{Access, Admission};

use crate::{
    errors::{Error, Result},
    http::Request,
    meta::method_name,
    resource::{Hooks, mounted},
};

/// Takes the request's place among those that may pass; one request takes one place, however often it is asked.
///
/// # Errors
///
/// - [`Error::Throttled`] when the limit is reached.
/// - [`Error::Throttle`] when the throttle itself failed.
///
/// # Compatibility
///
/// `Resource.throttle_check`, `resources.py:570`. The place is taken here, where Tastypie only looks.
pub(crate) async fn throttle_check<R: Hooks>(resource: &R, request: &mut Request) -> Result<()> {
    let mounted = mounted(resource, request)?;
    let first = !std::mem::replace(&mut request.progress_mut().throttle_checked, true);
    let (Some(throttle), true) = (&mounted.meta.throttle, first) else {
        return Ok(());
    };
    let identifier = mounted.meta.authentication.get_identifier(request);
    let method = method_name(request.method());
    let address = request.recorded_path();
    let access = Access::new(&identifier)
        .resource(&mounted.meta.resource_name)
        .method(&method)
        .url(&address);
    match throttle.reserve(&access).await? {
        Admission::Admitted(reservation) => {
            request.progress_mut().reservation = Some(reservation);
            Ok(())
        }
        Admission::Refused(refusal) => Err(Error::Throttled(Box::new(refusal))),
    }
}
