import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { batchViews } from '../../../operators/featureViews/index.js';
import { projectRoot } from '../../../scripts/checks/sourceFiles.js';
import { viewsFile, viewsFilePath } from '../../../scripts/featureStore/viewsFile.js';

describe('ml/feast/views.json', () => {
  it('is what the declaration says: else run tsx scripts/featureStore/viewsFile.ts', () => {
    expect(readFileSync(viewsFilePath(), 'utf8')).toBe(viewsFile());
  });

  it('has the features that the batch models make', () => {
    for (const { name, entities, features } of batchViews) {
      const model = readFileSync(join(projectRoot, 'ml/batch/models/marts', `${name}.sql`), 'utf8');
      const selected = model.slice(model.lastIndexOf('\nselect\n'));
      const columns = [...selected.matchAll(/^ {2}(?:.*\bas (\w+)|(?:\w+\.)?(\w+)),?$/gm)].map(([, alias, column]) => alias ?? column!);
      expect(columns, name).toEqual([...entities, ...features.map((feature) => feature.name)]);
    }
  });
});
