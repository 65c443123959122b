//! The tables of Django and Tastypie that an API uses.
//!
//! - [`access`](AccessTable): `tastypie_apiaccess`, how long it is kept ([`Retention`]) and what it says ([`Usage`])
//! - [`accounts`](Accounts): who has an account, and what proves it
//! - [`api_key`](ApiKey): `tastypie_apikey`
//! - [`content_types`](ContentType): `django_content_type`
//! - `password`: passwords as Django stores them
//! - [`permissions`](Permissions): `auth_permission`, and who has which
//! - [`secret_keys`](SecretKeys): what Django signed, and sessions among it
//! - [`user_table`](UserTable): `auth_user`, or what stands for it
//! - `lookup`: where accounts are found in these tables

mod access;
mod accounts;
mod api_key;
mod content_types;
mod lookup;
mod password;
mod permissions;
mod secret_keys;
mod user_table;

pub use access::{AccessTable, Period, Retention, Usage, UsageQuery, UsageResource};
pub(crate) use access::{Accesses, Pruning};
pub use accounts::{Account, Accounts};
pub use api_key::ApiKey;
pub use content_types::ContentType;
pub(crate) use content_types::ContentTypes;
pub(crate) use password::{Hashing, hex, same_secret};
pub use permissions::Permissions;
pub use secret_keys::SecretKeys;
pub use user_table::{DjangoAccounts, UserTable};
