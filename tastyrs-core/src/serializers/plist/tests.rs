//! Property lists that others wrote, and that mean no good.

use super::*;

fn read(bytes: &[u8]) -> Result<Value<'static>> {
    let body = Body {
        bytes,
        content_type: "application/x-plist",
    };
    from_plist(body, Budget::default())
}

fn told(bytes: &[u8]) -> String {
    read(bytes).unwrap_err().to_string()
}

/// A binary property list of these objects, whose first is the one that it is.
fn of_objects(objects: &[&[u8]]) -> Vec<u8> {
    let mut out = b"bplist00".to_vec();
    let mut offsets = Vec::new();
    for object in objects {
        offsets.extend_from_slice(&u32::try_from(out.len()).unwrap().to_be_bytes());
        out.extend_from_slice(object);
    }
    let table = out.len() as u64;
    out.extend_from_slice(&offsets);
    out.extend_from_slice(&[0, 0, 0, 0, 0, 0, 4, 1]);
    out.extend_from_slice(&(objects.len() as u64).to_be_bytes());
    out.extend_from_slice(&0_u64.to_be_bytes());
    out.extend_from_slice(&table.to_be_bytes());
    out
}

#[test]
fn others_read_what_we_write_and_we_what_they_write() {
    let words = "é🍰 ".repeat(20);
    let data = [
        ("a", Value::Int(-1)),
        ("b", Value::from(vec![0, 255, 256, 70_000, i32::MAX])),
        ("c", Value::Float(1.5)),
        ("d", Value::UInt(u64::MAX)),
        ("e", Value::from(words.as_str())),
        ("f", Value::Bool(true)),
        ("g", Value::Map([("a", "x")].into_iter().collect())),
        ("h", Value::Bytes(vec![7; 300].into())),
        (
            "i",
            Value::from(
                (0..300)
                    .map(|number| number.to_string())
                    .collect::<Vec<_>>(),
            ),
        ),
    ];
    let value = Value::Map(data.into_iter().collect());
    let mut ours = Vec::new();
    to_plist(&value, &Options::default(), &mut ours);

    let theirs: ::plist::Value = ::plist::from_bytes(&ours).unwrap();

    let root = theirs.as_dictionary().unwrap();
    assert_eq!(
        root.get("d").and_then(::plist::Value::as_unsigned_integer),
        Some(u64::MAX)
    );
    assert_eq!(
        root.get("e").and_then(::plist::Value::as_string),
        Some(words.as_str())
    );
    let (mut binary, mut xml) = (Vec::new(), Vec::new());
    theirs.to_writer_binary(&mut binary).unwrap();
    theirs.to_writer_xml(&mut xml).unwrap();
    assert_eq!(read(&binary).unwrap(), value);
    assert_eq!(read(&xml).unwrap(), value);
}

#[test]
fn moments_are_read_in_both_forms() {
    let moment = chrono::NaiveDate::from_ymd_opt(2013, 1, 2)
        .and_then(|day| day.and_hms_opt(3, 4, 5))
        .unwrap();
    let mut date = vec![0x33];
    date.extend_from_slice(&378_788_645.0_f64.to_be_bytes());
    let xml = "<?xml version=\"1.0\"?><!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" \
        \"http://www.apple.com/DTDs/PropertyList-1.0.dtd\"><plist version=\"1.0\"><date>2013-01-02T03:04:05Z</date></plist>";

    assert_eq!(
        read(&of_objects(&[&date])).unwrap(),
        Value::DateTime(moment)
    );
    assert_eq!(read(xml.as_bytes()).unwrap(), Value::DateTime(moment));
}

#[test]
fn lists_in_themselves_and_lists_of_lists_end() {
    assert_eq!(
        told(&of_objects(&[&[0xa1, 0]])),
        "The body is nested too deeply."
    );
    assert_eq!(
        told(&of_objects(&[&[0xd1, 1, 0], &[0x51, b'a']])),
        "The body is nested too deeply."
    );
    // Forty objects of a few bytes each, and two to the power of forty values.
    let levels: Vec<[u8; 3]> = (1..40).map(|level| [0xa2, level, level]).collect();
    let mut objects: Vec<&[u8]> = levels.iter().map(<[u8; 3]>::as_slice).collect();
    objects.push(&[0x09]);
    assert_eq!(
        told(&of_objects(&objects)),
        "The body holds too many values."
    );
    // One long text, named again and again.
    let mut text = vec![0x5f, 0x12, 0, 0x10, 0, 0];
    text.resize(text.len() + 0x10_0000, b'x');
    let mut list = vec![0xaf, 0x11, 0x10, 0];
    list.resize(list.len() + 0x1000, 1);
    assert_eq!(
        told(&of_objects(&[&list, &text])),
        "The body holds too many values."
    );
}

#[test]
fn lengths_and_places_that_lie_are_refused() {
    let huge = [0xff; 8];
    for object in [
        [&[0xaf, 0x13], huge.as_slice()].concat(),
        [&[0xdf, 0x13], huge.as_slice()].concat(),
        [&[0x5f, 0x13], huge.as_slice()].concat(),
        [&[0x6f, 0x13], huge.as_slice()].concat(),
        vec![0x4f, 0x12, 0x7f, 0xff, 0xff, 0xff],
        vec![0xa1, 9],
        vec![0x13],
        vec![0x80, 1],
        vec![0x15],
        vec![0x51, 0xe9],
        vec![0x61, 0xd8, 0x00],
        vec![0xff],
        [&[0x23], f64::NAN.to_be_bytes().as_slice()].concat(),
        [&[0x33], f64::MAX.to_be_bytes().as_slice()].concat(),
    ] {
        assert_eq!(
            told(&of_objects(&[&object])),
            "Request is not a valid property list.",
            "{object:x?}"
        );
    }
    let whole = of_objects(&[&[0xa1, 1], &[0x09]]);
    assert!(read(&whole).is_ok());
    for length in 0..whole.len() {
        assert!(read(&whole[..length]).is_err());
    }
    for place in whole.len() - 32..whole.len() {
        let mut damaged = whole.clone();
        damaged[place] = 0xff;
        let _ = read(&damaged);
    }
}

#[test]
fn what_is_no_property_list_is_refused() {
    for text in [
        "",
        "{}",
        "<plist/>",
        "<dict/>",
        "<plist><integer>x</integer></plist>",
        "<plist><real>nan</real></plist>",
        "<plist><true/><true/></plist>",
        "<plist><dict><key>a</key></dict></plist>",
        "<plist><dict><true/></dict></plist>",
        "<plist><array><key>a</key></array></plist>",
        "<plist><uid>1</uid></plist>",
        "<plist><key>a</key></plist>",
        "<!DOCTYPE plist [<!ENTITY a \"b\">]><plist><string>&a;</string></plist>",
        "<plist><data>#</data></plist>",
        "<plist><date>yesterday</date></plist>",
    ] {
        assert!(read(text.as_bytes()).is_err(), "{text}");
    }
}
