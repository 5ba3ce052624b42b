// Checks of the options that socket.io-client does not have. Its own are taken as it takes them.

/** A timer that is set to more rings at once. */
const MAX_TIMER = 2 ** 31 - 1;

const isCount = (value: any) => value === Infinity || (Number.isInteger(value) && value > 0);
const COUNT = [isCount, "an integer from 1"] as const;

const RULES: Record<string, readonly [fits: (value: any) => boolean, expected: string]> = {
  maxBufferedPackets: COUNT,
  maxPendingAcks: COUNT,
  retryWindow: COUNT,
  retryKey: [(value) => typeof value === "function", "a function"],
  bufferOverflow: [(value) => value === "throw" || value === "drop-oldest", "'throw' or 'drop-oldest'"],
  redial: [
    (value) => typeof value === "boolean" || typeof value === "function" || (value >= 0 && value <= MAX_TIMER && typeof value === "number"),
    `a boolean, milliseconds from 0 to ${MAX_TIMER}, or a function`,
  ],
};

/** @throws TypeError that names the option and what it may be */
export function checkOptions(options: Record<string, unknown> | null | undefined): void {
  for (const [name, [fits, expected]] of Object.entries(RULES)) {
    const value = options?.[name];
    if (value === undefined || fits(value)) continue;
    const shown = typeof value === "string" ? JSON.stringify(value) : typeof value === "object" && value ? "an object" : String(value);
    throw new TypeError(`${name} must be ${expected}, not ${shown}`);
  }
}
