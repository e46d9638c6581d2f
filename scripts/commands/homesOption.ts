import { Option } from 'commander';

/** `--homes`. */
export function homesOption(what: string): Option {
  return new Option('--homes <dir>', `folder of the register of homes, which the gateways of all regions share; ${what}`);
}
