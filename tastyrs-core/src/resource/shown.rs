//! Rows that are shown as they were loaded: their values stay in the page, and go from there into the answer. Where
//! nothing has to be known of them first, they are not even kept, and written as they come.

use std::{borrow::Cow, sync::OnceLock};

use super::{
    Arena, Pages,
    dehydrate::{Addresses, push_name, with_places},
    related::{Related, addressed},
    rows::RowsState,
};
use crate::{
    data::{Data, Entry, Name, Shown, Value},
    database::{Cell, Cells, Dialect, Loaded, MOST_EXPECTED, Row, TakesRows, lend},
    dispatch,
    errors::Result,
    fields::{Answers, Attribute, By, DefaultValue, FieldSpec},
    http::{Answer, Request},
    queries::{Key, pagination::Asked},
    serializers::{JsonName, JsonObjects, Members},
};

/// A field whose value the row tells, and nobody's code.
#[derive(Debug)]
pub struct ShownField {
    name: &'static str,
    json: JsonName,
    from: From,
    null: bool,
    default: DefaultValue,
}

/// Where the value of such a field is.
#[derive(Debug)]
enum From {
    Nothing,
    /// At this place of the row.
    Column(usize),
    /// The same where it holds decimals, and their places.
    Decimal(usize, u32),
    ResourceUri,
    /// What the field at this position of its resource leads to.
    Relation(usize),
}

impl ShownField {
    /// What lists or details show of rows, in the order of the names; nothing where code of one's own has a say in it.
    ///
    /// `answers` says for each field in which it stands, and `places` for each column of the model where it stands among
    /// those that are loaded.
    pub(super) fn all(
        fields: &[FieldSpec],
        answers: &[Option<Answers>],
        places: &[Option<u16>],
        for_list: bool,
    ) -> Option<Box<[Self]>> {
        let mut shown = Vec::with_capacity(fields.len());
        for (position, (field, answers)) in fields.iter().zip(answers).enumerate() {
            if (*answers)?.has(for_list) {
                shown.push(Self::new(field, position, places)?);
            }
        }
        shown.sort_by_key(|field| field.name);
        Some(shown.into())
    }

    fn new(spec: &FieldSpec, position: usize, places: &[Option<u16>]) -> Option<Self> {
        let place = |column: usize| Some(usize::from((*places.get(column)?)?));
        let from = match &spec.attribute {
            Attribute::None => From::Nothing,
            Attribute::Column(column) => match spec.decimal_places {
                Some(places) => From::Decimal(place(*column)?, places),
                None => From::Column(place(*column)?),
            },
            Attribute::ResourceUri => From::ResourceUri,
            // One that leads nowhere may be an error.
            Attribute::Relation(relation) if matches!(relation.by, By::Generic(_)) => return None,
            Attribute::Relation(_) => From::Relation(position),
            // The object tells these.
            Attribute::AbsoluteUrl | Attribute::Object => return None,
        };
        Some(Self {
            name: spec.name,
            json: JsonName::new(spec.name),
            from,
            null: spec.null,
            default: spec.default,
        })
    }
}

/// Rows of one page of one resource, with what was loaded for them.
struct Rows<'h> {
    fields: &'h [ShownField],
    own: Addresses<'h>,
    /// Of each field of the resource.
    related: Vec<Related<'h>>,
}

/// One of them.
struct ShownRow<'h> {
    rows: &'h Rows<'h>,
    row: Row<'h>,
    cells: Cells<'h>,
    /// Its place among them.
    place: usize,
    /// Its values, once somebody asked for one of them.
    made: OnceLock<Vec<Entry<'h>>>,
}

/// Where they are kept until the hop ends.
#[derive(Default)]
pub(super) struct Kept<'h> {
    rows: Arena<Rows<'h>>,
    each: Arena<ShownRow<'h>>,
}

