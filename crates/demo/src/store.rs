//! Durable log of the feeds: one JSON object per line, appended before the effect is acknowledged.
//!
//! A line is handed to the kernel with one write, unbuffered. That survives a killed process, which is what the demo
//! shows; surviving a power cut would take an fsync per post. A line cut short by a kill is removed at the next start: it
//! was never acknowledged.

use std::{
    fs::{File, OpenOptions},
    io::{self, BufRead, BufReader, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use everwire_messages::social::{Liked, Post, ReadMark};
use serde::{Deserialize, Serialize};

use crate::feed::Change;

/// Where changes go.
#[derive(Debug)]
pub struct Store {
    file: Option<File>,
    epoch: String,
    /// Bytes of whole lines in the file.
    len: u64,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
enum Line {
    Epoch { epoch: String },
    Post { room: String, post: Post },
    Liked { room: String, liked: Liked },
    Read { room: String, read: ReadMark },
}

/// Why a state file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The operating system refused.
    #[error("cannot use the state file {path}: {source}; check the path and its permissions")]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A whole line is not one of ours.
    #[error(
        "line {line} of the state file {path} is not readable; move the file away to start afresh"
    )]
    Line {
        /// The file.
        path: PathBuf,
        /// Number of the line, from 1.
        line: u64,
    },
}

impl Store {
    /// A store that forgets: the epoch is new with every start.
    pub fn in_memory(epoch: String) -> Self {
        Self {
            file: None,
            epoch,
            len: 0,
        }
    }

    /// Opens or creates a state file and reads it back; `epoch` names the sequence if the file is new.
    ///
    /// # Errors
    /// [`StoreError`] if the file cannot be used; it is not changed then.
    pub fn open(path: &Path, epoch: String) -> Result<(Self, Vec<(String, Change)>), StoreError> {
        let failed = |source| StoreError::Io {
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
        let mut store = Self {
            file: None,
            epoch,
            len: 0,
        };
        let mut changes = Vec::new();
        let mut reader = BufReader::new(&mut file);
        let mut text = Vec::new();
        for line in 1.. {
            text.clear();
            let count = reader.read_until(b'\n', &mut text).map_err(failed)?;
            if count == 0 || text.last() != Some(&b'\n') {
                break;
            }
            match serde_json::from_slice(&text) {
                Ok(Line::Epoch { epoch }) => store.epoch = epoch,
                Ok(Line::Post { room, post }) => changes.push((room, Change::Post(post))),
                Ok(Line::Liked { room, liked }) => changes.push((room, Change::Liked(liked))),
                Ok(Line::Read { room, read }) => changes.push((room, Change::Read(read))),
                Err(_) => {
                    return Err(StoreError::Line {
                        path: path.to_owned(),
                        line,
                    });
                }
            }
            store.len += count as u64;
        }
        file.set_len(store.len).map_err(failed)?;
        file.seek(SeekFrom::Start(store.len)).map_err(failed)?;
        store.file = Some(file);
        if store.len == 0 {
            store
                .write(&Line::Epoch {
                    epoch: store.epoch.clone(),
                })
                .map_err(failed)?;
        }
        Ok((store, changes))
    }

    /// Identity of the sequence numbers.
    pub fn epoch(&self) -> &str {
        &self.epoch
    }

    /// Writes a change; when this returns, a killed process does not lose it.
    ///
    /// # Errors
    /// The operating system's; the file then ends with the last whole line as before.
    pub fn append(&mut self, room: &str, change: &Change) -> io::Result<()> {
        if self.file.is_none() {
            return Ok(());
        }
        let room = room.to_owned();
        self.write(&match change.clone() {
            Change::Post(post) => Line::Post { room, post },
            Change::Liked(liked) => Line::Liked { room, liked },
            Change::Read(read) => Line::Read { room, read },
        })
    }

    fn write(&mut self, line: &Line) -> io::Result<()> {
        let Some(file) = &mut self.file else {
            return Ok(());
        };
        let mut text = serde_json::to_vec(line)?;
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

    fn path(name: &str) -> PathBuf {
        let path =
            std::env::temp_dir().join(format!("everwire-store-{}-{name}", std::process::id()));
        let _ = std::fs::remove_file(&path);
        path
    }

    fn change(seq: u64) -> Change {
        Change::Read(ReadMark {
            user: "u".into(),
            seq,
        })
    }

    #[test]
    fn what_is_appended_comes_back_with_the_first_epoch() {
        let path = path("back");
        let (mut store, changes) = Store::open(&path, "e1".into()).unwrap();
        assert!(changes.is_empty());
        store.append("seoul", &change(1)).unwrap();
        store.append("busan", &change(2)).unwrap();
        drop(store);
        let (store, changes) = Store::open(&path, "e2".into()).unwrap();
        assert_eq!(store.epoch(), "e1");
        assert_eq!(
            changes,
            [("seoul".into(), change(1)), ("busan".into(), change(2))]
        );
        std::fs::remove_file(path).unwrap();
    }

    #[test]
    fn a_line_cut_short_is_removed_and_writing_goes_on_after_the_last_whole_one() {
        let path = path("torn");
        let (mut store, _) = Store::open(&path, "e1".into()).unwrap();
        store.append("seoul", &change(1)).unwrap();
        drop(store);
        let whole = std::fs::read(&path).unwrap();
        let torn = [whole.as_slice(), br#"{"kind":"read","room":"se"#].concat();
        std::fs::write(&path, torn).unwrap();

        let (mut store, changes) = Store::open(&path, "e2".into()).unwrap();
        assert_eq!(changes, [("seoul".into(), change(1))]);
        store.append("seoul", &change(2)).unwrap();
        drop(store);
        let (_, changes) = Store::open(&path, "e3".into()).unwrap();
        assert_eq!(
            changes,
            [("seoul".into(), change(1)), ("seoul".into(), change(2))]
        );
        std::fs::remove_file(path).unwrap();
    }

    #[test]
    fn a_foreign_file_is_refused_and_left_alone() {
        let path = path("foreign");
        std::fs::write(&path, "not ours\n").unwrap();
        let error = Store::open(&path, "e1".into()).unwrap_err().to_string();
        assert!(error.contains("line 1"), "{error}");
        assert_eq!(std::fs::read(&path).unwrap(), b"not ours\n");
        std::fs::remove_file(path).unwrap();
    }
}
