//! How many calls there were, over HTTP.

use std::fmt;

use actix_web::http::Method;
use chrono::NaiveDateTime;

use super::{Period, Usage, UsageQuery};
use crate::{
    api::no_database,
    authentication::AnyAuthentication,
    data::Value,
    errors::{Error, Result},
    fields::{Field, Fields, Kind, Wanted},
    http::Request,
    meta::Meta,
    resource::{Hooks, ObjectSource, Objects, Resource},
};

/// A resource that says how often callers called: `usage`, to be registered beside others.
///
/// Each object has an `identifier`, a `start`, a `period` and a number of `calls`. Whoever is staff or a superuser sees
/// those of everybody; anybody else sees their own, by the identifier that throttles know them by. It is read only.
///
/// | parameter | is | without it |
/// |---|---|---|
/// | `period` | `hour`, `day` or `month`, in UTC | `day` |
/// | `identifier` | whose calls | everybody's |
/// | `start__gte`, `start__lt` | from when on, and until before when | the last 24 hours, 31 days or 366 days |
/// | `limit`, `offset` | a page | 20 from the first |
///
/// # Examples
///
/// ```
/// use tastyrs_core::{api::Api, authentication::ApiKeyAuthentication, django::UsageResource};
///
/// let api = Api::new("v1").register(UsageResource::new(ApiKeyAuthentication::new()));
/// # let _ = api;
/// ```
pub struct UsageResource {
    authentication: AnyAuthentication,
}

impl fmt::Debug for UsageResource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UsageResource")
    }
}

impl UsageResource {
    /// Lets in whom this authentication does.
    pub fn new(authentication: impl Into<AnyAuthentication>) -> Self {
        Self {
            authentication: authentication.into(),
        }
    }

    /// What a request asks for, cut down to what its caller may see; nothing where that is nothing.
    fn asked(&self, request: &Request) -> Result<Option<UsageQuery>> {
        let parameters = request.params();
        let period = match parameters.get("period") {
            Some(name) => Period::of(name).ok_or_else(|| {
                Error::bad_request("The 'period' must be one of 'hour', 'day' and 'month'.")
            })?,
            None => Period::default(),
        };
        let mut query = UsageQuery::new(period).limit(MOST + 1);
        query.from = moment(request, "start__gte")?;
        query.until = moment(request, "start__lt")?;
        query.identifier = parameters.get("identifier").map(ToOwned::to_owned);
        let sees_all = |user: &crate::http::User| user.is_staff || user.is_superuser;
        if !request.user().is_some_and(sees_all) {
            let own = self.authentication.get_identifier(request);
            if query.identifier.is_some_and(|asked| asked != own) {
                return Ok(None);
            }
            query.identifier = Some(own);
        }
        Ok(Some(query))
    }
}

/// The most objects of all pages together.
const MOST: u32 = 10_000;

fn moment(request: &Request, name: &'static str) -> Result<Option<NaiveDateTime>> {
    let Some(text) = request.params().get(name) else {
        return Ok(None);
    };
    match Wanted::any(name, Kind::DateTime, false).read(&Value::from(text))? {
        Value::DateTime(moment) => Ok(Some(moment)),
        _ => Ok(None),
    }
}

impl Resource for UsageResource {
    type Object = Usage;
    type List = Vec<Usage>;
    type Source = Objects;

    const READS_OBJECTS: bool = true;

    fn meta() -> Meta<Self> {
        Meta::new("usage")
            .list_allowed_methods([Method::GET])
            .detail_allowed_methods([])
            .include_resource_uri(false)
    }

    fn meta_of(&self, meta: Meta<Self>) -> Meta<Self> {
        meta.authentication(self.authentication.clone())
    }

    fn fields() -> Fields<Self> {
        let calls = |used: &Usage| Value::from(i64::try_from(used.calls).unwrap_or(i64::MAX));
        Fields::new()
            .field(
                Field::read::<String>("identifier", |used: &Usage| used.identifier.as_str().into())
                    .help_text("Who called."),
            )
            .field(
                Field::read::<NaiveDateTime>("start", |used: &Usage| used.start.into())
                    .help_text("When the period began, in UTC."),
            )
            .field(
                Field::read::<String>("period", |used: &Usage| used.period.name().into())
                    .help_text("`hour`, `day` or `month`."),
            )
            .field(Field::read::<i64>("calls", calls).help_text("How many calls there were."))
    }
}

impl Hooks for UsageResource {}

impl ObjectSource for UsageResource {
    fn obj_get_list(&self, request: &Request) -> Result<Vec<Usage>> {
        let Some(query) = self.asked(request)? else {
            return Ok(Vec::new());
        };
        let accesses = request.site().accesses().ok_or_else(no_database)?;
        let used = accesses.usage(&query)?;
        if used.len() > MOST as usize {
            return Err(Error::bad_request(
                "There are too many. Ask for an 'identifier', or for a shorter time by 'start__gte' and 'start__lt'.",
            ));
        }
        Ok(used)
    }

    fn obj_get(&self, _: &Request, _: &str) -> Result<Usage> {
        Err(Error::NotFound)
    }

    fn detail_uri(&self, used: &Usage) -> String {
        used.identifier.clone()
    }
}
