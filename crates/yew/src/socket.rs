//! `use_socket`: a socket that lives as long as its component.

use std::{fmt, ops::Deref, rc::Rc, time::Duration};

use everwire::{Builder, Client, Decode, Encode, Error, Handle, MessageOptions, Request, State};
use yew::{hook, use_effect_with, use_force_update, use_memo};

use crate::{
    hub::{Hub, View},
    status::ConnectionStatus,
};

/// Options of [`use_socket_with`].
///
/// ```
/// # use std::time::Duration;
/// # use everwire_yew::SocketOptions;
/// let patient = SocketOptions::new().grace(Duration::from_secs(4));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SocketOptions {
    grace: Duration,
}

impl Default for SocketOptions {
    fn default() -> Self {
        Self {
            grace: Duration::from_millis(1_500),
        }
    }
}

impl SocketOptions {
    /// A grace of 1.5 s.
    pub fn new() -> Self {
        Self::default()
    }

    /// How long a lost connection still reads as [`ConnectionStatus::Connected`]. Default 1.5 s, zero to tell at once. Counted
    /// in whole milliseconds, from the loss that follows.
    pub fn grace(mut self, grace: Duration) -> Self {
        self.grace = grace;
        self
    }
}

/// A socket that belongs to the component: opened after its first render, replaced when `deps` change and at no other
/// time, closed on unmount. See [`use_socket_with`] for options.
///
/// `connect` makes the options of the socket from `deps`. Everything that it uses should come from there: it is not asked
/// again as long as they stay equal. A codec is chosen there with [`Builder::codec`]; the crate `everwire` has them
/// behind features.
///
/// - Closing on unmount still writes what is queued if the connection is open, for at most one second; a socket without a
///   connection is dropped with its queue.
/// - After a change of `deps` the handles of earlier renders fail with [`SendError::Closed`](everwire::SendError::Closed): a closure that was made for
///   one room never posts into another.
/// - A component that is unmounted and mounted again, and an effect that runs twice, have one socket at a time.
/// - URLs and options that cannot work are in [`UseSocketHandle::error`].
///
/// ```no_run
/// use everwire::{Socket, Url};
/// use everwire_yew::use_socket;
/// use yew::prelude::*;
///
/// #[component]
/// fn Feed() -> Html {
///     let room = use_state(|| "seoul".to_owned());
///     let socket = use_socket((*room).clone(), |room| {
///         let room = room.clone();
///         // Asked before every dial.
///         let url = Url::from_async_fn(move |_attempt| {
///             let room = room.clone();
///             async move { Ok(format!("wss://example.com/{room}?token={}", token().await?)) }
///         });
///         Socket::<String, String>::builder(url)
///     });
///     let hello = {
///         let socket = socket.clone();
///         move |_| drop(socket.send(&"hello".to_owned()))
///     };
///     html! { <button onclick={hello}>{ format!("{:?}", socket.status()) }</button> }
/// }
/// # async fn token() -> Result<String, &'static str> { Ok(String::new()) }
/// ```
#[hook]
pub fn use_socket<In, Out, C, D, F>(deps: D, connect: F) -> UseSocketHandle<In, Out>
where
    In: 'static,
    Out: 'static,
    C: Encode<Out> + Decode<In> + 'static,
    D: PartialEq + 'static,
    F: Fn(&D) -> Builder<In, Out, C> + 'static,
{
    use_socket_with(deps, SocketOptions::default(), connect)
}

/// As [`use_socket`], with options. A change of the options does not replace the socket.
#[hook]
pub fn use_socket_with<In, Out, C, D, F>(
    deps: D,
    options: SocketOptions,
    connect: F,
) -> UseSocketHandle<In, Out>
where
    In: 'static,
    Out: 'static,
    C: Encode<Out> + Decode<In> + 'static,
    D: PartialEq + 'static,
    F: Fn(&D) -> Builder<In, Out, C> + 'static,
{
    let rerender = use_force_update();
    let hub = use_memo(Rc::new(deps), |deps| {
        let deps = Rc::clone(deps);
        Hub::new(move || connect(&deps).open())
    });
    hub.set_grace(options.grace);
    let hub = HubRef(hub);
    use_effect_with(hub.clone(), move |hub| {
        hub.start(move || rerender.force_update());
        let hub = hub.clone();
        move || hub.close()
    });
    UseSocketHandle {
        view: hub.view(),
        hub,
    }
}

