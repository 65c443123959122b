//! A resource of an API, whatever its type.

use std::{
    any::{Any, TypeId},
    collections::HashSet,
    future::ready,
    pin::Pin,
    sync::Arc,
    time::Duration,
};

use actix_web::{HttpResponse, http::Method};
use tastyrs_throttle::{AccessLog, AnyThrottle, Watch};

use super::{Binding, Declaring};
use crate::{
    cache::AnyCache,
    compatibility::Compatibility,
    data::Data,
    dispatch::{RequestType, method_check},
    errors::{Error, Result},
    fields::{Field, Fields, Kind},
    http::Request,
    meta::Meta,
    resource::{Hooks, Mounted, Resource, Source},
    schema::build_schema,
    serializers::Serializer,
};

/// A resource that was registered, before the API is built.
pub(super) trait Pending: Send {
    fn name(&self) -> &str;
    fn type_name(&self) -> &'static str;
    fn resource_type(&self) -> TypeId;
    fn settle_formats(&mut self, formats: &Serializer, compatibility: Compatibility) -> Result<()>;
    fn declare(&self, declaring: &mut Declaring) -> Result<()>;
    fn finish(
        self: Box<Self>,
        declaring: &Declaring,
        api_name: &str,
        access_log: Option<Arc<dyn AccessLog>>,
        watched: bool,
    ) -> Result<Entry>;
}

struct Registered<R: Resource> {
    resource: R,
    meta: Meta<R>,
    fields: Fields<R>,
}

pub(super) fn pending<R: Hooks>(resource: R) -> Box<dyn Pending> {
    let meta = resource.meta_of(R::meta());
    let mut fields = R::fields();
    let has = |fields: &Fields<R>, name: &str| fields.0.iter().any(|field| field.spec.name == name);
    if meta.include_resource_uri && !has(&fields, "resource_uri") {
        fields.0.insert(0, Field::resource_uri());
    }
    if meta.include_absolute_url && !has(&fields, "absolute_url") {
        fields.0.push(Field::absolute_url());
    }
    Box::new(Registered {
        resource,
        meta,
        fields,
    })
}

impl<R: Hooks> Pending for Registered<R> {
    fn name(&self) -> &str {
        &self.meta.resource_name
    }

