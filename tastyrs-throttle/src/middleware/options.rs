//! What a middleware is told.

use std::borrow::Cow;
use std::fmt;
use std::iter;
use std::net::IpAddr;
use std::sync::Arc;

use super::Caller;
use super::answers::wants_problem;
use crate::access::Access;
use crate::client::{AddressKey, ClientAddress, ForwardedHeader};
use crate::counts::Counts;
use crate::fields::Fields;
use crate::throttle::AnyThrottle;

/// A question that is asked of each request.
pub(crate) type Ask<R, T> = Arc<dyn Fn(&R) -> T + Send + Sync>;

/// The options of a middleware whose requests are `R`.
pub(crate) struct Options<R> {
    pub(crate) throttle: AnyThrottle,
    pub(crate) clients: ClientAddress,
    pub(crate) caller: Option<Ask<R, Caller>>,
    pub(crate) peer: Option<Ask<R, Option<IpAddr>>>,
    pub(crate) resource: Cow<'static, str>,
    pub(crate) resource_of: Option<Ask<R, Cow<'static, str>>>,
    pub(crate) cost: Option<Ask<R, u32>>,
    pub(crate) counts: Counts,
    pub(crate) fields: Fields,
    pub(crate) preflights_pass: bool,
}

impl<R> Clone for Options<R> {
    fn clone(&self) -> Self {
        Self {
            throttle: self.throttle.clone(),
            clients: self.clients.clone(),
            caller: self.caller.clone(),
            peer: self.peer.clone(),
            resource: self.resource.clone(),
            resource_of: self.resource_of.clone(),
            cost: self.cost.clone(),
            ..*self
        }
    }
}

/// A request as a framework has it.
pub(crate) trait Incoming {
    /// The address of the connection.
    fn peer(&self) -> Option<IpAddr>;
    fn method(&self) -> &str;
    /// Path and query.
    fn url(&self) -> &str;
    /// The lines of a header, in the order in which they were sent.
    fn lines(&self, header: Header) -> impl DoubleEndedIterator<Item = &[u8]>;
}

/// A header that middlewares read.
#[derive(Clone, Copy)]
pub(crate) enum Header {
    Accept,
    Origin,
    RequestMethod,
    Forwarded,
    XForwardedFor,
}

/// One request, as far as its access borrows from nothing else.
pub(crate) struct Asked {
    identifier: Identifier,
    resource: Cow<'static, str>,
    cost: u32,
    quotas: bool,
}

/// Who is counted.
enum Identifier {
    Address(AddressKey),
    Named(String),
}

impl Identifier {
    fn as_str(&self) -> &str {
        match self {
            Self::Address(key) => key.as_str(),
            Self::Named(name) => name,
        }
    }
}

impl Asked {
    pub(crate) fn access<'a>(&'a self, request: &'a impl Incoming) -> Access<'a> {
        let access = Access::new(self.identifier.as_str())
            .resource(&self.resource)
            .method(request.method())
            .url(request.url())
            .cost(self.cost);
        if self.quotas { access.quotas() } else { access }
    }
}

impl<R: Incoming> Options<R> {
    pub(crate) fn new(throttle: AnyThrottle) -> Self {
        Self {
            throttle,
            clients: ClientAddress::new(),
            caller: None,
            peer: None,
            resource: Cow::Borrowed(""),
            resource_of: None,
            cost: None,
            counts: Counts::default(),
            fields: Fields::default(),
            preflights_pass: false,
        }
    }

    /// What is asked of the throttle for a request; nothing where it is not counted.
    pub(crate) fn ask(&self, request: &R) -> Option<Asked> {
        if self.preflights_pass && is_preflight(request) {
            return None;
        }
        let identifier = match &self.caller {
            None => Identifier::Address(self.address(request)),
            Some(caller) => Identifier::Named(match caller(request) {
                Caller::Named(name) if name.starts_with(ADDRESS) => format!("{ADDRESS}{name}"),
                Caller::Named(name) => name,
                Caller::Address => format!("{ADDRESS}{}", self.address(request).as_str()),
                Caller::Uncounted => return None,
            }),
        };
        Some(Asked {
            identifier,
            resource: match &self.resource_of {
                Some(resource) => resource(request),
                None => self.resource.clone(),
            },
            cost: self.cost.as_ref().map_or(1, |cost| cost(request)),
            quotas: self.fields.any() || wants_problem(request),
        })
    }

