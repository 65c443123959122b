//! A resource as a part of an API.

use super::{Resource, Source};
use crate::{api::Urls, compatibility::Compatibility, fields::Field, http::Request, meta::Meta};

/// A resource as a part of an API.
pub struct Mounted<R: Resource> {
    pub(crate) resource: R,
    pub(crate) meta: Meta<R>,
    /// In the order in which they were declared.
    pub(crate) fields: Vec<Field<R>>,
    /// The positions of the fields in the order of their names, which is that of every format.
    pub(crate) sorted: Vec<usize>,
    pub(crate) urls: Urls<R>,
    pub(crate) state: <R::Source as Source<R>>::State,
    pub(crate) compatibility: Compatibility,
}

impl<R: Resource> std::fmt::Debug for Mounted<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mounted")
            .field("meta", &self.meta)
            .finish_non_exhaustive()
    }
}

impl<R: Resource> Mounted<R> {
    /// Whether it has a field of this name.
    pub(crate) fn has_field(&self, name: &str) -> bool {
        self.fields.iter().any(|field| field.spec.name == name)
    }

    /// The address of the list.
    pub(crate) fn list_uri(&self, request: &Request) -> String {
        request
            .site()
            .list_uri(request.prefix(), &self.meta.resource_name)
    }
}
