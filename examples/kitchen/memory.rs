//! A resource without a table: things in the process.

use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

use tastyrs::prelude::*;

/// A thing.
#[derive(Clone, Default)]
pub struct Thing {
    id: i64,
    name: String,
    count: i64,
    tags: Option<Vec<String>>,
}

/// The things, by their ids, and the last id that one was given.
pub struct Shelf {
    things: BTreeMap<i64, Thing>,
    last: i64,
}

#[derive(Resource)]
#[resource(object = Thing, resource_name = "memory", authorization = Authorization, always_return_data)]
pub struct MemoryResource {
    #[field(readonly)]
    id: Column<i64>,
    name: Column<String>,
    #[field(default = 0)]
    count: Column<i64>,
    #[field(null)]
    tags: Column<Option<Vec<String>>>,
    #[field(skip)]
    things: Arc<RwLock<Shelf>>,
}

impl MemoryResource {
    fn read(&self) -> RwLockReadGuard<'_, Shelf> {
        self.things.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Shelf> {
        self.things.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is there when the process starts.
    pub fn first_things() -> Arc<RwLock<Shelf>> {
        let thing = |id, name: &str, count, tags: &[&str]| {
            let tags = tags.iter().map(ToString::to_string).collect();
            (
                id,
                Thing {
                    id,
                    name: name.to_owned(),
                    count,
                    tags: Some(tags),
                },
            )
        };
        let things = [
            thing(1, "anvil", 3, &["heavy", "iron"]),
            thing(2, "bellows", 0, &[]),
            thing(3, "crucible", -7, &["hot"]),
        ];
        Arc::new(RwLock::new(Shelf {
            things: things.into(),
            last: 3,
        }))
    }
}

impl ObjectSource for MemoryResource {
    fn obj_get_list(&self, _: &Request) -> Result<Vec<Thing>> {
        let kept = self.read();
        Ok(kept.things.values().cloned().collect())
    }

    fn obj_get(&self, _: &Request, name: &str) -> Result<Thing> {
        let id: i64 = name.trim().parse().map_err(|_| Error::NotFound)?;
        let kept = self.read();
        kept.things.get(&id).cloned().ok_or(Error::NotFound)
    }

    fn detail_uri(&self, thing: &Thing) -> String {
        thing.id.to_string()
    }

    fn new_object(&self, _: &Request) -> Result<Thing> {
        Ok(Thing::default())
    }

    fn obj_create(&self, _: &Request, mut thing: Thing) -> Result<Thing> {
        let mut kept = self.write();
        kept.last += 1;
        thing.id = kept.last;
        kept.things.insert(thing.id, thing.clone());
        Ok(thing)
    }

    fn obj_update(&self, _: &Request, _: &str, thing: Thing) -> Result<Thing> {
        let mut kept = self.write();
        let place = kept.things.get_mut(&thing.id).ok_or(Error::NotFound)?;
        place.clone_from(&thing);
        Ok(thing)
    }

    fn obj_delete(&self, _: &Request, name: &str) -> Result<()> {
        let id: i64 = name.trim().parse().map_err(|_| Error::NotFound)?;
        let mut kept = self.write();
        kept.things.remove(&id).map(drop).ok_or(Error::NotFound)
    }
}
