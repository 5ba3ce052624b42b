// A server that says wrong things: what becomes of the connection, and that the next one is good.

/** Raw text or bytes (as a list of numbers) that the server sends right after the namespace is joined. */
const frames = {
  "engine: unknown type": ["9"],
  "engine: empty": [""],
  "engine: letters": ["hello"],
  "engine: stray pong, upgrade and noop": ["3", "5", "6"],
  "engine: a second handshake": ['0{"sid":"x","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}'],
  "engine: close": ["1"],
  "unknown packet type": ['49["a"]'],
  "an event without a list": ["42{}"],
  "an event with an empty list": ["42[]"],
  "an event cut short": ['42["a"'],
  "an event with an object for a name": ['42[{}]'],
  "an event with a number for a name": ["42[1,2]"],
  "an event without data": ["42"],
  "an event with a reserved name": ['42["disconnect"]'],
  "an event for another namespace": ['42/nowhere,["a"]'],
  "an event with a name of the prototype": ['42["__proto__",1]', '42["constructor",1]'],
  "an event that nests deeply": [`42["a",${"[".repeat(6_000)}${"]".repeat(6_000)}]`],
  "an acknowledgement with an object": ["431{}"],
  "an acknowledgement that nobody awaits": ["4399[1]", "43[1]"],
  "an acknowledgement without data": ["431"],
  "connect with text": ['40"x"'],
  "connect with null": ["40null"],
  "connect without an id": ["40{}"],
  "disconnect with data": ["41{}"],
  "disconnect": ["41"],
  "an error without data": ["44"],
  "an error for another namespace": ['44/nowhere,{"message":"no"}'],
  "attachments without a number": ['45-["a"]'],
  "attachments without a dash": ['451["a"]'],
  "attachments less than none": ['45-1-["a"]'],
  "half an attachment": ['451.5-["a"]'],
  "no attachment": ['450-["a"]'],
  "eleven attachments": ['4511-["a"]'],
  "text where an attachment is due": ['451-["a",{"_placeholder":true,"num":0}]', '42["b"]'],
  "an attachment that nobody awaits": [[1, 2, 3]],
  "a placeholder out of range": ['451-["a",{"_placeholder":true,"num":7}]', [1]],
  "a placeholder with text for a number": ['451-["a",{"_placeholder":true,"num":"x"}]', [1]],
  "the same placeholder twice": ['451-["a",{"_placeholder":true,"num":0},{"_placeholder":true,"num":0}]', [1]],
  "a good event with bytes": ['451-["a",{"_placeholder":true,"num":0}]', [1]],
};

const handshakes = {
  "not JSON": "0{",
  "null": "0null",
  "no sid": '0{"upgrades":[],"pingInterval":25000,"pingTimeout":20000}',
  "numbers as text": '0{"sid":"x","upgrades":[],"pingInterval":"a","pingTimeout":null,"maxPayload":"b"}',
  "not a handshake": "42[]",
};

/** Polling payloads: the separator stands as `|`. */
const bodies = {
  "two events": '42["a",1]|42["a",2]',
  "an unknown type between two": '42["a",1]|x|42["a",2]',
  "an empty packet": '42["a",1]||42["a",2]',
  "bytes": '451-["a",{"_placeholder":true,"num":0}]|bAQID',
  "bytes that are no base64": '451-["a",{"_placeholder":true,"num":0}]|b*!',
  "nothing at all": "",
  "garbage": "<html>502 Bad Gateway</html>",
};

/** Connects and waits until the server has nothing more to say, or the socket has ended for good. */
async function meet(t, script) {
  const port = await t.command("hostile", script);
  const socket = t.keep(t.lib.io(`http://127.0.0.1:${port}`, t.options({ timeout: 600 })));
  let done = false;
  socket.onAny((event, ...args) => {
    if (event === "done") done = true;
    else t.log("heard", typeof event, String(event), args.map((value) => t.describe(value)));
  });
  socket.io.on("reconnect_attempt", () => t.log("manager reconnect_attempt"));
  t.follow(socket, "socket", { manager: false });
  await t.until("the end", () => done || !socket.active);
  t.log(done ? "good in the end" : "ended for good");
  // Its goodbye is the same every time.
  socket.off();
  socket.disconnect();
}

export const hostile = {
  "wrong frames": {
    modes: ["websocket"],
    async run(t) {
      for (const [name, list] of Object.entries(frames)) {
        t.section(name);
        await meet(t, { frames: list });
      }
    },
  },

  "wrong handshakes": {
    modes: ["websocket", "polling"],
    async run(t) {
      for (const [name, text] of Object.entries(handshakes)) {
        t.section(name);
        await meet(t, { handshake: text });
      }
    },
  },

  "wrong payloads of polling": {
    modes: ["polling"],
    async run(t) {
      for (const [name, body] of Object.entries(bodies)) {
        t.section(name);
        await meet(t, { body: body.replaceAll("|", "\u001e") });
      }
    },
  },

  "answers that are errors": {
    modes: ["polling"],
    async run(t) {
      for (const status of [400, 403, 404, 413, 500, 502]) {
        t.section(`status ${status}`);
        await meet(t, { status });
      }
    },
  },
};
