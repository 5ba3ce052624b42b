//! From an order to dial to a live socket, and from its events to the core.

use std::{
    rc::Rc,
    task::{Context, Poll},
};

use everwire_core::{
    codec::Frame,
    link::{Cause, Verdict},
    protocol::stomp::client::Loss as End,
};
use futures_core::future::LocalBoxFuture;
use futures_util::future::{AbortHandle, abortable};
use wasm_bindgen_futures::spawn_local;

use crate::{
    driver::{self, Event},
    endpoint::{Attempt, ProviderError},
};

use super::super::event::Loss;
use super::Engine;

/// The dial or socket of the current generation.
pub(super) struct Live {
    generation: u32,
    phase: Phase,
}

enum Phase {
    /// A provider is being awaited.
    Resolving(AbortHandle),
    Socket(driver::Carrier, Headers),
}

type Headers = Rc<[(String, String)]>;

/// What a dial needs: the URL and the headers of `CONNECT`.
type Target = Result<(String, Vec<(String, String)>), ProviderError>;

impl Drop for Live {
    fn drop(&mut self) {
        if let Phase::Resolving(provider) = &self.phase {
            provider.abort();
        }
    }
}

impl Engine {
    /// The buffer as the queue shall see it: a socket that is over but has not said so takes nothing.
    pub(super) fn buffered_or_over(&self) -> usize {
        match &*self.live.borrow() {
            Some(Live {
                phase: Phase::Socket(socket, _),
                ..
            }) if !socket.is_open() => usize::MAX,
            Some(Live {
                phase: Phase::Socket(socket, _),
                ..
            }) => socket.buffered(),
            _ => 0,
        }
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
                Ok((url, engine.headers.resolve(attempt).await?))
            }
        });
        // Values and synchronous providers are ready at once: the socket is then constructed in the same turn.
        let mut context = Context::from_waker(std::task::Waker::noop());
        if let Poll::Ready(target) = target.as_mut().poll(&mut context) {
            return self.connect(generation, target);
        }
        let (target, provider) = abortable(target);
        self.set_live(generation, Phase::Resolving(provider));
        let engine = self.me.clone();
        spawn_local(async move {
            if let Ok(target) = target.await
                && let Some(engine) = engine.upgrade()
            {
                engine.connect(generation, target);
                engine.pump();
            }
        });
    }

    fn connect(&self, generation: u32, target: Target) {
        // A provider may have called back and changed everything.
        if self.read(|client| client.link().generation()) != generation {
            return;
        }
        let me = self.me.clone();
        let socket = target
            .map_err(|error| error.to_string())
            .and_then(|(url, headers)| {
                let listener = move |event| {
                    if let Some(engine) = me.upgrade() {
                        engine.event(generation, event);
                    }
                };
                let socket = driver::Carrier::open(&self.via, &url, &self.protocols, listener)?;
                Ok((socket, headers))
            });
        match socket {
            Ok((socket, headers)) => {
                self.set_live(generation, Phase::Socket(socket, headers.into()));
            }
            Err(reason) => {
                self.live.take();
                self.lose(generation, End::Dial, Cause::DialFailed, &reason);
            }
        }
    }

    /// Asks the user's override, then tells the core.
    pub(super) fn lose(&self, generation: u32, end: End, cause: Cause, reason: &str) {
        let complaint = self.complaint.borrow().clone();
        let verdict = self.retry_on.as_ref().map_or(Verdict::Default, |retry_on| {
            retry_on(&Loss {
                cause,
                reason,
                error: complaint.as_ref(),
                attempt: self.read(|client| client.link().attempt()),
            })
        });
        // The override may have called back; a newer socket must not be lost with this one.
        if self.generation() == Some(generation) {
            self.live.take();
        }
        self.detail.replace(reason.into());
        self.call(|client, now| client.lost(now, generation, end, verdict));
    }

    fn generation(&self) -> Option<u32> {
        self.live.borrow().as_ref().map(|live| live.generation)
    }

    /// An event of the socket with this number; events of a former one are ignored.
    fn event(&self, generation: u32, event: Event) {
        if self.generation() != Some(generation) {
            return;
        }
        match event {
            Event::Open(_) => self.opened(generation),
            Event::Message(frame) => self.message(generation, &frame),
            Event::Close {
                code,
                reason,
                clean,
            } => {
                let cause = Cause::SocketClosed { code, clean };
                self.lose(generation, End::Socket { code, clean }, cause, &reason);
            }
        }
    }

    fn opened(&self, generation: u32) {
        let headers = match &*self.live.borrow() {
            Some(Live {
                phase: Phase::Socket(_, headers),
                ..
            }) => Rc::clone(headers),
            _ => return,
        };
        let opened = self.call(|client, now| client.opened(now, generation, &headers));
        if let Err(error) = opened {
            self.detach(generation);
            self.lose(generation, End::Dial, Cause::DialFailed, &error.to_string());
        }
    }

    pub(super) fn close_socket(&self, generation: u32) {
        let live = self.live.borrow();
        match &*live {
            Some(Live {
                generation: current,
                phase: Phase::Socket(socket, _),
            }) if *current == generation => socket.close(Some(1_000), ""),
            _ => {
                drop(live);
                // The provider was still being asked: there is nothing to say goodbye to.
                self.live.take();
                let now = driver::now();
                self.read(|client| client.lost(now, generation, End::Dial, Verdict::Default));
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

    /// Hands a frame to the socket.
    pub(super) fn write(&self, generation: u32, bytes: Vec<u8>, text: bool) -> bool {
        let frame = if text {
            match String::from_utf8(bytes) {
                Ok(text) => Frame::Text(text),
                Err(error) => Frame::Binary(error.into_bytes()),
            }
        } else {
            Frame::Binary(bytes)
        };
        match &*self.live.borrow() {
            Some(Live {
                generation: current,
                phase: Phase::Socket(socket, _),
            }) if *current == generation => socket.send(&frame),
            _ => false,
        }
    }

    fn set_live(&self, generation: u32, phase: Phase) {
        let old = self.live.replace(Some(Live { generation, phase }));
        drop(old);
    }
}
