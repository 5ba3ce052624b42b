// A socket class whose buffer and fate the test decides.

export function fakeSocketClass() {
  return class FakeSocket extends EventTarget {
    static made = [];
    static get last() {
      return this.made.at(-1);
    }
    readyState = 0;
    bufferedAmount = 0;
    protocol = "";
    extensions = "";
    binaryType = "blob";
    sent = [];
    closedWith = undefined;

    constructor(url, protocols) {
      super();
      this.url = url;
      this.protocols = protocols;
      new.target.made.push(this);
    }

    open() {
      this.readyState = 1;
      this.dispatchEvent(new Event("open"));
    }

    receive(data) {
      this.dispatchEvent(Object.assign(new Event("message"), { data }));
    }

    lose(code = 1006, reason = "", wasClean = false) {
      this.readyState = 3;
      this.dispatchEvent(Object.assign(new Event("close"), { code, reason, wasClean }));
    }

    send(data) {
      if (this.refuse) throw new Error("refused");
      this.sent.push(data);
    }

    close(code, reason) {
      this.closedWith = [code, reason];
      this.readyState = 2;
    }
  };
}
