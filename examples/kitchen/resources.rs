//! The resources that show one part of the framework each.

use std::time::Duration;

use diesel::prelude::*;
// Diesel's prelude has a `Column` too.
use tastyrs::fields::Column;
use tastyrs::{
    authentication::{ApiKeyAuthentication, BasicAuthentication, MultiAuthentication},
    prelude::*,
    serializers::{DatetimeFormatting, Serializer},
    validation::FormValidation,
};

use super::{
    models::{Category, Measurement, MediaBit, Note, Subject},
    notes::{NoteResource, UserResource},
    schema::note,
    throttles::{Shut, ShutUntil, shared, shared_and_written},
};

#[derive(ModelResource)]
#[resource(
    model = MediaBit,
    resource_name = "mediabits",
    filtering(title = ALL, note = ALL_WITH_RELATIONS),
    ordering(title, note),
    authorization = Authorization,
    always_return_data
)]
pub struct MediaBitResource {
    #[field(attribute = note_id, null, full)]
    note: ToOne<NoteResource>,
}

#[derive(ModelResource)]
#[resource(
    model = MediaBit,
    resource_name = "mediabits_lite",
    filtering(note = ALL),
    authorization = Authorization
)]
pub struct MediaBitLiteResource {
    #[field(attribute = note_id, null, full_detail)]
    note: ToOne<NoteResource>,
}

#[derive(ModelResource)]
#[resource(
    model = Measurement,
    resource_name = "measurements",
    filtering(
        id = ALL, whole = ALL, big = ALL, ratio = ALL, price = ALL, flag = ALL, maybe = ALL, day = ALL, clock = ALL,
        stamp = ALL, label = ALL, body = ALL, opt_whole = ALL, opt_big = ALL, opt_ratio = ALL, opt_price = ALL,
        opt_day = ALL, opt_clock = ALL, opt_stamp = ALL, opt_label = ALL, opt_body = ALL, kind = ALL, code = ALL,
    ),
    ordering(
        id, whole, big, ratio, price, flag, maybe, day, clock, stamp, label, body, opt_whole, opt_big, opt_ratio,
        opt_price, opt_day, opt_clock, opt_stamp, opt_label, opt_body, kind, code,
    ),
    authorization = Authorization
)]
pub struct MeasurementResource {
    /// What a schema says; a row without one has none.
    #[field(default = "", help_text = "Unicode string data. Ex: \"Hello World\"")]
    opt_body: Column<Option<String>>,
}

#[derive(ModelResource)]
#[resource(
    model = Category,
    resource_name = "categories",
    filtering(name = ALL, parent = ALL_WITH_RELATIONS),
    ordering(name, parent),
    authorization = Authorization
)]
pub struct CategoryResource {
    #[field(attribute = parent_id, null)]
    parent: ToOne<Self>,
}

#[derive(ModelResource)]
#[resource(model = Note, resource_name = "slugnotes", detail_uri_name = slug, authorization = Authorization)]
pub struct SlugNoteResource;

#[derive(ModelResource)]
#[resource(
    model = Note,
    resource_name = "keyed",
    filtering(title = ALL),
    authentication = ApiKeyAuthentication::new(),
    owner = author_id,
    always_return_data
)]
pub struct KeyedResource {
    #[field(attribute = author_id, null, readonly)]
    author: ToOne<UserResource>,
}

#[derive(ModelResource)]
#[resource(
    model = Note,
    resource_name = "basic",
    allowed_methods(get),
    authentication = BasicAuthentication::new()
)]
pub struct BasicResource;

#[derive(ModelResource)]
#[resource(
    model = Note,
    resource_name = "multi",
    authentication = MultiAuthentication::new((ApiKeyAuthentication::new(), BasicAuthentication::new())),
    authorization = Authorization,
    throttle = shared(CacheThrottle::new().throttle_at(5)),
)]
pub struct MultiResource;

/// What a note must be like.
#[derive(serde::Deserialize, garde::Validate)]
struct NoteForm {
    #[garde(length(chars, max = 100))]
    title: String,
    #[garde(pattern(r"^[-a-z0-9]+$"))]
    slug: String,
}

#[derive(ModelResource)]
#[resource(
    model = Note,
    resource_name = "validated",
    authorization = Authorization,
    validation = FormValidation::<NoteForm>::new()
)]
pub struct ValidatedResource;

#[derive(ModelResource)]
#[resource(
    model = Note,
    resource_name = "throttled",
    authorization = Authorization,
    throttle = shared(CacheThrottle::new().throttle_at(3)),
)]
pub struct ThrottledResource;

#[derive(ModelResource)]
#[resource(
    model = Note,
    resource_name = "dbthrottled",
    authentication = ApiKeyAuthentication::new(),
    authorization = Authorization,
    throttle = shared_and_written(CacheDbThrottle::new().throttle_at(3)),
)]
pub struct DbThrottledResource;

