//! Resources under one name: registration, addresses, the listing of them all.
//!
//! - [`Api`]: what is declared
//! - `declaring`: what is checked when the parts meet
//! - `entry`: a resource, whatever its type
//! - [`urls`](Urls): addresses of one's own
//! - `site`: an API at its place in the address space
//! - `serve`: requests from actix-web
//! - `run`: serving until the process is told to end
//! - `upkeep`: what is looked after while it runs: throttles, and the accesses that they write down
//! - `index`: the listing
//! - `throttle_page`: what its throttles decided, for those who run it

mod declaring;
mod entry;
mod index;
mod run;
mod serve;
mod site;
mod throttle_page;
mod upkeep;
mod urls;

use std::{
    any::{Any, TypeId},
    borrow::Cow,
    collections::HashMap,
    fmt,
    sync::Arc,
};

use tastyrs_throttle::{AccessLog, ClientAddress, Fields, ForwardedHeader, TrustedProxies};

pub use self::{declaring::Binding, site::Mount, throttle_page::Guard, urls::Urls};
pub(crate) use self::{declaring::Declaring, site::Site, upkeep::no_database};
use self::{
    entry::{Entry, Pending},
    site::Registry,
    throttle_page::ThrottlePage,
    upkeep::Upkeep,
};
use crate::{
    authentication::LoginThrottle,
    compatibility::Compatibility,
    database::{Database, Dialect},
    django::{AccessTable, Accesses, Accounts, Retention},
    errors::{Error, Result},
    resource::Hooks,
    serializers::Serializer,
};

/// Resources under one name, such as `v1`.
///
/// # Compatibility
///
/// `Api`, `api.py:22`.
pub struct Api {
    name: String,
    compatibility: Compatibility,
    script_prefix: String,
    allow_missing_slash: bool,
    serializer: Serializer,
    default_formats: Serializer,
    databases: HashMap<TypeId, Box<dyn Any + Send + Sync>>,
    accesses: Option<Arc<dyn Accesses>>,
    retention: Option<Retention>,
    accounts: Option<Arc<dyn Accounts>>,
    /// Or the first setting that was wrong.
    clients: tastyrs_throttle::Result<ClientAddress>,
    login_throttle: Option<LoginThrottle>,
    fields: Option<Fields>,
    throttle_page: Option<ThrottlePage>,
    resources: Vec<Box<dyn Pending>>,
}

impl fmt::Debug for Api {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Api")
            .field("name", &self.name)
            .field("resources", &self.resources.len())
            .finish_non_exhaustive()
    }
}

