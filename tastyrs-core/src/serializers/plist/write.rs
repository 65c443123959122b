//! Values to the binary form.

use std::collections::HashMap;

use super::{super::Options, MAGIC};
use crate::data::Value;

/// An object of the list, which others name by its place.
enum Object<'v> {
    /// Its bytes, marker and all.
    Bytes(Vec<u8>),
    Array(Vec<usize>),
    /// The places of the names, then those of the values.
    Dictionary(Vec<usize>, usize),
    /// Text, whose bytes are made when it is written.
    Text(std::borrow::Cow<'v, str>),
}

struct Objects<'v, 'o> {
    in_order: Vec<Object<'v>>,
    /// Where a text stands; names come again and again.
    names: HashMap<&'v str, usize>,
    options: &'o Options,
}

/// Appends a property list.
pub(super) fn write(value: &Value<'_>, options: &Options, out: &mut Vec<u8>) {
    let mut objects = Objects {
        in_order: Vec::new(),
        names: HashMap::new(),
        options,
    };
    objects.add(value);
    let objects = objects.in_order;
    let start = out.len();
    let reference = width(objects.len());
    out.extend_from_slice(MAGIC);
    out.push(b'0');
    let mut offsets = Vec::with_capacity(objects.len());
    for object in &objects {
        offsets.push(out.len() - start);
        match object {
            Object::Bytes(bytes) => out.extend_from_slice(bytes),
            Object::Text(text) => string(text, out),
            Object::Array(places) => {
                marker(0xa0, places.len(), out);
                numbers(places, reference, out);
            }
            Object::Dictionary(places, length) => {
                marker(0xd0, *length, out);
                numbers(places, reference, out);
            }
        }
    }
    let table = out.len() - start;
    let offset = width(table);
    numbers(&offsets, offset, out);
    out.extend_from_slice(&[0; 6]);
    // Neither is more than eight.
    out.extend([offset, reference].map(|width| u8::try_from(width).unwrap_or(8)));
    for number in [objects.len(), 0, table] {
        numbers(&[number], 8, out);
    }
}

impl<'v> Objects<'v, '_> {
    /// Adds a value and what is in it, and says where it stands.
    fn add(&mut self, value: &'v Value<'_>) -> usize {
        let place = self.in_order.len();
        let bytes = match value {
            Value::List(values) => {
                self.in_order.push(Object::Array(Vec::new()));
                let places = values.iter().map(|value| self.add(value)).collect();
                self.in_order[place] = Object::Array(places);
                return place;
            }
            Value::Map(data) => {
                self.in_order.push(Object::Array(Vec::new()));
                let mut places: Vec<usize> = data.iter().map(|(name, _)| self.name(name)).collect();
                places.extend(
                    data.iter()
                        .map(|(_, value)| self.add(value))
                        .collect::<Vec<_>>(),
                );
                self.in_order[place] = Object::Dictionary(places, data.len());
                return place;
            }
            Value::Null => vec![0x00],
            Value::Bool(false) => vec![0x08],
            Value::Bool(true) => vec![0x09],
            Value::Int(number) => integer(i128::from(*number)),
            Value::UInt(number) => integer(i128::from(*number)),
            Value::Float(number) => [&[0x23], number.to_be_bytes().as_slice()].concat(),
            Value::Bytes(bytes) => {
                let mut data = Vec::with_capacity(bytes.len() + 9);
                marker(0x40, bytes.len(), &mut data);
                data.extend_from_slice(bytes);
                data
            }
            text => {
                let text = self.options.text(text).unwrap_or_default();
                self.in_order.push(Object::Text(text));
                return place;
            }
        };
        self.in_order.push(Object::Bytes(bytes));
        place
    }

    fn name(&mut self, name: &'v str) -> usize {
        let next = self.in_order.len();
        let place = *self.names.entry(name).or_insert(next);
        if place == next {
            self.in_order.push(Object::Text(name.into()));
        }
        place
    }
}

/// How many bytes a number takes.
fn width(number: usize) -> usize {
    match number {
        0..=0xff => 1,
        0x100..=0xffff => 2,
        0x1_0000..=0xffff_ffff => 4,
        _ => 8,
    }
}

fn numbers(numbers: &[usize], width: usize, out: &mut Vec<u8>) {
    for number in numbers {
        let bytes = (*number as u64).to_be_bytes();
        out.extend_from_slice(&bytes[8 - width..]);
    }
}

/// Appends a marker and a length, which stands in the marker where it is small.
fn marker(marker: u8, length: usize, out: &mut Vec<u8>) {
    match u8::try_from(length) {
        Ok(short) if short < 15 => out.push(marker | short),
        _ => {
            out.push(marker | 0x0f);
            out.extend(integer(i128::try_from(length).unwrap_or(i128::MAX)));
        }
    }
}

/// Whole numbers of up to four bytes have no sign.
fn integer(number: i128) -> Vec<u8> {
    let bytes = number.to_be_bytes();
    let (marker, width) = match number {
        0..=0xff => (0x10, 1),
        0x100..=0xffff => (0x11, 2),
        0x1_0000..=0xffff_ffff => (0x12, 4),
        _ if i64::try_from(number).is_ok() => (0x13, 8),
        _ => (0x14, 16),
    };
    [&[marker], &bytes[16 - width..]].concat()
}

fn string(text: &str, out: &mut Vec<u8>) {
    if text.is_ascii() {
        marker(0x50, text.len(), out);
        out.extend_from_slice(text.as_bytes());
    } else {
        marker(0x60, text.encode_utf16().count(), out);
        out.extend(text.encode_utf16().flat_map(u16::to_be_bytes));
    }
}
