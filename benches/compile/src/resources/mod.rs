//! The resources, a file a subject.

pub mod catalogue;
pub mod orders;
pub mod people;
pub mod storage;
