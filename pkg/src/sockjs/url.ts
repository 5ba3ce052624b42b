// Addresses: what a user gives, and what is asked.

/** Where pages without an address are, for sockjs-client and here: on servers. */
const NOWHERE = "http://localhost/";

/** The page's or worker's address. */
const here = (): string => globalThis.location?.href ?? NOWHERE;

/** The checked address without the slashes at its end; throws what sockjs-client throws. */
export function baseUrl(given: unknown): string {
  let url: URL;
  try {
    // A page in an opaque place (`about:`, `data:`) cannot be the base of anything.
    url = new URL(String(given), /^https?:/.test(here()) ? here() : NOWHERE);
  } catch {
    throw new SyntaxError(`The URL '${given}' is invalid`);
  }
  if (url.hash) throw new SyntaxError("The URL must not contain a fragment");
  if (!isHttp(url)) {
    throw new SyntaxError(`The URL's scheme must be either 'http:' or 'https:'. '${url.protocol}' is not allowed.`);
  }
  if (here().startsWith("https:") && url.protocol === "http:" && !/^(127(\.\d{1,3}){3}|\[::1\])$/.test(url.hostname)) {
    throw new Error("SecurityError: An insecure SockJS connection may not be initiated from a page loaded over HTTPS");
  }
  return trimmed(url);
}

/** The address that `/info` gives for the transports, if it gives a usable one. */
export function otherBase(given: unknown, base: string): string {
  try {
    const url = new URL(String(given), base);
    return given && isHttp(url) ? trimmed(url) : base;
  } catch {
    return base;
  }
}

const isHttp = (url: URL): boolean => /^https?:$/.test(url.protocol);

/** Without a path there is no slash either, which `URL` always writes. */
function trimmed(url: URL): string {
  const [, origin] = /^([^/]*\/\/[^/]*)/.exec(url.href) as unknown as [string, string];
  return origin + url.pathname.replace(/\/+$/, "") + url.search;
}

/** Adds a path before and parameters to the query. */
export function address(base: string, path: string, query: Record<string, string> | undefined): string {
  const [before, after] = split(base, "?");
  const all = [after, query && String(new URLSearchParams(query))].filter(Boolean).join("&");
  return before + path + (all && `?${all}`);
}

/** Takes user and password out of an address: fetch refuses both, and a header says the same. */
export function credentialsOf(base: string): [base: string, authorization: Record<string, string>] {
  const { username, password } = new URL(base);
  if (!username && !password) return [base, {}];
  const bytes = new TextEncoder().encode(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`);
  return [base.replace(/\/\/[^/@]*@/, "//"), { Authorization: `Basic ${btoa(String.fromCharCode(...bytes))}` }];
}

function split(text: string, at: string): [string, string] {
  const index = text.indexOf(at);
  return index < 0 ? [text, ""] : [text.slice(0, index), text.slice(index + 1)];
}
