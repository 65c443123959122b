//! Rows of a table as a resource writes them.

use std::{cell::OnceCell, sync::Arc};

use super::{
    ColumnSpec, Hooks, Hop, Model, ModelResource, Mounted, Rows, Source, Store, ViaUri,
    draft::{Origin, RowDraft},
    generic,
    hydrate::{no_data, null_refused},
    links::{self, Ahead},
    row_hops, rows,
    store::Single,
    violations,
    write_row::{self, Columns},
    write_rows,
};
use crate::{
    bundle::{Bundle, Item},
    data::{Data, Value},
    database::{Dialect, Fragment, Narrow, Page, load},
    errors::{Error, Result},
    fields::{
        Attribute, By, DefaultValue, Field, FieldSpec, Kind, RelationSpec, Wanted, same, told,
    },
    http::Request,
    queries::{Key, Node, build_filters, parse_key},
};

impl<R: ModelResource> Store<R> for Rows {
    type Draft = RowDraft;

    fn write<T, F>(
        mounted: &Arc<Mounted<R>>,
        request: &mut Request,
        is_lone: bool,
        mut work: F,
    ) -> impl Future<Output = Result<T>>
    where
        R: Hooks,
        T: Send + 'static,
        F: FnMut(&Hop<'_, R>, &mut Self::Connection) -> Result<T> + Send + 'static,
    {
        let here = Arc::clone(mounted);
        let work: row_hops::WritingOne<R::Db, T> =
            Box::new(move |start, connection| Hop::run(&here, start, |hop| work(hop, connection)));
        row_hops::write_one(&mounted.state, request, is_lone, work)
    }

    fn is_lone(mounted: &Mounted<R>, single: Single, sent: &Value<'_>) -> bool
    where
        R: Hooks,
    {
        let state = &mounted.state;
        let is_simple = || {
            let Value::Map(data) = sent else {
                return single == Single::Delete;
            };
            let mut fields = mounted.fields.iter().map(|field| &field.spec);
            !fields.any(|field| links::needs_order(state, field, data))
        };
        state.lone.is(single) && is_simple()
    }

    fn blank(hop: &Hop<'_, R>) -> Result<RowDraft>
    where
        R: Hooks,
    {
        let draft = RowDraft::blank(R::Model::COLUMNS, hop.mounted.compatibility);
        Ok(draft.lone(hop.is_lone))
    }

    fn edit(hop: &Hop<'_, R>, item: &Item<'_, R>) -> Result<RowDraft>
    where
        R: Hooks,
    {
        let values =
            (0..R::Model::COLUMNS.len()).map(|column| Self::column(item, column).into_owned());
        Ok(RowDraft::loaded(values.collect()).lone(hop.is_lone))
    }

    fn is_new(draft: &RowDraft) -> bool {
        draft.loaded.is_none()
    }

    fn drafted<'d>(draft: &'d RowDraft, object: &'d OnceCell<R::Object>) -> Result<&'d R::Object> {
        draft.object(object)
    }

    fn drafted_mut<'d>(
        draft: &'d mut RowDraft,
        object: &'d mut OnceCell<R::Object>,
    ) -> Result<&'d mut R::Object> {
        draft.object_mut(object)
    }

    fn absorb(draft: &mut RowDraft, object: &mut OnceCell<R::Object>) {
        draft.absorb(object);
    }

    fn name_draft(hop: &Hop<'_, R>, draft: &mut RowDraft, name: &str) -> Result<()>
    where
        R: Hooks,
    {
        name_draft(hop.mounted.state.node(), draft, name)
    }

    fn set_field<'h>(
        hop: &Hop<'h, R>,
        connection: &mut Self::Connection,
        bundle: &mut Bundle<'h, R>,
        field: &Field<R>,
        value: Option<Value<'static>>,
    ) -> Result<()>
    where
        R: Hooks,
    {
        match &field.spec.attribute {
            Attribute::Column(column) if generic::decides(hop, bundle, *column) => Ok(()),
            Attribute::Column(column) => {
                let place = Place::of(hop, &field.spec, *column);
                let is_key = *column == hop.mounted.state.node().key;
                set_column::<R::Db>(bundle.draft()?, place, is_key, value)
            }
            Attribute::Relation(relation) => {
                let Some(value) = value else {
                    return Ok(());
                };
                let mut writing = links::Writing::<R::Db>::of(hop, connection);
                match &relation.by {
                    By::Column(column) => {
                        let place = Place::of(hop, &field.spec, *column);
                        refer(&mut writing, bundle.draft()?, place, relation, value)
                    }
                    By::Generic(generic) => {
                        let place = Place::of(hop, &field.spec, generic.object_id);
                        let state = &hop.mounted.state;
                        generic::refer(&mut writing, state, bundle.draft()?, place, generic, value)
                    }
                    By::Through { .. } | By::Reverse { .. } => Ok(()),
                }
            }
            _ => Ok(()),
        }
    }

    fn missing(hop: &Hop<'_, R>, draft: &RowDraft) -> Option<&'static str>
    where
        R: Hooks,
    {
        missing(hop.mounted.state.node(), R::Model::COLUMNS, draft)
    }

    fn differs(draft: &RowDraft) -> bool {
        draft.differs()
    }

    fn save_related<'h>(
        hop: &Hop<'h, R>,
        connection: &mut Self::Connection,
        bundle: &mut Bundle<'h, R>,
    ) -> Result<bool>
    where
        R: Hooks,
    {
        let mut writing = links::Writing::<R::Db>::of(hop, connection);
        save_related(&mut writing, bundle.draft()?)
    }

    fn store<'h>(
        hop: &Hop<'h, R>,
        connection: &mut Self::Connection,
        bundle: &mut Bundle<'h, R>,
    ) -> Result<()>
    where
        R: Hooks,
    {
        let state = &hop.mounted.state;
        let (found, keeps_auto_now) = (bundle.item(), bundle.keeps_auto_now);
        let (draft, columns) = (bundle.draft()?, R::Model::COLUMNS);
        readied::<R::Db>(state.node(), draft, columns, keeps_auto_now)?;
        violations::check_references(state, columns, connection, draft)?;
        let returned = returned(hop);
        let page = write_rows::write_one(state, connection, draft, returned)?;
        let page = page.filter(|page| page.len() > 0);
        if page.is_none() && draft.is_lone() {
            return Err(Error::NotFound);
        }
        let item = page.map(|page| rows::item(hop.pages.keep(page), 0, returned));
        bundle.stored(item.unwrap_or(found));
        Ok(())
    }

