//! Who calls too often.

use tastyrs_throttle::{Access, Admission, AnyThrottle, Reservation, Verdict};

use super::rate_limit;
use crate::{
    errors::{Error, Result},
    http::Request,
    meta::method_name,
    resource::{Hooks, Mounted, mounted},
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
    let cost = resource.throttle_cost(request);
    let reservation = reserve(&mounted, throttle, request, cost).await?;
    hold(request, reservation, cost);
    Ok(())
}

/// Takes as many more places as make `cost` in all, or turns the request away and gives back what it has.
///
/// # Errors
///
/// Those of [`throttle_check`].
pub(crate) async fn throttle_check_cost<R: Hooks>(
    resource: &R,
    request: &mut Request,
    cost: u32,
) -> Result<()> {
    let mounted = mounted(resource, request)?;
    let progress = request.progress_mut();
    let more = cost.saturating_sub(progress.cost);
    let (Some(throttle), Some(held), 1..) =
        (&mounted.meta.throttle, progress.reservation.take(), more)
    else {
        return Ok(());
    };
    match reserve(&mounted, throttle, request, more).await {
        Ok(others) => {
            hold(request, held.join(others), cost);
            Ok(())
        }
        Err(Error::Throttled(mut refusal)) => {
            held.release();
            // What the refusal says of them is newer.
            request.progress_mut().quotas.clear();
            // The wait is one for all the places, not for those alone that were missing.
            let all = access(&mounted, request, cost, async |access| {
                Ok(throttle.should_be_throttled(&access).await?)
            });
            if let Verdict::Throttled(retry_after) = all.await? {
                refusal.retry_after = retry_after;
            }
            Err(Error::Throttled(refusal))
        }
        Err(error) => {
            held.release();
            Err(error)
        }
    }
}

fn hold(request: &mut Request, reservation: Reservation, cost: u32) {
    let progress = request.progress_mut();
    progress.quotas = reservation.quotas().into_iter().cloned().collect();
    progress.reservation = Some(reservation);
    progress.cost = cost;
}

async fn reserve<R: Hooks>(
    mounted: &Mounted<R>,
    throttle: &AnyThrottle,
    request: &Request,
    cost: u32,
) -> Result<Reservation> {
    access(mounted, request, cost, async |access| {
        match throttle.reserve(&access).await? {
            Admission::Admitted(reservation) => Ok(reservation),
            Admission::Refused(refusal) => Err(Error::Throttled(Box::new(refusal))),
        }
    })
    .await
}

/// Asks something of a throttle about the request.
async fn access<R: Hooks, T>(
    mounted: &Mounted<R>,
    request: &Request,
    cost: u32,
    ask: impl AsyncFnOnce(Access<'_>) -> Result<T>,
) -> Result<T> {
    let identifier = mounted.meta.authentication.get_identifier(request);
    let method = method_name(request.method());
    let address = request.recorded_path();
    let mut access = Access::new(&identifier)
        .resource(&mounted.meta.resource_name)
        .method(&method)
        .url(&address)
        .cost(cost);
    if request.site().tells_quotas() || rate_limit::wants_problem(request) {
        access = access.quotas();
    }
    ask(access).await
}