    /// The key of the address that a request came from.
    fn address(&self, request: &R) -> AddressKey {
        let peer = match &self.peer {
            Some(peer) => peer(request),
            None => request.peer(),
        };
        let header = match self.clients.forwarded_header() {
            ForwardedHeader::XForwardedFor => Header::XForwardedFor,
            ForwardedHeader::Forwarded => Header::Forwarded,
        };
        // Found where the peer is a trusted proxy, and not looked for elsewhere.
        let lines = iter::once_with(|| request.lines(header)).flatten();
        self.clients.address_key(self.clients.of(peer, lines))
    }
}

const ADDRESS: &str = "address:";

fn is_preflight(request: &impl Incoming) -> bool {
    let has = |header| request.lines(header).next().is_some();
    request.method() == "OPTIONS" && has(Header::RequestMethod) && has(Header::Origin)
}

impl<R> fmt::Debug for Options<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("throttle", &self.throttle)
            .field("resource", &self.resource)
            .field("counts", &self.counts)
            .field("fields", &self.fields)
            .finish_non_exhaustive()
    }
}

/// Writes the setters that all middlewares have: `setters! { Middleware, Request }`, where the
/// middleware has `fn set(self, impl FnOnce(&mut Options<Request>)) -> Self`.
macro_rules! setters {
    ($middleware:ty, $request:ty) => {
        impl $middleware {
            /// Says who a request is counted for: a name, [`Caller::Address`], or nobody, which
            /// an `Option` says too. Without it everybody is counted by their address.
            ///
            /// It is asked before anything behind the middleware, so it sees what a client claims
            /// and what the middlewares in front of this one found out.
            #[must_use]
            pub fn identifier<C: Into<Caller>>(
                self,
                identifier: impl Fn(&$request) -> C + Send + Sync + 'static,
            ) -> Self {
                self.set(|options| {
                    options.caller = Some(Arc::new(move |request| identifier(request).into()));
                })
            }

            /// Finds the address of a caller so: behind proxies, or by another part of it than the
            /// first 64 bits of IPv6.
            #[must_use]
            pub fn client_address(self, clients: ClientAddress) -> Self {
                self.set(|options| options.clients = clients)
            }

            /// Names what is called, for access logs and metrics. It does not part the counts.
            #[must_use]
            pub fn resource(self, resource: impl Into<Cow<'static, str>>) -> Self {
                self.set(|options| options.resource = resource.into())
            }

            /// Names what each request calls, where that differs. Return few different names: each
            /// is a label of metrics.
            #[must_use]
            pub fn resource_of<T: Into<Cow<'static, str>>>(
                self,
                resource: impl Fn(&$request) -> T + Send + Sync + 'static,
            ) -> Self {
                self.set(|options| {
                    options.resource_of = Some(Arc::new(move |request| resource(request).into()));
                })
            }

            /// Says how many places a request takes; 1 without it. One that turns out otherwise
            /// has a [`Charge`] in the extensions of its answer.
            #[must_use]
            pub fn cost(self, cost: impl Fn(&$request) -> u32 + Send + Sync + 'static) -> Self {
                self.set(|options| options.cost = Some(Arc::new(cost)))
            }

            /// Says which requests count, where the throttle itself was not told: all of them
            /// without it.
            #[must_use]
            pub fn counts(self, counts: Counts) -> Self {
                self.set(|options| options.counts = counts)
            }

            /// Says which fields tell the client where it stands: `RateLimit` and
            /// `RateLimit-Policy` without it.
            #[must_use]
            pub fn fields(self, fields: Fields) -> Self {
                self.set(|options| options.fields = fields)
            }

            /// Lets CORS preflights through without counting them: requests of the method OPTIONS
            /// with `Origin` and `Access-Control-Request-Method`, which browsers send by
            /// themselves. Anybody can send them, so what is behind must answer them cheaply.
            #[must_use]
            pub fn preflights_pass(self) -> Self {
                self.set(|options| options.preflights_pass = true)
            }
        }
    };
}
pub(crate) use setters;
