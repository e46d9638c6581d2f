/** A reader that stops, and what it tells of itself meanwhile. */
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { READER_METRICS } from '../../reader/index.js';
import { serving } from './serving.js';

const PATH = '/v1/learners/ada/recommendations';

describe('a reader that stops', () => {
  it('says that it is not ready, ends streams, and answers on until it has drained', async () => {
    const school = await serving({ drainMs: 12_000, metrics: true });
    const stream = await school.get(`${PATH}/changes`);
    const closing = school.reader.close();
    const ready = await school.get('/readyz');
    expect([ready.status, ready.headers.get('retry-after'), await ready.json()]).toEqual([
      503,
      '1',
      expect.objectContaining({ code: 'SFS_NOT_READY', detail: 'the reader is stopping' }),
    ]);
    expect([(await school.get(PATH)).status, (await school.get('/healthz')).status, (await school.get(`${PATH}/changes`)).status]).toEqual([
      200, 200, 503,
    ]);
    expect(await (await school.get('/metrics')).text()).toMatch(/^skillforge_reader_ready 0$/m);
    expect(await stream.text()).toContain('event: recommendations');
    await closing;
    await school.reader.close();
    await expect(school.get(PATH)).rejects.toThrow();
  });

  it('does not wait for connections that have asked for nothing', async () => {
    const school = await serving();
    const socket = connect(Number(new URL(school.url).port), '127.0.0.1');
    const closed = new Promise((resolve) => socket.once('close', resolve));
    await new Promise((resolve) => socket.once('connect', resolve));
    expect((await school.get(PATH)).status).toBe(200);
    await Promise.all([school.reader.close(), closed]);
    expect(socket.destroyed).toBe(true);
  });
});

describe('GET /metrics', () => {
  it('is there where it is asked for', async () => {
    const [without, school] = [await serving(), await serving({ metrics: true })];
    expect((await without.get('/metrics')).status).toBe(404);
    await school.get(PATH);
    await school.get(`${PATH}?limit=0`);
    await school.get('/nothing');
    await school.post('/v1/recommendations/batch', { learners: ['ben', 'eve'] });
    const response = await school.get('/metrics');
    const text = await response.text();
    expect(response.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
    expect(text.split('\n')).toEqual(
      expect.arrayContaining([
        'skillforge_reader_requests_total{method="GET",route="/v1/learners/:learner/recommendations",status="200"} 1',
        'skillforge_reader_requests_total{method="GET",route="/v1/learners/:learner/recommendations",status="400"} 1',
        'skillforge_reader_requests_total{method="",route="",status="404"} 1',
        'skillforge_reader_answers_total{served="personal"} 2',
        'skillforge_reader_answers_total{served="popular"} 1',
        'skillforge_reader_list_age_seconds_count{served="personal"} 2',
        'skillforge_reader_list_age_seconds_sum{served="personal"} 0',
        'skillforge_reader_served_items 5',
        'skillforge_reader_catalogue_items 0',
        'skillforge_reader_lag_records 0',
        'skillforge_reader_ready 1',
        'skillforge_reader_following 1',
        'skillforge_reader_streams 0',
      ]),
    );
    for (const [name, { type }] of Object.entries(READER_METRICS)) expect(text).toContain(`# TYPE ${name} ${type}\n`);
    expect(text).not.toMatch(/"(ada|ben|eve)"/);
  });
});
