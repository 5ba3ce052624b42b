//! The field for a new post: grows with its text and tells the others about typing.

use gloo_timers::callback::Timeout;
use web_sys::HtmlTextAreaElement;
use yew::prelude::*;

use crate::texts::{Language, fill};

/// The server's limit, in characters.
const MAX_CHARS: usize = 2_000;
/// Without a keystroke for this long nobody is typing. Ms.
const STILL_AFTER: u32 = 4_000;

#[derive(Clone, PartialEq, Properties)]
pub(crate) struct ComposerProps {
    pub(crate) language: Language,
    pub(crate) on_post: Callback<String>,
    pub(crate) on_typing: Callback<bool>,
}

#[component]
pub(crate) fn Composer(props: &ComposerProps) -> Html {
    let texts = props.language.texts();
    let text = use_state(String::new);
    let field = use_node_ref();
    let still = use_mut_ref(|| None::<Timeout>);

    let over = text.chars().count().saturating_sub(MAX_CHARS);
    let sendable = !text.trim().is_empty() && over == 0;
    let submit = {
        let (text, still, on_post) = (text.clone(), still.clone(), props.on_post.clone());
        move || {
            if sendable {
                // The post itself ends the typing at the receivers.
                drop(still.take());
                on_post.emit(text.trim().to_owned());
                text.set(String::new());
            }
        }
    };
    let onsubmit = {
        let submit = submit.clone();
        move |event: SubmitEvent| {
            event.prevent_default();
            submit();
        }
    };
    let onkeydown = move |event: KeyboardEvent| {
        // Enter also confirms a Korean syllable that is being composed; that one is not meant for the form.
        if event.key() == "Enter" && !event.shift_key() && !event.is_composing() {
            event.prevent_default();
            submit();
        }
    };
    let oninput = {
        let (text, on_typing) = (text.clone(), props.on_typing.clone());
        move |event: InputEvent| {
            let value = event.target_unchecked_into::<HtmlTextAreaElement>().value();
            let active = !value.trim().is_empty();
            text.set(value);
            on_typing.emit(active);
            let stop = on_typing.clone();
            let timer = active.then(|| Timeout::new(STILL_AFTER, move || stop.emit(false)));
            drop(still.replace(timer));
        }
    };
    use_effect_with(text.clone(), {
        let field = field.clone();
        move |_| fit(&field)
    });
    html! {
        <form class="composer" aria-label={texts.composer} {onsubmit}>
            <textarea
                id="composer-text"
                rows="1"
                ref={field}
                value={(*text).clone()}
                aria-label={texts.composer}
                aria-invalid={(over > 0).to_string()}
                placeholder={texts.hint}
                {oninput}
                {onkeydown}
            />
            <button type="submit" class="primary" disabled={!sendable}>{ texts.send }</button>
            if over > 0 {
                <p class="excess" role="alert">{ fill(texts.too_long, over) }</p>
            }
        </form>
    }
}

/// Makes the field as high as its text.
fn fit(field: &NodeRef) {
    if let Some(field) = field.cast::<HtmlTextAreaElement>() {
        let style = field.style();
        drop(style.set_property("height", "auto"));
        let height = field.scroll_height().min(160);
        drop(style.set_property("height", &format!("{}px", height + 2)));
    }
}
