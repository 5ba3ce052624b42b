// Checks of the arguments of `close`, where no native socket is there to make them.

/** Longest close reason, in UTF-8 bytes: a control frame holds 125, two are the code's. */
const MAX_REASON = 123;

/** Throws what the native `close` throws; gives the arguments on for it to convert. */
export function closeArguments(code: unknown, reason: unknown): [code?: number, reason?: string] {
  const text = reason === undefined ? undefined : String(reason);
  if (code === undefined) {
    if (text !== undefined) throw failure("a close reason needs a close code", "InvalidAccessError");
    return [];
  }
  const number = Math.round(Number(code));
  if (number !== 1000 && !(number >= 3000 && number <= 4999)) {
    throw failure(`the close code must be 1000 or 3000 to 4999, not ${number}`, "InvalidAccessError");
  }
  if (text === undefined) return [code as number];
  if (new TextEncoder().encode(text).length > MAX_REASON) {
    throw failure(`the close reason must not be longer than ${MAX_REASON} UTF-8 bytes`, "SyntaxError");
  }
  return [code as number, text];
}

/** A DOMException with one of the standard names. */
export function failure(message: string, name: string): DOMException {
  return new DOMException(`everwire: ${message}`, name);
}