    fn store_all<'h>(
        hop: &Hop<'h, R>,
        connection: &mut Self::Connection,
        bundles: &mut [Bundle<'h, R>],
    ) -> Result<bool>
    where
        R: Hooks,
    {
        let (state, columns) = (&hop.mounted.state, R::Model::COLUMNS);
        let mut drafts = Vec::with_capacity(bundles.len());
        for bundle in &mut *bundles {
            let keeps_auto_now = bundle.keeps_auto_now;
            let draft = bundle.draft()?;
            if readied::<R::Db>(state.node(), draft, columns, keeps_auto_now).is_err() {
                return Ok(false);
            }
            drafts.push(draft);
        }
        let returned = returned(hop);
        let Some(written) = write_rows::write_all(state, connection, columns, &drafts, returned)?
        else {
            return Ok(false);
        };
        let pages = written.pages.into_iter();
        let pages: Vec<&'h Page> = pages.map(|page| hop.pages.keep(page)).collect();
        for (bundle, place) in bundles.iter_mut().zip(written.places) {
            let item = place.map(|(page, row)| rows::item(pages[page], row, returned));
            bundle.stored(item.unwrap_or(bundle.item()));
        }
        Ok(true)
    }

    fn shares_statements(hop: &Hop<'_, R>) -> bool
    where
        R: Hooks,
    {
        let validation = hop.mounted.meta.validation.as_ref();
        let mut fields = hop.mounted.fields.iter();
        !R::HAS_HOOKS
            && !validation.is_some_and(|validation| validation.cleans())
            && fields.all(|field| field.hydrate.is_none())
    }

    fn stands_alone(hop: &Hop<'_, R>, bundle: &Bundle<'_, R>) -> bool
    where
        R: Hooks,
    {
        let state = &hop.mounted.state;
        let mut fields = hop.mounted.fields.iter().map(|field| &field.spec);
        fields.any(|field| {
            bundle.sent.sets(field.name) && links::needs_order(state, field, &bundle.data)
        })
    }

    fn look_ahead<'h>(
        hop: &Hop<'h, R>,
        connection: &mut Self::Connection,
        objects: &[Value<'static>],
    ) -> Result<Ahead<Item<'h, R>>>
    where
        R: Hooks,
    {
        links::look_ahead(hop, connection, objects)
    }

    fn forget_ahead(hop: &Hop<'_, R>)
    where
        R: Hooks,
    {
        hop.pages.known.clear();
    }

    fn key_in_uri(hop: &Hop<'_, R>, uri: &str) -> Option<Key>
    where
        R: Hooks,
    {
        let node = hop.mounted.state.node();
        let name = links::name_in_uri(uri, &hop.mounted.meta.resource_name)?;
        parse_key(&name, node.columns[node.detail].kind)
    }

    fn renames(hop: &Hop<'_, R>, draft: &RowDraft) -> bool
    where
        R: Hooks,
    {
        let detail = hop.mounted.state.node().detail;
        let loaded = draft.loaded.as_ref();
        loaded.is_some_and(|loaded| !same(&loaded[detail], &draft.values[detail]))
    }

    fn save_m2m<'h>(
        hop: &Hop<'h, R>,
        connection: &mut Self::Connection,
        bundle: &mut Bundle<'h, R>,
        authorize: &mut dyn FnMut(&Bundle<'h, R>) -> Result<()>,
    ) -> Result<()>
    where
        R: Hooks,
    {
        links::save_m2m(hop, connection, bundle, authorize)
    }

    fn delete<'h>(
        hop: &Hop<'h, R>,
        connection: &mut Self::Connection,
        item: Item<'h, R>,
    ) -> Result<()>
    where
        R: Hooks,
    {
        let node = hop.mounted.state.node();
        let key = Key::of(&Self::column(&item, node.key)).ok_or(Error::NotFound)?;
        if hop.is_lone {
            return write_row::delete_one::<R::Db>(connection, node, key, &hop.mounted.state.names);
        }
        write_row::delete::<R::Db>(connection, node, &[key], &R::Model::on_delete())
            .map_err(|error| violations::explain(hop.mounted, error))
    }

    fn asked_for(hop: &Hop<'_, R>) -> Result<R::List>
    where
        R: Hooks,
    {
        let state = &hop.mounted.state;
        let (query, compatibility) = (hop.request.params(), hop.mounted.compatibility);
        let filters = build_filters::<R::Db>(&state.graph, state.node(), query, compatibility)?;
        rows::narrowed(hop, filters)
    }

    fn delete_list(hop: &Hop<'_, R>, connection: &mut Self::Connection, list: R::List) -> Result<()>
    where
        R: Hooks,
    {
        let node = hop.mounted.state.node();
        let mut columns = Fragment::new();
        let detail = &node.columns[node.detail];
        columns.sql(&node.key().sql).sql(", ").sql(&detail.sql);
        let page = load::<R::Db>(
            connection,
            list.rows(columns),
            vec![
                write_row::key_column(node.key()),
                write_row::key_column(detail),
            ],
            "loading keys",
        )?;
        let keys = write_row::keys_of_page(&page);
        if hop.mounted.meta.cache.keeps() {
            for name in (0..page.len()).filter_map(|row| Key::of(&page.value(row, 1))) {
                hop.forget(&name.to_string());
            }
        }
        write_row::delete::<R::Db>(connection, node, &keys, &R::Model::on_delete())
            .map_err(|error| violations::explain(hop.mounted, error))
    }

    fn via_uri<'h>(
        hop: &Hop<'h, R>,
        connection: &mut Self::Connection,
        uri: &str,
    ) -> Result<ViaUri<Item<'h, R>>>
    where
        R: Hooks,
    {
        let name =
            links::name_in_uri(uri, &hop.mounted.meta.resource_name).ok_or(Error::NotFound)?;
        match Self::named(hop, connection, &name)?[..] {
            [] => Ok(ViaUri::Missing {
                name: name.into_owned(),
            }),
            [item] => {
                let bundle = Bundle::new(item, hop.request, false, 0);
                hop.mounted.resource.authorized_read_detail(&bundle)?;
                Ok(ViaUri::Found(item))
            }
            _ => Err(Error::bad_request(format!(
                "More than one object is found at '{name}'."
            ))),
        }
    }

    fn sent_key(hop: &Hop<'_, R>, data: &Data<'_>) -> Option<(&'static str, Key)>
    where
        R: Hooks,
    {
        sent_key(hop.mounted.state.node(), data)
    }

    fn key(hop: &Hop<'_, R>, draft: &RowDraft) -> Option<Key>
    where
        R: Hooks,
    {
        Key::of(&draft.values[hop.mounted.state.node().key])
    }

    fn auto_now_fields(hop: &Hop<'_, R>) -> Vec<&'static str>
    where
        R: Hooks,
    {
        let is_set = |attribute: &Attribute| matches!(attribute, Attribute::Column(column) if R::Model::COLUMNS[*column].auto_now);
        let fields = hop.mounted.fields.iter();
        let fields = fields.filter(|field| is_set(&field.spec.attribute));
        fields.map(|field| field.spec.name).collect()
    }

    fn rollback(_: &Hop<'_, R>, _: Vec<Item<'_, R>>)
    where
        R: Hooks,
    {
        // The transaction does.
    }
}

/// What comes back of a row that was written: its names alone where nobody looks at the rest.
fn returned<'h, R: ModelResource>(hop: &Hop<'h, R>) -> &'h Columns {
    let state = &hop.mounted.state;
    if R::HAS_HOOKS || hop.mounted.meta.always_return_data {
        &state.columns
    } else {
        &state.names
    }
}

// What follows is of no resource, so that it is compiled once.

/// Writes the objects that a draft refers to, if any were sent with it, and has it refer to them.
fn save_related<DB: Dialect>(
    writing: &mut links::Writing<'_, '_, DB>,
    draft: &mut RowDraft,
) -> Result<bool> {
    let all = std::mem::take(&mut draft.nested);
    let any = !all.is_empty();
    for nested in all {
        let target = links::target::<DB>(writing.request, nested.target)?;
        let key = target.save_nested(writing, nested.key, nested.data, None)?;
        match nested.generic {
            None => draft.set(nested.column, key.value()),
            Some(columns) => {
                for (column, value) in columns {
                    draft.set(column, value);
                }
            }
        }
        draft.written.push(nested.column);
    }
    Ok(any)
}

/// Gives a new row the name that an address has.
fn name_draft(node: &Node, draft: &mut RowDraft, name: &str) -> Result<()> {
    let column = &node.columns[node.detail];
    let (least, most) = column.kind.range();
    match parse_key(name, column.kind) {
        None | Some(Key::None) => {}
        // What does not fit the column could be stored by SQLite, and never read again.
        Some(Key::Int(number)) if number < least || number > most => {}
        Some(key) => {
            draft.set(node.detail, key.value());
            return Ok(());
        }
    }
    Err(Error::bad_request(format!(
        "'{}' cannot be the '{}' of an object.",
        told(&Value::from(name)),
        column.name
    )))
}

/// The first field without which a new row cannot be stored and that nothing has set.
fn missing(node: &Node, columns: &[ColumnSpec], draft: &RowDraft) -> Option<&'static str> {
    let shown = |column: usize| {
        node.fields.iter().find(|field| {
            !field.readonly
                && match &field.attribute {
                    Attribute::Column(of) => *of == column,
                    Attribute::Relation(relation) => relation.by.is_over(column),
                    _ => false,
                }
        })
    };
    // What no field shows is left to the database, and so is a key of whole numbers.
    (0..draft.values.len())
        .filter(|column| {
            let given = &columns[*column];
            draft.origins[*column] == Origin::Nowhere
                && !(given.primary_key && given.kind.is_integer())
                && !draft.nested.iter().any(|nested| nested.sets(*column))
        })
        .find_map(|column| shown(column).map(|field| field.name))
}

/// The field that shows the key, and the key that data says.
fn sent_key(node: &Node, data: &Data<'_>) -> Option<(&'static str, Key)> {
    let field = node
        .fields
        .iter()
        .find(|field| matches!(field.attribute, Attribute::Column(column) if column == node.key))?;
    let sent = data.get(field.name).filter(|_| !field.readonly)?;
    if sent.is_nothing() {
        return None;
    }
    let wanted = Wanted::any(field.name, node.key().kind, false);
    let key = wanted.read(sent).ok()?;
    Some((field.name, Key::of(&key)?))
}

/// Readies a row to be stored.
fn readied<DB: Dialect>(
    node: &Node,
    draft: &mut RowDraft,
    columns: &[ColumnSpec],
    keeps_auto_now: bool,
) -> Result<()> {
    let now = Value::DateTime(crate::clock::now());
    for (position, column) in columns.iter().enumerate() {
        if column.auto_now && (!keeps_auto_now || draft.origins[position] == Origin::Set) {
            draft.set(position, moment_of(column.kind, &now));
        }
    }
    check_text::<DB>(node, columns, draft)
}

/// Refuses text that the database would refuse without naming the field; what is valid was told before.
fn check_text<DB: Dialect>(node: &Node, columns: &[ColumnSpec], draft: &RowDraft) -> Result<()> {
    if DB::holds_nul() && !DB::limits_text() {
        return Ok(());
    }
    for field in &node.fields {
        let Attribute::Column(position) = field.attribute else {
            continue;
        };
        let (column, value) = (&columns[position], &draft.values[position]);
        if column.kind == Kind::Text
            && draft.writes(position)
            && let Value::Text(text) = value
        {
            let wanted = Wanted {
                max_length: column.max_length.filter(|_| DB::limits_text()),
                nul: DB::holds_nul(),
                ..Wanted::any(field.name, Kind::Text, false)
            };
            wanted.check_text(text)?;
        }
    }
    Ok(())
}

/// The current time as a column of this kind holds it.
fn moment_of(kind: Kind, now: &Value<'static>) -> Value<'static> {
    match (kind, now) {
        (Kind::Date, Value::DateTime(now)) => Value::Date(now.date()),
        (Kind::Time, Value::DateTime(now)) => Value::Time(now.time()),
        _ => now.clone(),
    }
}

/// A field and the column behind it, whatever the resource: what reads them is compiled once.
#[derive(Clone, Copy)]
pub(super) struct Place<'f> {
    pub(super) field: &'f FieldSpec,
    /// Those of the model.
    pub(super) columns: &'static [ColumnSpec],
    pub(super) position: usize,
    pub(super) strict: bool,
}

impl<'f> Place<'f> {
    fn of<R: ModelResource>(hop: &Hop<'_, R>, field: &'f FieldSpec, position: usize) -> Self {
        Self {
            field,
            columns: R::Model::COLUMNS,
            position,
            strict: !hop.mounted.compatibility.is_tastypie(),
        }
    }

    pub(super) fn column(&self) -> &'static ColumnSpec {
        &self.columns[self.position]
    }
}

/// Sets a column to what was sent for its field.
fn set_column<DB: Dialect>(
    draft: &mut RowDraft,
    place: Place<'_>,
    key: bool,
    value: Option<Value<'static>>,
) -> Result<()> {
    let Place {
        field,
        position,
        strict,
        ..
    } = place;
    let column = place.column();
    let wanted = Wanted {
        name: field.name,
        kind: column.kind,
        null: column.nullable,
        range: if strict {
            column.kind.range()
        } else {
            DB::integer_range(column.kind)
        },
        max_length: column.max_length.filter(|_| strict),
        max_digits: column.max_digits,
        decimal_places: column.decimal_places,
        not_finite: !strict && DB::holds_not_finite(),
        nul: !strict || DB::holds_nul(),
    };
    match value {
        None => {
            let default = match field.default {
                DefaultValue::NotProvided => None,
                default => default.value(),
            };
            if let Some(default) =
                default.filter(|_| draft.origins[position] == Origin::Nowhere && !key)
                && let Ok(default) = wanted.read(&default)
            {
                draft.values[position] = default;
                draft.origins[position] = Origin::Kept;
            }
            Ok(())
        }
        // The key of a row stays what it is, and an empty one is the database's to give.
        Some(value) if key && (draft.loaded.is_some() || value.is_nothing()) => Ok(()),
        Some(value) if value.is_null() => {
            if field.null && column.nullable {
                draft.set(position, Value::Null);
                return Ok(());
            }
            let left_out =
                field.blank || column.blank || !matches!(field.default, DefaultValue::NotProvided);
            if left_out || !strict {
                return Ok(());
            }
            Err(if draft.loaded.is_some() {
                null_refused(field.name)
            } else {
                no_data(field.name)
            })
        }
        Some(sent) => {
            let value = wanted.take(sent)?;
            // With the switch SQLite keeps whole numbers of any size.
            if !column.kind.is_integer() && !value.is_null() && !(column.accepts)(&value) {
                return Err(wanted.wrong(&value, "one of its values"));
            }
            draft.set(position, value);
            Ok(())
        }
    }
}

/// Sets the column of a relation to one to the key of what was sent: an address, or an object.
fn refer<DB: Dialect>(
    writing: &mut links::Writing<'_, '_, DB>,
    draft: &mut RowDraft,
    place: Place<'_>,
    relation: &RelationSpec,
    value: Value<'static>,
) -> Result<()> {
    let (field, column) = (place.field, place.position);
    if value.is_null() {
        if field.null && place.column().nullable {
            draft.set(column, Value::Null);
        } else if place.strict && !field.blank {
            return Err(null_refused(field.name));
        }
        return Ok(());
    }
    // The data of an object is read in twice where its validation cleans it.
    if draft.written.contains(&column) {
        return Ok(());
    }
    if let Some(key) = writing.pages.known.get(relation.target, &value) {
        draft.refer(column, relation.target, &key);
        return Ok(());
    }
    let target = links::target::<DB>(writing.request, relation.target)?;
    match links::resolve(target, writing, field.name, value)? {
        links::Resolved::Row(key) => draft.refer(column, relation.target, &key),
        links::Resolved::Data(key, data) => {
            draft.nested.retain(|nested| !nested.sets(column));
            draft.nested.push(super::draft::Nested {
                column,
                generic: None,
                target: relation.target,
                key,
                data,
            });
        }
    }
    Ok(())
}
