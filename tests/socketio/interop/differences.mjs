// Every way in which everwire/socket.io is meant to behave otherwise than socket.io-client, and why. An entry that
// changes nothing is an error, so that the list cannot outlive its reasons.

/**
 * @typedef {object} Difference
 * @property {string} why the reason, for the printed table
 * @property {string} [scenario] name of the scenario; all without it
 * @property {string} [section] name of the part of the scenario; all without it
 * @property {(line: string) => string | undefined} [change] what the peer's line is with everwire; `undefined` takes it away
 * @property {string[]} [becomes] what the whole scenario or part is with everwire, instead of `change`
 */

const INVALID_HANDSHAKE = [
  'socket connect_error "server error", code invalid handshake active true',
  "manager reconnect_attempt",
  "socket connect, recovered false",
  "good in the end",
];

const handshake = (section) => ({
  scenario: "wrong handshakes",
  section,
  why: "a handshake that is none ends the attempt at once; the peer throws, hangs until its timeout, or believes it",
  becomes: INVALID_HANDSHAKE,
});

/** @type {Difference[]} */
export const differences = [
  {
    why: "recovered is a boolean, as the types say; the peer's is undefined without a session to recover",
    change: (line) => line.replace("recovered undefined", "recovered false"),
  },
  {
    why: "_reconnecting is a boolean from the beginning; the peer's is undefined before the first loss",
    scenario: "the manager's members",
    change: (line) => line.replace("states open undefined", "states open false"),
  },
  {
    why: "the goodbye is handed to the WebSocket at once, so nothing is left to wait for; the peer closes one microtask later",
    scenario: "io() gives a socket and an engine at once, and connects later",
    change: (line, mode) => (mode === "polling" ? line : line.replace("undefined engine closing", "undefined engine closed")),
  },
  {
    why: "the goodbye is handed to the WebSocket at once, so nothing is left to wait for; the peer closes one microtask later",
    scenario: "one engine carries several namespaces",
    change: (line, mode) => (mode === "polling" ? line : line.replace("engine closing", "engine closed")),
  },
  {
    why: "flags hold for their own emit only, also if it throws; the peer's stay for the next one",
    scenario: "flags do not stay behind",
    change: (line) => line.replace('[null, "plain"]', '["plain"]'),
  },
  {
    why: "the error of a packet of an unknown type names the type; the peer has made a number of it",
    scenario: "packets and garbage can be injected",
    change: (line) => line.replace("packet type NaN", "packet type b"),
  },
  {
    why: "more than the server takes is refused by the emit itself; the peer loses its connection for it, and everything that was under way",
    scenario: "more than the server takes",
    becomes: [
      'Error "message of 150023 bytes exceeds the server\'s limit of 100000: send it in parts or raise maxHttpBufferSize", code PAYLOAD_TOO_LARGE',
      'alive ["again"]',
      "noted 0",
      "manager close forced close",
      "socket disconnect io client disconnect active false id undefined no details",
    ],
  },
  {
    why: "the server's answer to a refused request is in the error; the peer throws it away",
    scenario: "answers that are errors",
    change: (line) => line.replace('type TransportError active', 'type TransportError, data {code: 3, message: "Bad request"} active'),
  },
  {
    why: "the msgpack parser in the box sends views as bytes; the one from npm makes objects of them in a browser",
    scenario: "the msgpack parser in the box",
    change: (line) => line.replace("a view [{0: 1, 1: 2, 2: 3}]", "a view [ArrayBuffer <1 2 3>]"),
  },
  {
    why: "an event without data is one without a name and without arguments; the peer throws while it takes them",
    scenario: "wrong frames",
    section: "an event without data",
    change: (line) => (line === "reported: Invalid array length" ? undefined : line),
  },
  {
    why: "a refusal without data is a connect_error with an empty message; the peer throws where nobody can catch it",
    scenario: "wrong frames",
    section: "an error without data",
    becomes: ["socket connect, recovered false", 'socket connect_error "" active false', "ended for good"],
  },
  {
    why: "bytes whose base64 is wrong are a packet that cannot be read; the peer makes other bytes of them",
    scenario: "wrong payloads of polling",
    section: "bytes that are no base64",
    becomes: [
      "socket connect, recovered false",
      'socket disconnect transport error active true id undefined details "server error", code parser error',
      "manager reconnect_attempt",
      "socket connect, recovered false",
      "good in the end",
    ],
  },
  ...["not JSON", "null", "no sid", "numbers as text", "not a handshake"].map(handshake),
];

/** The trace that everwire is expected to give where the peer gives `trace`, and the reasons for what was changed. */
export function expected(scenario, mode, trace) {
  const why = new Set();
  const lines = split(trace).flatMap(({ section, lines }) => {
    const changed = differences
      .filter((difference) => (difference.scenario ?? scenario) === scenario && (difference.section ?? section) === section)
      .reduce((before, difference) => {
        const after = difference.becomes ?? before.flatMap((line) => difference.change(line, mode) ?? []);
        if (after.join("\n") !== before.join("\n")) {
          why.add(difference.why);
          difference.used = true;
        }
        return after;
      }, lines);
    return section === undefined ? changed : [`--- ${section}`, ...changed];
  });
  return { lines, why: [...why] };
}

/** A trace in its parts; what comes before the first named one has no name. */
function split(trace) {
  const parts = [];
  for (const line of trace) {
    const section = /^--- (.*)$/.exec(line)?.[1];
    if (section !== undefined || parts.length === 0) parts.push({ section, lines: [] });
    if (section === undefined) parts.at(-1).lines.push(line);
  }
  return parts;
}
