// Members that user code, devtools and mocks touch.
import { equal, next, ok, turn, until } from "./assert.mjs";

export const scenarios = {
  "taps on the engine see every packet in order": async ({ connect, server }) => {
    const socket = connect();
    const log = [];
    const { engine } = socket.io;
    engine.on("packet", ({ type, data }) => log.push(["in", type, type === "open" ? "" : data]));
    engine.on("packetCreate", ({ type, data, options }) => log.push(["out", type, data, options.compress]));
    engine.on("data", (data) => log.push(["data", data]));
    engine.on("message", (data) => log.push(["message", data]));
    await next(socket, "connect");
    socket.compress(false).emit("echo", 1);
    server.say('2["echo",1]');
    await turn();
    equal(log, [
      ["in", "open", ""], ["out", "message", "0", true], ["in", "message", '0{"sid":"s1"}'], ["data", '0{"sid":"s1"}'], ["message", '0{"sid":"s1"}'],
      ["out", "message", '2["echo",1]', false], ["in", "message", '2["echo",1]'], ["data", '2["echo",1]'], ["message", '2["echo",1]'],
    ]);
  },

  "a tap may come and go while messages flow": async ({ connect, server }) => {
    const socket = connect();
    await next(socket, "connect");
    const log = [];
    const events = [];
    socket.on("x", (value) => events.push(value));
    const tap = (data) => log.push(data);
    server.say('2["x",1]');
    socket.io.engine.on("data", tap);
    server.say('2["x",2]');
    socket.io.engine.off("data", tap);
    server.say('2["x",3]');
    await turn();
    equal([log, events], [['2["x",2]'], [1, 2, 3]]);
  },

  "a tap may come between a packet and its attachments": async ({ connect, server }) => {
    const socket = connect();
    await next(socket, "connect");
    const log = [];
    const events = [];
    socket.on("x", (...values) => events.push(values));
    const tap = (data) => log.push(data);
    const head = '52-["x",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]';
    const [first, second] = [new Uint8Array([1]).buffer, new Uint8Array([2, 3]).buffer];
    server.say(head);
    server.say(first);
    socket.io.engine.on("data", tap);
    server.say(second);
    server.say(head);
    socket.io.engine.off("data", tap);
    server.say(second);
    server.say(first);
    await turn();
    equal([log, events], [[second, head], [[first, second], [second, first]]]);
  },

  "a packet is raised without the number of its attachments": async ({ connect, server }) => {
    const socket = connect();
    await next(socket, "connect");
    const raised = next(socket.io, "packet");
    server.say('51-7["x",{"_placeholder":true,"num":0}]');
    server.say(new ArrayBuffer(2));
    const [packet] = await raised;
    equal([Object.keys(packet).sort(), packet.type, packet.id], [["data", "id", "nsp", "type"], 2, 7]);
    equal(packet.data.slice(0, 2), ["x", new ArrayBuffer(2)]);
  },

  "garbage injected as data ends as parse error, a packet is delivered": async ({ connect }) => {
    const socket = connect();
    await next(socket, "connect");
    const got = next(socket, "x");
    socket.io.engine.emit("data", '2["x",5]');
    equal(await got, [5]);
    const gone = next(socket, "disconnect");
    socket.io.engine.emit("data", "garbage");
    equal((await gone)[0], "parse error");
    await next(socket, "connect");
  },

  "decoded packets can be injected": async ({ connect }) => {
    const socket = connect();
    await next(socket, "connect");
    const got = next(socket, "x");
    socket.onpacket({ nsp: "/", type: 2, data: ["x", 1], id: undefined });
    equal(await got, [1]);
    socket.onpacket({ nsp: "/other", type: 1 });
    equal(socket.connected, true);
  },

  "the manager raises every packet, after its sockets": async ({ connect, server }) => {
    const socket = connect();
    await next(socket, "connect");
    const log = [];
    socket.io.on("packet", (packet) => log.push([packet.type, packet.nsp, packet.data, packet.id]));
    socket.on("x", () => log.push("socket"));
    server.say('25["x",1]');
    await turn();
    equal(log[0], "socket");
    equal([log[1][0], log[1][1], log[1][3]], [2, "/", 5]);
  },

  "engine.send and write carry messages of their own": async ({ connect, server }) => {
    const socket = connect();
    await next(socket, "connect");
    let flushed = 0;
    socket.io.engine.send("raw", () => flushed++);
    socket.io.engine.write("again", { compress: false });
    await turn();
    equal([server.socket.sent.slice(-2), flushed], [["4raw", "4again"], 1]);
  },

  "a heartbeat that is overdue is noticed at the next emit, which is buffered": async ({ connect, server }) => {
    const socket = connect();
    await next(socket, "connect");
    ok(socket.io.engine._pingTimeoutTime > Date.now() + 40_000, "45 s ahead");
    socket.io.engine._pingTimeoutTime = Date.now() - 1;
    socket.emit("x");
    equal([socket.sendBuffer.length, socket.connected], [1, true]);
    equal((await next(socket, "disconnect"))[0], "ping timeout");
    await next(socket, "connect");
    await turn();
    equal(server.messages, ["0", '2["x"]']);
  },

  "manager._close() closes for good": async ({ connect, server }) => {
    const socket = connect();
    await next(socket, "connect");
    const gone = next(socket, "disconnect");
    socket.io._close();
    equal([(await gone)[0], socket.io._readyState, socket.io._reconnecting], ["forced close", "closed", false]);
    await turn();
    equal(server.sockets.length, 1);
  },

  "engine events and members": async ({ connect, server }) => {
    const socket = connect();
    const { engine } = socket.io;
    const log = [];
    for (const event of ["handshake", "open", "drain", "flush", "close"]) engine.on(event, (value) => log.push(event === "handshake" ? value.sid : event));
    equal([engine.binaryType, engine.writeBuffer, engine.transport.writable], ["arraybuffer", [], false]);
    await next(socket, "connect");
    await turn();
    equal([log[0], [...log].sort()], ["engine", ["drain", "engine", "flush", "open"]]);
    equal(engine.transport.query.sid, "engine");
    engine.close();
    await until(() => log.includes("close"));
    equal([engine.readyState, engine.id], ["closed", null]);
  },

  "a socket made by hand takes part": async ({ connect, lib, server }) => {
    const socket = connect();
    await next(socket, "connect");
    const other = new lib.Socket(socket.io, "/hand", { auth: { a: 1 } });
    await next(other, "connect");
    equal([other.id, server.messages.at(-1)], ["s1/hand,", '0/hand,{"a":1}']);
    ok(other instanceof lib.Socket && socket.io instanceof lib.Manager, "classes");
  },
};
