//! The database: its pool, its rows, the SQL that the framework writes.
//!
//! - [`pool`](Database): connections, and who may have one
//! - `options`: how it is opened
//! - `here`: connections that threads keep for themselves
//! - `manager`: how connections are made, and told apart from those that broke
//! - `failure`: whose fault it is when a database refuses or fails
//! - `address`: the address of a PostgreSQL server
//! - `dialect`, `sqlite`, `postgres`: what differs between the databases
//! - `session`: a connection over several batches of one export
//! - `row`: rows as they were loaded
//! - `row_bytes`: a row to be kept outside of the database
//! - `fragment`: SQL with its bound values
//! - `narrow`: what is done to a query that a user narrowed
//! - `totals`: how many rows were counted
//! - `decimal`: decimals as their column writes them

#[cfg(feature = "postgres")]
mod address;
mod decimal;
mod dialect;
mod failure;
mod fragment;
mod here;
mod manager;
mod narrow;
mod options;
mod pool;
#[cfg(feature = "postgres")]
mod postgres;
mod row;
mod row_bytes;
mod session;
#[cfg(feature = "sqlite")]
mod sqlite;
mod totals;

pub(crate) use decimal::{digits, with_places};
pub use dialect::Bind;
pub use dialect::Dialect;
pub(crate) use dialect::{TakesRows, each_row, lend, load};
pub(crate) use failure::Failure;
pub use fragment::Statement;
pub(crate) use fragment::{Fragment, Slice};
pub use narrow::Narrow;
pub use options::DatabaseOptions;
pub use pool::Database;
pub(crate) use pool::{ENDING, Permit, attempt};
pub use row::Row;
pub(crate) use row::{Cell, Cells, Lent, Loaded, MOST_EXPECTED, Page};
pub(crate) use session::Session;
pub(crate) use totals::{Counting, TotalsHere};
