//! Rates by caller, which can be changed while requests are served.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use crate::access::Access;
use crate::rate::Rates;

/// A table of the rates of single callers; a clone is the same table.
///
/// # Examples
///
/// ```
/// use tastyrs_throttle::{Access, Admission, AnyThrottle, CacheThrottle, Plans, Rates, Result};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<()> {
/// let plans = Plans::new();
/// let throttle = AnyThrottle::new(CacheThrottle::new().rate("1/m").rates_for(plans.lookup()));
/// let call = Access::new("daniel");
/// let Admission::Admitted(mut place) = throttle.reserve(&call).await? else {
///     panic!("the first call passes")
/// };
/// place.keep();
/// place.settle().await?;
/// assert!(matches!(throttle.reserve(&call).await?, Admission::Refused(_)));
///
/// plans.set("daniel", Rates::new(["100/s", "1000000/d"])?);
///
/// assert!(matches!(throttle.reserve(&call).await?, Admission::Admitted(_)));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default)]
pub struct Plans(Arc<RwLock<HashMap<String, Rates>>>);

impl Plans {
    /// Holds nobody yet: the throttle's own rates are everybody's.
    pub fn new() -> Self {
        Self::default()
    }

    /// Gives an identifier rates of its own, from its next request on.
    pub fn set(&self, identifier: impl Into<String>, rates: Rates) {
        self.0
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(identifier.into(), rates);
    }

    /// Gives an identifier the throttle's own rates again.
    pub fn remove(&self, identifier: &str) {
        self.0
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(identifier);
    }

    /// Replaces the whole table at once, as after reading it from a database.
    pub fn replace(&self, plans: impl IntoIterator<Item = (String, Rates)>) {
        let plans = plans.into_iter().collect();
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = plans;
    }

    /// Says which rates an identifier has, if they are its own.
    pub fn get(&self, identifier: &str) -> Option<Rates> {
        self.0
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(identifier)
            .cloned()
    }

    /// Looks callers up in the table: what the `rates_for` of a throttle wants.
    pub fn lookup(&self) -> impl Fn(&Access<'_>) -> Option<Rates> + Send + Sync + 'static {
        let plans = self.clone();
        move |access| plans.get(access.identifier)
    }
}
