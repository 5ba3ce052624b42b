//! One socket for several components.

use std::fmt;

use yew::{Children, ContextProvider, Html, Properties, component, hook, html, use_context};

use crate::socket::UseSocketHandle;

/// Properties of [`SocketProvider`].
#[derive(Properties)]
pub struct SocketProviderProps<In: 'static, Out: 'static> {
    /// The socket to share, from [`use_socket`](crate::use_socket).
    pub socket: UseSocketHandle<In, Out>,
    /// Who may use it.
    #[prop_or_default]
    pub children: Children,
}

impl<In, Out> PartialEq for SocketProviderProps<In, Out> {
    fn eq(&self, other: &Self) -> bool {
        self.socket == other.socket && self.children == other.children
    }
}

impl<In, Out> fmt::Debug for SocketProviderProps<In, Out> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SocketProviderProps")
            .field("socket", &self.socket)
            .finish_non_exhaustive()
    }
}

/// Shares a socket with everything inside it, by [`use_shared_socket`]. The component that called
/// [`use_socket`](crate::use_socket) still owns it.
///
/// ```no_run
/// use everwire::Socket;
/// use everwire_yew::{SocketProvider, use_latest_message, use_shared_socket, use_socket};
/// use yew::prelude::*;
///
/// #[component]
/// fn App() -> Html {
///     let socket = use_socket((), |()| Socket::<String, String>::builder("wss://example.com/feed"));
///     html! {
///         <SocketProvider<String, String> {socket}>
///             <Latest />
///         </SocketProvider<String, String>>
///     }
/// }
///
/// #[component]
/// fn Latest() -> Html {
///     let socket = use_shared_socket::<String, String>().expect("inside a SocketProvider");
///     let message = use_latest_message(&socket);
///     html! { <p>{ message.as_deref().cloned() }</p> }
/// }
/// ```
#[component]
pub fn SocketProvider<In: 'static, Out: 'static>(props: &SocketProviderProps<In, Out>) -> Html {
    html! {
        <ContextProvider<UseSocketHandle<In, Out>> context={props.socket.clone()}>
            { props.children.clone() }
        </ContextProvider<UseSocketHandle<In, Out>>>
    }
}

/// The socket of the nearest [`SocketProvider`] with these message types, rendering the component again when its state or
/// status changes; `None` outside of one.
#[hook]
pub fn use_shared_socket<In, Out>() -> Option<UseSocketHandle<In, Out>>
where
    In: 'static,
    Out: 'static,
{
    use_context()
}
