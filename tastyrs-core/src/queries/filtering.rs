//! The filters of a request as conditions of a query.

use std::str::FromStr;

use super::{
    Graph, Key, Lookup, Node, NodeColumn,
    lookup::Part,
    python::{self, Int},
    values::{self, Operand, Raw, operand},
};
use crate::{
    compatibility::Compatibility,
    database::{Bind, Dialect, Fragment},
    errors::{Error, Result},
    fields::{By, FieldSpec, Kind, RelationSpec},
    http::Query,
};

/// By which lookups clients may filter on a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Filtering {
    /// By every lookup of its column's type but regular expressions, which must be named.
    All,
    /// By every lookup, and by the fields of the related resource that it lets one filter by.
    AllWithRelations,
    /// By these.
    Only(Vec<Lookup>),
}

impl Filtering {
    fn allows(&self, lookup: Lookup, compatibility: Compatibility) -> bool {
        match self {
            Self::Only(lookups) => lookups.contains(&lookup),
            _ => !matches!(lookup, Lookup::Regex | Lookup::Iregex) || compatibility.is_tastypie(),
        }
    }
}

/// The conditions of a request's parameters, one for each filter.
///
/// # Errors
///
/// [`Error::BadRequest`] where a filter is not allowed or its value is none of the column's type.
///
/// # Compatibility
///
/// `BaseModelResource.build_filters`, `resources.py:2090`, and `check_filtering`, `resources.py:2024`, with
/// their texts. Parameters that are no field are ignored.
pub(crate) fn build_filters<DB: Dialect>(
    graph: &Graph,
    node: &Node,
    query: &Query,
    compatibility: Compatibility,
) -> Result<Vec<Fragment>> {
    let mut conditions = Vec::new();
    let mut patterns = 0;
    for (parameter, value) in query.last_values() {
        let bits: Vec<&str> = parameter.split("__").take(MOST_STEPS + 1).collect();
        let Some(field) = bits.first().and_then(|name| node.field(name)) else {
            continue;
        };
        if bits.len() > MOST_STEPS
            || conditions.len() >= MOST_FILTERS
            || value.len() > LONGEST_VALUE
        {
            return Err(Error::bad_request(
                "The filters are too many, too deep or too long.",
            ));
        }
        patterns += usize::from(parameter.ends_with("regex"));
        if patterns > MOST_PATTERNS {
            return Err(Error::bad_request(format!(
                "A request has at most {MOST_PATTERNS} regular expressions."
            )));
        }
        let asked = Asked {
            values: query.all(parameter),
            value,
            compatibility,
        };
        conditions.push(Filter::<DB>::new(graph, asked).condition(node, field, &bits)?);
    }
    Ok(conditions)
}

/// The condition that a column is one of these keys.
pub(crate) fn key_filter<DB: Dialect>(column: &NodeColumn, keys: &[Key]) -> Fragment {
    let mut condition = Fragment::new();
    let mut binds: Vec<Bind> = keys.iter().flat_map(Key::binds::<DB>).collect();
    match binds.len() {
        0 => never(),
        1 => {
            condition.sql(&column.sql).sql(" = ").bind(binds.remove(0));
            condition
        }
        _ => {
            condition.sql(&column.sql).sql(" IN ").list(binds);
            condition
        }
    }
}

fn never() -> Fragment {
    let mut condition = Fragment::new();
    condition.sql("1 = 0");
    condition
}

fn always() -> Fragment {
    let mut condition = Fragment::new();
    condition.sql("1 = 1");
    condition
}

struct Asked<'q> {
    /// The values of the parameter, in order.
    values: Vec<&'q str>,
    /// The last of them.
    value: &'q str,
    compatibility: Compatibility,
}

struct Filter<'a, DB> {
    graph: &'a Graph,
    asked: Asked<'a>,
    database: std::marker::PhantomData<fn() -> DB>,
}

impl<'a, DB: Dialect> Filter<'a, DB> {
    fn new(graph: &'a Graph, asked: Asked<'a>) -> Self {
        Self {
            graph,
            asked,
            database: std::marker::PhantomData,
        }
    }

