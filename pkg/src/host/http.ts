// The one HTTP driver: requests whose answer is read whole or as it comes. It serves every transport over HTTP, in pages,
// workers and Node, and decides nothing: no retries, no reading of the answer.
//
// fetch is preferred since it hands out a stream piece by piece, where XMLHttpRequest keeps the text of the whole answer
// until its end. XMLHttpRequest is for hosts whose fetch has no streams. Nothing listens for `unload`: that would keep
// pages out of the back/forward cache.

/** One request. */
export interface HttpRequest {
  method: "GET" | "POST";
  /** Absolute, or relative to the page. */
  url: string;
  /** Sent as UTF-8; without a Content-Type in `headers` it is `text/plain`. */
  body?: string;
  headers?: Record<string, string>;
  /** Whether cookies go to other origins, too. They always go to the page's own. */
  credentials: boolean;
  /** Milliseconds for the request as a whole, the answer included. 0, the default, is no limit. */
  timeout?: number;
  /** Whether the text of a 2xx answer comes by `chunk`. */
  stream?: boolean;
}

/** What becomes of a request: exactly one of `done` and `failed` ends it, unless it is aborted. Nothing comes before `request` returns. */
export interface HttpEvents {
  /** The next piece of a streamed answer, never empty; characters are never split. */
  chunk?(text: string): void;
  /** The answer is complete. `text` is "" if it came by `chunk`. */
  done(status: number, text: string): void;
  /** There is no answer, or it broke off: network, CORS, an invalid request, or the timeout. */
  failed(error: Error): void;
}

/** Starts a request. The returned function aborts it; afterwards no event comes. */
export function request(options: HttpRequest, events: HttpEvents): () => void {
  let over = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const end = (): boolean => {
    clearTimeout(timer);
    return !over && (over = true);
  };
  const abort = (canStream() || !options.stream ? viaFetch : viaXhr)(options, {
    chunk: (text) => {
      if (!over && text) call(() => events.chunk?.(text));
    },
    done: (status, text) => {
      if (end()) call(() => events.done(status, text));
    },
    failed: (error) => {
      if (end()) call(() => events.failed(error));
    },
  });
  if (options.timeout) {
    timer = setTimeout(() => {
      if (!end()) return;
      abort();
      call(() => events.failed(new Error(`no answer from ${options.url} within ${options.timeout} ms`)));
    }, options.timeout);
  }
  return () => {
    if (end()) abort();
  };
}

/** Whether fetch hands out an answer as it comes (React Native's, for one, does not). */
const canStream = (): boolean =>
  typeof fetch === "function" && typeof TextDecoder === "function" && typeof Response === "function" && "body" in Response.prototype;

/** What a receiver throws is reported like any uncaught error, and does not pass for a failed request. */
function call(receiver: () => void): void {
  try {
    receiver();
  } catch (error) {
    setTimeout(() => {
      throw error;
    });
  }
}

type Driver = (options: HttpRequest, events: Required<HttpEvents>) => () => void;

const viaFetch: Driver = (options, events) => {
  if (typeof fetch !== "function") return viaXhr(options, events);
  const controller = new AbortController();
  const run = async () => {
    const response = await fetch(options.url, {
      method: options.method,
      body: options.body ?? null,
      headers: options.headers ?? {},
      credentials: options.credentials ? "include" : "same-origin",
      cache: "no-store",
      signal: controller.signal,
    });
    let text = "";
    if (options.stream && response.ok && response.body) {
      const reader = response.body.getReader();
      const decoder = new TextDecoder();
      for (;;) {
        const { done, value } = await reader.read();
        events.chunk(decoder.decode(value, { stream: !done }));
        if (done) break;
      }
    } else {
      text = await response.text();
    }
    events.done(response.status, text);
  };
  // A turn later: Chromium fails what is under way just before it says that the page is left, and then nothing runs any more.
  run().catch((error) => setTimeout(() => events.failed(error)));
  return () => controller.abort();
};

const viaXhr: Driver = (options, events) => {
  const fail = (text: string, cause?: unknown) => events.failed(new Error(text, { cause }));
  if (typeof XMLHttpRequest !== "function") {
    // In a later turn, as every other outcome.
    setTimeout(() => fail("there is neither fetch nor XMLHttpRequest: provide a global fetch"));
    return () => {};
  }
  const xhr = new XMLHttpRequest();
  let taken = 0;
  const take = () => {
    const rest = xhr.responseText.slice(taken);
    taken += rest.length;
    return rest;
  };
  const streams = () => options.stream && xhr.status >= 200 && xhr.status < 300;
  xhr.onprogress = () => {
    if (streams()) events.chunk(take());
  };
  xhr.onload = () => {
    if (streams()) events.chunk(take());
    events.done(xhr.status, streams() ? "" : take());
  };
  xhr.onerror = () => fail(`no answer from ${options.url}`);
  try {
    xhr.open(options.method, options.url);
    xhr.withCredentials = options.credentials;
    for (const [name, value] of Object.entries(options.headers ?? {})) xhr.setRequestHeader(name, value);
    xhr.send(options.body);
  } catch (error) {
    setTimeout(() => fail(String(error), error));
  }
  return () => xhr.abort();
};
