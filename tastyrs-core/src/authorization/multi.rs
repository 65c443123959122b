//! What several agree on.

use std::sync::Arc;

use super::{AnyAuthorization, Authorize};
use crate::{
    api::Binding, bundle::Bundle, django::Accounts, errors::Result, http::Request,
    resource::Resource,
};

/// Lets callers do what all of several authorizations let them do.
///
/// Lists are narrowed by each in turn; to a single object all must say yes.
///
/// # Examples
///
/// ```
/// # use tastyrs_core::resource::ModelResource;
/// use tastyrs_core::authorization::{
///     Authorize, DjangoAuthorization, MultiAuthorization, OwnerAuthorization,
/// };
///
/// # fn authorization<R: ModelResource>() -> impl Authorize<R> {
/// MultiAuthorization::new(DjangoAuthorization::new("notes", "note"))
///     .and(OwnerAuthorization::new("author_id"))
/// # }
/// ```
#[derive(Debug)]
pub struct MultiAuthorization<R: Resource> {
    all: Vec<AnyAuthorization<R>>,
}

impl<R: Resource> MultiAuthorization<R> {
    /// Asks this one.
    pub fn new(authorization: impl Authorize<R>) -> Self {
        Self {
            all: vec![AnyAuthorization::new(authorization)],
        }
    }

    /// Asks another one too.
    #[must_use]
    pub fn and(mut self, authorization: impl Authorize<R>) -> Self {
        self.all.push(AnyAuthorization::new(authorization));
        self
    }

    fn narrowed(
        &self,
        list: R::List,
        narrow: impl Fn(&dyn Authorize<R>, R::List) -> Result<R::List>,
    ) -> Result<R::List> {
        self.all
            .iter()
            .try_fold(list, |list, authorization| narrow(&**authorization, list))
    }

    /// What the first says that does not say yes.
    fn agree(&self, ask: impl Fn(&dyn Authorize<R>) -> Result<bool>) -> Result<bool> {
        for authorization in &self.all {
            if !ask(&**authorization)? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

impl<R: Resource> Authorize<R> for MultiAuthorization<R> {
    fn read_list(&self, list: R::List, request: &Request) -> Result<R::List> {
        self.narrowed(list, |authorization, list| {
            authorization.read_list(list, request)
        })
    }

    fn read_detail(&self, bundle: &Bundle<'_, R>) -> Result<bool> {
        self.agree(|authorization| authorization.read_detail(bundle))
    }

    fn prepare_create(&self, bundle: &mut Bundle<'_, R>) -> Result<()> {
        self.all
            .iter()
            .try_for_each(|authorization| authorization.prepare_create(bundle))
    }

    fn create_list(&self, list: R::List, request: &Request) -> Result<R::List> {
        self.narrowed(list, |authorization, list| {
            authorization.create_list(list, request)
        })
    }

    fn create_detail(&self, bundle: &Bundle<'_, R>) -> Result<bool> {
        self.agree(|authorization| authorization.create_detail(bundle))
    }

    fn update_list(&self, list: R::List, request: &Request) -> Result<R::List> {
        self.narrowed(list, |authorization, list| {
            authorization.update_list(list, request)
        })
    }

    fn update_detail(&self, bundle: &Bundle<'_, R>) -> Result<bool> {
        self.agree(|authorization| authorization.update_detail(bundle))
    }

    fn delete_list(&self, list: R::List, request: &Request) -> Result<R::List> {
        self.narrowed(list, |authorization, list| {
            authorization.delete_list(list, request)
        })
    }

    fn delete_detail(&self, bundle: &Bundle<'_, R>) -> Result<bool> {
        self.agree(|authorization| authorization.delete_detail(bundle))
    }

    /// Those of the first that asks for permissions: a request carries them once.
    fn accounts(&self) -> Result<Option<Arc<dyn Accounts>>> {
        for authorization in &self.all {
            if let Some(accounts) = authorization.accounts()? {
                return Ok(Some(accounts));
            }
        }
        Ok(None)
    }

    fn bind(&self, binding: &Binding<'_>) -> Result<()> {
        self.all
            .iter()
            .try_for_each(|authorization| authorization.bind(binding))
    }
}
