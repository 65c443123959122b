//! The throttle that does nothing.

use std::future::{Future, ready};

use crate::access::Access;
use crate::access_log::Binding;
use crate::errors::Result;
use crate::reservation::{Kind, Ticket};
use crate::settings::{Settings, setters};
use crate::throttle::{Admission, Throttle};
use crate::verdict::Verdict;

/// Accepts every option and lets every request through; useful while developing.
///
/// # Examples
///
/// ```
/// use tastyrs_throttle::{Access, BaseThrottle, Result, Throttle, Verdict};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<()> {
/// let throttle = BaseThrottle::new().throttle_at(1);
/// let call = Access::new("daniel");
/// throttle.accessed(&call).await?;
///
/// assert_eq!(throttle.should_be_throttled(&call).await?, Verdict::Allowed);
/// # Ok(())
/// # }
/// ```
///
/// # Compatibility
///
/// `BaseThrottle`, `throttle.py:9`.
#[derive(Clone, Debug, Default)]
pub struct BaseThrottle {
    settings: Settings,
}

impl BaseThrottle {
    /// Begins with tastypie's defaults: 150 requests in an hour, remembered for a week.
    pub fn new() -> Self {
        Self::default()
    }

    fn set(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        change(&mut self.settings);
        self
    }
}

setters!(BaseThrottle);

impl Throttle for BaseThrottle {
    fn should_be_throttled(&self, _: &Access<'_>) -> impl Future<Output = Result<Verdict>> + Send {
        ready(Ok(Verdict::Allowed))
    }

    fn reserve(&self, _: &Access<'_>) -> impl Future<Output = Result<Admission>> + Send {
        ready(Ok(Admission::Admitted(Ticket::of(Kind::Nothing))))
    }

    fn reserve_now(&self, _: &Access<'_>) -> Option<Result<Admission>> {
        Some(Ok(Admission::Admitted(Ticket::of(Kind::Nothing))))
    }

    /// Checks the settings, so that the throttle can be swapped for one that counts.
    fn bind(&self, _: &Binding) -> Result<()> {
        self.settings.limits().map(drop)
    }
}
