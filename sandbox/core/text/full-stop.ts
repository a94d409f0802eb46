/** A text that another sentence may follow: what a server says often ends with none of the marks that end one. */
export function withFullStop(text: string): string {
  return /[.!?:]$/.test(text) ? text : `${text}.`;
}
