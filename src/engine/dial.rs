//! From an order to dial to a live socket and through its handshake, and from its events to inputs.

use std::{
    rc::Rc,
    task::{Context, Poll},
};

use everwire_core::{
    codec::Frame,
    link::{Cause, Input, Verdict},
    send::Ticket,
};
use futures_core::future::LocalBoxFuture;
use futures_util::future::{AbortHandle, Abortable, abortable};

use crate::{
    driver::{self, Event},
    endpoint::{Attempt, ProviderError},
    handshake::Opening,
    options::Loss,
};

use super::{Engine, Packet, Received, Upper};

/// Close code for a peer that sends faster than the application reads (4000-4999 are the application's).
const OVERFLOW_CODE: u16 = 4_008;

/// The dial or socket of the current generation.
pub(super) struct Live {
    generation: u32,
    attempt: Attempt,
    phase: Phase,
    handshake: Option<Running>,
}

enum Phase {
    /// A provider is being awaited.
    Resolving(AbortHandle),
    Socket(driver::Carrier),
}

/// A handshake under way. Whatever ends it drops this.
struct Running {
    task: AbortHandle,
    upper: Rc<dyn Upper>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
        self.upper.handshake_over();
    }
}

impl Live {
    /// The socket, if it has this number.
    fn socket(&self, generation: u32) -> Option<&driver::Carrier> {
        match &self.phase {
            Phase::Socket(socket) if self.generation == generation => Some(socket),
            _ => None,
        }
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        if let Phase::Resolving(provider) = &self.phase {
            provider.abort();
        }
    }
}

/// What a dial needs: the URL and the subprotocols.
type Target = Result<(String, Vec<String>), ProviderError>;

impl Engine {
    /// Bytes that the browser has not sent yet.
    pub(crate) fn buffered(&self) -> usize {
        match &*self.live.borrow() {
            Some(Live {
                phase: Phase::Socket(socket),
                ..
            }) => socket.buffered(),
            _ => 0,
        }
    }

    /// The buffer as the queue shall see it. A socket that is over but has not said so takes nothing: what is sent in the
    /// meantime waits for the next connection instead of being refused by this one.
    pub(super) fn buffered_or_over(&self) -> usize {
        let over = match &*self.live.borrow() {
            Some(Live {
                phase: Phase::Socket(socket),
                ..
            }) => !socket.is_open(),
            _ => return 0,
        };
        if over {
            return usize::MAX;
        }
        self.buffered_at_most()
    }

    /// Whether the socket's buffer has room: below the high-water mark, or empty (the core writes one frame then).
    pub(super) fn keeps_up(&self) -> bool {
        let buffered = self.buffered_at_most();
        buffered == 0 || buffered < self.limits.high_water
    }

    /// Bytes that the browser has not sent yet. What it held last and was given since is an upper bound: below the
    /// high-water mark that says enough, without asking the browser.
    pub(super) fn buffered_at_most(&self) -> usize {
        if self.given.get() >= self.limits.high_water {
            self.given.set(self.buffered());
        }
        self.given.get()
    }

    fn give(&self, socket: &driver::Carrier, frame: &Frame) {
        let given = socket
            .cost(frame)
            .map(|cost| self.given.get().saturating_add(cost));
        self.given.set(given.unwrap_or(usize::MAX));
    }

