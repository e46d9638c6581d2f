/** Opens what a tool works on: the folder, or the servers that its options name. */
import type { Command } from 'commander';
import { localTools } from '../../runtime/localTools.js';
import type { ToolAccess } from '../../runtime/ports.js';
import { readingFolder, withFolder } from './folder.js';
import { folderCommand, type FolderOptions } from './options.js';
import { openServers, withServerOptions, type ServerOptions, type Servers } from './serverOptions.js';

/** What a command that works on a folder or on servers is told. */
export interface ToolOptions extends FolderOptions, ServerOptions {}

/** A command for the folder, or for servers with `--kafka` and `--redis`. */
export function toolCommand(signature: string, summary: string, description: string, shown: readonly string[]): Command {
  return withServerOptions(folderCommand(signature, summary, description, shown));
}

/** Runs `work` on what the options name, without writing; beside running workers. @throws SFS_FOLDER_MISSING, what opening servers throws, and what `work` throws */
export function readingTools<T>(options: ToolOptions, work: (tools: ToolAccess) => Promise<T>): Promise<T> {
  return options.kafka === undefined
    ? readingFolder(options.data, (storage) => work(localTools(storage)))
    : onServers(options, ({ cluster }) => work(cluster.tools()));
}

/** Runs `work` on what the options name; a folder is its own meanwhile. @throws SFS_FOLDER_LOCKED, what opening servers throws, and what `work` throws */
export function writingTools<T>(options: ToolOptions, work: (tools: ToolAccess) => Promise<T>): Promise<T> {
  return options.kafka === undefined
    ? withFolder(options.data, (storage) => work(localTools(storage)))
    : onServers(options, ({ cluster }) => work(cluster.tools()));
}

/** Runs `work` on the servers that options name. @throws what opening servers throws, and what `work` throws */
export async function onServers<T>(options: ServerOptions, work: (servers: Servers) => Promise<T>): Promise<T> {
  const servers = await openServers(options);
  try {
    return await work(servers);
  } finally {
    await servers.close();
  }
}