    /// Checks whether the field may be asked, and asks it; `bits` is the parameter from the field on.
    fn condition(&self, node: &Node, field: &FieldSpec, bits: &[&str]) -> Result<Fragment> {
        let name = field.name;
        let rest = bits.get(1..).unwrap_or_default();
        let column = match &field.attribute {
            crate::fields::Attribute::Column(position) => Some(&node.columns[*position]),
            crate::fields::Attribute::Relation(_) => None,
            _ => {
                return Err(Error::bad_request(format!(
                    "The '{name}' field is not a valid field name"
                )));
            }
        };
        let relation = field
            .relation()
            .map(|relation| (relation, self.graph.target(relation)));
        let lookup = rest
            .last()
            .and_then(|last| Lookup::from_str(last).ok())
            .filter(|lookup| {
                column.is_none_or(|column| lookup.suits(column.kind))
                    && relation.is_none_or(|(_, target)| {
                        // A field of the related resource goes before a lookup of the same name.
                        rest.len() > 1
                            || (lookup.suits_relation()
                                && target.is_none_or(|to| to.field(lookup.name()).is_none()))
                    })
            });

        let rule = node.filtering(name).ok_or_else(|| {
            Error::bad_request(format!("The '{name}' field does not allow filtering."))
        })?;
        let asked = lookup.unwrap_or(Lookup::Exact);
        if !rule.allows(asked, self.asked.compatibility) {
            return Err(Error::bad_request(format!(
                "'{asked}' is not an allowed filter on the '{name}' field."
            )));
        }

        match (column, relation) {
            (Some(column), _) => {
                if rest.len() > usize::from(lookup.is_some()) {
                    return Err(Error::bad_request(format!(
                        "The '{name}' field does not support relations."
                    )));
                }
                self.lookup(column, asked)
            }
            (None, Some((relation, Some(target)))) => {
                if rest.is_empty() || (rest.len() == 1 && lookup.is_some()) {
                    return self.related(node, relation, target, asked);
                }
                if *rule != Filtering::AllWithRelations {
                    return Err(Error::bad_request(format!(
                        "Lookups are not allowed more than one level deep on the '{name}' field."
                    )));
                }
                let next = rest[0];
                let Some(next_field) = target.field(next) else {
                    return Err(Error::bad_request(format!(
                        "The '{next}' field does not allow filtering."
                    )));
                };
                let inner = self.condition(target, next_field, rest)?;
                Ok(Self::through(
                    node,
                    relation,
                    target,
                    inner,
                    self.asks_for_nothing(asked),
                ))
            }
            _ => Err(Error::bad_request(format!(
                "The '{name}' field is not a valid field name"
            ))),
        }
    }

    /// Whether a row that has nothing behind the relation answers the question too.
    fn asks_for_nothing(&self, lookup: Lookup) -> bool {
        let raw = Raw::of(self.asked.value);
        match lookup {
            Lookup::Isnull => raw == Raw::Bool(true, self.asked.value),
            Lookup::Exact | Lookup::Iexact => raw == Raw::Null,
            _ => false,
        }
    }

    /// A relation that is asked for its own key.
    fn related(
        &self,
        node: &Node,
        relation: &RelationSpec,
        target: &Node,
        lookup: Lookup,
    ) -> Result<Fragment> {
        match &relation.by {
            By::Column(position) => {
                let column = &node.columns[*position];
                let as_key = NodeColumn {
                    kind: target.key().kind,
                    ..column.clone()
                };
                self.lookup(&as_key, lookup)
            }
            By::Through { table, own, other } => {
                let other_sql = format!("{table}.{}", DB::quote(other));
                let column = NodeColumn {
                    sql: other_sql,
                    nullable: false,
                    ..target.key().clone()
                };
                Ok(self.linked(node, table, own, &column, lookup)?)
            }
            By::Reverse { table, column: own } => {
                let column = NodeColumn {
                    nullable: false,
                    ..target.key().clone()
                };
                Ok(self.linked(node, table, own, &column, lookup)?)
            }
        }
    }

    /// A relation to many that is asked for the keys on its other side.
    fn linked(
        &self,
        node: &Node,
        table: &str,
        own: &str,
        column: &NodeColumn,
        lookup: Lookup,
    ) -> Result<Fragment> {
        let own = format!("{table}.{}", DB::quote(own));
        let or_nothing = self.asks_for_nothing(lookup);
        let mut condition = Fragment::new();
        condition
            .sql(&node.key().sql)
            .sql(if or_nothing { " NOT IN " } else { " IN " });
        condition.sql(&format!(
            "(SELECT {own} FROM {table} WHERE {own} IS NOT NULL"
        ));
        if lookup == Lookup::Isnull {
            // Checks the word; that there is a link at all is the whole question.
            self.lookup(column, lookup)?;
        } else if !or_nothing {
            condition.sql(" AND ").append(self.lookup(column, lookup)?);
        }
        condition.sql(")");
        Ok(condition)
    }