    fn type_name(&self) -> &'static str {
        std::any::type_name::<R>()
    }

    fn resource_type(&self) -> TypeId {
        TypeId::of::<R>()
    }

    fn settle_formats(&mut self, formats: &Serializer, compatibility: Compatibility) -> Result<()> {
        let whose = format!("`{}`", self.meta.resource_name);
        self.meta.serializer.settle(formats, compatibility, &whose)
    }

    fn declare(&self, declaring: &mut Declaring) -> Result<()> {
        let mut names = HashSet::new();
        if let Some(twice) = self
            .fields
            .0
            .iter()
            .find(|field| !names.insert(field.spec.name))
        {
            return Err(Error::Configuration(format!(
                "two fields of `{}` are named `{}`",
                self.meta.resource_name, twice.spec.name
            )));
        }
        let meta = &self.meta;
        let wrong = |option: &str, said: &str, why: &str| {
            Err(Error::Configuration(format!(
                "`{option}` of `{}` is `{said}`, {why}",
                meta.resource_name
            )))
        };
        for field in &self.fields.0 {
            let (is, given) = (
                field.spec.kind.dehydrated_type(),
                field.given.map(Kind::dehydrated_type),
            );
            if let Some(given) =
                given.filter(|given| *given != is && field.spec.relation().is_none())
            {
                return wrong(
                    "dehydrate",
                    field.spec.name,
                    &format!("a field of type `{is}` that is given `{given}`"),
                );
            }
        }
        if matches!(meta.collection_name.as_ref(), "" | "meta" | "not_found") {
            return wrong(
                "collection_name",
                &meta.collection_name,
                "which lists use for something else",
            );
        }
        if !meta.serializer.writes(&meta.default_format) {
            return wrong(
                "default_format",
                &meta.default_format,
                "which its serializer does not write",
            );
        }
        R::Source::declare(&self.meta, &self.fields, declaring)
    }

    fn finish(
        self: Box<Self>,
        declaring: &Declaring,
        api_name: &str,
        access_log: Option<Arc<dyn AccessLog>>,
        watched: bool,
    ) -> Result<Entry> {
        let Self {
            resource,
            mut meta,
            fields,
        } = *self;
        let state = R::Source::state(&meta, &fields, declaring)?;
        let binding = Binding {
            declaring,
            resource_name: &meta.resource_name,
        };
        meta.authentication.bind(&binding)?;
        meta.authorization.bind(&binding)?;
        let address = format!("/{api_name}/{}/", meta.resource_name);
        if let Some(logins) = &meta.login_throttle {
            logins
                .bind(address.clone(), access_log.as_ref())
                .map_err(|error| {
                    Error::Configuration(format!(
                        "the login throttle of `{}`: {error}",
                        meta.resource_name
                    ))
                })?;
        }
        if let Some(throttle) = &meta.throttle {
            throttle
                .bind(&tastyrs_throttle::Binding {
                    resource: meta.resource_name.to_string(),
                    addresses: vec![address],
                    access_log,
                })
                .map_err(|error| {
                    Error::Configuration(format!(
                        "the throttle of `{}`: {error}",
                        meta.resource_name
                    ))
                })?;
        }
        let mut watch = None;
        if watched && let Some(throttle) = &mut meta.throttle {
            let seen = Watch::new();
            *throttle = throttle.clone().watched(&seen);
            watch = Some((throttle.clone(), seen));
        }
        let mut throttles: Vec<AnyThrottle> = meta.throttle.iter().cloned().collect();
        if let Some(logins) = &meta.login_throttle {
            throttles.extend(logins.throttles().cloned());
        }
        let urls = resource.prepend_urls();
        urls.check().map_err(|wrong| {
            Error::Configuration(format!(
                "`prepend_urls` of `{}`: {wrong}",
                meta.resource_name
            ))
        })?;
        let sorted = sorted(&mut fields.0.iter().map(|field| field.spec.name));
        let mounted = Arc::new(Mounted {
            resource,
            meta,
            fields: fields.0,
            sorted,
            urls,
            state,
            compatibility: declaring.compatibility,
        });
        Ok(Entry {
            name: mounted.meta.resource_name.to_string(),
            type_id: TypeId::of::<R>(),
            related_rows: R::Source::related_rows(&mounted),
            throttles,
            watch,
            mounted: Box::new(Arc::clone(&mounted)),
            views: Box::new(mounted),
        })
    }
}

/// The positions of fields in the order of their names.
fn sorted(names: &mut dyn Iterator<Item = &'static str>) -> Vec<usize> {
    let mut named: Vec<(&str, usize)> = names.zip(0..).collect();
    named.sort_unstable();
    named.into_iter().map(|(_, position)| position).collect()
}

/// A resource of an API.
pub(crate) struct Entry {
    pub(super) name: String,
    pub(super) type_id: TypeId,
    /// An `Arc<Mounted<R>>`.
    pub(super) mounted: Box<dyn Any + Send + Sync>,
    /// A `Box<dyn RelatedRows<DB>>`.
    pub(super) related_rows: Option<Box<dyn Any + Send + Sync>>,
    /// Those of its requests and of its logins.
    pub(super) throttles: Vec<AnyThrottle>,
    /// That of its requests and what it has seen, where somebody wants to know.
    pub(super) watch: Option<(AnyThrottle, Watch)>,
    pub(super) views: Box<dyn Views>,
}

