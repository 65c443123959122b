//! `django_content_type`: the models that Django knows, each by a number.

use std::{
    collections::HashMap,
    fmt,
    sync::{Mutex, PoisonError},
};

use crate::{
    data::Value,
    database::{Bind, Database, Dialect, Fragment, Loaded, Statement, load},
    errors::{Error, Result},
    fields::Kind,
};

/// A model as Django names it: `kitchen.note`.
///
/// `#[model(content_type = "kitchen.note")]` says it of a [`Model`](crate::resource::Model).
///
/// # Compatibility
///
/// Django's `ContentType`, `django/contrib/contenttypes/models.py`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ContentType {
    app_label: &'static str,
    model: &'static str,
}

impl ContentType {
    /// The model `model`, in lower case, of the app `app_label`.
    pub const fn new(app_label: &'static str, model: &'static str) -> Self {
        Self { app_label, model }
    }
}

impl fmt::Display for ContentType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.app_label, self.model)
    }
}

/// The numbers of content types in one database, each asked for once.
#[derive(Debug, Default)]
pub(crate) struct ContentTypes(Mutex<HashMap<ContentType, i64>>);

impl ContentTypes {
    /// The number of a content type; nothing where the database has none.
    pub(crate) fn id<DB: Dialect>(
        &self,
        database: &Database<DB>,
        content_type: ContentType,
    ) -> Result<Option<i64>> {
        let kept = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(id) = kept().get(&content_type) {
            return Ok(Some(*id));
        }
        let found = database.run(|connection| look_up::<DB>(connection, content_type))?;
        if let Some(id) = found {
            kept().insert(content_type, id);
        }
        Ok(found)
    }
}

fn look_up<DB: Dialect>(
    connection: &mut DB::Connection,
    content_type: ContentType,
) -> Result<Option<i64>> {
    let name = |name: &str| DB::quote(name);
    let mut query = Fragment::new();
    query
        .sql(&format!(
            "SELECT {} FROM {} WHERE {} = ",
            name("id"),
            name("django_content_type"),
            name("app_label"),
        ))
        .bind(Bind::Text(content_type.app_label.to_owned()))
        .sql(&format!(" AND {} = ", name("model")))
        .bind(Bind::Text(content_type.model.to_owned()));
    let column = Loaded {
        name: "id",
        kind: Kind::BigInt,
        decimal_places: None,
    };
    let page = load::<DB>(
        connection,
        Statement::new(query),
        vec![column],
        "looking a content type up in `django_content_type`",
    )?;
    if page.len() == 0 {
        return Ok(None);
    }
    match page.value(0, 0) {
        Value::Int(id) => Ok(Some(id)),
        _ => Err(Error::Column {
            column: "id",
            wanted: "a whole number",
        }),
    }
}
