/** MLflow's REST interface: `fetch`, with time-outs and retries. No SDK: a dozen calls are all that is needed. */
import { setTimeout as sleep } from 'node:timers/promises';
import { SkillForgeError, errorMessageOf } from '../../../schemas/index.js';

/** How a call is made; in brackets the default. */
export interface CallOptions {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly query?: Readonly<Record<string, string>>;
  /** Sent as JSON; bytes as they are. */
  readonly body?: unknown;
  /** Whether it may be sent again where nobody answered (true): the same twice is the same once. */
  readonly isRepeatable?: boolean;
}

/** How long the server has, and how often it is asked. */
export interface Patience {
  /** For one answer, ms. */
  readonly timeoutMs: number;
  /** Pauses between attempts, ms. */
  readonly pausesMs: readonly number[];
}

const PATIENCE: Patience = { timeoutMs: 20_000, pausesMs: [200, 1_000] };
/** Statuses of a server that is not ready, or asks to wait. */
const LATER: ReadonlySet<number> = new Set([408, 429, 500, 502, 503, 504]);
/** Two were first at the same time, such as with an alias that was nowhere: nothing was done for the second. */
const CONFLICT = /IntegrityError|UniqueViolation|Duplicate entry/;

/** MLflow's own code of what it refuses, such as `RESOURCE_DOES_NOT_EXIST`; '' where it is no answer of MLflow's. */
export const mlflowCodeOf = (error: unknown): string =>
  error instanceof SkillForgeError && typeof error.context['mlflow'] === 'string' ? error.context['mlflow'] : '';

/** Calls one server. */
export class MlflowClient {
  /** Without user and password. */
  readonly address: string;
  private readonly headers: Readonly<Record<string, string>>;

  /** @param place - base address; user and password in it are sent as basic authentication */
  constructor(
    place: string,
    private readonly patience = PATIENCE,
  ) {
    const url = new URL(place);
    const { username, password } = url;
    url.username = url.password = '';
    this.address = url.href.replace(/\/$/, '');
    const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
    this.headers = username === '' ? {} : { authorization: `Basic ${Buffer.from(pair).toString('base64')}` };
  }

  /** The answer to a call of the interface, such as `registered-models/get`. @throws SFS_MODEL_REGISTRY */
  async call(path: string, options: CallOptions = {}): Promise<Readonly<Record<string, unknown>>> {
    const response = await this.send(`api/2.0/mlflow/${path}`, options);
    return (await response.json()) as Readonly<Record<string, unknown>>;
  }

  /** Bytes of an artifact, or those that are put there. @param path - within the server's artifacts. @throws SFS_MODEL_REGISTRY */
  async artifact(path: string, bytes?: Buffer): Promise<Buffer> {
    const place = `api/2.0/mlflow-artifacts/artifacts/${path.split('/').map(encodeURIComponent).join('/')}`;
    const response = await this.send(place, bytes === undefined ? {} : { method: 'PUT', body: bytes });
    return Buffer.from(await response.arrayBuffer());
  }

  /** Names of the files directly in a folder of artifacts. @throws SFS_MODEL_REGISTRY */
  async artifacts(folder: string): Promise<readonly string[]> {
    const response = await this.send('api/2.0/mlflow-artifacts/artifacts', { query: { path: folder } });
    const { files = [] } = (await response.json()) as { readonly files?: readonly { readonly path: string; readonly is_dir?: boolean }[] };
    return files.filter(({ is_dir: isFolder }) => isFolder !== true).map(({ path }) => path);
  }

  private async send(path: string, options: CallOptions): Promise<Response> {
    const pauses = options.isRepeatable === false ? [] : this.patience.pausesMs;
    for (let attempt = 0; ; attempt++) {
      try {
        return await this.once(path, options);
      } catch (error) {
        const pauseMs = pauses[attempt];
        if (pauseMs === undefined || !(error as SkillForgeError).retriable) throw error;
        await sleep(pauseMs);
      }
    }
  }

  private async once(path: string, { method = 'GET', query = {}, body }: CallOptions): Promise<Response> {
    const asked = new URLSearchParams(query).toString();
    const isBytes = Buffer.isBuffer(body);
    const type = isBytes ? 'application/octet-stream' : 'application/json';
    const response = await this.answer(`${this.address}/${path}${asked === '' ? '' : `?${asked}`}`, {
      method,
      headers: { ...this.headers, ...(body === undefined ? {} : { 'content-type': type }) },
      ...(body === undefined ? {} : { body: isBytes ? new Uint8Array(body) : JSON.stringify(body) }),
      signal: AbortSignal.timeout(this.patience.timeoutMs),
    });
    if (response.ok) return response;
    throw await this.refusal(path, response);
  }

  private async answer(url: string, init: RequestInit): Promise<Response> {
    try {
      const response = await fetch(url, init);
      // The body, too, within the time.
      return new Response(await response.arrayBuffer(), { status: response.status });
    } catch (cause) {
      const reason = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause;
      throw new SkillForgeError('SFS_MODEL_REGISTRY', `the model registry ${this.address} does not answer: ${errorMessageOf(reason)}`, {
        retriable: true,
        cause,
        context: { place: this.address },
      });
    }
  }

  private async refusal(path: string, response: Response): Promise<SkillForgeError> {
    const text = await response.text();
    const { error_code: mlflow = '', message = text.slice(0, 200) } = refusalIn(text);
    return new SkillForgeError('SFS_MODEL_REGISTRY', `the model registry ${this.address} refuses ${path} with ${response.status}: ${message}`, {
      retriable: LATER.has(response.status) || CONFLICT.test(message),
      context: { place: this.address, status: response.status, mlflow },
    });
  }
}

/** A proxy in between answers with a page. */
function refusalIn(text: string): { readonly error_code?: string; readonly message?: string } {
  try {
    return JSON.parse(text) as { readonly error_code?: string; readonly message?: string };
  } catch {
    return {};
  }
}
