//! What a middleware answers itself.

use std::borrow::Cow;

use super::options::{Incoming, wants_problem};
use crate::errors::Error;
use crate::fields::{Field, Fields};
use crate::problem::{PROBLEM_JSON, REDUCED_CAPACITY, quota_exceeded};
use crate::quota::Refusal;

/// An answer, as far as it depends on no framework.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) fields: Vec<Field>,
    /// Of the type `application/problem+json`; without one the body is empty.
    pub(crate) body: Option<Cow<'static, str>>,
}

impl Answer {
    /// Turns a request away.
    pub(crate) fn refused(request: &impl Incoming, refusal: &Refusal, fields: Fields) -> Self {
        let problem = wants_problem(request).then(|| quota_exceeded(refusal).into());
        Self::with(429, fields.refused(refusal), problem)
    }

    /// Says that the throttle failed, and nothing of how, which goes to the log.
    pub(crate) fn failed(request: &impl Incoming, error: &Error) -> Self {
        let path = request.url().split('?').next().unwrap_or_default();
        match error {
            Error::AccessLog { .. } | Error::WriterEnded => {
                tracing::error!(target: "tastyrs::throttle", path, %error, "the store of a throttle is away");
                let problem = wants_problem(request).then_some(REDUCED_CAPACITY.into());
                Self::with(503, vec![("retry-after", "1".into())], problem)
            }
            Error::Setting { .. }
            | Error::ClocksDiffer
            | Error::NoAccessLog { .. }
            | Error::Prefix { .. }
            | Error::Network { .. }
            | Error::Own { .. } => {
                tracing::error!(target: "tastyrs::throttle", path, %error, "a throttle failed");
                Self::with(500, Vec::new(), None)
            }
        }
    }

    fn with(status: u16, mut fields: Vec<Field>, body: Option<Cow<'static, str>>) -> Self {
        if body.is_some() {
            fields.push(("content-type", PROBLEM_JSON.into()));
        }
        Self {
            status,
            fields,
            body,
        }
    }
}
