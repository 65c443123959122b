//! The steps and the hooks that a resource may override.

use std::sync::Arc;

use actix_web::{HttpResponse, http::Method};
use serde::Serialize;

use super::{Connection, Hop, ModelResource, Mounted, Resource, Source, provided, save};
use crate::{
    api::Urls,
    authorization::AnyAuthorization,
    bundle::Bundle,
    data::{Data, Value},
    dispatch::{self, RequestType},
    errors::{Error, Result},
    http::{Answer, Request},
    validation::Errors,
};

/// What a resource does, step by step; each step can be called, and each can be overridden.
///
/// The derives implement it empty, unless the attribute says `hooks`.
///
/// What touches no row is async: the steps of dispatch, authentication, throttles, endpoints. What touches rows
/// is a plain function, called on a blocking thread in a transaction.
///
/// # Compatibility
///
/// The methods of `Resource` and `ModelResource`, `resources.py`, under their names.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no hooks",
    label = "`Hooks` is not implemented",
    note = "leave `hooks` out of `#[resource(...)]`, or write `impl Hooks for {Self} {{}}` with those that it has"
)]
pub trait Hooks: Resource {
    /// Addresses of one's own, which go before those that every resource has.
    ///
    /// # Compatibility
    ///
    /// `prepend_urls`, `resources.py:331`.
    fn prepend_urls(&self) -> Urls<Self> {
        Urls::new()
    }

    /// Takes a request to a list or an object through its steps: `method_check`, `is_authenticated`,
    /// `throttle_check`, `log_throttled_access`, and then the verb.
    ///
    /// # Errors
    ///
    /// What the steps answer.
    ///
    /// # Compatibility
    ///
    /// `dispatch`, `resources.py:463`. What is logged before the verb counts even if the verb fails; with the
    /// switch it is logged after, as Tastypie does it.
    fn dispatch(
        &self,
        request_type: RequestType,
        request: &mut Request,
    ) -> impl Future<Output = Result<HttpResponse>> {
        dispatch::dispatch(self, request_type, request)
    }

    /// Lets a method through that is among `allowed`.
    ///
    /// # Errors
    ///
    /// [`Error::Immediate`]: 405, or 200 for OPTIONS, with `Allow`.
    ///
    /// # Compatibility
    ///
    /// `method_check`, `resources.py:513`.
    fn method_check(&self, request: &Request, allowed: &[Method]) -> Result<Method> {
        dispatch::method_check(request, allowed)
    }

    /// Finds out who calls.
    ///
    /// # Errors
    ///
    /// [`Error::Unauthorized`] where nobody is let in.
    ///
    /// # Compatibility
    ///
    /// `is_authenticated`, `resources.py:551`.
    fn is_authenticated(&self, request: &mut Request) -> impl Future<Output = Result<()>> {
        dispatch::is_authenticated(self, request)
    }

    /// Takes the request's place among those that may pass, or turns it away.
    ///
    /// # Errors
    ///
    /// [`Error::Throttled`] when the limit is reached, [`Error::Throttle`] when the throttle itself failed.
    ///
    /// # Compatibility
    ///
    /// `throttle_check`, `resources.py:570`.
    fn throttle_check(&self, request: &mut Request) -> impl Future<Output = Result<()>> {
        dispatch::throttle_check(self, request)
    }

    /// How many places of its throttle a request takes, as far as its head tells; 1.
    ///
    /// What only the body or the work tells is said by [`throttle_check_cost`](Self::throttle_check_cost) before the
    /// work, or by [`Request::charge`] after it.
    fn throttle_cost(&self, request: &Request) -> u32 {
        let _ = request;
        1
    }

    /// Takes as many places more as make `cost` in all, for a request of which `throttle_check` could not know what it
    /// costs. Where there are not so many, the request is turned away, and nothing of it counts.
    ///
    /// With [`Cost::Objects`](crate::meta::Cost::Objects) a list that is written and a set call it with the number of their objects.
    ///
    /// # Errors
    ///
    /// Those of [`throttle_check`](Self::throttle_check).
    fn throttle_check_cost(
        &self,
        request: &mut Request,
        cost: u32,
    ) -> impl Future<Output = Result<()>> {
        dispatch::throttle_check_cost(self, request, cost)
    }

