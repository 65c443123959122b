//! The throttle that does nothing.

use std::future::{Future, ready};
use std::time::Duration;

use crate::access::Access;
use crate::access_log::Binding;
use crate::errors::Result;
use crate::reservation::{Kind, Ticket};
use crate::settings::Settings;
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

    /// Accepts the number of requests in a timeframe.
    #[must_use]
    pub fn throttle_at(mut self, throttle_at: u32) -> Self {
        self.settings.throttle_at = throttle_at;
        self
    }

    /// Accepts the length of the window.
    #[must_use]
    pub fn timeframe(mut self, timeframe: Duration) -> Self {
        self.settings.timeframe = timeframe;
        self
    }

    /// Accepts how long an identifier is remembered.
    #[must_use]
    pub fn expiration(mut self, expiration: Duration) -> Self {
        self.settings.expiration = expiration;
        self
    }
}

impl Throttle for BaseThrottle {
    fn should_be_throttled(&self, _: &Access<'_>) -> impl Future<Output = Result<Verdict>> + Send {
        ready(Ok(Verdict::Allowed))
    }

    fn reserve(&self, _: &Access<'_>) -> impl Future<Output = Result<Admission>> + Send {
        ready(Ok(Admission::Admitted(Ticket::of(Kind::Nothing))))
    }

    /// Checks the settings, so that the throttle can be swapped for one that counts.
    fn bind(&self, _: &Binding) -> Result<()> {
        self.settings.limit().map(drop)
    }
}
