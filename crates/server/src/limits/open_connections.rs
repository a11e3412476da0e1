//! Open connections from one address.

use std::{
    collections::{HashMap, hash_map::Entry},
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
};

use super::AddressKey;

/// Counts open connections for each address. Cloning shares the count.
///
/// The map holds an entry only while a connection of that address is open, so it is bounded by the number
/// of descriptors, and shrinks with it.
#[derive(Debug, Clone)]
pub struct OpenConnections {
    per_address: u32,
    counts: Arc<Mutex<HashMap<AddressKey, u32>>>,
}

/// A counted connection; it is uncounted when this is dropped.
#[derive(Debug)]
pub struct OpenConnection {
    key: AddressKey,
    counts: Arc<Mutex<HashMap<AddressKey, u32>>>,
}

impl OpenConnections {
    /// At most `per_address` open connections for each address; 0 is off.
    #[must_use]
    pub fn new(per_address: u32) -> Self {
        Self { per_address, counts: Arc::default() }
    }

    /// Whether there is nothing to count for.
    #[must_use]
    pub fn is_off(&self) -> bool {
        self.per_address == 0
    }

    /// Counts a connection; `None` when the address has as many as it may.
    #[must_use]
    pub fn open(&self, address: IpAddr) -> Option<OpenConnection> {
        let key = AddressKey::from(address);
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(key).or_insert(0);
        if self.per_address != 0 && *count >= self.per_address {
            return None;
        }
        *count += 1;
        Some(OpenConnection { key, counts: Arc::clone(&self.counts) })
    }
}

impl Drop for OpenConnection {
    fn drop(&mut self) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Entry::Occupied(mut count) = counts.entry(self.key) {
            *count.get_mut() -= 1;
            if *count.get() == 0 {
                count.remove();
            }
        }
        if counts.capacity() > 1_024 && counts.len() < counts.capacity() / 8 {
            let twice = counts.len() * 2;
            counts.shrink_to(twice);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_opens_as_many_as_it_may_and_another_one_when_one_closes() {
        let open = OpenConnections::new(2);
        let (ours, theirs) = (IpAddr::from([192, 0, 2, 1]), IpAddr::from([192, 0, 2, 2]));
        let first = open.open(ours);
        let second = open.open(ours);
        assert!(first.is_some() && second.is_some());
        assert!(open.open(ours).is_none());
        assert!(open.open(theirs).is_some());
        drop(first);
        assert!(open.open(ours).is_some());
    }

    #[test]
    fn an_address_without_connections_leaves_nothing_behind() {
        let open = OpenConnections::new(0);
        let all: Vec<_> = (0..100_u8).map(|last| open.open(IpAddr::from([192, 0, 2, last]))).collect();
        assert_eq!(open.counts.lock().unwrap().len(), 100);
        drop(all);
        assert_eq!(open.counts.lock().unwrap().len(), 0);
    }
}