    /// Marks the request's place as kept: it is counted when the request ends.
    ///
    /// # Errors
    ///
    /// None of its own; what overrides it may.
    ///
    /// # Compatibility
    ///
    /// `log_throttled_access`, `resources.py:597`.
    fn log_throttled_access(&self, request: &mut Request) -> impl Future<Output = Result<()>> {
        dispatch::log_throttled_access(self, request)
    }

    /// Answers with a page of the list.
    ///
    /// # Errors
    ///
    /// What the parameters, the database and the hooks meet.
    ///
    /// # Compatibility
    ///
    /// `get_list`, `resources.py:1312`.
    fn get_list(&self, request: &mut Request) -> impl Future<Output = Result<HttpResponse>> {
        super::get_list(self, request)
    }

    /// Answers with one object.
    ///
    /// # Errors
    ///
    /// What the address, the database and the hooks meet.
    ///
    /// # Compatibility
    ///
    /// `get_detail`, `resources.py:1341`.
    fn get_detail(&self, request: &mut Request) -> impl Future<Output = Result<HttpResponse>> {
        super::get_detail(self, request)
    }

    /// Answers with the objects that an address names, `set/1;2/`.
    ///
    /// # Errors
    ///
    /// What the steps, the database and the hooks meet.
    ///
    /// # Compatibility
    ///
    /// `get_multiple`, `resources.py:1745`.
    fn get_multiple(&self, request: &mut Request) -> impl Future<Output = Result<HttpResponse>> {
        super::get_multiple(self, request)
    }

    /// Answers with the schema.
    ///
    /// # Errors
    ///
    /// What the steps meet, and [`Error::Unauthorized`] where the caller may not read.
    ///
    /// # Compatibility
    ///
    /// `get_schema`, `resources.py:1728`.
    fn get_schema(&self, request: &mut Request) -> impl Future<Output = Result<HttpResponse>> {
        super::get_schema(self, request)
    }

    /// Answers with the whole list as a file, `export.csv`, where the resource says that it has such files.
    ///
    /// # Errors
    ///
    /// What the steps, the database and the hooks meet before anything is sent. What goes wrong later cuts the body off.
    ///
    /// # Compatibility
    ///
    /// Tastypie has no such thing.
    fn get_export(&self, request: &mut Request) -> impl Future<Output = Result<HttpResponse>> {
        super::get_export(self, request)
    }

    /// Creates an object of what was sent.
    ///
    /// # Errors
    ///
    /// What the body, the database and the hooks meet; nothing is stored then.
    ///
    /// # Compatibility
    ///
    /// `post_list`, `resources.py:1385`.
    fn post_list(&self, request: &mut Request) -> impl Future<Output = Result<HttpResponse>> {
        super::post_list(self, request)
    }

    /// Puts objects in the place of those that the request asks for.
    ///
    /// # Errors
    ///
    /// What the body, the database and the hooks meet; nothing is stored then.
    ///
    /// # Compatibility
    ///
    /// `put_list`, `resources.py:1420`.
    fn put_list(&self, request: &mut Request) -> impl Future<Output = Result<HttpResponse>> {
        super::put_list(self, request)
    }

    /// Changes an object, or creates one where none is.
    ///
    /// # Errors
    ///
    /// What the body, the database and the hooks meet; nothing is stored then.
    ///
    /// # Compatibility
    ///
    /// `put_detail`, `resources.py:1467`.
    fn put_detail(&self, request: &mut Request) -> impl Future<Output = Result<HttpResponse>> {
        super::put_detail(self, request)
    }

    /// Creates, changes and deletes objects.
    ///
    /// # Errors
    ///
    /// What the body, the database and the hooks meet; nothing is stored then.
    ///
    /// # Compatibility
    ///
    /// `patch_list`, `resources.py:1544`.
    fn patch_list(&self, request: &mut Request) -> impl Future<Output = Result<HttpResponse>> {
        super::patch_list(self, request)
    }

