//! Everybody may read.

use super::Authorize;
use crate::{bundle::Bundle, errors::Result, http::Request, resource::Resource};

/// Lets everybody read, and nobody change anything.
///
/// # Compatibility
///
/// `ReadOnlyAuthorization`, `authorization.py:102`: lists of what is changed are empty, single objects refused.
#[derive(Debug, Clone, Copy, Default)]
pub struct ReadOnlyAuthorization;

impl<R: Resource> Authorize<R> for ReadOnlyAuthorization {
    fn answers_at_once(&self) -> bool {
        true
    }

    fn shows_whole_lists(&self) -> bool {
        true
    }

    fn create_list(&self, list: R::List, _: &Request) -> Result<R::List> {
        Ok(R::none(list))
    }

    fn create_detail(&self, _: &Bundle<'_, R>) -> Result<bool> {
        Ok(false)
    }

    fn update_list(&self, list: R::List, _: &Request) -> Result<R::List> {
        Ok(R::none(list))
    }

    fn update_detail(&self, _: &Bundle<'_, R>) -> Result<bool> {
        Ok(false)
    }

    fn delete_list(&self, list: R::List, _: &Request) -> Result<R::List> {
        Ok(R::none(list))
    }

    fn delete_detail(&self, _: &Bundle<'_, R>) -> Result<bool> {
        Ok(false)
    }
}
