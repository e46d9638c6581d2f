/** Reads server-sent events (HTML Standard, 9.2.6) from a body: those of a reader, which ends its lines with a line feed. */

/** An event with an id. */
export interface ReadEvent {
  readonly id: string;
  readonly data: string;
}

/** The events of a body, in their order; comments and what has no data are left out. */
export async function* eventsIn(body: ReadableStream<Uint8Array>): AsyncGenerator<ReadEvent, void, undefined> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const bytes of body as AsyncIterable<Uint8Array>) {
    text += decoder.decode(bytes, { stream: true });
    const blocks = text.split('\n\n');
    text = blocks.pop()!;
    for (const block of blocks) {
      const event = eventOf(block);
      if (event !== null) yield event;
    }
  }
}

function eventOf(block: string): ReadEvent | null {
  const lines = block.split('\n');
  const valueOf = (name: string): string | undefined => lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2);
  const data = valueOf('data');
  return data === undefined ? null : { id: valueOf('id') ?? '', data };
}