    /// Changes what was sent of an object.
    ///
    /// # Errors
    ///
    /// What the body, the database and the hooks meet; nothing is stored then.
    ///
    /// # Compatibility
    ///
    /// `patch_detail`, `resources.py:1662`.
    fn patch_detail(&self, request: &mut Request) -> impl Future<Output = Result<HttpResponse>> {
        super::patch_detail(self, request)
    }

    /// Deletes the objects that the request asks for.
    ///
    /// # Errors
    ///
    /// What the body, the database and the hooks meet; nothing is stored then.
    ///
    /// # Compatibility
    ///
    /// `delete_list`, `resources.py:1513`.
    fn delete_list(&self, request: &mut Request) -> impl Future<Output = Result<HttpResponse>> {
        super::delete_list(self, request)
    }

    /// Deletes an object.
    ///
    /// # Errors
    ///
    /// What the body, the database and the hooks meet; nothing is stored then.
    ///
    /// # Compatibility
    ///
    /// `delete_detail`, `resources.py:1525`.
    fn delete_detail(&self, request: &mut Request) -> impl Future<Output = Result<HttpResponse>> {
        super::delete_detail(self, request)
    }

    /// Answers POST to an object: 501.
    ///
    /// # Errors
    ///
    /// None of its own; what overrides it may.
    ///
    /// # Compatibility
    ///
    /// `post_detail`, `resources.py:1409`.
    fn post_detail(&self, request: &mut Request) -> impl Future<Output = Result<HttpResponse>> {
        self.not_implemented(request)
    }

    /// Answers a method for which there is no view of its own: 501.
    ///
    /// # Errors
    ///
    /// None of its own; what overrides it may.
    ///
    /// # Compatibility
    ///
    /// `HttpNotImplemented`, `resources.py:479`.
    fn not_implemented(&self, request: &mut Request) -> impl Future<Output = Result<HttpResponse>> {
        let _ = request;
        async { Ok(Answer::new(actix_web::http::StatusCode::NOT_IMPLEMENTED).into()) }
    }

    /// The objects that there are, to be narrowed and put in order with plain Diesel. It may run twice for one page, for
    /// the rows and for their number; limits and offsets are the page's, and must not stand here.
    ///
    /// # Errors
    ///
    /// None of its own; what overrides it may.
    ///
    /// # Compatibility
    ///
    /// `get_object_list`, `resources.py:2207`.
    fn get_object_list(&self, request: &Request) -> Result<Self::List> {
        Self::Source::all(self, request)
    }

    /// The objects that the caller may read.
    ///
    /// # Errors
    ///
    /// What the authorization answers.
    ///
    /// # Compatibility
    ///
    /// `authorized_read_list`, `resources.py:610`.
    fn authorized_read_list(&self, list: Self::List, request: &Request) -> Result<Self::List> {
        mounted(self, request)?
            .meta
            .authorization
            .read_list(list, request)
    }

    /// Checks that the caller may read an object.
    ///
    /// # Errors
    ///
    /// [`Error::Unauthorized`] or [`Error::Forbidden`] where they may not.
    ///
    /// # Compatibility
    ///
    /// `authorized_read_detail`, `resources.py:622`.
    fn authorized_read_detail(&self, bundle: &Bundle<'_, Self>) -> Result<()> {
        let allowed = mounted(self, bundle.request())?
            .meta
            .authorization
            .read_detail(bundle);
        dispatch::permitted(allowed, bundle.request())
    }

    /// The objects that the caller may create at once.
    ///
    /// # Errors
    ///
    /// What the authorization answers.
    ///
    /// # Compatibility
    ///
    /// `authorized_create_list`, `resources.py:639`.
    fn authorized_create_list(&self, list: Self::List, request: &Request) -> Result<Self::List> {
        authorization(self, request)?.create_list(list, request)
    }

