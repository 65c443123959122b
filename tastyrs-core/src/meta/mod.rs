//! What a resource says of itself.

mod export;
mod methods;

use std::{borrow::Cow, fmt, time::Duration};

use actix_web::http::Method;

use tastyrs_throttle::AnyThrottle;

pub use self::export::{Export, ExportFormat};
pub(crate) use self::methods::{ALL_METHODS, method_name};
use crate::{
    authentication::{AnyAuthentication, Authentication, LoginThrottle},
    authorization::{AnyAuthorization, Authorize, ReadOnlyAuthorization},
    cache::{AnyCache, NoCache},
    queries::Filtering,
    resource::Resource,
    serializers::Serializer,
    validation::{AnyValidation, Validate},
};

/// How many places of its throttle a request takes.
///
/// What a single request costs is said by [`Hooks::throttle_cost`](crate::resource::Hooks::throttle_cost) and
/// [`Request::charge`](crate::http::Request::charge).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cost {
    /// One, whatever it asks for.
    #[default]
    Request,
    /// A list that is written and a set take one for each of their objects, so that a bulk of 500 is not one request;
    /// a page of a list is one. An export takes one for each object that it sent, counted when it ends.
    Objects,
}

/// What a list says of how many objects it has in all, `total_count` in its `meta`.
///
/// Where it is not exact, whether there is a next page is found by a look at one row more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum TotalCount {
    /// As many as there are. Counted again only when the database has changed since, or where hooks or an authorization of
    /// one's own narrow the list: what they ask for may depend on more than the database, as on the time.
    #[default]
    Exact,
    /// As many as there were when the database last changed, hooks or not. The promise is that one statement, with the
    /// same values, finds the same rows as long as nobody writes; it is broken by one that looks at the database's clock.
    ///
    /// A SQLite file tells who has written if it keeps a write-ahead log, and PostgreSQL if it is no standby; elsewhere it
    /// is counted each time.
    Cached,
    /// About as many. PostgreSQL is asked for the guess of its planner; SQLite has one for a whole list, from `ANALYZE`, and
    /// counts where there is none.
    Estimated,
    /// Nobody counts, and `total_count` is left out.
    None,
}

impl TotalCount {
    /// Whether it is told as it is, and not guessed or left out.
    pub(crate) fn is_counted(self) -> bool {
        matches!(self, Self::Exact | Self::Cached)
    }
}

/// What a resource says of itself: Tastypie's `class Meta`.
///
/// The derive builds it from the attribute; `#[resource(meta = Self::configure)]` has a function change it
/// when the resource is registered, for what is known only then.
///
/// # Compatibility
///
/// `ResourceOptions`, `resources.py:68`, with its defaults.
#[non_exhaustive]
pub struct Meta<R: Resource> {
    /// The name in addresses; it may hold slashes.
    pub resource_name: Cow<'static, str>,
    /// The methods that the list allows; all five.
    pub list_allowed_methods: Vec<Method>,
    /// The methods that an object allows; all five.
    pub detail_allowed_methods: Vec<Method>,
    /// The objects on a page where the client does not say; 20, and 0 is as many as `max_limit` lets.
    pub limit: u64,
    /// The most objects on a page; 1,000, and 0 is any number.
    pub max_limit: u64,
    /// What lists say of how many objects there are in all; as many as there are.
    pub total_count: TotalCount,
    /// Who is turned away for calling too often; nobody, at no cost.
    pub throttle: Option<AnyThrottle>,
    /// How many places of the throttle a request takes; one.
    pub throttle_cost: Cost,
    /// Who calls; anybody.
    pub authentication: AnyAuthentication,
    /// How many failed logins are let through; as many as
    /// [`Api::login_throttle`](crate::api::Api::login_throttle) says.
    pub login_throttle: Option<LoginThrottle>,
    /// What they may do; read.
    pub authorization: AnyAuthorization<R>,
    /// Whether what they send is right; nobody looks, at no cost.
    pub validation: Option<AnyValidation<R>>,
    /// What is remembered of objects, and what caches on the way may do; nothing.
    pub cache: AnyCache,
    /// The formats that are written and read; JSON.
    pub serializer: Serializer,
    /// The format where a client does not say.
    pub default_format: Cow<'static, str>,
    /// By which fields clients may filter; none.
    pub filtering: Vec<(Cow<'static, str>, Filtering)>,
    /// By which fields clients may order; none.
    pub ordering: Vec<Cow<'static, str>>,
    /// In which formats the whole list is sent as a file; none.
    pub export: Option<Export<R>>,
    /// The name under which a list holds its objects.
    pub collection_name: Cow<'static, str>,
    /// The column by which an address names an object, or `pk`.
    pub detail_uri_name: Cow<'static, str>,
    /// Whether objects tell their address in the API.
    pub include_resource_uri: bool,
    /// Whether objects tell the address of the page that shows them.
    pub include_absolute_url: bool,
    /// Whether what is written is answered with.
    pub always_return_data: bool,
    /// The most bytes of a body; 2 MiB.
    pub max_body_bytes: usize,
    /// How long a body may take to arrive; 30 seconds.
    pub body_deadline: Duration,
}

impl<R: Resource> fmt::Debug for Meta<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Meta")
            .field("resource_name", &self.resource_name)
            .field("throttle", &self.throttle)
            .finish_non_exhaustive()
    }
}

