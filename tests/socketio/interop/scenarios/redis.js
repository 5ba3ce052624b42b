// Two server processes joined by Redis; a client that knows both while one of them dies.

const texts = (t, word, count) => Array.from({ length: count }, (_, index) => `${word} ${index} ${t.lib.name}`);

export const redis = {
  "events cross from one process to the other": {
    modes: ["websocket", "upgrade"],
    async run(t) {
      Object.assign(t.ports, await t.command("cluster"));
      const [here, there] = [await t.connected("first"), await t.connected("second")];
      const heard = [[], []];
      here.on("shouted", (text) => heard[0].push(text));
      there.on("shouted", (text) => heard[1].push(text));
      for (const text of texts(t, "from here", 20)) here.emit("shout", text);
      await t.until("twenty each", () => heard.every((list) => list.length === 20));
      t.log("the same order", heard[0].join() === heard[1].join(), heard[0].length);
    },
  },

  "one process dies: the client goes to the other, and what it writes arrives": {
    modes: ["websocket"],
    async run(t) {
      Object.assign(t.ports, await t.command("cluster"));
      const listener = await t.connected("second");
      const heard = [];
      listener.on("shouted", (text) => heard.push(text));
      const client = await t.connected("first", { retries: 20, ackTimeout: 1_000 });
      t.follow(client, "client", { details: false });
      const endpoints = [t.url("first"), t.url("second")];
      client.io.on("reconnect_attempt", () => (client.io.uri = endpoints.reverse()[0]));
      const answered = [];
      const write = (text) => client.emit("note", `cluster ${t.lib.name}`, text, (error, answer) => answered.push(error ? "late" : answer));
      const before = texts(t, "before", 5);
      before.forEach(write);
      await t.until("the first answers", () => answered.length === 5);
      const lost = t.next(client, "disconnect");
      const back = t.next(client, "connect");
      await t.command("killFirst");
      await lost;
      const after = texts(t, "after", 5);
      after.forEach(write);
      await back;
      await t.until("the answers of the other", () => answered.length === 10);
      const noted = await t.command("seenSecond", `cluster ${t.lib.name}`);
      t.log("answers", answered, "all of them there", after.every((text) => noted.includes(text)));
      const shouted = t.next(listener, "shouted");
      client.emit("shout", "over the other", () => {});
      await shouted;
      t.log("heard", heard);
      await t.command("restartFirst");
      t.collapse();
    },
  },
};