    /// Checks that the caller may create an object.
    ///
    /// # Errors
    ///
    /// [`Error::Unauthorized`] or [`Error::Forbidden`] where they may not.
    ///
    /// # Compatibility
    ///
    /// `authorized_create_detail`, `resources.py:651`.
    fn authorized_create_detail(&self, bundle: &Bundle<'_, Self>) -> Result<()> {
        save::authorized(self, bundle, |authorization, bundle| {
            authorization.create_detail(bundle)
        })
    }

    /// The objects that the caller may change at once.
    ///
    /// # Errors
    ///
    /// What the authorization answers.
    ///
    /// # Compatibility
    ///
    /// `authorized_update_list`, `resources.py:665`.
    fn authorized_update_list(&self, list: Self::List, request: &Request) -> Result<Self::List> {
        authorization(self, request)?.update_list(list, request)
    }

    /// Checks that the caller may change an object.
    ///
    /// # Errors
    ///
    /// [`Error::Unauthorized`] or [`Error::Forbidden`] where they may not.
    ///
    /// # Compatibility
    ///
    /// `authorized_update_detail`, `resources.py:677`.
    fn authorized_update_detail(&self, bundle: &Bundle<'_, Self>) -> Result<()> {
        save::authorized(self, bundle, |authorization, bundle| {
            authorization.update_detail(bundle)
        })
    }

    /// The objects that the caller may delete at once.
    ///
    /// # Errors
    ///
    /// What the authorization answers.
    ///
    /// # Compatibility
    ///
    /// `authorized_delete_list`, `resources.py:691`.
    fn authorized_delete_list(&self, list: Self::List, request: &Request) -> Result<Self::List> {
        authorization(self, request)?.delete_list(list, request)
    }

    /// Checks that the caller may delete an object.
    ///
    /// # Errors
    ///
    /// [`Error::Unauthorized`] or [`Error::Forbidden`] where they may not.
    ///
    /// # Compatibility
    ///
    /// `authorized_delete_detail`, `resources.py:703`.
    fn authorized_delete_detail(&self, bundle: &Bundle<'_, Self>) -> Result<()> {
        save::authorized(self, bundle, |authorization, bundle| {
            authorization.delete_detail(bundle)
        })
    }

