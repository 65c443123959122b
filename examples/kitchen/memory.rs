//! A resource without a table: things in the process.

use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError, RwLock},
};

use tastyrs::prelude::*;

/// A thing.
#[derive(Clone)]
pub struct Thing {
    id: i64,
    name: String,
    count: i64,
    tags: Option<Vec<String>>,
}

/// The things, by their ids.
type Things = Arc<RwLock<BTreeMap<i64, Thing>>>;

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
    things: Things,
}

impl MemoryResource {
    /// What is there when the process starts.
    pub fn first_things() -> Things {
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
        Arc::new(RwLock::new(things.into()))
    }
}

impl ObjectSource for MemoryResource {
    fn obj_get_list(&self, _: &Request) -> Result<Vec<Thing>> {
        Ok(self
            .things
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .values()
            .cloned()
            .collect())
    }

    fn obj_get(&self, _: &Request, name: &str) -> Result<Thing> {
        let id: i64 = name.trim().parse().map_err(|_| Error::NotFound)?;
        let things = self.things.read().unwrap_or_else(PoisonError::into_inner);
        things.get(&id).cloned().ok_or(Error::NotFound)
    }

    fn detail_uri(&self, thing: &Thing) -> String {
        thing.id.to_string()
    }
}
