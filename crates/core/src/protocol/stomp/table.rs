//! A small ordered map.
//!
//! A client has a dozen of them, each of other types; a sorted vector costs a tenth of a B-tree's code in the npm module.
//! Most keys are ever larger numbers, so that an insertion is a push.

use alloc::vec::Vec;
use core::borrow::Borrow;

#[derive(Clone, Debug)]
pub(super) struct Table<K, V> {
    rows: Vec<(K, V)>,
}

impl<K: Ord, V> Table<K, V> {
    pub(super) const fn new() -> Self {
        Self { rows: Vec::new() }
    }

    fn find<Q: Ord + ?Sized>(&self, key: &Q) -> Result<usize, usize>
    where
        K: Borrow<Q>,
    {
        match self.rows.last() {
            Some((last, _)) if last.borrow() < key => Err(self.rows.len()),
            _ => self
                .rows
                .binary_search_by(|(other, _)| other.borrow().cmp(key)),
        }
    }

    pub(super) fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        let at = self.find(key).ok()?;
        self.rows.get(at).map(|(_, value)| value)
    }

    pub(super) fn get_mut<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
    {
        let at = self.find(key).ok()?;
        self.rows.get_mut(at).map(|(_, value)| value)
    }

    pub(super) fn insert(&mut self, key: K, value: V) {
        match self.find(&key) {
            Ok(at) => {
                if let Some(row) = self.rows.get_mut(at) {
                    row.1 = value;
                }
            }
            Err(at) => self.rows.insert(at, (key, value)),
        }
    }

    pub(super) fn remove<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        let at = self.find(key).ok()?;
        Some(self.rows.remove(at).1)
    }

    pub(super) fn first(&self) -> Option<&K> {
        self.rows.first().map(|(key, _)| key)
    }

    pub(super) fn retain(&mut self, keep: impl Fn(&V) -> bool) {
        self.rows.retain(|(_, value)| keep(value));
    }

    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.rows.iter().map(|(key, value)| (key, value))
    }

    pub(super) fn values(&self) -> impl Iterator<Item = &V> {
        self.rows.iter().map(|(_, value)| value)
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = (&K, &mut V)> {
        self.rows.iter_mut().map(|(key, value)| (&*key, value))
    }
}
