//! What a resource tells of itself at `schema/`.

use std::borrow::Cow;

use actix_web::http::Method;

use crate::{
    data::{Data, Value},
    fields::{FieldSpec, Kind},
    http::Request,
    meta::method_name,
    queries::Filtering,
    resource::{Mounted, Resource},
};

/// The schema of a resource.
///
/// # Compatibility
///
/// `build_schema`, `resources.py:998`, with its bytes.
pub(crate) fn build_schema<R: Resource>(mounted: &Mounted<R>, request: &Request) -> Data<'static> {
    let meta = &mounted.meta;
    let mut fields = Data::with_capacity(mounted.fields.len());
    for field in &mounted.fields {
        fields.insert(field.spec.name, field_schema(&field.spec, request));
    }
    let mut schema = Data::with_capacity(7);
    schema.insert("fields", fields);
    schema.insert("default_format", meta.default_format.clone());
    schema.insert(
        "allowed_list_http_methods",
        methods(&meta.list_allowed_methods),
    );
    schema.insert(
        "allowed_detail_http_methods",
        methods(&meta.detail_allowed_methods),
    );
    schema.insert(
        "default_limit",
        i64::try_from(meta.limit).unwrap_or(i64::MAX),
    );
    if !meta.ordering.is_empty() {
        schema.insert("ordering", meta.ordering.clone());
    }
    if !meta.filtering.is_empty() {
        schema.insert("filtering", rules(&meta.filtering));
    }
    schema
}

fn methods(methods: &[Method]) -> Value<'static> {
    Value::from(methods.iter().map(method_name).collect::<Vec<_>>())
}

fn rules(filtering: &[(Cow<'static, str>, Filtering)]) -> Data<'static> {
    let rules = filtering.iter();
    rules
        .map(|(name, rule)| (name.clone(), rule_schema(rule)))
        .collect()
}

/// Tastypie's constants `ALL` and `ALL_WITH_RELATIONS` are 1 and 2 (`constants.py`).
fn rule_schema(rule: &Filtering) -> Value<'static> {
    match rule {
        Filtering::All => Value::Int(1),
        Filtering::AllWithRelations => Value::Int(2),
        Filtering::Only(lookups) => lookups
            .iter()
            .map(|lookup| lookup.name())
            .collect::<Vec<_>>()
            .into(),
    }
}

fn field_schema(field: &FieldSpec, request: &Request) -> Data<'static> {
    let mut schema = Data::with_capacity(11);
    let default = field
        .default
        .value()
        .unwrap_or_else(|| Value::from("No default provided."));
    schema.insert("default", default);
    schema.insert("nullable", field.null);
    schema.insert("blank", field.blank);
    schema.insert("readonly", field.readonly);
    schema.insert("unique", field.unique);
    schema.insert("primary_key", field.primary_key);
    schema.insert("verbose_name", field.verbose());
    let (kind, help_text) = match field.relation() {
        None => (field.kind.dehydrated_type(), field.kind.help_text()),
        Some(relation) => {
            let to_many = field.kind == Kind::List;
            schema.insert("related_type", if to_many { "to_many" } else { "to_one" });
            let uri = request.site().uri_of(request.prefix(), relation.target);
            schema.insert(
                "related_schema",
                uri.map(|uri| format!("{uri}schema/")).unwrap_or_default(),
            );
            let help_text = if to_many {
                "Many related resources. Can be either a list of URIs or list of individually nested resource data."
            } else {
                "A single related resource. Can be either a URI or set of nested resource data."
            };
            ("related", help_text)
        }
    };
    schema.insert("type", kind);
    schema.insert("help_text", field.help_text.unwrap_or(help_text));
    schema
}
