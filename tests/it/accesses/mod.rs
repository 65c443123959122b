//! Accesses that throttles write down.
//!
//! - `table`: what the table says and how it is pruned, on any database
//! - `usage`: how many calls there were, over HTTP
//! - `away`: a database that does not take them
//! - `ending`: a process that ends, of itself or not; `load`: what calls it meanwhile

#[cfg(not(feature = "postgres"))]
mod away;
#[cfg(not(feature = "postgres"))]
mod ending;
#[cfg(not(feature = "postgres"))]
mod load;
pub mod table;
mod usage;
