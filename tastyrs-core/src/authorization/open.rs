//! Everybody may do everything.

use super::Authorize;
use crate::resource::Resource;

/// Lets everybody do everything.
///
/// # Compatibility
///
/// `Authorization`, `authorization.py:7`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Authorization;

impl<R: Resource> Authorize<R> for Authorization {
    fn answers_at_once(&self) -> bool {
        true
    }

    fn shows_whole_lists(&self) -> bool {
        true
    }
}
