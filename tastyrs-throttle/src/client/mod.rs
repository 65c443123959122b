//! Who is calling, by their address.
//!
//! - [`ClientAddress`]: the address of a caller, as far as it can be believed, and their key
//! - [`TrustedProxies`]: whose word is believed
//! - `hops`: what a header says of the hops that a request came by, read from the right

mod address;
mod address_key;
mod hops;
mod proxies;
#[cfg(test)]
mod tests;

pub use address::ClientAddress;
#[cfg(any(feature = "actix", feature = "tower"))]
pub(crate) use address_key::AddressKey;
pub use hops::ForwardedHeader;
pub use proxies::TrustedProxies;
