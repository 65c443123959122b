//! How closely an API follows Tastypie where Tastypie is loose.

/// Whether what existing clients might lean on is turned back.
///
/// `docs/src/differences.md` lists every point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Compatibility {
    /// Safe and exact.
    #[default]
    Strict,
    /// As django-tastypie 0.15.1 does it, but for its holes and faults.
    Tastypie,
}

impl Compatibility {
    /// Whether it is Tastypie's way.
    pub(crate) const fn is_tastypie(self) -> bool {
        matches!(self, Self::Tastypie)
    }
}