/// The data of each of these rows, which were loaded.
pub(super) fn all<'h>(
    pages: &'h Pages<'h>,
    fields: &'h [ShownField],
    rows: Vec<(Row<'h>, Cells<'h>)>,
    own: Addresses<'h>,
    related: Vec<Related<'h>>,
) -> Vec<Data<'h>> {
    let kept = &pages.shown;
    let of: &'h Rows<'h> = kept.rows.alloc(Rows {
        fields,
        own,
        related,
    });
    let each = rows
        .into_iter()
        .enumerate()
        .map(|(place, (row, cells))| ShownRow {
            rows: of,
            row,
            cells,
            place,
            made: OnceLock::new(),
        });
    let each: &'h [ShownRow<'h>] = kept.each.alloc_extend(each);
    each.iter().map(|row| Data::shown(row)).collect()
}

impl<'h> ShownRow<'h> {
    /// Calls `visit` with each field and its value.
    #[inline]
    fn walk(&self, mut visit: impl FnMut(&'h ShownField, &Value<'h>)) {
        for field in self.rows.fields {
            let value = match field.from {
                From::Column(place) => self.cells.value(place),
                From::Decimal(place, places) => with_places(self.cells.value(place), places),
                From::ResourceUri => match self.rows.own.of(self.place) {
                    Value::Null => Value::from(""),
                    address => address,
                },
                From::Relation(position) => {
                    let column = |column| self.row.value(column).unwrap_or_default();
                    match self.rows.related[position].of(&column, self.place) {
                        Cow::Owned(value) => value,
                        Cow::Borrowed(value) => {
                            visit(field, value);
                            continue;
                        }
                    }
                }
                From::Nothing => Value::Null,
            };
            field.show(value, |value| visit(field, value));
        }
    }

    fn make(&self) -> Vec<Entry<'h>> {
        let mut made = Vec::with_capacity(self.rows.fields.len());
        self.walk(|field, value| made.push((Cow::Borrowed(field.name), value.clone())));
        made
    }
}

impl ShownField {
    #[inline]
    fn name(&self) -> Name<'_> {
        Name {
            text: self.name,
            json: Some(&self.json),
        }
    }

    /// Calls `visit` with a value, or with what stands for nothing where nothing may.
    #[inline]
    fn show<'v>(&self, value: Value<'v>, visit: impl FnOnce(&Value<'v>)) {
        if value.is_null() && !self.null {
            visit(&self.default.value().unwrap_or_default());
        } else {
            visit(&value);
        }
        value.let_go();
    }
}

/// Rows of a list that are written as they come.
#[derive(Debug)]
pub(super) struct Written<'h> {
    fields: &'h [ShownField],
    columns: &'h [Loaded],
    own: Keys,
    /// Of each field of the resource that is shown as an address.
    related: Vec<Option<Keys>>,
    content_type: Cow<'static, str>,
    objects: JsonObjects,
    /// How many are written at most.
    most: usize,
    /// How many came.
    found: usize,
}

/// Keys that make addresses below that of a list.
#[derive(Debug)]
struct Keys {
    /// Where they stand in a row.
    place: usize,
    /// The address that was made last, which begins with that of the list.
    address: String,
    /// How long the address of the list is.
    list_uri: usize,
}

impl Keys {
    fn new(place: usize, list_uri: String) -> Self {
        Self {
            place,
            list_uri: list_uri.len(),
            address: list_uri,
        }
    }

    /// The address that the key in a row makes, or none.
    fn address<'r, DB: Dialect>(
        &mut self,
        row: &impl diesel::row::Row<'r, DB>,
        columns: &[Loaded],
    ) -> Result<&str> {
        self.address.truncate(self.list_uri);
        let is_one = lend(row, self.place, &columns[self.place], |key| {
            let key = match key {
                Cell::Int(number) => Some(Key::Int(number)),
                other => Key::of(&other.value()),
            };
            if let Some(key) = &key {
                push_name(key, &mut self.address);
            }
            key.is_some()
        })?;
        Ok(if is_one { &self.address } else { "" })
    }
}

