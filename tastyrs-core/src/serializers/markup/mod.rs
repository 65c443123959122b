//! Text in elements, as XML and Apple's property lists have it.
//!
//! - `elements`: the elements of a text, one after the other
//! - `names`: what may stand where

mod elements;
pub(super) mod names;

pub(super) use self::elements::{Elements, Piece};
