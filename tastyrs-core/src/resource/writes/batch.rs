//! The objects of a list as they are written: what need not be stored by itself waits for those behind it, and shares a
//! statement with them.

use super::{
    super::{Hooks, Hop, Store, ViaUri, hydrate::Connection, links::Ahead, save},
    change,
};
use crate::{
    bundle::{Bundle, Item},
    data::{Data, Value},
    errors::Result,
};

/// The most objects that wait, and that are looked up at once.
const MOST_WAITING: usize = 100;

/// Objects of a list, read in and stored in their order, so that the first that is wrong is told.
pub(super) struct Batch<'h, 'o, R: Hooks> {
    hop: &'o Hop<'h, R>,
    /// All so far; the last of them are not stored yet.
    seen: Vec<Bundle<'h, R>>,
    waiting: usize,
    /// What was created, to be taken back where no transaction does.
    made: Vec<Item<'h, R>>,
    shares: bool,
    /// Those that come next and are there, by their names, until one is changed.
    found: Ahead<Item<'h, R>>,
    /// How many were looked up, or looked at.
    looked: usize,
}

impl<'h, 'o, R: Hooks> Batch<'h, 'o, R> {
    pub(super) fn new(hop: &'o Hop<'h, R>) -> Self {
        Self {
            hop,
            seen: Vec::new(),
            waiting: 0,
            made: Vec::new(),
            shares: R::Source::shares_statements(hop),
            found: Ahead::default(),
            looked: 0,
        }
    }

    /// Looks up what the next of these objects need, where that was not done yet.
    pub(super) fn look_ahead(
        &mut self,
        connection: &mut Connection<R>,
        objects: &[Value<'static>],
        next: usize,
    ) -> Result<()> {
        if !self.shares || next < self.looked {
            return Ok(());
        }
        self.store(connection)?;
        self.looked = objects.len().min(next + MOST_WAITING);
        self.found = R::Source::look_ahead(self.hop, connection, &objects[next..self.looked])?;
        Ok(())
    }

    /// What an address leads to.
    pub(super) fn via_uri(
        &mut self,
        connection: &mut Connection<R>,
        uri: &str,
    ) -> Result<ViaUri<Item<'h, R>>> {
        if !self.found.is_empty()
            && let Some(key) = R::Source::key_in_uri(self.hop, uri)
            && let Some(item) = self.found.take(&key)
        {
            let bundle = Bundle::new(item, self.hop.request, false, 0);
            let allowed = self.hop.authorized_read_detail(&bundle);
            return self
                .or_what_waits(connection, allowed)
                .map(|()| ViaUri::Found(item));
        }
        // It may be one of those that wait.
        self.store(connection)?;
        R::Source::via_uri(self.hop, connection, uri)
    }

    /// Creates an object, at an address where none is if it has a name.
    pub(super) fn create(
        &mut self,
        connection: &mut Connection<R>,
        data: Data<'static>,
        name: Option<&str>,
    ) -> Result<()> {
        let bundle = change::new(self.hop, data, name);
        let bundle = self.or_what_waits(connection, bundle)?;
        self.write(connection, bundle, true)
    }

    /// Changes what is sent of an object that is there.
    pub(super) fn change(
        &mut self,
        connection: &mut Connection<R>,
        item: Item<'h, R>,
        data: Data<'static>,
    ) -> Result<()> {
        let bundle = change::in_place(self.hop, connection, item, data, true, false);
        let bundle = self.or_what_waits(connection, bundle)?;
        self.write(connection, bundle, false)
    }

    fn write(
        &mut self,
        connection: &mut Connection<R>,
        mut bundle: Bundle<'h, R>,
        new: bool,
    ) -> Result<()> {
        let hop = self.hop;
        if !self.shares || R::Source::stands_alone(hop, &bundle) {
            self.store(connection)?;
            if new {
                hop.obj_create(hop, connection, &mut bundle)?;
                self.made.push(bundle.item());
            } else {
                hop.obj_update(hop, connection, &mut bundle)?;
            }
            self.seen.push(bundle);
            self.forget();
            return Ok(());
        }
        let ready = save::ready(hop, connection, &mut bundle);
        self.or_what_waits(connection, ready)?;
        let renamed = !new && R::Source::renames(hop, bundle.draft()?);
        // What looked at it may have changed what it says.
        let alone = R::Source::stands_alone(hop, &bundle);
        if alone {
            self.store(connection)?;
        }
        self.seen.push(bundle);
        self.waiting += 1;
        if alone || renamed || self.waiting == MOST_WAITING {
            self.store(connection)?;
        }
        if alone || renamed {
            self.forget();
        }
        Ok(())
    }

    /// What comes of an object, unless one that waits fails, which came first.
    pub(super) fn or_what_waits<T>(
        &mut self,
        connection: &mut Connection<R>,
        answer: Result<T>,
    ) -> Result<T> {
        if answer.is_err() {
            self.store(connection)?;
        }
        answer
    }

    /// Stores what waits.
    pub(super) fn store(&mut self, connection: &mut Connection<R>) -> Result<()> {
        let hop = self.hop;
        let start = self.seen.len() - std::mem::take(&mut self.waiting);
        let waiting = &mut self.seen[start..];
        if waiting.is_empty() {
            return Ok(());
        }
        for bundle in &*waiting {
            hop.wrote(&bundle.item());
        }
        if waiting.len() > 1 && R::Source::store_all(hop, connection, waiting)? {
            for bundle in waiting {
                hop.wrote(&bundle.item());
                R::Source::save_m2m(hop, connection, bundle, &mut |_| Ok(()))?;
            }
            return Ok(());
        }
        for bundle in waiting {
            save::write(hop, connection, bundle)?;
            R::Source::save_m2m(hop, connection, bundle, &mut |_| Ok(()))?;
        }
        Ok(())
    }

    /// The object that was written at this place of the list.
    pub(super) fn item(&self, place: usize) -> Item<'h, R> {
        self.seen[place].item()
    }

    /// What was sent for the last object.
    pub(super) fn last(&self) -> Option<&Bundle<'h, R>> {
        self.seen.last()
    }

    /// All objects; or where something failed, takes back what was made, if no transaction does.
    pub(super) fn end(self, done: Result<()>) -> Result<Vec<Bundle<'h, R>>> {
        match done {
            Ok(()) => Ok(self.seen),
            Err(error) => {
                R::Source::rollback(self.hop, self.made);
                Err(error)
            }
        }
    }

    /// What was looked up may be old.
    fn forget(&mut self) {
        self.found.clear();
        R::Source::forget_ahead(self.hop);
    }
}
