//! Batches of objects that come from anywhere but a table: their source makes the whole list at once.

use std::{cell::RefCell, sync::Arc, vec};

use super::batches::{Batch, Batches, Going};
use crate::{
    dispatch,
    errors::Result,
    http::Request,
    resource::{Hooks, Hop, Mounted, ObjectSource, Objects, hop::Start, objects::kept},
};

impl<R: ObjectSource> Batches<R> for Objects {
    /// Those that are still to come.
    type Session = Option<vec::IntoIter<R::Object>>;

    fn session(_: &Mounted<R>) -> Result<Self::Session> {
        Ok(None)
    }

    async fn batch(
        mounted: &Arc<Mounted<R>>,
        request: &mut Request,
        mut going: Going<Self::Session>,
    ) -> Result<(Going<Self::Session>, Batch)>
    where
        R: Hooks,
    {
        let here = Arc::clone(mounted);
        dispatch::blocking(request, move |request| {
            let written = RefCell::default();
            let start = Start::of(request, &written);
            Hop::run(&here, &start, |hop| {
                let mut coming = if let Some(coming) = going.session.take() {
                    coming
                } else {
                    let list = hop.get_object_list(request)?;
                    hop.authorized_read_list(list, request)?.into_iter()
                };
                let rows = usize::try_from(going.pace.rows()).unwrap_or(usize::MAX);
                let objects = coming.by_ref().take(rows).collect();
                going.session = Some(coming);
                let batch = going.pace.write(hop, &mut (), &kept(hop, objects))?;
                Ok((going, batch))
            })
        })
        .await
    }
}
