// What a user's program does with a client, as functions that give a trace. run.mjs plays each with @stomp/stompjs and with
// everwire/stomp and compares: the traces must be equal.
import { older } from "./scenarios-older.js";
import { attempt, turn, until, Wire } from "./wire.js";

/** Plays on a connected client and gives the trace. */
const connected = (play, conf, headers) => async (stomp) => {
  const wire = new Wire();
  const client = wire.client(stomp, conf);
  const socket = await wire.connected(client, headers);
  await play({ wire, client, socket, stomp });
  return wire.trace;
};

export const scenarios = {
  "the exports": (stomp) => Object.keys(stomp).sort().map((name) => [name, typeof stomp[name], typeof stomp[name] === "object" ? stomp[name] : ""]),

  "defaults of a client": ({ Client, CompatClient }) => [new Client(), new CompatClient(() => {})].map((client) => [
    "brokerURL", "webSocketFactory", "connectionTimeout", "reconnectDelay", "reconnectTimeMode", "maxReconnectDelay", "heartbeatIncoming",
    "heartbeatOutgoing", "heartbeatToleranceMultiplier", "heartbeatStrategy", "discardWebsocketOnCommFailure", "splitLargeFrames",
    "maxWebSocketChunkSize", "forceBinaryWSFrames", "appendMissingNULLonIncoming", "logRawCommunication", "connectHeaders", "disconnectHeaders",
    "connected", "connectedVersion", "active", "state", "webSocket", "maxWebSocketFrameSize",
  ].map((name) => [name, client[name]]).concat([["versions", client.stompVersions.supportedVersions(), client.stompVersions.protocolVersions()],
    ["callbacks", ...Object.keys(client).filter((name) => typeof client[name] === "function").sort()]])),

  "a whole session": connected(async ({ client, socket, wire }) => {
    wire.log(client.connected, client.connectedVersion, client.active, client.state, client.webSocket === socket, socket.binaryType);
    const first = client.subscribe("/queue/a", (message) => {
      wire.told("first")(message);
      message.ack();
      message.nack({ transaction: "tx-9", extra: "1" });
    }, { ack: "client" });
    const second = client.subscribe("/queue/b", wire.told("second"), { id: "mine", ack: "auto" });
    wire.log(first.id, second.id);
    client.publish({ destination: "/queue/a" });
    client.publish({ destination: "/queue/a", body: "" });
    client.publish({ destination: "/queue/a", body: "héllo 😀", headers: { "content-type": "text/plain", "a:b": "c:d\\e\nf\rg" } });
    client.publish({ destination: "/queue/a", body: "bare", skipContentLengthHeader: true });
    client.publish({ destination: "/queue/a", headers: { destination: "/queue/other", n: 5, u: undefined } });
    client.publish({ destination: "/queue/a", binaryBody: new Uint8Array([0, 1, 255]) });
    client.publish({ destination: "/queue/a", binaryBody: new Uint8Array(), skipContentLengthHeader: true });
    const transaction = client.begin();
    client.publish({ destination: "/queue/a", body: "in it", headers: { transaction: transaction.id } });
    transaction.commit();
    client.begin("named").abort();
    client.commit("x");
    client.abort("y");
    client.ack("1", "sub-0");
    client.nack("2", "mine", { h: "v" });
    client.watchForReceipt("r1", wire.told("receipt"));
    client.publish({ destination: "/queue/a", headers: { receipt: "r1" } });
    socket.say("RECEIPT\nreceipt-id:r1\n\n\0\n");
    socket.say("RECEIPT\nreceipt-id:r1\n\n\0");
    socket.say("MESSAGE\nsubscription:sub-0\nmessage-id:m1\nack:a1\ndestination:/queue/a\ncontent-length:7\n\none\0two\0");
    socket.say("MESSAGE\nsubscription:mine\nmessage-id:m2\ndestination:/queue/b\nh:x\\cy\nh:second\n\nüö\0\n\n");
    socket.say("MESSAGE\nsubscription:unknown\nmessage-id:m3\nack:a3\n\nx\0MESSAGE\nmessage-id:m4\n\ny\0");
    socket.say("ERROR\nmessage:bad\nreceipt-id:r9\ncontent-length:4\n\nwhy?\0");
    socket.say("NEWS\na:b\n\nbody\0");
    first.unsubscribe();
    second.unsubscribe({ persistent: "true" });
    client.unsubscribe("sub-0", { x: "y" });
    socket.say("MESSAGE\nsubscription:sub-0\nmessage-id:m5\nack:a5\n\nlate\0");
    const end = client.deactivate();
    wire.log(client.state, client.connected);
    const again = client.deactivate();
    socket.say("RECEIPT\nreceipt-id:close-2\n\n\0");
    wire.log(client.state, client.connected);
    socket.gone(1000, true);
    await end;
    await again;
    wire.log(client.state, client.webSocket);
  }, { connectHeaders: { login: "l", host: "h", "heart-beat": "x" }, disconnectHeaders: { bye: "now" } }, "version:1.2\nserver:test/1\nheart-beat:0,0\nsession:s"),

  ...Object.fromEntries(["1.0", "1.1", "1.2", ""].map((version) => [`version ${version || "unnamed"}`, connected(({ client, socket, wire }) => {
    wire.log(client.connectedVersion);
    client.subscribe("/q:1", (message) => message.ack({ a: "b:c" }), { id: "s" });
    socket.say("MESSAGE\nsubscription:s\nmessage-id:m\nack:a\n\n\0");
    client.ack("id", "s");
    client.nack("id", "s");
    client.publish({ destination: "/q", headers: { h: "x:y" }, body: "b" });
  }, {}, version ? `version:${version}` : "server:x")])),

  "offered versions and heart-beats": async (stomp) => {
    const wire = new Wire();
    const client = wire.client(stomp, { stompVersions: new stomp.Versions(["1.1", "1.0"]), heartbeatIncoming: 0, heartbeatOutgoing: 2_500 });
    (await wire.dialed(client)).open();
    return [...wire.trace, stomp.Versions.V1_0, stomp.Versions.V1_1, stomp.Versions.V1_2, stomp.Versions.default.versions];
  },

  "connection lost: the same wait each time": async (stomp) => {
    const wire = new Wire();
    const client = wire.client(stomp, { reconnectDelay: 10 });
    await wire.connected(client);
    for (let round = 1; round < 4; round++) {
      wire.socket.gone(1006);
      wire.log(client.connected, client.active, client.webSocket);
      await until(() => wire.sockets.length > round);
      if (round === 2) wire.socket.welcome();
    }
    await client.deactivate({ force: true });
    return wire.trace;
  },

  "connection lost: waits that double up to a limit and start anew": async (stomp) => {
    const wire = new Wire();
    const client = wire.client(stomp, { reconnectDelay: 10, reconnectTimeMode: stomp.ReconnectionTimeMode.EXPONENTIAL, maxReconnectDelay: 50 });
    client.activate();
    for (let round = 1; round < 7; round++) {
      await until(() => wire.sockets.length === round);
      if (round === 5) wire.socket.welcome();
      wire.socket.gone();
    }
    await client.deactivate();
    return wire.trace.filter(([kind, text]) => kind === "debug" && text.includes("scheduling"));
  },

  "no reconnect with a delay of 0": connected(async ({ wire, client, socket }) => {
    socket.gone(1001, true);
    wire.log(client.state, client.active, client.connected);
    client.activate();
    await turn();
    await client.deactivate();
    wire.log(client.state);
  }, { reconnectDelay: 0 }),

  "deactivated in onWebSocketClose": async (stomp) => {
    const wire = new Wire();
    const client = wire.client(stomp, { reconnectDelay: 1, onWebSocketClose: () => { wire.log("closed"); void client.deactivate(); } });
    (await wire.connected(client)).gone();
    await turn();
    await turn();
    return [...wire.trace, client.state];
  },

  "deactivated right after activate": async (stomp) => {
    const wire = new Wire();
    const client = wire.client(stomp);
    client.activate();
    await client.deactivate();
    await turn();
    await client.deactivate();
    return wire.trace;
  },

  "deactivated in beforeConnect": async (stomp) => {
    const wire = new Wire();
    const client = wire.client(stomp, { beforeConnect: (given) => { wire.log(given === client); void client.deactivate(); } });
    client.activate();
    await turn();
    return wire.trace;
  },

  "beforeConnect takes its time and changes options": async (stomp) => {
    const wire = new Wire();
    const client = wire.client(stomp, { beforeConnect: async (client) => { await turn(); client.connectHeaders = { passcode: "fresh" }; } });
    (await wire.dialed(client)).open();
    return wire.trace;
  },

  "deactivated while connecting": async (stomp) => {
    const wire = new Wire();
    const client = wire.client(stomp);
    const socket = await wire.dialed(client);
    const end = client.deactivate();
    socket.gone();
    await end;
    return wire.trace;
  },

  "deactivated between OPEN and CONNECTED": async (stomp) => {
    const wire = new Wire();
    const client = wire.client(stomp);
    const socket = await wire.dialed(client);
    socket.open();
    const end = client.deactivate();
    socket.gone(1000, true);
    await end;
    return wire.trace;
  },

  "deactivated by force": connected(async ({ client, wire }) => {
    await client.deactivate({ force: true });
    wire.log(client.state, client.webSocket);
    wire.sockets[0].gone(1000, true);
  }),

  "a socket with a terminate of its own": async (stomp) => {
    const wire = new Wire();
    const client = wire.client(stomp);
    const socket = await wire.connected(client);
    socket.terminate = () => { wire.log("terminate"); socket.gone(1006); };
    await client.deactivate({ force: true });
    return wire.trace;
  },

  "activated again while deactivating": connected(async ({ client, socket, wire }) => {
    const end = client.deactivate();
    client.activate();
    wire.log(client.state);
    socket.gone(1000, true);
    await end;
    await until(() => wire.sockets.length === 2);
    wire.socket.welcome();
    client.activate();
    wire.log(client.state);
  }),

  "the receipt of DISCONNECT, with an id of the user's": async (stomp) => {
    const wire = new Wire();
    const client = wire.client(stomp);
    const socket = await wire.connected(client);
    client.disconnectHeaders = { receipt: "bye" };
    const end = client.deactivate();
    socket.say("RECEIPT\nreceipt-id:bye\n\n\0");
    socket.gone(1000, true);
    await end;
    return wire.trace;
  },

  "forceDisconnect, waiting for the close": connected(async ({ client, socket, wire }) => {
    client.forceDisconnect();
    socket.onmessage({ data: "MESSAGE\nmessage-id:1\n\nignored\0" });
    client.forceDisconnect();
    socket.gone(1000, true);
    await until(() => wire.sockets.length === 2);
    await client.deactivate({ force: true });
    client.forceDisconnect();
  }, { reconnectDelay: 1 }),

  "forceDisconnect, leaving the socket": connected(async ({ client, socket, wire }) => {
    client.forceDisconnect();
    wire.log(client.connected, client.webSocket);
    socket.gone(1005);
    await until(() => wire.sockets.length === 2);
    await client.deactivate({ force: true });
  }, { reconnectDelay: 1, discardWebsocketOnCommFailure: true }),

  "no CONNECTED in time": async (stomp) => {
    const wire = new Wire();
    const client = wire.client(stomp, { connectionTimeout: 5, reconnectDelay: 1 });
    (await wire.dialed(client)).open();
    await until(() => wire.socket.readyState === 2);
    wire.socket.gone();
    await until(() => wire.sockets.length === 2);
    await client.deactivate({ force: true });
    return wire.trace;
  },

  "heart-beats: sent though busy, and seen": async (stomp) => {
    const wire = new Wire();
    const client = wire.client(stomp, { heartbeatOutgoing: 20, heartbeatIncoming: 0 });
    const socket = await wire.connected(client, "version:1.1\nheart-beat:5,10");
    const pings = () => wire.trace.filter(([kind, text]) => kind === "sent" && text === "\n").length;
    const timer = setInterval(() => client.publish({ destination: "/x" }), 3);
    await until(() => pings() >= 2);
    clearInterval(timer);
    socket.say("\n");
    socket.readyState = 2;
    await client.deactivate({ force: true });
    return wire.trace.filter(([kind, text]) => !(kind === "sent" && text.startsWith("SEND")) && !String(text).startsWith(">>>") && text !== "\n");
  },

  "heart-beats: silence": async (stomp) => {
    const wire = new Wire();
    const client = wire.client(stomp, { heartbeatOutgoing: 0, heartbeatIncoming: 10, heartbeatToleranceMultiplier: 3, reconnectDelay: 0 });
    const begun = Date.now();
    const socket = await wire.connected(client, "version:1.2\nheart-beat:8,9");
    await until(() => wire.trace.filter(([kind]) => kind === "onHeartbeatLost").length === 2);
    wire.log(Date.now() - begun > 29);
    socket.gone();
    await turn();
    return wire.trace;
  },

  "heart-beats: none in 1.0 or without the header": async (stomp) => {
    const traces = [];
    for (const headers of ["version:1.0\nheart-beat:10,10", "version:1.2", "version:1.2\nheart-beat:0,0"]) {
      const wire = new Wire();
      const client = wire.client(stomp, { heartbeatOutgoing: 10, heartbeatIncoming: 10 });
      await wire.connected(client, headers);
      traces.push(wire.trace);
    }
    return traces;
  },

  "heart-beats by a worker": async (stomp) => {
    const wire = new Wire();
    const client = wire.client(stomp, { heartbeatOutgoing: 20, heartbeatIncoming: 0, heartbeatStrategy: stomp.TickerStrategy.Worker });
    await wire.connected(client, "version:1.1\nheart-beat:5,10");
    await until(() => wire.trace.some(([kind, text]) => kind === "sent" && text === "\n"));
    await client.deactivate({ force: true });
    return wire.trace.filter(([kind, text]) => text !== "\n" && text !== ">>> PING");
  },

  "large frames in pieces": connected(({ client, wire }) => {
    client.publish({ destination: "/q", body: "x".repeat(20 * 1024) });
    client.publish({ destination: "/q", binaryBody: new Uint8Array(10_000) });
    wire.trace = wire.trace.map(([kind, data]) => [kind, kind === "sent" ? [typeof data, data.length, String(data).slice(0, 90)] : data]);
  }, { splitLargeFrames: true }),

  "pieces of another size, raw log": connected(({ client }) => client.publish({ destination: "/q", body: "hello" }), { splitLargeFrames: true, maxWebSocketChunkSize: 10, logRawCommunication: true }),

  "binary frames by force": connected(({ client }) => client.publish({ destination: "/q", body: "é" }), { forceBinaryWSFrames: true }),

  "the raw log": connected(({ client, socket }) => {
    client.publish({ destination: "/q", body: "hello", headers: { a: "b" } });
    socket.say("MESSAGE\nsubscription:x\n\nbo");
    socket.say(new TextEncoder().encode("dy\0\n"));
  }, { logRawCommunication: true }),

  "a NUL that was cut off": connected(({ socket }) => {
    socket.say("MESSAGE\nsubscription:x\n\nbody");
    socket.say(new TextEncoder().encode("MESSAGE\nsubscription:x\n\nbinary"));
    socket.say("MESSAGE\nsubscription:x\n\nwhole\0");
  }, { appendMissingNULLonIncoming: true }),

  "frames cut and joined anywhere": connected(({ client, socket, wire }) => {
    client.subscribe("/q", wire.told("message"));
    const frames = "\n\nMESSAGE\nsubscription:sub-0\ncontent-length:9\nk:ä\n\n0\0é😀9\0\nMESSAGE\nsubscription:sub-0\n\nüber\0MESSAGE\nsubscription:sub-0\n\n\0";
    const octets = new TextEncoder().encode(frames);
    socket.say(frames);
    for (const char of frames) socket.say(char);
    for (let i = 0; i < octets.length; i++) socket.say(octets.subarray(i, i + 1));
    for (const at of [5, 20, 45, 60, 80]) {
      socket.say(octets.subarray(0, at));
      socket.say(octets.subarray(at));
      const text = [...frames];
      socket.say(text.slice(0, at).join(""));
      socket.say(text.slice(at).join(""));
    }
    wire.trace = wire.trace.filter(([, text]) => text !== "Received data");
  }),

  "long bodies": connected(({ client, socket, wire }) => {
    client.subscribe("/q", ({ body, binaryBody, headers }) => wire.log(body.length, body.slice(-5), binaryBody.length, headers["content-length"]));
    for (const body of ["x".repeat(10_000), "é".repeat(9_000), `${"a".repeat(16_383)}😀b`, `${"😀".repeat(20_000)}`, "y".repeat(300)]) {
      const octets = new TextEncoder().encode(body).length;
      const binary = new TextEncoder().encode(`MESSAGE\nsubscription:sub-0\ncontent-length:${octets}\n\n${body}\0`);
      const counted = `MESSAGE\nsubscription:sub-0\ncontent-length:${octets}\n\n${body}\0\n`;
      socket.say(counted);
      socket.say(new TextEncoder().encode(counted));
      socket.say(`MESSAGE\nsubscription:sub-0\n\n${body}\0`);
      for (let at = 0; at < binary.length; at += 7_001) socket.say(binary.subarray(at, at + 7_001));
      const characters = [...counted];
      for (let at = 0; at < characters.length; at += 7_001) socket.say(characters.slice(at, at + 7_001).join(""));
    }
  }, { debug: () => {} }),

  "a head longer than any window": connected(({ client, socket, wire }) => {
    client.subscribe("/q", wire.told("message"));
    const head = `MESSAGE\nsubscription:sub-0\nlong:${"ü".repeat(3_000)}\nlast:1\n\n`;
    socket.say(`${head}body\0`);
    socket.say(new TextEncoder().encode(`${head}body\0`));
  }),

  "octets of a received body": connected(({ client, socket, wire }) => {
    client.subscribe("/q", (message) => {
      const { binaryBody } = message;
      wire.log([...binaryBody], binaryBody.byteOffset, binaryBody.buffer.byteLength, message.binaryBody === binaryBody, message.body);
    });
    socket.say(new Uint8Array([..."MESSAGE\nsubscription:sub-0\ncontent-length:4\n\n"].map((char) => char.charCodeAt(0)).concat([1, 0, 2, 10, 0])));
    socket.say("MESSAGE\nsubscription:sub-0\n\nab\0");
  }),

  "messages that are plain objects, and a socket that is open already": async (stomp) => {
    const wire = new Wire();
    const client = wire.client(stomp, { webSocketFactory: () => Object.assign(wire.make(), { readyState: 1 }) });
    await wire.dialed(client);
    await until(() => wire.trace.some(([kind]) => kind === "sent"));
    wire.socket.onmessage({ data: "CONNECTED\nversion:1.2\n\n\0" });
    wire.socket.onerror({ type: "error" });
    return wire.trace;
  },

  "a handler that throws": async (stomp) => {
    const log = console.log;
    const logged = [];
    console.log = (...args) => logged.push(args.map(String));
    try {
      const wire = new Wire();
      const client = wire.client(stomp, { onConnect: () => { throw new Error("connect"); } });
      const socket = await wire.connected(client);
      client.subscribe("/q", ({ body }) => { wire.log(body); throw new Error(body); });
      client.watchForReceipt("r", () => { throw new Error("receipt"); });
      socket.say("MESSAGE\nsubscription:sub-0\n\none\0MESSAGE\nsubscription:sub-0\n\ntwo\0RECEIPT\nreceipt-id:r\n\n\0");
      return [wire.trace, logged];
    } finally {
      console.log = log;
    }
  },

  "calls while not connected": async (stomp) => {
    const wire = new Wire();
    const client = wire.client(stomp);
    const calls = () => [
      () => client.publish({ destination: "/q" }), () => client.subscribe("/q", () => {}), () => client.unsubscribe("s"), () => client.begin(),
      () => client.commit("t"), () => client.abort("t"), () => client.ack("m", "s"), () => client.nack("m", "s"), () => client.watchForReceipt("r", () => {}),
      () => client.forceDisconnect(),
    ].map(attempt);
    const before = calls();
    await wire.dialed(client);
    return [before, calls(), wire.trace];
  },

  "callbacks replaced while connected": connected(({ client, socket, wire }) => {
    client.onUnhandledMessage = () => wire.log("new");
    client.onUnhandledReceipt = () => wire.log("receipt");
    client.onStompError = function () { wire.log("error", this === client); };
    client.mine = { tag: 1 };
    socket.say("MESSAGE\n\n\0RECEIPT\nreceipt-id:x\n\n\0ERROR\nmessage:m\n\n\0");
    wire.log(client.mine, Object.isFrozen(client));
  }),

  "send is called on the socket in the same turn": connected(({ client, socket, wire }) => {
    const sent = [];
    client.webSocket.send = (data) => sent.push(data);
    client.publish({ destination: "/q", body: "now" });
    wire.log(sent, socket === client.webSocket);
  }),

  "what is left of a lost connection": connected(async ({ client, socket, wire }) => {
    const subscription = client.subscribe("/q", (message) => { client.kept = message; });
    socket.say("MESSAGE\nsubscription:sub-0\nmessage-id:1\nack:a\n\n\0");
    socket.gone();
    await until(() => wire.sockets.length === 2);
    wire.socket.welcome();
    wire.log(client.subscribe("/new", wire.told("new")).id);
    subscription.unsubscribe();
    client.kept.ack();
    wire.socket.say("MESSAGE\nsubscription:sub-0\nmessage-id:2\n\nfresh\0");
    await client.deactivate({ force: true });
  }, { reconnectDelay: 1, debug: () => {} }),

  "options": ({ Client, StompConfig, StompHeaders }) => {
    const log = [];
    const client = new Client({ maxReconnectDelay: 10, reconnectDelay: 20, debug: (text) => log.push(text) });
    client.configure({ heartbeatIncoming: 5, connectHeaders: { a: "1" } });
    client.configure({});
    log.push(client.maxReconnectDelay, client.heartbeatIncoming, client.connectHeaders, new StompConfig(), new StompHeaders());
    return log;
  },

  "neither address nor factory": async ({ Client }) => {
    const heard = new Promise((done) => {
      globalThis.addEventListener("unhandledrejection", (event) => { event.preventDefault(); done(event.reason.message); }, { once: true });
    });
    const client = new Client({ reconnectDelay: 0 });
    client.activate();
    return [await heard, client.active];
  },

  ...older,
};
