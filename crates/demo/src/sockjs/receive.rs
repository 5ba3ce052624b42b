//! Responses that bring messages: one frame for a poll, a stream of them otherwise.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    body::{Body, Bytes},
    http::StatusCode,
    response::Response,
};
use everwire_core::protocol::sockjs::{Frame, write_event};
use futures_util::stream::unfold;
use tokio::time::{sleep, timeout};

use super::{
    DISCONNECT_DELAY,
    framed::{close, frame, message},
    reply,
    session::{Session, Sessions},
};
use crate::{intake::OneIn, outbound::End};

/// A stream ends after so many bytes and the client asks for the next one: some browsers keep all of a response.
const MAX_RESPONSE_BYTES: usize = 128 * 1024;
/// Longest silence on a response, as in sockjs-node.
const HEARTBEAT: Duration = Duration::from_secs(25);
/// Some browsers and proxies hold back the beginning of a response.
const PRELUDE_BYTES: usize = 2048;

/// Ways to receive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// `xhr_streaming`.
    Streaming,
    /// `eventsource`.
    EventSource,
    /// `xhr`: one frame.
    Polling,
}

impl Kind {
    fn content_type(self) -> &'static str {
        match self {
            Self::Streaming | Self::Polling => "application/javascript; charset=UTF-8",
            Self::EventSource => "text/event-stream; charset=UTF-8",
        }
    }

    fn prelude(self) -> Option<String> {
        match self {
            Self::Streaming => Some("h".repeat(PRELUDE_BYTES) + "\n"),
            Self::EventSource => Some("\r\n".into()),
            Self::Polling => None,
        }
    }

    fn line(self, frame: &str) -> String {
        match self {
            Self::Streaming | Self::Polling => format!("{frame}\n"),
            Self::EventSource => {
                let mut event = String::new();
                write_event(frame, &mut event);
                event
            }
        }
    }
}

/// Answers a request that receives.
pub(super) fn answer(
    kind: Kind,
    session: Arc<Session>,
    sessions: Arc<Sessions>,
    id: String,
) -> Response {
    let ok = |body| reply(StatusCode::OK, kind.content_type(), body);
    let Some(count) = session.attach() else {
        let end = End {
            code: 2010,
            reason: "Another connection still open".into(),
        };
        let prelude = kind.prelude().unwrap_or_default();
        return ok(Body::from(prelude + &kind.line(&close(&end))));
    };
    let receiver = Receiver {
        kind,
        session,
        sessions,
        id,
        count,
        drops: OneIn::default(),
        next: match (kind.prelude(), count) {
            (Some(prelude), 1) => Next::Pieces(vec![kind.line(&frame(&Frame::Open)), prelude]),
            (Some(prelude), _) => Next::Pieces(vec![prelude]),
            (None, 1) => Next::Last(kind.line(&frame(&Frame::Open))),
            (None, _) => Next::Message,
        },
        written: 0,
    };
    ok(Body::from_stream(unfold(receiver, async |mut receiver| {
        let piece = receiver.piece().await?;
        Some((Ok::<_, Infallible>(Bytes::from(piece)), receiver))
    })))
}

/// A request that receives; the session waits for another one when it is dropped.
struct Receiver {
    kind: Kind,
    session: Arc<Session>,
    sessions: Arc<Sessions>,
    id: String,
    count: u64,
    drops: OneIn,
    next: Next,
    written: usize,
}

enum Next {
    /// These, the last one first, and then messages.
    Pieces(Vec<String>),
    Message,
    /// This, and then the end.
    Last(String),
    End,
}

impl Receiver {
    async fn piece(&mut self) -> Option<String> {
        let piece = match std::mem::replace(&mut self.next, Next::Message) {
            Next::Pieces(mut pieces) => match pieces.pop() {
                Some(piece) => {
                    self.next = Next::Pieces(pieces);
                    piece
                }
                None => self.message().await,
            },
            Next::Message => self.message().await,
            Next::Last(piece) => {
                self.next = Next::End;
                piece
            }
            Next::End => return None,
        };
        self.written += piece.len();
        if self.written >= MAX_RESPONSE_BYTES {
            self.next = Next::End;
        }
        Some(piece)
    }

    async fn message(&mut self) -> String {
        let stats = self.session.hub().stats();
        let text = loop {
            let Ok(item) = timeout(HEARTBEAT, self.session.out.next()).await else {
                break frame(&Frame::Heartbeat);
            };
            let item = match item {
                Ok(item) => item,
                Err(end) => {
                    self.next = Next::End;
                    return self.kind.line(&close(&end));
                }
            };
            stats.superseded.add(self.session.out.take_superseded());
            if self.drops.hits(self.session.settings().drop_outbound) {
                stats.dropped_out.one();
                continue;
            }
            stats.messages_out.one();
            break message(&item.into_text());
        };
        if self.kind == Kind::Polling {
            self.next = Next::End;
        }
        self.kind.line(&text)
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.session.detach();
        let (sessions, id, count) = (
            self.sessions.clone(),
            std::mem::take(&mut self.id),
            self.count,
        );
        tokio::spawn(async move {
            sleep(DISCONNECT_DELAY).await;
            sessions.forget(&id, count);
        });
    }
}
