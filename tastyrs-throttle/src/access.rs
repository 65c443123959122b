//! The request as a throttle sees it.

use std::fmt;

use crate::redaction::Redaction;

/// Describes one request to a throttle.
///
/// # Examples
///
/// ```
/// use tastyrs_throttle::Access;
///
/// let access = Access::new("daniel").resource("notes").method("GET").url("/api/v1/notes/");
///
/// assert_eq!(access.identifier, "daniel");
/// assert_eq!(access.cost, 1);
/// ```
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct Access<'a> {
    /// Who is calling: a user's name, a key, an address. Two callers never share one.
    pub identifier: &'a str,
    /// The name of the resource, or nothing.
    pub resource: &'a str,
    /// The request's method, in any case.
    pub method: &'a str,
    /// The request's path and query.
    pub url: &'a str,
    /// How many places the request takes, 1 unless told otherwise. A request that costs 0 takes
    /// none; one that costs more than `throttle_at` never passes.
    pub cost: u32,
    /// Whether to tell where the caller stands; off unless told otherwise.
    pub quotas: bool,
}

impl<'a> Access<'a> {
    /// Begins with who is calling; the other texts are empty and the cost is 1.
    pub fn new(identifier: &'a str) -> Self {
        Self {
            identifier,
            resource: "",
            method: "",
            url: "",
            cost: 1,
            quotas: false,
        }
    }

    /// Names the resource that is called.
    #[must_use]
    pub fn resource(self, resource: &'a str) -> Self {
        Self { resource, ..self }
    }

    /// Names the method.
    #[must_use]
    pub fn method(self, method: &'a str) -> Self {
        Self { method, ..self }
    }

    /// Gives the path and query that are called.
    #[must_use]
    pub fn url(self, url: &'a str) -> Self {
        Self { url, ..self }
    }

    /// Says how many places the request takes.
    #[must_use]
    pub fn cost(self, cost: u32) -> Self {
        Self { cost, ..self }
    }

    /// Asks where the caller stands: a reservation and a refusal then hold a
    /// [`Quota`](crate::Quota) for each rate.
    #[must_use]
    pub fn quotas(self) -> Self {
        Self {
            quotas: true,
            ..self
        }
    }
}

/// Shows the address without its secrets.
impl fmt::Debug for Access<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Access")
            .field("identifier", &self.identifier)
            .field("resource", &self.resource)
            .field("method", &self.method)
            .field("url", &Redaction::new().apply(self.url))
            .field("cost", &self.cost)
            .finish_non_exhaustive()
    }
}

/// An [`Access`] that outlives its request.
pub(crate) struct OwnedAccess {
    identifier: String,
    resource: String,
    method: String,
    url: String,
    cost: u32,
}

impl OwnedAccess {
    pub(crate) fn of(access: &Access<'_>) -> Self {
        Self {
            identifier: access.identifier.to_owned(),
            resource: access.resource.to_owned(),
            method: access.method.to_owned(),
            url: access.url.to_owned(),
            cost: access.cost,
        }
    }

    pub(crate) fn borrow(&self) -> Access<'_> {
        Access {
            identifier: &self.identifier,
            resource: &self.resource,
            method: &self.method,
            url: &self.url,
            cost: self.cost,
            quotas: false,
        }
    }

    pub(crate) fn set_cost(&mut self, cost: u32) {
        self.cost = cost;
    }
}

impl fmt::Debug for OwnedAccess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.borrow().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_of_an_access_holds_no_secret() {
        let access = Access::new("daniel").url("/notes/?api_key=secret&a=1");

        let shown = format!("{access:?} {:?}", OwnedAccess::of(&access));

        assert!(shown.contains("api_key=***&a=1"), "{shown}");
        assert!(!shown.contains("secret"), "{shown}");
    }
}
