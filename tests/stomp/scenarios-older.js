// The scenarios of the older API and of the internals that stompjs exports; part of scenarios.js.
import { attempt, until, Wire } from "./wire.js";

/** An object as state libraries hand it out: every object behind it is wrapped in the same way, functions and octets are not. */
const reactive = (object) => new Proxy(object, {
  get(target, name, receiver) {
    const value = Reflect.get(target, name, receiver);
    return typeof value === "object" && /Object|Array/.test(Object.prototype.toString.call(value)) && !ArrayBuffer.isView(value) ? reactive(value) : value;
  },
});

export const older = {
  "a client and its messages in the store of a state library": async (stomp) => {
    const wire = new Wire();
    const store = reactive({ client: wire.client(stomp, { webSocketFactory: wire.make }), messages: [] });
    const { client } = store;
    await wire.connected(client);
    client.subscribe("/q", (message) => store.messages.push(message));
    wire.socket.say("MESSAGE\nsubscription:sub-0\nack:1\nk:v\n\ntext\0");
    wire.socket.say(new TextEncoder().encode("MESSAGE\nsubscription:sub-0\nack:2\n\noctets\0"));
    for (const message of store.messages) {
      wire.log(message.command, message.headers.subscription, message.headers.k, message.body, [...message.binaryBody], message.isBinaryBody);
      message.ack();
    }
    client.publish({ destination: "/q", body: "x" });
    client.disconnectHeaders = { a: "b" };
    wire.log(client.connected, client.connectedVersion, client.active, client.disconnectHeaders.a);
    const gone = client.deactivate();
    wire.socket.say("RECEIPT\nreceipt-id:close-1\n\n\0");
    wire.socket.gone(1000, true);
    await gone;
    return wire.trace;
  },

  "bodies that are no text": async (stomp) => {
    const wire = new Wire();
    const client = wire.client(stomp);
    await wire.connected(client);
    for (const body of [42, 0, true, false, null, { a: 1 }, ["a", "b"], 7n]) client.publish({ destination: "/q", body });
    await client.deactivate({ force: true });
    return wire.trace;
  },

  "the older API": async (stomp) => {
    const { Stomp } = stomp;
    const log = [];
    for (const args of [[{ login: "a" }], ["user", "word"], ["user", "word", undefined, undefined, undefined, "/host"]]) {
      const wire = new Wire();
      const client = Stomp.over(wire.make);
      client.debug = (text) => wire.log("debug", text);
      const [ok, failed, closed] = [wire.told("ok"), () => wire.log("failed"), () => wire.log("closed")];
      if (typeof args[0] === "object") client.connect(args[0], ok, failed, closed);
      else if (args.length === 2) client.connect(...args, ok, failed);
      else client.connect(args[0], args[1], ok, failed, closed, args[5]);
      await until(() => wire.socket);
      wire.socket.welcome();
      wire.log(client.version, client.ws === wire.socket, client.reconnectDelay, client.maxWebSocketFrameSize);
      client.heartbeat.incoming = 7;
      client.heartbeat = { outgoing: 8, incoming: client.heartbeat.incoming + 1 };
      wire.log(client.heartbeatIncoming, client.heartbeatOutgoing, client.heartbeat.outgoing);
      client.onreceive = () => wire.log("onreceive");
      client.onreceipt = () => wire.log("onreceipt");
      wire.log(client.onreceive === client.onUnhandledMessage, client.onreceipt === client.onUnhandledReceipt);
      wire.socket.say("MESSAGE\n\n\0RECEIPT\n\n\0ERROR\n\n\0");
      client.send("/q", { priority: 9 }, "hello");
      client.send("/q", { "content-length": false }, "hello");
      client.send("/q");
      client.disconnect(() => wire.log("bye"), { x: "y" });
      wire.socket.say("RECEIPT\nreceipt-id:close-0\n\n\0");
      wire.socket.gone(1000, true);
      log.push(wire.trace, client.state);
    }
    const warn = console.warn;
    const warned = [];
    console.warn = (text) => warned.push(text);
    const one = new Wire().make();
    const over = Stomp.over(one);
    console.warn = warn;
    class Mine { constructor(...args) { log.push(args); } }
    Stomp.WebSocketClass = Mine;
    Stomp.client("ws://a/b").webSocketFactory();
    Stomp.client("ws://a/b", ["p"]).webSocketFactory();
    Stomp.WebSocketClass = null;
    return [log, warned, over.webSocketFactory() === one, attempt(() => over.connect({})), over instanceof stomp.CompatClient, over instanceof stomp.Client];
  },

  "frames of one's own": ({ FrameImpl }) => {
    const text = new FrameImpl({ command: "SEND", headers: { a: "b:c" }, body: "é", escapeHeaderValues: true });
    const binary = new FrameImpl({ command: "SEND", binaryBody: new Uint8Array([65]) });
    const raw = FrameImpl.fromRawFrame({ command: "MESSAGE", headers: [["a", "1"], ["a", "2"], ["b", "x\\cy"]], binaryBody: new Uint8Array([66]) }, true);
    return [text, binary, raw, new FrameImpl({ command: "X" })].map((frame) => [frame.command, frame.headers, frame.body, [...frame.binaryBody], frame.isBinaryBody, String(frame), `${frame.serialize()}`])
      .concat([[FrameImpl.marshall({ command: "SEND", headers: { a: "1" }, body: "x", skipContentLengthHeader: true })]]);
  },

  "the parser on its own": ({ Parser }) => {
    const log = [];
    const parser = new Parser(({ command, headers, binaryBody }) => log.push([command, headers, [...binaryBody]]), () => log.push("ping"));
    parser.parseChunk("\nMESSAGE\na:1\\c\na:2\n");
    parser.parseChunk("\nbody\0\n");
    parser.parseChunk(new TextEncoder().encode("X\ncontent-length:2\n\na\0\0").buffer);
    parser.parseChunk("Y\n\nz", true);
    return log;
  },
};
