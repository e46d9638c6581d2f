/** What every check of the data file throws; callers add the folder. */
export class FileDamage extends Error {}