    /// A condition on the rows behind a relation as one on the rows before it.
    fn through(
        node: &Node,
        relation: &RelationSpec,
        target: &Node,
        inner: Fragment,
        or_none: bool,
    ) -> Fragment {
        let key = &node.key().sql;
        let target_key = &target.key().sql;
        let mut condition = Fragment::new();
        match &relation.by {
            By::Column(position) => {
                let column = &node.columns[*position];
                let or_none = or_none && column.nullable;
                if or_none {
                    condition.sql("(").sql(&column.sql).sql(" IS NULL OR ");
                }
                condition.sql(&format!(
                    "{} IN (SELECT {target_key} FROM {} WHERE ",
                    column.sql, target.table
                ));
                condition
                    .append(inner)
                    .sql(if or_none { "))" } else { ")" });
            }
            By::Through { table, own, other } => {
                let (own, other) = (DB::quote(own), DB::quote(other));
                if or_none {
                    condition.sql(&format!(
                        "({key} NOT IN (SELECT {table}.{own} FROM {table}) OR "
                    ));
                }
                condition.sql(&format!(
                    "{key} IN (SELECT {table}.{own} FROM {table} WHERE {table}.{other} IN (SELECT {target_key} FROM {} WHERE ",
                    target.table
                ));
                condition
                    .append(inner)
                    .sql(if or_none { ")))" } else { "))" });
            }
            By::Reverse { table, column } => {
                let own = DB::quote(column);
                if or_none {
                    condition.sql(&format!(
                        "({key} NOT IN (SELECT {table}.{own} FROM {table} WHERE {table}.{own} IS NOT NULL) OR "
                    ));
                }
                condition.sql(&format!(
                    "{key} IN (SELECT {table}.{own} FROM {table} WHERE "
                ));
                condition
                    .append(inner)
                    .sql(if or_none { "))" } else { ")" });
            }
        }
        condition
    }

    /// The value of the parameter for a column of this kind.
    fn operand(raw: Raw<'_>, column: &NodeColumn) -> Result<Operand> {
        let operand = operand(
            raw,
            column.kind,
            column.nullable,
            DB::integer_range(column.kind),
        )?;
        Ok(match operand {
            Operand::Value(Bind::Text(text)) if DB::is_remote() && text.contains('\0') => {
                Operand::Below
            }
            other => other,
        })
    }

    /// A column that is asked a lookup.
    fn lookup(&self, column: &NodeColumn, lookup: Lookup) -> Result<Fragment> {
        let raw = Raw::of(self.asked.value);
        let mut condition = Fragment::new();
        condition.sql(&column.sql);
        match (lookup, raw) {
            (Lookup::Isnull, Raw::Bool(nothing, _)) => {
                condition.sql(if nothing { " IS NULL" } else { " IS NOT NULL" });
                Ok(condition)
            }
            (Lookup::Exact | Lookup::Iexact, Raw::Null) => {
                condition.sql(" IS NULL");
                Ok(condition)
            }
            (Lookup::Isnull, _) | (_, Raw::Null) => Err(Error::mismatched()),
            (Lookup::In, _) => self.one_of(column),
            (Lookup::Range, _) => self.range(column),
            (Lookup::Regex | Lookup::Iregex, _) => {
                DB::check_pattern(self.asked.value)?;
                Ok(DB::matches(
                    &DB::as_text(&column.sql, column.kind),
                    lookup == Lookup::Iregex,
                    self.asked.value,
                ))
            }
            (Lookup::Exact, _) => Self::compared(column, raw, "="),
            (Lookup::Gt, _) => Self::compared(column, raw, ">"),
            (Lookup::Gte, _) => Self::compared(column, raw, ">="),
            (Lookup::Lt, _) => Self::compared(column, raw, "<"),
            (Lookup::Lte, _) => Self::compared(column, raw, "<="),
            _ => match lookup.part() {
                Some(part) => self.part(column, part),
                None => Ok(Self::pattern(
                    column,
                    lookup,
                    raw.text().unwrap_or_default(),
                )),
            },
        }
    }

    fn compared(column: &NodeColumn, raw: Raw<'_>, operator: &str) -> Result<Fragment> {
        let mut condition = Fragment::new();
        Ok(match Self::operand(raw, column)? {
            Operand::Null if operator == "=" => {
                condition.sql(&column.sql).sql(" IS NULL");
                condition
            }
            Operand::Null => return Err(Error::mismatched()),
            Operand::Below if operator.starts_with('>') => always(),
            Operand::Above if operator.starts_with('<') => always(),
            Operand::Below | Operand::Above => never(),
            Operand::Value(Bind::Uuid(uuid)) if operator == "=" => {
                condition
                    .sql(&column.sql)
                    .sql(" IN ")
                    .list(DB::uuid_forms(uuid));
                condition
            }
            Operand::Value(value) => {
                condition
                    .sql(&column.sql)
                    .sql(" ")
                    .sql(operator)
                    .sql(" ")
                    .bind(DB::stored(value, column.kind));
                condition
            }
        })
    }

    /// The values of all parameters of the name, split at their commas.
    fn parts(&self) -> Vec<&str> {
        if self.asked.value.is_empty() {
            return Vec::new();
        }
        self.asked
            .values
            .iter()
            .flat_map(|value| value.split(','))
            .collect()
    }

