//! `auth_user` and `tastypie_apikey`: who has an account, and the secret that proves it.

use std::{fmt, future};

use tastyrs_throttle::BoxFuture;

use crate::{
    data::Value,
    database::{Bind, Database, Dialect, Fragment, Loaded, Statement, load},
    errors::{Error, Result},
    fields::Kind,
    http::User,
};