/// The socket of a [`use_socket`], and how it was when the component was rendered. Cheap to clone, and equal to another
/// one if the socket is the same and looks the same, so it goes well into properties and contexts.
pub struct UseSocketHandle<In, Out> {
    hub: HubRef<In, Out>,
    view: View,
}

impl<In: 'static, Out: 'static> UseSocketHandle<In, Out> {
    /// Where the connection was in its life at the time of the render. Each change renders the component again. For the user's
    /// eyes, [`status`](Self::status) is calmer.
    pub fn state(&self) -> State {
        self.view.state
    }

    /// What to tell the user: does not change for losses shorter than the grace.
    pub fn status(&self) -> ConnectionStatus {
        self.view.status
    }

    /// Why there is no connection and will not be one by itself: the options were refused ([`Error::BadUrl`],
    /// [`Error::Options`] and others), or the connection ended ([`Error::Ended`]). `None` at all other times; undecodable
    /// messages come to [`use_messages`](crate::use_messages).
    pub fn error(&self) -> Option<&Error> {
        self.view.error.as_ref()
    }

    /// Sends a message as soon as the connection can take it; see [`Client::send`].
    ///
    /// # Errors
    /// As there; the error of bad options; [`SendError::Closed`](everwire::SendError::Closed) after the unmount or a change of the dependencies.
    pub fn send(&self, message: &Out) -> Result<Handle, Error> {
        self.client()?.send(message)
    }

    /// As [`send`](Self::send), with options.
    ///
    /// # Errors
    /// As there.
    pub fn send_with(&self, message: &Out, options: MessageOptions) -> Result<Handle, Error> {
        self.client()?.send_with(message, options)
    }

    /// Sends a request and waits for its reply; see [`Client::request`].
    ///
    /// # Errors
    /// The future fails as described there. This fails as [`client`](Self::client).
    pub fn request(&self, message: Out, timeout: Duration) -> Result<Request<In, Out>, Error> {
        Ok(self.client()?.request(message, timeout))
    }

    /// Everything else: statistics, closing, states as a stream. The client stays with the socket that is open now.
    ///
    /// # Errors
    /// The error of bad options; [`SendError::Closed`](everwire::SendError::Closed) after the unmount or a change of the dependencies.
    pub fn client(&self) -> Result<Client<In, Out>, Error> {
        self.hub.client().map(|(client, _)| client)
    }

    /// Dials now: cuts a wait short, replaces a live connection, revives one that ended. Nothing after the unmount.
    pub fn reconnect(&self) {
        if let Ok(client) = self.client() {
            client.reconnect();
        }
    }

    pub(crate) fn hub(&self) -> &HubRef<In, Out> {
        &self.hub
    }
}

impl<In, Out> Clone for UseSocketHandle<In, Out> {
    fn clone(&self) -> Self {
        Self {
            hub: self.hub.clone(),
            view: self.view.clone(),
        }
    }
}

impl<In, Out> PartialEq for UseSocketHandle<In, Out> {
    fn eq(&self, other: &Self) -> bool {
        self.hub == other.hub && self.view == other.view
    }
}

impl<In, Out> fmt::Debug for UseSocketHandle<In, Out> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UseSocketHandle")
            .field("state", &self.view.state)
            .field("status", &self.view.status)
            .field("error", &self.view.error)
            .finish_non_exhaustive()
    }
}

/// A hub by identity, as a dependency of effects.
#[derive(Debug)]
pub(crate) struct HubRef<In, Out>(Rc<Hub<In, Out>>);

impl<In, Out> Clone for HubRef<In, Out> {
    fn clone(&self) -> Self {
        Self(Rc::clone(&self.0))
    }
}

impl<In, Out> PartialEq for HubRef<In, Out> {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

impl<In, Out> Deref for HubRef<In, Out> {
    type Target = Rc<Hub<In, Out>>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}
