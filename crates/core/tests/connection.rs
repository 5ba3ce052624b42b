//! The rule between link and outbox: one clock, one deadline, one end.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use everwire_core::connection::{Action, Connection};
use everwire_core::link::{Input, LinkConfig, Output, PageEvent, State, Verdict};
use everwire_core::send::{
    DropReason, OutboxConfig, OutboxEvent, Payload, Policy, SendError, SendOptions, Status, Ticket,
    TopicConfig, TopicId,
};
use everwire_core::{Span, Time};

#[derive(Clone, Debug, PartialEq)]
struct Text(&'static str);

impl Payload for Text {
    fn size(&self) -> usize {
        self.0.len()
    }
}

struct Rig {
    connection: Connection<Text>,
    now: Time,
    written: Vec<&'static str>,
    statuses: Vec<(Ticket, Status)>,
    closes: usize,
}

impl Rig {
    fn new() -> Self {
        let connection = Connection::new(LinkConfig::default(), OutboxConfig::default(), 1);
        Self {
            connection: connection.unwrap(),
            now: Time::ZERO,
            written: Vec::new(),
            statuses: Vec::new(),
            closes: 0,
        }
    }

    /// Connected.
    fn open() -> Self {
        let mut rig = Self::new();
        rig.input(Input::Start);
        rig.opened();
        rig
    }

    fn opened(&mut self) {
        let generation = self.connection.link().generation();
        self.input(Input::Opened { generation });
    }

    fn lost(&mut self) {
        let generation = self.connection.link().generation();
        self.input(Input::SocketClosed {
            generation,
            code: 1006,
            clean: false,
            verdict: Verdict::Default,
        });
    }

    fn input(&mut self, input: Input) {
        self.connection.handle(self.now, input);
        self.drain();
    }

    fn drain(&mut self) {
        let mut frame = Vec::new();
        while let Some(action) = self.connection.poll(self.now, 0, &mut frame) {
            match action {
                Action::Write { .. } => {
                    self.written.extend(frame.iter().map(|(_, text)| text.0));
                    self.connection.wrote(self.now, true);
                }
                Action::Event(OutboxEvent::Status { ticket, status, .. }) => {
                    self.statuses.push((ticket, status));
                }
                Action::Link(Output::CloseSocket { .. }) => self.closes += 1,
                _ => {}
            }
        }
    }

    fn send(&mut self, topic: TopicId, text: &'static str, options: SendOptions) -> Ticket {
        let outbox = self.connection.outbox();
        let ticket = outbox.send(self.now, topic, None, Text(text), options);
        self.drain();
        ticket.unwrap()
    }

    fn status(&self, ticket: Ticket) -> Status {
        let of_ticket = |(other, _): &&(Ticket, Status)| *other == ticket;
        self.statuses.iter().rev().find(of_ticket).unwrap().1
    }

    /// To the next deadline.
    fn wake(&mut self) {
        self.now = self.connection.next_wake().unwrap();
        self.input(Input::Tick);
    }
}

const DEFAULT: TopicId = TopicId(0);

fn with_ttl(millis: u64) -> SendOptions {
    SendOptions {
        ttl: Some(Span::from_millis(millis)),
        ..SendOptions::default()
    }
}

#[test]
fn a_message_expires_on_time_while_there_is_no_link() {
    let mut rig = Rig::open();
    rig.lost();
    let message = rig.send(DEFAULT, "late", with_ttl(5));
    assert_eq!(
        rig.connection.next_wake(),
        Some(rig.now + Span::from_millis(5))
    );
    rig.wake();
    assert_eq!(rig.status(message), Status::Expired);
    assert_eq!(rig.connection.link().state(), State::Waiting);
}

/// It expires while the write is being decided, after the events were polled: nothing else need happen for it to be told.
#[test]
fn a_message_that_expires_before_its_write_is_told_at_once() {
    let mut rig = Rig::open();
    let message = rig.send(DEFAULT, "late", with_ttl(0));
    assert_eq!(rig.status(message), Status::Expired);
    assert!(rig.written.is_empty());
}

#[test]
fn a_page_that_is_left_sends_what_is_paced_but_not_into_the_void() {
    for (up, expected) in [(true, Status::Written), (false, Status::Paced)] {
        let mut rig = Rig::open();
        let config = TopicConfig {
            policy: Policy::debounce(Span::from_millis(100)),
            ..TopicConfig::default()
        };
        let topic = rig.connection.outbox().topic(config).unwrap();
        let value = rig.send(topic, "last", SendOptions::default());
        if !up {
            rig.lost();
        }
        rig.input(Input::Page(PageEvent::Hidden));
        assert_eq!(rig.status(value), expected);
    }
}

#[test]
fn a_close_with_nothing_to_send_says_goodbye_at_once() {
    let mut rig = Rig::open();
    let second = Span::from_millis(1_000);
    rig.connection.close(rig.now, true, second);
    assert_eq!(rig.connection.link().state(), State::Closing);
    rig.drain();
    assert_eq!(rig.closes, 1);
}

#[test]
fn a_close_drains_first_and_drops_the_rest_at_the_deadline() {
    let mut rig = Rig::open();
    rig.lost();
    let message = rig.send(DEFAULT, "unsent", SendOptions::default());
    let deadline = rig.now + Span::from_millis(30);
    rig.connection.close(rig.now, true, Span::from_millis(30));
    assert!(rig.connection.is_draining());
    let refused =
        rig.connection
            .outbox()
            .send(rig.now, DEFAULT, None, Text("more"), SendOptions::default());
    assert_eq!(refused, Err(SendError::Closed));
    while rig.connection.is_draining() {
        rig.wake();
    }
    assert_eq!(rig.now, deadline);
    assert_eq!(rig.status(message), Status::Dropped(DropReason::Close));
    assert_eq!(rig.connection.next_wake(), None);
}

#[test]
fn a_reconnect_takes_a_close_back() {
    let mut rig = Rig::open();
    rig.lost();
    rig.send(DEFAULT, "kept", SendOptions::default());
    rig.connection
        .close(rig.now, true, Span::from_millis(1_000));
    rig.input(Input::Reconnect);
    assert!(!rig.connection.is_draining());
    rig.opened();
    rig.send(DEFAULT, "more", SendOptions::default());
    assert_eq!(rig.written, ["kept", "more"]);
}

/// A dial at the user's wish finds the queue as it was: what is pending stays pending.
#[test]
fn a_start_or_reconnect_of_a_live_connection_keeps_what_is_pending() {
    let mut rig = Rig::new();
    let early = rig.send(DEFAULT, "early", SendOptions::default());
    rig.input(Input::Start);
    rig.input(Input::Reconnect);
    assert_eq!(rig.status(early), Status::Queued);
    rig.opened();
    assert_eq!(rig.written, ["early"]);
}

#[test]
fn a_terminated_connection_has_no_timer_and_can_be_revived() {
    let mut rig = Rig::open();
    rig.connection
        .close(rig.now, true, Span::from_millis(1_000));
    rig.input(Input::Terminate);
    assert_eq!(
        (rig.connection.link().state(), rig.connection.next_wake()),
        (State::Closed, None)
    );
    rig.input(Input::Reconnect);
    rig.opened();
    rig.send(DEFAULT, "again", SendOptions::default());
    assert_eq!(rig.written, ["again"]);
}
