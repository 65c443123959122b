//! A resource of an API, whatever its type.

use std::{
    any::{Any, TypeId},
    collections::HashSet,
    future::ready,
    pin::Pin,
    sync::Arc,
    time::Duration,
};

use actix_web::HttpResponse;
use tastyrs_throttle::{AccessLog, AnyThrottle, Watch};

use super::{Binding, Declaring, urls::Endpoints};
use crate::{
    authentication::LoginThrottle,
    cache::AnyCache,
    compatibility::Compatibility,
    data::Data,
    dispatch::RequestType,
    errors::{Error, Result},
    fields::{Field, FieldSpec, Fields, Kind},
    http::Request,
    meta::{ExportFormat, Meta},
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
        let meta = &self.meta;
        let fields = self.fields.0.iter();
        check_fields(
            &meta.resource_name,
            &mut fields.map(|field| (&field.spec, field.given)),
        )?;
        check_options(
            &meta.resource_name,
            &meta.collection_name,
            &meta.serializer,
            &meta.default_format,
        )?;
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
        let (throttles, watch) = bind_throttles(
            &meta.resource_name,
            &mut meta.throttle,
            meta.login_throttle.as_ref(),
            api_name,
            access_log,
            watched,
        )?;
        let urls = resource.prepend_urls();
        check_urls(&meta.resource_name, &urls.endpoints)?;
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

/// A mistake in an option of a resource.
fn wrong(resource_name: &str, option: &str, said: &str, why: &str) -> Error {
    Error::Configuration(format!(
        "`{option}` of `{resource_name}` is `{said}`, {why}"
    ))
}

/// Looks for mistakes in fields: what they are, and what code of one's own gives them.
fn check_fields(
    resource_name: &str,
    fields: &mut dyn Iterator<Item = (&FieldSpec, Option<Kind>)>,
) -> Result<()> {
    let fields: Vec<_> = fields.collect();
    let mut names = HashSet::new();
    if let Some((twice, _)) = fields.iter().find(|(spec, _)| !names.insert(spec.name)) {
        return Err(Error::Configuration(format!(
            "two fields of `{resource_name}` are named `{}`",
            twice.name
        )));
    }
    for (spec, given) in fields {
        let (is, given) = (
            spec.kind.dehydrated_type(),
            given.map(Kind::dehydrated_type),
        );
        if let Some(given) = given.filter(|given| *given != is && spec.relation().is_none()) {
            return Err(wrong(
                resource_name,
                "dehydrate",
                spec.name,
                &format!("a field of type `{is}` that is given `{given}`"),
            ));
        }
    }
    Ok(())
}

/// Looks for mistakes in options.
fn check_options(
    resource_name: &str,
    collection_name: &str,
    serializer: &Serializer,
    default_format: &str,
) -> Result<()> {
    if matches!(collection_name, "" | "meta" | "not_found") {
        let why = "which lists use for something else";
        return Err(wrong(
            resource_name,
            "collection_name",
            collection_name,
            why,
        ));
    }
    if !serializer.writes(default_format) {
        let why = "which its serializer does not write";
        return Err(wrong(resource_name, "default_format", default_format, why));
    }
    Ok(())
}

/// Tells the throttles of a resource whose they are, and gives them back: those of its requests and of its logins, and
/// the former with what it has seen, where somebody wants to know.
fn bind_throttles(
    resource_name: &str,
    throttle: &mut Option<AnyThrottle>,
    logins: Option<&LoginThrottle>,
    api_name: &str,
    access_log: Option<Arc<dyn AccessLog>>,
    watched: bool,
) -> Result<(Vec<AnyThrottle>, Option<Watched>)> {
    let address = format!("/{api_name}/{resource_name}/");
    if let Some(logins) = logins {
        logins
            .bind(address.clone(), access_log.as_ref())
            .map_err(|error| {
                Error::Configuration(format!("the login throttle of `{resource_name}`: {error}"))
            })?;
    }
    if let Some(throttle) = throttle {
        throttle
            .bind(&tastyrs_throttle::Binding {
                resource: resource_name.to_owned(),
                addresses: vec![address],
                access_log,
            })
            .map_err(|error| {
                Error::Configuration(format!("the throttle of `{resource_name}`: {error}"))
            })?;
    }
    let mut watch = None;
    if watched && let Some(throttle) = throttle {
        let seen = Watch::new();
        *throttle = throttle.clone().watched(&seen);
        watch = Some((throttle.clone(), seen));
    }
    let mut throttles: Vec<AnyThrottle> = throttle.iter().cloned().collect();
    if let Some(logins) = logins {
        throttles.extend(logins.throttles().cloned());
    }
    Ok((throttles, watch))
}

fn check_urls(resource_name: &str, endpoints: &Endpoints) -> Result<()> {
    endpoints.check().map_err(|wrong| {
        Error::Configuration(format!("`prepend_urls` of `{resource_name}`: {wrong}"))
    })
}

/// The positions of fields in the order of their names.
fn sorted(names: &mut dyn Iterator<Item = &'static str>) -> Vec<usize> {
    let mut pairs: Vec<(&str, usize)> = names.zip(0..).collect();
    pairs.sort_unstable();
    pairs.into_iter().map(|(_, position)| position).collect()
}

/// A throttle, and what it has seen.
type Watched = (AnyThrottle, Watch);

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
    pub(super) watch: Option<Watched>,
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
        let export = |rest: &str| self.meta.export.as_ref()?.at(rest);
        route(&self.urls.endpoints, &export, rest)
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

/// The view at an address behind the resource's name and a slash: an endpoint of one's own first.
fn route(
    endpoints: &Endpoints,
    export: &dyn Fn(&str) -> Option<ExportFormat>,
    rest: &str,
) -> Option<View> {
    if let Some((places, captures)) = endpoints.route(rest) {
        return Some(View::Endpoint { places, captures });
    }
    if rest.is_empty() {
        return Some(View::List);
    }
    if let Some(format) = export(rest) {
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

/// Calls the endpoint of the request's method.
async fn endpoint<R: Hooks>(
    mounted: &Mounted<R>,
    places: Vec<usize>,
    request: &mut Request,
) -> Result<HttpResponse> {
    let urls = &mounted.urls;
    let place = urls.endpoints.chosen(&places, request)?;
    let answer = urls.call(place, &mounted.resource, request).await?;
    if mounted.meta.throttle.is_some() {
        urls.endpoints
            .check_asked(place, request, &mounted.meta.resource_name);
    }
    Ok(answer)
}
