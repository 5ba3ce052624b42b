// A small broker for tests over real sockets: topics, receipts, and frames and faults at the client's wish. It writes its
// frames by hand, so that it shares no code with what it tests.
import { createServer } from "node:http";
import { WebSocketServer } from "ws";

/**
 * Destinations: `/raw` sends the body as a message, verbatim (binary with header `as: binary`); `/cut` cuts the connection;
 * `/leave` closes with the code in the body; any other is a topic, also for the sender.
 */
export async function serveBroker() {
  const http = createServer();
  const server = new WebSocketServer({ server: http, handleProtocols: (offered) => [...offered][0] });
  const subscribers = new Set();
  server.on("connection", (socket, { url }) => {
    const silent = url.includes("silent");
    const mine = new Map();
    let held = "";
    const entry = { socket, mine };
    subscribers.add(entry);
    socket.on("close", () => subscribers.delete(entry));
    socket.on("message", (data) => {
      held += data.toString("latin1");
      for (let frame; (frame = take()); ) serve(frame);
    });

    const take = () => {
      held = held.replace(/^\n+/, "");
      const head = /^([A-Z]+)\n((?:[^\n]+\n)*)\n/.exec(held);
      if (!head) return undefined;
      const headers = Object.fromEntries(head[2].split("\n").filter(Boolean).map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1)]));
      const end = headers["content-length"] ? head[0].length + Number(headers["content-length"]) : held.indexOf("\0", head[0].length);
      if (end < 0 || end >= held.length) return undefined;
      const body = Buffer.from(held.slice(head[0].length, end), "latin1");
      held = held.slice(end + 1);
      return { command: head[1], headers, body };
    };

    const serve = ({ command, headers, body }) => {
      if (command === "CONNECT") {
        if (silent) return;
        if (headers.passcode === "wrong") socket.send("ERROR\nmessage:Bad CONNECT\ncontent-length:13\n\nAccess refuse\0");
        else socket.send("CONNECTED\nversion:1.2\nheart-beat:0,0\nserver:test\n\n\0\n");
      } else if (command === "SUBSCRIBE") mine.set(headers.id, headers.destination);
      else if (command === "UNSUBSCRIBE") mine.delete(headers.id);
      else if (command === "SEND") send(headers, body);
      if (headers.receipt) socket.send(`RECEIPT\nreceipt-id:${headers.receipt}\n\n\0\n`);
      if (command === "DISCONNECT") socket.close(1000);
    };

    const send = ({ destination, as }, body) => {
      if (destination === "/raw") return socket.send(as === "binary" ? body : body.toString());
      if (destination === "/cut") return socket.terminate();
      if (destination === "/leave") return socket.close(Number(body.toString()));
      for (const { socket, mine } of subscribers) {
        for (const [id, topic] of mine) {
          if (topic !== destination) continue;
          const head = `MESSAGE\nsubscription:${id}\nmessage-id:1\ndestination:${topic}\ncontent-length:${body.length}\n\n`;
          socket.send(as === "binary" ? Buffer.concat([Buffer.from(head), body, Buffer.from([0, 10])]) : `${head}${body}\0\n`);
        }
      }
    };
  });
  await new Promise((ready) => http.listen(0, "127.0.0.1", ready));
  return {
    origin: `ws://127.0.0.1:${http.address().port}`,
    close: () => new Promise((done) => {
      for (const socket of server.clients) socket.terminate();
      http.close(done);
      http.closeAllConnections();
    }),
  };
}
