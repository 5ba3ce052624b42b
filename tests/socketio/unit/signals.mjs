// The page and the network: lost, back, hidden, visible. Node has neither.
import { equal, next, ok, until } from "./assert.mjs";

/** A page whose signals the scenario gives. */
const withPage = (scenario) => async (context) => {
  const page = {
    online: () => dispatchEvent(new Event("online")),
    offline: () => dispatchEvent(new Event("offline")),
    becomes(state) {
      Object.defineProperty(document, "visibilityState", { value: state, configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));
    },
  };
  try {
    await scenario({ ...context, page });
  } finally {
    delete document.visibilityState;
  }
};

const scenarios = {
  "a network that is lost closes the connection at once": withPage(async ({ connect, page }) => {
    const socket = connect({ reconnection: false });
    await next(socket, "connect");
    const gone = next(socket, "disconnect");
    page.offline();
    equal((await gone).map((each) => each.description ?? each), ["transport close", "network connection lost"]);
  }),

  "a network that returns brings the next attempt forward": withPage(async ({ connect, server, page }) => {
    const socket = connect({ reconnectionDelay: 50, reconnectionDelayMax: 3_600_000 });
    await next(socket, "connect");
    socket.io.backoff.attempts = 16;
    socket.io.backoff.reset = () => {};
    const gone = next(socket, "disconnect");
    server.socket.drop();
    await gone;
    ok(socket.io._reconnecting, "an attempt is planned, an hour ahead");
    page.online();
    await until(() => socket.connected);
    equal(server.sockets.length, 2);
  }),

  "a page that becomes visible finds out that the heartbeat is overdue": withPage(async ({ connect, page }) => {
    const socket = connect({ reconnection: false });
    await next(socket, "connect");
    page.becomes("visible");
    equal(socket.connected, true);
    socket.io.engine._pingTimeoutTime = Date.now() - 1;
    const gone = next(socket, "disconnect");
    page.becomes("visible");
    equal((await gone)[0], "ping timeout");
  }),

  "policies: a page that is hidden sends what is paced": withPage(async ({ connect, server, page, policies: { policies, throttle } }) => {
    const socket = connect();
    await next(socket, "connect");
    const position = policies(socket).event("position", { policy: throttle({ interval: 60_000 }) });
    position.emit(1);
    position.emit(2);
    equal(server.messages.slice(1), ['2["position",1]']);
    page.becomes("hidden");
    equal(server.messages.slice(1), ['2["position",1]', '2["position",2]']);
    policies(socket).close();
  }),
};

export const own = "document" in globalThis ? scenarios : {};