/// Which view of a resource an address leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum View {
    /// The endpoints of this path, by their places, and what its open places hold.
    Endpoint {
        places: Vec<usize>,
        captures: Vec<(&'static str, String)>,
    },
    List,
    Schema,
    /// The whole list as a file whose name ends so.
    Export(&'static str),
    /// The names between semicolons.
    Set(String),
    Detail(String),
}

type Local<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// The views of a resource, whatever its type.
pub(super) trait Views: Send + Sync {
    /// The view at an address behind the resource's name and a slash.
    fn route(&self, rest: &str) -> Option<View>;
    fn call<'a>(&'a self, view: View, request: &'a mut Request) -> Local<'a, Result<HttpResponse>>;
    fn serializer(&self) -> &Serializer;
    fn default_format(&self) -> &str;
    fn cache(&self) -> &AnyCache;
    fn schema(&self, request: &Request) -> Data<'static>;
    fn max_body_bytes(&self) -> usize;
    fn body_deadline(&self) -> Duration;
}

impl<R: Hooks> Views for Arc<Mounted<R>> {
    fn route(&self, rest: &str) -> Option<View> {
        if let Some((places, captures)) = self.urls.route(rest) {
            return Some(View::Endpoint { places, captures });
        }
        if rest.is_empty() {
            return Some(View::List);
        }
        if let Some(format) = self.meta.export.as_ref().and_then(|export| export.at(rest)) {
            return Some(View::Export(format.extension()));
        }
        let name = rest.strip_suffix('/')?;
        if name == "schema" {
            return Some(View::Schema);
        }
        if let Some(names) = rest
            .strip_prefix("set/")
            .and_then(|names| names.strip_suffix('/'))
        {
            return Some(View::Set(names.to_owned()));
        }
        Some(View::Detail(name.to_owned()))
    }

    fn call<'a>(&'a self, view: View, request: &'a mut Request) -> Local<'a, Result<HttpResponse>> {
        let resource = &self.resource;
        let asked = match view {
            View::List => RequestType::List,
            View::Detail(name) => {
                request.progress_mut().named = name;
                RequestType::Detail
            }
            View::Set(names) => {
                request.progress_mut().named = names;
                return Box::pin(resource.get_multiple(request));
            }
            View::Export(extension) => {
                extension.clone_into(&mut request.progress_mut().named);
                return match &self.meta.export {
                    Some(export) => (export.view)(resource, request),
                    None => Box::pin(ready(Err(Error::NotFound))),
                };
            }
            View::Schema => return Box::pin(resource.get_schema(request)),
            View::Endpoint { places, captures } => {
                request.progress_mut().captures = captures;
                return Box::pin(endpoint(self, places, request));
            }
        };
        Box::pin(resource.dispatch(asked, request))
    }

    fn serializer(&self) -> &Serializer {
        &self.meta.serializer
    }

    fn default_format(&self) -> &str {
        &self.meta.default_format
    }

    fn cache(&self) -> &AnyCache {
        &self.meta.cache
    }

    fn schema(&self, request: &Request) -> Data<'static> {
        build_schema(self, request)
    }

    fn max_body_bytes(&self) -> usize {
        self.meta.max_body_bytes
    }

    fn body_deadline(&self) -> Duration {
        self.meta.body_deadline
    }
}

/// Calls the endpoint of the request's method.
async fn endpoint<R: Hooks>(
    mounted: &Mounted<R>,
    places: Vec<usize>,
    request: &mut Request,
) -> Result<HttpResponse> {
    let mut methods = Vec::with_capacity(places.len());
    for place in &places {
        methods.push(mounted.urls.endpoints[*place].method.clone());
    }
    let endpoint = &mounted.urls.endpoints[places[chosen(request, &methods)?]];
    let answer = (endpoint.call)(&mounted.resource, request).await?;
    if mounted.meta.throttle.is_some()
        && !request.progress().throttle_checked
        && endpoint.forgot_to_ask()
    {
        warn_of(endpoint.name, &mounted.meta.resource_name);
    }
    Ok(answer)
}

/// The place of the request's method among those of the endpoints at its address.
fn chosen(request: &Request, methods: &[Method]) -> Result<usize> {
    let method = method_check(request, methods)?;
    let wanted = if method == Method::HEAD && !methods.contains(&method) {
        Method::GET
    } else {
        method
    };
    let place = methods.iter().position(|method| *method == wanted);
    place.ok_or(Error::NotFound)
}

/// Says that an endpoint did not ask the throttle.
fn warn_of(endpoint: &str, resource_name: &str) {
    tracing::warn!(
        target: "tastyrs::throttle",
        resource = resource_name,
        endpoint,
        "the endpoint answered without `throttle_check`, though its resource has a throttle; \
         say `.unthrottled()` behind it in `prepend_urls` if that is meant"
    );
}