impl<'h> Written<'h> {
    /// Holds none yet; `fields` are what lists show of rows that tell all of it, and `objects` is where they go, in the
    /// format of that media type.
    pub(super) fn new<DB: Dialect>(
        state: &'h RowsState<DB>,
        fields: &'h [ShownField],
        request: &Request,
        asked: &Asked,
        (content_type, objects): (Cow<'static, str>, JsonObjects),
    ) -> Self {
        let node = state.node();
        let list_uri = |resource_name: &str| {
            let site = request.site();
            site.list_uri(request.prefix(), resource_name)
        };
        let related = node.fields.iter().map(|field| {
            let relation = field.relation()?;
            let target = addressed(&state.graph, relation, true)?;
            let By::Column(column) = relation.by else {
                return None;
            };
            let list_uri = list_uri(&target.resource_name);
            Some(Keys::new(state.place(column), list_uri))
        });
        Self {
            fields,
            columns: &state.columns.loaded,
            own: Keys::new(state.place(node.detail), list_uri(&node.resource_name)),
            related: related.collect(),
            content_type,
            objects,
            most: match asked.limit {
                0 => usize::MAX,
                limit => usize::try_from(limit).unwrap_or(usize::MAX),
            },
            found: 0,
        }
    }

    /// How many came, which may be more than were written.
    pub(super) fn found(&self) -> usize {
        self.found
    }

    /// The answer that has these objects under a name, and other data in front of them.
    pub(super) fn answer(self, name: &str, data: &Data<'_>) -> Answer {
        dispatch::answer(&self.content_type, self.objects.behind(data, name))
    }
}

impl<DB: Dialect> TakesRows<DB> for Written<'_> {
    fn take<'r>(&mut self, row: &impl diesel::row::Row<'r, DB>) -> Result<()> {
        self.found += 1;
        if self.found > self.most {
            return Ok(());
        }
        let columns = self.columns;
        let mut members = self.objects.open();
        for field in self.fields {
            let show = |members: &mut Members<'_>, value: Value<'_>| {
                field.show(value, |value| members.put(field.name(), value));
            };
            match field.from {
                From::Column(place) => lend(row, place, &columns[place], |value| match value {
                    Cell::Text(text) => members.text(field.name(), text),
                    other => show(&mut members, other.value()),
                })?,
                From::Decimal(place, places) => lend(row, place, &columns[place], |value| {
                    show(&mut members, with_places(value.value(), places));
                })?,
                From::ResourceUri => members.text(field.name(), self.own.address(row, columns)?),
                From::Relation(position) => match &mut self.related[position] {
                    Some(keys) => match keys.address(row, columns)? {
                        "" => show(&mut members, Value::Null),
                        address => members.text(field.name(), address),
                    },
                    None => show(&mut members, Value::Null),
                },
                From::Nothing => show(&mut members, Value::Null),
            }
        }
        members.close();
        if self.found == 1 {
            let like_it = self.objects.len() + self.objects.len() / 8;
            let rest = like_it.saturating_mul(self.most - 1);
            self.objects.reserve(rest.min(MOST_EXPECTED));
        }
        Ok(())
    }
}

impl Shown for ShownRow<'_> {
    fn len(&self) -> usize {
        self.rows.fields.len()
    }

    fn each(&self, visit: &mut dyn FnMut(Name<'_>, &Value<'_>)) {
        match self.made.get() {
            // What somebody saw is what is written.
            Some(made) => {
                for (field, (_, value)) in self.rows.fields.iter().zip(made) {
                    visit(field.name(), value);
                }
            }
            None => self.walk(|field, value| visit(field.name(), value)),
        }
    }

    fn entries(&self) -> &[Entry<'_>] {
        self.made.get_or_init(|| self.make())
    }

    fn to_entries(&self) -> Vec<Entry<'_>> {
        self.made.get().cloned().unwrap_or_else(|| self.make())
    }
}

