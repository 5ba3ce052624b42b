//! What arrives, as calls or as state.

use std::rc::Rc;

use everwire::Error;
use yew::{hook, use_effect_with, use_mut_ref, use_state};

use crate::socket::UseSocketHandle;

/// Calls `listener` for every message, once per call of this hook, and always the function of the latest render.
///
/// An item that the socket's stream has as an error comes as an error here, in its place: [`Error::Decode`] for a message
/// that the codec cannot read, [`Error::InboundOverflow`] where messages are missing, [`Error::Ended`] at the end of a
/// connection that does not dial again by itself.
///
/// As long as no component listens, messages wait in the socket's inbound queue, within its bounds. A listener causes no
/// re-render; it is the place to set a state or to dispatch to a reducer.
///
/// ```no_run
/// use everwire_yew::{UseSocketHandle, use_messages};
/// use yew::prelude::*;
///
/// #[derive(Properties, PartialEq)]
/// struct Props { socket: UseSocketHandle<u32, u32> }
///
/// #[component]
/// fn Sum(props: &Props) -> Html {
///     let sum = use_mut_ref(|| 0);
///     let shown = use_state(|| 0);
///     let set = shown.clone();
///     use_messages(&props.socket, move |message| match message {
///         Ok(number) => {
///             *sum.borrow_mut() += *number;
///             set.set(*sum.borrow());
///         }
///         Err(error) => web_sys::console::warn_1(&error.to_string().into()),
///     });
///     html! { <output>{ *shown }</output> }
/// }
/// ```
#[hook]
pub fn use_messages<In, Out, F>(socket: &UseSocketHandle<In, Out>, listener: F)
where
    In: 'static,
    Out: 'static,
    F: Fn(Result<Rc<In>, Error>) + 'static,
{
    let latest = use_mut_ref(|| None);
    drop(latest.replace(Some(Rc::new(listener))));
    use_effect_with(socket.hub().clone(), move |hub| {
        let listening = hub.listen(move |message| {
            let listener = latest.borrow().clone();
            if let Some(listener) = listener {
                listener(message);
            }
        });
        move || drop(listening)
    });
}

/// The latest message, rendering the component again for each. `None` until there is one, and again after the socket has
/// been replaced.
///
/// Yew may render once for several messages in a row, so this suits messages of which only the newest counts. Messages
/// that cannot be read are skipped; [`use_messages`] has all of them.
///
/// ```no_run
/// # use everwire_yew::{UseSocketHandle, use_latest_message};
/// # use yew::prelude::*;
/// # #[derive(Properties, PartialEq)] struct Props { socket: UseSocketHandle<String, String> }
/// #[component]
/// fn Ticker(props: &Props) -> Html {
///     let price = use_latest_message(&props.socket);
///     html! { <output>{ price.as_deref().cloned() }</output> }
/// }
/// ```
#[hook]
pub fn use_latest_message<In, Out>(socket: &UseSocketHandle<In, Out>) -> Option<Rc<In>>
where
    In: 'static,
    Out: 'static,
{
    let latest = use_state(|| None);
    let setter = latest.setter();
    let hub = socket.hub().clone();
    use_messages(socket, move |message| {
        if let Ok(message) = message {
            setter.set(Some((hub.clone(), message)));
        }
    });
    let (hub, message) = latest.as_ref()?;
    (hub == socket.hub()).then(|| Rc::clone(message))
}