    /// Reads a body in the format that its `Content-Type` says.
    ///
    /// # Errors
    ///
    /// [`Error::BadRequest`] where it is not of that format, [`Error::UnsupportedDeserializationFormat`] where that is none
    /// of the resource's.
    ///
    /// # Compatibility
    ///
    /// `deserialize`, `resources.py:396`.
    fn deserialize(&self, request: &Request) -> Result<Value<'static>> {
        let content_type = request.header("content-type").unwrap_or("application/json");
        mounted(self, request)?
            .meta
            .serializer
            .deserialize(request.body(), content_type)
    }

    /// Has the first word on a list that was sent.
    ///
    /// # Errors
    ///
    /// None of its own; what overrides it may.
    ///
    /// # Compatibility
    ///
    /// `alter_deserialized_list_data`, `resources.py:431`.
    fn alter_deserialized_list_data(&self, request: &Request, data: &mut Data<'_>) -> Result<()> {
        let _ = (request, data);
        Ok(())
    }

    /// Has the first word on an object that was sent; on PATCH, on the whole object with the change in it.
    ///
    /// # Errors
    ///
    /// None of its own; what overrides it may.
    ///
    /// # Compatibility
    ///
    /// `alter_deserialized_detail_data`, `resources.py:443`.
    fn alter_deserialized_detail_data(&self, request: &Request, data: &mut Data<'_>) -> Result<()> {
        let _ = (request, data);
        Ok(())
    }

    /// Has a word on an object that was sent, before its fields are read in: it may change `bundle.data` and, by
    /// [`Bundle::obj_mut`], the object.
    ///
    /// # Errors
    ///
    /// None of its own; what overrides it may.
    ///
    /// # Compatibility
    ///
    /// `hydrate`, `resources.py:977`.
    fn hydrate(&self, bundle: &mut Bundle<'_, Self>) -> Result<()> {
        let _ = bundle;
        Ok(())
    }

    /// Reads what was sent into the object. What overrides it calls [`provided::full_hydrate`].
    ///
    /// # Errors
    ///
    /// What the values and the hooks meet.
    ///
    /// # Compatibility
    ///
    /// `full_hydrate`, `resources.py:926`.
    fn full_hydrate<'h>(
        &self,
        hop: &Hop<'h, Self>,
        db: &mut Connection<Self>,
        bundle: &mut Bundle<'h, Self>,
    ) -> Result<()> {
        provided::full_hydrate(hop, db, bundle)
    }

    /// What is wrong with an object, by field; it is asked before the object is stored.
    ///
    /// # Errors
    ///
    /// What looking at the data meets.
    ///
    /// # Compatibility
    ///
    /// `is_valid`, `resources.py:1301`.
    fn is_valid(&self, bundle: &mut Bundle<'_, Self>) -> Result<Errors> {
        save::is_valid(self, bundle)
    }

    /// Creates an object of what was sent. What overrides it calls [`provided::obj_create`].
    ///
    /// # Errors
    ///
    /// [`Error::BadRequest`] where a value is wrong or missing, [`Error::Invalid`] where the validation says so,
    /// [`Error::Unauthorized`] and [`Error::Forbidden`] where the caller may not, [`Error::Conflict`] where it goes against
    /// other rows.
    ///
    /// # Compatibility
    ///
    /// `obj_create`, `resources.py:2241`.
    fn obj_create<'h>(
        &self,
        hop: &Hop<'h, Self>,
        db: &mut Connection<Self>,
        bundle: &mut Bundle<'h, Self>,
    ) -> Result<()> {
        provided::obj_create(hop, db, bundle)
    }

    /// Changes an object as was sent. What overrides it calls [`provided::obj_update`].
    ///
    /// # Errors
    ///
    /// As [`obj_create`](Self::obj_create).
    ///
    /// # Compatibility
    ///
    /// `obj_update`, `resources.py:2282`.
    fn obj_update<'h>(
        &self,
        hop: &Hop<'h, Self>,
        db: &mut Connection<Self>,
        bundle: &mut Bundle<'h, Self>,
    ) -> Result<()> {
        provided::obj_update(hop, db, bundle)
    }

    /// Checks, authorizes and stores an object that was read in. What overrides it calls [`provided::save`].
    ///
    /// # Errors
    ///
    /// As [`obj_create`](Self::obj_create).
    ///
    /// # Compatibility
    ///
    /// `save`, `resources.py:2381`.
    fn save<'h>(
        &self,
        hop: &Hop<'h, Self>,
        db: &mut Connection<Self>,
        bundle: &mut Bundle<'h, Self>,
    ) -> Result<()> {
        provided::save(hop, db, bundle)
    }

    /// Deletes an object. What overrides it calls [`provided::obj_delete`].
    ///
    /// # Errors
    ///
    /// [`Error::Unauthorized`] and [`Error::Forbidden`] where the caller may not, [`Error::Conflict`] where others refer to
    /// it.
    ///
    /// # Compatibility
    ///
    /// `obj_delete`, `resources.py:2343`.
    fn obj_delete<'h>(
        &self,
        hop: &Hop<'h, Self>,
        db: &mut Connection<Self>,
        bundle: &mut Bundle<'h, Self>,
    ) -> Result<()> {
        provided::obj_delete(hop, db, bundle)
    }

    /// Deletes the objects that a request to the list asks for. What overrides it calls
    /// [`provided::obj_delete_list`].
    ///
    /// # Errors
    ///
    /// What the filters, the database and the authorization answer.
    ///
    /// # Compatibility
    ///
    /// `obj_delete_list`, `resources.py:2319`.
    fn obj_delete_list(&self, hop: &Hop<'_, Self>, db: &mut Connection<Self>) -> Result<()> {
        provided::obj_delete_list(hop, db)
    }

    /// Deletes the objects in whose place a PUT to the list puts others. What overrides it calls
    /// [`provided::obj_delete_list_for_update`].
    ///
    /// # Errors
    ///
    /// What the filters, the database and the authorization answer.
    ///
    /// # Compatibility
    ///
    /// `obj_delete_list_for_update`, `resources.py:2331`.
    fn obj_delete_list_for_update(
        &self,
        hop: &Hop<'_, Self>,
        db: &mut Connection<Self>,
    ) -> Result<()> {
        provided::obj_delete_list_for_update(hop, db)
    }

    /// Has the last word on the data of an object.
    ///
    /// # Errors
    ///
    /// None of its own; what overrides it may.
    ///
    /// # Compatibility
    ///
    /// `dehydrate`, `resources.py:927`.
    fn dehydrate(&self, bundle: &mut Bundle<'_, Self>) -> Result<()> {
        let _ = bundle;
        Ok(())
    }

    /// Has the last word on a list before it is written.
    ///
    /// # Errors
    ///
    /// None of its own; what overrides it may.
    ///
    /// # Compatibility
    ///
    /// `alter_list_data_to_serialize`, `resources.py:394`.
    fn alter_list_data_to_serialize(&self, request: &Request, data: &mut Data<'_>) -> Result<()> {
        let _ = (request, data);
        Ok(())
    }

    /// Has the last word on an object before it is written.
    ///
    /// # Errors
    ///
    /// None of its own; what overrides it may.
    ///
    /// # Compatibility
    ///
    /// `alter_detail_data_to_serialize`, `resources.py:406`.
    fn alter_detail_data_to_serialize(&self, request: &Request, data: &mut Data<'_>) -> Result<()> {
        let _ = (request, data);
        Ok(())
    }

    /// Writes an answer in the format that the client wants.
    ///
    /// # Errors
    ///
    /// [`Error::BadRequest`] where the client's wish cannot be understood or the data cannot be written.
    ///
    /// # Compatibility
    ///
    /// `create_response`, `resources.py:1193`.
    fn create_response<T: Serialize>(&self, request: &Request, data: T) -> Result<HttpResponse> {
        let data = crate::serializers::to_value(&data)?;
        let mounted = mounted(self, request)?;
        Ok(dispatch::create_answer(&mounted.meta, request, &data, 4096)?.into())
    }
}

