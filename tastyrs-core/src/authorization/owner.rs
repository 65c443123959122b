//! What is the caller's own.

use std::borrow::Cow;

use super::Authorize;
use crate::{
    api::Binding,
    bundle::Bundle,
    data::Value,
    database::{Bind, Dialect as _, Fragment, Narrow as _},
    errors::{Error, Result},
    http::Request,
    resource::{Model, ModelFor, ModelResource, Resource},
};

/// Lets callers see and change the objects that are their own, and makes those their own that they create.
///
/// Whose an object is says a column of its model, which holds the key of a user. The derive has a word for it:
/// `#[resource(owner = author_id)]`.
///
/// Lists hold the caller's own objects; another's is as forbidden as one's own is allowed, to superusers too. An object
/// that is created has the caller set as its owner, whatever was sent. To who is not known nothing is shown. The schema,
/// which is nobody's, is shown to everybody who is known.
///
/// # Compatibility
///
/// The recipe of the cookbook, "per-user resources". With
/// [`Compatibility::Tastypie`](crate::Compatibility::Tastypie) the schema is refused, as it is by an authorization of
/// one's own that looks at the object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnerAuthorization {
    column: Cow<'static, str>,
}

impl OwnerAuthorization {
    /// Looks at this column of the model, by the name of its field.
    pub fn new(column: impl Into<Cow<'static, str>>) -> Self {
        Self {
            column: column.into(),
        }
    }

    fn own<R: ModelResource>(&self, list: R::List, request: &Request) -> Result<R::List> {
        let Some(user) = request.user() else {
            return Ok(R::none(list));
        };
        let column = R::Model::COLUMNS
            .iter()
            .find(|column| column.name == self.column)
            .ok_or_else(|| self.missing())?;
        let mut condition = Fragment::new();
        condition
            .sql(&format!(
                "{}.{} = ",
                <R::Model as ModelFor<R::Db>>::table_sql(),
                R::Db::quote(column.column)
            ))
            .bind(R::Db::stored(Bind::Int(user.id), column.kind));
        Ok(list.narrow(condition))
    }

    fn is_own<R: ModelResource>(&self, bundle: &Bundle<'_, R>) -> Result<bool> {
        let Some(user) = bundle.request().user() else {
            return Ok(false);
        };
        Ok(bundle.column(&self.column)? == Value::Int(user.id))
    }

    fn missing(&self) -> Error {
        Error::Configuration(format!(
            "OwnerAuthorization looks at the column `{}`, which the model does not have",
            self.column
        ))
    }
}

impl<R: ModelResource> Authorize<R> for OwnerAuthorization {
    fn read_list(&self, list: R::List, request: &Request) -> Result<R::List> {
        self.own::<R>(list, request)
    }

    fn read_detail(&self, bundle: &Bundle<'_, R>) -> Result<bool> {
        match self.is_own(bundle) {
            Err(Error::NoObject) if !bundle.request().site().compatibility().is_tastypie() => {
                Ok(true)
            }
            answer => answer,
        }
    }

    fn prepare_create(&self, bundle: &mut Bundle<'_, R>) -> Result<()> {
        // Who is not known creates nothing: `create_detail` says so.
        match bundle.request().user().map(|user| user.id) {
            Some(id) => bundle.set_column(&self.column, Value::Int(id)),
            None => Ok(()),
        }
    }

    fn create_detail(&self, bundle: &Bundle<'_, R>) -> Result<bool> {
        self.is_own(bundle)
    }

    fn update_list(&self, list: R::List, request: &Request) -> Result<R::List> {
        self.own::<R>(list, request)
    }

    fn update_detail(&self, bundle: &Bundle<'_, R>) -> Result<bool> {
        self.is_own(bundle)
    }

    fn delete_list(&self, list: R::List, request: &Request) -> Result<R::List> {
        self.own::<R>(list, request)
    }

    fn delete_detail(&self, bundle: &Bundle<'_, R>) -> Result<bool> {
        self.is_own(bundle)
    }

    fn bind(&self, binding: &Binding<'_>) -> Result<()> {
        let column = R::Model::COLUMNS
            .iter()
            .find(|column| column.name == self.column)
            .ok_or_else(|| self.missing())?;
        if !column.kind.is_integer() {
            return Err(Error::Configuration(format!(
                "the OwnerAuthorization of `{}` looks at the column `{}`, which is no whole number, as keys of users are",
                binding.resource_name, self.column
            )));
        }
        if !<R as Resource>::READS_OBJECTS {
            return Err(Error::Configuration(format!(
                "the OwnerAuthorization of `{}` looks at whole objects: set `READS_OBJECTS`",
                binding.resource_name
            )));
        }
        Ok(())
    }
}
