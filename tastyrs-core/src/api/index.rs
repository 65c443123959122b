//! The listing of the resources of an API.

use std::panic::{AssertUnwindSafe, catch_unwind};

use actix_web::{HttpResponse, http::StatusCode};

use crate::{
    data::{Data, Value},
    errors::Result,
    http::{Answer, Request},
    serializers::build_content_type,
};

/// The names of the resources, and where their lists and schemas are; any method is answered alike.
///
/// # Compatibility
///
/// `Api.top_level`, `api.py:130`: `fullschema` puts the schemas in place of their addresses; an `Accept` that is
/// wrong is 400 without a body.
pub(super) fn top_level(request: &Request) -> HttpResponse {
    match catch_unwind(AssertUnwindSafe(|| listing(request))) {
        Ok(Ok(answer)) => answer,
        Ok(Err(_)) => Answer::new(StatusCode::BAD_REQUEST),
        Err(_) => {
            tracing::error!(target: "tastyrs::request", path = request.path(), "a default in a schema panicked");
            Answer::new(StatusCode::INTERNAL_SERVER_ERROR)
        }
    }
    .into()
}

fn listing(request: &Request) -> Result<Answer> {
    let registry = &request.site().registry;
    let full = request
        .params()
        .get("fullschema")
        .is_some_and(|word| !matches!(word, "" | "false" | "False" | "none" | "None" | "nil"));
    let resources: Data<'_> = registry
        .entries
        .iter()
        .map(|entry| {
            let list_endpoint = request.site().list_uri(request.prefix(), &entry.name);
            let schema = if full {
                Value::Map(entry.views.schema(request))
            } else {
                Value::from(format!("{list_endpoint}schema/"))
            };
            let places: Data<'_> = [
                ("list_endpoint", Value::from(list_endpoint)),
                ("schema", schema),
            ]
            .into_iter()
            .collect();
            (entry.name.as_str(), places)
        })
        .collect();
    let format = registry
        .serializer
        .determine_format(request, "application/json")?;
    let body = registry
        .serializer
        .serialize_for(request, &Value::Map(resources), &format, 4096)?;
    Ok(Answer::new(StatusCode::OK)
        .content_type(&build_content_type(&format))
        .body(body))
}
