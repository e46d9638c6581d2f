/** An open stream of what is recommended to a learner, as a client app has it: it stays open whatever dies. */

/** An answer that it told. */
export interface Told {
  readonly served: string;
  readonly items: readonly string[];
}

export class ChangeWatch {
  /** Sentences, one for whatever must not be. */
  readonly troubles: string[] = [];
  readonly told: Told[] = [];
  /** Signs of life between answers. */
  beats = 0;
  private readonly ending = new AbortController();
  private readonly over: Promise<void>;

  constructor(
    private readonly url: string,
    private readonly learner: string,
  ) {
    this.over = this.follow().then(
      () => this.end('ended'),
      (error: unknown) => this.end(`broke: ${String(error)}`),
    );
  }

  /** The last answer; `undefined` before the first. */
  get last(): Told | undefined {
    return this.told.at(-1);
  }

  async close(): Promise<void> {
    this.ending.abort();
    await this.over;
  }

  private end(how: string): void {
    if (!this.ending.signal.aborted) this.troubles.push(`the stream of ${this.learner} ${how}`);
  }

  private async follow(): Promise<void> {
    const response = await fetch(`${this.url}/v1/learners/${this.learner}/recommendations/changes`, { signal: this.ending.signal });
    if (response.status !== 200) throw new Error(`it is answered with ${response.status}: ${await response.text()}`);
    let text = '';
    for await (const piece of response.body!.pipeThrough(new TextDecoderStream())) {
      const blocks = (text + piece).split('\n\n');
      text = blocks.pop()!;
      for (const block of blocks) this.take(block);
    }
  }

  private take(block: string): void {
    if (block.startsWith(':')) this.beats++;
    const data = /^data: (.*)$/m.exec(block)?.[1];
    if (data === undefined) return;
    const { served, items } = JSON.parse(data) as { readonly served: string; readonly items: readonly { readonly item: string }[] };
    this.told.push({ served, items: items.map(({ item }) => item) });
    if (served === undefined || items.length === 0) this.troubles.push(`the stream of ${this.learner} told ${data}`);
  }
}
