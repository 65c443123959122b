//! Requests of any shape, aimed at what is not the caller's.

use actix_web::http::Method;
use proptest::{collection::vec, prelude::*, sample::select};
use serde_json::{Map, Value, json};

/// A request that writes, or would.
#[derive(Debug, Clone)]
pub(super) struct Write {
    pub(super) method: Method,
    /// Behind `/api/v1/`.
    pub(super) path: String,
    /// Whether it is sent to one object.
    pub(super) to_detail: bool,
    /// What a POST asks to be taken for.
    pub(super) instead_of_post: Option<&'static str>,
    pub(super) body: Value,
}

/// Names that a body may hold: fields, columns that no resource shows, and what only looks like them.
const NAMES: [&str; 22] = [
    "id",
    "pk",
    "author",
    "author_id",
    "user",
    "resource_uri",
    "title",
    "slug",
    "content",
    "is_active",
    "created",
    "updated",
    "username",
    "password",
    "is_superuser",
    "is_staff",
    "email",
    "key",
    "note",
    "notes",
    "subjects",
    "kind",
];

/// Resources whose objects a body may name.
const NAMED: [&str; 6] = [
    "auth/user",
    "notes",
    "keyed",
    "subjects",
    "mediabits",
    "guarded",
];

fn uri() -> impl Strategy<Value = Value> {
    (select(&NAMED[..]), 0..62_u32).prop_map(|(name, id)| json!(format!("/api/v1/{name}/{id}/")))
}

fn plain() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (0..70_i64).prop_map(Value::from),
        select(
            &[
                "",
                "x",
                "2012-01-02T03:04:05",
                "ada",
                "brian",
                "1",
                "pbkdf2_sha256$1$a$b"
            ][..]
        )
        .prop_map(Value::from),
        uri(),
    ]
}

/// An object with some of those names, objects and lists within it.
fn object() -> impl Strategy<Value = Value> {
    let value = plain().prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            vec((select(&NAMES[..]), inner.clone()), 0..5).prop_map(named),
            vec(inner, 0..3).prop_map(Value::from),
        ]
    });
    // With what a note needs, most are taken.
    (any::<bool>(), vec((select(&NAMES[..]), value), 0..6)).prop_map(|(whole, pairs)| {
        let mut object = named(pairs);
        if let Some(object) = object.as_object_mut().filter(|_| whole) {
            for (name, value) in [
                ("title", "T"),
                ("slug", "t"),
                ("created", "2012-01-02T03:04:05"),
            ] {
                object.insert(name.to_owned(), value.into());
            }
        }
        object
    })
}

fn named(pairs: Vec<(&'static str, Value)>) -> Value {
    let object: Map<String, Value> = pairs
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
    object.into()
}

/// What a list takes.
fn list() -> impl Strategy<Value = Value> {
    (vec(object(), 0..4), vec(uri(), 0..3))
        .prop_map(|(objects, deleted)| json!({"objects": objects, "deleted_objects": deleted}))
}

/// A request to one of these resources.
pub(super) fn write(resources: &'static [&'static str]) -> impl Strategy<Value = Write> {
    let method = select(vec![
        Method::POST,
        Method::PUT,
        Method::PATCH,
        Method::DELETE,
    ]);
    let instead = proptest::option::of(select(&["PUT", "PATCH", "DELETE"][..]));
    let target = prop_oneof![
        Just(None),
        // Objects of the fixture, and those that the requests make.
        (1..70_u32).prop_map(Some),
    ];
    let query = select(
        &[
            "",
            "",
            "",
            "?title__startswith=B",
            "?id=1",
            "?author=2",
            "?username=brian",
        ][..],
    );
    let body = prop_oneof![object(), list(), plain()];
    (select(resources), target, query, method, instead, body).prop_map(
        |(resource, target, query, method, instead_of_post, body)| Write {
            to_detail: target.is_some(),
            path: match target {
                Some(id) => format!("{resource}/{id}/{query}"),
                None => format!("{resource}/{query}"),
            },
            method,
            instead_of_post,
            body,
        },
    )
}
