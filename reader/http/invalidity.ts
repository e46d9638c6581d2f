/** What a validator finds wrong with a request, in words; the value itself is not told: it may be an id. */
import type { FastifyError } from 'fastify';

const PLACES: Readonly<Record<string, string>> = { querystring: 'query parameter', params: 'part of the path', body: 'field of the body' };

/** The first thing that is wrong, and where. */
export function invalidityOf({ validation, validationContext }: FastifyError): string {
  const place = PLACES[validationContext ?? ''] ?? 'part';
  const [first] = validation ?? [];
  if (first === undefined) return `a ${place} is not valid`;
  const { keyword, params, instancePath, message = 'is not valid' } = first;
  if (keyword === 'additionalProperties') return `the ${place} "${printable(params['additionalProperty'])}" is not known`;
  if (keyword === 'required') return `the ${place} "${printable(params['missingProperty'])}" is missing`;
  const name = instancePath.slice(1);
  if (name === '') return `the ${place.split(' ').at(-1)!} ${message}`;
  if (keyword === 'pattern') return `the ${place} "${name}" holds characters that are not allowed`;
  return `the ${place} "${name}" ${message}${choices(params)}`;
}

const choices = (params: Readonly<Record<string, unknown>>): string =>
  Array.isArray(params['allowedValues']) ? `: ${params['allowedValues'].join(', ')}` : '';

/** The name of a parameter comes from the client. */
const printable = (name: unknown): string =>
  String(name)
    .replaceAll(/[^\x21-\x7e]/g, '?')
    .slice(0, 40);