#[derive(ModelResource)]
#[resource(
    model = Note,
    resource_name = "quick",
    authorization = Authorization,
    throttle = shared(CacheThrottle::new().throttle_at(2).timeframe(Duration::from_secs(2))),
)]
pub struct QuickResource;

#[derive(ModelResource)]
#[resource(
    model = Note,
    resource_name = "forgetful",
    authorization = Authorization,
    throttle = shared(CacheThrottle::new().throttle_at(2).expiration(Duration::from_secs(1))),
)]
pub struct ForgetfulResource;

#[derive(ModelResource)]
#[resource(model = Note, resource_name = "shut", throttle = Shut)]
pub struct ShutResource;

#[derive(ModelResource)]
#[resource(model = Note, resource_name = "shutuntil", throttle = ShutUntil)]
pub struct ShutUntilResource;

#[derive(ModelResource)]
#[resource(
    model = Note,
    resource_name = "limited",
    hooks,
    list_allowed_methods(get),
    detail_allowed_methods(get, put),
    authorization = Authorization,
    limit = 2,
    max_limit = 5,
    collection_name = "items",
    include_resource_uri = false
)]
pub struct LimitedResource;

impl Hooks for LimitedResource {
    fn get_object_list(&self, _: &Request) -> Result<Self::List> {
        Ok(note::table.into_boxed().order(note::id.desc()))
    }
}

#[derive(ModelResource)]
#[resource(model = Subject, resource_name = "unlimited", allowed_methods(get), limit = 0, max_limit = 0)]
pub struct UnlimitedResource;

#[derive(ModelResource)]
#[resource(
    model = Note,
    resource_name = "hooked",
    hooks,
    authorization = Authorization,
    always_return_data
)]
pub struct HookedResource {
    #[field(verbose_name = "title", help_text = "Shouted on the way out.", dehydrate = Self::shout, hydrate = Self::trim)]
    title: Column<String>,
    #[field(readonly, default = "note", help_text = "Always the same.")]
    kind: Computed<String>,
    #[field(readonly, default = true, use_in = list)]
    list_mark: Computed<bool>,
    #[field(readonly, default = 7, use_in = detail)]
    detail_mark: Computed<i32>,
}

impl HookedResource {
    fn shout(note: &Note) -> String {
        note.title.to_uppercase()
    }

    fn trim(bundle: &mut Bundle<'_, Self>) {
        if let Some(Value::Text(title)) = bundle.data.get_mut("title") {
            *title = title.trim().to_owned().into();
        }
    }
}

impl Hooks for HookedResource {
    fn dehydrate(&self, bundle: &mut Bundle<'_, Self>) -> Result<()> {
        let length = bundle.obj()?.title.chars().count();
        bundle
            .data
            .insert("title_length", i64::try_from(length).unwrap_or(i64::MAX));
        Ok(())
    }

    fn alter_list_data_to_serialize(&self, _: &Request, data: &mut Data<'_>) -> Result<()> {
        data.rename("meta", "paging");
        Ok(())
    }

    fn alter_detail_data_to_serialize(&self, _: &Request, data: &mut Data<'_>) -> Result<()> {
        data.insert("altered", true);
        Ok(())
    }

    fn alter_deserialized_detail_data(&self, _: &Request, data: &mut Data<'_>) -> Result<()> {
        data.rename("heading", "title");
        Ok(())
    }
}

#[derive(ModelResource)]
#[resource(model = Note, resource_name = "guarded")]
pub struct GuardedResource;

#[derive(ModelResource)]
#[resource(model = Note, resource_name = "brief", fields(id, title), include_absolute_url)]
pub struct BriefResource;

#[derive(ModelResource)]
#[resource(
    model = Note,
    resource_name = "cached",
    allowed_methods(get),
    cache = SimpleCache::new()
        .timeout(Duration::from_secs(60))
        .public()
        .varies(["Accept", "Cookie"])
)]
pub struct CachedResource;

#[derive(ModelResource)]
#[resource(
    model = Subject,
    resource_name = "feeds",
    authorization = Authorization,
    serializer = Serializer::default().formats(["json", "jsonp", "xml", "yaml"])
)]
pub struct FeedResource;

#[derive(ModelResource)]
#[resource(
    model = Subject,
    resource_name = "jsononly",
    authorization = Authorization,
    serializer = Serializer::json()
)]
pub struct JsonOnlyResource;

#[derive(ModelResource)]
#[resource(
    model = Measurement,
    resource_name = "rfcdates",
    allowed_methods(get),
    fields(id, day, clock, stamp),
    serializer = Serializer::default().datetime_formatting(DatetimeFormatting::Rfc2822)
)]
pub struct RfcDatesResource;

#[derive(ModelResource)]
#[resource(
    model = Measurement,
    resource_name = "strictdates",
    allowed_methods(get),
    fields(id, day, clock, stamp),
    serializer = Serializer::default().datetime_formatting(DatetimeFormatting::Iso8601Strict)
)]
pub struct StrictDatesResource;
