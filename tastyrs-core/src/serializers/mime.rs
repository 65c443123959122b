//! Which of several media types a client would rather have.

/// Text that should be a list of media ranges and is none.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NoMediaRange;

/// A media range: type, subtype, parameters apart from `q`, and `q`.
struct Range<'a> {
    kind: &'a str,
    subtype: &'a str,
    parameters: Vec<(&'a str, &'a str)>,
    quality: f32,
}

fn parse(range: &str) -> Option<Range<'_>> {
    let mut parts = range.split(';');
    let full = parts.next()?.trim();
    // Java sends a lone `*`.
    let (kind, subtype) = if full == "*" {
        ("*", "*")
    } else {
        full.split_once('/')?
    };
    let (kind, subtype) = (kind.trim(), subtype.trim());
    if subtype.contains('/') {
        return None;
    }
    let mut parameters = Vec::new();
    let mut quality = 1.0;
    for (name, value) in parts
        .filter_map(|part| part.split_once('='))
        .map(|(n, v)| (n.trim(), v.trim()))
    {
        if name == "q" {
            quality = value
                .parse()
                .ok()
                .filter(|q: &f32| (0.0..=1.0).contains(q))
                .unwrap_or(1.0);
        } else {
            parameters.push((name, value));
        }
    }
    Some(Range {
        kind,
        subtype,
        parameters,
        quality,
    })
}

/// The supported type that fits `accept` best, the last of those that fit alike; none where nothing fits.
///
/// # Errors
///
/// [`NoMediaRange`] where `accept` is no list of media ranges.
///
/// # Compatibility
///
/// `best_match` of the library mimeparse, which Tastypie asks.
pub(super) fn best_match<'s>(
    supported: &[&'s str],
    accept: &str,
) -> Result<Option<&'s str>, NoMediaRange> {
    let ranges: Vec<Range<'_>> = accept
        .split(',')
        .filter(|range| !range.trim().is_empty())
        .map(parse)
        .collect::<Option<_>>()
        .ok_or(NoMediaRange)?;
    let mut best: Option<((f32, i32, usize), &'s str)> = None;
    for (position, mime) in supported.iter().enumerate() {
        let target = parse(mime).ok_or(NoMediaRange)?;
        let (mut quality, mut fitness) = (0.0_f32, -1_i32);
        for range in &ranges {
            let kind = range.kind == target.kind || range.kind == "*" || target.kind == "*";
            let subtype =
                range.subtype == target.subtype || range.subtype == "*" || target.subtype == "*";
            if kind && subtype {
                let same = target
                    .parameters
                    .iter()
                    .filter(|parameter| range.parameters.contains(parameter))
                    .count();
                let here = 100 * i32::from(range.kind == target.kind)
                    + 10 * i32::from(range.subtype == target.subtype)
                    + i32::try_from(same).unwrap_or(i32::MAX / 2);
                if here > fitness {
                    (fitness, quality) = (here, range.quality);
                }
            }
        }
        let rank = (quality, fitness, position);
        if best.is_none_or(|(known, _)| {
            rank.partial_cmp(&known)
                .is_some_and(std::cmp::Ordering::is_ge)
        }) {
            best = Some((rank, mime));
        }
    }
    Ok(best
        .filter(|((quality, ..), _)| *quality > 0.0)
        .map(|(_, mime)| mime))
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: &[&str] = &["text/yaml", "application/xml", "application/json"];

    #[test]
    fn takes_the_best_quality_and_of_equals_the_last() {
        assert_eq!(
            best_match(KNOWN, "application/xml;q=0.5, text/yaml"),
            Ok(Some("text/yaml"))
        );
        assert_eq!(
            best_match(KNOWN, "application/*"),
            Ok(Some("application/json"))
        );
        assert_eq!(
            best_match(KNOWN, "text/html,application/xml;q=0.9,*/*;q=0.8"),
            Ok(Some("application/xml"))
        );
        assert_eq!(best_match(KNOWN, "image/png"), Ok(None));
    }

    #[test]
    fn says_where_there_is_no_media_range() {
        assert_eq!(best_match(KNOWN, "nonsense"), Err(NoMediaRange));
        assert_eq!(best_match(KNOWN, ""), Ok(None));
    }
}
