//! A small ordered map.
//!
//! A client has a dozen of them, each of other types; sorted vectors cost a tenth of a B-tree's code in the npm module.
//! Keys and values lie apart, so that maps with keys of the same layout share the search. Most keys are ever larger
//! numbers, so that an insertion is a push.

use alloc::vec::Vec;
use core::borrow::Borrow;

#[derive(Clone, Debug)]
pub(super) struct Table<K, V> {
    keys: Vec<K>,
    /// As many as keys.
    values: Vec<V>,
}

fn find<K: Borrow<Q>, Q: Ord + ?Sized>(keys: &[K], key: &Q) -> Result<usize, usize> {
    match keys.last() {
        Some(last) if last.borrow() < key => Err(keys.len()),
        _ => keys.binary_search_by(|other| other.borrow().cmp(key)),
    }
}

impl<K: Ord, V> Table<K, V> {
    pub(super) const fn new() -> Self {
        Self {
            keys: Vec::new(),
            values: Vec::new(),
        }
    }

    pub(super) fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        self.values.get(find(&self.keys, key).ok()?)
    }

    pub(super) fn get_mut<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
    {
        self.values.get_mut(find(&self.keys, key).ok()?)
    }

    pub(super) fn insert(&mut self, key: K, value: V) {
        match find(&self.keys, &key) {
            Ok(at) => {
                if let Some(old) = self.values.get_mut(at) {
                    *old = value;
                }
            }
            Err(at) => {
                self.keys.insert(at, key);
                self.values.insert(at, value);
            }
        }
    }

    pub(super) fn remove<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        let at = find(&self.keys, key).ok()?;
        self.keys.remove(at);
        Some(self.values.remove(at))
    }

    pub(super) fn retain(&mut self, keep: impl Fn(&V) -> bool) {
        let mut values = self.values.iter();
        self.keys.retain(|_| values.next().is_some_and(&keep));
        self.values.retain(&keep);
    }

    pub(super) fn len(&self) -> usize {
        self.keys.len()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.keys.iter().zip(&self.values)
    }

    pub(super) fn values(&self) -> impl Iterator<Item = &V> {
        self.values.iter()
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = (&K, &mut V)> {
        self.keys.iter().zip(&mut self.values)
    }
}
