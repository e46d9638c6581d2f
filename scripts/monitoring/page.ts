/** Writes `deploy/grafana/dashboards` from the declarations: `tsx scripts/monitoring/page.ts`. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { packageRoot } from '../../schemas/index.js';
import { models } from './dashboards/models.js';
import { overview } from './dashboards/overview.js';
import { privacy } from './dashboards/privacy.js';
import { reader } from './dashboards/reader.js';
import { topology } from './dashboards/topology.js';
import type { Dashboard } from './declarations.js';
import { grafanaJson } from './grafana.js';

/** Every dashboard, in the order of a first look. */
export const DASHBOARDS: readonly Dashboard[] = [overview, topology, reader, models, privacy];

/** Where the file of a dashboard lies. */
export const dashboardPath = ({ uid }: Pick<Dashboard, 'uid'>): string => join(packageRoot(), 'deploy', 'grafana', 'dashboards', `${uid}.json`);

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  for (const dashboard of DASHBOARDS) writeFileSync(dashboardPath(dashboard), grafanaJson(dashboard));
}
