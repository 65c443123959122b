//! What comes next of a list, from wherever its objects come.

use std::sync::Arc;

use actix_web::web::Bytes;

use crate::{
    bundle::Item,
    data::{Data, Value},
    errors::{Error, Result},
    http::Request,
    resource::{Hooks, Hop, Mounted, Resource, Source, views},
    serializers::Lines,
};

/// How many objects the first batch has, so that a client soon sees something.
const FIRST: u64 = 100;
/// The most objects of a batch.
const MOST: u64 = 1_000;
/// About how many bytes a batch is to have.
const BYTES: u64 = 256 * 1024;

/// A source whose list can be had in batches.
///
/// Sealed, as [`Source`] is.
pub trait Batches<R: Resource>: Source<R> {
    /// What it holds from one batch to the next.
    #[doc(hidden)]
    type Session: Send + 'static;

    #[doc(hidden)]
    fn session(mounted: &Mounted<R>) -> Result<Self::Session>;
    /// Writes the next objects, on a blocking thread.
    #[doc(hidden)]
    fn batch(
        mounted: &Arc<Mounted<R>>,
        request: &mut Request,
        going: Going<Self::Session>,
    ) -> impl Future<Output = Result<(Going<Self::Session>, Batch)>> + Send
    where
        R: Hooks;
}

/// An export that is under way.
#[doc(hidden)]
#[derive(Debug)]
pub struct Going<S> {
    pub(super) session: S,
    pub(super) pace: Pace,
}

/// How far an export has come, and how large its batches are.
#[derive(Debug)]
pub(super) struct Pace {
    lines: Lines,
    /// How many objects are asked for at most.
    left: u64,
    /// How many a batch has, as far as they are known.
    size: u64,
    written: u64,
    /// Whether something may come yet.
    pub(super) more: bool,
}

/// Objects that are written, and how many they are.
#[doc(hidden)]
#[derive(Debug)]
pub struct Batch {
    pub(super) bytes: Bytes,
    pub(super) objects: u64,
}

impl<S> Going<S> {
    pub(super) fn new(session: S, lines: Lines, left: u64) -> Self {
        let pace = Pace {
            lines,
            left,
            size: FIRST,
            written: 0,
            more: true,
        };
        Self { session, pace }
    }
}

impl Pace {
    /// How many objects the next batch has at most.
    pub(super) fn rows(&self) -> u64 {
        self.size.min(self.left)
    }

    /// Writes objects as the list shows them, and notes that they are written.
    pub(super) fn write<'h, R: Hooks>(
        &mut self,
        hop: &Hop<'h, R>,
        connection: &mut <R::Source as Source<R>>::Connection,
        items: &[Item<'h, R>],
    ) -> Result<Batch> {
        let rows = self.rows();
        let objects = items.len() as u64;
        let name = hop.mounted.meta.collection_name.as_ref();
        let mut list = views::collection(hop, connection, items)?;
        list.insert("meta", self.meta(objects));
        hop.alter_list_data_to_serialize(hop.request, &mut list)?;
        // It may have another name by now.
        let named = list.remove(name).into_iter();
        let mut values = named.chain(list.into_pairs().map(|(_, value)| value));
        let Some(shown) = values.find_map(|value| match value {
            Value::List(shown) => Some(shown),
            _ => None,
        }) else {
            return Err(Error::Configuration(format!(
                "`alter_list_data_to_serialize` of `{}` left no list",
                hop.mounted.meta.resource_name
            )));
        };
        let bytes = self.lines.write(&shown, hop.room())?;

        self.written += objects;
        self.left -= objects.min(self.left);
        self.more = objects == rows && self.left > 0;
        if objects > 0 {
            let fitting = BYTES * objects / (bytes.len() as u64).max(1);
            self.size = fitting.clamp(1, MOST.min(self.size * 4));
        }
        Ok(Batch {
            bytes: bytes.into(),
            objects,
        })
    }

    /// The `meta` of a batch, for hooks on lists: nobody counts how many there are in all.
    fn meta(&self, objects: u64) -> Data<'static> {
        let whole = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        let numbers = [("limit", objects), ("offset", self.written)];
        let numbers = numbers.map(|(name, number)| (name, Value::Int(whole(number))));
        numbers.into_iter().collect()
    }
}
