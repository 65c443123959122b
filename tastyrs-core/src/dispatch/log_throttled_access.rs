//! Which requests count.

use crate::{errors::Result, http::Request, resource::Hooks};

/// Marks the place that `throttle_check` took as kept. Nothing is written yet: the end of the request settles it.
///
/// # Errors
///
/// None.
///
/// # Compatibility
///
/// `Resource.log_throttled_access`, `resources.py:597`.
pub(crate) async fn log_throttled_access<R: Hooks>(_: &R, request: &mut Request) -> Result<()> {
    if let Some(reservation) = &mut request.progress_mut().reservation {
        reservation.keep();
    }
    Ok(())
}
