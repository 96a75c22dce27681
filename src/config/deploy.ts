/** From the configuration to the request of a deployment: its keys are those of an upgrade (spec 3.4 has none of its own). */
import { upgradeRequest, type UpgradeInput } from './upgrade.ts';
import type { ImageRequest } from './upgrade-request.ts';

/** `image` is the argument, where one is given: it wins. */
export function deployRequest({
  image,
  ...input
}: UpgradeInput & { readonly image: string | undefined }): ImageRequest {
  const { config } = input;
  const system = { ...config.upgrade.system, ...(image === undefined ? {} : { uri: image }) };
  const upgrade = { ...config.upgrade, recovery: false, system };
  return upgradeRequest({ ...input, config: { ...config, upgrade } });
}
