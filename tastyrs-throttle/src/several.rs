//! Several throttles that hold at once.

use std::cmp::Ordering;

use chrono::{DateTime, TimeDelta, Utc};

use crate::access::Access;
use crate::access_log::Binding;
use crate::clock::Clock;
use crate::errors::Result;
use crate::reservation::{Kind, Ticket};
use crate::throttle::{Admission, AnyThrottle, Throttle};
use crate::verdict::{RetryAfter, Verdict};

/// All of them, or none: a request takes a place with each, and where one refuses it gives the
/// places back that it took with the others.
#[derive(Debug)]
pub(crate) struct Several {
    throttles: Vec<AnyThrottle>,
    clock: Clock,
}

impl Several {
    pub(crate) fn new(throttles: Vec<AnyThrottle>) -> Self {
        Self {
            throttles,
            clock: Clock::system(),
        }
    }

    /// The later of two times.
    fn later(&self, one: RetryAfter, other: RetryAfter) -> RetryAfter {
        let now = DateTime::<Utc>::from(self.clock.wall());
        let wait = |retry_after| match retry_after {
            RetryAfter::Unknown => None,
            RetryAfter::After(wait) => Some(TimeDelta::from_std(wait).unwrap_or(TimeDelta::MAX)),
            RetryAfter::At(moment) => Some(moment - now),
        };
        match wait(one).cmp(&wait(other)) {
            Ordering::Less => other,
            Ordering::Equal | Ordering::Greater => one,
        }
    }
}

impl Throttle for Several {
    async fn should_be_throttled(&self, access: &Access<'_>) -> Result<Verdict> {
        let mut verdict = Verdict::Allowed;
        for throttle in &self.throttles {
            verdict = match (verdict, throttle.should_be_throttled(access).await?) {
                (verdict, Verdict::Allowed) => verdict,
                (Verdict::Allowed, refused) => refused,
                (Verdict::Throttled(one), Verdict::Throttled(other)) => {
                    Verdict::Throttled(self.later(one, other))
                }
            };
        }
        Ok(verdict)
    }

    async fn accessed(&self, access: &Access<'_>) -> Result<()> {
        for throttle in &self.throttles {
            throttle.accessed(access).await?;
        }
        Ok(())
    }

    async fn reserve(&self, access: &Access<'_>) -> Result<Admission> {
        let mut places = Vec::with_capacity(self.throttles.len());
        let mut throttles = self.throttles.iter();
        while let Some(throttle) = throttles.next() {
            match throttle.take(access).await? {
                Admission::Admitted(place) => places.push(place),
                Admission::Refused(mut refusal) => {
                    drop(places);
                    for throttle in throttles {
                        if let Verdict::Throttled(other) =
                            throttle.should_be_throttled(access).await?
                        {
                            refusal.retry_after = self.later(refusal.retry_after, other);
                        }
                    }
                    return Ok(Admission::Refused(refusal));
                }
            }
        }
        Ok(Admission::Admitted(Ticket::of(Kind::All(places))))
    }

    fn bind(&self, binding: &Binding) -> Result<()> {
        self.throttles
            .iter()
            .try_for_each(|throttle| throttle.bind(binding))
    }
    async fn drain(&self) -> Result<()> {
        let mut drained = Ok(());
        for throttle in &self.throttles {
            drained = drained.and(throttle.drain().await);
        }
        drained
    }

    fn keys(&self) -> Option<usize> {
        let keys = self.throttles.iter().filter_map(AnyThrottle::keys);
        keys.reduce(|one, other| one + other)
    }

    fn describe(&self) -> Option<String> {
        let words = self.throttles.iter().filter_map(AnyThrottle::describe);
        words.reduce(|one, other| format!("{one}, {other}"))
    }
}
