//! `auth_permission`, and who has which.

use std::{collections::HashSet, fmt};

/// What a caller may do, by themselves and by their groups.
///
/// A request carries those of its caller where the authorization of the resource asks for them, as
/// [`DjangoAuthorization`](crate::authorization::DjangoAuthorization) does: `request.extensions().get::<Permissions>()`.
///
/// # Examples
///
/// ```
/// use tastyrs_core::django::Permissions;
///
/// let permissions: Permissions = ["notes.view_note"].into_iter().collect();
///
/// assert!(permissions.has("notes.view_note"));
/// assert!(!permissions.has("notes.add_note"));
/// assert!(Permissions::all().has("notes.add_note"));
/// ```
///
/// # Compatibility
///
/// `User.has_perm`, `django/contrib/auth/models.py`.
#[derive(Clone, PartialEq, Eq)]
pub struct Permissions(Held);

#[derive(Clone, PartialEq, Eq)]
enum Held {
    All,
    These(HashSet<String>),
}

impl Permissions {
    /// Those of who may do nothing.
    pub fn none() -> Self {
        Self(Held::These(HashSet::new()))
    }

    /// Those of who may do everything.
    pub fn all() -> Self {
        Self(Held::All)
    }

    /// Whether this one is among them; it is named by the app's label and its code, as in `notes.add_note`.
    pub fn has(&self, permission: &str) -> bool {
        match &self.0 {
            Held::All => true,
            Held::These(held) => held.contains(permission),
        }
    }
}

impl<S: Into<String>> FromIterator<S> for Permissions {
    fn from_iter<I: IntoIterator<Item = S>>(permissions: I) -> Self {
        Self(Held::These(
            permissions.into_iter().map(Into::into).collect(),
        ))
    }
}

impl fmt::Debug for Permissions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Held::All => f.write_str("Permissions(all)"),
            Held::These(held) => write!(f, "Permissions({})", held.len()),
        }
    }
}