    fn one_of(&self, column: &NodeColumn) -> Result<Fragment> {
        if matches!(Raw::of(self.asked.value), Raw::Bool(..)) {
            return Err(Error::mismatched());
        }
        let mut values = Vec::new();
        for part in self.parts() {
            match Self::operand(Raw::Text(part), column)? {
                Operand::Value(Bind::Uuid(uuid)) => values.extend(DB::uuid_forms(uuid)),
                Operand::Value(Bind::Bool(flag)) => values.push(Bind::Bool(flag)),
                Operand::Value(value) => values.push(DB::stored(value, column.kind)),
                Operand::Null | Operand::Below | Operand::Above => {}
            }
        }
        if values.is_empty() {
            return Ok(never());
        }
        if values.len() > MOST_VALUES && column.kind != Kind::BigInt && !column.kind.is_integer() {
            return Err(Error::bad_request(format!(
                "A filter has at most {MOST_VALUES} values."
            )));
        }
        let mut condition = Fragment::new();
        condition.sql(&column.sql).sql(" IN ").list(values);
        Ok(condition)
    }

    fn range(&self, column: &NodeColumn) -> Result<Fragment> {
        let parts = self.parts();
        let [from, to] = parts[..] else {
            return Err(Error::mismatched());
        };
        Self::between(column, from, to)
    }

    /// From one value to another, both counted in.
    fn between(column: &NodeColumn, from: &str, to: &str) -> Result<Fragment> {
        let from = Self::compared(column, Raw::Text(from), ">=")?;
        let to = Self::compared(column, Raw::Text(to), "<=")?;
        let mut condition = Fragment::new();
        condition
            .sql("(")
            .append(from)
            .sql(" AND ")
            .append(to)
            .sql(")");
        Ok(condition)
    }

    fn pattern(column: &NodeColumn, lookup: Lookup, text: &str) -> Fragment {
        if DB::is_remote() && text.contains('\0') {
            return never();
        }
        let mut pattern = String::with_capacity(text.len() + 2);
        if !matches!(
            lookup,
            Lookup::Startswith | Lookup::Istartswith | Lookup::Iexact
        ) {
            pattern.push('%');
        }
        for character in text.chars() {
            if matches!(character, '\\' | '%' | '_') {
                pattern.push('\\');
            }
            pattern.push(character);
        }
        if !matches!(
            lookup,
            Lookup::Endswith | Lookup::Iendswith | Lookup::Iexact
        ) {
            pattern.push('%');
        }
        let (before, behind) = DB::pattern(lookup, &DB::as_text(&column.sql, column.kind));
        let mut condition = Fragment::new();
        condition.sql(&before).bind(Bind::Text(pattern)).sql(behind);
        condition
    }

    /// A part of a moment: a whole number, or a day or time of its own.
    fn part(&self, column: &NodeColumn, part: Part) -> Result<Fragment> {
        let text = Raw::of(self.asked.value)
            .text()
            .ok_or_else(Error::mismatched)?;
        let value = match part {
            Part::Date => DB::stored(Bind::Date(values::date(text)?), Kind::Date),
            Part::Time => DB::stored(Bind::Time(values::time(text)?), Kind::Time),
            Part::Year => match python::int(text).ok_or_else(Error::mismatched)? {
                Int::Fits(year @ 1..=9999) => return Self::year(column, year),
                _ => return Ok(never()),
            },
            _ => match python::int(text).ok_or_else(Error::mismatched)? {
                Int::Fits(number) => Bind::Int(number),
                Int::TooLow | Int::TooHigh => return Ok(never()),
            },
        };
        let mut condition = Fragment::new();
        condition
            .sql(&DB::part(part, &column.sql, column.kind))
            .sql(" = ")
            .bind(value);
        Ok(condition)
    }

    /// A year as a range, for which an index serves.
    fn year(column: &NodeColumn, year: i64) -> Result<Fragment> {
        let (first, last) = if column.kind == Kind::Date {
            (format!("{year:04}-01-01"), format!("{year:04}-12-31"))
        } else {
            (
                format!("{year:04}-01-01 00:00:00"),
                format!("{year:04}-12-31 23:59:59.999999"),
            )
        };
        Self::between(column, &first, &last)
    }
}

/// The most values of one filter that are bound, some way below what databases take.
const MOST_VALUES: usize = 10_000;
/// The most filters of one request.
const MOST_FILTERS: usize = 100;
/// The most parts of a filter or an order between double underscores.
pub(super) const MOST_STEPS: usize = 12;
/// The longest value of a filter in bytes; SQLite refuses patterns of 50,000, and
/// each byte may become two.
const LONGEST_VALUE: usize = 24_000;
/// The most regular expressions of one request.
const MOST_PATTERNS: usize = 2;
