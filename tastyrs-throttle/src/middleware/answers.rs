//! What a middleware answers itself.

use std::borrow::Cow;

use super::options::{Header, Incoming};
use crate::errors::Error;
use crate::fields::{Fields, Name, Put, Text};
use crate::problem::{PROBLEM_JSON, REDUCED_CAPACITY, asks_for_problem, quota_exceeded};
use crate::quota::Refusal;

/// An answer, as far as it depends on no framework.
pub(crate) struct Answer<'a> {
    why: Why<'a>,
    /// Whether its caller asked for a problem.
    problem: bool,
}

enum Why<'a> {
    Refused(&'a Refusal, Fields),
    Away,
    Failed,
}

impl<'a> Answer<'a> {
    /// Turns a request away.
    pub(crate) fn refused(request: &impl Incoming, refusal: &'a Refusal, fields: Fields) -> Self {
        Self {
            why: Why::Refused(refusal, fields),
            problem: wants_problem(request),
        }
    }

    /// Says that the throttle failed, and nothing of how, which goes to the log.
    pub(crate) fn failed(path: &str, problem: bool, error: &Error) -> Self {
        Self {
            why: if matches!(error, Error::StoreAway) {
                // It was said once, when the store went away.
                Why::Away
            } else if error.is_of_the_access_log() {
                tracing::error!(target: "tastyrs::throttle", path, %error, "the store of a throttle is away");
                Why::Away
            } else {
                tracing::error!(target: "tastyrs::throttle", path, %error, "a throttle failed");
                Why::Failed
            },
            problem,
        }
    }

    pub(crate) fn status(&self) -> u16 {
        match self.why {
            Why::Refused(..) => 429,
            Why::Away => 503,
            Why::Failed => 500,
        }
    }

    /// Hands each field to `put`.
    pub(crate) fn fields(&self, put: &mut Put<'_>) {
        match self.why {
            Why::Refused(refusal, fields) => fields.put_refused(refusal, put),
            Why::Away => put(Name::RetryAfter, Text::Fixed("1")),
            Why::Failed => {}
        }
        if self.problem && !matches!(self.why, Why::Failed) {
            put(Name::ContentType, Text::Fixed(PROBLEM_JSON));
        }
    }

    /// The body, of the type `application/problem+json`; without one it is empty.
    pub(crate) fn body(&self) -> Option<Cow<'static, str>> {
        match self.why {
            Why::Refused(refusal, _) if self.problem => Some(quota_exceeded(refusal).into()),
            Why::Away if self.problem => Some(REDUCED_CAPACITY.into()),
            Why::Refused(..) | Why::Away | Why::Failed => None,
        }
    }
}

/// Whether the caller asks for a problem in case of a refusal.
pub(crate) fn wants_problem(request: &impl Incoming) -> bool {
    request
        .lines(Header::Accept)
        .filter_map(|line| str::from_utf8(line).ok())
        .any(asks_for_problem)
}
