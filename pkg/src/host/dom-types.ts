// The platform's types where the user's project has them (lib "dom", "webworker" or @types/node), and the part of them
// that is used here where it has not. Public signatures use these names, so that they neither need nor clash with lib.dom.

type Global = typeof globalThis;

/** `Event`. */
export type EventType = Global extends { Event: { prototype: infer T } } ? T : EventShape;
/** `MessageEvent`; `data` is a string, `Blob` or `ArrayBuffer`. */
export type MessageEventType<D = any> = Global extends { MessageEvent: { prototype: infer T } } ? T & { readonly data: D } : EventShape & { readonly data: D };
/** `CloseEvent`. */
export type CloseEventType = Global extends { CloseEvent: { prototype: infer T } }
  ? T
  : EventType & { readonly code: number; readonly reason: string; readonly wasClean: boolean };
/** `ErrorEvent`. */
export type ErrorEventType = Global extends { ErrorEvent: { prototype: infer T } }
  ? T
  : EventType & { readonly message: string; readonly error: any };
/** `AbortSignal`. */
export type AbortSignalType = Global extends { AbortSignal: { prototype: infer T } }
  ? T
  : { readonly aborted: boolean; readonly reason: any; addEventListener(type: "abort", listener: () => void): void };
/** `Blob`. */
export type BlobType = Global extends { Blob: { prototype: infer T } } ? T : { readonly size: number; readonly type: string };
/** `URL`. */
export type UrlType = Global extends { URL: { prototype: infer T } } ? T : { readonly href: string; toString(): string };

interface EventShape {
  readonly type: string;
  readonly target: any;
  readonly currentTarget: any;
  readonly timeStamp: number;
  readonly defaultPrevented: boolean;
  preventDefault(): void;
  stopPropagation(): void;
  stopImmediatePropagation(): void;
}
