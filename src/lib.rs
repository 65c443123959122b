//! A whole REST API from one declaration a resource, on actix-web and Diesel.
//!
//! What django-tastypie is to Python: a derive declares a resource with its `Meta`, and each request runs
//! `method_check`, `is_authenticated`, `throttle_check` and `log_throttled_access` before anything is fetched.
//! Throttles are at its heart, and can be used alone: [`throttle`].
//!
//! # Features
//!
//! | feature | brings | costs |
//! |---|---|---|
//! | `sqlite` (default) | SQLite, embedded and bundled | a C compiler, a minute of it |
//! | `postgres` | PostgreSQL | the system's libpq |
//! | `garde` | validation by forms that derive `garde::Validate` | the crate `garde` |
//! | `redis` | a cache and throttles that machines share, in Redis or Valkey | the crate `redis` |
//! | `redis-cluster` | the same in a cluster of them | its code for clusters |
//! | `tower` | `throttle::tower`: throttles as a layer of tower, for axum | the crates http, tower-layer, tower-service |
//! | `metrics` | what throttles decide and how long their stores take, through the facade `metrics` | the crate `metrics` |
//! | `jwt` | `JwtAuthentication`, by signed tokens | the crate jsonwebtoken, with RSA and elliptic curves in Rust |
//! | `test` | `tastyrs::test`: a client, assertions and databases for tests; for `[dev-dependencies]` | nothing |
//! | `xml` | the [format](serializers) XML, in both directions | quick-xml |
//! | `yaml` | the format YAML, in both directions | granit-parser |
//! | `plist` | Apple's property lists: written in their binary form, read in that and in XML | quick-xml |
//! | `msgpack` | the format MessagePack, in both directions | rmp-serde |

/// The code of the pages, run as tests.
#[cfg(doctest)]
mod pages {
    #[doc = include_str!("../README.md")]
    struct Readme;
    #[doc = include_str!("../docs/src/tutorial.md")]
    struct Tutorial;
    #[doc = include_str!("../docs/src/resources.md")]
    struct Resources;
    #[doc = include_str!("../docs/src/fields.md")]
    struct Fields;
    #[doc = include_str!("../docs/src/filtering.md")]
    struct Filtering;
    #[doc = include_str!("../docs/src/writing.md")]
    struct Writing;
    #[doc = include_str!("../docs/src/hooks.md")]
    struct Hooks;
    #[doc = include_str!("../docs/src/formats.md")]
    struct Formats;
    #[doc = include_str!("../docs/src/exporting.md")]
    struct Exporting;
    #[doc = include_str!("../docs/src/throttling.md")]
    struct Throttling;
    #[doc = include_str!("../docs/src/throttle-alone.md")]
    struct ThrottleAlone;
    #[doc = include_str!("../docs/src/authentication.md")]
    struct Authentication;
    #[doc = include_str!("../docs/src/validation.md")]
    struct Validation;
    #[doc = include_str!("../docs/src/caching.md")]
    struct Caching;
    #[doc = include_str!("../docs/src/authorization.md")]
    struct AuthorizationPage;
    #[doc = include_str!("../docs/src/databases.md")]
    struct Databases;
    #[doc = include_str!("../docs/src/mounting.md")]
    struct Mounting;
    #[doc = include_str!("../docs/src/testing.md")]
    struct Testing;
    #[doc = include_str!("../docs/src/cookbook.md")]
    struct Cookbook;
    #[doc = include_str!("../docs/src/from-tastypie.md")]
    struct FromTastypie;
}

#[cfg(feature = "test")]
pub use tastyrs_core::test;
pub use tastyrs_core::{
    Compatibility, Error, Result, api, authentication, authorization, bundle, cache, data,
    database, dispatch, django, fields, http, meta, queries, resource, serializers, validation,
};
#[doc = include_str!("../docs/derives/model.md")]
pub use tastyrs_derive::Model;
#[doc = include_str!("../docs/derives/model_resource.md")]
pub use tastyrs_derive::ModelResource;
#[doc = include_str!("../docs/derives/resource.md")]
pub use tastyrs_derive::Resource;
pub use tastyrs_throttle as throttle;

/// What a declaration needs: our traits and derives, and the few foreign names that stand in their signatures.
pub mod prelude {
    pub use actix_web::{HttpResponse, http::Method};
    pub use tastyrs_core::{
        Compatibility, Error, Result,
        api::{Api, Urls},
        authentication::{
            ApiKeyAuthentication, Authenticate, Authentication, BasicAuthentication,
            DigestAuthentication, LoginThrottle, MultiAuthentication, SessionAuthentication,
        },
        authorization::{
            Authorization, Authorize, DjangoAuthorization, MultiAuthorization, OwnerAuthorization,
            ReadOnlyAuthorization,
        },
        bundle::Bundle,
        cache::{Cache, NoCache, SimpleCache},
        data::{Data, Value},
        database::{Database, DatabaseOptions},
        dispatch::RequestType,
        fields::{Column, Computed, FieldType, GenericForeignKey, ToMany, ToOne},
        http::{Query, Request, User},
        meta::{Cost, Export, ExportFormat, Meta, TotalCount},
        queries::{Filtering, Lookup},
        resource::{Hooks, Hop, InDb, Model as _, ModelResource as _, ObjectSource, Resource as _},
        validation::{Errors, Validate, Validation},
    };
    pub use tastyrs_derive::{Model, ModelResource, Resource};
    #[cfg(feature = "redis")]
    pub use tastyrs_throttle::RedisThrottle;
    pub use tastyrs_throttle::{
        Access, AnyThrottle, BaseThrottle, CacheDbThrottle, CacheThrottle, ConcurrencyThrottle,
        RetryAfter, Throttle, Verdict,
    };
}

/// What the derives write names of; no part of the API.
#[doc(hidden)]
pub mod __private {
    pub use actix_web::http::Method;
    pub use diesel;
    pub use tastyrs_core::{
        Result,
        authorization::OwnerAuthorization,
        data::Value,
        database::Row,
        django::ContentType,
        fields::{self, DefaultValue, Field, FieldType, Fields, Kind, UseIn},
        meta::{Export, ExportFormat, Meta},
        queries::{Filtering, Lookup},
        resource::{
            ColumnOf, ColumnSpec, DeleteAction, Hooks, Model, ModelFor, ModelResource,
            ObjectSource, Objects, OnDelete, Resource, Rows, table_sql,
        },
    };
}