    pub(super) fn dial(&self, generation: u32, attempt: u32, endpoint: u32) {
        let Some(engine) = self.me.upgrade() else {
            return;
        };
        let attempt = Attempt::new(attempt, endpoint);
        let mut target: LocalBoxFuture<'static, Target> = Box::pin({
            let engine = Rc::clone(&engine);
            async move {
                let url = engine.url.resolve(attempt).await?;
                Ok((url, engine.protocols.resolve(attempt).await?))
            }
        });
        // Values and synchronous providers are ready at once: the socket is then constructed in the same turn.
        let mut context = Context::from_waker(std::task::Waker::noop());
        if let Poll::Ready(target) = target.as_mut().poll(&mut context) {
            return self.connect(generation, attempt, target);
        }
        let (target, provider) = abortable(target);
        self.set_live(generation, attempt, Phase::Resolving(provider));
        let engine = self.me.clone();
        self.spawn(async move {
            if let Ok(target) = target.await
                && let Some(engine) = engine.upgrade()
            {
                engine.connect(generation, attempt, target);
                engine.pump();
            }
        });
    }

    fn connect(&self, generation: u32, attempt: Attempt, target: Target) {
        // A provider may have called back and changed everything.
        if self.core(|core| core.link().generation()) != generation {
            return;
        }
        let me = self.me.clone();
        let socket = target
            .map_err(|error| error.to_string())
            .and_then(|(url, protocols)| {
                driver::Carrier::open(&self.via, &url, &protocols, move |event| {
                    if let Some(engine) = me.upgrade() {
                        engine.event(generation, event);
                    }
                })
            });
        match socket {
            Ok(socket) => self.set_live(generation, attempt, Phase::Socket(socket)),
            Err(reason) => self.dial_failed(generation, &reason),
        }
    }

    fn dial_failed(&self, generation: u32, reason: &str) {
        self.live.take();
        let verdict = self.verdict(&Loss {
            cause: Cause::DialFailed,
            reason,
            attempt: self.core(|core| core.link().attempt()),
        });
        self.detail.replace(reason.into());
        let now = self.now();
        self.core.borrow_mut().handle(
            now,
            Input::DialFailed {
                generation,
                verdict,
            },
        );
    }

    fn verdict(&self, loss: &Loss<'_>) -> Verdict {
        self.upper
            .get()
            .map_or(Verdict::Default, |upper| upper.verdict(loss))
    }

    /// An event of the socket with this number; events of a former one are ignored.
    fn event(&self, generation: u32, event: Event) {
        if !self.is_live(generation) {
            return;
        }
        match event {
            Event::Open(protocol) => self.connected(generation, protocol.into()),
            Event::Message(frame) => self.message(frame),
            Event::Close {
                code,
                reason,
                clean,
            } => {
                let verdict = self.verdict(&Loss {
                    cause: Cause::SocketClosed { code, clean },
                    reason: &reason,
                    attempt: self.core(|core| core.link().attempt()),
                });
                // The override may have called back; a newer socket must not be lost with this one.
                if self.is_live(generation) {
                    self.live.take();
                }
                self.detail.replace(reason.into());
                self.handle(Input::SocketClosed {
                    generation,
                    code,
                    clean,
                    verdict,
                });
            }
        }
    }

    fn is_live(&self, generation: u32) -> bool {
        self.live
            .borrow()
            .as_ref()
            .is_some_and(|live| live.generation == generation)
    }

    /// The browser's handshake is done, now the application's.
    fn connected(&self, generation: u32, protocol: Rc<str>) {
        let Some(upper) = self.upper.get() else {
            return;
        };
        let (task, registration) = AbortHandle::new_pair();
        let attempt = match &mut *self.live.borrow_mut() {
            Some(live) => {
                let upper = Rc::clone(upper);
                live.handshake = Some(Running { task, upper });
                live.attempt
            }
            None => return,
        };
        let greeting = Rc::clone(upper).handshake(Opening {
            engine: self.me.clone(),
            generation,
            attempt,
            protocol: Rc::clone(&protocol),
        });
        let Some(greeting) = greeting else {
            return self.opened(generation, protocol);
        };
        let engine = self.me.clone();
        self.spawn(async move {
            let Ok(outcome) = Abortable::new(greeting, registration).await else {
                return;
            };
            // It may have replaced its own socket before it ended.
            let Some(engine) = engine.upgrade().filter(|engine| engine.is_live(generation)) else {
                return;
            };
            match outcome {
                Ok(()) => engine.opened(generation, protocol),
                Err(error) => {
                    engine.dial_failed(generation, &error.to_string());
                    engine.pump();
                }
            }
        });
    }

    fn opened(&self, generation: u32, protocol: Rc<str>) {
        self.end_handshake();
        self.detail.replace(protocol);
        self.handle(Input::Opened { generation });
    }

    fn end_handshake(&self) {
        let running = match &mut *self.live.borrow_mut() {
            Some(live) => live.handshake.take(),
            None => None,
        };
        // It calls the typed layer: not under a borrow.
        drop(running);
    }

    fn message(&self, frame: Frame) {
        let Some(upper) = self.upper.get() else {
            return;
        };
        let bytes = self.bytes_received.get() + frame.len() as u64;
        self.bytes_received.set(bytes);
        self.messages_received.set(self.messages_received.get() + 1);
        let Received {
            pong,
            ack,
            overflow,
        } = upper.received(frame);
        if let Some(ticket) = ack.and_then(|id| self.tracker.ticket(&id)) {
            self.core(|core| core.outbox().ack(ticket));
        }
        if overflow {
            self.goodbye
                .replace((Some(OVERFLOW_CODE), "inbound queue full".to_owned()));
            let now = self.now();
            self.core(|core| core.close(now, false, everwire_core::Span::ZERO));
        }
        self.handle(Input::Received { pong });
    }

    pub(super) fn close_socket(&self, generation: u32) {
        self.end_handshake();
        let live = self.live.borrow();
        match &*live {
            Some(Live {
                generation: current,
                phase: Phase::Socket(socket),
                ..
            }) if *current == generation => {
                let (code, reason) = &*self.goodbye.borrow();
                socket.close(*code, reason);
            }
            _ => {
                drop(live);
                // The provider was still being asked: there is nothing to say goodbye to.
                self.live.take();
                let now = self.now();
                self.core.borrow_mut().handle(
                    now,
                    Input::DialFailed {
                        generation,
                        verdict: Verdict::Default,
                    },
                );
            }
        }
    }

    pub(super) fn detach(&self, generation: u32) {
        let live = self.live.take();
        match live {
            Some(live) if live.generation != generation => {
                self.live.replace(Some(live));
            }
            _ => drop(live),
        }
    }

    /// Hands a frame of the queue to the socket.
    pub(super) fn write(&self, generation: u32, packets: &[(Ticket, Packet)], batch: bool) -> bool {
        if let ([(_, packet)], false) = (packets, batch) {
            // The pump has just asked whether the socket is open.
            let live = self.live.borrow();
            let socket = live.as_ref().and_then(|live| live.socket(generation));
            return socket.is_some_and(|socket| {
                self.give(socket, &packet.frame);
                socket.send_open(&packet.frame)
            });
        }
        let frames: Vec<&Frame> = packets.iter().map(|(_, packet)| &*packet.frame).collect();
        let joined = self.upper.get().and_then(|upper| upper.join(&frames));
        joined.is_some_and(|frame| self.transmit(generation, &frame))
    }

    /// Sends past the queue. `false` if it did not go out.
    pub(crate) fn transmit(&self, generation: u32, frame: &Frame) -> bool {
        let live = self.live.borrow();
        let socket = live.as_ref().and_then(|live| live.socket(generation));
        socket.is_some_and(|socket| {
            self.give(socket, frame);
            socket.send(frame)
        })
    }

    fn set_live(&self, generation: u32, attempt: Attempt, phase: Phase) {
        self.given.set(0);
        let old = self.live.replace(Some(Live {
            generation,
            attempt,
            phase,
            handshake: None,
        }));
        drop(old);
    }
}