#[cfg(test)]
mod tests {
    use super::{super::dehydrate::NewAddresses, *};
    use crate::{
        database::{Cell, Loaded, Page},
        fields::Kind,
        serializers::Serializer,
    };

    fn field(name: &'static str, from: From, default: DefaultValue) -> ShownField {
        ShownField {
            name,
            json: JsonName::new(name),
            from,
            null: matches!(default, DefaultValue::Null),
            default,
        }
    }

    /// A row of a number, a text and nothing, where the fields may say what stands for nothing.
    fn page() -> Page {
        let column = |name, kind| Loaded {
            name,
            kind,
            decimal_places: None,
        };
        let columns = [
            column("id", Kind::Integer),
            column("title", Kind::Text),
            column("note", Kind::Text),
        ];
        let mut page = Page::new(columns.as_slice().into(), 1);
        for value in [Cell::Int(7), Cell::Text("a \"b\""), Cell::Null] {
            page.push(value).unwrap();
        }
        page
    }

    fn fields(default: DefaultValue) -> Vec<ShownField> {
        vec![
            field("id", From::Column(0), DefaultValue::Null),
            field("note", From::Column(2), default),
            field("title", From::Column(1), DefaultValue::Null),
        ]
    }

    const PLACES: [Option<u16>; 3] = [Some(0), Some(1), Some(2)];

    fn with_row<T>(default: DefaultValue, work: impl FnOnce(&ShownRow<'_>) -> T) -> T {
        let (page, fields) = (page(), fields(default));
        let row = Row::new(&page, 0, &PLACES);
        let pages = Pages::default();
        let rows = Rows {
            fields: &fields,
            own: NewAddresses::new("", 0).kept(&pages),
            related: Vec::new(),
        };
        work(&ShownRow {
            rows: &rows,
            row,
            cells: row.cells().unwrap(),
            place: 0,
            made: OnceLock::new(),
        })
    }

    fn json(data: &Data<'_>) -> String {
        let value = Value::Map(data.clone());
        let written = Serializer::json().serialize(&value, "application/json");
        String::from_utf8(written.unwrap()).unwrap()
    }

    #[test]
    fn a_row_is_written_without_being_made_data() {
        with_row(DefaultValue::Null, |row| {
            let data = Data::shown(row);

            assert_eq!(
                json(&data),
                r#"{"id": 7, "note": null, "title": "a \"b\""}"#
            );
            assert_eq!(
                (data.len(), data.is_empty(), data.is_object()),
                (3, false, true)
            );
            assert!(row.made.get().is_none());

            assert_eq!(data.get("title"), Some(&Value::from("a \"b\"")));
            assert!(row.made.get().is_some());
            assert_eq!(json(&data), json(&data.clone().into_owned()));
            assert_eq!(data, data.clone().into_owned());
        });
    }

    #[test]
    fn who_changes_data_changes_no_other_data_of_the_row() {
        with_row(DefaultValue::Null, |row| {
            let mut changed = Data::shown(row);
            let other = changed.clone();

            assert_eq!(changed.insert("title", "c"), Some(Value::from("a \"b\"")));
            assert_eq!(changed.remove("note"), Some(Value::Null));
            *changed.get_mut("id").unwrap() = Value::Int(8);
            changed.rename("id", "number");

            assert_eq!(json(&changed), r#"{"number": 8, "title": "c"}"#);
            assert_eq!(
                json(&other),
                r#"{"id": 7, "note": null, "title": "a \"b\""}"#
            );
            assert!(changed.is_object());
        });
    }

    #[test]
    fn a_default_stands_where_nothing_may() {
        with_row(DefaultValue::Text("none"), |row| {
            let data = Data::shown(row);

            assert_eq!(
                json(&data),
                r#"{"id": 7, "note": "none", "title": "a \"b\""}"#
            );
            assert_eq!(data.get("note"), Some(&Value::from("none")));
        });
        with_row(DefaultValue::NotProvided, |row| {
            assert_eq!(Data::shown(row).get("note"), Some(&Value::Null));
        });
    }
}
