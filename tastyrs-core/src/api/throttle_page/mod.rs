//! What the throttles of an API decided, for those who run it.
//!
//! - [`Guard`]: who may see it
//! - `standing`: what is seen
//! - `html`: the page of it

mod guard;
mod html;
mod standing;

use actix_web::{
    HttpResponse,
    http::{
        Method, StatusCode,
        header::{
            CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, REFERRER_POLICY,
            X_CONTENT_TYPE_OPTIONS,
        },
    },
};

pub use self::guard::Guard;
use self::standing::Standing;
use super::{Binding, Declaring, entry::Pending, is_plain};
use crate::{
    cache::{AnyCache, NoCache},
    dispatch::{method_check, wrap_view},
    errors::{Error, Result},
    http::{Answer, Request},
};

/// The page of an API that has one.
pub(super) struct ThrottlePage {
    /// `throttles/`, behind the API's name.
    pub(super) path: String,
    pub(super) guard: Guard,
    cache: AnyCache,
}

impl ThrottlePage {
    pub(super) fn new(path: String, guard: Guard) -> Self {
        Self {
            path,
            guard,
            cache: AnyCache::new(NoCache::new()),
        }
    }

    /// Checks that its address is its own, and tells its authentication of the database.
    ///
    /// # Errors
    ///
    /// [`Error::Configuration`] where an address cannot be so, or is that of a resource.
    pub(super) fn check(
        &self,
        resources: &[Box<dyn Pending>],
        declaring: &Declaring,
    ) -> Result<()> {
        let name = self.path.trim_end_matches('/');
        if !name.split('/').all(is_plain) {
            return Err(Error::Configuration(format!(
                "`{name}` cannot be the address of `Api::throttle_page`: it must be words of letters, digits and `-_.~` between single slashes"
            )));
        }
        let mut names = resources.iter().map(|resource| resource.name());
        if let Some(taken) = names.find(|taken| {
            let behind = name.strip_prefix(taken);
            behind.is_some_and(|behind| behind.is_empty() || behind.starts_with('/'))
        }) {
            return Err(Error::Configuration(format!(
                "`{name}` of `Api::throttle_page` is an address of the resource `{taken}`"
            )));
        }
        self.guard.authentication.bind(&Binding {
            declaring,
            resource_name: name,
        })
    }

    /// Answers with the page, or with its figures as JSON.
    pub(super) async fn answer(&self, request: &mut Request) -> HttpResponse {
        let serializer = &request.site().clone().registry.serializer;
        let view = async |request: &mut Request| {
            method_check(request, &[Method::GET])?;
            self.guard.admit(request).await?;
            self.view(request).await
        };
        wrap_view(request, serializer, "application/json", &self.cache, view).await
    }

    async fn view(&self, request: &Request) -> Result<HttpResponse> {
        let standings = Standing::of_all(&request.site().registry.entries).await;
        let answer = Answer::new(StatusCode::OK);
        let answer = if wants_html(request) {
            answer
                .content_type("text/html; charset=utf-8")
                .header(CONTENT_SECURITY_POLICY, html::policy())
                .body(html::page(request.site().name(), &standings))
        } else {
            let body = serde_json::to_vec(&serde_json::json!({ "throttles": standings }));
            let body = body.map_err(|error| {
                Error::Configuration(format!("figures that are no JSON: {error}"))
            })?;
            answer.content_type("application/json").body(body)
        };
        Ok(answer
            .header(CACHE_CONTROL, "no-store")
            .header(X_CONTENT_TYPE_OPTIONS, "nosniff")
            .header(REFERRER_POLICY, "no-referrer")
            .header(X_FRAME_OPTIONS, "DENY")
            .into())
    }
}

const X_FRAME_OPTIONS: HeaderName = HeaderName::from_static("x-frame-options");

/// Whether the caller is a browser: `format` says it, or else `Accept`.
fn wants_html(request: &Request) -> bool {
    match request.params().get("format") {
        Some(format) => format == "html",
        None => request
            .header("accept")
            .is_some_and(|accept| accept.contains("text/html")),
    }
}
