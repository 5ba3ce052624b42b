//! What must be true of any history, whatever the faults were.

use std::collections::BTreeMap;

use everwire_core::send::Status;

use crate::message::MessageId;
use crate::world::World;

impl World {
    /// Checks a finished history: every client is closed and everything has settled.
    ///
    /// - Every accepted send ended in exactly one terminal status, its last one.
    /// - What was never resent arrived at most once; what was acknowledged had its effect, exactly once.
    /// - What was reported superseded, cancelled, expired or dropped before any write never arrived.
    /// - Per client, topic and key the effects are in the order of the calls: over all connections for what is resent by
    ///   id, within one connection for the rest (what an abandoned socket still held may arrive late).
    /// - No timer is left.
    ///
    /// # Panics
    ///
    /// With what is wrong.
    pub fn check_history(&self) {
        for (index, client) in self.clients.iter().enumerate() {
            for (id, sent) in &client.sent {
                let copies = self.server.copies(*id);
                let terminal = sent
                    .statuses
                    .iter()
                    .filter(|(_, _, terminal)| *terminal)
                    .count();
                assert_eq!(terminal, 1, "client {index}, {id:?}: {:?}", sent.statuses);
                let Some(&(_, outcome, true)) = sent.statuses.last() else {
                    panic!(
                        "client {index}, {id:?} went on after its end: {:?}",
                        sent.statuses
                    );
                };
                let written = sent
                    .statuses
                    .iter()
                    .any(|&(_, status, _)| status == Status::Written);
                if !sent.options.resend {
                    assert!(
                        copies <= 1,
                        "client {index}, {id:?} without an id arrived {copies} times"
                    );
                }
                if outcome == Status::Acked {
                    assert!(
                        copies >= 1,
                        "client {index}, {id:?} was acknowledged and lost"
                    );
                }
                if !written {
                    assert_eq!(
                        copies, 0,
                        "client {index}, {id:?} ended {outcome:?} and arrived all the same"
                    );
                }
            }
            assert_eq!(
                client.connection.next_wake(),
                None,
                "client {index} is closed with a timer"
            );
            assert!(
                client.tickets.is_empty(),
                "client {index}: sends without an end"
            );
        }
        self.check_effects();
    }

    fn check_effects(&self) {
        let mut effects: BTreeMap<MessageId, usize> = BTreeMap::new();
        let mut last = BTreeMap::new();
        for receipt in self
            .server
            .receipts()
            .iter()
            .filter(|receipt| receipt.effect)
        {
            let message = receipt.message;
            let count = effects.entry(message.id).or_default();
            *count += 1;
            assert_eq!(*count, 1, "{:?} had its effect twice", message.id);
            let connection = (!message.by_id).then_some(receipt.connection);
            let line = (
                receipt.client,
                message.topic,
                message.key,
                message.by_id,
                connection,
            );
            if let Some(earlier) = last.insert(line, message.id) {
                assert!(
                    earlier < message.id,
                    "{:?} overtook {earlier:?} in {line:?}",
                    message.id
                );
            }
        }
    }
}
