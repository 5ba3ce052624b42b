//! The orders that were taken: each id once, whatever is sent again, and kept over a killed process.
//!
//! A line is handed to the kernel before the order is confirmed, as the feed's log does it. A line cut short by a kill is
//! removed at the next start: it was never confirmed.

use std::{
    collections::{HashMap, VecDeque},
    fs::{File, OpenOptions},
    io::{self, BufRead, BufReader, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

/// Orders that are remembered; older ones are forgotten, and their ids with them.
pub const MAX_FILLS: usize = 10_000;
/// Longest id, bytes.
const MAX_ID: usize = 64;
/// Most shares of an order.
const MAX_QUANTITY: u32 = 1_000_000;

/// Buying or selling.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Side {
    /// Buying.
    Buy,
    /// Selling.
    Sell,
}

/// What a client asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// Chosen by the client; the same id is the same order.
    pub id: String,
    /// Code of the symbol.
    pub symbol: String,
    /// Buying or selling.
    pub side: Side,
    /// Number of shares.
    pub quantity: u32,
}

/// An order that was taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fill {
    /// The order.
    #[serde(flatten)]
    pub order: Order,
    /// Price of a share, won.
    pub price: u32,
    /// Number in the order of taking, from 1.
    pub seq: u64,
    /// When it was taken, ms since the Unix epoch.
    pub at: u64,
}

/// Why an order is refused, in words for its sender.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The id cannot be used.
    #[error("an order needs an id of 1 to 64 visible ASCII characters")]
    Id,
    /// There is no such number of shares.
    #[error("an order is for 1 to 1000000 shares")]
    Quantity,
    /// There is no such symbol.
    #[error("there is no such symbol; the list is at /ticker.json")]
    Symbol,
    /// It could not be written down.
    #[error("the order could not be stored; send it again")]
    Store,
}

/// Why a file of orders cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// The operating system refused.
    #[error("cannot use the file of orders {path}: {source}; check the path and its permissions")]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A whole line is not one of ours.
    #[error(
        "line {line} of the file of orders {path} is not readable; move it away to start afresh"
    )]
    Line {
        /// The file.
        path: PathBuf,
        /// Number of the line, from 1.
        line: usize,
    },
}

/// The orders.
#[derive(Debug, Default)]
pub struct Ledger {
    fills: VecDeque<Fill>,
    /// Sequence number by order id.
    known: HashMap<String, u64>,
    seq: u64,
    file: Option<File>,
    /// Bytes of whole lines in the file.
    len: u64,
}

