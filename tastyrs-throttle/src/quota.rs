//! What a client may be told of where it stands.

use std::sync::Arc;
use std::time::Duration;

use crate::verdict::RetryAfter;

/// Where a caller stands with one rate or one limit of requests at once.
///
/// It is what the fields `RateLimit` and `RateLimit-Policy` say
/// (draft-ietf-httpapi-ratelimit-headers).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Quota {
    /// The name of the rate.
    pub name: Arc<str>,
    /// How much there is in all.
    pub limit: u64,
    /// How much is left now.
    pub remaining: u64,
    /// The length of the window, where there is one.
    pub window: Option<Duration>,
    /// For how long there will be no more than what is left; `None` where nothing was used or
    /// nobody knows.
    pub reset: Option<Duration>,
    /// What is counted.
    pub unit: Unit,
    /// Whether the request was refused because of it.
    pub violated: bool,
}

/// What a [`Quota`] counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unit {
    /// Requests in a window.
    #[default]
    Requests,
    /// Requests at once.
    ConcurrentRequests,
}

impl Quota {
    /// Has this name, and so much in all, none of which was used.
    pub fn new(name: impl Into<Arc<str>>, limit: u64) -> Self {
        Self {
            name: name.into(),
            limit,
            remaining: limit,
            window: None,
            reset: None,
            unit: Unit::Requests,
            violated: false,
        }
    }
}

/// Why a request has no place: when to come back, and where its caller stands.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use tastyrs_throttle::{Refusal, RetryAfter};
///
/// let refusal = Refusal::from(RetryAfter::After(Duration::from_secs(3)));
///
/// assert_eq!(refusal.retry_after.header_value().as_deref(), Some("3"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Refusal {
    /// When the caller may come back.
    pub retry_after: RetryAfter,
    /// Where it stands, if the [`Access`](crate::Access) asked for that and the throttle knows.
    pub quotas: Vec<Quota>,
}

impl From<RetryAfter> for Refusal {
    fn from(retry_after: RetryAfter) -> Self {
        Self {
            retry_after,
            quotas: Vec::new(),
        }
    }
}

impl Refusal {
    /// Adds where the caller stands.
    #[must_use]
    pub fn quotas(self, quotas: Vec<Quota>) -> Self {
        Self { quotas, ..self }
    }
}
