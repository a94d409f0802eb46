/** The part of the driver (7.9.0) that puts documents into a message which are bytes already. It has no public name. */
declare module 'mongodb/lib/cmap/commands.js' {
  export class DocumentSequence {
    constructor(field: string);
    /** `document` is told to listeners of commands alone; `bytes` are sent. */
    push(document: object, bytes: Uint8Array): number;
  }
}