impl Ledger {
    /// Opens or creates a file and reads it back.
    ///
    /// # Errors
    /// [`LedgerError`] if the file cannot be used; whole lines in it are not changed then.
    pub fn open(path: &Path) -> Result<Self, LedgerError> {
        let failed = |source| LedgerError::Io {
            path: path.to_owned(),
            source,
        };
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)
            .map_err(failed)?;
        let mut ledger = Self::default();
        let mut reader = BufReader::new(&mut file);
        let mut text = Vec::new();
        for line in 1.. {
            text.clear();
            let count = reader.read_until(b'\n', &mut text).map_err(failed)?;
            if count == 0 || text.last() != Some(&b'\n') {
                break;
            }
            let fill = serde_json::from_slice(&text).map_err(|_| LedgerError::Line {
                path: path.to_owned(),
                line,
            })?;
            ledger.add(fill);
            ledger.len += count as u64;
        }
        file.set_len(ledger.len).map_err(failed)?;
        file.seek(SeekFrom::Start(ledger.len)).map_err(failed)?;
        ledger.file = Some(file);
        Ok(ledger)
    }

    /// Takes an order at a price, unless it was taken before; whether it is new, and how it was filled.
    ///
    /// # Errors
    /// [`Refused`], with nothing changed.
    pub fn take(
        &mut self,
        order: Order,
        price: Option<u32>,
        at: u64,
    ) -> Result<(bool, Fill), Refused> {
        if let Some(fill) = self.find(&order.id) {
            return Ok((false, fill.clone()));
        }
        let id_fits = (1..=MAX_ID).contains(&order.id.len());
        if !id_fits || !order.id.bytes().all(|octet| octet.is_ascii_graphic()) {
            return Err(Refused::Id);
        }
        if !(1..=MAX_QUANTITY).contains(&order.quantity) {
            return Err(Refused::Quantity);
        }
        let fill = Fill {
            order,
            price: price.ok_or(Refused::Symbol)?,
            seq: self.seq + 1,
            at,
        };
        self.write(&fill).map_err(|_| Refused::Store)?;
        self.add(fill.clone());
        Ok((true, fill))
    }

    /// The newest orders, at most `count`, the oldest of them first.
    pub fn newest(&self, count: usize) -> impl Iterator<Item = &Fill> {
        self.fills
            .iter()
            .skip(self.fills.len().saturating_sub(count))
    }

    fn find(&self, id: &str) -> Option<&Fill> {
        let seq = *self.known.get(id)?;
        let first = self.fills.front()?.seq;
        self.fills
            .get(usize::try_from(seq.checked_sub(first)?).ok()?)
    }

    fn add(&mut self, fill: Fill) {
        self.seq = fill.seq;
        self.known.insert(fill.order.id.clone(), fill.seq);
        self.fills.push_back(fill);
        if self.fills.len() > MAX_FILLS
            && let Some(forgotten) = self.fills.pop_front()
        {
            self.known.remove(&forgotten.order.id);
        }
    }

    fn write(&mut self, fill: &Fill) -> io::Result<()> {
        let Some(file) = &mut self.file else {
            return Ok(());
        };
        let mut text = serde_json::to_vec(fill)?;
        text.push(b'\n');
        if let Err(error) = file.write_all(&text) {
            // Part of the line may be there: the next one must not be glued to it.
            file.set_len(self.len)?;
            file.seek(SeekFrom::Start(self.len))?;
            return Err(error);
        }
        self.len += text.len() as u64;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn order(id: &str) -> Order {
        Order {
            id: id.into(),
            symbol: "HNLE".into(),
            side: Side::Buy,
            quantity: 10,
        }
    }

    fn path(name: &str) -> PathBuf {
        let path =
            std::env::temp_dir().join(format!("everwire-ledger-{}-{name}", std::process::id()));
        let _ = std::fs::remove_file(&path);
        path
    }

    #[test]
    fn an_order_that_comes_again_keeps_its_first_fill() {
        let mut ledger = Ledger::default();
        let (new, first) = ledger.take(order("a"), Some(100), 1).unwrap();
        assert!(new);
        let (new, again) = ledger.take(order("a"), Some(999), 2).unwrap();
        assert_eq!((new, again), (false, first));
        assert_eq!(ledger.newest(10).count(), 1);
    }

    #[test]
    fn bad_orders_are_refused_and_leave_nothing_behind() {
        let mut ledger = Ledger::default();
        for (id, quantity, price, why) in [
            ("", 1, Some(1), Refused::Id),
            ("with blank", 1, Some(1), Refused::Id),
            (&"x".repeat(65), 1, Some(1), Refused::Id),
            ("a", 0, Some(1), Refused::Quantity),
            ("a", 1_000_001, Some(1), Refused::Quantity),
            ("a", 1, None, Refused::Symbol),
        ] {
            let order = Order {
                quantity,
                ..order(id)
            };
            assert_eq!(ledger.take(order, price, 1).unwrap_err(), why);
        }
        assert_eq!(ledger.newest(10).count(), 0);
    }

    #[test]
    fn a_killed_process_forgets_no_order_and_a_torn_line_is_removed() {
        let path = path("kill");
        let mut ledger = Ledger::open(&path).unwrap();
        ledger.take(order("a"), Some(100), 1).unwrap();
        drop(ledger);
        let whole = std::fs::read(&path).unwrap();
        std::fs::write(&path, [whole.as_slice(), br#"{"id":"b","sy"#].concat()).unwrap();
        let mut ledger = Ledger::open(&path).unwrap();
        assert!(!ledger.take(order("a"), Some(5), 2).unwrap().0);
        assert_eq!(ledger.take(order("b"), Some(5), 2).unwrap().1.seq, 2);
        drop(ledger);
        assert_eq!(Ledger::open(&path).unwrap().newest(9).count(), 2);
        std::fs::remove_file(path).unwrap();
    }

    #[test]
    fn a_foreign_file_is_refused_and_left_alone() {
        let path = path("foreign");
        std::fs::write(&path, "not ours\n").unwrap();
        let error = Ledger::open(&path).unwrap_err().to_string();
        assert!(error.contains("line 1"), "{error}");
        assert_eq!(std::fs::read(&path).unwrap(), b"not ours\n");
        std::fs::remove_file(path).unwrap();
    }

    #[test]
    fn old_orders_are_forgotten_and_the_others_are_still_found() {
        let mut ledger = Ledger::default();
        for n in 0..=MAX_FILLS {
            ledger.take(order(&format!("o{n}")), Some(1), 0).unwrap();
        }
        assert!(!ledger.take(order("o1"), Some(1), 0).unwrap().0);
        assert!(ledger.take(order("o0"), Some(1), 0).unwrap().0);
    }
}
