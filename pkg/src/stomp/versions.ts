// The versions to offer.

/** STOMP versions, in the order in which they are offered. */
export class Versions {
  /** "1.0" */
  static V1_0 = "1.0";
  /** "1.1" */
  static V1_1 = "1.1";
  /** "1.2" */
  static V1_2 = "1.2";
  /** All, the newest first. */
  static default: Versions = new Versions(["1.2", "1.1", "1.0"]);

  declare versions: string[];

  /** @param versions for example `[Versions.V1_2]` */
  constructor(versions: string[]) {
    this.versions = versions;
  }

  /** Value of the `accept-version` header. */
  supportedVersions(): string {
    return this.versions.join(",");
  }

  /** The WebSocket subprotocols. */
  protocolVersions(): string[] {
    return this.versions.map((version) => `v${version.replace(".", "")}.stomp`);
  }
}
