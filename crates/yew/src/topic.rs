//! `use_topic`: a paced sender that stays the same over re-renders.

use std::{cell::RefCell, fmt, rc::Rc};

use everwire::{Client, Error, Handle, MessageOptions, Topic};
use yew::{hook, use_memo};

use crate::socket::UseSocketHandle;

/// A topic of the socket: values of one type with a pace of their own; see [`everwire::Topic`].
///
/// `build` makes it from the socket's client and `deps`, when it is first needed; it is made anew when the socket is
/// replaced or `deps` change, and not on re-renders, so the pace goes on over them. What is pending in a topic that
/// is replaced or unmounted still goes out, if the socket stays open.
///
/// Every call of this hook is a topic with a pace of its own. To pace the values of several components together, call it
/// once and hand the [`UseTopicHandle`] down.
///
/// ```no_run
/// use std::time::Duration;
/// use everwire::Order;
/// use everwire_yew::{UseSocketHandle, use_topic};
/// use yew::prelude::*;
///
/// #[derive(Clone, serde::Serialize)]
/// enum Out { Typing }
///
/// #[derive(Properties, PartialEq)]
/// struct Props { socket: UseSocketHandle<(), Out> }
///
/// #[component]
/// fn Composer(props: &Props) -> Html {
///     let typing = use_topic(&props.socket, (), |client, ()| {
///         client
///             .topic::<()>("typing")
///             .throttle(Duration::from_secs(2))
///             .order(Order::Supersede)
///             .build_with(|()| Out::Typing)
///     });
///     html! { <input oninput={move |_| drop(typing.send(&()))} /> }
/// }
/// ```
#[hook]
pub fn use_topic<T, In, Out, D, F>(
    socket: &UseSocketHandle<In, Out>,
    deps: D,
    build: F,
) -> UseTopicHandle<T>
where
    T: 'static,
    In: 'static,
    Out: 'static,
    D: PartialEq + 'static,
    F: Fn(&Client<In, Out>, &D) -> Result<Topic<T>, Error> + 'static,
{
    let deps = Rc::new(deps);
    let binding = use_memo(
        (socket.hub().clone(), Rc::clone(&deps)),
        move |(hub, _)| -> Rc<Bind<T>> {
            let hub = hub.clone();
            let built = RefCell::new(None::<(u32, Topic<T>)>);
            Rc::new(move || {
                let (client, generation) = hub.client()?;
                if let Some((of, topic)) = &*built.borrow()
                    && *of == generation
                {
                    return Ok(topic.clone());
                }
                let topic = build(&client, &deps)?;
                drop(built.replace(Some((generation, topic.clone()))));
                Ok(topic)
            })
        },
    );
    UseTopicHandle {
        bind: Rc::clone(&binding),
    }
}

/// The topic of the socket that is open now.
type Bind<T> = dyn Fn() -> Result<Topic<T>, Error>;

/// The sender of a [`use_topic`]. Clones are the same topic, and so is what later renders get.
pub struct UseTopicHandle<T> {
    bind: Rc<Bind<T>>,
}

impl<T: 'static> UseTopicHandle<T> {
    /// Sends a value at the topic's pace; see [`Topic::send`].
    ///
    /// # Errors
    /// As there, and those of [`topic`](Self::topic).
    pub fn send(&self, value: &T) -> Result<Handle, Error> {
        self.topic()?.send(value)
    }

    /// As [`send`](Self::send), with options.
    ///
    /// # Errors
    /// As there.
    pub fn send_with(&self, value: &T, options: MessageOptions) -> Result<Handle, Error> {
        self.topic()?.send_with(value, options)
    }

    /// The topic itself, to flush, cancel or look at what is pending.
    ///
    /// # Errors
    /// The error of bad options of the topic or of the socket; [`SendError::Closed`](everwire::SendError::Closed) after
    /// the socket was unmounted or replaced.
    pub fn topic(&self) -> Result<Topic<T>, Error> {
        (self.bind)()
    }
}

impl<T> Clone for UseTopicHandle<T> {
    fn clone(&self) -> Self {
        Self {
            bind: Rc::clone(&self.bind),
        }
    }
}

/// Equal if it is the same topic.
impl<T> PartialEq for UseTopicHandle<T> {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.bind, &other.bind)
    }
}

impl<T> fmt::Debug for UseTopicHandle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UseTopicHandle").finish_non_exhaustive()
    }
}
