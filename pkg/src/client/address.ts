// Checks of addresses, protocols and close arguments with the exceptions of the native class (WHATWG WebSockets, section
// 3.1), for values that are known before the first attempt. What a provider returns later is checked by the socket.

/** Throws the native SyntaxError if the native constructor would refuse the address. */
export function checkUrl(url: string): void {
  const base = (globalThis as { location?: { href?: string } }).location?.href;
  let parsed: URL;
  try {
    parsed = base ? new URL(url, base) : new URL(url);
  } catch {
    throw syntaxError(`the url ${JSON.stringify(url)} is invalid: give an absolute ws: or wss: address`);
  }
  if (!/^(wss?|https?):$/.test(parsed.protocol)) {
    throw syntaxError(`the url's scheme must be ws, wss, http or https, not ${parsed.protocol.slice(0, -1)}`);
  }
  if (url.includes("#")) throw syntaxError("the url must have no fragment: remove what follows #");
}

/** Throws the native SyntaxError if a protocol is no token or appears twice. */
export function checkProtocols(protocols: readonly string[]): void {
  const seen = new Set<string>();
  for (const protocol of protocols) {
    if (!/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(protocol)) {
      throw syntaxError(`the subprotocol ${JSON.stringify(protocol)} is invalid: use letters, digits and !#$%&'*+-.^_\`|~`);
    }
    const lower = protocol.toLowerCase();
    if (seen.has(lower)) throw syntaxError(`the subprotocol ${JSON.stringify(protocol)} is given twice`);
    seen.add(lower);
  }
}

/** Throws the native exceptions for an illegal close code or reason. */
export function checkClose(code: number, reason: string): void {
  if (code !== 1000 && !(code >= 3000 && code <= 4999)) {
    throw new DOMException(`the close code must be 1000 or from 3000 to 4999, not ${code}`, "InvalidAccessError");
  }
  if (new TextEncoder().encode(reason).length > 123) {
    throw syntaxError("the close reason must not be longer than 123 bytes in UTF-8");
  }
}

function syntaxError(message: string): DOMException {
  return new DOMException(message, "SyntaxError");
}
