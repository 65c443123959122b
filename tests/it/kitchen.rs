//! The example `kitchen`, to be served inside of the tests.

#![expect(
    unreachable_pub,
    reason = "in the example each module stands below the root"
)]

#[path = "../../examples/kitchen/api.rs"]
pub(crate) mod api;
#[path = "../../examples/kitchen/memory.rs"]
mod memory;
#[path = "../../examples/kitchen/models.rs"]
mod models;
#[path = "../../examples/kitchen/notes.rs"]
mod notes;
#[path = "../../examples/kitchen/resources.rs"]
mod resources;
#[path = "../../examples/kitchen/schema.rs"]
pub(crate) mod schema;
#[path = "../../examples/kitchen/throttles.rs"]
mod throttles;
