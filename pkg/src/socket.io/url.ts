// Addresses as socket.io-client reads them: relative ones resolve against the page, and the path is the namespace.

/** Longest address that is looked at. */
const MAX_LENGTH = 8_000;
const PATTERN = /^(?:(?![^:@\/?#]+:[^:@\/]*@)(https?|wss?):\/\/)?(?:[^@\/?#]*@)?(\[[^\]\/?#]*\]|(?:[a-f0-9]{0,4}:){2,7}[a-f0-9]{0,4}|[^:\/?#]*)(?::(\d*))?([^?#]*)(?:\?([^#]*))?/i;

/** The parts of an address; "" for what is missing. `host` has no brackets. */
export interface Address {
  source: string;
  protocol: string;
  host: string;
  port: string;
  path: string;
  query: string;
}

/** An address with what names its Manager. */
export interface Target extends Address {
  id: string;
  queryKey: Record<string, string>;
}

/** @throws "URI too long" (a string, as in the original) above 8,000 characters */
export function parse(source: string): Address {
  if (source.length > MAX_LENGTH) throw "URI too long";
  const [, protocol = "", host = "", port = "", path = "", query = ""] = PATTERN.exec(source) ?? [];
  return { source, protocol, host: host.startsWith("[") ? host.slice(1, -1) : host, port, path, query };
}

/** Resolves what `io()` got; `path` is the option of the same name. */
export function target(uri: string | undefined | null, path: string): Target {
  const page: Partial<Location> | undefined = globalThis.location;
  let text = uri ?? `${page?.protocol}//${page?.host}`;
  if (text[0] === "/") text = text[1] === "/" ? `${page?.protocol ?? "https:"}${text}` : `${page?.host}${text}`;
  if (!/^(https?|wss?):\/\//.test(text)) text = `${page ? page.protocol : "https:"}//${text}`;
  const address = parse(text);
  address.port ||= /^(http|ws)$/.test(address.protocol) ? "80" : "443";
  address.path ||= "/";
  const host = address.host.includes(":") ? `[${address.host}]` : address.host;
  const id = `${address.protocol}://${host}:${address.port}${path}`;
  return { ...address, id, queryKey: pairs(address.query, (text) => text) };
}

/** Where an engine connects to. Writes it to the options, where the next connection of the manager finds it. */
export function locate(uri: string | null | undefined, opts: any): { secure: boolean; hostname: string; port: string | number } {
  if (uri) {
    const { host, protocol, port, query } = parse(uri);
    Object.assign(opts, { hostname: host, secure: protocol === "https" || protocol === "wss", port }, query && { query });
  } else if (opts.host) {
    opts.hostname = parse(opts.host).host;
  }
  const page: Partial<Location> | undefined = globalThis.location;
  const secure = opts.secure ?? page?.protocol === "https:";
  const usual = secure ? "443" : "80";
  if (opts.hostname && !opts.port) opts.port = usual;
  return { secure, hostname: opts.hostname || (page ? page.hostname : "localhost"), port: opts.port || page?.port || usual };
}

/** Reads a query string into a map without prototype surprises. */
export function pairs(text: string, read: (part: string) => string = decodeURIComponent): Record<string, string> {
  const result: Record<string, string> = {};
  for (const pair of text.split("&")) {
    const at = (pair + "=").indexOf("=");
    const value = read(pair.slice(at + 1));
    // Defined, not assigned: `__proto__` is a name like any other.
    if (at) Object.defineProperty(result, read(pair.slice(0, at)), { value, writable: true, enumerable: true, configurable: true });
  }
  return result;
}

/** Writes a query string. */
export const query = (values: Record<string, unknown>): string =>
  Object.keys(values).map((name) => `${encodeURIComponent(name)}=${encodeURIComponent(values[name] as string)}`).join("&");
