//! The filters of a request as conditions of a query.

use std::str::FromStr;

use super::{Graph, Key, Lookup, Node, NodeColumn, values::Raw};
use crate::{
    compatibility::Compatibility,
    database::{Bind, Dialect, Fragment},
    errors::{Error, Result},
    fields::{By, FieldSpec, Generic, RelationSpec},
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
    let mut binds: Vec<Bind> = match keys {
        [key] => key.binds::<DB>(),
        _ => keys.iter().flat_map(Key::binds::<DB>).collect(),
    };
    match binds.len() {
        0 => never(),
        1 => {
            condition.sql(&column.sql).sql(" = ").bind(binds.remove(0));
            condition
        }
        _ => {
            condition.sql(&column.sql);
            let number = |bind: &Bind| match bind {
                Bind::Int(number) => Some(*number),
                _ => None,
            };
            match binds.iter().map(number).collect() {
                Some(numbers) => condition.append(DB::one_of(numbers)),
                None => condition.sql(" IN ").list(binds),
            };
            condition
        }
    }
}

pub(crate) fn never() -> Fragment {
    let mut condition = Fragment::new();
    condition.sql("1 = 0");
    condition
}

pub(super) fn always() -> Fragment {
    let mut condition = Fragment::new();
    condition.sql("1 = 1");
    condition
}

pub(super) struct Asked<'q> {
    /// The values of the parameter, in order.
    pub(super) values: Vec<&'q str>,
    /// The last of them.
    pub(super) value: &'q str,
    pub(super) compatibility: Compatibility,
}

pub(super) struct Filter<'a, DB> {
    graph: &'a Graph,
    pub(super) asked: Asked<'a>,
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
            (None, Some((relation, None))) => match &relation.by {
                By::Generic(generic) if rest.len() == 1 && asked == Lookup::Isnull => {
                    self.leads_nowhere(node, generic)
                }
                _ => Err(Error::bad_request(format!(
                    "The '{name}' field leads to objects of several kinds, and can only be asked for 'isnull'."
                ))),
            },
            (None, None) => Err(Error::bad_request(format!(
                "The '{name}' field is not a valid field name"
            ))),
        }
    }

    /// A generic foreign key that is asked whether it is null, which it is where either column is.
    fn leads_nowhere(&self, node: &Node, generic: &Generic) -> Result<Fragment> {
        let columns = [generic.content_type, generic.object_id].map(|column| &node.columns[column]);
        let [content_type, object_id] = columns.map(|column| self.lookup(column, Lookup::Isnull));
        let between = if self.asks_for_nothing(Lookup::Isnull) {
            " OR "
        } else {
            " AND "
        };
        let mut condition = Fragment::new();
        condition.sql("(").append(content_type?).sql(between);
        condition.append(object_id?).sql(")");
        Ok(condition)
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
            // It has no one target that could be asked.
            By::Generic(_) => Ok(never()),
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
            By::Generic(_) => return never(),
        }
        condition
    }
}

/// The most values of one filter that are bound, some way below what databases take.
pub(super) const MOST_VALUES: usize = 10_000;
/// The most filters of one request.
const MOST_FILTERS: usize = 100;
/// The most parts of a filter or an order between double underscores.
pub(super) const MOST_STEPS: usize = 12;
/// The longest value of a filter in bytes; SQLite refuses patterns of 50,000, and
/// each byte may become two.
const LONGEST_VALUE: usize = 24_000;
/// The most regular expressions of one request.
const MOST_PATTERNS: usize = 2;