impl Api {
    /// An API without resources.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            compatibility: Compatibility::Strict,
            script_prefix: String::new(),
            allow_missing_slash: false,
            serializer: Serializer::default(),
            default_formats: Serializer::default(),
            databases: HashMap::new(),
            accesses: None,
            retention: None,
            accounts: None,
            clients: Ok(ClientAddress::new()),
            login_throttle: None,
            fields: None,
            throttle_page: None,
            resources: Vec::new(),
        }
    }

    /// Gives its resources a database; one for each backend.
    #[must_use]
    pub fn database<DB: Dialect>(mut self, database: Database<DB>) -> Self {
        self.accounts
            .get_or_insert_with(|| Arc::new(database.clone()));
        self.accesses
            .get_or_insert_with(|| Arc::new(AccessTable::new(database.clone())));
        self.databases
            .insert(TypeId::of::<DB>(), Box::new(database));
        self
    }

    /// Has authentications look accounts up here, instead of in the tables `auth_user` and beside it of the first
    /// database.
    #[must_use]
    pub fn accounts(mut self, accounts: impl Accounts) -> Self {
        self.accounts = Some(Arc::new(accounts));
        self
    }

    /// Believes these proxies where they say whom they were called by: networks such as `10.0.0.0/8`, addresses such as
    /// `::1`, and `unix` for connections that have no address. Nobody is believed unless it is said here.
    ///
    /// Each of them must add to the header what address it was called from, or write the header anew. A wrong text fails
    /// when the API is built.
    ///
    /// # Examples
    ///
    /// ```
    /// use tastyrs_core::api::Api;
    ///
    /// let api = Api::new("v1").trusted_proxies(["10.0.0.0/8", "::1"]);
    /// # assert!(api.build().is_ok());
    /// ```
    #[must_use]
    pub fn trusted_proxies<N: AsRef<str>>(self, networks: impl IntoIterator<Item = N>) -> Self {
        let proxies = TrustedProxies::new(networks);
        self.set_clients(|clients| Ok(clients.trusted_proxies(proxies?)))
    }

    /// Sets the header that the trusted proxies write; `X-Forwarded-For` unless said otherwise. The other one is never
    /// looked at, since a proxy that does not know it passes on what the client sent.
    #[must_use]
    pub fn forwarded_header(self, header: ForwardedHeader) -> Self {
        self.set_clients(|clients| Ok(clients.header(header)))
    }

    /// Sets by how many of its first bits an IPv4 address is counted, 32 unless said otherwise. More than 32 fails when
    /// the API is built.
    #[must_use]
    pub fn ipv4_prefix(self, bits: u8) -> Self {
        self.set_clients(|clients| clients.ipv4_prefix(bits))
    }

    /// Sets by how many of its first bits an IPv6 address is counted, 64 unless said otherwise. More than 128 fails when
    /// the API is built.
    #[must_use]
    pub fn ipv6_prefix(self, bits: u8) -> Self {
        self.set_clients(|clients| clients.ipv6_prefix(bits))
    }

    /// Sets how many failed logins are let through. Unless it is said here or by a resource, an address may fail 100 times
    /// in five minutes, and any number of times with [`Compatibility::Tastypie`].
    #[must_use]
    pub fn login_throttle(mut self, throttle: LoginThrottle) -> Self {
        self.login_throttle = Some(throttle);
        self
    }

    fn set_clients(
        mut self,
        set: impl FnOnce(ClientAddress) -> tastyrs_throttle::Result<ClientAddress>,
    ) -> Self {
        self.clients = self.clients.and_then(set);
        self
    }

    /// Adds a resource.
    ///
    /// # Compatibility
    ///
    /// `Api.register`, `api.py:39`.
    #[must_use]
    pub fn register<R: Hooks>(mut self, resource: R) -> Self {
        self.resources.push(entry::pending(resource));
        self
    }

    /// Sets how closely it follows Tastypie where Tastypie is loose.
    #[must_use]
    pub fn compatible(mut self, compatibility: Compatibility) -> Self {
        self.compatibility = compatibility;
        self
    }

    /// Sets what a proxy strips from the front of addresses, as in `/shop`; it stands in those that we write.
    #[must_use]
    pub fn script_prefix(mut self, prefix: impl Into<String>) -> Self {
        let mut prefix = prefix.into();
        prefix.truncate(prefix.trim_end_matches('/').len());
        self.script_prefix = prefix;
        self
    }

    /// Answers addresses without their last slash, instead of redirecting to those with it.
    ///
    /// # Compatibility
    ///
    /// `TASTYPIE_ALLOW_MISSING_SLASH`, `utils/urls.py`.
    #[must_use]
    pub fn allow_missing_slash(mut self, allow: bool) -> Self {
        self.allow_missing_slash = allow;
        self
    }

    /// Sets the formats, by name, of whatever does not say which it has; without it they are JSON and those of XML, YAML
    /// and property lists whose feature is on.
    ///
    /// # Compatibility
    ///
    /// `TASTYPIE_DEFAULT_FORMATS`, `serializers.py:163`.
    #[must_use]
    pub fn default_formats<N: Into<Cow<'static, str>>>(
        mut self,
        names: impl IntoIterator<Item = N>,
    ) -> Self {
        self.default_formats = self.default_formats.formats(names);
        self
    }

    /// Sets in which header fields clients are told where they stand with their throttle: `RateLimit` and
    /// `RateLimit-Policy`, unless it follows Tastypie, which tells nothing.
    #[must_use]
    pub fn rate_limit_fields(mut self, fields: Fields) -> Self {
        self.fields = Some(fields);
        self
    }

    /// Shows at `path`, such as `throttles/`, what the throttles of its resources decided: who calls most, who is turned
    /// away most and how they stand, as a page and as JSON. `guard` says who may see it.
    ///
    /// What is shown was seen by this process since it started, of up to 256 identifiers of each kind. Without the page
    /// nothing is followed.
    ///
    /// # Examples
    ///
    /// ```
    /// use tastyrs_core::{api::{Api, Guard}, authentication::BasicAuthentication};
    ///
    /// let api = Api::new("v1").throttle_page("throttles/", Guard::superusers(BasicAuthentication::new()));
    /// # let _ = api;
    /// ```
    #[must_use]
    pub fn throttle_page(mut self, path: &str, guard: Guard) -> Self {
        let path = path.trim_matches('/').to_owned() + "/";
        self.throttle_page = Some(ThrottlePage::new(path, guard));
        self
    }

    /// Has accesses deleted that were written down and need not be kept, in the background and for as long as the API
    /// is there; without it nothing deletes them. It is the table of the first database.
    #[must_use]
    pub fn retention(mut self, retention: Retention) -> Self {
        self.retention = Some(retention);
        self
    }

    /// Sets the formats of the listing.
    #[must_use]
    pub fn serializer(mut self, serializer: Serializer) -> Self {
        self.serializer = serializer;
        self
    }

    /// Puts the parts together, and checks what can only be seen when they meet.
    ///
    /// # Errors
    ///
    /// [`Error::Configuration`], naming those concerned: two resources of one name, a relation to a resource that
    /// is not registered, objects written out in a circle, a filter or order by a field that is not there, a
    /// resource without its database, a throttle that lacks what it needs, a format that nobody knows, a proxy that is
    /// no network.
    pub fn build(self) -> Result<Mount> {
        let mut declaring = Declaring::new(self.databases, self.accounts, self.compatibility);
        let mut resources = self.resources;
        resources.sort_by_key(|resource| std::cmp::Reverse(resource.name().len()));
        if !is_plain(&self.name) {
            let name = &self.name;
            return Err(Error::Configuration(format!(
                "`{name}` cannot be the name of an API: it must be one word of letters, digits and `-_.~`"
            )));
        }
        let wrong = |error: tastyrs_throttle::Error| Error::Configuration(error.to_string());
        let clients = self.clients.map_err(wrong)?;
        let login_throttle = self.login_throttle.unwrap_or_else(|| {
            if self.compatibility.is_tastypie() {
                LoginThrottle::none()
            } else {
                LoginThrottle::new()
            }
        });
        let access_log = self
            .accesses
            .clone()
            .map(|accesses| accesses as Arc<dyn AccessLog>);
        login_throttle
            .bind(format!("/{}/", self.name), access_log.as_ref())
            .map_err(|error| Error::Configuration(format!("`Api::login_throttle`: {error}")))?;
        check_names(&resources)?;
        let (formats, compatibility) = (self.default_formats, self.compatibility);
        formats
            .clone()
            .settle(&formats, compatibility, "`Api::default_formats`")?;
        let mut serializer = self.serializer;
        serializer.settle(&formats, compatibility, "the listing")?;
        for resource in &mut resources {
            resource.settle_formats(&formats, compatibility)?;
        }
        for resource in &resources {
            resource.declare(&mut declaring)?;
        }
        declaring.freeze()?;
        if let Some(page) = &self.throttle_page {
            page.check(&resources, &declaring)?;
        }
        let watched = self.throttle_page.is_some();
        let entries = resources
            .into_iter()
            .map(|resource| resource.finish(&declaring, &self.name, access_log.clone(), watched))
            .collect::<Result<Vec<Entry>>>()?;
        let throttles = entries.iter().flat_map(|entry| &entry.throttles);
        let throttles = throttles.chain(login_throttle.throttles()).cloned();
        let upkeep = Upkeep::new(throttles.collect(), self.accesses, self.retention);
        let by_type = entries
            .iter()
            .enumerate()
            .map(|(place, entry)| (entry.type_id, place))
            .collect();
        let usual_fields = match self.compatibility {
            Compatibility::Strict => Fields::RateLimit,
            Compatibility::Tastypie => Fields::None,
        };
        Ok(Mount::new(Registry {
            name: self.name,
            compatibility: self.compatibility,
            script_prefix: self.script_prefix,
            allow_missing_slash: self.allow_missing_slash,
            serializer,
            clients,
            login_throttle,
            fields: self.fields.unwrap_or(usual_fields),
            entries,
            by_type,
            upkeep,
            throttle_page: self.throttle_page,
        }))
    }
}

/// Whether text can stand in an address as it is, between slashes.
fn is_plain(text: &str) -> bool {
    !text.is_empty()
        && text
            .chars()
            .all(|letter| letter.is_alphanumeric() || "-_.~".contains(letter))
}

fn check_names(resources: &[Box<dyn Pending>]) -> Result<()> {
    for (position, resource) in resources.iter().enumerate() {
        let name = resource.name();
        let plain = name.split('/').all(is_plain);
        if !plain {
            return Err(Error::Configuration(format!(
                "`{name}` of {} cannot be a `resource_name`: it must be words of letters, digits and `-_.~` between single slashes",
                resource.type_name()
            )));
        }
        for other in &resources[..position] {
            if other.name() == name {
                return Err(Error::Configuration(format!(
                    "two resources are named `{name}`: {} and {}",
                    other.type_name(),
                    resource.type_name()
                )));
            }
            if other.resource_type() == resource.resource_type() {
                return Err(Error::Configuration(format!(
                    "{} is registered twice, as `{}` and as `{name}`",
                    resource.type_name(),
                    other.name()
                )));
            }
        }
    }
    Ok(())
}
