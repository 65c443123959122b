//! Objects of any source as a resource writes them.

use std::{cell::OnceCell, collections::BTreeSet};

use super::{
    Hooks, Hop, ObjectSource, Objects, Source, Store, ViaUri, hydrate::null_refused,
    links::name_in_uri, objects::kept,
};
use crate::{
    bundle::{Bundle, Item},
    data::{Data, Value},
    errors::{Error, Result},
    fields::{Attribute, DefaultValue, Field, Wanted},
    queries::Key,
};

/// An object that is about to be kept.
#[derive(Debug)]
pub struct ObjectDraft<O> {
    object: O,
    /// The name of the one that it takes the place of.
    name: Option<String>,
    /// The fields that something has set.
    set: BTreeSet<&'static str>,
}

impl<R: ObjectSource> Store<R> for Objects {
    type Draft = ObjectDraft<R::Object>;

    fn blank(hop: &Hop<'_, R>) -> Result<Self::Draft>
    where
        R: Hooks,
    {
        Ok(ObjectDraft {
            object: hop.mounted.resource.new_object(hop.request)?,
            name: None,
            set: BTreeSet::new(),
        })
    }

    fn edit(hop: &Hop<'_, R>, item: &Item<'_, R>) -> Result<Self::Draft>
    where
        R: Hooks,
    {
        let name = Self::detail_name(hop.mounted, item)
            .ok_or(Error::NoObject)?
            .to_string();
        // The source gives it once more, since what was given is shown while this is changed.
        Ok(ObjectDraft {
            object: hop.mounted.resource.obj_get(hop.request, &name)?,
            name: Some(name),
            set: BTreeSet::new(),
        })
    }

    fn is_new(draft: &Self::Draft) -> bool {
        draft.name.is_none()
    }

    fn drafted<'d>(draft: &'d Self::Draft, _: &'d OnceCell<R::Object>) -> Result<&'d R::Object> {
        Ok(&draft.object)
    }

    fn drafted_mut<'d>(
        draft: &'d mut Self::Draft,
        _: &'d mut OnceCell<R::Object>,
    ) -> Result<&'d mut R::Object> {
        Ok(&mut draft.object)
    }

    fn absorb(_: &mut Self::Draft, _: &mut OnceCell<R::Object>) {}

    fn name_draft(_: &Hop<'_, R>, _: &mut Self::Draft, _: &str) -> Result<()>
    where
        R: Hooks,
    {
        // The source gives its own names to what it keeps.
        Ok(())
    }

    fn set_field<'h>(
        hop: &Hop<'h, R>,
        (): &mut (),
        bundle: &mut Bundle<'h, R>,
        field: &Field<R>,
        value: Option<Value<'static>>,
    ) -> Result<()>
    where
        R: Hooks,
    {
        let (Attribute::Object, Some(write)) = (&field.spec.attribute, field.write) else {
            return Ok(());
        };
        let draft = bundle.draft()?;
        let wanted = Wanted::any(field.spec.name, field.spec.kind, field.spec.null);
        let strict = !hop.mounted.compatibility.is_tastypie();
        let value = match value {
            None if draft.name.is_none() => match field.spec.default {
                DefaultValue::NotProvided if field.spec.null => Value::Null,
                DefaultValue::NotProvided => return Ok(()),
                default => default.value().unwrap_or_default(),
            },
            None => return Ok(()),
            Some(Value::Null) if field.spec.null => Value::Null,
            Some(Value::Null) if field.spec.blank || !strict => return Ok(()),
            Some(Value::Null) => return Err(null_refused(field.spec.name)),
            Some(value) => wanted.read(&value)?,
        };
        if !write(&mut draft.object, &value) {
            return Err(wanted.wrong(&value, field.spec.kind.described()));
        }
        draft.set.insert(field.spec.name);
        Ok(())
    }

    fn missing(hop: &Hop<'_, R>, draft: &Self::Draft) -> Option<&'static str>
    where
        R: Hooks,
    {
        if draft.name.is_some() {
            return None;
        }
        hop.mounted
            .fields
            .iter()
            .filter(|field| field.write.is_some() && !field.spec.readonly && !field.spec.blank)
            .map(|field| field.spec.name)
            .find(|name| !draft.set.contains(name))
    }

    fn differs(_: &Self::Draft) -> bool {
        true
    }

    fn save_related<'h>(_: &Hop<'h, R>, (): &mut (), _: &mut Bundle<'h, R>) -> Result<bool>
    where
        R: Hooks,
    {
        Ok(false)
    }

    fn store<'h>(hop: &Hop<'h, R>, (): &mut (), bundle: &mut Bundle<'h, R>) -> Result<()>
    where
        R: Hooks,
    {
        let resource = &hop.mounted.resource;
        let ObjectDraft { object, name, .. } = bundle.take_draft()?;
        let stored = match name {
            None => ObjectSource::obj_create(resource, hop.request, object)?,
            Some(name) => ObjectSource::obj_update(resource, hop.request, &name, object)?,
        };
        let item = kept(hop, vec![stored]).first().copied();
        bundle.stored(item.unwrap_or(Item::Nothing));
        Ok(())
    }

    fn save_m2m<'h>(
        _: &Hop<'h, R>,
        (): &mut (),
        _: &mut Bundle<'h, R>,
        _: &mut dyn FnMut(&Bundle<'h, R>) -> Result<()>,
    ) -> Result<()>
    where
        R: Hooks,
    {
        Ok(())
    }

    fn delete<'h>(hop: &Hop<'h, R>, (): &mut (), item: Item<'h, R>) -> Result<()>
    where
        R: Hooks,
    {
        let name = Self::detail_name(hop.mounted, &item).ok_or(Error::NotFound)?;
        ObjectSource::obj_delete(&hop.mounted.resource, hop.request, &name.to_string())
    }

    fn asked_for(hop: &Hop<'_, R>) -> Result<R::List>
    where
        R: Hooks,
    {
        hop.authorized_read_list(hop.get_object_list(hop.request)?, hop.request)
    }

    fn delete_list(hop: &Hop<'_, R>, (): &mut (), list: R::List) -> Result<()>
    where
        R: Hooks,
    {
        ObjectSource::obj_delete_list(&hop.mounted.resource, hop.request, list)
    }

    fn via_uri<'h>(hop: &Hop<'h, R>, (): &mut (), uri: &str) -> Result<ViaUri<Item<'h, R>>>
    where
        R: Hooks,
    {
        let name = name_in_uri(uri, &hop.mounted.meta.resource_name).ok_or(Error::NotFound)?;
        let object = hop.mounted.resource.obj_get(hop.request, &name)?;
        let item = kept(hop, vec![object])
            .first()
            .copied()
            .ok_or(Error::NotFound)?;
        hop.authorized_read_detail(&Bundle::new(item, hop.request, false, 0))?;
        Ok(ViaUri::Found(item))
    }

    fn sent_key(_: &Hop<'_, R>, _: &Data<'_>) -> Option<(&'static str, Key)>
    where
        R: Hooks,
    {
        None
    }

    fn key(_: &Hop<'_, R>, _: &Self::Draft) -> Option<Key>
    where
        R: Hooks,
    {
        None
    }

    fn auto_now_fields(_: &Hop<'_, R>) -> Vec<&'static str>
    where
        R: Hooks,
    {
        Vec::new()
    }

    fn rollback(hop: &Hop<'_, R>, created: Vec<Item<'_, R>>)
    where
        R: Hooks,
    {
        let name = |item: &Item<'_, R>| Self::detail_name(hop.mounted, item);
        let names: Vec<String> = created
            .iter()
            .filter_map(name)
            .map(|name| name.to_string())
            .collect();
        hop.mounted.resource.rollback(hop.request, &names);
    }
}
