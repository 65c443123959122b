//! Dates and times as clients write them, read as leniently as python-dateutil reads them.
//!
//! - `parsed`: [`parse`] and the moment that it finds, [`Parsed`]
//! - `reader`: the walk over the tokens, which tells what each says; `numbers`: what the numbers among them say
//! - `days`: which of up to three parts is the year, the month and the day
//! - `clock`: the hour, the minute, the second, and the numbers that they are written in
//! - `words`: the names of months, weekdays and units, and what may stand between
//! - `tokens`: a text cut into words, numbers and marks

mod clock;
mod days;
mod numbers;
mod parsed;
mod reader;
#[cfg(test)]
mod tests;
mod tokens;
#[cfg(test)]
mod vectors;
mod words;

pub(crate) use parsed::parse;
