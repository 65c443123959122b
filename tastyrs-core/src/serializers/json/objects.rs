//! Objects of a list, written before it is known what stands in front of them.

use actix_web::web::Bytes;

use super::{super::DatetimeFormatting, write::Members};
use crate::data::{Data, Name};

/// How many bytes are left free for what stands in front.
const FRONT: usize = 512;

/// Objects of a list, one behind the other.
#[derive(Debug)]
pub(crate) struct JsonObjects {
    style: DatetimeFormatting,
    /// [`FRONT`] bytes, and the objects behind them.
    out: Vec<u8>,
}

impl JsonObjects {
    /// Holds none yet.
    pub(in crate::serializers) fn new(style: DatetimeFormatting) -> Self {
        let mut out = Vec::with_capacity(2 * FRONT);
        out.resize(FRONT, b' ');
        Self { style, out }
    }

    /// How many bytes they take.
    pub(crate) fn len(&self) -> usize {
        self.out.len() - FRONT
    }

    /// Makes room for so many bytes more.
    pub(crate) fn reserve(&mut self, bytes: usize) {
        self.out.reserve(bytes);
    }

    /// Begins the next one.
    pub(crate) fn open(&mut self) -> Members<'_> {
        if self.len() > 0 {
            self.out.extend_from_slice(b", ");
        }
        Members::open(self.style, &mut self.out)
    }

    /// The map of this data that has the objects too, as a list of this name, which comes behind all others.
    pub(crate) fn behind(mut self, data: &Data<'_>, name: &str) -> Bytes {
        let mut front = Vec::with_capacity(FRONT);
        let mut members = Members::open(self.style, &mut front);
        data.each(|name, value| members.put(name, value));
        members.name(Name {
            text: name,
            json: None,
        });
        front.push(b'[');
        self.out.extend_from_slice(b"]}");
        if let Some(start) = FRONT.checked_sub(front.len()) {
            self.out[start..FRONT].copy_from_slice(&front);
            Bytes::from(self.out).slice(start..)
        } else {
            front.extend_from_slice(&self.out[FRONT..]);
            front.into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{data::Value, serializers::Serializer};

    /// The whole by itself, and as objects are written in front of which something is found.
    fn both(objects: &[Data<'static>], meta: &str) -> [Vec<u8>; 2] {
        let mut data: Data<'_> = [("meta", meta)].into_iter().collect();
        let mut written = JsonObjects::new(DatetimeFormatting::default());
        for object in objects {
            let mut members = written.open();
            object.each(|name, value| members.put(name, value));
            members.close();
        }
        let written = written.behind(&data, "objects").to_vec();
        let list = objects.iter().cloned().map(Value::Map).collect();
        data.insert("objects", Value::List(list));
        let whole = Serializer::json().serialize(&Value::Map(data), "application/json");
        [written, whole.unwrap()]
    }

    #[test]
    fn what_stands_in_front_may_be_of_any_length() {
        let object = |id| [("id", Value::Int(id))].into_iter().collect::<Data<'_>>();
        for objects in [vec![], vec![object(1)], vec![object(1), object(2)]] {
            for length in [0, 1, FRONT - 40, FRONT - 20, FRONT, 3 * FRONT] {
                let [written, whole] = both(&objects, &"x".repeat(length));

                assert_eq!(written, whole);
            }
        }
    }
}
