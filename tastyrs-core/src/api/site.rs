//! An API at its place in the address space.

use std::{any::TypeId, collections::HashMap, fmt, sync::Arc};

use foldhash::fast::RandomState;
use tastyrs_throttle::{ClientAddress, Fields};

use super::{
    entry::{Entry, View},
    throttle_page::ThrottlePage,
    upkeep::Upkeep,
};
use crate::{
    authentication::LoginThrottle,
    compatibility::Compatibility,
    database::Dialect,
    django::Accesses,
    resource::{Mounted, RelatedRows, Resource},
    serializers::Serializer,
};

/// The resources of an API that was built.
pub(crate) struct Registry {
    pub(super) name: String,
    pub(super) compatibility: Compatibility,
    pub(super) script_prefix: String,
    pub(super) allow_missing_slash: bool,
    pub(super) serializer: Serializer,
    pub(super) clients: ClientAddress,
    pub(super) login_throttle: LoginThrottle,
    /// The longest names first, so that `auth/user` goes before `auth`.
    pub(super) entries: Vec<Entry>,
    /// Asked several times a request, so hashed quickly.
    pub(super) by_type: HashMap<TypeId, usize, RandomState>,
    /// In which header fields clients are told where they stand.
    pub(super) fields: Fields,
    pub(super) upkeep: Upkeep,
    pub(super) throttle_page: Option<ThrottlePage>,
}

/// An API that was built, to be mounted at one place or several; clones are cheap.
#[derive(Clone)]
pub struct Mount(pub(super) Arc<Registry>);

impl fmt::Debug for Mount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Mount").field(&self.0.name).finish()
    }
}

impl Mount {
    pub(super) fn new(registry: Registry) -> Self {
        Self(Arc::new(registry))
    }

    /// The API as a service of actix-web: `scope("/api")` of the API `v1` answers below `/api/v1/`.
    ///
    /// ```no_run
    /// # fn serve(api: tastyrs_core::api::Mount) {
    /// let app = actix_web::App::new().service(api.scope("/api"));
    /// # }
    /// ```
    pub fn scope(&self, prefix: &str) -> actix_web::Scope {
        // This is called by each worker, so its throttles may have a connection there.
        #[cfg(feature = "redis")]
        tastyrs_throttle::Redis::connect_in_this_runtime();
        let prefix = prefix.trim_matches('/');
        let base = if prefix.is_empty() {
            format!("/{}", self.0.name)
        } else {
            format!("/{prefix}/{}", self.0.name)
        };
        let site = Arc::new(Site {
            registry: Arc::clone(&self.0),
            base: base.clone(),
        });
        super::serve::scope(&base, site)
    }
}

/// Where an address leads.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Route {
    Index,
    Throttles,
    View {
        entry: usize,
        view: View,
    },
    /// To the same address with a slash behind it.
    Slash,
    Nowhere,
}

/// An API at its place in the address space.
pub(crate) struct Site {
    pub(super) registry: Arc<Registry>,
    /// `/api/v1`.
    base: String,
}

impl fmt::Debug for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Site")
            .field("base", &self.base)
            .finish_non_exhaustive()
    }
}

impl Site {
    /// In which header fields clients are told where they stand.
    pub(crate) fn fields(&self) -> Fields {
        self.registry.fields
    }

    /// Whether clients are told where they stand.
    pub(crate) fn tells_quotas(&self) -> bool {
        self.registry.fields.any()
    }

    /// The name of the API.
    pub(crate) fn name(&self) -> &str {
        &self.registry.name
    }

    /// The table of accesses that throttles write down.
    pub(crate) fn accesses(&self) -> Option<&Arc<dyn Accesses>> {
        self.registry.upkeep.accesses.as_ref()
    }

    pub(crate) fn compatibility(&self) -> Compatibility {
        self.registry.compatibility
    }

    /// How the address of a caller is found.
    pub(crate) fn clients(&self) -> &ClientAddress {
        &self.registry.clients
    }

    /// How many failed logins are let through, unless a resource says otherwise.
    pub(crate) fn login_throttle(&self) -> &LoginThrottle {
        &self.registry.login_throttle
    }

    /// The resource of a type.
    pub(crate) fn resource<R: Resource>(&self) -> Option<Arc<Mounted<R>>> {
        let place = *self.registry.by_type.get(&TypeId::of::<R>())?;
        self.registry.entries[place]
            .mounted
            .downcast_ref::<Arc<Mounted<R>>>()
            .cloned()
    }

    /// The resource of a type, as those that are related to it see it.
    pub(crate) fn related_rows<DB: Dialect>(
        &self,
        resource: TypeId,
    ) -> Option<&dyn RelatedRows<DB>> {
        let place = *self.registry.by_type.get(&resource)?;
        let rows = self.registry.entries[place].related_rows.as_ref()?;
        rows.downcast_ref::<Box<dyn RelatedRows<DB>>>()
            .map(|rows| &**rows)
    }

    /// The address of a list.
    pub(crate) fn list_uri(&self, prefix: &str, resource_name: &str) -> String {
        let script_prefix = &self.registry.script_prefix;
        let mut uri = String::with_capacity(
            script_prefix.len() + prefix.len() + self.base.len() + resource_name.len() + 2,
        );
        for part in [script_prefix, prefix, &self.base, "/", resource_name, "/"] {
            uri.push_str(part);
        }
        uri
    }

    /// The address of the list of a resource of a type.
    pub(crate) fn uri_of(&self, prefix: &str, resource: TypeId) -> Option<String> {
        let place = *self.registry.by_type.get(&resource)?;
        Some(self.list_uri(prefix, &self.registry.entries[place].name))
    }

    /// What stands in front of the API's own addresses, of the part of a path that actix-web matched.
    pub(super) fn prefix<'p>(&self, matched: &'p str) -> Option<&'p str> {
        matched.strip_suffix(self.base.as_str())
    }

    /// Where an address leads; `rest` is what stands behind the API's name, decoded.
    pub(super) fn route(&self, rest: &str) -> Route {
        let Some(path) = rest.strip_prefix('/') else {
            return Route::Slash;
        };
        if path.is_empty() {
            return Route::Index;
        }
        if path.contains('\n') {
            return Route::Nowhere;
        }
        if let Some(route) = self.view(path) {
            return route;
        }
        match self.view(&format!("{path}/")) {
            Some(route) if self.registry.allow_missing_slash => route,
            Some(_) => Route::Slash,
            None => Route::Nowhere,
        }
    }

    fn view(&self, path: &str) -> Option<Route> {
        let page = self.registry.throttle_page.as_ref();
        if page.is_some_and(|page| page.path == path) {
            return Some(Route::Throttles);
        }
        self.registry
            .entries
            .iter()
            .enumerate()
            .find_map(|(place, entry)| {
                let rest = path.strip_prefix(entry.name.as_str())?.strip_prefix('/')?;
                entry
                    .views
                    .route(rest)
                    .map(|view| Route::View { entry: place, view })
            })
    }
}
