//! Entries without a gap between them.

/// Holds entries at 0 up to its length. It grows by a chunk, so that nothing is moved and little
/// stays unused, and gives a chunk back when it is empty.
#[derive(Debug)]
pub(super) struct Slab<T> {
    /// All full but the last.
    chunks: Vec<Vec<T>>,
}

const CHUNK_BITS: u32 = 6;
const CHUNK: usize = 1 << CHUNK_BITS;
/// By how many a chunk grows. They are copied a few times then, and few are unused.
const MORE: usize = 4;

impl<T> Slab<T> {
    pub(super) const fn new() -> Self {
        Self { chunks: Vec::new() }
    }

    pub(super) fn len(&self) -> u32 {
        let full = self.chunks.len().saturating_sub(1) << CHUNK_BITS;
        let len = full + self.chunks.last().map_or(0, Vec::len);
        u32::try_from(len).unwrap_or(u32::MAX)
    }

    #[inline]
    pub(super) fn get(&self, slot: u32) -> Option<&T> {
        let (chunk, index) = split(slot);
        self.chunks.get(chunk)?.get(index)
    }

    #[inline]
    pub(super) fn get_mut(&mut self, slot: u32) -> Option<&mut T> {
        let (chunk, index) = split(slot);
        self.chunks.get_mut(chunk)?.get_mut(index)
    }

    /// Adds an entry at the end, and says where that is.
    pub(super) fn push(&mut self, entry: T) -> u32 {
        let slot = self.len();
        if self.chunks.last().is_none_or(|chunk| chunk.len() == CHUNK) {
            if self.chunks.is_empty() {
                self.chunks.reserve_exact(1);
            }
            self.chunks.push(Vec::new());
        }
        if let Some(chunk) = self.chunks.last_mut() {
            if chunk.len() == chunk.capacity() {
                chunk.reserve_exact(MORE);
            }
            chunk.push(entry);
        }
        slot
    }

    /// Takes an entry out; the last one takes its place.
    pub(super) fn swap_remove(&mut self, slot: u32) -> Option<T> {
        let chunk = self.chunks.last_mut()?;
        let last = chunk.pop()?;
        if chunk.is_empty() {
            self.chunks.pop();
        }
        if slot == self.len() {
            return Some(last);
        }
        if let Some(entry) = self.get_mut(slot) {
            return Some(std::mem::replace(entry, last));
        }
        self.push(last);
        None
    }
}

#[inline]
fn split(slot: u32) -> (usize, usize) {
    let slot = usize::try_from(slot).unwrap_or(usize::MAX);
    (slot >> CHUNK_BITS, slot & (CHUNK - 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_entry_takes_the_place_of_one_that_is_taken_out() {
        let mut slab = Slab::new();
        for number in 0..200_u32 {
            assert_eq!(slab.push(number), number);
        }

        assert_eq!(slab.swap_remove(3), Some(3));
        assert_eq!(slab.swap_remove(198), Some(198));
        assert_eq!(slab.swap_remove(500), None);

        assert_eq!((slab.get(3), slab.get(198)), (Some(&199), None));
        assert_eq!(slab.len(), 198);
        for _ in 0..198 {
            assert!(slab.swap_remove(0).is_some());
        }
        assert_eq!((slab.len(), slab.swap_remove(0)), (0, None));
        assert_eq!(slab.push(7), 0);
    }
}
