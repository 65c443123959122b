//! What callers may do.
//!
//! - [`Authorize`]: the trait, for one's own
//! - [`Authorization`]: lets one do everything
//! - [`ReadOnlyAuthorization`], the default: lets one read
//! - [`DjangoAuthorization`]: lets one do what Django's permissions say
//! - [`OwnerAuthorization`]: lets one see and change what is one's own
//! - [`MultiAuthorization`]: lets one do what several agree on

mod authorize;
mod django;
mod multi;
mod open;
mod owner;
mod read_only;

pub use self::{
    authorize::{AnyAuthorization, Authorize},
    django::DjangoAuthorization,
    multi::MultiAuthorization,
    open::Authorization,
    owner::OwnerAuthorization,
    read_only::ReadOnlyAuthorization,
};