impl<R: Resource> Meta<R> {
    /// The defaults under a name.
    pub fn new(resource_name: impl Into<Cow<'static, str>>) -> Self {
        Self {
            resource_name: resource_name.into(),
            list_allowed_methods: ALL_METHODS.to_vec(),
            detail_allowed_methods: ALL_METHODS.to_vec(),
            limit: 20,
            max_limit: 1_000,
            total_count: TotalCount::Exact,
            throttle: None,
            throttle_cost: Cost::Request,
            authentication: AnyAuthentication::new(Authentication::new()),
            login_throttle: None,
            authorization: AnyAuthorization::new(ReadOnlyAuthorization),
            validation: None,
            cache: AnyCache::new(NoCache::new()),
            serializer: Serializer::default(),
            default_format: Cow::Borrowed("application/json"),
            filtering: Vec::new(),
            ordering: Vec::new(),
            export: None,
            collection_name: Cow::Borrowed("objects"),
            detail_uri_name: Cow::Borrowed("pk"),
            include_resource_uri: true,
            include_absolute_url: false,
            always_return_data: false,
            max_body_bytes: 2 * 1024 * 1024,
            body_deadline: Duration::from_secs(30),
        }
    }
}

macro_rules! setters {
    ($($(#[$doc:meta])* $name:ident($argument:ident: $type:ty) => $value:expr;)*) => {
        impl<R: Resource> Meta<R> {$(
            $(#[$doc])*
            #[must_use]
            pub fn $name(mut self, $argument: $type) -> Self {
                self.$name = $value;
                self
            }
        )*}
    };
}
setters! {
    /// Sets the methods that the list allows.
    list_allowed_methods(methods: impl Into<Vec<Method>>) => methods.into();
    /// Sets the methods that an object allows.
    detail_allowed_methods(methods: impl Into<Vec<Method>>) => methods.into();
    /// Sets the objects on a page where the client does not say.
    limit(limit: u64) => limit;
    /// Sets the most objects on a page; 0 is any number.
    max_limit(limit: u64) => limit;
    /// Sets what lists say of how many objects there are in all.
    total_count(total_count: TotalCount) => total_count;
    /// Sets who is turned away for calling too often.
    throttle(throttle: impl Into<AnyThrottle>) => Some(throttle.into());
    /// Sets how many places of the throttle a request takes.
    throttle_cost(cost: Cost) => cost;
    /// Sets who may call.
    authentication(authentication: impl Into<AnyAuthentication>) => authentication.into();
    /// Sets how many failed logins are let through, where that is not as the API says.
    login_throttle(throttle: LoginThrottle) => Some(throttle);
    /// Sets what callers may do.
    authorization(authorization: impl Authorize<R>) => AnyAuthorization::new(authorization);
    /// Sets whether what callers send is right.
    validation(validation: impl Validate<R>) => Some(AnyValidation::new(validation));
    /// Sets what is remembered of objects, and what caches on the way may do.
    cache(cache: impl Into<AnyCache>) => cache.into();
    /// Sets the formats that are written and read.
    serializer(serializer: Serializer) => serializer;
    /// Sets the format where a client does not say, as a media type.
    default_format(mime: impl Into<Cow<'static, str>>) => mime.into();
    /// Sets in which formats the whole list is sent as a file.
    export(export: Export<R>) => Some(export);
    /// Sets the name under which a list holds its objects.
    collection_name(name: impl Into<Cow<'static, str>>) => name.into();
    /// Sets the column by which an address names an object.
    detail_uri_name(name: impl Into<Cow<'static, str>>) => name.into();
    /// Sets whether objects tell their address in the API.
    include_resource_uri(include: bool) => include;
    /// Sets whether objects tell the address of the page that shows them.
    include_absolute_url(include: bool) => include;
    /// Sets whether what is written is answered with.
    always_return_data(always: bool) => always;
    /// Sets the most bytes of a body.
    max_body_bytes(bytes: usize) => bytes;
    /// Sets how long a body may take to arrive.
    body_deadline(deadline: Duration) => deadline;
}

impl<R: Resource> Meta<R> {
    /// Sets the methods that the list and an object allow.
    #[must_use]
    pub fn allowed_methods(self, methods: impl Into<Vec<Method>>) -> Self {
        let methods = methods.into();
        self.list_allowed_methods(methods.clone())
            .detail_allowed_methods(methods)
    }

    /// Lets clients filter by a field.
    #[must_use]
    pub fn filtering(mut self, field: impl Into<Cow<'static, str>>, rule: Filtering) -> Self {
        self.filtering.push((field.into(), rule));
        self
    }

    /// Lets clients order by these fields.
    #[must_use]
    pub fn ordering<F: Into<Cow<'static, str>>>(
        mut self,
        fields: impl IntoIterator<Item = F>,
    ) -> Self {
        self.ordering = fields.into_iter().map(Into::into).collect();
        self
    }

    /// Has no throttle.
    #[must_use]
    pub fn without_throttle(mut self) -> Self {
        self.throttle = None;
        self
    }
}
