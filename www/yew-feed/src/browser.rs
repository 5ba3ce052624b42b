//! The few things of the browser that the page needs: who the visitor is, storage, the server's address.

use everwire::ProviderError;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Response, Storage};

use crate::texts::Language;

const IDENTITY: &str = "everwire.identity";
const LANGUAGE: &str = "everwire.language";

/// Who this tab is. Kept in the session storage, in the form of the demo's main page: in one tab both pages have the
/// same visitor, a second tab has another one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Identity {
    pub(crate) user: String,
    /// Name of this tab for the server's fault injection.
    pub(crate) client: String,
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) room: Option<String>,
}

impl Identity {
    /// The visitor of this tab, made up on the first visit.
    pub(crate) fn load(language: Language) -> Self {
        stored(IDENTITY).unwrap_or_else(|| {
            let identity = Self {
                user: format!("u-{}", short_id()),
                client: format!("c-{}", short_id()),
                name: made_up_name(language),
                room: None,
            };
            identity.save();
            identity
        })
    }

    pub(crate) fn save(&self) {
        store(IDENTITY, self);
    }
}

fn made_up_name(language: Language) -> String {
    let (first, second) = match language {
        Language::En => (
            ["Swift", "Quiet", "Bright", "Gentle"],
            ["Otter", "Heron", "Magpie", "Fox"],
        ),
        Language::Ko => (
            ["날쌘", "조용한", "빛나는", "다정한"],
            ["수달", "왜가리", "까치", "여우"],
        ),
    };
    let pick = |words: [&'static str; 4]| {
        let index = (js_sys::Math::random() * 4.0) as usize;
        words.into_iter().nth(index).unwrap_or_default()
    };
    format!("{} {}", pick(first), pick(second))
}

/// An id that nobody else has.
pub(crate) fn unique_id() -> String {
    web_sys::window()
        .and_then(|window| window.crypto().ok())
        .map(|crypto| crypto.random_uuid())
        // Without a secure context: unique enough for a demo.
        .unwrap_or_else(|| format!("{:x}-{:x}", random_bits(), random_bits()))
}

fn short_id() -> String {
    unique_id().chars().take(8).collect()
}

fn random_bits() -> u64 {
    (js_sys::Math::random() * (1_u64 << 53) as f64) as u64
}

/// Ms since the Unix epoch by the page's clock.
pub(crate) fn now() -> f64 {
    js_sys::Date::now()
}

/// The language of the address, else the one chosen before, else the browser's.
pub(crate) fn language() -> Language {
    let Some(window) = web_sys::window() else {
        return Language::En;
    };
    let asked = window
        .location()
        .search()
        .ok()
        .and_then(|search| Language::parse(search.rsplit_once("lang=")?.1));
    let kept = || Language::parse(&window.local_storage().ok()??.get_item(LANGUAGE).ok()??);
    asked
        .or_else(kept)
        .or_else(|| Language::parse(&window.navigator().language()?))
        .unwrap_or(Language::En)
}

/// Shows the page's language to the browser and keeps it for the next visit.
pub(crate) fn keep_language(language: Language, title: &str) {
    let Some(window) = web_sys::window() else {
        return;
    };
    if let Some(document) = window.document() {
        document.set_title(title);
        if let Some(root) = document.document_element() {
            drop(root.set_attribute("lang", language.code()));
        }
    }
    if let Ok(Some(storage)) = window.local_storage() {
        drop(storage.set_item(LANGUAGE, language.code()));
    }
}

fn session() -> Option<Storage> {
    web_sys::window()?.session_storage().ok()?
}

/// Reads what [`store`] wrote.
pub(crate) fn stored<T: DeserializeOwned>(key: &str) -> Option<T> {
    let text = session()?.get_item(key).ok()??;
    serde_json::from_str(&text).ok()
}

/// Writes to the session storage; a full or missing storage only costs what a reload would have kept.
pub(crate) fn store<T: Serialize>(key: &str, value: &T) {
    if let (Some(session), Ok(text)) = (session(), serde_json::to_string(value)) {
        drop(session.set_item(key, &text));
    }
}

/// Where the server listens, asked before each dial: a restarted server may have moved.
pub(crate) async fn address(room: &str, client: &str) -> Result<String, ProviderError> {
    #[derive(Deserialize)]
    struct Config {
        ws: String,
    }
    let window = web_sys::window().ok_or("no window")?;
    let response = JsFuture::from(window.fetch_with_str("/config.json"))
        .await
        .map_err(|_| "/config.json cannot be fetched")?;
    let response: Response = response.dyn_into().map_err(|_| "not a response")?;
    if !response.ok() {
        return Err(format!("/config.json answered {}", response.status()).into());
    }
    let body = response.text().map_err(|_| "/config.json cannot be read")?;
    let text = JsFuture::from(body)
        .await
        .map_err(|_| "/config.json cannot be read")?;
    let config: Config = serde_json::from_str(&text.as_string().unwrap_or_default())?;
    Ok(format!("{}?room={room}&client={client}", config.ws))
}
