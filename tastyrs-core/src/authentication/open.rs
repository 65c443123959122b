//! Everybody is let in.

use super::{Authenticate, Claim};
use crate::{errors::Result, http::Request};

/// Lets everybody in, and knows them by their address.
///
/// # Compatibility
///
/// `Authentication`, `authentication.py:53`. The identifier is the address and `nohost`, as where a server does
/// not look up names; an IPv6 address counts by its first 64 bits unless
/// [`Api::ipv6_prefix`](crate::api::Api::ipv6_prefix) says otherwise.
#[derive(Debug, Clone, Copy, Default)]
pub struct Authentication;

impl Authentication {
    /// Lets everybody in.
    pub const fn new() -> Self {
        Self
    }
}

impl Authenticate for Authentication {
    async fn is_authenticated(&self, _: &mut Request) -> Result<()> {
        Ok(())
    }

    fn get_identifier(&self, request: &Request) -> String {
        address(request)
    }

    /// Nothing, since nothing is looked at.
    fn claim(&self, _: &Request) -> Option<Claim> {
        None
    }
}

/// The name of a caller of whom nothing but the address is known.
pub(super) fn address(request: &Request) -> String {
    let mut name = request.site().clients().key(request.client());
    name.push_str("_nohost");
    name
}
