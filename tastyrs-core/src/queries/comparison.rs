//! A column that is asked a lookup, as a condition.

use super::{
    Lookup, NodeColumn,
    filtering::{Filter, MOST_VALUES, always, never},
    lookup::Part,
    python::{self, Int},
    values::{self, Operand, Raw, operand},
};
use crate::{
    database::{Bind, Dialect, Fragment},
    errors::{Error, Result},
    fields::Kind,
};

impl<DB: Dialect> Filter<'_, DB> {
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
    pub(super) fn lookup(&self, column: &NodeColumn, lookup: Lookup) -> Result<Fragment> {
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
        if values.len() > MOST_VALUES && !column.kind.is_integer() {
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
