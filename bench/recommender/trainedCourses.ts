/** What the retrieval of a bundle covers: ids under which a decision really meets factors, neighbours and co-visits. */
import type { CourseId, ItemId } from '../../schemas/index.js';
import { jsonOf, readBundles } from '../../runtime/models/bundle.js';

/** A course that training saw, with its items: those with factors first. */
export interface TrainedCourse {
  readonly course: CourseId;
  readonly items: readonly ItemId[];
}

interface FactorsFile {
  readonly courses: readonly TrainedCourse[];
}

interface EmbeddingsFile {
  readonly items: readonly ItemId[];
  readonly courses: Readonly<Record<CourseId, readonly number[]>>;
}

/** The courses of the bundle that decides at an instant, the largest first; none where it has no retrieval. @throws where none decides then, and what reading throws */
export function trainedCourses(folder: string, atMs: number): readonly TrainedCourse[] {
  const bundle = readBundles(folder).findLast(({ manifest }) => manifest.trainedUntilMs <= atMs);
  if (bundle === undefined) throw new Error(`${folder} has no bundle that was trained before ${new Date(atMs).toISOString()}`);
  const factors = jsonOf(bundle, 'item-factors.json') as FactorsFile | null;
  const embeddings = jsonOf(bundle, 'embeddings.json') as EmbeddingsFile | null;
  const items = new Map<CourseId, Set<ItemId>>((factors?.courses ?? []).map((one) => [one.course, new Set(one.items)]));
  for (const [course, rows] of Object.entries(embeddings?.courses ?? {}) as [CourseId, readonly number[]][]) {
    const known = items.get(course) ?? new Set();
    for (const row of rows) known.add(embeddings!.items[row]!);
    items.set(course, known);
  }
  return [...items].map(([course, known]) => ({ course, items: [...known] })).sort((a, b) => b.items.length - a.items.length);
}