/// The authorization of a resource.
pub(crate) fn authorization<R: Resource>(
    resource: &R,
    request: &Request,
) -> Result<AnyAuthorization<R>> {
    Ok(mounted(resource, request)?.meta.authorization.clone())
}

/// The resource as a part of the API that the request came to.
pub(crate) fn mounted<R: Resource>(_: &R, request: &Request) -> Result<Arc<Mounted<R>>> {
    request.site().resource::<R>().ok_or_else(|| {
        Error::Configuration(format!(
            "{} is not registered in this API",
            std::any::type_name::<R>()
        ))
    })
}

/// Work on rows from an endpoint of one's own.
pub trait InDb: ModelResource + Hooks {
    /// Hops to a blocking thread, opens a transaction, and hands over the resource and the connection.
    ///
    /// On SQLite the transaction may write at once (`BEGIN IMMEDIATE`) unless the method is one that only reads, as
    /// GET is.
    ///
    /// # Errors
    ///
    /// [`Error::Busy`] where no connection becomes free in time, [`Error::Panicked`] where `work` panics, and what
    /// `work` answers; on an error the transaction is rolled back.
    fn in_db<T, F>(&self, request: &mut Request, work: F) -> impl Future<Output = Result<T>>
    where
        T: Send + 'static,
        F: FnOnce(&Hop<'_, Self>, &mut <Self::Source as Source<Self>>::Connection) -> Result<T>
            + Send
            + 'static,
    {
        async move {
            let mounted = mounted(self, request)?;
            let writes = !request.method().is_safe();
            <Self::Source as Source<Self>>::hop(&mounted, request, writes, work).await
        }
    }
}

impl<R: ModelResource + Hooks> InDb for R {}
