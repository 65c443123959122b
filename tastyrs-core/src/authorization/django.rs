//! What Django's permissions say.

use std::sync::Arc;

use super::Authorize;
use crate::{
    api::Binding,
    authentication::Directory,
    bundle::Bundle,
    django::{Accounts, Permissions},
    errors::{Error, Result},
    http::Request,
    resource::Resource,
};

/// Lets callers do what Django's permissions say: those of the tables `auth_permission`, `auth_user_user_permissions`
/// and `auth_group_permissions`.
///
/// To create, one needs the permission `add` of the model, to update `change`, to delete `delete`, and to read `view`
/// or `change`. A superuser may do everything, who is not active or not known nothing. Lists of what one may not do are
/// empty. The permissions are loaded once a request, after its authentication.
///
/// # Examples
///
/// ```
/// use tastyrs_core::authorization::DjangoAuthorization;
///
/// let authorization = DjangoAuthorization::new("notes", "note");
/// # let _ = authorization;
/// ```
///
/// # Compatibility
///
/// `DjangoAuthorization`, `authorization.py:128`, which asks for `change` to read, as with
/// [`Compatibility::Tastypie`](crate::Compatibility::Tastypie); its `READ_PERM_CODE` is
/// [`read_perm_code`](Self::read_perm_code). A schema is read as an object is.
#[derive(Debug)]
pub struct DjangoAuthorization {
    app_label: String,
    model: String,
    read_perm_code: Option<String>,
    directory: Directory,
}

impl DjangoAuthorization {
    /// Asks for the permissions of a model: the label of its app, and its name in any case of letters.
    pub fn new(app_label: impl Into<String>, model: impl AsRef<str>) -> Self {
        Self {
            app_label: app_label.into(),
            model: model.as_ref().to_lowercase(),
            read_perm_code: None,
            directory: Directory::default(),
        }
    }

    /// Sets which permission one needs to read, as in `change`.
    #[must_use]
    pub fn read_perm_code(mut self, code: impl Into<String>) -> Self {
        self.read_perm_code = Some(code.into());
        self
    }

    /// Looks permissions up elsewhere, as in a database that is not the API's.
    #[must_use]
    pub fn accounts(mut self, accounts: impl Accounts) -> Self {
        self.directory = Directory::told(accounts);
        self
    }

    fn may(&self, request: &Request, codes: &[&str]) -> Result<bool> {
        let Some(user) = request.user().filter(|user| user.is_active) else {
            return Ok(false);
        };
        if user.is_superuser {
            return Ok(true);
        }
        let Some(permissions) = request.extensions().get::<Permissions>() else {
            return Err(Error::Configuration(
                "DjangoAuthorization was asked without the caller's permissions: whoever overrides \
                 `is_authenticated` puts `Permissions` into the request's extensions"
                    .to_owned(),
            ));
        };
        let has =
            |code: &&str| permissions.has(&format!("{}.{code}_{}", self.app_label, self.model));
        Ok(codes.iter().any(has))
    }

    fn may_read(&self, request: &Request) -> Result<bool> {
        match self.read_perm_code.as_deref() {
            Some(code) => self.may(request, &[code]),
            None if request.site().compatibility().is_tastypie() => self.may(request, &["change"]),
            None => self.may(request, &["view", "change"]),
        }
    }
}

fn narrowed<R: Resource>(list: R::List, may: bool) -> R::List {
    if may { list } else { R::none(list) }
}

impl<R: Resource> Authorize<R> for DjangoAuthorization {
    fn answers_at_once(&self) -> bool {
        true
    }

    fn read_list(&self, list: R::List, request: &Request) -> Result<R::List> {
        Ok(narrowed::<R>(list, self.may_read(request)?))
    }

    fn read_detail(&self, bundle: &Bundle<'_, R>) -> Result<bool> {
        self.may_read(bundle.request())
    }

    fn create_list(&self, list: R::List, request: &Request) -> Result<R::List> {
        Ok(narrowed::<R>(list, self.may(request, &["add"])?))
    }

    fn create_detail(&self, bundle: &Bundle<'_, R>) -> Result<bool> {
        self.may(bundle.request(), &["add"])
    }

    fn update_list(&self, list: R::List, request: &Request) -> Result<R::List> {
        Ok(narrowed::<R>(list, self.may(request, &["change"])?))
    }

    fn update_detail(&self, bundle: &Bundle<'_, R>) -> Result<bool> {
        self.may(bundle.request(), &["change"])
    }

    fn delete_list(&self, list: R::List, request: &Request) -> Result<R::List> {
        Ok(narrowed::<R>(list, self.may(request, &["delete"])?))
    }

    fn delete_detail(&self, bundle: &Bundle<'_, R>) -> Result<bool> {
        self.may(bundle.request(), &["delete"])
    }

    fn accounts(&self) -> Result<Option<Arc<dyn Accounts>>> {
        self.directory.shared().map(Some)
    }

    fn bind(&self, binding: &Binding<'_>) -> Result<()> {
        self.directory.bind(binding, "DjangoAuthorization")
    }
}
