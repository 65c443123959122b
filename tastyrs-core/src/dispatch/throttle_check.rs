//! Who calls too often.

use tastyrs_throttle::{Access, Admission, AnyThrottle, Reservation, Verdict};

use super::rate_limit;
use crate::{
    authentication::AnyAuthentication,
    errors::{Error, Result},
    http::Request,
    meta::{Meta, method_name},
    resource::{Hooks, Resource, mounted},
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
    match Asking::of(&mounted.meta) {
        Some(asking) if first => {
            let cost = resource.throttle_cost(request);
            asking.take(request, cost).await
        }
        _ => Ok(()),
    }
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
    match Asking::of(&mounted.meta) {
        Some(asking) => asking.take_more(request, cost).await,
        None => Ok(()),
    }
}

/// The throttle of a resource, and what it is told of who asks.
#[derive(Clone, Copy)]
struct Asking<'m> {
    throttle: &'m AnyThrottle,
    authentication: &'m AnyAuthentication,
    resource_name: &'m str,
}

impl<'m> Asking<'m> {
    fn of<R: Resource>(meta: &'m Meta<R>) -> Option<Self> {
        Some(Self {
            throttle: meta.throttle.as_ref()?,
            authentication: &meta.authentication,
            resource_name: &meta.resource_name,
        })
    }

    /// Takes the request's first places.
    async fn take(self, request: &mut Request, cost: u32) -> Result<()> {
        let reservation = self.reserve(request, cost).await?;
        hold(request, reservation, cost);
        Ok(())
    }

    /// Takes as many more places as make `cost` in all.
    async fn take_more(self, request: &mut Request, cost: u32) -> Result<()> {
        let progress = request.progress_mut();
        let more = cost.saturating_sub(progress.cost);
        let (Some(held), 1..) = (progress.reservation.take(), more) else {
            return Ok(());
        };
        match self.reserve(request, more).await {
            Ok(others) => {
                hold(request, held.join(others), cost);
                Ok(())
            }
            Err(Error::Throttled(mut refusal)) => {
                held.release();
                // What the refusal says of them is newer.
                request.progress_mut().quotas.clear();
                // The wait is one for all the places, not for those alone that were missing.
                let all = self.access(request, cost, async |access| {
                    Ok(self.throttle.should_be_throttled(&access).await?)
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

    async fn reserve(self, request: &Request, cost: u32) -> Result<Reservation> {
        self.access(request, cost, async |access| {
            match self.throttle.reserve(&access).await? {
                Admission::Admitted(reservation) => Ok(reservation),
                Admission::Refused(refusal) => Err(Error::Throttled(Box::new(refusal))),
            }
        })
        .await
    }

    /// Asks something of the throttle about the request.
    async fn access<T>(
        self,
        request: &Request,
        cost: u32,
        ask: impl AsyncFnOnce(Access<'_>) -> Result<T>,
    ) -> Result<T> {
        let identifier = self.authentication.get_identifier(request);
        let method = method_name(request.method());
        let address = request.recorded_path();
        let mut access = Access::new(&identifier)
            .resource(self.resource_name)
            .method(&method)
            .url(&address)
            .cost(cost);
        if request.site().tells_quotas() || rate_limit::wants_problem(request) {
            access = access.quotas();
        }
        ask(access).await
    }
}

fn hold(request: &mut Request, reservation: Reservation, cost: u32) {
    let progress = request.progress_mut();
    progress.quotas = reservation.quotas().into_iter().cloned().collect();
    progress.reservation = Some(reservation);
    progress.cost = cost;
}
